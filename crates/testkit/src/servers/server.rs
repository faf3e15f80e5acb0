//! A server under way: told to stop, killed, paused, and started again where it was.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::programs::PATIENCE;
use crate::programs::directory::Directory;
use crate::programs::port::free_port;
use crate::programs::process::{Process, Reach};

/// What is different from one product to the next.
pub(super) struct Product {
    /// What the address begins with, up to the host.
    pub(super) scheme: &'static str,
    /// What follows the port.
    pub(super) path: &'static str,
    /// The signal that makes it end in an orderly way, clients or not.
    pub(super) stop: &'static str,
    /// What it says when it answers.
    pub(super) ready: &'static str,
}

/// The words of a command line, for a folder and a port.
type CommandLine = dyn Fn(&Path, u16) -> Vec<OsString> + Send + Sync;

/// A server of one test or of many, whatever its product.
///
/// All its methods take `&self`, so that one test can use the server and break it.
pub struct Server {
    product: Product,
    words: Box<CommandLine>,
    port: u16,
    /// Before the folder, so that it is dead when that goes.
    process: Mutex<Option<Process>>,
    folder: Directory,
}

impl Server {
    /// Starts it in a folder that is ready, on a port that is free.
    pub(super) fn start(
        product: Product,
        folder: Directory,
        words: impl Fn(&Path, u16) -> Vec<OsString> + Send + Sync + 'static,
    ) -> Self {
        let mut server = Self {
            product,
            words: Box::new(words),
            port: free_port(),
            process: Mutex::new(None),
            folder,
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            match server.try_start() {
                Ok(process) => {
                    server.process = Mutex::new(Some(process));
                    return server;
                }
                // Somebody took the port since it was found free.
                Err(why) if why.contains("in use") && Instant::now() < deadline => {
                    server.port = free_port();
                }
                Err(why) => panic!("{why}"),
            }
        }
    }

    /// Returns where it is: a URL as clients take it, with the user and the database where there are any.
    pub fn url(&self) -> String {
        let Product { scheme, path, .. } = self.product;
        format!("{scheme}127.0.0.1:{}{path}", self.port)
    }

    /// Returns its port on `127.0.0.1`, which stays the same for as long as this value lives.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the folder that holds its data and goes with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes it end in an orderly way; [`Server::start_again`] starts it with its data.
    pub fn stop(&self) {
        if let Some(mut process) = self.process().take() {
            // One that is paused would not hear of it.
            process.signal("CONT", Reach::All);
            process.signal(self.product.stop, Reach::First);
            process.wait_and_keep_folder();
        }
    }

    /// Kills it with `SIGKILL`, as a crash would: its connections break, and what was not written is lost.
    pub fn kill(&self) {
        if let Some(mut process) = self.process().take() {
            process.signal("KILL", Reach::All);
            process.wait_and_keep_folder();
        }
    }

    /// Starts it again after [`Server::stop`] or [`Server::kill`], on the same port and with the data it has.
    ///
    /// # Panics
    ///
    /// When it does not start, or runs.
    pub fn start_again(&self) {
        let mut held = self.process();
        assert!(held.is_none(), "{}: is running", self.url());
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.try_start() {
                Ok(process) => break *held = Some(process),
                // What is left of a killed server takes a moment to go.
                Err(why) if Instant::now() < deadline => drop(why),
                Err(why) => panic!("{why}"),
            }
        }
    }

    /// Stops it and starts it again: same port, same data.
    pub fn restart(&self) {
        self.stop();
        self.start_again();
    }

    /// Freezes it with `SIGSTOP`: connections stay open and nothing is answered.
    pub fn pause(&self) {
        if let Some(process) = &*self.process() {
            process.signal("STOP", Reach::All);
        }
    }

    /// Lets it go on after [`Server::pause`].
    pub fn resume(&self) {
        if let Some(process) = &*self.process() {
            process.signal("CONT", Reach::All);
        }
    }

    /// Returns what it has said since it was started last.
    pub fn log(&self) -> String {
        let held = self.process();
        held.as_ref().map(Process::said).unwrap_or_default()
    }

    fn try_start(&self) -> Result<Process, String> {
        let folder = self.folder.path();
        let process = Process::start_with_folder(&(self.words)(folder, self.port), folder);
        match process.try_wait_for_line(self.product.ready) {
            Ok(()) => Ok(process),
            Err(why) => {
                // Its folder is needed for the next attempt.
                let mut process = process;
                process.signal("KILL", Reach::All);
                process.wait_and_keep_folder();
                Err(why)
            }
        }
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.url()).finish()
    }
}
