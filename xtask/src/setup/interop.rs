//! The providers of the interop suite, from npm and from PyPI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Missing;
use crate::process::{find_program, run_logged};
use crate::workspace::{Workspace, shown};

/// The folders of the installed providers.
#[derive(Debug)]
pub(crate) struct Interop {
    /// The certified one, on Node.js.
    pub(crate) certified: Result<PathBuf, Missing>,
    /// The two in Python.
    pub(crate) python: Result<PathBuf, Missing>,
}

const NODE_FIX: &str = "install Node.js 20.20 or later with npm";
const NPM_FIX: &str = "cargo xtask interop, with the npm registry within reach";

/// The first version of Node.js on which the provider is known to run.
const NODE_AT_LEAST: (u32, u32) = (20, 20);

/// The files that make up the certified provider: what npm installs goes by, and then the program.
const CERTIFIED: Files = Files {
    packages: &["package.json", "package-lock.json", ".npmrc"],
    programs: &["server.mjs"],
};

/// The files that make up the providers in Python.
const PYTHON: Files = Files {
    packages: &["requirements.txt"],
    programs: &["canaille_server.py", "django_server.py", "django_site.py"],
};

const PYTHON_FIX: &str = "install Python 3.10 or later with the module venv (Debian: python3-venv), and run \
     cargo xtask interop with PyPI within reach";

/// The files of a provider.
struct Files {
    /// Those that say which packages it needs.
    packages: &'static [&'static str],
    /// Those that no installation goes by.
    programs: &'static [&'static str],
}

impl Interop {
    /// Finds the providers, or installs them below `target/interop`.
    pub(crate) fn prepare(workspace: &Workspace) -> Self {
        Self {
            certified: prepare_certified(workspace),
            python: prepare_python(workspace),
        }
    }

    /// Returns what cannot run.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &Missing> {
        let certified = self.certified.as_ref().err();
        certified.into_iter().chain(self.python.as_ref().err())
    }

    /// Tells the tests where the providers are.
    pub(crate) fn tell(&self, tests: &mut Command) {
        for (variable, folder) in [
            ("CODEGRANT_OIDC_PROVIDER", &self.certified),
            ("CODEGRANT_PYTHON_PROVIDERS", &self.python),
        ] {
            if let Ok(folder) = folder {
                tests.env(variable, folder);
            }
        }
    }
}

/// Finds the certified provider, or installs it into `target/interop/oidc-provider`.
fn prepare_certified(workspace: &Workspace) -> Result<PathBuf, Missing> {
    let missing = |why: String, fix| Missing {
        suite: "interop",
        why,
        fix,
    };
    let version = node_version().ok_or_else(|| missing("there is no Node.js".into(), NODE_FIX))?;
    if node_is_too_old(&version) {
        return Err(missing(format!("Node.js {version} is too old"), NODE_FIX));
    }
    if find_program("npm").is_none() {
        return Err(missing("there is no npm".into(), NODE_FIX));
    }
    let source = workspace.root.join("interop/oidc-provider");
    let folder = workspace.target.join("interop/oidc-provider");
    let unchanged = copy_changed(&CERTIFIED, &source, &folder)
        .map_err(|error| missing(format!("{}: {error}", folder.display()), NPM_FIX))?;
    let installed = folder.join("node_modules/.installed");
    if unchanged && installed.is_file() {
        return Ok(folder);
    }
    drop(fs::remove_file(&installed));
    println!(
        "set-up: installing the npm package oidc-provider into {}",
        shown(&workspace.root, &folder)
    );
    let log = workspace.log("setup-npm");
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--fetch-retries=1"])
        .current_dir(&folder);
    if !run_logged(&mut npm, &log).is_ok_and(|status| status.success()) {
        let log = shown(&workspace.root, &log);
        return Err(missing(format!("npm ci failed: {log}"), NPM_FIX));
    }
    // Written last, so that an installation that was broken off is made anew.
    fs::write(&installed, "")
        .map_err(|error| missing(format!("{}: {error}", installed.display()), NPM_FIX))?;
    Ok(folder)
}

