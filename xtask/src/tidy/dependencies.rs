//! The packages from outside: licences, packages that are banned, where they come from.
//!
//! The policy is `deny.toml`, in the format of `cargo deny`, so that there is one list and not two.
//! What is checked here runs without a network; advisories need a database that only a network brings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Report;
use super::licence;
use super::tree::Tree;
use crate::process::cargo;
use crate::workspace::Package;

/// The part of `deny.toml` that is checked here.
#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

/// A package that must not be in the tree.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    /// Its name, or `name:<1.2.3` for what is older than a version.
    #[serde(rename = "crate")]
    package: String,
    reason: String,
    /// Packages that may depend on it all the same.
    #[serde(default)]
    wrappers: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

/// The part of `Cargo.lock` that is checked here.
#[derive(Debug, Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    source: Option<String>,
}

impl Policy {
    /// Reads `deny.toml`.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let policy: Self =
            toml::from_str(text).map_err(|error| format!("deny.toml: {}", error.message()))?;
        for ban in &policy.bans.deny {
            if let Some((_, versions)) = ban.package.split_once(':')
                && versions
                    .strip_prefix('<')
                    .is_none_or(|v| parse_version(v).is_none())
            {
                return Err(format!(
                    "deny.toml: {}: only `<1.2.3` is understood",
                    ban.package
                ));
            }
        }
        Ok(policy)
    }
}

/// Finds packages whose licence nobody allowed.
pub(super) fn licences(tree: &Tree, policy: &Policy) -> Vec<String> {
    let mut problems = Vec::new();
    for ((name, version), package) in tree.iter().filter(|(_, package)| !package.is_ours) {
        if !licence::is_met(&package.licence, &policy.licenses.allow) {
            let licence = &package.licence;
            problems.push(format!(
                "{name} {version}: licence \"{licence}\" is not allowed"
            ));
        }
    }
    problems
}

/// Finds packages that are banned.
pub(super) fn bans(tree: &Tree, policy: &Policy) -> Vec<String> {
    let mut problems = Vec::new();
    for ((name, version), package) in tree {
        for ban in policy
            .bans
            .deny
            .iter()
            .filter(|ban| ban.means(name, version))
        {
            let asking = package.dependents.iter();
            let asking: Vec<&str> = asking
                .filter(|by| !ban.wrappers.contains(by))
                .map(|by| by.as_str())
                .collect();
            if !asking.is_empty() {
                let by = asking.join(", ");
                problems.push(format!(
                    "{name} {version} (by {by}) is banned: {}",
                    ban.reason
                ));
            }
        }
    }
    problems
}

/// Finds packages in `Cargo.lock` that come from elsewhere than an allowed registry.
///
/// # Errors
///
/// What is wrong with the file.
pub(super) fn sources(lock: &str, policy: &Policy) -> Result<Vec<String>, String> {
    let lock: Lock =
        toml::from_str(lock).map_err(|error| format!("Cargo.lock: {}", error.message()))?;
    let allowed = |source: &str| {
        let registry = source.strip_prefix("registry+");
        registry.is_some_and(|url| policy.sources.allow_registry.iter().any(|a| a == url))
    };
    let outside = lock
        .package
        .into_iter()
        .filter_map(|Locked { name, source }| {
            let source = source.filter(|source| !allowed(source))?;
            Some(format!("{name}: comes from {source}"))
        });
    Ok(outside.collect())
}

/// Tells which packages are built in more than one version.
pub(super) fn duplicates(tree: &Tree) -> Option<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, version) in tree.keys() {
        versions.entry(name).or_default().push(version);
    }
    let twice = versions.iter().filter(|(_, versions)| versions.len() > 1);
    let told: Vec<String> = twice
        .map(|(n, v)| format!("{n} {}", v.join(" and ")))
        .collect();
    (!told.is_empty()).then(|| format!("built in more than one version: {}", told.join("; ")))
}

/// Finds packages of the workspace that do not say what they are.
pub(super) fn descriptions(packages: &[Package]) -> Vec<String> {
    let is_blank = |text: &str| text.trim().is_empty();
    let silent = packages.iter();
    let silent = silent.filter(|p| p.description.as_deref().is_none_or(is_blank));
    silent
        .map(|package| format!("{}: Cargo.toml has no description", package.name))
        .collect()
}

/// Asks `cargo deny` about advisories, where it and its database are on this machine.
pub(super) fn advisories(root: &Path, report: &mut Report) {
    let deny = |arguments: &[&str]| cargo(root).arg("deny").args(arguments).output();
    let is_there = deny(&["--version"]).is_ok_and(|output| output.status.success());
    if !is_there || database().is_none() {
        report.notes.push(
            "advisories: cargo deny or its database is not on this machine (`cargo deny fetch` \
             brings it), so only those that deny.toml lists were checked"
                .to_owned(),
        );
        return;
    }
    match deny(&["--offline", "check", "--hide-inclusion-graph", "advisories"]) {
        Ok(output) if output.status.success() => {
            report
                .notes
                .push("advisories: checked by cargo deny".to_owned());
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let lines = said.lines().filter(|line| line.starts_with("error"));
            let lines = lines.map(|line| format!("cargo deny: {line}"));
            report.problems.extend(lines);
            report
                .problems
                .push("cargo deny: advisories failed".to_owned());
        }
        Err(error) => report.problems.push(format!("cargo deny: {error}")),
    }
}

