//! The header of a CDA after the national rules, around a body.

use std::fmt::Write as _;

use fascicolo_domain::Fault;
use fascicolo_domain::person::codice_fiscale::Sex;

use super::fill::{Filler, escaped};
use super::fixture::{Doctor, Place};
use super::{ROOT, Scene};
use crate::people::maker::{Particulars, codice_fiscale};

/// The whole document.
pub(super) fn document(scene: &Scene, filler: &mut Filler, body: &str) -> Result<String, Fault> {
    let mut xml = String::with_capacity(body.len() + 8_192);
    xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    identity(scene, filler, &mut xml);
    patient(scene, filler, &mut xml);
    people(scene, filler, &mut xml)?;
    context(scene, filler, &mut xml)?;
    xml.push_str(body);
    xml.push_str("</ClinicalDocument>\n");
    Ok(xml)
}

fn identity(scene: &Scene, filler: &Filler, xml: &mut String) {
    let facts = scene.facts;
    let number = escaped(facts.national_extension);
    let series = escaped(facts.replaces.filter(|_| facts.version > 1).unwrap_or(facts.national_extension));
    let (root, version) = &scene.sort.template;
    let confidentiality = facts.confidentiality.code();
    let meaning = match confidentiality {
        "N" => "Normal",
        "R" => "Restricted",
        _ => "Very restricted",
    };
    let _ = write!(
        xml,
        r#"<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<realmCode code="IT"/>
<typeId root="2.16.840.1.113883.1.3" extension="POCD_MT000040UV02"/>
<templateId root="{root}" extension="{version}" assigningAuthorityName="HL7 Italia"/>
<id root="{ROOT}" extension="{number}" assigningAuthorityName="Regione Lombardia"/>
<code code="{code}" codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC" displayName="{display}"/>
<title>{title}</title>
<sdtc:statusCode code="active"/>
<effectiveTime value="{time}"/>
<confidentialityCode code="{confidentiality}" codeSystem="2.16.840.1.113883.5.25" codeSystemName="HL7 Confidentiality" displayName="{meaning}"/>
<languageCode code="it-IT"/>
<setId root="{ROOT}" extension="{series}" assigningAuthorityName="Regione Lombardia"/>
<versionNumber value="{number_of_version}"/>
"#,
        code = scene.kind.loinc(),
        display = escaped(&scene.sort.display),
        title = escaped(&scene.variant.title),
        time = filler.timestamp(0),
        number_of_version = facts.version,
    );
}

fn patient(scene: &Scene, filler: &mut Filler, xml: &mut String) {
    let patient = scene.patient;
    let home = filler.chance.pick(&scene.fixtures.people.home);
    let lives = home.and_then(|home| {
        let place = scene.fixtures.place(&home.place)?;
        Some(address("H", &home.street, &home.postal_code, place))
    });
    let born_at = scene.fixtures.place(patient.birthplace).map(|place| {
        format!(
            "<birthplace><place><addr><country>100</country><county>{}</county><city>{}</city><censusTract>{}</censusTract></addr></place></birthplace>\n",
            place.province,
            escaped(&place.name),
            place.istat
        )
    });
    let (letter, meaning) = match patient.sex {
        Sex::Female => ("F", "Femmina"),
        Sex::Male => ("M", "Maschio"),
    };
    let _ = write!(
        xml,
        r#"<recordTarget>
<patientRole>
<id root="2.16.840.1.113883.2.9.4.3.2" extension="{cf}" assigningAuthorityName="MEF"/>
<id root="2.16.840.1.113883.2.9.2.30.4.99" extension="{chart}" assigningAuthorityName="{issuer}"/>
{lives}<telecom use="MC" value="tel:+390000000000"/>
<patient>
<name><family>{family}</family><given>{given}</given></name>
<administrativeGenderCode code="{letter}" codeSystem="2.16.840.1.113883.5.1" codeSystemName="HL7 AdministrativeGender" displayName="{meaning}"/>
<birthTime value="{born}"/>
{born_at}</patient>
</patientRole>
</recordTarget>
"#,
        cf = escaped(patient.codice_fiscale),
        chart = 1_000_000 + filler.chance.next() % 9_000_000,
        issuer = escaped(scene.issuer),
        lives = lives.unwrap_or_default(),
        family = escaped(patient.family),
        given = escaped(patient.given),
        born = patient.born.strftime("%Y%m%d"),
        born_at = born_at.unwrap_or_default(),
    );
}

fn address(usage: &str, street: &str, postal_code: &str, place: &Place) -> String {
    format!(
        "<addr use=\"{usage}\"><country>100</country><state>030</state><county>{}</county><city>{}</city><censusTract>{}</censusTract><postalCode>{}</postalCode><streetAddressLine>{}</streetAddressLine></addr>\n",
        place.province,
        escaped(&place.name),
        place.istat,
        escaped(postal_code),
        escaped(street)
    )
}

