//! Programs that xtask starts, and the promise that none of them outlives it.
//!
//! Each program leads a process group of its own, so that what it starts in turn (a test binary, a
//! driver, a browser) can be ended with it: when its owner is dropped, and on Ctrl-C.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

/// The groups that are alive.
static GROUPS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// A program under way. Dropping it ends its whole process group.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Starts a program as the leader of a new process group, without standard input.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        command.stdin(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        // The lock is held over the start, so that a signal finds every group that exists.
        let mut groups = groups();
        let child = command.spawn()?;
        groups.insert(child.id());
        Ok(Self { child })
    }

    /// Waits until the program ends by itself; whatever it left running ends with it.
    pub(crate) fn wait(mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Takes the program's standard output, if it was piped.
    pub(crate) fn take_output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Returns how the program ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended().is_none() {
            signal_group(self.child.id(), "TERM");
            let deadline = Instant::now() + GRACE;
            while self.ended().is_none() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        // Also after a good end: a program may have left something of its own behind.
        signal_group(self.child.id(), "KILL");
        // On a system without process groups this is what ends it; elsewhere it only reaps.
        drop(self.child.kill());
        drop(self.child.wait());
        groups().remove(&self.child.id());
    }
}

/// Runs a program to its end with both its outputs in the file `log`, which is made anew.
///
/// # Errors
///
/// The log cannot be written, or the program cannot be started.
pub(crate) fn run_logged(command: &mut Command, log: &Path) -> io::Result<ExitStatus> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = File::create(log)?;
    command.stdout(file.try_clone()?).stderr(file);
    Running::start(command)?.wait()
}

/// Returns `cargo`, without the variables that only concern the package being run.
pub(crate) fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command.current_dir(root);
    command
}

/// Finds a program on the search path.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    find_in(std::env::var_os("PATH")?.as_os_str(), name)
}

/// Returns a folder for what programs leave behind, gone when xtask ends in whatever way.
///
/// # Errors
///
/// The folder cannot be made.
pub(crate) fn temporary() -> io::Result<Temporary> {
    let folder = temporary_path();
    std::fs::create_dir_all(&folder)?;
    Ok(Temporary(folder))
}

/// A folder that is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

// Short, because a browser puts sockets into it, whose paths have a limit of 108 bytes.
fn temporary_path() -> PathBuf {
    std::env::temp_dir().join(format!("codegrant-{}", std::process::id()))
}

/// Ends every program on Ctrl-C, `kill` and a closed terminal, tidies up, and exits.
///
/// # Errors
///
/// The system refuses to deliver signals.
#[cfg(unix)]
pub(crate) fn end_all_on_signal() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // The lock is never given back: from here on no program is started.
            let groups = groups();
            groups.iter().for_each(|&group| signal_group(group, "TERM"));
            std::thread::sleep(Duration::from_millis(300));
            groups.iter().for_each(|&group| signal_group(group, "KILL"));
            drop(std::fs::remove_dir_all(temporary_path()));
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

/// Leaves Ctrl-C to the console, which tells every program of it.
#[cfg(not(unix))]
pub(crate) fn end_all_on_signal() -> io::Result<()> {
    Ok(())
}

fn groups() -> MutexGuard<'static, BTreeSet<u32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends a signal to a process group, if it still exists.
#[cfg(unix)]
fn signal_group(leader: u32, signal: &str) {
    // The shell's own `kill`, because the standard library cannot signal a group without `unsafe`.
    let status = Command::new("sh")
        .args(["-c", "kill -s \"$1\" -- \"-$0\""])
        .args([leader.to_string().as_str(), signal])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    drop(status);
}

#[cfg(not(unix))]
fn signal_group(_leader: u32, _signal: &str) {}

fn find_in(path: &OsStr, name: &str) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_is_found_on_the_search_path_only() {
        let path = OsStr::new("/nowhere:/bin:/usr/bin");
        assert!(find_in(path, "sh").is_some());
        assert_eq!(find_in(path, "no-such-program-anywhere"), None);
        assert_eq!(find_in(OsStr::new("/nowhere"), "sh"), None);
    }

    #[test]
    fn log_holds_both_outputs_and_the_status_is_returned() {
        let log = std::env::temp_dir().join(format!("xtask-log-{}", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let status = run_logged(&mut command, &log).unwrap();
        let text = std::fs::read_to_string(&log).unwrap();
        std::fs::remove_file(&log).unwrap();
        assert_eq!((status.code(), text.as_str()), (Some(3), "out\nerr\n"));
    }

    #[cfg(unix)]
    #[test]
    fn what_a_program_started_ends_with_it() {
        use std::io::{BufRead as _, BufReader, Read as _};

        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 600 & echo started; wait"])
            .stdout(Stdio::piped());
        let mut running = Running::start(&mut command).unwrap();
        let mut out = BufReader::new(running.take_output().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert_eq!(line, "started\n");
        drop(running);
        // Both held the pipe open; it ends when the last of them is gone.
        assert_eq!(out.read_to_string(&mut line).unwrap(), 0);
    }
}
