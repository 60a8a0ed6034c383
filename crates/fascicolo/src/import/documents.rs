//! Documents of a folder: `name.pdf`, and `name.json` beside it where the PDF does not say enough. Each goes the same
//! way as one that a producer sends: whole and durable, or refused with its reason.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use fascicolo_domain::Fault;
use fascicolo_web::App;
use fascicolo_web::documents::intake::{IntakeError, Taken, Unfit, take_in};

use super::metadata::submission;
use super::{TOLD, bar};
use crate::assemble;
use crate::config::Config;
use crate::failure::Failure;

/// What happened to a file.
enum Outcome {
    Taken(Taken),
    Refused(String),
}

/// Brings a folder in; `false`: files were refused.
///
/// # Errors
/// The folder cannot be read, or the site's own parts failed: what was taken in until then is in.
pub async fn documents(config: Config, folder: &Path, out: &mut dyn Write) -> Result<bool, Failure> {
    let app = assemble::app(&config).await?;
    let files = pdfs(folder)?;
    let bar = bar(u64::try_from(files.len()).unwrap_or(u64::MAX), "{pos}/{len} {wide_bar} {eta}");
    let (mut new, mut known, mut refused) = (0_u64, 0_u64, 0_u64);
    for file in files {
        match take(&app, &file).await? {
            Outcome::Taken(taken) => {
                if taken.new {
                    new += 1
                } else {
                    known += 1
                }
                for warning in taken.warnings {
                    bar.suspend(|| writeln!(out, "{}: warning: {}", name(&file), warning.code()))?;
                }
            }
            Outcome::Refused(why) => {
                refused += 1;
                if refused <= TOLD {
                    bar.suspend(|| writeln!(out, "{}: refused: {why}", name(&file)))?;
                }
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    writeln!(out, "{} files: {new} new, {known} known, {refused} refused", new + known + refused)?;
    Ok(refused == 0)
}

/// The PDFs, by name: a run is repeatable.
fn pdfs(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |e: std::io::Error| Failure(format!("cannot read {}: {e}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("pdf")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().escape_debug().to_string()).unwrap_or_default()
}

async fn take(app: &App, path: &Path) -> Result<Outcome, Failure> {
    let refused = |why: String| Ok(Outcome::Refused(why));
    let size = match fs::metadata(path) {
        Ok(about) => about.len(),
        Err(e) => return refused(format!("cannot be read: {e}")),
    };
    if size > app.settings.largest_file {
        return refused(IntakeError::TooLarge.to_string());
    }
    let pdf = match fs::read(path) {
        Ok(pdf) => pdf,
        Err(e) => return refused(format!("cannot be read: {e}")),
    };
    let json = match fs::read(path.with_extension("json")) {
        Ok(json) => Some(json),
        Err(e) if e.kind() == ErrorKind::NotFound => None,
        Err(e) => return refused(format!("its JSON cannot be read: {e}")),
    };
    let submission = match submission(pdf.into(), json.as_deref()) {
        Ok(submission) => submission,
        Err(why) => return refused(format!("its JSON: {why}")),
    };
    match take_in(app, submission).await {
        Ok(taken) => Ok(Outcome::Taken(taken)),
        Err(IntakeError::Fault(fault)) => Err(stopped(path, &fault)),
        Err(IntakeError::Unfit(Unfit::Missing(item))) => refused(format!("nothing says its {}", item.code())),
        Err(IntakeError::Unfit(Unfit::Disagrees(item))) => {
            refused(format!("its JSON and its CDA disagree on the {}", item.code()))
        }
        Err(
            error @ (IntakeError::TooLarge
            | IntakeError::Unreadable(_)
            | IntakeError::SubjectUnknown
            | IntakeError::SubjectsDiffer
            | IntakeError::Clash
            | IntakeError::ReplacesAnothers
            | IntakeError::ReplacedNotCurrent),
        ) => refused(error.to_string()),
    }
}

fn stopped(path: &Path, fault: &Fault) -> Failure {
    Failure(format!("stopped at {}: {fault:?}; run it again when that is mended", name(path)))
}
