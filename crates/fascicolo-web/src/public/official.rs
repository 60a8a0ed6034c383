//! Pages of other administrations that our guidance links to, with the day on which the list was made (GEN-P2).

use jiff::civil::{Date, date};

/// A page elsewhere; `text` is a text key.
pub struct Official {
    pub url: &'static str,
    pub text: &'static str,
}

/// The day on which this list was made.
pub const LISTED: Date = date(2026, 11, 25);

pub const SPID_GET: &str = "https://www.spid.gov.it/cos-e-spid/come-attivare-spid/";
pub const CIE_CODES: &str =
    "https://www.cartaidentita.interno.gov.it/info-utili/codici-di-sicurezza-pin-e-puk/";
pub const CARD_SOFTWARE: &str = "https://sistemats1.sanita.finanze.it/portale/";
pub const DUPLICATE: &str =
    "https://telematici.agenziaentrate.gov.it/RichiestaDuplicatoWeb/ScegliModalita.jsp";
pub const OMBUDSMAN: &str = "https://difensorecivicodigitale.gov.it/";

/// All of them, in the order in which `/come-accedere` shows them.
pub const PAGES: [Official; 8] = [
    Official { url: "https://www.spid.gov.it/", text: "public.official.spid" },
    Official { url: SPID_GET, text: "public.official.spid_get" },
    Official { url: "https://www.cartaidentita.interno.gov.it/", text: "public.official.cie" },
    Official { url: CIE_CODES, text: "public.official.cie_codes" },
    Official { url: CARD_SOFTWARE, text: "public.official.card_software" },
    Official { url: DUPLICATE, text: "public.official.duplicate" },
    Official { url: "https://www.fascicolosanitario.gov.it/", text: "public.official.fse" },
    Official { url: OMBUDSMAN, text: "public.official.ombudsman" },
];
