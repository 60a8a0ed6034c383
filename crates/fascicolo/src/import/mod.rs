//! `import`: the first content, and what a register or an archive hands over (REC-I6). Everything refused is told with
//! its place and reason; running it again changes nothing that is in already.

pub mod cards;
pub mod citizens;
pub mod documents;
pub mod lines;
pub mod metadata;
pub mod table;

pub use cards::Cards;
pub use citizens::Citizens;
pub use documents::documents;
pub use table::table;

use indicatif::{ProgressBar, ProgressStyle};

/// Refusals told one by one; all are counted.
const TOLD: u64 = 1000;

/// A bar on standard error, when somebody looks.
fn bar(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
