//! The tour app on Actix-web: log in, see who you are, and watch how it works.
//!
//! Without arguments it runs with a provider inside itself, on <http://localhost:3000>. `--config FILE`
//! points it at any provider; `docs/configuration.md` describes the file. What an operator should know goes
//! to standard error; `RUST_LOG=codegrant=debug` says more.

mod app;

use std::process::ExitCode;

fn main() -> ExitCode {
    tour::run(env!("CARGO_BIN_NAME"), app::serve)
}
