//! Health cards: which number is whose, and until when (L9 to L13).

use fascicolo_domain::Fault;
use fascicolo_domain::ids::CitizenId;
use fascicolo_domain::person::{CardNumber, CodiceFiscale};
use fascicolo_store::{Put, Tx};
use jiff::civil::Date;
use serde::Deserialize;

use super::table::{Became, Table, date};

/// The table of cards.
pub struct Cards;

/// A row as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    codice_fiscale: String,
    number: String,
    expires_on: String,
}

/// A row that can be written.
pub struct Card {
    holder: CodiceFiscale,
    number: CardNumber,
    expires_on: Date,
}

impl Table for Cards {
    const NAME: &str = "cards";
    const COLUMNS: &[&str] = &["codice_fiscale", "number", "expires_on"];
    const NEEDED: usize = 3;
    type Written = Written;
    type Row = Card;

    fn judge(written: &Written, _today: Date) -> Result<Card, String> {
        Ok(Card {
            holder: CodiceFiscale::parse(&written.codice_fiscale)
                .map_err(|e| format!("codice_fiscale: {e}"))?,
            number: CardNumber::parse(&written.number).map_err(|e| format!("number: {e}"))?,
            expires_on: date(written.expires_on.trim()).ok_or("expires_on: not aaaa-mm-gg or gg/mm/aaaa")?,
        })
    }

    async fn put(tx: &mut Tx<'_>, _new: CitizenId, card: Card) -> Result<Became, Fault> {
        let Some(holder) = tx.citizen_by_codice_fiscale(&card.holder).await?.filter(|c| c.registered) else {
            return Ok(Became::Refused("its holder is not in the register"));
        };
        let known = tx.citizen_by_card(&card.number).await?.is_some();
        Ok(match tx.put_card(&card.number, holder.id, card.expires_on).await? {
            Put::Stored if known => Became::Known,
            Put::Stored => Became::New,
            Put::Taken(_) => Became::Refused("the card is somebody else's"),
        })
    }
}
