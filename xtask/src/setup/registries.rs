//! Programs whose packages come from npm or from PyPI, installed below `target`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Missing;
use crate::process::{find_program, run_logged};
use crate::workspace::{Workspace, shown};

const NODE_FIX: &str = "install Node.js 20.20 or later with npm";

/// The first version of Node.js on which the programs are known to run.
const NODE_AT_LEAST: (u32, u32) = (20, 20);

/// Programs of this repository that need packages from elsewhere.
pub(super) struct Programs {
    /// What cannot run without them.
    pub(super) suite: &'static str,
    /// Their folder, below the root of the workspace.
    pub(super) source: &'static str,
    /// Where they are installed, below `target`.
    pub(super) folder: &'static str,
    /// The packages, for people.
    pub(super) what: &'static str,
    /// The files that say which packages these are.
    pub(super) packages: &'static [&'static str],
    /// The files that no installation goes by.
    pub(super) programs: &'static [&'static str],
    /// What to do when the installation fails.
    pub(super) fix: &'static str,
}

impl Programs {
    /// Finds what was installed from npm, or installs it. Returns its folder.
    pub(super) fn install_with_npm(&self, workspace: &Workspace) -> Result<PathBuf, Missing> {
        let no_node = |why: String| Missing {
            fix: NODE_FIX,
            ..self.missing(why)
        };
        let version = node_version().ok_or_else(|| no_node("there is no Node.js".into()))?;
        if node_is_too_old(&version) {
            return Err(no_node(format!("Node.js {version} is too old")));
        }
        if find_program("npm").is_none() {
            return Err(no_node("there is no npm".into()));
        }
        self.install(workspace, "node_modules", |folder| {
            let mut npm = Command::new("npm");
            npm.args(["ci", "--no-audit", "--no-fund", "--fetch-retries=1"])
                .current_dir(folder);
            vec![(npm, "npm ci")]
        })
    }

    /// Finds what was installed from PyPI, or installs it into the virtual environment `venv`. Returns the folder.
    pub(super) fn install_with_pip(&self, workspace: &Workspace) -> Result<PathBuf, Missing> {
        let python = find_program("python3");
        let python = python.ok_or_else(|| self.missing("there is no python3".into()))?;
        self.install(workspace, "venv", |folder| {
            let environment = folder.join("venv");
            let mut make = Command::new(python);
            make.args(["-m", "venv", "--clear"]).arg(&environment);
            let mut install = Command::new(environment.join("bin/python"));
            install
                .args(["-m", "pip", "install", "--disable-pip-version-check"])
                // Wheels alone: nothing is compiled, and no package's own script runs.
                .args(["--only-binary", ":all:", "--retries", "1"])
                .args(["--no-deps", "--requirement", "requirements.txt"])
                .current_dir(folder);
            vec![(make, "python3 -m venv"), (install, "pip install")]
        })
    }

    /// Runs the commands that install, unless their work is there already; it is in the folder `made`.
    fn install(
        &self,
        workspace: &Workspace,
        made: &str,
        commands: impl FnOnce(&Path) -> Vec<(Command, &'static str)>,
    ) -> Result<PathBuf, Missing> {
        let source = workspace.root.join(self.source);
        let folder = workspace.target.join(self.folder);
        let unchanged = self
            .copy_changed(&source, &folder)
            .map_err(|error| self.missing(format!("{}: {error}", folder.display())))?;
        let installed = folder.join(made).join(".installed");
        if unchanged && installed.is_file() {
            return Ok(folder);
        }
        drop(fs::remove_file(&installed));
        println!(
            "set-up: installing {} into {}",
            self.what,
            shown(&workspace.root, &folder)
        );
        let log = workspace.log(&format!("setup-{}", self.suite));
        for (mut command, name) in commands(&folder) {
            if !run_logged(&mut command, &log).is_ok_and(|status| status.success()) {
                let log = shown(&workspace.root, &log);
                return Err(self.missing(format!("{name} failed: {log}")));
            }
        }
        // Written last, so that an installation that was broken off is made anew.
        fs::write(&installed, "")
            .map_err(|error| self.missing(format!("{}: {error}", installed.display())))?;
        Ok(folder)
    }

    /// Copies the files. Returns whether those that an installation goes by were there already, byte for byte.
    fn copy_changed(&self, source: &Path, folder: &Path) -> std::io::Result<bool> {
        fs::create_dir_all(folder)?;
        let mut unchanged = true;
        for file in self.packages.iter().chain(self.programs) {
            let wanted = fs::read(source.join(file))?;
            if fs::read(folder.join(file)).is_ok_and(|present| present == wanted) {
                continue;
            }
            fs::write(folder.join(file), wanted)?;
            unchanged &= self.programs.contains(file);
        }
        Ok(unchanged)
    }

    fn missing(&self, why: String) -> Missing {
        Missing {
            suite: self.suite,
            why,
            fix: self.fix,
        }
    }
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

    const SOME: Programs = Programs {
        suite: "some",
        source: "some",
        folder: "some",
        what: "a package",
        packages: &["package.json", "package-lock.json"],
        programs: &["server.mjs"],
        fix: "try again",
    };

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
        for file in SOME.packages.iter().chain(SOME.programs) {
            fs::write(source.join(file), "1").unwrap();
        }
        let copy = || SOME.copy_changed(&source, &folder).unwrap();
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
