//! The packages that are built for this machine, and who asked for each, as `cargo tree` sees them.
//!
//! `Cargo.lock` and `cargo metadata` also name packages that no feature in use switches on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::process::cargo;

/// A package that is built.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Built {
    /// The SPDX expression of its licence; empty if it names none.
    pub(super) licence: String,
    /// The names of the packages that depend on it directly; none for a package of the workspace
    /// that nobody uses.
    pub(super) dependents: BTreeSet<String>,
    /// Whether it is a package of the workspace.
    pub(super) is_ours: bool,
}

/// Every package that is built, by name and version.
pub(super) type Tree = BTreeMap<(String, String), Built>;

/// Asks cargo what is built for this machine, tests and build scripts included.
///
/// # Errors
///
/// What cargo said, for example that `Cargo.lock` is not current.
pub(super) fn read(root: &Path) -> Result<Tree, String> {
    let output = cargo(root)
        .args([
            "tree",
            "--locked",
            "--workspace",
            "--edges",
            "normal,build,dev",
        ])
        .args(["--prefix", "depth", "--format", " {p}|{l}|"])
        .output()
        .map_err(|error| format!("cargo tree: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo tree: {}", said.trim()));
    }
    Ok(parse(&String::from_utf8_lossy(&output.stdout)))
}

/// Reads lines of the form `2 name v1.2.3 (path or kind)|licence|`.
pub(super) fn parse(text: &str) -> Tree {
    let mut tree = Tree::new();
    let mut above: Vec<String> = Vec::new();
    for line in text.lines() {
        let Some((depth, name, version, rest)) = split(line) else {
            continue;
        };
        let key = (name.to_owned(), version.to_owned());
        let package = tree.entry(key).or_default();
        let mut parts = rest.split('|');
        package.is_ours |= parts.next().is_some_and(|note| note.contains('/'));
        package.licence = parts.next().unwrap_or_default().to_owned();
        above.truncate(depth);
        package.dependents.extend(above.last().cloned());
        above.push(name.to_owned());
    }
    tree
}

fn split(line: &str) -> Option<(usize, &str, &str, &str)> {
    let (depth, rest) = line.split_once(' ')?;
    let (name, rest) = rest.split_once(" v")?;
    let end = rest.find([' ', '|'])?;
    Some((depth.parse().ok()?, name, &rest[..end], &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependents_and_licences_are_read() {
        let tree = parse(
            "0 ours v0.1.0 (/a/b)|MIT|\n1 x v1.0.0|ISC|\n2 y v2.0.0 (proc-macro)||\n1 y v2.0.0 (proc-macro)|| (*)\n\n\
             0 other v0.1.0 (/a/c)|MIT|\n1 ours v0.1.0 (/a/b)|MIT| (*)\n",
        );
        let of = |name: &str, version: &str| &tree[&(name.to_owned(), version.to_owned())];
        assert_eq!(tree.len(), 4);
        assert_eq!(of("x", "1.0.0").licence, "ISC");
        assert!(!of("x", "1.0.0").is_ours && of("ours", "0.1.0").is_ours);
        let dependents = &of("y", "2.0.0").dependents;
        assert_eq!(dependents.iter().collect::<Vec<_>>(), ["ours", "x"]);
        assert_eq!(of("y", "2.0.0").licence, "");
        assert!(of("other", "0.1.0").dependents.is_empty());
    }
}
