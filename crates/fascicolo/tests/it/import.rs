//! `import` and `keys rotate`: what goes in, what is refused, and that a second run changes nothing (REC-I6, REC-I8).

use std::fs;

use fascicolo_domain::Fault;
use fascicolo_domain::person::{Citizen, CodiceFiscale, Standing};
use fascicolo_store::{Options, Store};
use rusqlite::Connection;

use crate::program::{Program, files};

const HEADER: &str = "codice_fiscale,given_name,family_name,birth_date,standing,ward,former_codes\n";
const GOOD: &str = "RSSMRA80A01H501U,Mario,Rossi,1980-01-01,,,\n\
                    RSSMRA80A41H501Y,Maria,Rossi,01/01/1980,deceased,true,\n";

fn citizens(program: &Program, name: &str, text: &str) -> [String; 3] {
    let path = program.write(name, text);
    ["import".into(), "citizens".into(), path.to_str().unwrap().into()]
}

fn borrowed(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

/// Whoever a code leads to.
fn find(program: &Program, code: &str) -> Option<Citizen> {
    let (url, code) = (program.database(), CodiceFiscale::parse(code).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async move {
        let store = Store::open(&url, Options::default()).await.unwrap();
        let found = store.read(async move |tx| tx.citizen_by_codice_fiscale(&code).await).await;
        found.unwrap_or_else(|fault: Fault| panic!("{fault:?}"))
    })
}

#[test]
fn people_come_in_from_csv_and_a_second_run_changes_nothing() {
    let program = Program::ready();
    let import = citizens(&program, "people.csv", &format!("{HEADER}{GOOD}"));
    assert_eq!(program.succeed(&borrowed(&import)), "2 rows read: 2 new, 0 known, 0 refused\n");
    let maria = find(&program, "RSSMRA80A41H501Y").unwrap();
    assert!(maria.registered && maria.ward && maria.standing == Standing::Deceased);
    assert_eq!(maria.birth_date, Some("1980-01-01".parse().unwrap()));
    assert_eq!(program.succeed(&borrowed(&import)), "2 rows read: 0 new, 2 known, 0 refused\n");
    assert_eq!(find(&program, "RSSMRA80A41H501Y").unwrap().id, maria.id);
}

#[test]
fn people_come_in_from_semicolons_and_from_ndjson() {
    let program = Program::ready();
    let semicolons = format!("\u{feff}{HEADER}{GOOD}").replace(',', ";");
    let import = citizens(&program, "people.csv", &semicolons);
    assert!(program.succeed(&borrowed(&import)).contains("2 new"));
    let json = "{\"codice_fiscale\": \"RSSMRA80A01H501U\", \"given_name\": \"Mario\", \"family_name\": \"Rossi\"}\n\n\
                {\"codice_fiscale\": \"GDASDV00A01H501J\", \"given_name\": \"Ada\", \"family_name\": \"Verdi\", \"ward\": true}\n";
    let import = citizens(&program, "people.ndjson", json);
    assert_eq!(program.succeed(&borrowed(&import)), "2 rows read: 1 new, 1 known, 0 refused\n");
    assert!(find(&program, "GDASDV00A01H501J").unwrap().ward);
}

#[test]
fn with_a_refused_row_nothing_is_written_and_each_is_told_with_its_line() {
    let program = Program::ready();
    let bad = format!(
        "{HEADER}RSSMRA80A01H501V,Mario,Rossi,,,,\n{GOOD}RSSMRA80A01H501U,,Rossi,,,,\n\
         RSSMRA80A01H501U,Mario,Rossi,30/02/1980,,,\nRSSMRA80A01H501U,Mario\nRSSMRA80A01H501U,Mario,Rossi,,,forse,\n"
    );
    let mut import = citizens(&program, "people.csv", &bad).to_vec();
    let told = program.fail(&borrowed(&import));
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "line 2: codice_fiscale: the check character does not match",
            "line 5: given_name: empty",
            "line 6: birth_date: not aaaa-mm-gg or gg/mm/aaaa",
            "line 7: 2 fields instead of 7",
            "line 8: ward: a value of another kind",
            "7 rows read, 5 refused: nothing was written",
        ]
    );
    assert!(find(&program, "RSSMRA80A01H501U").is_none());
    import.push("--skip-refused".into());
    assert!(program.fail(&borrowed(&import)).ends_with("7 rows read: 2 new, 0 known, 5 refused\n"));
    assert!(find(&program, "RSSMRA80A01H501U").is_some());
}

