//! `fascicolo-sandbox`: the access site with invented people, ready to be tried. It prints its addresses, one a line,
//! then `ready`; all else goes to standard error.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use fascicolo_domain::acts::Act;
use fascicolo_eid::spid::Binding;
use fascicolo_sandbox::{CieProtocol, program};
use jiff::Timestamp;

/// The access site with invented citizens and a pretended outside world.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Free ports instead of the fixed ones.
    #[arg(long)]
    any_port: bool,
    /// Keep the data in this folder (default: a temporary one, gone at exit).
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Use this database instead of the embedded one, as postgres://user@host/name; needs --data.
    #[arg(long, value_name = "URL", requires = "data")]
    database: Option<String>,
    /// Start the clock there, as 2027-01-31T09:00:00Z.
    #[arg(long, value_name = "RFC3339")]
    now: Option<Timestamp>,
    /// Add a SPID identity provider from its metadata (repeatable).
    #[arg(long, value_name = "FILE")]
    spid_provider: Vec<PathBuf>,
    /// How requests travel to SPID identity providers: redirect or post.
    #[arg(long, value_name = "BINDING", default_value = "redirect", value_parser = program::binding)]
    binding: Binding,
    /// How one gets in with CIE: openid or saml.
    #[arg(long, value_name = "PROTOCOL", default_value = "openid", value_parser = program::cie)]
    cie: CieProtocol,
    /// Use this provider of CIE by SAML, from its metadata, instead of the sandbox's own; needs --cie saml.
    #[arg(long, value_name = "FILE")]
    cie_provider: Option<PathBuf>,
    /// What needs level 3: list, read, download, access-log or profile (repeatable).
    #[arg(long, value_name = "ACT", value_parser = program::act)]
    level_three: Vec<Act>,
    /// The SPID entity id (default: the secure address).
    #[arg(long, value_name = "URL")]
    entity_id: Option<String>,
    /// How many documents the person with many documents has.
    #[arg(long, value_name = "NUMBER", default_value_t = 50_000, hide = true)]
    many: u32,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::new("info"))
        .init();
    let wanted = program::Wanted {
        any_port: arguments.any_port,
        data: arguments.data,
        database: arguments.database,
        now: arguments.now,
        spid_providers: arguments.spid_provider,
        binding: arguments.binding,
        cie: arguments.cie,
        cie_provider: arguments.cie_provider,
        level_three: arguments.level_three.into_iter().collect(),
        entity_id: arguments.entity_id,
        many: arguments.many,
    };
    match program::run(wanted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            tracing::error!("{fault:?}");
            ExitCode::FAILURE
        }
    }
}
