//! A throw-away PostgreSQL.

use std::ffi::OsString;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::program::{Template, find, give, is_root, run};
use super::server::{Product, Server};
use crate::programs::leave_out;

const VARIABLE: &str = "CODEGRANT_POSTGRES_BIN";
/// Whom Debian's package runs it as; it refuses to be run by root.
const USER: &str = "postgres";

/// A PostgreSQL server that is gone when it is dropped; see [`Server`] for what it can be told.
///
/// Its superuser is `postgres`, without a password.
#[derive(Debug)]
pub struct PostgresServer {
    server: Server,
    programs: Programs,
}

#[derive(Debug, Clone)]
struct Programs {
    postgres: PathBuf,
    initdb: PathBuf,
    createdb: PathBuf,
}

impl PostgresServer {
    /// Starts one, or says that there is none to start.
    ///
    /// What it has committed survives [`Server::kill`]. It does not wait for the disk, so that it would not
    /// survive the end of the machine.
    pub fn start() -> Option<Self> {
        Self::start_with(&["fsync=off", "full_page_writes=off"])
    }

    /// Starts one that waits for the disk at each commit, as in earnest.
    pub fn durable() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts one with settings of its own, such as `max_connections=20`.
    pub fn start_with(settings: &[&str]) -> Option<Self> {
        let programs = Programs::find()?;
        let mut options: Vec<String> = [
            "listen_addresses=127.0.0.1",
            // No socket in a folder that others share.
            "unix_socket_directories=",
            "max_connections=200",
            "shared_buffers=32MB",
        ]
        .map(str::to_owned)
        .into();
        options.extend(settings.iter().map(|&setting| setting.to_owned()));
        let product = Product {
            scheme: "postgres://postgres@",
            path: "/postgres",
            // A fast shutdown: it does not wait for its clients to leave.
            stop: "INT",
            ready: "database system is ready to accept connections",
        };
        let program = programs.postgres.clone();
        let words = move |folder: &Path, port: u16| {
            let mut words = as_user();
            words.extend([OsString::from(&program), "-D".into()]);
            words.push(folder.join("data").into());
            words.extend(["-p".into(), port.to_string().into()]);
            for option in &options {
                words.extend(["-c".into(), option.into()]);
            }
            words
        };
        Some(Self {
            server: Server::start(product, template(&programs).copy(), words),
            programs,
        })
    }

    /// Returns the one server of this process, started when first asked for, for tests that leave it running.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<PostgresServer> = OnceLock::new();
        Programs::find()?;
        Some(SHARED.get_or_init(|| Self::start().expect("the programs were found")))
    }

    /// Makes a new, empty database, and returns its URL.
    pub fn new_database(&self) -> String {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
        let port = self.port().to_string();
        let words = ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", &name];
        let mut command = vec![OsString::from(&self.programs.createdb)];
        command.extend(words.map(OsString::from));
        run(&command);
        format!("postgres://postgres@127.0.0.1:{port}/{name}")
    }
}

impl Deref for PostgresServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Programs {
    fn find() -> Option<Self> {
        let folder = folder().map_err(|why| leave_out("postgres", &why)).ok()?;
        Some(Self {
            postgres: folder.join("postgres"),
            initdb: folder.join("initdb"),
            createdb: folder.join("createdb"),
        })
    }
}

/// Finds the folder in which all of its programs are: `PATH` often has its clients alone.
fn folder() -> Result<PathBuf, String> {
    let has_all = |folder: &PathBuf| {
        let mut programs = ["postgres", "initdb", "createdb"].iter();
        programs.all(|program| folder.join(program).is_file())
    };
    if let Some(named) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        let why = format!("{VARIABLE} names a folder without postgres, initdb and createdb");
        return Some(named).filter(has_all).ok_or(why);
    }
    let in_path = find(VARIABLE, "postgres").and_then(|program| {
        let program = program.canonicalize().map_err(|error| error.to_string())?;
        Ok(program.parent().map(Path::to_owned).unwrap_or_default())
    });
    if let Ok(folder) = in_path.as_ref()
        && has_all(folder)
    {
        return Ok(folder.clone());
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter();
    let folders = versions.flatten().flatten().map(|entry| entry.path());
    let newest = folders
        .map(|folder| folder.join("bin"))
        .filter(has_all)
        .max();
    newest.ok_or_else(|| format!("PostgreSQL is not installed, and {VARIABLE} is not set"))
}

/// What to put before a command so that it is not root who runs it.
fn as_user() -> Vec<OsString> {
    if !is_root() {
        return Vec::new();
    }
    // Executes in its place, so that signals reach the server.
    let words = [
        "setpriv",
        "--reuid",
        USER,
        "--regid",
        USER,
        "--clear-groups",
    ];
    words.map(OsString::from).into()
}

fn template(programs: &Programs) -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        Template::new(|folder| {
            if is_root() {
                give(folder, USER);
            }
            let mut words = as_user();
            words.extend([OsString::from(&programs.initdb), "-D".into()]);
            words.push(folder.join("data").into());
            words.extend(["-A", "trust", "-U", "postgres", "-N", "-E", "UTF8"].map(OsString::from));
            run(&words);
        })
    })
}