#[test]
fn a_header_of_other_columns_is_refused_whole() {
    let program = Program::ready();
    for (header, says) in [
        ("codice_fiscale,nome,family_name\n", "unknown column `nome`; there are: codice_fiscale, given_name"),
        ("codice_fiscale,given_name\n", "the header must have the column `family_name` once"),
        ("", "the header must have the column `codice_fiscale` once"),
    ] {
        let import = citizens(&program, "people.csv", header);
        let refused = program.fail(&borrowed(&import));
        assert!(refused.contains(says), "{refused}");
    }
    assert!(program.fail(&["import", "citizens", "/nowhere"]).contains("cannot read /nowhere"));
}

#[test]
fn a_changed_code_keeps_the_person_and_a_code_of_two_people_is_refused() {
    let program = Program::ready();
    let import = citizens(&program, "1.csv", &format!("{HEADER}{GOOD}"));
    program.succeed(&borrowed(&import));
    let before = find(&program, "RSSMRA80A01H501U").unwrap();
    let changed = format!("{HEADER}RSSMRA80A01H50MM,Mario,Rossi,,,,RSSMRA80A01H501U\n");
    let import = citizens(&program, "2.csv", &changed);
    assert!(program.succeed(&borrowed(&import)).contains("1 known"));
    let (new, old) =
        (find(&program, "RSSMRA80A01H50MM").unwrap(), find(&program, "RSSMRA80A01H501U").unwrap());
    assert_eq!((new.id, old.id), (before.id, before.id));
    let clash =
        format!("{HEADER}RSSMRA80A01H50MM,Mario,Rossi,,,,RSSMRA80A41H501Y\nGDASDV00A01H501J,Ada,Verdi,,,,\n");
    let mut import = citizens(&program, "3.csv", &clash).to_vec();
    let told = program.fail(&borrowed(&import));
    assert!(told.starts_with("line 2: one of its codes belongs to somebody else"), "{told}");
    assert!(find(&program, "GDASDV00A01H501J").is_none(), "a batch whole or not at all");
    import.push("--skip-refused".into());
    program.fail(&borrowed(&import));
    assert!(find(&program, "GDASDV00A01H501J").is_some());
}

/// A page with nothing on it.
fn pdf(number: u32) -> Vec<u8> {
    let mut text = format!("%PDF-1.7\n%\u{b5}\n% {number}\n").into_bytes();
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ];
    let mut table = "0000000000 65535 f \n".to_owned();
    for (i, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", text.len()));
        text.extend_from_slice(format!("{} 0 obj\n{object}\nendobj\n", i + 1).as_bytes());
    }
    let start = text.len();
    text.extend_from_slice(
        format!("xref\n0 4\n{table}trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n")
            .as_bytes(),
    );
    text
}

fn metadata(code: &str, extension: &str) -> String {
    format!(
        "{{\"subject\": \"{code}\", \"national_id\": {{\"root\": \"2.16.840.1.113883.2.9.2.30.4.4\", \
         \"extension\": \"{extension}\"}}, \"kind\": \"11502-2\", \"title\": \"Esami del sangue\", \
         \"issuer\": \"Ospedale San Marco\", \"author\": \"Anna Bianchi\", \"issued_at\": \"2026-05-01T10:00:00Z\"}}"
    )
}

fn with_documents() -> (Program, String) {
    let program = Program::ready();
    let import = citizens(&program, "people.csv", &format!("{HEADER}{GOOD}"));
    program.succeed(&borrowed(&import));
    program.write("new/1.pdf", pdf(1));
    program.write("new/1.json", metadata("RSSMRA80A01H501U", "X1"));
    program.write("new/2.PDF", pdf(2));
    program.write("new/2.json", metadata("RSSMRA80A41H501Y", "X2"));
    let folder = program.path("new").to_str().unwrap().to_owned();
    (program, folder)
}

#[test]
fn documents_come_in_sealed_and_a_second_run_changes_nothing() {
    let (program, folder) = with_documents();
    let told = program.succeed(&["import", "documents", &folder]);
    assert!(
        told.ends_with("2 files: 2 new, 0 known, 0 refused\n") && told.contains("1.pdf: warning: no_cda"),
        "{told}"
    );
    let stored = files(&program.path("documents"));
    assert_eq!(stored.len(), 2);
    for path in &stored {
        let bytes = fs::read(path).unwrap();
        assert!(!bytes.windows(5).any(|part| part == b"%PDF-"), "not as it came");
    }
    assert!(
        program.succeed(&["import", "documents", &folder]).ends_with("2 files: 0 new, 2 known, 0 refused\n")
    );
    assert_eq!(files(&program.path("documents")), stored);
    program.succeed(&["audit", "verify"]);
}

