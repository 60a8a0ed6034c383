//! `spid` and `cie`: keys, certificates and metadata, as an operator makes them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::program::{Program, said};

/// Writes sections of the example into the settings, without the optional keys that name files.
pub(crate) fn with_sections(program: &Program, names: &[&str]) {
    let example = include_str!("../../../../config/example.toml");
    let mut settings = program.read("fascicolo.toml");
    for name in names {
        let start = example.find(&format!("\n[{name}]\n")).unwrap() + 1;
        let end = example[start..].find("\n[").map_or(example.len(), |at| start + at);
        let files = [
            "#",
            "registry",
            "next_certificate",
            "eidas",
            "validation_certificate",
            "provider",
            "superior",
            "trust_marks",
        ];
        let section = example[start..end].lines().filter(|l| !files.iter().any(|key| l.starts_with(key)));
        // what is commented out would be changed in place of what is in force
        let given = settings.lines().filter(|line| !line.starts_with('#'));
        let kept: Vec<&str> = given.chain(section).filter(|line| !line.is_empty()).collect();
        settings = format!("{}\n", kept.join("\n"));
    }
    program.write("fascicolo.toml", settings);
}

/// Writes the settings with one text in place of another.
pub(crate) fn change(program: &Program, from: &str, to: &str) {
    let settings = program.read("fascicolo.toml");
    assert!(settings.contains(from), "{from}");
    program.write("fascicolo.toml", settings.replacen(from, to, 1));
}

/// With SPID, and a key of the smallest size.
fn with_spid() -> Program {
    let program = Program::ready();
    with_sections(&program, &["spid"]);
    program.succeed(&["spid", "init", "--bits", "2048"]);
    program
}

/// SPID-M13.
fn compared(program: &Program, published: &str) {
    let compare = || program.succeed(&["spid", "metadata", "--compare", published]);
    assert_eq!(compare(), "they say the same\n");
    let settings = program.read("fascicolo.toml");
    let changed = settings.replace("\"Fascicolo Sanitario Elettronico\"", "\"Fascicolo\"");
    program.write("fascicolo.toml", changed.replace("age_limit = false", "age_limit = true"));
    let found = compare();
    for line in [
        "- SPSSODescriptor/AttributeConsumingService[0]/ServiceName: Fascicolo Sanitario Elettronico\n",
        "+ SPSSODescriptor/AttributeConsumingService[0]/ServiceName: Fascicolo\n",
        "+ Extensions/AgeLimit/MinAge: 14\n",
        "AgID",
    ] {
        assert!(found.contains(line), "{line}: {found}");
    }
    assert_eq!(found.lines().count(), 7, "{found}");
    program.write("fascicolo.toml", settings);
    assert!(
        program.fail(&["spid", "metadata", "--compare", "/nowhere.xml"]).contains("cannot read /nowhere.xml")
    );
}

/// SPID-M2.
#[test]
fn spid_init_makes_key_and_certificate_once_and_the_metadata_are_always_the_same() {
    let program = Program::ready();
    assert!(program.fail(&["spid", "init"]).contains("`spid` is missing"));
    with_sections(&program, &["spid"]);
    assert!(program.fail(&["spid", "metadata"]).contains("`spid.key`: cannot read"));
    assert!(program.succeed(&["spid", "init", "--bits", "2048"]).contains("fascicolo spid metadata"));
    let key = program.path("secrets/spid-key.pem");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(program.fail(&["spid", "init"]).contains("nothing was changed"));
    let metadata = program.succeed(&["spid", "metadata"]);
    assert!(metadata.contains("entityID=\"https://fascicolo.regione.example\""), "{metadata}");
    assert!(metadata.contains("Location=\"https://fascicolo.regione.example/spid/acs\""), "{metadata}");
    let file = program.path("metadata.xml");
    program.succeed(&["spid", "metadata", "--output", file.to_str().unwrap()]);
    compared(&program, file.to_str().unwrap());
    assert_eq!(program.read("metadata.xml"), metadata);
    assert!(program.succeed(&["doctor"]).contains("ok      spid.certificate: holds until"));
}

