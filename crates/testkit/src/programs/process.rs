//! Programs that a suite starts, and the promise that none of them outlives it.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{PATIENCE, must};

/// Runs a program until its standard input ends, and then kills it.
///
/// The suite holds the other end of that pipe, so that the program ends also when the suite is killed and
/// runs no destructor. Ctrl-C in a terminal reaches this shell too, which must live on to do its work.
const UNTIL_INPUT_ENDS: &str = r#"trap "" INT
"$@" &
child=$!
exec >&- 2>&-
read -r _
kill -KILL "$child"
# The exit code of the program, which may have ended before.
wait "$child""#;

/// Runs a program like [`UNTIL_INPUT_ENDS`] and removes its folder at the end, unless it is told otherwise.
///
/// The program's own processes are killed with it: without PostgreSQL's, its folder would not be free yet.
#[cfg(all(unix, feature = "servers"))]
const WITH_ITS_FOLDER: &str = r#"trap "" INT
folder=$1
shift
"$@" &
child=$!
trap "" HUP TERM
echo "watching $child"
exec >/dev/null 2>&1
if read -r _; then
    # It was told to end, or was killed, and is started again.
    wait "$child"
    exit
fi
kill -s KILL "$child" $(pgrep -P "$child")
wait "$child"
rm -rf -- "$folder" || rm -rf -- "$folder""#;

/// Sends a signal to a process and to those that it started.
#[cfg(all(unix, feature = "servers"))]
const SIGNAL_ALL: &str = r#"kill -s "$1" "$2" $(pgrep -P "$2")"#;

/// A program under way; dropping it ends it.
pub(crate) struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    said: Arc<Said>,
}

/// What a program has written so far.
#[derive(Default)]
struct Said {
    text: Mutex<Text>,
    more: Condvar,
}

#[derive(Default)]
struct Text {
    output: String,
    errors: String,
    /// How many of the two have ended.
    ended: u8,
}

/// Which of its two outputs a program wrote to.
#[derive(Clone, Copy)]
enum Stream {
    Output,
    Errors,
}

/// Whom a signal goes to.
#[cfg(all(unix, feature = "servers"))]
#[derive(Clone, Copy)]
pub(crate) enum Reach {
    /// The program alone.
    First,
    /// The program and the processes that it started.
    All,
}

impl Process {
    /// Starts any program.
    pub(crate) fn start(program: impl Into<OsString>, arguments: &[String]) -> Self {
        Self::start_with(program, arguments, &[])
    }

    /// Starts a program with this directory as its user's home and for temporary files.
    pub(crate) fn start_at_home(
        program: impl Into<OsString>,
        arguments: &[String],
        home: &Path,
    ) -> Self {
        let variables = ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"];
        let variables = variables.map(|variable| (variable, home.as_os_str()));
        Self::start_with(program, arguments, &variables)
    }

    /// Starts a program with these in its environment.
    pub(crate) fn start_with(
        program: impl Into<OsString>,
        arguments: &[String],
        variables: &[(&str, &OsStr)],
    ) -> Self {
        let program = program.into();
        let mut command = Command::new("sh");
        command
            .envs(variables.iter().copied())
            .args(["-c", UNTIL_INPUT_ENDS, "sh"])
            .arg(&program)
            .args(arguments);
        Self::spawn(program.to_string_lossy().into_owned(), command)
    }

    /// Starts a program that ends by itself when its standard input does.
    pub(crate) fn start_listening(program: impl Into<OsString>, arguments: &[String]) -> Self {
        let program = program.into();
        let mut command = Command::new(&program);
        command.args(arguments);
        Self::spawn(program.to_string_lossy().into_owned(), command)
    }

