//! The shape of a source file: it begins by saying what it is for, and it is not too long.

use super::imports::ADAPTERS;
use super::source::Source;

/// How many lines a file may have without its tests.
const LINES: usize = 400;

/// How many lines of code an adapter may have in all: its documentation is no code.
const ADAPTER_LINES: usize = 400;

/// Files that may be longer, and why.
const LONGER: &[(&str, &str)] = &[];

/// Checks every source.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources {
        let path = &source.path;
        if !source.text.starts_with("//!") {
            problems.push(format!(
                "{path}:1: does not begin with `//!` and what it is for"
            ));
        }
        let lines = source.own_lines();
        let excused = LONGER.iter().any(|(file, _)| file == path);
        if lines > LINES && !excused {
            problems.push(format!(
                "{path}: has {lines} lines without tests, limit {LINES}"
            ));
        }
        problems.extend(marks(source));
    }
    problems.extend(long_adapters(sources));
    problems
}

/// Finds what no file may hold: ignored tests, switched-off checks, unfinished code.
fn marks(source: &Source) -> Vec<String> {
    let masked = crate::catalogue::mask::mask(&source.text);
    let mut problems = Vec::new();
    for (number, line) in (1..).zip(masked.lines()) {
        let code = line.find("//").map_or(line, |at| &line[..at]);
        for mark in ["#[ignore", "todo!(", "unimplemented!("] {
            if code.contains(mark) {
                problems.push(format!("{}:{number}: holds {mark}", source.path));
            }
        }
    }
    // Helpers of an integration test may unwrap, and have to say so.
    if source.code().contains("clippy::unwrap_used") {
        problems.push(format!(
            "{}: lets `unwrap` into code that is no test",
            source.path
        ));
    }
    problems
}

/// Counts the lines of each adapter, all its files together.
fn long_adapters(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for adapter in ADAPTERS {
        let files = sources.iter().filter(|source| source.is_below(adapter));
        let lines: usize = files.map(Source::code_lines).sum();
        if lines > ADAPTER_LINES {
            problems.push(format!(
                "{adapter}: has {lines} lines of code, limit {ADAPTER_LINES}"
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, &str)]) -> Vec<String> {
        let sources = files.iter().map(|(path, text)| Source::new(path, text));
        check(&sources.collect::<Vec<_>>())
    }

    #[test]
    fn file_that_does_not_say_what_it_is_for_is_refused() {
        assert_eq!(
            told(&[("crates/a/src/b.rs", "//! B.\nfn b() {}\n")]),
            [""; 0]
        );
        for text in ["", "\n//! B.\n", "// B.\n"] {
            let problems = told(&[("crates/a/src/b.rs", text)]);
            assert_eq!(
                problems,
                ["crates/a/src/b.rs:1: does not begin with `//!` and what it is for"]
            );
        }
    }

    #[test]
    fn long_file_is_refused_and_its_tests_do_not_count() {
        let text = format!("//! B.\n{}", "a();\n".repeat(LINES - 1));
        let tests = "#[cfg(test)]\nmod tests {\n    fn a() {}\n}\n";
        assert_eq!(
            told(&[("crates/a/src/b.rs", &format!("{text}{tests}"))]),
            [""; 0]
        );
        assert_eq!(
            told(&[("crates/a/src/b.rs", &format!("{text}a();\n{tests}"))]),
            ["crates/a/src/b.rs: has 401 lines without tests, limit 400"]
        );
    }

    #[test]
    fn lines_of_an_adapter_are_counted_over_its_files() {
        let half = format!("//! B.\n\n    /// B.\n{}", "a();\n".repeat(200));
        let two = |more: &str| {
            let longer = format!("{half}{more}");
            told(&[
                ("crates/axum/src/a.rs", &half),
                ("crates/axum/src/b.rs", &longer),
            ])
        };
        assert_eq!(two(""), [""; 0]);
        assert_eq!(
            two("a();\n"),
            ["crates/axum/src: has 401 lines of code, limit 400"]
        );
    }

    #[test]
    fn unwrap_may_be_allowed_in_tests_only() {
        let text = "//! B.\n#![allow(clippy::unwrap_used)]\n";
        assert_eq!(told(&[("crates/a/tests/b.rs", text)]), [""; 0]);
        assert_eq!(
            told(&[("crates/a/src/b.rs", text)]),
            ["crates/a/src/b.rs: lets `unwrap` into code that is no test"]
        );
    }

    #[test]
    fn ignored_tests_and_unfinished_code_are_refused() {
        for code in [
            "#[ignore]",
            "#[ignore = \"slow\"]",
            "todo!()",
            "unimplemented!(\"later\")",
        ] {
            let problems = told(&[("crates/a/src/b.rs", &format!("//! B.\n{code}\n"))]);
            assert_eq!(problems.len(), 1, "{code}");
            assert!(
                problems[0].starts_with("crates/a/src/b.rs:2: holds "),
                "{problems:?}"
            );
        }
        let quoted = "//! B: todo!()\nlet a = \"#[ignore]\"; // #[ignore]\n";
        assert_eq!(told(&[("crates/a/src/b.rs", quoted)]), [""; 0]);
    }
}
