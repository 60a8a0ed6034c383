//! The national table of document kinds (REC-R4): a new kind is one row here and one name in `locales/`.

use std::fmt;

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Kind(&'static Row);

struct Row {
    loinc: &'static str,
    class: &'static str,
    /// National template ids, below `2.16.840.1.113883.2.9.10.1.`
    templates: &'static [&'static str],
    key: &'static str,
}

const fn row(
    loinc: &'static str,
    class: &'static str,
    templates: &'static [&'static str],
    key: &'static str,
) -> Row {
    Row { loinc, class, templates, key }
}

static TABLE: [Row; 21] = [
    row("11502-2", "REF", &["1"], "laboratory_report"),
    row("68604-8", "REF", &["7.1"], "radiology_report"),
    row("11488-4", "REF", &["9.1"], "specialist_report"),
    row("11526-1", "REF", &["8.1"], "pathology_report"),
    row("34105-7", "LDO", &["5"], "discharge_letter"),
    row("59258-4", "VRB", &["6.1"], "emergency_report"),
    row("60591-5", "SUM", &["4.1.1"], "patient_summary"),
    row("87273-9", "VAC", &["11.1.1"], "vaccination_record"),
    row("82593-5", "VAC", &["11.1.2"], "vaccination_certificate"),
    row("57833-6", "PRS", &["2.1", "3.1"], "drug_prescription"),
    row("57832-8", "PRS", &["2.2"], "specialist_prescription"),
    row("29304-3", "PRE", &["13.1.1", "13.2.1"], "drug_dispensing"),
    row("81223-0", "PRE", &["13.1.2"], "specialist_dispensing"),
    row("100971-1", "COL", &["18.1"], "medical_chart"),
    row("101881-1", "SUM", &["17.1"], "implant_card"),
    row("108276-7", "LET", &["14.1"], "screening_invitation"),
    row("111490-9", "LET", &["15.1"], "vaccination_invitation"),
    row("75496-0", "REF", &["16.1.1"], "televisit_report"),
    row("85208-7", "REF", &["16.2.1"], "teleconsultation_report"),
    row("57827-8", "ESE", &[], "exemption"),
    row("18776-5", "PDC", &[], "therapy_plan"),
];

impl Kind {
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(Self)
    }

    #[must_use]
    pub fn by_loinc(code: &str) -> Option<Self> {
        Self::all().find(|k| k.0.loinc == code)
    }

    /// The kind's name in text keys (`documents.kind.<key>`) and in filters.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.0.key
    }

    #[must_use]
    pub fn by_key(key: &str) -> Option<Self> {
        Self::all().find(|k| k.0.key == key)
    }

    #[must_use]
    pub fn loinc(self) -> &'static str {
        self.0.loinc
    }

    #[must_use]
    pub fn class(self) -> &'static str {
        self.0.class
    }

    /// Full template ids a CDA of this kind may declare.
    pub fn templates(self) -> impl Iterator<Item = String> {
        self.0.templates.iter().map(|t| format!("2.16.840.1.113883.2.9.10.1.{t}"))
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.0.loinc == other.0.loinc
    }
}

impl Eq for Kind {}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_keys_are_unique_and_found() {
        for kind in Kind::all() {
            assert_eq!(Kind::all().filter(|k| k.loinc() == kind.loinc()).count(), 1, "{kind:?}");
            assert_eq!(Kind::all().filter(|k| k.key() == kind.key()).count(), 1, "{kind:?}");
            assert_eq!((Kind::by_loinc(kind.loinc()), Kind::by_key(kind.key())), (Some(kind), Some(kind)));
        }
        assert_eq!(Kind::by_loinc("0-0"), None);
    }
}
