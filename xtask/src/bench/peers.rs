//! `cargo xtask bench --peers`: what one would pick instead, built, set up and measured side by side.
//!
//! The program that measures is `yardstick`, in the workspace `benches`. What cannot be built or installed here is
//! handed to it with the reason, so that its tables name it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::process::{Running, cargo};
use crate::setup::{self, Missing};
use crate::workspace::Workspace;

const TABLES: [&str; 4] = ["request", "login", "memory", "build"];

/// What was asked for.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    rounds: Option<u32>,
    json: Option<PathBuf>,
    only: Option<String>,
    tables: Vec<&'static str>,
    /// Whether instructions are counted beside the time.
    instructions: bool,
}

impl Options {
    /// Reads the words after `--peers`.
    ///
    /// # Errors
    ///
    /// The word that is not understood.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if *word == "--instructions" {
                options.instructions = true;
                continue;
            }
            let value = words.next().ok_or(format!("{word} needs a value"))?;
            match *word {
                "--rounds" => {
                    let rounds = value.parse().ok().filter(|rounds| *rounds > 0);
                    let rounds = rounds.ok_or(format!("{word} {value}: not a number above 0"))?;
                    options.rounds = Some(rounds);
                }
                "--json" => {
                    // The program runs in another folder.
                    let path = std::path::absolute(value);
                    let path = path.map_err(|error| format!("{word} {value}: {error}"))?;
                    options.json = Some(path);
                }
                "--only" => options.only = Some((*value).to_owned()),
                "--table" => {
                    let table = TABLES.into_iter().find(|table| table == value);
                    let known = TABLES.join(", ");
                    let table = table.ok_or(format!("{word} {value}: none of {known}"))?;
                    options.tables.push(table);
                }
                _ => return Err(format!("{word} is not understood")),
            }
        }
        Ok(options)
    }
}

/// The manifest of the peers, as far as their preparation goes by it.
#[derive(Debug, Deserialize)]
struct Manifest {
    #[serde(rename = "peer")]
    peers: Vec<Peer>,
}

#[derive(Debug, Deserialize)]
struct Peer {
    name: String,
    #[serde(default)]
    framework: String,
    kind: String,
    package: Option<String>,
    bare: Option<String>,
    tables: Vec<String>,
}

impl Peer {
    /// Tells whether a part of its name or its framework is named, in capitals or not, as the program that measures does.
    fn is_meant_by(&self, only: &str) -> bool {
        let only = only.to_lowercase();
        [&self.name, &self.framework]
            .into_iter()
            .any(|text| text.to_lowercase().contains(&only))
    }
}

/// Builds and installs the peers, measures them, and prints the tables. Returns whether the measurement ran.
///
/// # Errors
///
/// The manifest cannot be read, or the program that measures cannot be built.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool, String> {
    let folder = workspace.root.join("benches");
    let path = folder.join("peers.toml");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let manifest: Manifest =
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{}", super::machine());
    let driver = driver(workspace)?;
    let mut measure = Command::new(driver);
    measure.current_dir(&folder);
    let wanted = Wanted::among(&manifest, options);
    for package in &wanted.packages {
        println!("building {package}");
        if let Err(why) = build(&folder, package) {
            println!("{package} is missing: {why}");
            measure.arg("--missing").arg(format!("{package}={why}"));
        }
    }
    for (kind, prepare) in LANGUAGES {
        if !wanted.kinds.contains(kind) {
            continue;
        }
        match prepare(workspace) {
            Ok(installed) => measure.arg(format!("--{kind}")).arg(installed),
            Err(Missing { why, fix, .. }) => {
                println!("{kind} is missing: {why}; fix: {fix}");
                measure.arg("--missing").arg(format!("{kind}={why}"))
            }
        };
    }
    options.tell(&mut measure);
    let status = Running::start(&mut measure).and_then(Running::wait);
    let status = status.map_err(|error| format!("yardstick: {error}"))?;
    Ok(status.success())
}

/// Installs what a language needs and returns where that is.
type Prepare = fn(&Workspace) -> Result<PathBuf, Missing>;

/// The languages in which peers are written, beside Rust.
const LANGUAGES: [(&str, Prepare); 2] = [
    ("node", setup::peers::node),
    ("python", setup::peers::python),
];

impl Options {
    fn tell(&self, measure: &mut Command) {
        if let Some(rounds) = self.rounds {
            measure.arg("--rounds").arg(rounds.to_string());
        }
        if let Some(path) = &self.json {
            measure.arg("--json").arg(path);
        }
        if let Some(name) = &self.only {
            measure.arg("--only").arg(name);
        }
        if self.instructions {
            measure.arg("--instructions");
        }
        for table in &self.tables {
            measure.args(["--table", table]);
        }
    }
}

/// What has to be built and installed for a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted<'a> {
    packages: BTreeSet<&'a str>,
    kinds: BTreeSet<&'a str>,
}

