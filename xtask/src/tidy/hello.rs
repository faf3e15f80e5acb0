//! The hello apps: short, and the same in the README as in the example that compiles.

use super::source::Source;

/// How many lines with something on them a hello app may have.
const LINES: usize = 15;

/// Checks each `examples/hello-*` against the README.
pub(super) fn check(sources: &[Source], readme: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let blocks = rust_blocks(readme);
    let hellos = sources.iter().filter(|source| is_hello(&source.path));
    for Source { path, text, .. } in hellos {
        let app = without_head(text);
        let lines = app.lines().filter(|line| !line.trim().is_empty()).count();
        if lines > LINES {
            problems.push(format!("{path}: has {lines} lines, limit {LINES}"));
        }
        if !blocks.iter().any(|block| block.trim() == app.trim()) {
            problems.push(format!(
                "{path}: is not a block of README.md, line for line"
            ));
        }
    }
    problems
}

fn is_hello(path: &str) -> bool {
    path.starts_with("examples/hello-") && path.ends_with("/src/main.rs")
}

/// Leaves out the lines that say what the file is for.
fn without_head(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.starts_with("//!"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the inside of every block of Rust in a Markdown text.
fn rust_blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<Vec<&str>> = None;
    for line in markdown.lines() {
        match &mut open {
            None if line.starts_with("```rust") => open = Some(Vec::new()),
            Some(lines) if line.trim_end() == "```" => {
                blocks.push(lines.join("\n"));
                open = None;
            }
            Some(lines) => lines.push(line),
            None => {}
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "//! Hello.\n\nuse a::b;\n\nfn main() {\n    b();\n}\n";
    const README: &str = "# A\n\n```rust\nuse a::b;\n\nfn main() {\n    b();\n}\n```\n\nText.\n";

    fn told(path: &str, text: &str, readme: &str) -> Vec<String> {
        check(&[Source::new(path, text)], readme)
    }

    #[test]
    fn app_that_the_readme_shows_is_accepted() {
        assert_eq!(
            told("examples/hello-axum/src/main.rs", APP, README),
            [""; 0]
        );
    }

    #[test]
    fn app_that_differs_from_the_readme_by_a_letter_is_refused() {
        let problems = told(
            "examples/hello-axum/src/main.rs",
            &APP.replace("b();", "c();"),
            README,
        );
        assert_eq!(
            problems,
            ["examples/hello-axum/src/main.rs: is not a block of README.md, line for line"]
        );
    }

    #[test]
    fn sixteenth_line_is_refused_and_blank_ones_do_not_count() {
        let app = |lines: usize| "a();\n\n".repeat(lines);
        let readme = |lines| format!("```rust,no_run\n{}```\n", app(lines));
        let path = "examples/hello-axum/src/main.rs";
        assert_eq!(told(path, &app(15), &readme(15)), [""; 0]);
        assert_eq!(
            told(path, &app(16), &readme(16)),
            ["examples/hello-axum/src/main.rs: has 16 lines, limit 15"]
        );
    }

    #[test]
    fn other_examples_are_not_in_the_readme() {
        assert_eq!(told("examples/tour-axum/src/main.rs", APP, ""), [""; 0]);
    }
}