    /// Starts a program that owns a folder, which goes with it also when the test is killed.
    #[cfg(all(unix, feature = "servers"))]
    pub(crate) fn start_with_folder(words: &[OsString], folder: &Path) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", WITH_ITS_FOLDER, "sh"])
            .arg(folder)
            .args(words);
        // Messages are read, so they come in English.
        command.env("LC_ALL", "C");
        Self::spawn(words[0].to_string_lossy().into_owned(), command)
    }

    /// Sends a signal to a program that was started with its folder, and to its children.
    #[cfg(all(unix, feature = "servers"))]
    pub(crate) fn signal(&self, signal: &str, reach: Reach) {
        let watched = |line: &str| line.strip_prefix("watching ").map(str::to_owned);
        let id = self.wait_for_output(watched);
        let mut command = Command::new("sh");
        match reach {
            Reach::All => command.args(["-c", SIGNAL_ALL, "sh", signal, &id]),
            Reach::First => command.args(["-c", r#"kill -s "$1" "$2""#, "sh", signal, &id]),
        };
        let status = must(&self.name, command.stderr(Stdio::null()).status());
        // One of the children may have ended between being found and being reached.
        assert!(
            status.success() || matches!(reach, Reach::All),
            "{}: no {signal}",
            self.name
        );
    }

    /// Waits for the end of a program that was signalled to end, and leaves its folder where it is.
    #[cfg(all(unix, feature = "servers"))]
    pub(crate) fn wait_and_keep_folder(&mut self) {
        if let Some(mut input) = self.input.take() {
            must(&self.name, std::io::Write::write_all(&mut input, b"keep\n"));
        }
        must(&self.name, self.child.wait());
    }

    fn spawn(name: String, mut command: Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = must(&name, command.spawn());
        let said = Arc::<Said>::default();
        if let Some(output) = child.stdout.take() {
            follow(output, Stream::Output, said.clone());
        }
        if let Some(errors) = child.stderr.take() {
            follow(errors, Stream::Errors, said.clone());
        }
        let input = child.stdin.take();
        Self {
            name,
            child,
            input,
            said,
        }
    }

    /// Waits for a line of its standard output and returns what `read` makes of it.
    pub(crate) fn wait_for_output<T>(&self, read: impl Fn(&str) -> Option<T>) -> T {
        self.try_wait_for_output(read)
            .unwrap_or_else(|why| panic!("{why}"))
    }

    /// Waits like [`Process::wait_for_output`].
    ///
    /// # Errors
    ///
    /// What it wrote in place of that line.
    pub(crate) fn try_wait_for_output<T>(
        &self,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, String> {
        self.try_wait("its ready line", PATIENCE, |text| {
            text.output.lines().find_map(&read)
        })
    }

    /// Waits for a line on its standard error that holds all these words, and returns it.
    pub(crate) fn wait_for_error_line(&self, words: &[&str]) -> String {
        self.find_error_line(words, PATIENCE)
            .unwrap_or_else(|why| panic!("{why}"))
    }

    /// Waits like [`Process::wait_for_error_line`], but only so long.
    ///
    /// # Errors
    ///
    /// What it wrote in place of that line.
    pub(crate) fn find_error_line(
        &self,
        words: &[&str],
        patience: Duration,
    ) -> Result<String, String> {
        let fits = |line: &&str| words.iter().all(|word| line.contains(word));
        let what = format!("a line with {words:?} on standard error");
        self.try_wait(&what, patience, |text| {
            text.errors.lines().find(fits).map(str::to_owned)
        })
    }

    /// Waits for a line with these words, on whichever of its outputs.
    ///
    /// # Errors
    ///
    /// What it wrote in place of that line.
    #[cfg(all(unix, feature = "servers"))]
    pub(crate) fn try_wait_for_line(&self, words: &str) -> Result<(), String> {
        self.try_wait(&format!("{words:?}"), PATIENCE, |text| {
            let said = text.output.contains(words) || text.errors.contains(words);
            said.then_some(())
        })
    }

    /// Returns everything that it has written so far, standard error last.
    pub(crate) fn said(&self) -> String {
        let text = self.said.lock();
        format!("{}{}", text.output, text.errors)
    }

    /// Returns what it has written to its standard output so far.
    pub(crate) fn output(&self) -> String {
        self.said.lock().output.clone()
    }

    /// Ends it, and returns when it has ended.
    pub(crate) fn end(&mut self) {
        drop(self.input.take());
        let _ended = self.child.wait();
    }

    /// Waits until it has ended by itself, and returns its exit code.
    pub(crate) fn wait_for_end(&mut self) -> Option<i32> {
        self.wait("end", |text| (text.ended == 2).then_some(()));
        drop(self.input.take());
        must(&self.name, self.child.wait()).code()
    }

    fn wait<T>(&self, what: &str, read: impl Fn(&Text) -> Option<T>) -> T {
        self.try_wait(what, PATIENCE, read)
            .unwrap_or_else(|why| panic!("{why}"))
    }

    fn try_wait<T>(
        &self,
        what: &str,
        patience: Duration,
        read: impl Fn(&Text) -> Option<T>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + patience;
        let mut text = self.said.lock();
        loop {
            if let Some(found) = read(&text) {
                return Ok(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || text.ended == 2 {
                let ended = if text.ended == 2 {
                    "it ended"
                } else {
                    "time is up"
                };
                let Text { output, errors, .. } = &*text;
                return Err(format!(
                    "{}: no {what}, and {ended}\n{output}{errors}",
                    self.name
                ));
            }
            let waited = self.said.more.wait_timeout(text, left);
            text = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

impl Said {
    fn lock(&self) -> MutexGuard<'_, Text> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Collects whole lines as they come, on a thread that ends with the pipe.
fn follow(pipe: impl Read + Send + 'static, stream: Stream, said: Arc<Said>) {
    std::thread::spawn(move || {
        let mut lines = BufReader::new(pipe);
        let mut line = Vec::new();
        while lines
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            let mut text = said.lock();
            let shown = String::from_utf8_lossy(&line);
            match stream {
                Stream::Output => text.output.push_str(&shown),
                Stream::Errors => text.errors.push_str(&shown),
            }
            line.clear();
            said.more.notify_all();
        }
        said.lock().ended += 1;
        said.more.notify_all();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        Process::start("sh", &["-c".to_owned(), script.to_owned()])
    }

    #[test]
    fn a_line_is_waited_for_and_read() {
        let process = shell("echo noise; echo ready 7; echo trouble here >&2; exec sleep 600");
        let seven = process.wait_for_output(|line| line.strip_prefix("ready ").map(str::to_owned));
        assert_eq!(seven, "7");
        assert_eq!(
            process.wait_for_error_line(&["trouble", "here"]),
            "trouble here"
        );
    }

    #[test]
    #[should_panic(expected = "it ended")]
    fn a_program_that_ends_too_soon_is_not_waited_for() {
        shell("echo some other line").wait_for_output(|line| (line == "ready").then_some(()));
    }

    #[test]
    fn a_program_that_ends_by_itself_has_an_exit_code() {
        let mut process = shell("echo said; exit 7");
        assert_eq!(process.wait_for_end(), Some(7));
        assert_eq!(process.output(), "said\n");
    }

    #[test]
    fn a_dropped_program_is_dead() {
        let process = shell("echo $$; exec sleep 600");
        let id = process.wait_for_output(|line| line.parse::<u32>().ok());
        let alive = || Path::new(&format!("/proc/{id}/cmdline")).exists();
        let had_proc = alive();
        drop(process);
        assert_eq!((had_proc, alive()), (cfg!(target_os = "linux"), false));
    }
}