#[test]
fn each_document_is_refused_for_its_own_reason_and_the_others_come_in() {
    let (program, folder) = with_documents();
    program.write("new/3.pdf", b"no PDF at all");
    program.write("new/3.json", metadata("RSSMRA80A01H501U", "X3"));
    program.write("new/4.pdf", pdf(4));
    program.write("new/4.json", metadata("GDASDV00A01H501J", "X4"));
    program.write("new/5.pdf", pdf(5));
    program.write("new/5.json", metadata("RSSMRA80A01H501U", "X1"));
    program.write("new/6.pdf", pdf(6));
    program.write("new/7.pdf", pdf(7));
    program.write("new/7.json", "{\"subject\": \"RSSMRA80A01H501V\"}");
    program.write("new/8.txt", "nothing to do with it");
    let told = program.fail(&["import", "documents", &folder]);
    for says in [
        "3.pdf: refused: the file cannot be read",
        "4.pdf: refused: the register does not know the person",
        "5.pdf: refused: another file has this identifier",
        "6.pdf: refused: nothing says its",
        "7.pdf: refused: its JSON: subject: the check character does not match",
    ] {
        assert!(told.contains(says), "{says}: {told}");
    }
    assert!(told.ends_with("7 files: 2 new, 0 known, 5 refused\n"), "{told}");
    assert_eq!(files(&program.path("documents")).len(), 2, "nothing of the refused ones is left");
}

#[test]
fn rotation_moves_every_document_to_the_new_key_and_rewrites_none() {
    let (program, folder) = with_documents();
    program.succeed(&["import", "documents", &folder]);
    let stored: Vec<Vec<u8>> =
        files(&program.path("documents")).iter().map(|path| fs::read(path).unwrap()).collect();
    let old = program.read("secrets/keyring");
    let new = Program::fresh().read("secrets/keyring").replace("kek-", "new-");
    program.write("secrets/keyring", format!("{new}{old}"));
    let told = program.succeed(&["keys", "rotate"]);
    assert!(told.starts_with("2 documents moved from `kek-"), "{told}");
    assert!(program.succeed(&["keys", "rotate"]).starts_with("0 documents moved"));
    let after: Vec<Vec<u8>> =
        files(&program.path("documents")).iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(stored == after, "no document was rewritten");
    let database = Connection::open(program.path("fascicolo.db")).unwrap();
    let count = "SELECT count(*) FROM objects WHERE kek LIKE 'new-%'";
    assert_eq!(database.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 2);
    program.write("secrets/keyring", &new);
    assert!(program.succeed(&["keys", "rotate"]).starts_with("nothing to do"));
    program.write("secrets/keyring", &old);
    let database = Connection::open(program.path("fascicolo.db")).unwrap();
    database.execute("UPDATE objects SET kek = 'gone'", []).unwrap();
    drop(database);
    assert!(
        program.succeed(&["keys", "rotate"]).starts_with("nothing to do"),
        "it never touches what it cannot open"
    );
}

const CARDS: &str = "codice_fiscale,number,expires_on\n";

#[test]
fn cards_come_in_for_people_of_the_register_and_a_second_run_changes_nothing() {
    let program = Program::ready();
    program.succeed(&borrowed(&citizens(&program, "people.csv", &format!("{HEADER}{GOOD}"))));
    let good = format!("{CARDS}RSSMRA80A01H501U,8038 0003 0012 3456 7890,31/12/2030\n");
    let path = program.write("cards.csv", &good);
    let import = ["import", "cards", path.to_str().unwrap()];
    assert_eq!(program.succeed(&import), "1 rows read: 1 new, 0 known, 0 refused\n");
    assert_eq!(program.succeed(&import), "1 rows read: 0 new, 1 known, 0 refused\n");
    for (row, why) in [
        ("RSSMRA80A41H501Y,80380003001234567890,31/12/2030", "the card is somebody else's"),
        ("GDASDV00A01H501J,80380003001234567891,31/12/2030", "its holder is not in the register"),
        ("RSSMRA80A01H501U,80250003001234567891,31/12/2030", "number: a card of another state"),
        ("RSSMRA80A01H501U,80380003001234567891,31/02/2030", "expires_on: not"),
    ] {
        let path = program.write("wrong.csv", format!("{CARDS}{row}\n"));
        let refused = program.fail(&["import", "cards", path.to_str().unwrap()]);
        assert!(refused.contains(&format!("line 2: {why}")), "{refused}");
        assert!(!refused.contains("80"), "what the file says is not repeated: {refused}");
    }
}
