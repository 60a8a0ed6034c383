//! People, and the codici fiscali that lead to them (ACC-A8).

use fascicolo_domain::Fault;
use fascicolo_domain::ids::CitizenId;
use fascicolo_domain::person::{Citizen, CodiceFiscale, Standing};
use jiff::civil::Date;

use crate::engine::{Broken, Columns, Tx};
use crate::row::Value;

/// What became of a person put into the store.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Put {
    Stored,
    /// The codice fiscale leads to somebody else already; nothing has changed.
    Taken(CitizenId),
}

impl Tx<'_> {
    /// The person to whom a codice fiscale leads, present or former.
    ///
    /// # Errors
    /// The store failed.
    pub async fn citizen_by_codice_fiscale(
        &mut self,
        code: &CodiceFiscale,
    ) -> Result<Option<Citizen>, Fault> {
        let sql = "SELECT c.id, c.codice_fiscale, c.given_name, c.family_name, c.birth_date, c.registered, \
                   c.standing, c.ward FROM person_aliases a JOIN citizens c ON c.id = a.citizen_id \
                   WHERE a.codice_fiscale = $1";
        self.row(sql, &[code.as_str().into()], citizen).await
    }

    /// # Errors
    /// The store failed.
    pub async fn citizen(&mut self, id: CitizenId) -> Result<Option<Citizen>, Fault> {
        let sql = "SELECT id, codice_fiscale, given_name, family_name, birth_date, registered, standing, ward \
                   FROM citizens WHERE id = $1";
        self.row(sql, &[id.into()], citizen).await
    }

    /// Stores a person, new or changed; their former codici fiscali keep leading to them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn put_citizen(&mut self, citizen: &Citizen) -> Result<Put, Fault> {
        // The code first: whoever loses a race for it leaves nothing behind.
        if let taken @ Put::Taken(_) = self.put_alias(&citizen.codice_fiscale, citizen.id).await? {
            return Ok(taken);
        }
        let sql = "INSERT INTO citizens (id, codice_fiscale, given_name, family_name, birth_date, registered, \
                   standing, ward) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                   ON CONFLICT (id) DO UPDATE SET codice_fiscale = excluded.codice_fiscale, \
                   given_name = excluded.given_name, family_name = excluded.family_name, \
                   birth_date = excluded.birth_date, registered = excluded.registered, \
                   standing = excluded.standing, ward = excluded.ward";
        let params = [
            citizen.id.into(),
            citizen.codice_fiscale.as_str().into(),
            (&citizen.given_name).into(),
            (&citizen.family_name).into(),
            Value::text_or_null(citizen.birth_date.map(|d| d.to_string())),
            citizen.registered.into(),
            citizen.standing.code().into(),
            citizen.ward.into(),
        ];
        self.execute(sql, &params).await?;
        Ok(Put::Stored)
    }

    /// Lets a codice fiscale of the register's history lead to a person.
    ///
    /// # Errors
    /// The store failed.
    pub async fn put_alias(&mut self, code: &CodiceFiscale, citizen: CitizenId) -> Result<Put, Fault> {
        let sql = "INSERT INTO person_aliases (codice_fiscale, citizen_id) VALUES ($1, $2) \
                   ON CONFLICT (codice_fiscale) DO NOTHING";
        let params = [code.as_str().into(), citizen.into()];
        if self.execute(sql, &params).await? == 1 {
            return Ok(Put::Stored);
        }
        let sql = "SELECT citizen_id FROM person_aliases WHERE codice_fiscale = $1";
        match self.row(sql, &[code.as_str().into()], |c| c.id()).await? {
            Some(owner) if owner == citizen => Ok(Put::Stored),
            Some(owner) => Ok(Put::Taken(owner)),
            None => Err(Fault::bare("looking up whom a codice fiscale leads to")),
        }
    }
}

/// Reads `id, codice_fiscale, given_name, family_name, birth_date, registered, standing, ward`.
pub(crate) fn citizen(c: &mut Columns<'_>) -> Result<Citizen, Broken> {
    Ok(Citizen {
        id: c.id()?,
        codice_fiscale: c.code(|text| CodiceFiscale::parse(text).ok())?,
        given_name: c.text()?,
        family_name: c.text()?,
        birth_date: c.code_or_null(|text| text.parse::<Date>().ok())?,
        registered: c.flag()?,
        standing: c.code(Standing::parse)?,
        ward: c.flag()?,
    })
}