/// What `openssl` reads of a certificate; `None` without the program.
fn openssl(certificate: &Path) -> Option<String> {
    let mut command = Command::new("openssl");
    command.args(["x509", "-noout", "-text", "-nameopt", "utf8,sep_multiline,oid", "-in"]).arg(certificate);
    let output = command.output().ok()?;
    assert!(output.status.success(), "{}", said(&output));
    Some(said(&output))
}

/// SPID-K1 to K4.
#[test]
fn openssl_reads_in_the_certificate_what_agid_asks_for() {
    let program = Program::ready();
    with_sections(&program, &["spid", "cie", "cie_saml"]);
    program.succeed(&["spid", "init"]);
    program.succeed(&["cie", "init"]);
    for (file, entity_id) in [
        ("secrets/spid.pem", "https://fascicolo.regione.example"),
        ("secrets/cie.pem", "https://fascicolo.regione.example/cie"),
    ] {
        let Some(text) = openssl(&program.path(file)) else {
            println!("skipped: there is no openssl here");
            return;
        };
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let after = |line: &str| lines[lines.iter().position(|l| *l == line).expect(line) + 1];
        assert_eq!(lines.iter().filter(|l| **l == "Signature Algorithm: sha256WithRSAEncryption").count(), 2);
        assert!(lines.contains(&"Public-Key: (3072 bit)"), "{text}");
        assert_eq!(after("X509v3 Key Usage: critical"), "Digital Signature, Non Repudiation");
        assert_eq!(after("X509v3 Basic Constraints:"), "CA:FALSE");
        let policies: Vec<&&str> = lines.iter().filter(|l| l.starts_with("Policy: ")).collect();
        assert_eq!(policies, [&"Policy: 1.3.76.16.6", &"Policy: 1.3.76.16.4.2.1"]);
        assert_eq!(
            lines
                .iter()
                .filter(|l| l.starts_with("X509v3 ") && l.contains(": ")
                    || l.ends_with(':') && l.starts_with("X509v3 "))
                .count(),
            4,
            "three extensions and their heading: {text}"
        );
        for name in [
            "2.5.4.3=Fascicolo Sanitario Elettronico – Regione Esempio",
            "2.5.4.10=Regione Esempio",
            "2.5.4.97=PA:IT-r_esempi",
            "2.5.4.6=IT",
            "2.5.4.7=Esempio",
            &format!("2.5.4.83={entity_id}"),
        ] {
            assert_eq!(lines.iter().filter(|l| **l == name).count(), 2, "issuer and subject, {name}: {text}");
        }
    }
}

/// SPID-K5, SPID-M4, SPID-M13.
#[test]
fn a_new_key_is_published_beside_the_old_one_until_they_are_exchanged() {
    let program = with_spid();
    let file = program.path("published.xml");
    let file = file.to_str().unwrap();
    program.succeed(&["spid", "metadata", "--output", file]);
    // the next key, made by the same command under its own names
    change(&program, "secrets/spid-key.pem", "secrets/next-key.pem");
    change(&program, "secrets/spid.pem", "secrets/next.pem");
    program.succeed(&["spid", "init", "--bits", "2048"]);
    change(&program, "secrets/next-key.pem", "secrets/spid-key.pem");
    change(
        &program,
        "certificate = \"secrets/next.pem\"",
        "certificate = \"secrets/spid.pem\"\nnext_certificate = \"secrets/next.pem\"",
    );
    let base64 = |name: &str| program.read(name).lines().filter(|l| !l.starts_with('-')).collect::<String>();
    let (old, next) = (base64("secrets/spid.pem"), base64("secrets/next.pem"));
    let both = program.succeed(&["spid", "metadata"]);
    assert_eq!(
        (both.matches(&old).count(), both.matches(&next).count()),
        (2, 1),
        "old also in the signature"
    );
    let found = program.succeed(&["spid", "metadata", "--compare", file]);
    let line = format!("+ SPSSODescriptor/KeyDescriptor/KeyInfo/X509Data/X509Certificate: {next}\n");
    assert!(found.contains(&line) && found.contains("send it to AgID"), "{found}");
    assert!(program.succeed(&["doctor"]).contains("ok      spid.next_certificate: holds until"));

    program.succeed(&["spid", "metadata", "--output", file]);
    change(&program, "secrets/spid-key.pem", "secrets/next-key.pem");
    change(
        &program,
        "certificate = \"secrets/spid.pem\"\nnext_certificate = \"secrets/next.pem\"",
        "certificate = \"secrets/next.pem\"\nnext_certificate = \"secrets/spid.pem\"",
    );
    let exchanged = program.succeed(&["spid", "metadata"]);
    assert_eq!(
        (exchanged.matches(&old).count(), exchanged.matches(&next).count()),
        (1, 2),
        "the new one signs"
    );
    assert_eq!(program.succeed(&["spid", "metadata", "--compare", file]), "they say the same\n");
}

