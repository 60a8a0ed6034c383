//! Who people are.

pub mod acting;
pub mod citizen;
pub mod codice_fiscale;
pub mod tessera_sanitaria;

pub use acting::{Acting, Capacity};
pub use citizen::{Citizen, Standing};
pub use codice_fiscale::CodiceFiscale;
pub use tessera_sanitaria::CardNumber;
