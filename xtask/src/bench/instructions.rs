//! `cargo xtask bench --instructions`: how many instructions the hot operations take, beside the table that is checked in.
//!
//! Callgrind counts them in a run of the package `instructions` of the workspace `benches`. Unlike a time, the count is the
//! same on a busy machine; it changes with the compiler, the versions of dependencies and valgrind, which the table names.
//!
//! `cargo xtask bench --times` prints how long the same operations take, for who has a quiet machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::process::{Running, cargo, find_program, temporary};
use crate::workspace::Workspace;

/// By how many hundredths a count may rise. Repeated runs lie within one, signatures of elliptic curves within two.
const TOLERANCE: u64 = 5;

/// The function in which an operation is performed: what it does is counted, and its return ends a profile.
const COUNTED: &str = "instructions::count::counted";

/// The function that stands around what belongs to somebody else, and is subtracted.
const UNCOUNTED: &str = "instructions::count::uncounted";

const TABLE: &str = "benches/instructions.toml";

/// What was asked for.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// Only operations with this in their name.
    only: Option<String>,
    /// Whether the table is written anew instead of compared.
    write: bool,
}

impl Options {
    /// Reads the words after `--instructions`.
    ///
    /// # Errors
    ///
    /// The words that are not understood.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        match words {
            ["--write"] => Ok(Self {
                write: true,
                ..Self::default()
            }),
            [] => Ok(Self::default()),
            [name] if !name.starts_with('-') => Ok(Self {
                only: Some((*name).to_owned()),
                ..Self::default()
            }),
            _ => Err(format!(
                "--instructions {} is not understood",
                words.join(" ")
            )),
        }
    }
}

/// The table that is checked in.
#[derive(Debug, Default, PartialEq, Deserialize)]
struct Table {
    /// What the counts were made with.
    with: BTreeMap<String, String>,
    /// The instructions of each operation.
    instructions: BTreeMap<String, u64>,
}

/// An operation and its count.
#[derive(Debug, PartialEq, Eq)]
struct Counted {
    name: String,
    instructions: u64,
}

/// Counts the operations and compares them with the table, or writes it. Returns whether none has risen.
///
/// # Errors
///
/// There is no valgrind, the operations cannot be built or fail, or there is no table.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool, String> {
    let valgrind = find_program("valgrind").ok_or(
        "valgrind counts the instructions, and it is not installed: on Debian, `apt-get install valgrind`",
    )?;
    let counted = count(workspace, &valgrind, options)?;
    let with = made_with(&valgrind);
    let path = workspace.root.join(TABLE);
    if options.write {
        fs::write(&path, written(&counted, &with)).map_err(|error| format!("{TABLE}: {error}"))?;
        println!("written: {TABLE}");
        return Ok(true);
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{TABLE}: {error}"))?;
    let table: Table = toml::from_str(&text).map_err(|error| format!("{TABLE}: {error}"))?;
    let (lines, fine) = compared(&counted, &table.instructions);
    for line in lines {
        println!("{line}");
    }
    for (name, version) in &with {
        let before = table.with.get(name);
        if before != Some(version) {
            let before = before.map_or("nothing", String::as_str);
            println!("note: {name} is {version}, the table was made with {before}");
        }
    }
    Ok(fine)
}

/// Prints the microseconds of the operations, or of those with a word in their name. Returns whether they ran.
///
/// # Errors
///
/// They cannot be built or started.
pub(crate) fn times(workspace: &Workspace, only: Option<&str>) -> Result<bool, String> {
    let mut run = Command::new(program(workspace)?);
    run.arg("--times").args(only);
    let ran = Running::start(&mut run).and_then(Running::wait);
    ran.map(|status| status.success())
        .map_err(|error| format!("the package `instructions`: {error}"))
}

/// Builds the program that performs the operations.
fn program(workspace: &Workspace) -> Result<PathBuf, String> {
    let folder = workspace.root.join("benches");
    let mut build = cargo(&folder);
    build.args(["build", "--locked", "--release", "--quiet"]);
    build.args(["--package", "instructions"]);
    build.env("CARGO_TARGET_DIR", folder.join("target"));
    let built = Running::start(&mut build).and_then(Running::wait);
    if !built.is_ok_and(|status| status.success()) {
        return Err("the package `instructions` cannot be built".to_owned());
    }
    Ok(folder.join("target/release/instructions"))
}

/// Performs the operations under callgrind, which writes a profile for each.
fn count(
    workspace: &Workspace,
    valgrind: &Path,
    options: &Options,
) -> Result<Vec<Counted>, String> {
    let program = program(workspace)?;
    let temporary = temporary().map_err(|error| format!("a folder: {error}"))?;
    let profile = temporary.path().join("profile");
    let mut run = Command::new(valgrind);
    run.arg("--tool=callgrind")
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--dump-after={COUNTED}"))
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args(&options.only)
        .stdin(Stdio::null());
    let output = run.output().map_err(|error| format!("valgrind: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the operations failed: {}", said.trim()));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let mut counted = Vec::new();
    for (number, line) in (1..).zip(said.lines()) {
        let (times, name) = line.split_once(' ').ok_or("an operation without a name")?;
        let path = format!("{}.{number}", profile.display());
        let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let total = total(&text).ok_or_else(|| format!("{name}: nothing was counted"))?;
        let times: u64 = times.parse().map_err(|error| format!("{times}: {error}"))?;
        counted.push(Counted {
            name: name.to_owned(),
            instructions: total / times.max(1),
        });
    }
    Ok(counted)
}

