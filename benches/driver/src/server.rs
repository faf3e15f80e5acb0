//! A peer as a process: started on a core of its own, counted by the operating system's books, ended when dropped.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::callgrind::Callgrind;
use crate::manifest::{Kind, Peer};
use crate::stub::{CLIENT_ID, CLIENT_SECRET, Stub};

/// Where servers run; the load and the provider run on [`DRIVER_CORE`].
pub const SERVER_CORE: usize = 0;
/// Where this program runs.
pub const DRIVER_CORE: usize = 1;

const START_WITHIN: Duration = Duration::from_secs(20);

/// Where things are: the manifest's folder, the one with the built programs, and those of other languages by kind.
#[derive(Debug, Clone)]
pub struct Places {
    pub folder: PathBuf,
    pub programs: PathBuf,
    pub installed: BTreeMap<&'static str, PathBuf>,
    /// The packages and kinds that are not there, and why.
    pub missing: BTreeMap<String, String>,
}

impl Places {
    /// Returns why a peer cannot run, where that is known beforehand.
    fn missing<'a>(&'a self, peer: &'a Peer) -> Option<&'a String> {
        let package = peer.package.as_ref();
        let missing = package.and_then(|package| self.missing.get(package));
        let missing = missing.or_else(|| self.missing.get(peer.kind.name()));
        peer.missing.as_ref().or(missing)
    }

    /// Returns the folder in which a peer runs.
    fn folder_of(&self, peer: &Peer) -> Result<&Path, String> {
        match peer.kind {
            Kind::Rust => Ok(&self.folder),
            kind => {
                let name = kind.name();
                let installed = self.installed.get(name).map(PathBuf::as_path);
                installed.ok_or(format!(
                    "its packages are not installed: no --{name} FOLDER"
                ))
            }
        }
    }
}

/// A peer that runs.
#[derive(Debug)]
pub struct Server {
    pub peer: Peer,
    pub port: u16,
    child: Child,
    log: PathBuf,
    /// What counts its instructions, where something does.
    callgrind: Option<Callgrind>,
}

/// What the processes of a server have used so far.
#[derive(Debug)]
pub struct Used {
    /// Nanoseconds of each thread.
    threads: BTreeMap<(i32, i32), u64>,
    /// Nanoseconds of all threads, those that have ended as well, to a hundredth of a second.
    coarse: u64,
    /// Instructions of all threads, where callgrind counts them.
    instructions: Option<u64>,
}

impl Used {
    /// Returns the instructions since then, where they are counted.
    pub fn instructions_since(&self, before: &Self) -> Option<u64> {
        Some(self.instructions? - before.instructions?)
    }

    /// Returns the nanoseconds since then.
    pub fn since(&self, before: &Self) -> u64 {
        if before
            .threads
            .keys()
            .all(|thread| self.threads.contains_key(thread))
        {
            let sum = |used: &Self| used.threads.values().sum::<u64>();
            sum(self).saturating_sub(sum(before))
        } else {
            // A thread has ended and taken its fine count along.
            self.coarse.saturating_sub(before.coarse)
        }
    }
}

/// Binds the calling thread, and what it starts, to a core.
///
/// # Errors
///
/// The machine has no such core, or does not allow it.
pub fn pin(core: usize) -> Result<(), String> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).map_err(|error| format!("core {core}: {error}"))
}

impl Server {
    /// Starts a peer and waits until it listens.
    ///
    /// # Errors
    ///
    /// A reason to be listed as missing: it is not there, it ended, or it does not listen.
    pub async fn start(peer: &Peer, places: &Places, stub: &Stub) -> Result<Self, String> {
        Self::start_under(None, peer, places, stub).await
    }

    /// Starts it with its instructions counted: some fifty times slower.
    ///
    /// # Errors
    ///
    /// As [`Self::start`], and where there is no valgrind.
    pub async fn start_counted(peer: &Peer, places: &Places, stub: &Stub) -> Result<Self, String> {
        let callgrind = Callgrind::new(&places.programs)?;
        Self::start_under(Some(callgrind), peer, places, stub).await
    }

