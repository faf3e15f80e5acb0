//! `cargo xtask bench --scale`: what things cost at one size and at a thousand times that, for the plots.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::process::{Running, cargo};
use crate::workspace::Workspace;

/// The benchmarks of codegrant-testkit that can be asked for figures by size.
const BENCHES: [&str; 2] = ["sizes", "parallel"];

/// Runs them, and writes their figures after what they depend on into a file. Returns whether they all ran.
///
/// # Errors
///
/// One cannot be started, or the file cannot be written.
pub(super) fn run(workspace: &Workspace, file: &str) -> Result<bool, String> {
    let yardstick = super::peers::driver(workspace)?;
    let output = std::process::Command::new(yardstick)
        .arg("--circumstances")
        .output()
        .map_err(|error| format!("yardstick: {error}"))?;
    let mut lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut fine = output.status.success();
    for bench in BENCHES {
        let mut command = cargo(&workspace.root);
        command
            .args(["bench", "--locked", "--package", "codegrant-testkit"])
            .args(["--bench", bench, "--", "--json"])
            .stdout(Stdio::piped());
        let running = Running::start(&mut command);
        let mut running = running.map_err(|error| format!("cargo: {error}"))?;
        let output = running.take_output().map(BufReader::new);
        for line in output.into_iter().flat_map(BufRead::lines) {
            let line = line.map_err(|error| format!("{bench}: {error}"))?;
            println!("{line}");
            if is_figure(&line) {
                lines += &(line + "\n");
            }
        }
        fine &= running.wait().is_ok_and(|status| status.success());
    }
    fs::write(file, lines).map_err(|error| format!("{file}: {error}"))?;
    Ok(fine)
}

/// Tells a line of figures from what else is printed.
fn is_figure(line: &str) -> bool {
    let figure = serde_json::from_str::<serde_json::Value>(line);
    figure.is_ok_and(|figure| figure.get("what").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_from_talk() {
        assert!(is_figure(
            r#"{"what": "providers", "providers": 1000, "start_us": 30.5}"#
        ));
        for talk in ["", "a session in memory  250 bytes", "{}", "12"] {
            assert!(!is_figure(talk), "{talk}");
        }
    }
}
