//! The stages of `cargo xtask test-all`, each a check that can be run alone.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::demo::Framework;
use crate::process::{cargo, run_logged, temporary};
use crate::setup::{Missing, Suites};
use crate::tally::{Tally, failures, ignored, skips, tail};
use crate::workspace::Workspace;
use crate::{codegen, demo, tidy};

/// How many lines of a failing stage are shown; the rest is in its log, or told by its own command.
pub(crate) const SHOWN: usize = 60;

/// How a stage ended.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What it counts.
    pub(crate) tally: Tally,
    /// What to read when it failed.
    pub(crate) detail: Vec<String>,
    /// What was left out, why, and what would fix it.
    pub(crate) skips: Vec<String>,
    /// What a reader should know also when it passed.
    pub(crate) notes: Vec<String>,
}

/// A stage: its name, and how to run it.
pub(crate) type Stage<'a> = (&'static str, Box<dyn FnOnce() -> Outcome + 'a>);

/// Returns every stage in the order of a hurried reader: quick ones first.
pub(crate) fn all<'a>(workspace: &'a Workspace, suites: &'a Suites) -> Vec<Stage<'a>> {
    vec![
        ("fmt", Box::new(|| fmt(workspace))),
        ("tidy", Box::new(|| tidied(workspace))),
        (
            "codegen",
            Box::new(|| of_problems(codegen::check(workspace))),
        ),
        ("clippy", Box::new(|| clippy(workspace))),
        ("docs", Box::new(|| docs(workspace))),
        ("tests", Box::new(|| tests(workspace, suites))),
        ("demo", Box::new(|| demo(workspace))),
    ]
}

impl Outcome {
    /// One check that did not run.
    fn skipped(why: String) -> Self {
        Self {
            tally: Tally {
                skipped: 1,
                ..Tally::default()
            },
            skips: vec![why],
            ..Self::default()
        }
    }
}

fn fmt(workspace: &Workspace) -> Outcome {
    let mut command = cargo(&workspace.root);
    command.args(["fmt", "--all", "--", "--check", "--files-with-diff"]);
    component(workspace, "fmt", "rustfmt", command)
}

fn tidied(workspace: &Workspace) -> Outcome {
    let tidy::Report { problems, notes } = tidy::check(workspace);
    let result = if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    };
    Outcome {
        notes,
        ..of_problems(result)
    }
}

fn clippy(workspace: &Workspace) -> Outcome {
    let mut command = cargo(&workspace.root);
    command.args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--keep-going",
    ]);
    command.args(["--", "-D", "warnings"]);
    component(workspace, "clippy", "clippy", command)
}

fn docs(workspace: &Workspace) -> Outcome {
    let mut command = cargo(&workspace.root);
    command
        .args([
            "doc",
            "--locked",
            "--workspace",
            "--no-deps",
            "--keep-going",
        ])
        .env("RUSTDOCFLAGS", "-D warnings");
    one(&mut command, &workspace.log("docs"))
}

/// Runs every test of the workspace in one build; the suites among them are told what they need.
fn tests(workspace: &Workspace, suites: &Suites) -> Outcome {
    let mut command = cargo(&workspace.root);
    command.args(["test", "--locked", "--workspace", "--no-fail-fast"]);
    // What a passing test prints, because that is how a suite says that it could not run.
    command.args(["--", "--show-output"]);
    suites.tell(&mut command);
    // An assertion says enough; sixty lines of stack would hide it.
    command.env("RUST_BACKTRACE", "0");
    let log = workspace.log("tests");
    let ended = temporary().and_then(|temporary| {
        command.env("TMPDIR", temporary.path());
        run_logged(&mut command, &log)
    });
    let succeeded = match ended {
        Ok(status) => status.success(),
        Err(error) => return of_problems(Err(vec![format!("cargo test: {error}")])),
    };
    let output = read(&log);
    let tally = Tally::of_test_run(&output, succeeded);
    let shown = if tally.failed > 0 {
        owned(&failures(&output, SHOWN))
    } else {
        Vec::new()
    };
    let mut outcome = Outcome {
        tally,
        detail: shown,
        skips: explained(&output, suites.missing()),
        notes: Vec::new(),
    };
    // A suite that cannot run is a skip even before it has a test that says so.
    let least = suites.missing().count() as u64;
    outcome.tally.skipped = outcome.tally.skipped.max(least);
    outcome
}

