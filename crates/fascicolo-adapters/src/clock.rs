//! The system's clock (GEN-G6).

use fascicolo_web::ports::Clock;
use jiff::Timestamp;

/// What time the machine says it is.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the port through which everybody else asks")]
        Timestamp::now()
    }
}
