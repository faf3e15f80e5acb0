//! `cargo xtask`: everything that is done to this repository, as one program.

mod bench;
mod catalogue;
mod codegen;
mod conformance;
mod demo;
mod error_codes;
mod fuzz;
mod interop;
mod process;
mod requirements;
mod setup;
mod smoke;
mod soak;
mod stages;
mod tally;
mod test_all;
mod tidy;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const HELP: &str = "\
cargo xtask COMMAND

  test-all             set up what the tests need, run every check and every test
  demo FRAMEWORK       start the tour app and a provider, on loopback: axum, rocket or actix
       --smoke         log in once through it, show the five steps, and stop
       --port N        the app's port (3000)
  tidy                 check the rules that no compiler knows
  codegen [--check]    write the pages that come from the sources, or compare them
  interop              log in with a certified provider that nobody here wrote
  conformance          play what the OpenID Foundation's suite does to a client, and print the results
       --framework F   with one of axum, rocket and actix (all)
       --plan P        one plan alone: basic, config, refresh, ... (all)
  fuzz                 invent hostile input for everything that reads what others send
       --target T      for one target alone (all, one after the other)
       --seconds N     as long as this for each (20)
  bench [NAME]         run the benchmarks
       --instructions  count those of the hot operations, and compare them with benches/instructions.toml
                       NAME for some of them, --write to write the table anew
       --times         print how long those take; NAME for some of them
       --peers         measure what one would pick instead, side by side, as benches/README.md says
         --rounds N    with so many turns of each (the program's own default)
         --only NAME   those alone whose name contains this
         --table T     one table alone: request, login, memory, build
         --instructions  and count the instructions of each unit, with valgrind
         --json FILE   and write every figure into this file
       --scale FILE    write into this file what costs how much, from a few to a million
       --plot FILE...  draw the plots of docs/performance.md from such files
  soak                 many nodes, killed and restarted throughout: is anybody logged out?
       --store S       with sessions in one of redis and postgres (both, one after the other)
       --kind K        where sessions are: in the store, or in a cookie (store)
       --nodes N       so many of them (20), --logins N (10000), --requests N (100000), --seed N (1)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("cargo xtask: {problem}");
            ExitCode::from(2)
        }
    }
}

/// Runs a command. Returns whether everything it checked is in order.
fn run(words: &[&str]) -> Result<bool, String> {
    let open = || {
        process::end_all_on_signal().map_err(|error| format!("signals: {error}"))?;
        Workspace::open()
    };
    match words {
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(true)
        }
        ["test-all"] => Ok(test_all::run(&open()?)),
        ["tidy"] => Ok(report(&tidy::check(&open()?))),
        ["codegen"] => Ok(written(codegen::write(&open()?))),
        ["codegen", "--check"] => Ok(checked(codegen::check(&open()?))),
        ["demo", options @ ..] => {
            let options = demo::Options::parse(options)?;
            demo::run(&open()?, options).map(|()| true)
        }
        ["interop"] => interop::run(&open()?),
        ["conformance", options @ ..] => {
            let options = conformance::Options::parse(options)?;
            conformance::run(&open()?, &options)
        }
        ["fuzz", options @ ..] => fuzz::run(&open()?, &fuzz::Options::parse(options)?),
        ["bench", options @ ..] => {
            let options = bench::Options::parse(options)?;
            bench::run(&open()?, &options)
        }
        ["soak", options @ ..] => {
            let options = soak::Options::parse(options)?;
            soak::run(&open()?, &options)
        }
        _ => Err(format!("{} is not understood\n\n{HELP}", words.join(" "))),
    }
}

fn report(report: &tidy::Report) -> bool {
    for note in &report.notes {
        println!("note: {note}");
    }
    for problem in &report.problems {
        println!("{problem}");
    }
    println!("{} problems", report.problems.len());
    report.problems.is_empty()
}

fn written(written: codegen::Written) -> bool {
    let codegen::Written { paths, problems } = written;
    for path in &paths {
        println!("written: {path}");
    }
    if paths.is_empty() && problems.is_empty() {
        println!("everything is current");
    }
    checked(if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    })
}

fn checked(result: Result<(), Vec<String>>) -> bool {
    let problems = result.err().unwrap_or_default();
    for problem in &problems {
        println!("{problem}");
    }
    problems.is_empty()
}
