//! Builds: how many crates a package of a peer brings, and what a clean build of it costs.
//!
//! Each is built alone, so that only its own features are switched on, in an empty target folder. What it needs
//! has to be fetched before, as by building it. Processor seconds are those of cargo and of all that it started.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::{Value, json};

use crate::manifest::{Kind, Manifest, Peer, Table};
use crate::report::Versions;
use crate::server::Places;

/// What one package came to.
struct Built {
    /// Name and version of every crate that is built for it, its own included.
    crates: BTreeSet<String>,
    check_seconds: f64,
    release_seconds: f64,
    binary_bytes: u64,
    stripped_bytes: Option<u64>,
}

/// Prints the head of the table, and returns an entry for each package that takes part.
pub fn packages<'a>(manifest: &'a Manifest, only: Option<&'a str>) -> Vec<&'a Peer> {
    println!("\nbuild: a clean one of each package alone; processor seconds\n");
    println!("| package | framework | crates | added | check | release | MB | MB stripped |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut seen = BTreeSet::new();
    let rust = manifest
        .of(Table::Build, only)
        .filter(|peer| peer.kind == Kind::Rust);
    rust.filter(|peer| seen.insert(peer.package.as_deref()))
        .collect()
}

/// Builds a peer's package, prints what that cost, and returns it.
pub fn measure(peer: &Peer, manifest: &Manifest, places: &Places) -> Value {
    let package = peer.package.as_deref().unwrap_or_default();
    let built = build(package, places);
    let added = built
        .as_ref()
        .ok()
        .and_then(|built| added(manifest, peer, built, places));
    match &built {
        Ok(built) => println!(
            "| {package} | {} | {} | {} | {:.0} | {:.0} | {} | {} |",
            peer.framework,
            built.crates.len(),
            added.map_or_else(|| "-".to_owned(), |added| added.to_string()),
            built.check_seconds,
            built.release_seconds,
            megabytes(Some(built.binary_bytes)),
            megabytes(built.stripped_bytes),
        ),
        Err(reason) => println!("missing: {package}: {reason}"),
    }
    // Where its sessions are does not matter here.
    let name = peer.name.split(", ").next();
    let failed = built.as_ref().err();
    let built = built.as_ref().ok();
    json!({
        "name": name, "package": package, "framework": peer.framework, "compared_with": peer.bare,
        "versions": Versions::read(&places.folder).map(|known| known.of(peer)).unwrap_or_default(),
        "crates": built.map(|it| it.crates.len()), "crates_added": added,
        "check_cpu_seconds": built.map(|it| it.check_seconds),
        "release_cpu_seconds": built.map(|it| it.release_seconds),
        "binary_bytes": built.map(|it| it.binary_bytes),
        "stripped_bytes": built.and_then(|it| it.stripped_bytes), "missing": failed,
    })
}

fn build(package: &str, places: &Places) -> Result<Built, String> {
    let crates = crates(package, places)?;
    let target = places.programs.join("yardstick-build");
    let clean = |arguments: &[&str]| {
        let _ = fs::remove_dir_all(&target);
        let mut cargo = cargo(places);
        cargo
            .args(arguments)
            .args(["--locked", "--offline", "--package", package]);
        cargo.env("CARGO_TARGET_DIR", &target);
        run(&mut cargo)
    };
    let check_seconds = clean(&["check"])?;
    let release_seconds = clean(&["build", "--release"])?;
    let program = target.join("release").join(package);
    let binary_bytes = size(&program)?;
    let stripped = target.join("stripped");
    let strip = Command::new("strip")
        .arg("-o")
        .args([&stripped, &program])
        .status();
    let stripped_bytes = strip.ok().and_then(|_| size(&stripped).ok());
    let _ = fs::remove_dir_all(&target);
    Ok(Built {
        crates,
        check_seconds,
        release_seconds,
        binary_bytes,
        stripped_bytes,
    })
}

/// Counts the crates that a peer has and its bare framework has not.
fn added(manifest: &Manifest, peer: &Peer, built: &Built, places: &Places) -> Option<usize> {
    let bare = peer.bare.as_deref()?;
    let bare = manifest.peers.iter().find(|other| other.name == bare)?;
    let bare = crates(bare.package.as_deref()?, places).ok()?;
    let own = built
        .crates
        .iter()
        .filter(|name| !name.starts_with(&format!("{} ", peer.package.as_deref().unwrap_or(""))));
    Some(own.filter(|name| !bare.contains(*name)).count())
}

/// Lists what is built for a package on this machine.
fn crates(package: &str, places: &Places) -> Result<BTreeSet<String>, String> {
    let mut tree = cargo(places);
    tree.args([
        "tree",
        "--locked",
        "--package",
        package,
        "--edges",
        "normal,build",
    ]);
    tree.args(["--prefix", "none", "--format", "{p}"]);
    let output = tree
        .output()
        .map_err(|error| format!("cargo tree: {error}"))?;
    if !output.status.success() {
        return Err(last_line(&output.stderr));
    }
    Ok(names(&String::from_utf8_lossy(&output.stdout)))
}

fn names(tree: &str) -> BTreeSet<String> {
    let name = |line: &str| {
        let mut words = line.split_whitespace();
        Some(format!("{} {}", words.next()?, words.next()?))
    };
    tree.lines().filter_map(name).collect()
}

fn cargo(places: &Places) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&places.folder).stdin(Stdio::null());
    // As a package has it that says nothing about its profile.
    cargo.env("CARGO_PROFILE_RELEASE_DEBUG", "false");
    cargo
}

/// Runs a command on all cores; returns the processor seconds that it took.
fn run(command: &mut Command) -> Result<f64, String> {
    let before = children()?;
    // The calling thread is bound to one core.
    let output = thread::scope(|scope| {
        let started = scope.spawn(|| {
            let mut all = CpuSet::new();
            (0..CpuSet::MAX_CPU).for_each(|core| all.set(core));
            sched_setaffinity(None, &all).map_err(|error| error.to_string())?;
            command
                .output()
                .map_err(|error| format!("{command:?}: {error}"))
        });
        started
            .join()
            .map_err(|_| "it could not be started".to_owned())?
    })?;
    if !output.status.success() {
        return Err(last_line(&output.stderr));
    }
    Ok(children()? - before)
}

/// Returns the processor seconds of all children that have ended.
fn children() -> Result<f64, String> {
    let path = "/proc/self/stat";
    let line = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let fields = line
        .rsplit_once(") ")
        .map_or("", |(_, rest)| rest)
        .split(' ');
    let ticks = fields
        .skip(13)
        .take(2)
        .filter_map(|word| word.parse::<u64>().ok());
    Ok(ticks.sum::<u64>() as f64 / rustix::param::clock_ticks_per_second().max(1) as f64)
}

fn size(file: &Path) -> Result<u64, String> {
    let found = fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(found.len())
}

fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(
        || "-".to_owned(),
        |bytes| format!("{:.1}", bytes as f64 / 1e6),
    )
}

fn last_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let error = said.lines().find(|line| line.starts_with("error"));
    error
        .or(said.lines().last())
        .unwrap_or("it said nothing")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_counted_once_for_each_version() {
        let tree =
            "a v0.0.0 (/somewhere/a)\nb v1.0.0\nc v2.0.0 (proc-macro)\nb v1.0.0 (*)\n\nb v0.9.0\n";
        let found = names(tree);
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        assert_eq!(found, ["a v0.0.0", "b v0.9.0", "b v1.0.0", "c v2.0.0"]);
    }
}
