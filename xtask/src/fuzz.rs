//! `cargo xtask fuzz`: bounded runs of every fuzz target.
//!
//! The fuzzer is cargo-fuzz, which is installed below `target/` where it is missing. It wants a nightly compiler
//! for its flags alone, and takes the stable one when told so. What it finds stays below `target/`; an input that
//! is worth keeping is copied to `fuzz/corpus`, which the stable tests replay.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Running, find_program};
use crate::workspace::{Workspace, shown};

/// The version that is known to work.
const CARGO_FUZZ: &str = "cargo-fuzz@0.13";

/// How long a target runs when nothing else is said, in seconds.
const SECONDS: u32 = 20;

/// The longest input that is invented, in bytes.
const LONGEST: u32 = 16 * 1024;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    target: Option<String>,
    seconds: u32,
}

impl Options {
    /// Reads the words after `fuzz`.
    ///
    /// # Errors
    ///
    /// What is not understood.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut options = Self {
            target: None,
            seconds: SECONDS,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next();
            match (*word, value) {
                ("--target", Some(name)) => options.target = Some((*name).to_owned()),
                ("--seconds", Some(number)) => {
                    let seconds = number.parse();
                    options.seconds =
                        seconds.map_err(|_| format!("--seconds {number}: not a whole number"))?;
                }
                _ => return Err(format!("{word}: expected --target NAME or --seconds N")),
            }
        }
        Ok(options)
    }
}

/// Runs the targets, one after the other. Returns whether none of them found anything.
///
/// # Errors
///
/// Why they cannot run.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool, String> {
    let root = &workspace.root;
    let fuzzer = cargo_fuzz(root)?;
    let targets = targets(root, options)?;
    let grown = root.join("target/fuzz/corpus");
    if !finished(&mut cargo_fuzz_in(root, &fuzzer, "build"))? {
        return Err("the fuzz targets do not build".to_owned());
    }
    let mut found = Vec::new();
    for target in &targets {
        println!("{target}: {} s", options.seconds);
        let grown = grown.join(target);
        fs::create_dir_all(&grown).map_err(|error| format!("{}: {error}", grown.display()))?;
        let mut command = cargo_fuzz_in(root, &fuzzer, "run");
        command
            .arg(&grown)
            .arg(root.join("fuzz/corpus").join(target))
            .arg("--")
            .arg(format!("-max_total_time={}", options.seconds))
            .arg(format!("-max_len={LONGEST}"))
            .args(["-timeout=10", "-rss_limit_mb=4096", "-print_final_stats=1"])
            .env("CODEGRANT_FUZZ_TARGET", target);
        if !finished(&mut command)? {
            found.push(target.as_str());
        }
    }
    if found.is_empty() {
        println!("{} targets, nothing found", targets.len());
    } else {
        println!("found something: {}; see fuzz/artifacts", found.join(", "));
    }
    Ok(found.is_empty())
}

/// Makes a command of cargo-fuzz for the one program that holds all targets.
fn cargo_fuzz_in(root: &Path, fuzzer: &Path, action: &str) -> Command {
    let mut command = Command::new(fuzzer);
    command
        .current_dir(root)
        .args(["fuzz", action, "codegrant", "--target-dir"])
        .arg(root.join("target/fuzz/build"))
        // The flags of a nightly compiler, and nothing else of it.
        .env("RUSTC_BOOTSTRAP", "1");
    command
}

/// Waits for a command. Returns whether it ended well.
fn finished(command: &mut Command) -> Result<bool, String> {
    let status = Running::start(command).and_then(Running::wait);
    let status = status.map_err(|error| format!("cargo fuzz: {error}"))?;
    Ok(status.success())
}

/// Finds cargo-fuzz, or installs it below `target/`.
fn cargo_fuzz(root: &Path) -> Result<PathBuf, String> {
    if let Some(present) = find_program("cargo-fuzz") {
        return Ok(present);
    }
    let place = root.join("target/fuzz/tools");
    let program = place.join("bin/cargo-fuzz");
    if program.is_file() {
        return Ok(program);
    }
    println!("installing {CARGO_FUZZ} into {}", shown(root, &place));
    let mut command = crate::process::cargo(root);
    command
        .args(["install", "--locked", "--root"])
        .arg(&place)
        .arg(CARGO_FUZZ);
    match finished(&mut command) {
        Ok(true) => Ok(program),
        _ => Err(format!(
            "{CARGO_FUZZ} cannot be installed; fix: cargo install --locked {CARGO_FUZZ}"
        )),
    }
}

/// Lists the targets: each has a folder of its own in the corpus.
fn targets(root: &Path, options: &Options) -> Result<Vec<String>, String> {
    let corpus = root.join("fuzz/corpus");
    let folders = fs::read_dir(&corpus).map_err(|error| format!("fuzz/corpus: {error}"))?;
    let mut targets: Vec<String> = folders
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    targets.sort();
    match &options.target {
        None => Ok(targets),
        Some(wanted) if targets.contains(wanted) => Ok(vec![wanted.clone()]),
        Some(wanted) => Err(format!(
            "no target {wanted}; there are {}",
            targets.join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_name_a_target_and_a_time() {
        let usual = Options {
            target: None,
            seconds: SECONDS,
        };
        assert_eq!(Options::parse(&[]), Ok(usual));
        let narrowed = Options {
            target: Some("jwks".to_owned()),
            seconds: 5,
        };
        let words = ["--target", "jwks", "--seconds", "5"];
        assert_eq!(Options::parse(&words), Ok(narrowed));
        assert!(Options::parse(&["--seconds", "long"]).is_err());
        assert!(Options::parse(&["--seconds"]).is_err());
        assert!(Options::parse(&["jwks"]).is_err());
    }
}
