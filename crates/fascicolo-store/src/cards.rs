//! Health cards: a number leads to a person (L9 to L13).

use fascicolo_domain::Fault;
use fascicolo_domain::ids::CitizenId;
use fascicolo_domain::person::{CardNumber, Citizen};
use jiff::civil::Date;

use crate::engine::Tx;
use crate::people::{Put, citizen};

impl Tx<'_> {
    /// The person whose card it is.
    ///
    /// # Errors
    /// The store failed.
    pub async fn citizen_by_card(&mut self, number: &CardNumber) -> Result<Option<Citizen>, Fault> {
        let sql = "SELECT c.id, c.codice_fiscale, c.given_name, c.family_name, c.birth_date, c.registered, \
                   c.standing, c.ward FROM cards k JOIN citizens c ON c.id = k.citizen_id WHERE k.number = $1";
        self.row(sql, &[number.as_str().into()], citizen).await
    }

    /// Stores a card, new or with another expiry. A number never passes to another person.
    ///
    /// # Errors
    /// The store failed.
    pub async fn put_card(
        &mut self,
        number: &CardNumber,
        holder: CitizenId,
        expires_on: Date,
    ) -> Result<Put, Fault> {
        let sql = "INSERT INTO cards (number, citizen_id, expires_on) VALUES ($1, $2, $3) \
                   ON CONFLICT (number) DO UPDATE SET expires_on = excluded.expires_on \
                   WHERE cards.citizen_id = excluded.citizen_id";
        let params = [number.as_str().into(), holder.into(), (&expires_on.to_string()).into()];
        if self.execute(sql, &params).await? == 1 {
            return Ok(Put::Stored);
        }
        match self.citizen_by_card(number).await? {
            Some(other) => Ok(Put::Taken(other.id)),
            None => Err(Fault::bare("looking up whose a card is")),
        }
    }

    /// A person's cards, the one that expires last first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn cards_of(&mut self, holder: CitizenId) -> Result<Vec<(CardNumber, Date)>, Fault> {
        let sql =
            "SELECT number, expires_on FROM cards WHERE citizen_id = $1 ORDER BY expires_on DESC, number";
        self.rows(sql, &[holder.into()], |c| {
            Ok((c.code(|text| CardNumber::parse(text).ok())?, c.code(|text| text.parse::<Date>().ok())?))
        })
        .await
    }
}
