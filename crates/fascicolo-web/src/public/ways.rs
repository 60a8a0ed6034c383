//! The ways in, in one place: which exist, which this release opens, where each is explained. Guidance never promises a
//! way that is closed.

/// A way to get in; `name` and `text` are text keys.
pub struct Way {
    pub guide: &'static str,
    pub name: &'static str,
    pub text: &'static str,
    /// Whether this release lets people in by it.
    pub open: bool,
}

pub const SPID: Way =
    Way { guide: "/come-accedere/spid", name: "public.ways.spid", text: "public.ways.spid_text", open: true };
pub const CIE: Way =
    Way { guide: "/come-accedere/cie", name: "public.ways.cie", text: "public.ways.cie_text", open: false };
pub const CNS: Way =
    Way { guide: "/come-accedere/cns", name: "public.ways.cns", text: "public.ways.cns_text", open: false };
pub const OTP: Way =
    Way { guide: "/come-accedere/otp", name: "public.ways.otp", text: "public.ways.otp_text", open: false };

/// In the order in which they are shown.
pub const WAYS: [Way; 4] = [SPID, CIE, CNS, OTP];
