//! `cargo xtask codegen`: the pages that are written from the sources, and so cannot lie.
//!
//! `docs/security.md` comes from the attack catalogue and the tests that carry its ids, `docs/requirements.md`
//! from the rules of the specifications and the tests that prove them, `docs/errors.md` from the tables of error
//! codes. All are checked in; `--check` compares them with what would be written.

mod errors_page;

use std::fs;
use std::path::Path;

use crate::workspace::Workspace;
use crate::{catalogue, error_codes, requirements};

/// A page: its path from the root, and its text.
type Page = (&'static str, String);

/// What came of writing the pages.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The paths of the pages that were not current and are now.
    pub(crate) paths: Vec<&'static str>,
    /// Every problem of the sources, one line each; their pages stay as they are.
    pub(crate) problems: Vec<String>,
}

/// Writes the pages that are not current.
pub(crate) fn write(workspace: &Workspace) -> Written {
    let (pages, mut problems) = pages(&workspace.root);
    let mut paths = Vec::new();
    for (path, text) in pages {
        let file = workspace.root.join(path);
        if fs::read_to_string(&file).is_ok_and(|present| present == text) {
            continue;
        }
        match fs::write(&file, text) {
            Ok(()) => paths.push(path),
            Err(error) => problems.push(format!("{path}: {error}")),
        }
    }
    Written { paths, problems }
}

/// Checks that every page is what would be written.
///
/// # Errors
///
/// Every problem of the sources and every page that differs, one line each.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Vec<String>> {
    let (pages, mut problems) = pages(&workspace.root);
    let present = |path: &str| fs::read_to_string(workspace.root.join(path)).ok();
    problems.extend(outdated(&pages, present));
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// Renders every page, with the problems of those that cannot be.
fn pages(root: &Path) -> (Vec<Page>, Vec<String>) {
    let mut pages = Vec::new();
    let mut problems = Vec::new();
    let sources = match catalogue::collect(root) {
        Ok(sources) => sources,
        Err(error) => return (pages, vec![format!("sources: {error}")]),
    };
    for (path, page) in [
        ("docs/security.md", security(root, &sources)),
        ("docs/errors.md", errors(&sources)),
        ("docs/requirements.md", requirements(root, &sources)),
    ] {
        match page {
            Ok(text) => pages.push((path, text)),
            Err(why) => problems.extend(why.into_iter().map(|line| format!("{path}: {line}"))),
        }
    }
    (pages, problems)
}

fn security(root: &Path, sources: &[(String, String)]) -> Result<String, Vec<String>> {
    let name = "docs/attacks.toml";
    let attacks =
        fs::read_to_string(root.join(name)).map_err(|error| vec![format!("{name}: {error}")])?;
    catalogue::render(&attacks, sources)
}

fn requirements(root: &Path, sources: &[(String, String)]) -> Result<String, Vec<String>> {
    let read = |name: &str| {
        fs::read_to_string(root.join(name)).map_err(|error| vec![format!("{name}: {error}")])
    };
    let rows = read("docs/requirements.toml")?;
    requirements::render(root, &rows, &read("docs/attacks.toml")?, sources)
}

fn errors(sources: &[(String, String)]) -> Result<String, Vec<String>> {
    let library = sources
        .iter()
        .filter(|(path, _)| path.starts_with("crates/"));
    let files = library.map(|(path, text)| (path.as_str(), text.as_str()));
    let codes = error_codes::collect(files).map_err(|problem| vec![problem])?;
    errors_page::write(&codes)
}

fn outdated(pages: &[Page], present: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let differing = pages.iter().filter_map(|(path, text)| match present(path) {
        None => Some(format!("{path} is missing: run cargo xtask codegen")),
        Some(found) if found == *text => None,
        Some(found) => {
            let mut lines = found.lines().zip(text.lines());
            let same = lines.position(|(a, b)| a != b);
            let line = same.unwrap_or_else(|| found.lines().count().min(text.lines().count())) + 1;
            Some(format!(
                "{path}:{line} is not current: run cargo xtask codegen"
            ))
        }
    });
    differing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_that_differs_or_is_missing_is_told_with_its_line() {
        let pages: [Page; 4] = [
            ("a.md", "1\n2\n".to_owned()),
            ("b.md", "1\n2\n".to_owned()),
            ("c.md", "1\n2\n".to_owned()),
            ("d.md", "1\n".to_owned()),
        ];
        let present = |path: &str| match path {
            "b.md" => Some("1\n3\n".to_owned()),
            "a.md" | "d.md" => Some("1\n2\n".to_owned()),
            _ => None,
        };
        assert_eq!(
            outdated(&pages, present),
            [
                "b.md:2 is not current: run cargo xtask codegen",
                "c.md is missing: run cargo xtask codegen",
                "d.md:2 is not current: run cargo xtask codegen",
            ]
        );
    }
}
