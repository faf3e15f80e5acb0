//! `cargo xtask interop`: logins with providers that nobody here wrote, one of them certified.

use crate::demo::Framework;
use crate::process::{Running, cargo};
use crate::setup::Interop;
use crate::workspace::{Workspace, shown};

/// Installs the providers where that is needed and runs the suite in every framework. Returns whether it passed.
///
/// # Errors
///
/// Why the suite cannot run, and what would fix it.
pub(crate) fn run(workspace: &Workspace) -> Result<bool, String> {
    let interop = Interop::prepare(workspace);
    if let Some(missing) = interop.missing().next() {
        return Err(format!("{}; fix: {}", missing.why, missing.fix));
    }
    for folder in [&interop.certified, &interop.python].into_iter().flatten() {
        println!("provider: {}", shown(&workspace.root, folder));
    }
    let mut command = cargo(&workspace.root);
    command
        .args(["test", "--locked", "--no-fail-fast", "--test", "interop"])
        .args(Framework::ALL.map(|framework| format!("--package={}", framework.tour())))
        .env("CODEGRANT_SUITES", "required");
    interop.tell(&mut command);
    let status = Running::start(&mut command).and_then(Running::wait);
    let status = status.map_err(|error| format!("cargo: {error}"))?;
    Ok(status.success())
}
