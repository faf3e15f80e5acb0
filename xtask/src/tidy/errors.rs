//! Every public error code is declared where the documentation finds it, and produced by a test.

use super::source::Source;
use crate::error_codes::{self, ErrorCode};

/// The file that defines the type and the table.
const DEFINITION: &str = "crates/core/src/error/code.rs";

/// Checks the codes against the tests. That they are documented is what `codegen --check` checks.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let library = sources.iter().filter(|source| source.is_below("crates"));
    let files = library.map(|source| (source.path.as_str(), source.text.as_str()));
    let codes = match error_codes::collect(files) {
        Ok(codes) => codes,
        Err(problem) => return vec![problem],
    };
    let mut problems = by_hand(sources);
    problems.extend(unproduced(sources, &codes));
    problems
}

/// Finds codes that are made outside of a table, where the documentation does not look.
fn by_hand(sources: &[Source]) -> Vec<String> {
    let others = sources
        .iter()
        .filter(|s| s.path != DEFINITION && s.is_below("crates"));
    let bad = others.filter(|source| {
        let mut made = source.code().split("Code {").skip(1);
        made.any(|members| members.trim_start().starts_with("name"))
    });
    bad.map(|source| format!("{}: makes a code outside of `codes!`", source.path))
        .collect()
}

/// Finds the codes that no test names.
fn unproduced(sources: &[Source], codes: &[ErrorCode]) -> Vec<String> {
    let tests: Vec<String> = sources
        .iter()
        .filter(|source| !source.is_below("xtask"))
        .map(Source::tests)
        .collect();
    let named = |code: &&ErrorCode| {
        let quoted = format!("\"{}\"", code.name);
        tests.iter().any(|test| test.contains(&quoted))
    };
    let missing = codes.iter().filter(|code| !named(code));
    missing
        .map(|code| format!("error code {} is in no test, in quotes", code.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"crate::codes! { A = "a.one", "b", "c"; B = "a.two", "b", "c"; }"#;

    fn told(files: &[(&str, &str)]) -> Vec<String> {
        let sources = files.iter().map(|(path, text)| Source::new(path, text));
        check(&sources.collect::<Vec<_>>())
    }

    #[test]
    fn code_that_no_test_names_is_a_problem() {
        let test = "assert_eq!(error.code().name, \"a.one\");";
        assert_eq!(
            told(&[("crates/a/src/b.rs", TABLE), ("crates/a/tests/c.rs", test)]),
            ["error code a.two is in no test, in quotes"]
        );
    }

    #[test]
    fn test_beside_the_table_counts_and_the_table_itself_does_not() {
        let text = format!(
            "{TABLE}\n#[cfg(test)]\nmod tests {{\n    const C: [&str; 2] = [\"a.one\", \"a.two\"];\n}}\n"
        );
        assert_eq!(told(&[("crates/a/src/b.rs", &text)]), [""; 0]);
        assert_eq!(told(&[("crates/a/src/b.rs", TABLE)]).len(), 2);
    }

    #[test]
    fn code_made_by_hand_is_a_problem() {
        let text = "const A: Code = Code {\n    name: \"a.b\",\n};";
        assert_eq!(
            told(&[("crates/a/src/b.rs", text)]),
            ["crates/a/src/b.rs: makes a code outside of `codes!`"]
        );
    }
}
