//! `cargo xtask test-all`: the set-up, every stage, and one line that adds everything up.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use crate::setup::Suites;
use crate::stages::{self, Outcome, SHOWN};
use crate::tally::Tally;
use crate::workspace::{Workspace, shown};

/// Runs everything. Returns whether all of it passed.
///
/// The last line that it prints is `N passed, N failed`, with `, N skipped` where there are skips.
/// With `CI=true` in the environment a skip is a failure.
pub(crate) fn run(workspace: &Workspace) -> bool {
    let ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    let suites = Suites::prepare(workspace);
    let scratch = workspace.scratch();
    println!("logs: {}", shown(&workspace.root, &scratch));
    let mut total = Tally::default();
    let mut skips = Vec::new();
    for (name, stage) in stages::all(workspace, &suites) {
        print!("{name:<9}");
        drop(io::stdout().flush());
        let begin = Instant::now();
        let outcome = stage();
        println!("{}", summary(&outcome.tally, begin.elapsed()));
        total += outcome.tally;
        show(&outcome);
        skips.extend(outcome.skips);
    }
    for skip in &skips {
        println!("skipped   {skip}");
    }
    if ci && total.skipped > 0 {
        println!("CI=true: what was skipped counts as failed");
        total = total.without_skips();
    }
    println!("{total}");
    total.failed == 0
}

fn show(outcome: &Outcome) {
    for note in &outcome.notes {
        println!("    note: {note}");
    }
    for line in outcome.detail.iter().take(SHOWN) {
        println!("    {line}");
    }
    if outcome.detail.len() > SHOWN {
        println!("    and {} more", outcome.detail.len() - SHOWN);
    }
}

/// Tells how a stage ended: a check that is one thing says so, a run of tests its counts.
fn summary(tally: &Tally, time: Duration) -> String {
    let verdict = match (tally.passed, tally.failed, tally.skipped) {
        (1, 0, 0) => "ok".to_owned(),
        (0, 1, 0) => "FAILED".to_owned(),
        (0, 0, 1) => "skipped".to_owned(),
        (_, 0, _) => format!("ok ({tally})"),
        _ => format!("FAILED ({tally})"),
    };
    format!("{:>7.1} s  {verdict}", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_of_a_check_is_a_word_and_of_tests_their_counts() {
        let time = Duration::from_millis(1250);
        assert_eq!(summary(&Tally::one(true), time), "    1.2 s  ok");
        assert_eq!(summary(&Tally::one(false), time), "    1.2 s  FAILED");
        let mut tests = Tally::one(true);
        tests += Tally::one(true);
        assert_eq!(summary(&tests, time), "    1.2 s  ok (2 passed, 0 failed)");
        tests += Tally::one(false);
        assert!(summary(&tests, time).ends_with("FAILED (2 passed, 1 failed)"));
    }
}
