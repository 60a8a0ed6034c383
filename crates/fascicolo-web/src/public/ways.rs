//! The ways in, in one place, and where each is explained. Guidance never promises a way that this site does not open.

use fascicolo_domain::login::Method;

/// A way to get in; `name` and `text` are text keys.
pub struct Way {
    pub method: Method,
    pub guide: &'static str,
    pub name: &'static str,
    pub text: &'static str,
}

pub const SPID: Way = Way {
    method: Method::Spid,
    guide: "/come-accedere/spid",
    name: "public.ways.spid",
    text: "public.ways.spid_text",
};
pub const CIE: Way = Way {
    method: Method::Cie,
    guide: "/come-accedere/cie",
    name: "public.ways.cie",
    text: "public.ways.cie_text",
};
pub const CNS: Way = Way {
    method: Method::Cns,
    guide: "/come-accedere/cns",
    name: "public.ways.cns",
    text: "public.ways.cns_text",
};
pub const OTP: Way = Way {
    method: Method::Otp,
    guide: "/come-accedere/otp",
    name: "public.ways.otp",
    text: "public.ways.otp_text",
};

/// In the order in which they are shown.
pub const WAYS: [Way; 4] = [SPID, CIE, CNS, OTP];