/// Reads the sum of a profile without that of [`UNCOUNTED`]; none where nothing was counted.
///
/// The lines of the format that matter here are `totals: N`, `fn=(1) name` and `cfn=(1) name` (the name only
/// where the number is new), and after a `calls=` line the cost of the calls to the `cfn` before it.
fn total(profile: &str) -> Option<u64> {
    let mut uncounted = BTreeSet::new();
    let (mut called, mut theirs, mut total) = (None, 0, None);
    let mut lines = profile.lines();
    while let Some(line) = lines.next() {
        let callee = line.strip_prefix("cfn=");
        if let Some(function) = callee.or_else(|| line.strip_prefix("fn=")) {
            let (number, name) = function.split_once(' ').unwrap_or((function, ""));
            if name.starts_with(UNCOUNTED) {
                uncounted.insert(number);
            }
            called = callee.map_or(called, |_| Some(number));
        } else if line.starts_with("calls=") {
            let cost = lines.next()?.rsplit(' ').next()?;
            if called.is_some_and(|number| uncounted.contains(number)) {
                theirs += cost.parse::<u64>().ok()?;
            }
        } else if let Some(count) = line.strip_prefix("totals: ") {
            total = count.trim().parse::<u64>().ok();
        }
    }
    total?.checked_sub(theirs).filter(|own| *own > 0)
}

/// Returns the versions of what a count depends on.
fn made_with(valgrind: &Path) -> BTreeMap<String, String> {
    let said = |program: &Path| {
        let output = Command::new(program).arg("--version").output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let rustc = said(Path::new("rustc")).unwrap_or_default();
    let valgrind = said(valgrind).unwrap_or_default();
    BTreeMap::from([
        ("rustc".to_owned(), rustc),
        ("valgrind".to_owned(), valgrind),
        ("architecture".to_owned(), std::env::consts::ARCH.to_owned()),
    ])
}

/// Returns the lines of the comparison, and whether nothing has risen beyond the tolerance.
fn compared(counted: &[Counted], table: &BTreeMap<String, u64>) -> (Vec<String>, bool) {
    let mut fine = true;
    let mut lines = vec![format!(
        "{:<20} {:>12} {:>12} {:>8}",
        "operation", "instructions", "the table", "change"
    )];
    for Counted { name, instructions } in counted {
        let Some(before) = table.get(name) else {
            lines.push(format!(
                "{name:<20} {instructions:>12} {:>12} {:>8}",
                "-", "new"
            ));
            fine = false;
            continue;
        };
        let (now, then) = (instructions * 100, before * 100);
        let margin = before * TOLERANCE;
        let risen = now > then + margin;
        fine &= !risen;
        let verdict = match risen {
            true => "  too many",
            false if now + margin < then => "  fewer: write the table anew with --write",
            false => "",
        };
        let change = (*instructions as f64 / *before as f64 - 1.0) * 100.0;
        lines.push(format!(
            "{name:<20} {instructions:>12} {before:>12} {change:>+7.1}%{verdict}"
        ));
    }
    (lines, fine)
}

/// Writes the table.
fn written(counted: &[Counted], with: &BTreeMap<String, String>) -> String {
    let mut text = "# Instructions of the hot operations, one of each, as callgrind counts them outside of the kernel.\n\
                    # Compared by `cargo xtask bench --instructions`, written by `cargo xtask bench --instructions --write`.\n\n\
                    [with]\n"
        .to_owned();
    for (name, version) in with {
        text += &format!("{name} = \"{version}\"\n");
    }
    text += "\n[instructions]\n";
    for Counted { name, instructions } in counted {
        text += &format!("\"{name}\" = {instructions}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(name: &str, instructions: u64) -> Counted {
        Counted {
            name: name.to_owned(),
            instructions,
        }
    }

    #[test]
    fn words_say_whether_the_table_is_written() {
        assert_eq!(Options::parse(&[]), Ok(Options::default()));
        assert!(Options::parse(&["--write"]).is_ok_and(|options| options.write));
        let named = Options::parse(&["id token"]);
        assert!(named.is_ok_and(|options| options.only.as_deref() == Some("id token")));
        for bad in [&["--wipe"][..], &["one", "--write"]] {
            assert!(Options::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn rise_beyond_the_tolerance_and_what_is_not_in_the_table_fail() {
        let table = BTreeMap::from([("a".to_owned(), 1_000)]);
        for (instructions, fine) in [(1_050, true), (1_051, false), (400, true)] {
            let (_, found) = compared(&[counted("a", instructions)], &table);
            assert_eq!(found, fine, "{instructions}");
        }
        assert!(!compared(&[counted("b", 1)], &table).1);
    }

    #[test]
    fn what_belongs_to_somebody_else_is_subtracted() {
        let profile = "fn=(1) instructions::count::counted\n9 20\ncfn=(2) core::a\ncalls=20 4\n9 100\n\
                       fn=(3) instructions::count::uncounted\n8 60\nfn=(2)\n7 40\ncfn=(3)\ncalls=20 3\n+7 60\n\
                       cfn=(4) instructions::count::uncounted<u8>\ncalls=1 3\n* 5\ntotals: 120\n";
        assert_eq!(total(profile), Some(55));
    }

    #[test]
    fn profile_in_which_nothing_was_counted_has_no_total() {
        assert_eq!(total("version: 1\nevents: Ir\ntotals: 1234\n"), Some(1_234));
        for nothing in ["totals: 0\n", "events: Ir\n", ""] {
            assert_eq!(total(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn table_that_was_written_is_read_again() {
        let with = BTreeMap::from([("rustc".to_owned(), "rustc 1.89.0".to_owned())]);
        let text = written(
            &[counted("id token RS256", 7), counted("challenge", 3)],
            &with,
        );
        let table: Table = toml::from_str(&text).unwrap();
        assert_eq!(table.with, with);
        assert_eq!(table.instructions["id token RS256"], 7);
        assert_eq!(table.instructions.len(), 2);
    }
}
