//! `audit verify` and `audit checkpoint` (GEN-G7, decision 5).

use std::io::Write;
use std::sync::Arc;

use fascicolo_adapters::SystemClock;
use fascicolo_store::{Finding, FindingKind};
use fascicolo_web::ports::Clock as _;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::assemble;
use crate::config::Config;
use crate::failure::Failure;

/// Reads the whole trail and says what is wrong with it; `false`: something is.
///
/// # Errors
/// It cannot be read.
pub async fn verify(config: &Config, out: &mut dyn Write) -> Result<bool, Failure> {
    let (store, key) = (assemble::store(config).await?, assemble::site_key(config)?);
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} rows, {per_sec}") {
        bar.set_style(style);
    }
    let signed = |statement: &[u8], signature: &[u8]| key.signed(statement, signature);
    let report = store.verify_audit(signed, |rows| bar.set_position(rows)).await?;
    bar.finish_and_clear();
    for finding in &report.findings {
        writeln!(out, "{}", told(finding))?;
    }
    let more = report.wrong.saturating_sub(u64::try_from(report.findings.len()).unwrap_or(u64::MAX));
    if more > 0 {
        writeln!(out, "and {more} more")?;
    }
    writeln!(out, "{} rows, {} segments, {} checkpoints", report.rows, report.segments, report.checkpoints)?;
    if let Some((number, digest)) = report.last_checkpoint {
        writeln!(out, "last checkpoint: {number} {} (keep it elsewhere)", digest.to_hex())?;
    }
    writeln!(out, "{}", if report.is_whole() { "whole" } else { "NOT whole" })?;
    Ok(report.is_whole())
}

fn told(finding: &Finding) -> String {
    let what = match finding.kind {
        FindingKind::Altered => "does not fit the row before it",
        FindingKind::Missing => "rows before it are gone",
        FindingKind::Inserted => "stands after the end of a closed segment",
        FindingKind::Truncated => "the end of the segment is gone",
        FindingKind::Rewritten => "is not the row that a checkpoint signed",
        FindingKind::Checkpoint => "the checkpoint is missing, changed or not signed by the site",
    };
    let day = Timestamp::from_millisecond(finding.day).map(|day| day.strftime("%Y-%m-%d").to_string());
    let day = day.unwrap_or_else(|_| finding.day.to_string());
    format!("{day} {} lane {} row {}: {what}", finding.node, finding.lane, finding.seq)
}

/// Signs where the trail stands.
///
/// # Errors
/// The store failed.
pub async fn checkpoint(config: &Config, out: &mut dyn Write) -> Result<(), Failure> {
    let (store, key) = (assemble::store(config).await?, Arc::new(assemble::site_key(config)?));
    let made = store.checkpoint_audit(SystemClock.now(), move |statement| Ok(key.sign(statement))).await?;
    writeln!(out, "{made} checkpoints signed")?;
    Ok(())
}
