//! `cargo xtask tidy`: the rules of the house that no compiler knows, each a function with a test.

mod arrows;
mod dependencies;
mod errors;
mod files;
mod hello;
mod imports;
mod licence;
pub(crate) mod source;
mod spelling;
mod tree;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::catalogue;
use crate::workspace::Workspace;
use source::Source;

/// What the rules have to say.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What breaks a rule, one line each.
    pub(crate) problems: Vec<String>,
    /// What a reader should know all the same.
    pub(crate) notes: Vec<String>,
}

/// A file that belongs to the repository, and is text.
#[derive(Debug)]
pub(crate) struct Tracked {
    /// Its path from the root, with `/` between the parts.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

/// Checks the repository against every rule.
pub(crate) fn check(workspace: &Workspace) -> Report {
    let mut report = Report::default();
    if let Err(problem) = check_all(workspace, &mut report) {
        report.problems.push(problem);
    }
    report.problems.sort();
    report.problems.dedup();
    report
}

fn check_all(workspace: &Workspace, report: &mut Report) -> Result<(), String> {
    let root = &workspace.root;
    let files = catalogue::collect(root).map_err(|error| format!("sources: {error}"))?;
    let sources = Source::all(&files);
    let tracked = tracked(root)?;
    let readme = fs::read_to_string(root.join("README.md")).unwrap_or_default();
    let problems = &mut report.problems;

    problems.extend(arrows::check(&workspace.packages));
    problems.extend(imports::check(&sources));
    problems.extend(hello::check(&sources, &readme));
    problems.extend(files::check(&sources));
    problems.extend(errors::check(&sources));
    problems.extend(spelling::check(root, &tracked));
    problems.extend(dependencies::descriptions(&workspace.packages));

    let policy = read(root, "deny.toml")?;
    let policy = dependencies::Policy::parse(&policy)?;
    problems.extend(dependencies::sources(&read(root, "Cargo.lock")?, &policy)?);
    let tree = tree::read(root)?;
    problems.extend(dependencies::bans(&tree, &policy));
    problems.extend(dependencies::licences(&tree, &policy));
    report.notes.extend(dependencies::duplicates(&tree));
    dependencies::advisories(root, report);
    Ok(())
}

fn read(root: &Path, name: &str) -> Result<String, String> {
    fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"))
}

/// Reads every text file that is, or could be, part of the repository.
fn tracked(root: &Path) -> Result<Vec<Tracked>, String> {
    let output = Command::new("git")
        .current_dir(root)
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .output()
        .map_err(|error| format!("git ls-files: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("git ls-files: {}", said.trim()));
    }
    let names = String::from_utf8_lossy(&output.stdout);
    let names = names.split('\0').filter(|name| !name.is_empty());
    let readable = names.filter_map(|path| {
        // What was deleted and not yet committed is still listed, and a picture is not text.
        let text = String::from_utf8(fs::read(root.join(path)).ok()?).ok()?;
        let path = path.to_owned();
        Some(Tracked { path, text })
    });
    Ok(readable.collect())
}
