//! The hello apps: short, and the same in the README as in the example that compiles.
//!
//! The README shows `examples/hello-X` as the first block of Rust below a heading that holds the word X,
//! however it is written: `### Axum`, `### With Actix-web`.

use super::source::Source;

/// How many lines with something on them a hello app may have.
const LINES: usize = 15;

/// Checks each `examples/hello-*` against the README.
pub(super) fn check(sources: &[Source], readme: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for Source { path, text, .. } in sources {
        let Some(framework) = framework(path) else {
            continue;
        };
        let app = without_head(text);
        let lines = app.lines().filter(|line| !line.trim().is_empty()).count();
        if lines > LINES {
            problems.push(format!("{path}: has {lines} lines, limit {LINES}"));
        }
        match first_block_below(readme, framework) {
            None => problems.push(format!(
                "{path}: README.md has no block of Rust below a heading with {framework} in it"
            )),
            Some(block) if block.trim() == app.trim() => {}
            Some(_) => problems.push(format!(
                "{path}: is not the block of README.md below the heading with {framework} in it, line for line"
            )),
        }
    }
    problems
}

/// Returns the framework whose hello app this file is.
fn framework(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("examples/hello-")?;
    rest.strip_suffix("/src/main.rs")
}

/// Leaves out the lines that say what the file is for.
fn without_head(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.starts_with("//!"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the inside of the first block of Rust below a heading that holds a word.
fn first_block_below(markdown: &str, word: &str) -> Option<String> {
    let mut is_below = false;
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let inside = lines.by_ref().take_while(|line| line.trim_end() != "```");
            let inside: Vec<&str> = inside.collect();
            if is_below && line.starts_with("```rust") {
                return Some(inside.join("\n"));
            }
        } else if line.starts_with('#') {
            is_below = line.to_ascii_lowercase().contains(word);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "//! Hello.\n\nuse a::b;\n\nfn main() {\n    b();\n}\n";
    const BLOCK: &str = "```rust\nuse a::b;\n\nfn main() {\n    b();\n}\n```\n";
    const PATH: &str = "examples/hello-axum/src/main.rs";

    fn told(path: &str, text: &str, readme: &str) -> Vec<String> {
        check(&[Source::new(path, text)], readme)
    }

    #[test]
    fn app_that_the_readme_shows_is_accepted() {
        for heading in ["# Hello, Axum", "### axum", "## Axum and others\n\nText."] {
            let readme = format!("# A\n\n{heading}\n\n{BLOCK}\nText.\n");
            assert_eq!(told(PATH, APP, &readme), [""; 0], "{heading}");
        }
    }

    #[test]
    fn app_that_differs_from_the_readme_by_a_letter_is_refused() {
        let readme = format!("## Axum\n{BLOCK}");
        assert_eq!(
            told(PATH, &APP.replace("b();", "c();"), &readme),
            [format!(
                "{PATH}: is not the block of README.md below the heading with axum in it, line for line"
            )]
        );
    }

    #[test]
    fn app_of_one_framework_is_not_shown_as_that_of_another() {
        let other = "```rust\nfn main() {}\n```\n";
        for readme in [
            format!("## Rocket\n{BLOCK}"),
            format!("## Axum\n{other}{BLOCK}"),
            format!("## Axum\n## Rocket\n{BLOCK}"),
            format!("```sh\n# axum\n```\n{BLOCK}"),
        ] {
            assert_eq!(told(PATH, APP, &readme).len(), 1, "{readme}");
        }
        let both = format!("## Axum\n{BLOCK}## Rocket\n{other}");
        assert_eq!(told(PATH, APP, &both), [""; 0]);
        let rocket = "examples/hello-rocket/src/main.rs";
        assert_eq!(told(rocket, "fn main() {}\n", &both), [""; 0]);
    }

    #[test]
    fn sixteenth_line_is_refused_and_blank_ones_do_not_count() {
        let app = |lines: usize| "a();\n\n".repeat(lines);
        let readme = |lines| format!("# Axum\n```rust,no_run\n{}```\n", app(lines));
        assert_eq!(told(PATH, &app(15), &readme(15)), [""; 0]);
        assert_eq!(
            told(PATH, &app(16), &readme(16)),
            [format!("{PATH}: has 16 lines, limit 15")]
        );
    }

    #[test]
    fn other_examples_are_not_in_the_readme() {
        assert_eq!(told("examples/tour-axum/src/main.rs", APP, ""), [""; 0]);
    }
}
