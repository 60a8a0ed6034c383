//! Documents made for a test: a small CDA inside a small PDF.

use bytes::Bytes;

/// What a document says of itself.
pub(crate) struct Paper<'a> {
    pub(crate) codice_fiscale: &'a str,
    pub(crate) loinc: &'a str,
    pub(crate) number: &'a str,
    pub(crate) title: &'a str,
    pub(crate) issuer: &'a str,
    /// `yyyyMMddHHmmss+zzzz`.
    pub(crate) issued: &'a str,
    pub(crate) replaces: Option<&'a str>,
    pub(crate) text: &'a str,
}

pub(crate) const ROOT: &str = "2.16.840.1.113883.2.9.2.30.4.4";

impl Paper<'_> {
    pub(crate) fn cda(&self) -> String {
        let Self { codice_fiscale, loinc, number, title, issuer, issued, replaces, text } = self;
        let replaces = replaces.map_or(String::new(), |old| {
            format!(
                "<relatedDocument typeCode=\"RPLC\"><parentDocument><id root=\"{ROOT}\" extension=\"{old}\"/>\
                 </parentDocument></relatedDocument>"
            )
        });
        format!(
            "<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><id root=\"{ROOT}\" extension=\"{number}\"/>\
             <code code=\"{loinc}\" codeSystem=\"2.16.840.1.113883.6.1\"/><title>{title}</title>\
             <effectiveTime value=\"{issued}\"/><confidentialityCode code=\"N\"/><versionNumber value=\"1\"/>\
             <recordTarget><patientRole><id root=\"2.16.840.1.113883.2.9.4.3.2\" extension=\"{codice_fiscale}\"/>\
             <patient><name><given>Prova</given></name></patient></patientRole></recordTarget>\
             <author><assignedAuthor><assignedPerson><name><given>Anna</given><family>Bianchi</family></name>\
             </assignedPerson></assignedAuthor></author>\
             <custodian><assignedCustodian><representedCustodianOrganization><name>{issuer}</name>\
             </representedCustodianOrganization></assignedCustodian></custodian>{replaces}\
             <component><structuredBody><component><section><title>Risultati</title><text>{text}</text></section>\
             </component></structuredBody></component></ClinicalDocument>"
        )
    }

    pub(crate) fn pdf(&self) -> Bytes {
        pdf(Some(&self.cda()))
    }
}

/// A PDF of one empty page, with `cda.xml` attached when given.
pub(crate) fn pdf(cda: Option<&str>) -> Bytes {
    let names = "/Names << /EmbeddedFiles << /Names [(cda.xml) 4 0 R] >> >>";
    let names = if cda.is_some() { names } else { "" };
    let mut objects = vec![
        format!("<< /Type /Catalog /Pages 2 0 R {names} >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>".to_owned(),
    ];
    if let Some(cda) = cda {
        objects.push("<< /Type /Filespec /F (cda.xml) /UF (cda.xml) /EF << /F 5 0 R >> >>".to_owned());
        objects.push(format!("<< /Type /EmbeddedFile /Length {} >>\nstream\n{cda}\nendstream", cda.len()));
    }
    let mut file = String::from("%PDF-1.7\n");
    let mut offsets = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", i + 1));
    }
    let (start, size) = (file.len(), objects.len() + 1);
    file.push_str(&format!("xref\n0 {size}\n0000000000 65535 f \n"));
    for offset in offsets {
        file.push_str(&format!("{offset:010} 00000 n \n"));
    }
    file.push_str(&format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"));
    Bytes::from(file)
}
