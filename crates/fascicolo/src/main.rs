//! `fascicolo`, the production program.

fn main() -> std::process::ExitCode {
    fascicolo::main()
}