impl<'a> Wanted<'a> {
    /// Returns what the entries need that were asked for, and what they are compared with.
    fn among(manifest: &'a Manifest, options: &Options) -> Self {
        let asked = |peer: &&Peer| {
            let only = options.only.as_deref();
            let named = only.is_none_or(|only| peer.is_meant_by(only));
            let tables = &options.tables;
            named && (tables.is_empty() || peer.tables.iter().any(|own| tables.contains(&&**own)))
        };
        let asked: Vec<&Peer> = manifest.peers.iter().filter(asked).collect();
        let bare: BTreeSet<&str> = asked
            .iter()
            .filter_map(|peer| peer.bare.as_deref())
            .collect();
        let is_compared_with = |peer: &&Peer| {
            let logins = options.tables.is_empty() || options.tables.contains(&"login");
            let floor = peer.name.starts_with("floor") && peer.tables.iter().any(|t| t == "login");
            bare.contains(&*peer.name) || (logins && floor)
        };
        let others = manifest.peers.iter().filter(is_compared_with);
        let mut wanted = Self::default();
        for peer in asked.iter().copied().chain(others) {
            wanted.packages.extend(peer.package.as_deref());
            wanted.kinds.insert(&peer.kind);
        }
        wanted
    }
}

/// Builds the program that measures. Returns its path.
pub(super) fn driver(workspace: &Workspace) -> Result<PathBuf, String> {
    let folder = workspace.root.join("benches");
    build(&folder, "yardstick")?;
    Ok(folder.join("target/release/yardstick"))
}

/// Builds a package of the benches in release, alone, so that no other one's features are in it.
fn build(folder: &Path, package: &str) -> Result<(), String> {
    let mut command = cargo(folder);
    command
        .args(["build", "--locked", "--release", "--quiet"])
        .args(["--package", package])
        // One place, whatever the caller's environment says: the program looks there.
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .stdin(Stdio::null());
    let output = command
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(first_error(&String::from_utf8_lossy(&output.stderr)))
}

/// Returns the first line with which cargo says what is wrong.
fn first_error(output: &str) -> String {
    let mut lines = output.lines().filter(|line| !line.trim().is_empty());
    let error = lines.clone().find(|line| line.starts_with("error"));
    let line = error.or_else(|| lines.next());
    line.unwrap_or("it does not build").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        [[peer]]
        name = "bare axum"
        framework = "axum"
        kind = "rust"
        package = "bare-axum"
        tables = ["request"]
        [[peer]]
        name = "codegrant, cookie"
        kind = "rust"
        package = "codegrant-on-axum"
        bare = "bare axum"
        tables = ["request", "build"]
        [[peer]]
        name = "floor: a login RS256"
        kind = "rust"
        package = "floor-axum"
        tables = ["login"]
        [[peer]]
        name = "Authlib"
        kind = "python"
        tables = ["login"]
    "#;

    fn wanted(words: &[&str]) -> (Vec<String>, Vec<String>) {
        let manifest: Manifest = toml::from_str(MANIFEST).unwrap();
        let options = Options::parse(words).unwrap();
        let wanted = Wanted::among(&manifest, &options);
        let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
        (owned(wanted.packages), owned(wanted.kinds))
    }

    #[test]
    fn only_what_was_asked_for_is_built_and_what_it_is_compared_with() {
        let (packages, kinds) = wanted(&[]);
        assert_eq!(packages, ["bare-axum", "codegrant-on-axum", "floor-axum"]);
        assert_eq!(kinds, ["python", "rust"]);
        let (packages, kinds) = wanted(&["--only", "codegrant"]);
        assert_eq!(packages, ["bare-axum", "codegrant-on-axum", "floor-axum"]);
        assert_eq!(kinds, ["rust"]);
        let (packages, _) = wanted(&["--only", "AXUM"]);
        assert_eq!(packages, ["bare-axum", "floor-axum"]);
        let (packages, _) = wanted(&["--only", "Authlib"]);
        assert_eq!(packages, ["floor-axum"]);
        let (packages, _) = wanted(&["--table", "build"]);
        assert_eq!(packages, ["bare-axum", "codegrant-on-axum"]);
    }

    #[test]
    fn words_reach_the_program_that_measures() {
        let words = ["--rounds", "3", "--only", "a b", "--table", "login"];
        let mut measure = Command::new("yardstick");
        Options::parse(&words).unwrap().tell(&mut measure);
        assert_eq!(measure.get_args().collect::<Vec<_>>(), words);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let mistake = |words: &[&str]| Options::parse(words).unwrap_err();
        assert_eq!(
            mistake(&["--rounds", "0"]),
            "--rounds 0: not a number above 0"
        );
        assert_eq!(
            mistake(&["--table", "cost"]),
            "--table cost: none of request, login, memory, build"
        );
        assert_eq!(mistake(&["--only"]), "--only needs a value");
        assert_eq!(mistake(&["--fast", "1"]), "--fast is not understood");
    }

    #[test]
    fn package_that_does_not_build_is_missing_for_the_first_error() {
        let output = "warning: unused\nerror[E0432]: unresolved import\n --> a\nerror: aborting\n";
        assert_eq!(first_error(output), "error[E0432]: unresolved import");
        assert_eq!(first_error("\nno such thing\n"), "no such thing");
        assert_eq!(first_error(""), "it does not build");
    }
}
