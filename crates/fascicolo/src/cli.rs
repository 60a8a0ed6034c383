//! The command line. Answers are on standard output, everything else on standard error; 0 is well, 1 is not.

use std::ffi::OsString;
use std::io::{Write as _, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, ConfigError, Protocol};
use crate::failure::Failure;
use crate::spid::Federation;
use crate::{audit, check, cie, doctor, federation, import, init, keys, logging, register, serve, spid};

const USUAL: &str = "/etc/fascicolo/fascicolo.toml";

/// The access site of a regional electronic health record
#[derive(Parser)]
#[command(version, max_term_width = 110)]
struct Cli {
    /// The settings [default: $FASCICOLO_CONFIG, else /etc/fascicolo/fascicolo.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the site until told to stop
    Serve,
    /// Bring the database to this version
    Migrate,
    /// Show what settings would be used, and what is odd about them
    CheckConfig,
    /// Look at everything the site needs, and say what is wrong
    Doctor,
    /// Make a folder with settings and new keys to start from
    Init {
        /// The folder; it must not hold settings already
        folder: PathBuf,
    },
    /// SPID: key, certificate, metadata
    #[command(subcommand)]
    Spid(Ourselves),
    /// CIE: keys and metadata, by `cie.protocol`
    #[command(subcommand)]
    Cie(Cie),
    /// Bring in people or documents
    #[command(subcommand)]
    Import(Import),
    /// The trail of acts
    #[command(subcommand)]
    Audit(Audit),
    /// The register of logins, kept for 24 months
    #[command(subcommand)]
    Register(Register),
    /// The keys that encrypt documents
    #[command(subcommand)]
    Keys(Keys),
}

#[derive(Subcommand)]
enum Ourselves {
    /// Make the key and the certificate named in the settings
    Init(spid::Making),
    /// Print our signed metadata, once they keep every rule
    Metadata(spid::Publishing),
}

#[derive(Subcommand)]
enum Cie {
    /// Make the keys, and with SAML the certificate, named in the settings
    Init(spid::Making),
    /// Print what we publish, once it keeps every rule
    Metadata(spid::Publishing),
    /// Show every key of OpenID Connect with its phase, or add one
    Keys(cie::commands::Keeping),
}

#[derive(Subcommand)]
enum Import {
    /// Citizens of the register: CSV with a header, or NDJSON
    Citizens(Lines),
    /// Health cards of people in the register: CSV with a header, or NDJSON
    Cards(Lines),
    /// Each PDF of a folder, with the JSON of the same name beside it where there is one
    Documents { folder: PathBuf },
}

#[derive(Args)]
struct Lines {
    file: PathBuf,
    /// Bring in the good lines although others are refused
    #[arg(long)]
    skip_refused: bool,
}

#[derive(Subcommand)]
enum Audit {
    /// Read all of it and say whether anything was changed, removed or put in
    Verify,
    /// Sign where it stands now
    Checkpoint,
}

#[derive(Subcommand)]
enum Register {
    /// Print logins with their request and answer, one JSON object a line; this is recorded
    Export(register::Wanted),
    /// Print how many logins there were, as CSV
    Figures(register::Days),
}

#[derive(Subcommand)]
enum Keys {
    /// Wrap every document's key under the first key of the keyring
    Rotate,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Failure(text)) => {
            // nothing is left to do about a terminal that is gone
            let _ = writeln!(std::io::stderr(), "fascicolo: {text}");
            ExitCode::FAILURE
        }
    }
}

/// `false`: the command did its work and found something wrong.
fn run(cli: Cli) -> Result<bool, Failure> {
    if let Command::Init { folder } = &cli.command {
        return init::init(folder, &mut stdout()).map(|()| true);
    }
    let environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let named = environment.iter().find(|(name, _)| name == "FASCICOLO_CONFIG").map(|(_, path)| path.into());
    let path = cli.config.or(named).unwrap_or_else(|| USUAL.into());
    let config = Config::load(&path, environment)?;
    logging::start(&config.logging)?;
    // only the site itself needs more than one thread
    let mut runtime = if matches!(cli.command, Command::Serve) {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = runtime.enable_all().build()?;
    runtime.block_on(Box::pin(obey(cli.command, config)))
}

async fn obey(command: Command, config: Config) -> Result<bool, Failure> {
    let out = &mut stdout();
    let done = match command {
        Command::Serve => serve::serve(config).await,
        Command::Migrate => check::migrate(&config, out).await,
        Command::CheckConfig => check::check_config(&config, out),
        Command::Doctor => return doctor::doctor(&config, out).await,
        Command::Init { .. } => Ok(()),
        Command::Spid(Ourselves::Init(making)) => spid::init(&config, Federation::Spid, &making, out),
        Command::Spid(Ourselves::Metadata(what)) => spid::metadata(&config, Federation::Spid, &what, out),
        Command::Cie(command) => cie(&config, &command, out),
        Command::Import(Import::Citizens(lines)) => {
            return import::table::<import::Citizens>(&config, &lines.file, lines.skip_refused, out).await;
        }
        Command::Import(Import::Cards(lines)) => {
            return import::table::<import::Cards>(&config, &lines.file, lines.skip_refused, out).await;
        }
        Command::Import(Import::Documents { folder }) => {
            return import::documents(config, &folder, out).await;
        }
        Command::Audit(Audit::Verify) => return audit::verify(&config, out).await,
        Command::Register(Register::Export(wanted)) => return register::export(&config, &wanted, out).await,
        Command::Register(Register::Figures(days)) => register::figures(&config, &days, out).await,
        Command::Audit(Audit::Checkpoint) => audit::checkpoint(&config, out).await,
        Command::Keys(Keys::Rotate) => keys::rotate(&config, out).await,
    };
    done.map(|()| true)
}

fn cie(config: &Config, command: &Cie, out: &mut dyn std::io::Write) -> Result<(), Failure> {
    match (command, federation::cie_settings(config)?.protocol) {
        (Cie::Init(making), Protocol::Saml) => spid::init(config, Federation::Cie, making, out),
        (Cie::Init(making), Protocol::Openid) => cie::commands::init(config, making, out),
        (Cie::Metadata(what), Protocol::Saml) => spid::metadata(config, Federation::Cie, what, out),
        (Cie::Metadata(what), Protocol::Openid) => cie::commands::metadata(config, what, out),
        (Cie::Keys(keeping), Protocol::Openid) => cie::commands::keys(config, keeping, out),
        (Cie::Keys(_), Protocol::Saml) => {
            Err(ConfigError::value("cie.protocol", "these keys are for \"openid\"").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
