//! `cargo xtask bench`: every benchmark of the workspace, and the machine that its figures belong to.

mod instructions;
mod peers;
mod plots;
mod scale;

use std::fs;

use crate::process::{Running, cargo};
use crate::workspace::{Package, Target, Workspace};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Options {
    /// The benchmarks, or those whose name contains a word.
    Benches(Option<String>),
    /// The instructions of the hot operations, beside the table of them.
    Instructions(instructions::Options),
    /// How long the hot operations take, or those with this in their name.
    Times(Option<String>),
    /// What one would pick instead, side by side.
    Peers(peers::Options),
    /// What costs how much at which size, into this file.
    Scale(String),
    /// The plots, from the figures of these files.
    Plots(Vec<String>),
}

impl Options {
    /// Reads the words after `bench`.
    ///
    /// # Errors
    ///
    /// The word that is not understood.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        match words {
            ["--instructions", words @ ..] => {
                instructions::Options::parse(words).map(Self::Instructions)
            }
            ["--times"] => Ok(Self::Times(None)),
            ["--times", name] if !name.starts_with('-') => {
                Ok(Self::Times(Some((*name).to_owned())))
            }
            ["--peers", words @ ..] => peers::Options::parse(words).map(Self::Peers),
            ["--plot", files @ ..] if !files.is_empty() => {
                let files = files.iter().map(|file| (*file).to_owned());
                Ok(Self::Plots(files.collect()))
            }
            ["--scale", file] => Ok(Self::Scale((*file).to_owned())),
            [] => Ok(Self::Benches(None)),
            [name] if !name.starts_with('-') => Ok(Self::Benches(Some((*name).to_owned()))),
            _ => Err(format!("bench {} is not understood", words.join(" "))),
        }
    }
}

/// Measures what was asked for. Returns whether all of it ran.
///
/// # Errors
///
/// Why it could not run.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool, String> {
    match options {
        Options::Benches(filter) => benchmarks(workspace, filter.as_deref()),
        Options::Instructions(options) => instructions::run(workspace, options),
        Options::Times(only) => instructions::times(workspace, only.as_deref()),
        Options::Peers(options) => peers::run(workspace, options),
        Options::Scale(file) => scale::run(workspace, file),
        Options::Plots(files) => plots::run(workspace, files),
    }
}

fn benchmarks(workspace: &Workspace, filter: Option<&str>) -> Result<bool, String> {
    let benches: Vec<(&Package, &Target)> = benches(&workspace.packages).collect();
    if benches.is_empty() {
        return Err("there are no benchmarks".to_owned());
    }
    println!("{}", machine());
    let mut fine = true;
    for (package, bench) in benches {
        let mut command = cargo(&workspace.root);
        command.args(["bench", "--locked", "--package", &package.name]);
        command.args(["--bench", &bench.name]);
        command.args(filter.map(|word| ["--", word]).into_iter().flatten());
        let status = Running::start(&mut command).and_then(Running::wait);
        fine &= status.is_ok_and(|status| status.success());
    }
    Ok(fine)
}

fn benches(packages: &[Package]) -> impl Iterator<Item = (&Package, &Target)> {
    packages.iter().flat_map(|package| {
        let targets = package.targets.iter();
        let benches = targets.filter(|target| target.kind.iter().any(|kind| kind == "bench"));
        benches.map(move |bench| (package, bench))
    })
}

/// Says what machine this is; a figure without it means nothing.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor(&information).unwrap_or("an unknown processor");
    let system = std::env::consts::OS;
    format!("{model}, {cores} cores, {system}")
}

fn processor(information: &str) -> Option<&str> {
    let line = information
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_is_measured() {
        let words = |words: &[&str]| Options::parse(words);
        assert_eq!(words(&[]), Ok(Options::Benches(None)));
        assert_eq!(
            words(&["id_token"]),
            Ok(Options::Benches(Some("id_token".to_owned())))
        );
        assert!(matches!(words(&["--peers"]), Ok(Options::Peers(_))));
        assert_eq!(
            words(&["--plot", "a.json", "b.json"]),
            Ok(Options::Plots(vec![
                "a.json".to_owned(),
                "b.json".to_owned()
            ]))
        );
        assert_eq!(
            words(&["--scale", "a.json"]),
            Ok(Options::Scale("a.json".to_owned()))
        );
        assert_eq!(words(&["--times"]), Ok(Options::Times(None)));
        assert_eq!(
            words(&["--times", "RS256"]),
            Ok(Options::Times(Some("RS256".to_owned())))
        );
        for bad in [
            &["--plot"][..],
            &["--times", "--fast"],
            &["--scale"],
            &["--fast"],
            &["one", "two"],
        ] {
            assert!(words(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn benchmarks_are_found_among_the_targets() {
        let target = |name: &str, kind: &str| Target {
            name: name.to_owned(),
            kind: vec![kind.to_owned()],
        };
        let package = Package {
            name: "a".to_owned(),
            targets: vec![target("a", "lib"), target("login", "bench")],
            ..Package::default()
        };
        let packages = [package, Package::default()];
        let found: Vec<_> = benches(&packages)
            .map(|(p, b)| (&*p.name, &*b.name))
            .collect();
        assert_eq!(found, [("a", "login")]);
    }

    #[test]
    fn processor_is_read_from_its_line() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n";
        assert_eq!(processor(text), Some("Some CPU @ 2 GHz"));
        assert_eq!(processor(""), None);
    }
}
