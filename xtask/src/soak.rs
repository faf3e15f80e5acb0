//! `cargo xtask soak`: many nodes of one app for some minutes, killed and restarted throughout, and the figures.

use crate::process::{Running, cargo};
use crate::workspace::Workspace;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    stores: Vec<&'static str>,
    kinds: Vec<&'static str>,
    nodes: u32,
    logins: u32,
    requests: u32,
    seed: u32,
}

impl Options {
    /// Reads the words after `soak`.
    ///
    /// # Errors
    ///
    /// The word that is not understood.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut options = Self {
            stores: vec!["redis", "postgres"],
            kinds: vec!["store"],
            nodes: 20,
            logins: 10_000,
            requests: 100_000,
            seed: 1,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words
                .next()
                .ok_or_else(|| format!("{word} needs a value"))?;
            let number = || {
                let number = value.parse().ok().filter(|number| *number > 0);
                number.ok_or_else(|| format!("{word} {value}: not a number above 0"))
            };
            match *word {
                "--store" => options.stores = vec![one_of(value, &["redis", "postgres"])?],
                "--kind" => options.kinds = vec![one_of(value, &["store", "cookie"])?],
                "--nodes" => options.nodes = number()?,
                "--logins" => options.logins = number()?,
                "--requests" => options.requests = number()?,
                "--seed" => options.seed = number()?,
                _ => return Err(format!("{word} is not understood")),
            }
        }
        Ok(options)
    }

    /// Returns the names of the tests that do this.
    fn tests(&self) -> impl Iterator<Item = String> {
        self.stores.iter().flat_map(|store| {
            self.kinds.iter().map(move |kind| match *kind {
                "cookie" => format!("sessions_in_cookies_with_{store}_outlive_their_nodes"),
                _ => format!("sessions_in_{store}_outlive_their_nodes"),
            })
        })
    }
}

fn one_of(value: &str, known: &[&'static str]) -> Result<&'static str, String> {
    let found = known.iter().find(|known| **known == value);
    found
        .copied()
        .ok_or_else(|| format!("{value} is none of {}", known.join(", ")))
}

/// Runs the nodes, in a release build, and prints the figures. Returns whether nothing was lost or sent twice.
///
/// # Errors
///
/// Why it could not run.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool, String> {
    println!("{}", crate::bench::machine());
    let mut fine = true;
    for test in options.tests() {
        println!("{test}");
        let mut command = cargo(&workspace.root);
        command
            .args(["test", "--locked", "--release", "--package", "nodes"])
            .args(["--test", "soak", "--", "--exact", &test, "--nocapture"])
            .env("CODEGRANT_SUITES", "required")
            .env("SOAK_NODES", options.nodes.to_string())
            .env("SOAK_LOGINS", options.logins.to_string())
            .env("SOAK_REQUESTS", options.requests.to_string())
            .env("SOAK_SEED", options.seed.to_string());
        let status = Running::start(&mut command).and_then(Running::wait);
        let status = status.map_err(|error| format!("cargo: {error}"))?;
        fine &= status.success();
    }
    Ok(fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_stores_are_run_unless_one_is_named() {
        let tests = |words: &[&str]| Options::parse(words).map(|o| o.tests().collect::<Vec<_>>());
        assert_eq!(tests(&[]).map(|tests| tests.len()), Ok(2));
        assert_eq!(
            tests(&["--store", "redis", "--kind", "cookie"]),
            Ok(vec![
                "sessions_in_cookies_with_redis_outlive_their_nodes".to_owned()
            ])
        );
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let mistake = |words: &[&str]| Options::parse(words).unwrap_err();
        assert_eq!(
            mistake(&["--nodes", "none"]),
            "--nodes none: not a number above 0"
        );
        assert_eq!(
            mistake(&["--store", "disk"]),
            "disk is none of redis, postgres"
        );
        assert_eq!(mistake(&["--fast", "1"]), "--fast is not understood");
        assert_eq!(mistake(&["--nodes"]), "--nodes needs a value");
    }
}
