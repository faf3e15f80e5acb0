//! Programs that tests start, with a port and a directory of their own; none of them outlives its test.

pub(crate) mod directory;
pub(crate) mod port;
pub(crate) mod process;

use std::fmt::Display;
use std::time::Duration;

/// How long anything may take on a machine that is busy with other things.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Returns the value, or fails the test and says what could not be done.
pub(crate) fn must<T, E: Display>(what: &str, result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Says that a test is left out, or fails it where nothing may be left out.
pub(crate) fn leave_out(suite: &str, why: &str) {
    let required = std::env::var("CODEGRANT_SUITES").is_ok_and(|value| value == "required");
    assert!(!required, "suite {suite} is required: {why}");
    // Standard output is where the report of a test run is read from.
    #[expect(
        clippy::print_stdout,
        reason = "libtest captures what is printed in this way alone"
    )]
    {
        println!("codegrant-skip: {suite}: {why}");
    }
}
