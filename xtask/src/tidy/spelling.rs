//! What no text of the repository may hold: a path of one machine, a path that leads nowhere.

use std::path::Path;

use super::Tracked;
use crate::catalogue::mask::mask;

/// Folders that exist on one machine and not on the next.
const ONE_MACHINE: [&str; 6] = [
    "/root/",
    "/home/",
    "/Users/",
    "/work/",
    "/workspace/",
    "C:\\",
];

/// Files whose paths are what they are about.
const EXCUSED: [&str; 1] = ["xtask/src/tidy/spelling.rs"];

/// Checks every text of the repository at `root`.
pub(super) fn check(root: &Path, tracked: &[Tracked]) -> Vec<String> {
    let checkout = format!("{}/", root.display());
    let mut problems = Vec::new();
    for Tracked { path, text } in tracked {
        if EXCUSED.contains(&path.as_str()) {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            let places = ONE_MACHINE.into_iter().chain([checkout.as_str()]);
            for place in places.filter(|place| holds_path(line, place)) {
                problems.push(format!("{path}:{number}: {place} is a path of one machine"));
            }
        }
        problems.extend(dangling(path, text, &|target| root.join(target).exists()));
    }
    problems
}

/// Tells whether a line holds a path that begins so; a longer path with this in its middle is none.
fn holds_path(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + place.len()..].chars().next();
        !before.is_some_and(is_of_path) && after.is_some_and(is_of_path)
    })
}

fn is_of_path(c: char) -> bool {
    c.is_alphanumeric() || "._-/{}$*~:".contains(c)
}

/// Finds paths upwards, `../`, and links of Markdown that lead to nothing.
///
/// In a Rust source only comments count: a string may well hold an attacker's path.
fn dangling(path: &str, text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let is_markdown = path.ends_with(".md");
    let masked = path.ends_with(".rs").then(|| mask(text));
    let mut problems = Vec::new();
    for (number, line) in (1..).zip(masked.as_deref().unwrap_or(text).lines()) {
        let mut targets = upward(line);
        if is_markdown {
            targets.extend(links(line));
        }
        for target in targets {
            // From the file, or from the root, as prose likes to say it.
            let found = [parent(path), ""]
                .into_iter()
                .any(|from| resolve(from, target).is_some_and(|target| exists(&target)));
            if !found {
                problems.push(format!("{path}:{number}: {target} leads to nothing here"));
            }
        }
    }
    problems.dedup();
    problems
}

/// Returns each `../a/b` of a line.
fn upward(line: &str) -> Vec<&str> {
    let starts = line.match_indices("../").filter(|(at, _)| {
        let before = line[..*at].chars().next_back();
        !before.is_some_and(|c| is_of_path(c) && c != ':')
    });
    let targets = starts.map(|(at, _)| {
        let rest = &line[at..];
        let is_name = |c: char| c.is_alphanumeric() || "._-/".contains(c);
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        rest[..end].trim_end_matches('.')
    });
    targets
        .filter(|target| !target.trim_matches(['.', '/']).is_empty())
        .collect()
}

/// Returns the targets of a line's Markdown links that are files of this repository.
fn links(line: &str) -> Vec<&str> {
    let inside = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let files = inside.map(|target| target.split(['#', ' ']).next().unwrap_or(target));
    files
        .filter(|target| !target.is_empty() && !target.contains(':') && !target.starts_with('/'))
        .collect()
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Follows a relative path; returns none where it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> Vec<String> {
        let tracked = [Tracked {
            path: path.to_owned(),
            text: text.to_owned(),
        }];
        check(Path::new("/srv/build/checkout"), &tracked)
    }

    fn lost(path: &str, text: &str) -> Vec<String> {
        let there = ["docs/errors.md", "docs", "crates/core/src", "README.md"];
        dangling(path, text, &|target| there.contains(&target))
    }

    #[test]
    fn path_of_one_machine_is_refused() {
        for line in [
            "see /home/ada/notes",
            "(/work/x)",
            "`/root/.cargo`",
            "C:\\temp",
            "in /srv/build/checkout/target",
        ] {
            assert_eq!(told("docs/a.md", line).len(), 1, "{line}");
        }
        for line in [
            "https://a.example/home/b",
            "/homework/",
            "a/work/b",
            "redirects to /home",
        ] {
            assert_eq!(told("docs/a.md", line), [""; 0], "{line}");
        }
    }

    #[test]
    fn path_that_leaves_the_repository_or_leads_nowhere_is_refused() {
        assert_eq!(
            lost("README.md", "see ../elsewhere/design.md."),
            ["README.md:1: ../elsewhere/design.md leads to nothing here"]
        );
        assert_eq!(
            lost(
                "crates/core/src/a.rs",
                "// as in ../../../docs/missing.md\n"
            )
            .len(),
            1
        );
        assert_eq!(lost("docs/a.md", "[b](b.md)").len(), 1);
    }

    #[test]
    fn path_that_leads_somewhere_is_accepted() {
        for (path, text) in [
            (
                "docs/a.md",
                "[codes](errors.md#callback) and [web](https://a.example/x)",
            ),
            (
                "docs/a.md",
                "[here](#anchor), [root](../README.md), `docs/errors.md`",
            ),
            ("docs/security.md", "[`t`](../crates/core/src)"),
            ("crates/core/src/a.rs", "//! See ../../../docs/errors.md\n"),
        ] {
            assert_eq!(lost(path, text), [""; 0], "{text}");
        }
    }

    #[test]
    fn path_in_a_string_of_rust_may_be_an_attackers() {
        let text = "let attack = \"../../etc/passwd\";\n";
        assert_eq!(lost("crates/core/src/a.rs", text), [""; 0]);
    }
}
