//! `cargo xtask bench --plot`: the plots of `docs/performance.md`, drawn from the figures of runs.

use std::path::PathBuf;
use std::process::Command;

use crate::process::Running;
use crate::workspace::{Workspace, shown};

/// Draws the plots of these files into `docs/images/performance`. Returns whether that went well.
///
/// # Errors
///
/// The program that draws cannot be built or started.
pub(super) fn run(workspace: &Workspace, files: &[String]) -> Result<bool, String> {
    let folder = workspace.root.join("docs/images/performance");
    let mut draw = Command::new(super::peers::driver(workspace)?);
    draw.arg("plot").arg("--into").arg(&folder);
    draw.args(files.iter().map(PathBuf::from));
    let status = Running::start(&mut draw).and_then(Running::wait);
    let status = status.map_err(|error| format!("yardstick: {error}"))?;
    println!("drawn into {}", shown(&workspace.root, &folder));
    Ok(status.success())
}
