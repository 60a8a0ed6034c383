//! The real binary on a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder that `init` made.
pub(crate) struct Program {
    folder: TempDir,
}

impl Program {
    /// With settings and keys, and a database at this version.
    pub(crate) fn ready() -> Self {
        let program = Self::fresh();
        program.succeed(&["migrate"]);
        program
    }

    /// With settings and keys.
    pub(crate) fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = Self { folder };
        let output = program.command(&["init"]).arg(program.folder.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        program
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The database, as its address.
    pub(crate) fn database(&self) -> String {
        format!("sqlite://{}", self.path("fascicolo.db").display())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fascicolo"));
        command.env_clear().arg("--config").arg(self.path("fascicolo.toml")).args(arguments);
        command
    }

    /// Runs a command that must do well; answers what it printed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail; answers what it printed, both ways.
    pub(crate) fn fail(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        said(&output)
    }
}

pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