/// Finds the two providers in Python, or installs them into `target/interop/python`.
fn prepare_python(workspace: &Workspace) -> Result<PathBuf, Missing> {
    let missing = |why: String| Missing {
        suite: "interop-python",
        why,
        fix: PYTHON_FIX,
    };
    let python = find_program("python3").ok_or_else(|| missing("there is no python3".into()))?;
    let source = workspace.root.join("interop/python");
    let folder = workspace.target.join("interop/python");
    let unchanged = copy_changed(&PYTHON, &source, &folder)
        .map_err(|error| missing(format!("{}: {error}", folder.display())))?;
    let environment = folder.join("venv");
    let installed = environment.join(".installed");
    if unchanged && installed.is_file() {
        return Ok(folder);
    }
    drop(fs::remove_file(&installed));
    println!(
        "set-up: installing the PyPI packages canaille and django-oauth-toolkit into {}",
        shown(&workspace.root, &folder)
    );
    let log = workspace.log("setup-python");
    let mut make = Command::new(python);
    make.args(["-m", "venv", "--clear"]).arg(&environment);
    let mut install = Command::new(environment.join("bin/python"));
    install
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        // Wheels alone: nothing is compiled, and no package's own script runs.
        .args(["--only-binary", ":all:", "--retries", "1"])
        .args(["--no-deps", "--requirement", "requirements.txt"])
        .current_dir(&folder);
    for (mut command, what) in [(make, "python3 -m venv"), (install, "pip install")] {
        if !run_logged(&mut command, &log).is_ok_and(|status| status.success()) {
            let log = shown(&workspace.root, &log);
            return Err(missing(format!("{what} failed: {log}")));
        }
    }
    // Written last, as above.
    fs::write(&installed, "")
        .map_err(|error| missing(format!("{}: {error}", installed.display())))?;
    Ok(folder)
}

/// Copies a provider's files. Returns whether those that an installation goes by were there already, byte for
/// byte.
fn copy_changed(files: &Files, source: &Path, folder: &Path) -> std::io::Result<bool> {
    fs::create_dir_all(folder)?;
    let mut unchanged = true;
    for file in files.packages.iter().chain(files.programs) {
        let wanted = fs::read(source.join(file))?;
        if fs::read(folder.join(file)).is_ok_and(|present| present == wanted) {
            continue;
        }
        fs::write(folder.join(file), wanted)?;
        unchanged &= files.programs.contains(file);
    }
    Ok(unchanged)
}

fn node_version() -> Option<String> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().trim_start_matches('v').to_owned())
}

/// Tells whether a version is below the first that works; one that cannot be read is tried.
fn node_is_too_old(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < NODE_AT_LEAST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_below_the_first_version_that_works_is_too_old() {
        for (version, too_old) in [
            ("18.20.4", true),
            ("20.19.9", true),
            ("20.20.0", false),
            ("22.1.0", false),
            ("nightly", false),
        ] {
            assert_eq!(node_is_too_old(version), too_old, "{version}");
        }
    }

    #[test]
    fn changed_lock_file_asks_for_an_installation_and_a_changed_program_does_not() {
        let base = std::env::temp_dir().join(format!("xtask-copy-{}", std::process::id()));
        let (source, folder) = (base.join("a"), base.join("b"));
        fs::create_dir_all(&source).unwrap();
        for file in CERTIFIED.packages.iter().chain(CERTIFIED.programs) {
            fs::write(source.join(file), "1").unwrap();
        }
        let copy = || copy_changed(&CERTIFIED, &source, &folder).unwrap();
        assert!(!copy());
        assert!(copy());
        fs::write(source.join("server.mjs"), "2").unwrap();
        assert!(copy());
        assert_eq!(fs::read(folder.join("server.mjs")).unwrap(), b"2");
        fs::write(source.join("package-lock.json"), "2").unwrap();
        assert!(!copy());
        fs::remove_dir_all(&base).unwrap();
    }
}
