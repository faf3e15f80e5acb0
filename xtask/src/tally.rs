//! How many passed, failed and were skipped, read out of what cargo's tests print.

use std::fmt;
use std::ops::AddAssign;

/// How a suite says, on a line of its own, that a test had to be left out: suite, colon, reason.
const SKIP: &str = "codegrant-skip: ";

/// Counts of tests, or of checks that pass or fail as one.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How many passed.
    pub(crate) passed: u64,
    /// How many failed.
    pub(crate) failed: u64,
    /// How many did not run.
    pub(crate) skipped: u64,
}

impl Tally {
    /// One check that passed or failed.
    pub(crate) fn one(passed: bool) -> Self {
        Self {
            passed: u64::from(passed),
            failed: u64::from(!passed),
            skipped: 0,
        }
    }

    /// Counts what a run of `cargo test` printed, over all its test binaries and doctests.
    ///
    /// A test that only says why it cannot run has passed in libtest's eyes and is skipped in ours.
    /// A run that failed without a failed test (it did not compile, a test binary crashed) counts as
    /// one failure.
    pub(crate) fn of_test_run(output: &str, succeeded: bool) -> Self {
        let mut tally = Self::default();
        for line in output.lines() {
            if let Some(counts) = line.strip_prefix("test result: ") {
                tally.passed += count(counts, "passed");
                tally.failed += count(counts, "failed");
                tally.skipped += count(counts, "ignored");
            }
        }
        let silent = skips(output).count() as u64;
        tally.passed = tally.passed.saturating_sub(silent);
        tally.skipped += silent;
        if !succeeded && tally.failed == 0 {
            tally.failed = 1;
        }
        tally
    }

    /// Turns what was skipped into failures.
    pub(crate) fn without_skips(self) -> Self {
        Self {
            failed: self.failed + self.skipped,
            skipped: 0,
            ..self
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// Returns what the suites say about the tests that they left out: suite, colon, reason.
pub(crate) fn skips(output: &str) -> impl Iterator<Item = &str> {
    output.lines().filter_map(|line| line.strip_prefix(SKIP))
}

/// Returns the names of the tests that were not run, a code block of a document among them.
pub(crate) fn ignored(output: &str) -> impl Iterator<Item = &str> {
    let tests = output.lines().filter_map(|line| line.strip_prefix("test "));
    tests.filter_map(|test| Some(test.split_once(" ... ignored")?.0))
}

/// Returns the parts of a test run's output that tell what failed, or its last lines.
pub(crate) fn failures(output: &str, limit: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut inside = false;
    for line in output.lines() {
        if line == "failures:" {
            inside = true;
        } else if line.starts_with("test result: ") {
            inside = false;
        } else if inside && !line.trim().is_empty() {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        return tail(output, limit);
    }
    lines.truncate(limit);
    lines
}

/// Returns the last lines that say something: neither blank lines nor cargo's progress.
pub(crate) fn tail(output: &str, limit: usize) -> Vec<&str> {
    let says = |line: &&str| !line.trim().is_empty() && !is_progress(line);
    let lines: Vec<&str> = output.lines().filter(says).collect();
    lines[lines.len().saturating_sub(limit)..].to_vec()
}

/// Tells whether a line is what cargo prints for each package: a verb, aligned to the right.
fn is_progress(line: &str) -> bool {
    let verbs = [
        "Blocking ",
        "Checking ",
        "Compiling ",
        "Documenting ",
        "Downloaded ",
        "Downloading ",
        "Finished ",
        "Fresh ",
        "Running ",
    ];
    line.starts_with(' ') && verbs.iter().any(|verb| line.trim_start().starts_with(verb))
}

/// Reads the number before a word out of `ok. 3 passed; 0 failed; ...`.
fn count(counts: &str, word: &str) -> u64 {
    let mut parts = counts.split([';', '.']);
    let number = parts.find_map(|part| part.trim().strip_suffix(word));
    number.and_then(|n| n.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_BINARIES: &str = "running 2 tests\n\
        test a ... ok\n\
        test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
        test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.25s\n";

    #[test]
    fn results_of_all_binaries_are_added() {
        let tally = Tally::of_test_run(TWO_BINARIES, false);
        assert_eq!(tally.to_string(), "14 passed, 3 failed, 1 skipped");
    }

    #[test]
    fn skip_is_named_only_where_there_is_one() {
        assert_eq!(Tally::one(true).to_string(), "1 passed, 0 failed");
        assert_eq!(Tally::one(false).to_string(), "0 passed, 1 failed");
    }

    #[test]
    fn test_that_is_not_run_is_named() {
        let output =
            "test a ... ok\ntest src/b.rs - B (line 7) ... ignored\ntest c ... ignored, slow\n";
        let named: Vec<&str> = ignored(output).collect();
        assert_eq!(named, ["src/b.rs - B (line 7)", "c"]);
    }

    #[test]
    fn test_that_says_why_it_cannot_run_is_skipped() {
        let output = format!("codegrant-skip: browser: no Chromium\n{TWO_BINARIES}");
        let tally = Tally::of_test_run(&output, false);
        assert_eq!(tally.to_string(), "13 passed, 3 failed, 2 skipped");
        assert_eq!(tally.without_skips().to_string(), "13 passed, 5 failed");
        assert_eq!(skips(&output).collect::<Vec<_>>(), ["browser: no Chromium"]);
    }

    #[test]
    fn run_that_does_not_compile_is_one_failure() {
        let tally = Tally::of_test_run("error[E0432]: unresolved import\n", false);
        assert_eq!(tally, Tally::one(false));
    }

    #[test]
    fn crash_of_one_binary_is_a_failure_beside_the_others() {
        let output = TWO_BINARIES.lines().nth(2).unwrap();
        let tally = Tally::of_test_run(output, false);
        assert_eq!(tally.to_string(), "2 passed, 1 failed");
    }

    #[test]
    fn failures_are_shown_without_what_passed() {
        let output = "test a ... ok\nfailures:\n\n---- b stdout ----\nleft: 1\n\nfailures:\n    b\n\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored\ntest c ... ok\n";
        assert_eq!(
            failures(output, 9),
            ["---- b stdout ----", "left: 1", "    b"]
        );
        assert_eq!(failures("x\n\ny\nz\n", 2), ["y", "z"]);
        let output = "   Compiling a v1.0.0\nerror: b\n    Checking c v1.0.0\n  --> d.rs:1\n";
        assert_eq!(tail(output, 9), ["error: b", "  --> d.rs:1"]);
    }
}
