//! Our keys: a folder of files whose names say what each is for and since when it is published, so that no list can
//! differ from what is there (CIE-4, CIE-6). `signing-20261125T101500Z.pem` signs requests and is published since then.

use std::path::PathBuf;

use fascicolo_eid::cie::jose::{DecryptionKey, SigningKey};
use fascicolo_eid::cie::{Held, KeyError, Keys, Phase, Purpose};
use jiff::{SignedDuration, Timestamp};

use crate::config::{Config, ConfigError};
use crate::failure::Failure;
use crate::{cie, secrets};

/// The key of the settings that names the folder.
pub const KEY: &str = "cie_openid.keys";
/// In the order in which the library tells of them.
pub const PURPOSES: [Purpose; 3] = [Purpose::Federation, Purpose::Signing, Purpose::Encryption];
/// How an instant stands in a name: UTC, to the second.
const INSTANT: &str = "%Y%m%dT%H%M%SZ";

/// A key file, by its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyFile {
    pub purpose: Purpose,
    pub since: Timestamp,
    /// As a path of the settings.
    pub path: PathBuf,
}

/// All of our keys, and the files that they came from.
pub struct Ours {
    pub keys: Keys,
    files: Vec<KeyFile>,
    overlap: SignedDuration,
}

/// A key on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Life {
    pub purpose: Purpose,
    pub kid: String,
    pub file: KeyFile,
    pub phase: Phase,
    /// What comes, and when.
    pub next: Vec<(Timestamp, Phase)>,
}

/// The word for a purpose, in names of files and on the command line.
#[must_use]
pub fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Federation => "federation",
        Purpose::Signing => "signing",
        Purpose::Encryption => "encryption",
    }
}

/// The purpose that a word is for.
#[must_use]
pub fn purpose(text: &str) -> Option<Purpose> {
    PURPOSES.into_iter().find(|purpose| word(*purpose) == text)
}

/// The name of a key's file.
#[must_use]
pub fn name(purpose: Purpose, since: Timestamp) -> String {
    format!("{}-{}.pem", word(purpose), since.strftime(INSTANT))
}

fn of_name(name: &str) -> Option<(Purpose, Timestamp)> {
    let (word, instant) = name.strip_suffix(".pem")?.split_once('-')?;
    let since: Timestamp = instant.parse().ok()?;
    let purpose = purpose(word)?;
    // one spelling alone, so that no two names mean the same
    (self::name(purpose, since) == name).then_some((purpose, since))
}

/// The key files, by purpose, oldest first; none when there is no folder yet.
///
/// # Errors
/// The folder cannot be read, or holds a file with another name: a key that is misnamed must not be passed over.
pub fn files(config: &Config) -> Result<Vec<KeyFile>, ConfigError> {
    let Some(settings) = &config.cie_openid else { return Ok(Vec::new()) };
    let folder = config.path(&settings.keys);
    let cannot =
        |e: std::io::Error| ConfigError::value(KEY, format!("cannot read {}: {e}", folder.display()));
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(cannot(e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // mounted secrets have hidden entries of their own
        if name.starts_with('.') {
            continue;
        }
        let Some((purpose, since)) = of_name(&name) else {
            let example = self::name(Purpose::Signing, Timestamp::UNIX_EPOCH);
            let what = format!("{name} is no name of a key, which is as {example}");
            return Err(ConfigError::value(KEY, what));
        };
        found.push(KeyFile { purpose, since, path: settings.keys.join(&name) });
    }
    let place = |purpose| PURPOSES.iter().position(|p| *p == purpose);
    found.sort_by_key(|file| (place(file.purpose), file.since));
    Ok(found)
}

/// Reads all of our keys.
///
/// # Errors
/// There is none for a purpose, one cannot be read, or one key stands for two.
pub fn read(config: &Config) -> Result<Ours, Failure> {
    let (_, settings) = cie::settings(config)?;
    let files = files(config)?;
    for purpose in PURPOSES {
        if !files.iter().any(|file| file.purpose == purpose) {
            let what = format!("there is no {} key: run `fascicolo cie init`", word(purpose));
            return Err(ConfigError::value(KEY, what).into());
        }
    }
    let of = |purpose| files.iter().filter(move |file| file.purpose == purpose);
    let signing = |purpose| -> Result<Vec<_>, ConfigError> {
        of(purpose).map(|file| held(config, file, SigningKey::from_pem)).collect()
    };
    let encryption: Result<Vec<_>, ConfigError> =
        of(Purpose::Encryption).map(|file| held(config, file, DecryptionKey::from_pem)).collect();
    let seconds = settings.overlap_hours.saturating_mul(3600);
    let keys = Keys::new(signing(Purpose::Federation)?, signing(Purpose::Signing)?, encryption?, seconds);
    let keys = keys.map_err(|e| ConfigError::value(KEY, e.to_string()))?;
    Ok(Ours { keys, files, overlap: SignedDuration::from_secs(seconds.into()) })
}

fn held<K>(
    config: &Config,
    file: &KeyFile,
    of_pem: impl Fn(&str) -> Result<K, KeyError>,
) -> Result<Held<K>, ConfigError> {
    let pem = secrets::read(config, KEY, &file.path)?;
    let key = of_pem(&pem).map_err(|e| ConfigError::value(KEY, format!("{}: {e}", file.path.display())));
    Ok(Held { key: key?, since: file.since })
}

impl Ours {
    /// Every key with its phase and those to come. The instants are asked of the rule itself, at each moment at which
    /// it can change its mind (CIE-6).
    #[must_use]
    pub fn lives(&self, now: Timestamp) -> Vec<Life> {
        let after = |since: Timestamp, overlaps: i32| {
            self.overlap.checked_mul(overlaps).and_then(|later| since.checked_add(later).ok())
        };
        let instants = self.files.iter().flat_map(|file| (0..=2).filter_map(move |n| after(file.since, n)));
        let mut instants: Vec<Timestamp> = instants.filter(|at| *at > now).collect();
        instants.sort_unstable();
        instants.dedup();
        let phases = self.keys.phases(now).into_iter().zip(&self.files);
        let mut lives: Vec<Life> = phases
            .map(|((purpose, kid, phase), file)| Life {
                purpose,
                kid,
                file: file.clone(),
                phase,
                next: Vec::new(),
            })
            .collect();
        for at in instants {
            for (life, (_, _, then)) in lives.iter_mut().zip(self.keys.phases(at)) {
                let last = life.next.last().map_or(life.phase, |(_, phase)| *phase);
                if last != then {
                    life.next.push((at, then));
                }
            }
        }
        lives
    }
}

/// The word for a phase.
#[must_use]
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Planned => "planned",
        Phase::Announced => "announced",
        Phase::Current => "current",
        Phase::Retiring => "retiring",
        Phase::Gone => "gone",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_key_is_for_and_since_when() {
        let since: Timestamp = "2026-11-25T10:15:00Z".parse().unwrap();
        for purpose in PURPOSES {
            assert_eq!(of_name(&name(purpose, since)), Some((purpose, since)));
        }
        assert_eq!(name(Purpose::Signing, since), "signing-20261125T101500Z.pem");
        for bad in [
            "",
            "signing.pem",
            "signing-20261125T101500Z",
            "signing-20261125T101500Z.pem.old",
            "signature-20261125T101500Z.pem",
            "signing-2026-11-25T10:15:00Z.pem",
            "signing-20261125T101500+00.pem",
            "signing-20261125T101500.pem",
            "signing-20261325T101500Z.pem",
            "Signing-20261125T101500Z.pem",
        ] {
            assert_eq!(of_name(bad), None, "{bad}");
        }
    }
}