    async fn start_under(
        callgrind: Option<Callgrind>,
        peer: &Peer,
        places: &Places,
        stub: &Stub,
    ) -> Result<Self, String> {
        if let Some(reason) = places.missing(peer) {
            return Err(reason.clone());
        }
        let folder = places.folder_of(peer)?;
        let port = free_port().map_err(|error| format!("no free port: {error}"))?;
        let log = log_file(peer, places)?;
        let words = words(peer, places)?;
        let wrapper = callgrind.as_ref().map(Callgrind::command);
        let mut words = wrapper.into_iter().flatten().chain(words);
        let program = words.next().ok_or("no command")?;
        let file = |path: &Path| File::options().append(true).create(true).open(path);
        let (out, err) = (file(&log), file(&log));
        let mut command = Command::new(&program);
        command
            .args(words)
            .current_dir(folder)
            .env("PORT", port.to_string())
            .env("ISSUER", stub.issuer(&peer.algorithm))
            .env("ALGORITHM", &peer.algorithm)
            .env("CLIENT_ID", CLIENT_ID)
            .env("CLIENT_SECRET", CLIENT_SECRET)
            .envs(&peer.env)
            .stdin(Stdio::null())
            .stdout(out.map_err(|error| error.to_string())?)
            .stderr(err.map_err(|error| error.to_string())?);
        let spawn = thread::spawn(move || {
            pin(SERVER_CORE)?;
            command
                .spawn()
                .map_err(|error| format!("{program}: {error}"))
        });
        let child = spawn.join().map_err(|_| "it could not be started")??;
        let mut server = Self {
            peer: peer.clone(),
            port,
            child,
            log,
            callgrind,
        };
        server.wait_until_it_listens().await?;
        Ok(server)
    }

    async fn wait_until_it_listens(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("it ended: {status}; {}", self.last_words()));
            }
            if begun.elapsed() > START_WITHIN {
                return Err(format!("it does not listen; {}", self.last_words()));
            }
            // Not a sleep of the thread: a peer may ask the provider for its metadata first.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Returns the last line that it wrote.
    pub fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let last = text.lines().rfind(|line| !line.trim().is_empty());
        last.unwrap_or("it said nothing").trim().to_owned()
    }

    /// Returns the process that was started.
    pub fn id(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap_or(i32::MAX)
    }

    /// Returns it and everything that it started.
    pub fn processes(&self) -> Vec<i32> {
        let mut found = vec![self.id()];
        let mut place = 0;
        while let Some(process) = found.get(place) {
            let tasks = fs::read_dir(format!("/proc/{process}/task"));
            for task in tasks.into_iter().flatten().flatten() {
                let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
                found.extend(
                    children
                        .split_whitespace()
                        .filter_map(|id| id.parse::<i32>().ok()),
                );
            }
            place += 1;
        }
        found
    }

    /// Reads the books: the processor time of the server and its children.
    ///
    /// # Errors
    ///
    /// It is gone.
    pub fn used(&self) -> Result<Used, String> {
        let mut used = Used {
            threads: BTreeMap::new(),
            coarse: 0,
            instructions: None,
        };
        if let Some(callgrind) = &self.callgrind {
            used.instructions = Some(callgrind.read(self.id())?);
        }
        for process in self.processes() {
            used.coarse += ticks(process)?;
            let tasks = fs::read_dir(format!("/proc/{process}/task"));
            for task in tasks.into_iter().flatten().flatten() {
                let id = task
                    .file_name()
                    .to_string_lossy()
                    .parse()
                    .unwrap_or_default();
                let line = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
                let run = line
                    .split_whitespace()
                    .next()
                    .and_then(|word| word.parse().ok());
                used.threads.insert((process, id), run.unwrap_or(0));
            }
        }
        Ok(used)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for process in self.processes() {
            if let Some(id) = Pid::from_raw(process) {
                let _ = kill_process(id, Signal::KILL);
            }
        }
        let _ = self.child.wait();
    }
}

/// Returns the nanoseconds of a process by its `stat`, which counts in ticks.
fn ticks(process: i32) -> Result<u64, String> {
    let path = format!("/proc/{process}/stat");
    let line = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    // The name in brackets may hold spaces; the fields after it are counted from the third.
    let fields = line.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let used = fields
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|word| word.parse::<u64>().ok());
    let second = rustix::param::clock_ticks_per_second().max(1);
    Ok(used.sum::<u64>() * 1_000_000_000 / second)
}

fn words(peer: &Peer, places: &Places) -> Result<Vec<String>, String> {
    if peer.kind != Kind::Rust {
        let mut words = peer.command.clone();
        // A path is one below the folder of its kind; a plain name is found as always.
        if let Some(program) = words.first_mut().filter(|program| program.contains('/')) {
            *program = places.folder_of(peer)?.join(&program).display().to_string();
        }
        return Ok(words);
    }
    let package = peer
        .package
        .as_deref()
        .ok_or("its entry names no package")?;
    let program = places.programs.join(package);
    if !program.is_file() {
        return Err(format!("`{package}` is not built"));
    }
    Ok(vec![program.display().to_string()])
}

fn log_file(peer: &Peer, places: &Places) -> Result<PathBuf, String> {
    let folder = places.programs.join("yardstick-logs");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '-'
        }
    };
    let log = folder.join(peer.name.chars().map(plain).collect::<String>() + ".log");
    let _ = fs::remove_file(&log);
    Ok(log)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}
