//! `cargo xtask interop`: logins with a certified provider that nobody here wrote.

use crate::demo::Framework;
use crate::process::{Running, cargo};
use crate::setup::prepare_interop;
use crate::workspace::{Workspace, shown};

/// Installs the provider where that is needed and runs the suite in every framework. Returns whether it passed.
///
/// # Errors
///
/// Why the suite cannot run, and what would fix it.
pub(crate) fn run(workspace: &Workspace) -> Result<bool, String> {
    let provider = prepare_interop(workspace)
        .map_err(|missing| format!("{}; fix: {}", missing.why, missing.fix))?;
    println!("provider: {}", shown(&workspace.root, &provider));
    let mut command = cargo(&workspace.root);
    command
        .args(["test", "--locked", "--no-fail-fast", "--test", "interop"])
        .args(Framework::ALL.map(|framework| format!("--package={}", framework.tour())))
        .env("CODEGRANT_OIDC_PROVIDER", &provider)
        .env("CODEGRANT_SUITES", "required");
    let status = Running::start(&mut command).and_then(Running::wait);
    let status = status.map_err(|error| format!("cargo: {error}"))?;
    Ok(status.success())
}
