//! How far the site goes for what it fetches.

use crate::cie_federation::Federation;
use crate::federations::{change, with_sections};
use crate::program::Program;
use crate::serving::Running;

/// CIE-14, for the registry of SPID: the same server, at the same name, which leads to this machine.
#[test]
fn a_registry_inside_the_network_is_fetched_only_where_that_is_allowed() {
    let server = Federation::start();
    for (allowed, says) in [(false, "the name leads to no public address"), (true, "the answer was 404")] {
        let program = Program::ready();
        with_sections(&program, &["spid"]);
        program.succeed(&["spid", "init", "--bits", "2048"]);
        let registry = format!(
            "registry_certificate = \"secrets/spid.pem\"\nregistry_url = \"{}/registry\"",
            server.anchor
        );
        change(&program, "binding = ", &format!("{registry}\nbinding = "));
        change(
            &program,
            "[fetch]\nprivate_addresses = false",
            &format!("[fetch]\nprivate_addresses = {allowed}"),
        );
        let mut command = program.command(&["serve"]);
        command.env("SSL_CERT_FILE", program.write("ca.pem", &server.certificate));
        let mut running = Running::begin(command, "http://");
        let line = running.logs("the SPID registry stays as it was");
        assert!(line.contains(says), "{line}");
        running.signal("TERM");
        running.ended();
    }
}