/// Logs in once through the demo of each framework, with the programs that the tests were built with.
fn demo(workspace: &Workspace) -> Outcome {
    let log = workspace.log("demo");
    let mut build = cargo(&workspace.root);
    // As for the tests, because another selection of packages would build half of them again.
    build.args(["test", "--locked", "--workspace", "--no-run"]);
    if one(&mut build, &log).tally.failed > 0 {
        let problem = "its programs do not build, as the stage before says";
        return of_problems(Err(vec![problem.to_owned()]));
    }
    let mut outcome = Outcome::default();
    let mut all = String::new();
    for framework in Framework::ALL {
        let mut told = format!("cargo xtask demo {} --smoke\n\n", framework.word());
        let result = demo::smoke(workspace, framework, None, &mut told);
        outcome.tally += Tally::one(result.is_ok());
        if let Err(problem) = result {
            outcome.detail.extend(owned(&tail(&told, SHOWN / 3)));
            outcome.detail.push(problem);
        }
        all.push_str(&told);
    }
    drop(fs::write(&log, &all));
    outcome
}

/// Says what was left out, with the cure where the set-up knows it.
fn explained<'a>(output: &str, missing: impl Iterator<Item = &'a Missing>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut named = Vec::new();
    for Missing { suite, why, fix } in missing {
        lines.push(format!("suite {suite}: {why}; fix: {fix}"));
        named.push(*suite);
    }
    for skip in skips(output) {
        let suite = skip.split(':').next().unwrap_or(skip);
        if !named.contains(&suite) && !lines.iter().any(|line| line.ends_with(skip)) {
            lines.push(format!("suite {skip}"));
        }
    }
    lines.extend(ignored(output).map(|test| format!("ignored: {test}")));
    lines
}

/// Runs a tool that is a component of the toolchain, and may be absent.
fn component(workspace: &Workspace, name: &str, component: &str, mut command: Command) -> Outcome {
    let present = cargo(&workspace.root).args([name, "--version"]).output();
    if !present.is_ok_and(|output| output.status.success()) {
        return Outcome::skipped(format!(
            "{name}: cargo {name} is not installed; fix: rustup component add {component}"
        ));
    }
    one(&mut command, &workspace.log(name))
}

/// Runs a check that passes or fails as one.
fn one(command: &mut Command, log: &Path) -> Outcome {
    match run_logged(command, log) {
        Ok(status) if status.success() => of_problems(Ok(())),
        Ok(_) => of_problems(Err(owned(&tail(&read(log), SHOWN)))),
        Err(error) => of_problems(Err(vec![error.to_string()])),
    }
}

fn of_problems(result: Result<(), Vec<String>>) -> Outcome {
    Outcome {
        tally: Tally::one(result.is_ok()),
        detail: result.err().unwrap_or_default(),
        ..Outcome::default()
    }
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

fn read(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing() -> Missing {
        Missing {
            suite: "browser",
            why: "Chromium is not installed".to_owned(),
            fix: "apt-get install chromium",
        }
    }

    #[test]
    fn skip_is_explained_once_and_with_its_cure() {
        let output = "codegrant-skip: browser: CODEGRANT_CHROMIUM is not set\n".repeat(3);
        assert_eq!(
            explained(&output, [missing()].iter()),
            ["suite browser: Chromium is not installed; fix: apt-get install chromium"]
        );
    }

    #[test]
    fn suite_that_the_set_up_does_not_know_explains_itself() {
        let output = "codegrant-skip: redis: no redis-server\n".repeat(2);
        assert_eq!(
            explained(&output, [].iter()),
            ["suite redis: no redis-server"]
        );
    }

    #[test]
    fn stage_that_failed_shows_the_end_of_its_log() {
        let log = std::env::temp_dir().join(format!("xtask-stage-{}", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "echo first; echo last; exit 1"]);
        let outcome = one(&mut command, &log);
        fs::remove_file(&log).unwrap();
        assert_eq!(outcome.tally, Tally::one(false));
        assert_eq!(outcome.detail, ["first", "last"]);
    }
}