/// SPID-K5.
#[test]
fn doctor_warns_well_before_a_certificate_ends() {
    for (days, warns) in [("59", true), ("61", false)] {
        let program = Program::ready();
        with_sections(&program, &["spid", "cie", "cie_saml"]);
        program.succeed(&["spid", "init", "--bits", "2048", "--days", days]);
        program.succeed(&["cie", "init", "--bits", "2048", "--days", days]);
        let found = program.succeed(&["doctor"]);
        for key in ["spid.certificate", "cie_saml.certificate"] {
            assert_eq!(found.contains(&format!("warning {key}: ends on")), warns, "{found}");
        }
    }
}

/// SPID-M11: the settings of a role, and the certificate of its validations.
fn with_role(role: &str, code: &str) -> Program {
    let program = with_spid();
    with_sections(&program, &["aggregator"]);
    change(&program, "role = \"aggregator-light\"", &format!("role = \"{role}\""));
    if role.ends_with("light") {
        change(&program, "role = ", "validation_certificate = \"secrets/spid.pem\"\nrole = ");
    }
    if role.starts_with("operator") {
        change(
            &program,
            "\norganization = \"Regione Esempio\"",
            "\norganization = \"Informatica Esempio S.p.A.\"",
        );
    }
    change(
        &program,
        "entity_id = \"https://fascicolo.regione.example\"",
        &format!("entity_id = \"https://fascicolo.regione.example/{code}/r_esempi\""),
    );
    program
}

/// SPID-M11.
#[test]
fn each_role_has_metadata_that_keep_the_rules() {
    for (role, code, element, contacts) in [
        ("aggregator-full", "pub-ag-full", "PublicServicesFullAggregator", 2),
        ("aggregator-light", "pub-ag-lite", "PublicServicesLightAggregator", 2),
        ("operator-full", "pub-op-full", "PublicServicesFullOperator", 1),
        ("operator-light", "pub-op-lite", "PublicServicesLightOperator", 2),
    ] {
        let program = with_role(role, code);
        let metadata = program.succeed(&["spid", "metadata"]);
        assert!(metadata.contains(&format!("<spid:{element}></spid:{element}>")), "{metadata}");
        assert_eq!(metadata.matches("<md:ContactPerson ").count(), contacts, "{role}");
        assert_eq!(metadata.contains("use=\"spid:validation\""), role.ends_with("light"), "{role}");
    }
}

/// SPID-M11.
#[test]
fn an_entity_id_that_is_not_the_roles_is_refused() {
    let program = with_role("aggregator-full", "pub-ag-full");
    change(&program, "pub-ag-full/r_esempi", "pub-ag-lite/r_esempi");
    for command in [&["spid", "metadata"][..], &["check-config"]] {
        assert!(program.fail(command).contains("`spid.entity_id`: must have `pub-ag-full` in it"));
    }
    let program = with_spid();
    change(
        &program,
        "entity_id = \"https://fascicolo.regione.example\"",
        "entity_id = \"https://fascicolo.regione.example/pub-ag-full\"",
    );
    assert!(program.fail(&["spid", "metadata"]).contains("there is no `aggregator`"));
}

