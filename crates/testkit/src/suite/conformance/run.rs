//! Runs the modules of a plan against one app, and says how each ended.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::client;
use super::house::House;
use super::module::{Module, TestPlan};
use super::stage::Stage;
use crate::suite::app::Plan;
use crate::suite::directory::Directory;

/// How a module ended.
#[derive(Clone, PartialEq, Eq)]
enum Verdict {
    Passed,
    /// The app did not do what it must.
    Failed(String),
    /// It cannot be played: something is not there.
    Missing(String),
}

/// Plays every module of a plan with the app whose binary is at a path.
///
/// # Panics
///
/// When the app does in a module what it must not, or does not what it must.
pub fn run(plan: TestPlan, binary: &str) {
    let modules = super::modules::of(plan);
    assert!(!modules.is_empty(), "plan {} has no module", plan.name());
    let verdicts = play(plan, &modules, binary);
    let mut failures = Vec::new();
    for (module, verdict) in modules.iter().zip(&verdicts) {
        let told = match verdict {
            Verdict::Passed => "passed".to_owned(),
            Verdict::Missing(why) => format!("missing: {why}"),
            Verdict::Failed(why) => {
                failures.push(format!("{} ({}): {why}", module.name, module.variant));
                format!("FAILED: {why}")
            }
        };
        say(plan, module, &told.replace('\n', " "));
    }
    let missing = verdicts
        .iter()
        .filter(|verdict| matches!(verdict, Verdict::Missing(_)));
    let missing = missing.count();
    if missing > 0 {
        crate::suite::leave_out(
            "conformance",
            &format!("{missing} modules of {} cannot be played", plan.name()),
        );
    }
    let (name, count) = (plan.name(), failures.len());
    assert!(
        failures.is_empty(),
        "{name}: {count} modules failed\n{}",
        failures.join("\n")
    );
}

/// Plays modules side by side in one app; where that does not start, each in an app of its own.
fn play(test_plan: TestPlan, modules: &[Module], binary: &str) -> Vec<Verdict> {
    let directory = Directory::new();
    for (name, text) in client::files() {
        directory.write(name, &text);
    }
    let place = Plan::new();
    let port = place.port();
    let (house, ops) = House::open(modules, &place.origin());
    let mut sections = Vec::new();
    for (module, op) in modules.iter().zip(&ops) {
        let section = |op| client::section(module, op, directory.path());
        sections.push(op.as_deref().map(section).map_err(Clone::clone));
    }
    let root = directory.path().join(client::ROOT);
    let start = |sections: &str| {
        let mut plan = Plan::new()
            .on_port(port)
            .with_root_certificate(&root)
            .with_log("warn,codegrant=info")
            .with_sections(sections);
        if test_plan.needs_store() {
            plan = plan.with_sessions_in_memory();
        }
        plan.try_start(binary)
    };
    let all: String = sections.iter().flatten().map(String::as_str).collect();
    let together = start(&all).ok();
    let mut verdicts = Vec::new();
    for ((module, op), section) in modules.iter().zip(&ops).zip(&sections) {
        let verdict = match (op, section) {
            (Ok(op), Ok(section)) => {
                let alone = match &together {
                    Some(_) => None,
                    None => Some(start(section)),
                };
                match (&together, &alone) {
                    (Some(app), _) | (None, Some(Ok(app))) => {
                        verdict_of(|| Stage::new(app, module, op.clone()).perform())
                    }
                    (None, Some(Err(why))) => {
                        Verdict::Failed(format!("the app does not start: {why}"))
                    }
                    (None, None) => Verdict::Failed("no app".to_owned()),
                }
            }
            (Err(why), _) | (_, Err(why)) => unplayed(why),
        };
        let seen = op.as_ref().map_or(0, |op| op.calls().len());
        verdicts.push((verdict, seen));
    }
    let mut judged = Vec::new();
    for ((verdict, seen), op) in verdicts.into_iter().zip(&ops) {
        let later = op.as_ref().map_or(0, |op| op.calls().len()) - seen;
        judged.push(match verdict {
            Verdict::Passed if later > 0 => {
                Verdict::Failed(format!("{later} calls came when everything was over"))
            }
            verdict => verdict,
        });
    }
    drop(house);
    judged
}

/// Makes a verdict of a play, also of one whose assertions fail.
fn verdict_of(play: impl FnOnce() -> Result<(), String>) -> Verdict {
    match catch_unwind(AssertUnwindSafe(play)) {
        Ok(Ok(())) => Verdict::Passed,
        Ok(Err(why)) => Verdict::Failed(why),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Verdict::Failed(text.unwrap_or_else(|| "a panic without words".to_owned()))
        }
    }
}

fn unplayed(why: &str) -> Verdict {
    match why.strip_prefix("missing: ") {
        Some(what) => Verdict::Missing(what.to_owned()),
        None => Verdict::Failed(why.to_owned()),
    }
}

#[expect(clippy::print_stdout, reason = "xtask makes its table of these lines")]
fn say(plan: TestPlan, module: &Module, told: &str) {
    println!(
        "codegrant-conformance: {} | {} | {} | {told}",
        plan.name(),
        module.name,
        module.variant
    );
}
