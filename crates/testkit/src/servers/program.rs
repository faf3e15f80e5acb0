//! Where the programs of a server are, and folders that are made once and copied.

use std::ffi::OsString;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::programs::directory::Directory;
use crate::programs::must;
use crate::programs::process::Process;

/// Where servers are that are not in everybody's `PATH`.
const SYSTEM: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/usr/bin"];

/// Finds a program in the folder that a variable names, or in `PATH`, or where Debian has it.
pub(super) fn find(variable: &str, name: &str) -> Result<PathBuf, String> {
    let is_there = |folder: PathBuf| Some(folder.join(name)).filter(|path| path.is_file());
    if let Some(folder) = std::env::var_os(variable) {
        let folder = PathBuf::from(folder);
        // A system's own packages spread a product over two folders.
        let beside = |other| folder.parent().map(|above| above.join(other));
        let mut folders = [Some(folder.clone()), beside("bin"), beside("sbin")].into_iter();
        let found = folders.find_map(|folder| is_there(folder?));
        return found.ok_or_else(|| format!("{variable} names a folder without {name}"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain(SYSTEM.map(PathBuf::from));
    let found = folders.find_map(is_there);
    found.ok_or_else(|| format!("{name} is not installed, and {variable} is not set"))
}

/// Runs a program to its end, and fails the test with what it said when it fails.
pub(super) fn run(words: &[OsString]) {
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    let name = words[0].to_string_lossy();
    let output = must(&name, command.output());
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{words:?} failed:\n{said}");
}

/// Tells whether root runs this, whom PostgreSQL refuses.
pub(super) fn is_root() -> bool {
    number("id", &["-u"]) == Some(0)
}

/// Gives a folder to a user.
pub(super) fn give(folder: &Path, user: &str) {
    let (owner, group) = (number("id", &["-u", user]), number("id", &["-g", user]));
    must("chown", chown(folder, owner, group));
}

fn number(program: &str, arguments: &[&str]) -> Option<u32> {
    let output = Command::new(program).args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// A folder that is made once in a process, and copied for each server.
pub(super) struct Template {
    folder: Directory,
    /// Statics are not dropped: this removes the folder when the process ends in whatever way.
    _watch: Process,
}

impl Template {
    /// Makes one.
    pub(super) fn new(make: impl FnOnce(&Path)) -> Self {
        let folder = Directory::new();
        let words = ["sleep", "infinity"].map(OsString::from);
        let watch = Process::start_with_folder(&words, folder.path());
        make(folder.path());
        Self {
            folder,
            _watch: watch,
        }
    }

    /// Copies it, owners and all, into a new folder.
    pub(super) fn copy(&self) -> Directory {
        let copy = Directory::new();
        let from = self.folder.path().join(".").into_os_string();
        let to = copy.path().as_os_str().to_owned();
        run(&["cp".into(), "-Rp".into(), from, to]);
        copy
    }
}