/// Finds where `cargo deny` keeps the advisories.
fn database() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    let folder = home.join("advisory-dbs");
    folder.is_dir().then_some(folder)
}

impl Ban {
    fn means(&self, name: &str, version: &str) -> bool {
        match self.package.split_once(':') {
            None => self.package == name,
            Some((banned, versions)) => {
                let limit = versions.strip_prefix('<').and_then(parse_version);
                // A version that cannot be read is taken for an old one.
                banned == name && parse_version(version) < limit
            }
        }
    }
}

/// Reads the three numbers of a version; what follows them does not count.
fn parse_version(version: &str) -> Option<[u64; 3]> {
    let numbers = version.split(['-', '+']).next()?;
    let numbers: Vec<u64> = numbers
        .split('.')
        .map(|n| n.parse().ok())
        .collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    const POLICY: &str = r#"
        [licenses]
        allow = ["MIT", "ISC"]
        [bans]
        deny = [
            { crate = "ring", reason = "one crypto library" },
            { crate = "sha2", wrappers = ["oauth2"], reason = "one crypto library" },
            { crate = "h2:<0.4.4", reason = "RUSTSEC-2024-0332" },
        ]
        [sources]
        allow-registry = ["https://index.example"]
    "#;

    const TREE: &str = "0 ours v0.1.0 (/a/b)|MIT|\n1 oauth2 v5.0.0|MIT OR GPL-3.0|\n\
        2 sha2 v0.10.9|MIT|\n1 h2 v0.4.4|ISC|\n";

    fn policy() -> Policy {
        Policy::parse(POLICY).unwrap()
    }

    fn tree(more: &str) -> Tree {
        tree::parse(&format!("{TREE}{more}"))
    }

    #[test]
    fn tree_within_the_policy_is_accepted() {
        assert_eq!(bans(&tree(""), &policy()), [""; 0]);
        assert_eq!(licences(&tree(""), &policy()), [""; 0]);
        assert_eq!(duplicates(&tree("")), None);
    }

    #[test]
    fn second_crypto_library_is_refused_and_who_asked_for_it_named() {
        let more = "1 rustls v0.23.0|MIT|\n2 ring v0.17.14|MIT|\n";
        assert_eq!(
            bans(&tree(more), &policy()),
            ["ring 0.17.14 (by rustls) is banned: one crypto library"]
        );
    }

    #[test]
    fn exception_holds_for_the_named_dependent_only() {
        let more = "1 jwt v1.0.0|MIT|\n2 sha2 v0.10.9|MIT| (*)\n";
        assert_eq!(
            bans(&tree(more), &policy()),
            ["sha2 0.10.9 (by jwt) is banned: one crypto library"]
        );
    }

    #[test]
    fn version_with_a_known_advisory_is_refused_and_told_as_a_duplicate() {
        let more = "1 actix v4.0.0|MIT|\n2 h2 v0.3.9|MIT|\n";
        assert_eq!(
            bans(&tree(more), &policy()),
            ["h2 0.3.9 (by actix) is banned: RUSTSEC-2024-0332"]
        );
        assert_eq!(
            duplicates(&tree(more)).unwrap(),
            "built in more than one version: h2 0.3.9 and 0.4.4"
        );
    }

    #[test]
    fn package_from_elsewhere_is_refused() {
        let lock = "[[package]]\nname = \"ours\"\n\
            [[package]]\nname = \"a\"\nsource = \"registry+https://index.example\"\n\
            [[package]]\nname = \"fork\"\nsource = \"git+https://a.example/fork\"\n";
        assert_eq!(
            sources(lock, &policy()).unwrap(),
            ["fork: comes from git+https://a.example/fork"]
        );
    }

    #[test]
    fn licence_that_nobody_allowed_is_refused() {
        let more = "1 copyleft v1.0.0|GPL-3.0|\n1 silent v1.0.0||\n0 other v0.1.0 (/a/c)||\n";
        assert_eq!(
            licences(&tree(more), &policy()),
            [
                "copyleft 1.0.0: licence \"GPL-3.0\" is not allowed",
                "silent 1.0.0: licence \"\" is not allowed"
            ]
        );
    }

    #[test]
    fn package_of_ours_without_a_description_is_refused() {
        let mut ours = Package {
            name: "a".to_owned(),
            ..Package::default()
        };
        assert_eq!(
            descriptions(std::slice::from_ref(&ours)),
            ["a: Cargo.toml has no description"]
        );
        ours.description = Some("What it is".to_owned());
        assert_eq!(descriptions(&[ours]), [""; 0]);
    }

    #[test]
    fn policy_that_would_be_read_wrongly_is_refused() {
        let problem = Policy::parse(&POLICY.replace("<0.4.4", "0.3")).unwrap_err();
        assert_eq!(problem, "deny.toml: h2:0.3: only `<1.2.3` is understood");
        assert!(Policy::parse(&POLICY.replace("wrappers", "wrapper")).is_err());
    }

    #[test]
    fn policy_of_this_repository_can_be_read() {
        Policy::parse(include_str!("../../../deny.toml")).unwrap();
    }
}