/// SPID-M9, SPID-M10.
#[test]
fn metadata_that_break_a_rule_are_not_written() {
    let program = with_spid();
    change(&program, "email = \"spid@regione.example\"", "email = \"spid\"");
    change(&program, "organization_url = \"https://www.regione.example\"", "organization_url = \"\"");
    let file = program.path("metadata.xml");
    let refused = program.fail(&["spid", "metadata", "--output", file.to_str().unwrap()]);
    assert!(
        refused.contains("  SPID-M10: one e-mail address") && refused.contains("  SPID-M9: "),
        "{refused}"
    );
    assert!(!file.exists());
}

/// SPID-C2 to C4.
#[test]
fn cie_has_key_certificate_and_metadata_of_its_own() {
    let program = Program::ready();
    assert!(program.fail(&["cie", "init"]).contains("`cie` is missing"));
    with_sections(&program, &["cie", "cie_saml"]);
    assert!(program.succeed(&["cie", "init", "--bits", "2048"]).contains("fascicolo cie metadata"));
    let alone = program.succeed(&["cie", "metadata"]);
    for text in [
        "entityID=\"https://fascicolo.regione.example/cie\"",
        "Location=\"https://fascicolo.regione.example/cie/acs\"",
        "<md:ServiceName xml:lang=\"\">urn:uuid:b7f4e9c2-5d1a-4c3e-9f60-2a8d7b1e0c54<",
        "<cie:Municipality>A000</cie:Municipality>",
    ] {
        assert!(alone.contains(text), "{text}: {alone}");
    }
    assert!(!alone.contains("contactType=\"technical\"") && !alone.contains("spid.gov.it/saml-extensions"));
    let file = program.path("cie.xml");
    let file = file.to_str().unwrap();
    program.succeed(&["cie", "metadata", "--output", file]);
    with_sections(&program, &["cie_partner"]);
    let found = program.succeed(&["cie", "metadata", "--compare", file]);
    assert!(
        found.contains("+ ContactPerson contactType: technical\n") && found.contains("portal"),
        "{found}"
    );
}

/// SPID-C1, SPID-X1: whoever vouches for a file of providers vouches for one.
#[test]
fn a_provider_file_that_is_none_is_told_by_its_key() {
    let program = with_spid();
    with_sections(&program, &["cie", "cie_saml"]);
    program.succeed(&["cie", "init", "--bits", "2048"]);
    assert!(program.succeed(&["check-config"]).contains("# warning: no cie_saml.provider"));
    let metadata = program.succeed(&["spid", "metadata"]);
    program.write("other.xml", metadata);
    change(&program, "service_id = ", "provider = \"other.xml\"\nservice_id = ");
    assert!(program.fail(&["check-config"]).contains("`cie_saml.provider`: refused"));
    change(&program, "provider = \"other.xml\"\n", "");
    change(&program, "binding = ", "eidas = \"nowhere.xml\"\nbinding = ");
    assert!(program.fail(&["check-config"]).contains("`spid.eidas`: cannot read"));
}

/// SPID-M12.
#[test]
fn a_schema_that_is_not_there_or_refuses_is_told() {
    let program = with_spid();
    let folder = program.path("schemas");
    let validate = ["spid", "metadata", "--schemas", folder.to_str().unwrap()];
    assert!(program.fail(&validate).contains("there is no schema"));
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("skipped: there is no xmllint here (Debian: libxml2-utils)");
        return;
    }
    let schema = |name: &str| {
        format!(
            "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
             targetNamespace=\"urn:oasis:names:tc:SAML:2.0:metadata\"><xs:element name=\"{name}\"/></xs:schema>"
        )
    };
    let (base, newer) =
        ("schemas/saml-schema-metadata-sp-spid.xsd", "schemas/saml-schema-metadata-sp-spid-av29.xsd");
    program.write(base, schema("EntityDescriptor"));
    program.write(newer, schema("EntityDescriptor"));
    assert!(program.succeed(&validate).starts_with("<?xml"));
    program.write(newer, schema("EntitiesDescriptor"));
    let refused = program.fail(&validate);
    assert!(refused.contains("saml-schema-metadata-sp-spid-av29.xsd refuses the metadata"), "{refused}");
}
