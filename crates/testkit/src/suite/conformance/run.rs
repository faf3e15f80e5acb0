//! Runs the modules of a plan against one app, and says how each ended.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::client;
use super::house::{House, Opened};
use super::module::{Module, TestPlan};
use super::stage::Stage;
use crate::suite::app::{App, Plan};
use crate::suite::directory::Directory;

/// How a module ended.
#[derive(Clone, PartialEq, Eq)]
enum Verdict {
    Passed,
    /// The app did not do what it must.
    Failed(String),
    /// The client does not do this, on purpose.
    LeftOut(&'static str),
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
            Verdict::LeftOut(why) => format!("left out: {why}"),
            Verdict::Failed(why) => {
                failures.push(format!("{} ({}): {why}", module.name, module.variant));
                format!("FAILED: {why}")
            }
        };
        say(plan, module, &told.replace('\n', " "));
    }
    let (name, count) = (plan.name(), failures.len());
    assert!(
        failures.is_empty(),
        "{name}: {count} modules failed\n{}",
        failures.join("\n")
    );
}

/// Plays modules side by side in one app; where that does not start, each in an app of its own.
fn play(plan: TestPlan, modules: &[Module], binary: &str) -> Vec<Verdict> {
    let ground = Ground::new(plan, binary);
    let (house, ops) = House::open(modules, &ground.origin);
    let directory = ground.directory.path();
    let section = |(module, op): (&Module, &Opened)| {
        op.as_deref().map_or_else(
            |_| String::new(),
            |op| client::section(module, op, directory),
        )
    };
    let sections: Vec<String> = modules.iter().zip(&ops).map(section).collect();
    let together = ground.start(&sections.concat()).ok();
    let mut verdicts = Vec::new();
    for ((module, op), section) in modules.iter().zip(&ops).zip(&sections) {
        let verdict = match (module.left_out, op) {
            (Some(why), _) => Verdict::LeftOut(why),
            (None, Err(why)) => Verdict::Failed(why.clone()),
            (None, Ok(op)) => {
                let alone = together.is_none().then(|| ground.start(section));
                let app = alone
                    .as_ref()
                    .map_or(Ok(together.as_ref()), |alone| alone.as_ref().map(Some));
                match app {
                    Err(why) => Verdict::Failed(format!("the app does not start: {why}")),
                    Ok(app) => app.map_or(Verdict::Failed("no app".to_owned()), |app| {
                        verdict_of(|| Stage::new(app, module, op.clone()).perform())
                    }),
                }
            }
        };
        verdicts.push((verdict, called(op)));
    }
    // Whatever an app still does by itself, it has done by now or does while the others play.
    let ended = verdicts.into_iter().zip(&ops);
    let judged = ended.map(|((verdict, before), op)| match called(op) - before {
        later @ 1.. if verdict == Verdict::Passed => {
            Verdict::Failed(format!("{later} calls came when everything was over"))
        }
        _ => verdict,
    });
    let judged = judged.collect();
    drop(house);
    judged
}

fn called(op: &Opened) -> usize {
    op.as_ref().map_or(0, |op| op.calls().len())
}

/// Where the modules of a plan are played: what an app needs to start, again and again at one address.
struct Ground<'a> {
    plan: TestPlan,
    binary: &'a str,
    port: u16,
    origin: String,
    directory: Directory,
}

impl<'a> Ground<'a> {
    fn new(plan: TestPlan, binary: &'a str) -> Self {
        let directory = Directory::new();
        for (name, text) in client::files() {
            directory.write(name, &text);
        }
        let place = Plan::new();
        Self {
            plan,
            binary,
            port: place.port(),
            origin: place.origin(),
            directory,
        }
    }

    fn start(&self, sections: &str) -> Result<App, String> {
        let plan = Plan::new()
            .on_port(self.port)
            .with_root_certificate(&self.directory.path().join(client::ROOT))
            .with_log("warn,codegrant=info")
            .with_sections(sections);
        let plan = match self.plan.needs_store() {
            true => plan.with_sessions_in_memory(),
            false => plan,
        };
        plan.try_start(self.binary)
    }
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

#[expect(clippy::print_stdout, reason = "xtask makes its table of these lines")]
fn say(plan: TestPlan, module: &Module, told: &str) {
    println!(
        "codegrant-conformance: {} | {} | {} | {told}",
        plan.name(),
        module.name,
        module.variant
    );
}
