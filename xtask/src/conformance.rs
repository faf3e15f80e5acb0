//! `cargo xtask conformance`: every module of the conformance suite in every framework, as a table.

use std::fmt::Write as _;

use crate::demo::Framework;
use crate::process::{cargo, run_logged};
use crate::workspace::{Workspace, shown};

/// How a test says how a module ended: plan, module, variant and result, with a bar between them.
const LINE: &str = "codegrant-conformance: ";

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    frameworks: Vec<Framework>,
    plan: Option<String>,
}

/// One module in one variant, and how it ended in each framework that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    plan: String,
    module: String,
    variant: String,
    results: Vec<Option<String>>,
}

impl Options {
    /// Reads the words after `conformance`.
    ///
    /// # Errors
    ///
    /// The word that is not understood.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let mut options = Self {
            frameworks: Framework::ALL.to_vec(),
            plan: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words
                .next()
                .ok_or_else(|| format!("{word} needs a value"))?;
            match *word {
                "--framework" => {
                    let found = Framework::ALL
                        .iter()
                        .find(|framework| framework.word() == *value);
                    let found = found.ok_or_else(|| format!("{value} is no framework"))?;
                    options.frameworks = vec![*found];
                }
                "--plan" => options.plan = Some((*value).to_owned()),
                _ => return Err(format!("{word} is not understood")),
            }
        }
        Ok(options)
    }
}

/// Plays the modules and prints the table. Returns whether all of them passed in every framework.
///
/// # Errors
///
/// Why nothing could be played.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool, String> {
    let mut rows = Vec::new();
    let mut succeeded = true;
    for (place, framework) in options.frameworks.iter().enumerate() {
        let log = workspace.log(&format!("conformance-{}", framework.word()));
        let mut command = cargo(&workspace.root);
        command
            .args([
                "test",
                "--locked",
                "--no-fail-fast",
                "--test",
                "conformance",
            ])
            .arg(format!("--package={}", framework.tour()))
            .arg("--");
        if let Some(plan) = &options.plan {
            // The tests are named like the plans, in Rust's spelling.
            command.args(["--exact", &plan.replace('-', "_")]);
        }
        command.arg("--show-output").env("RUST_BACKTRACE", "0");
        let status = run_logged(&mut command, &log).map_err(|error| format!("cargo: {error}"))?;
        let output = std::fs::read(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let output = String::from_utf8_lossy(&output);
        let before = rows.len();
        let count = collect(&mut rows, &output, place, options.frameworks.len());
        if count == 0 {
            let log = shown(&workspace.root, &log);
            return Err(match status.success() {
                true => "no plan of that name; docs/conformance.md lists them".to_owned(),
                false => format!(
                    "{}: nothing was played, see {log} ({before})",
                    framework.word()
                ),
            });
        }
        succeeded &= status.success();
    }
    let words: Vec<&str> = options
        .frameworks
        .iter()
        .map(|framework| framework.word())
        .collect();
    print!("{}", table(&rows, &words));
    Ok(succeeded && rows.iter().all(Row::is_fine))
}

impl Row {
    /// Tells whether nothing went wrong in any framework; what a client leaves out on purpose is not wrong.
    fn is_fine(&self) -> bool {
        let mut results = self.results.iter().flatten();
        results.all(|result| result == "passed" || is_left_out(result))
    }

    fn passed(&self) -> bool {
        self.results
            .iter()
            .all(|result| result.as_deref() == Some("passed"))
    }
}

fn is_left_out(result: &str) -> bool {
    result.starts_with("left out")
}

/// Takes the results of one framework out of what its tests printed. Returns how many there were.
fn collect(rows: &mut Vec<Row>, output: &str, place: usize, frameworks: usize) -> usize {
    let mut count = 0;
    for line in output.lines().filter_map(|line| line.strip_prefix(LINE)) {
        let mut parts = line.splitn(4, " | ").map(str::to_owned);
        let (Some(plan), Some(module), Some(variant), Some(result)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        count += 1;
        let same = |row: &&mut Row| {
            (&row.plan, &row.module, &row.variant) == (&plan, &module, &variant)
                && row.results[place].is_none()
        };
        let row = match rows.iter_mut().find(same) {
            Some(row) => row,
            None => {
                let results = vec![None; frameworks];
                rows.push(Row {
                    plan,
                    module,
                    variant,
                    results,
                });
                rows.last_mut().expect("a row was pushed")
            }
        };
        row.results[place] = Some(result);
    }
    count
}

/// Writes the table: plan, module, variant, a column for each framework; below it, why what failed failed.
fn table(rows: &[Row], frameworks: &[&str]) -> String {
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).len()).max().unwrap_or(0);
    let (plans, modules, variants) = (
        width(|row| &row.plan),
        width(|row| &row.module),
        width(|row| &row.variant),
    );
    let mut text = String::new();
    let mut reasons = String::new();
    let mut passed = 0;
    for row in rows {
        let _ = write!(
            text,
            "{:plans$}  {:modules$}  {:variants$}",
            row.plan, row.module, row.variant
        );
        for (framework, result) in frameworks.iter().zip(&row.results) {
            let result = result.as_deref().unwrap_or("missing: it was not played");
            let word = result.split(':').next().unwrap_or(result);
            let _ = write!(text, "  {framework} {word:<8}");
            if result != "passed" {
                let _ = writeln!(
                    reasons,
                    "{} {} ({}), {framework}: {result}",
                    row.plan, row.module, row.variant
                );
            }
        }
        let kept = text.trim_end().len();
        text.truncate(kept);
        text.push('\n');
        passed += usize::from(row.passed());
    }
    if !reasons.is_empty() {
        text.push('\n');
        text.push_str(&reasons);
    }
    let _ = writeln!(
        text,
        "\n{passed} of {} modules and variants passed in {}",
        rows.len(),
        frameworks.join(", ")
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const AXUM: &str = "running 1 test\n\
        codegrant-conformance: basic | client-test | client_secret_basic | passed\n\
        codegrant-conformance: basic | invalid-iss | client_secret_basic | FAILED: calls | were\n";

    #[test]
    fn results_of_two_frameworks_stand_side_by_side() {
        let mut rows = Vec::new();
        assert_eq!(collect(&mut rows, AXUM, 0, 2), 2);
        assert_eq!(
            collect(
                &mut rows,
                &AXUM.replace("FAILED: calls | were", "passed"),
                1,
                2
            ),
            2
        );
        let table = table(&rows, &["axum", "rocket"]);
        assert!(table.contains("axum passed    rocket passed\n"), "{table}");
        assert!(table.contains("axum FAILED    rocket passed\n"), "{table}");
        assert!(table.contains("axum: FAILED: calls | were\n"), "{table}");
        assert!(
            table.ends_with("\n1 of 2 modules and variants passed in axum, rocket\n"),
            "{table}"
        );
    }

    #[test]
    fn what_one_framework_did_not_play_is_missing() {
        let mut rows = Vec::new();
        collect(&mut rows, AXUM, 0, 2);
        assert!(table(&rows, &["axum", "rocket"]).contains("axum passed    rocket missing\n"));
    }

    #[test]
    fn options_are_read() {
        let asked = Options::parse(&["--framework", "rocket", "--plan", "basic"]).unwrap();
        assert_eq!(asked.frameworks, [Framework::Rocket]);
        assert_eq!(asked.plan.as_deref(), Some("basic"));
        assert_eq!(Options::parse(&[]).unwrap().frameworks.len(), 3);
        for wrong in [
            &["--framework"][..],
            &["--framework", "poem"],
            &["basic", "x"],
        ] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
