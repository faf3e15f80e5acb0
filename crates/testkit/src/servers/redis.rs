//! A throw-away Redis or Valkey.

use std::ffi::OsString;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::program::find;
use super::server::{Product, Server};
use crate::programs::directory::Directory;
use crate::programs::leave_out;

/// A Redis server (or Valkey's) that is gone when it is dropped; see [`Server`] for what it can be told.
#[derive(Debug)]
pub struct RedisServer(Server);

impl RedisServer {
    /// Starts one that keeps nothing on disk, or says that there is none to start.
    pub fn start() -> Option<Self> {
        Self::start_with(&["--appendonly", "no"])
    }

    /// Starts one that has written every change to disk before it answers, so that it survives
    /// [`Server::kill`].
    pub fn durable() -> Option<Self> {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// Starts one with options of its own, such as `--maxmemory 50mb` or `--cluster-enabled yes`.
    pub fn start_with(options: &[&str]) -> Option<Self> {
        let program = program()?;
        let options: Vec<OsString> = options.iter().map(OsString::from).collect();
        let product = Product {
            scheme: "redis://",
            path: "/",
            stop: "TERM",
            ready: "eady to accept connections",
        };
        let words = move |folder: &std::path::Path, port: u16| {
            let port = port.to_string();
            let words = ["--bind", "127.0.0.1", "--port", &port, "--save", ""];
            let words = words.into_iter().map(OsString::from);
            let folder = ["--dir".into(), folder.into()];
            [OsString::from(&program)]
                .into_iter()
                .chain(words)
                .chain(folder)
                .chain(options.iter().cloned())
                .collect()
        };
        Some(Self(Server::start(product, Directory::new(), words)))
    }

    /// Returns the one server of this process, started when first asked for, for tests that leave it running.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<RedisServer> = OnceLock::new();
        program()?;
        Some(SHARED.get_or_init(|| Self::start().expect("the program was found")))
    }
}

impl Deref for RedisServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

fn program() -> Option<PathBuf> {
    const VARIABLE: &str = "CODEGRANT_REDIS_SERVER";
    if let Some(named) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        if named.is_file() {
            return Some(named);
        }
        leave_out("redis", &format!("{VARIABLE} names no program"));
        return None;
    }
    let found = ["redis-server", "valkey-server"].map(|name| find(VARIABLE, name));
    match found {
        [Ok(program), _] | [_, Ok(program)] => Some(program),
        [Err(why), _] => {
            leave_out("redis", &why);
            None
        }
    }
}
