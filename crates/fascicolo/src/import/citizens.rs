//! People of the register, and the codici fiscali that lead to them (ACC-A8).

use fascicolo_domain::Fault;
use fascicolo_domain::ids::CitizenId;
use fascicolo_domain::person::{Citizen, CodiceFiscale, Standing};
use fascicolo_store::{Put, Tx};
use jiff::civil::Date;
use serde::Deserialize;

use super::table::{Became, Table, date};

const LONGEST_NAME: usize = 200;

/// The table of people.
pub struct Citizens;

impl Table for Citizens {
    const NAME: &str = "citizens";
    const COLUMNS: &[&str] =
        &["codice_fiscale", "given_name", "family_name", "birth_date", "standing", "ward", "former_codes"];
    const NEEDED: usize = 3;
    type Written = Written;
    type Row = Person;

    fn judge(written: &Written, today: Date) -> Result<Person, String> {
        person(written, today)
    }

    async fn put(tx: &mut Tx<'_>, new: CitizenId, row: Person) -> Result<Became, Fault> {
        put(tx, new, row).await
    }
}

/// A row as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    codice_fiscale: String,
    given_name: String,
    family_name: String,
    #[serde(default)]
    birth_date: Option<String>,
    #[serde(default)]
    standing: Option<String>,
    #[serde(default)]
    ward: Option<bool>,
    /// Earlier codici fiscali, between blanks.
    #[serde(default)]
    former_codes: Option<String>,
}

/// A row that can be written.
pub struct Person {
    code: CodiceFiscale,
    given_name: String,
    family_name: String,
    birth_date: Option<Date>,
    standing: Standing,
    ward: bool,
    former: Vec<CodiceFiscale>,
}

fn person(written: &Written, today: Date) -> Result<Person, String> {
    let code = |text: &str| CodiceFiscale::parse(text).map_err(|e| e.to_string());
    let name = |column: &str, text: &str| match text.trim() {
        "" => Err(format!("{column}: empty")),
        text if text.chars().count() > LONGEST_NAME => Err(format!("{column}: longer than {LONGEST_NAME}")),
        text if text.chars().any(char::is_control) => Err(format!("{column}: a control character")),
        text => Ok(text.to_owned()),
    };
    let given =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let birth_date = match given(&written.birth_date) {
        None => None,
        Some(text) => Some(date(&text).ok_or("birth_date: not aaaa-mm-gg or gg/mm/aaaa")?),
    };
    if birth_date.is_some_and(|born| born > today || born.year() < 1850) {
        return Err("birth_date: nobody alive was born then".to_owned());
    }
    let standing = given(&written.standing);
    let former = written.former_codes.as_deref().unwrap_or_default();
    let former: Result<Vec<_>, String> = former.split_whitespace().map(code).collect();
    Ok(Person {
        code: code(&written.codice_fiscale).map_err(|e| format!("codice_fiscale: {e}"))?,
        given_name: name("given_name", &written.given_name)?,
        family_name: name("family_name", &written.family_name)?,
        birth_date,
        standing: standing
            .map_or(Some(Standing::Active), |text| Standing::parse(&text))
            .ok_or("standing: not active, suspended or deceased")?,
        ward: written.ward.unwrap_or(false),
        former: former.map_err(|e| format!("former_codes: {e}"))?,
    })
}

/// Finds the person by any of the codes, and puts what the register says.
async fn put(tx: &mut Tx<'_>, new: CitizenId, person: Person) -> Result<Became, Fault> {
    let mut found: Option<CitizenId> = None;
    for code in [person.code].iter().chain(&person.former) {
        let there = tx.citizen_by_codice_fiscale(code).await?.map(|citizen| citizen.id);
        if found.is_some() && there.is_some() && found != there {
            return Ok(Became::Refused(TAKEN));
        }
        found = found.or(there);
    }
    let citizen = Citizen {
        id: found.unwrap_or(new),
        codice_fiscale: person.code,
        given_name: person.given_name,
        family_name: person.family_name,
        birth_date: person.birth_date,
        registered: true,
        standing: person.standing,
        ward: person.ward,
    };
    let mut put = tx.put_citizen(&citizen).await?;
    for code in &person.former {
        if put == Put::Stored {
            put = tx.put_alias(code, citizen.id).await?;
        }
    }
    Ok(match put {
        Put::Stored if found.is_some() => Became::Known,
        Put::Stored => Became::New,
        Put::Taken(_) => Became::Refused(TAKEN),
    })
}

const TAKEN: &str = "one of its codes belongs to somebody else";

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Written {
        Written {
            codice_fiscale: "rss mra 80a01 h501u".to_owned(),
            given_name: " Mario ".to_owned(),
            family_name: "Rossi".to_owned(),
            birth_date: Some("01/01/1980".to_owned()),
            standing: None,
            ward: None,
            former_codes: Some("RSSMRA80A01H50MM".to_owned()),
        }
    }

    fn today() -> Date {
        Date::constant(2026, 11, 25)
    }

    #[test]
    fn a_row_is_read_as_people_write_it() {
        let person = person(&written(), today()).unwrap();
        assert_eq!((person.code.as_str(), person.given_name.as_str()), ("RSSMRA80A01H501U", "Mario"));
        assert_eq!(
            (person.birth_date, person.standing),
            (Some(Date::constant(1980, 1, 1)), Standing::Active)
        );
        assert_eq!(person.former.len(), 1);
    }

    #[test]
    fn each_defect_is_told_with_its_column_and_without_its_content() {
        let some = |text: &str| Some(text.to_owned());
        let cases: [(Written, &str); 8] = [
            (
                Written { codice_fiscale: "RSSMRA80A01H501V".to_owned(), ..written() },
                "codice_fiscale: the check",
            ),
            (Written { given_name: " ".to_owned(), ..written() }, "given_name: empty"),
            (Written { family_name: "a".repeat(201), ..written() }, "family_name: longer"),
            (Written { family_name: "Ros\u{7}si".to_owned(), ..written() }, "family_name: a control"),
            (Written { birth_date: some("1980/01/01"), ..written() }, "birth_date: not"),
            (Written { birth_date: some("2026-11-26"), ..written() }, "birth_date: nobody"),
            (Written { standing: some("vivo"), ..written() }, "standing: not"),
            (Written { former_codes: some("RSSMRA80A01H501V"), ..written() }, "former_codes: the check"),
        ];
        for (row, says) in cases {
            let why = person(&row, today()).err().unwrap();
            assert!(why.starts_with(says), "{why}");
        }
    }
}