/// Author, custodian, legal authenticator.
fn people(scene: &Scene, filler: &Filler, xml: &mut String) -> Result<(), Fault> {
    let author = scene.author;
    let id = format!(
        r#"<id root="2.16.840.1.113883.2.9.4.3.2" extension="{}" assigningAuthorityName="MEF"/>"#,
        author.codice_fiscale()?
    );
    let name = format!(
        "<assignedPerson><name><family>{}</family><given>{}</given><prefix>{}</prefix></name></assignedPerson>",
        escaped(&author.family),
        escaped(&author.given),
        author.prefix()
    );
    let work = scene.fixtures.place("F205").map(|place| address("WP", "Via dell'Esempio 1", "20121", place));
    let _ = write!(
        xml,
        r#"<author>
<time value="{time}"/>
<assignedAuthor>
{id}
{work}<telecom use="WP" value="mailto:medico@example.org"/>
{name}
</assignedAuthor>
</author>
<custodian>
<assignedCustodian>
<representedCustodianOrganization>
<id root="2.16.840.1.113883.2.9.4.1.2" extension="030999" assigningAuthorityName="Ministero della Salute"/>
<name>{issuer}</name>
<telecom use="WP" value="tel:+390000000001"/>
{work}</representedCustodianOrganization>
</assignedCustodian>
</custodian>
<legalAuthenticator>
<time value="{time}"/>
<signatureCode code="S"/>
<assignedEntity>
{id}
<telecom use="WP" value="mailto:medico@example.org"/>
{name}
</assignedEntity>
</legalAuthenticator>
"#,
        time = filler.timestamp(0),
        work = work.unwrap_or_default(),
        issuer = escaped(scene.issuer),
    );
    Ok(())
}

/// The prescription, the service, the version replaced, the encounter.
fn context(scene: &Scene, filler: &mut Filler, xml: &mut String) -> Result<(), Fault> {
    if scene.sort.order {
        let order = 1_000_000_000 + filler.chance.next() % 9_000_000_000;
        let _ = writeln!(
            xml,
            r#"<inFulfillmentOf><order classCode="ACT" moodCode="RQO"><id root="2.16.840.1.113883.2.9.4.3.9" extension="0300A{order}" assigningAuthorityName="Ministero delle Finanze"/><priorityCode code="R" codeSystem="2.16.840.1.113883.5.7" codeSystemName="HL7 ActPriority" displayName="Normale"/></order></inFulfillmentOf>"#
        );
    }
    if let Some((code, name)) = &scene.sort.service {
        let _ = writeln!(
            xml,
            r#"<documentationOf><serviceEvent><code code="{code}" codeSystem="2.16.840.1.113883.2.9.5.1.4" codeSystemName="ActCode" displayName="{}"/><effectiveTime value="{}"/></serviceEvent></documentationOf>"#,
            escaped(name),
            filler.timestamp(0)
        );
    }
    if let Some(replaced) = scene.facts.replaces {
        let _ = writeln!(
            xml,
            r#"<relatedDocument typeCode="RPLC"><parentDocument><id root="{ROOT}" extension="{replaced}" assigningAuthorityName="Regione Lombardia"/><setId root="{ROOT}" extension="{replaced}" assigningAuthorityName="Regione Lombardia"/><versionNumber value="{}"/></parentDocument></relatedDocument>"#,
            scene.facts.version.saturating_sub(1),
            replaced = escaped(replaced),
        );
    }
    if scene.sort.encounter {
        xml.push_str(&filler.markup(ENCOUNTER)?);
    }
    Ok(())
}

const ENCOUNTER: &str = r#"<componentOf>
<encompassingEncounter>
<id root="2.16.840.1.113883.2.9.2.30.4.6" extension="{{episodio=10000000:99999999}}" assigningAuthorityName="Regione Lombardia"/>
<effectiveTime><low value="{{ts-3}}"/><high value="{{ts}}"/></effectiveTime>
<responsibleParty><assignedEntity><id root="2.16.840.1.113883.2.9.4.3.2" extension="{{medico_cf}}" assigningAuthorityName="MEF"/><telecom use="WP" value="tel:+390000000001"/><assignedPerson><name><family>{{medico_cognome}}</family><given>{{medico_nome}}</given></name></assignedPerson></assignedEntity></responsibleParty>
<location><healthCareFacility><id root="2.16.840.1.113883.2.9.4.1.6" extension="030999.01" assigningAuthorityName="Ministero della Salute"/><location><name>{{struttura}}</name></location><serviceProviderOrganization><id root="2.16.840.1.113883.2.9.4.1.2" extension="030999" assigningAuthorityName="Ministero della Salute"/><name>{{struttura}}</name><telecom use="WP" value="tel:+390000000001"/><asOrganizationPartOf><id root="2.16.840.1.113883.2.9.4.1.1" extension="030" assigningAuthorityName="Ministero della Salute"/></asOrganizationPartOf></serviceProviderOrganization></healthCareFacility></location>
</encompassingEncounter>
</componentOf>
"#;

impl Doctor {
    pub(super) fn prefix(&self) -> &'static str {
        if self.sex == "F" { "Dott.ssa" } else { "Dott." }
    }

    pub(super) fn name(&self) -> String {
        format!("{} {} {}", self.prefix(), self.given, self.family)
    }

    pub(super) fn codice_fiscale(&self) -> Result<String, Fault> {
        let wrong = || Fault::bare("a doctor in people.toml");
        let of = Particulars {
            family_name: &self.family,
            given_name: &self.given,
            sex: if self.sex == "F" { Sex::Female } else { Sex::Male },
            born: self.born.parse().map_err(|_| wrong())?,
            place: &self.place,
            omocodia: 0,
        };
        codice_fiscale(&of).map(|cf| cf.as_str().to_owned()).map_err(|_| wrong())
    }
}
