//! A throw-away MariaDB.

use std::ffi::OsString;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::program::{Template, find, is_root, run};
use super::server::{Product, Server};
use crate::programs::leave_out;

const VARIABLE: &str = "CODEGRANT_MARIADB_BIN";
/// Small, because each server writes it anew.
const LOG_SIZE: &str = "--innodb-log-file-size=8M";

/// A MariaDB server that is gone when it is dropped; see [`Server`] for what it can be told.
///
/// Its superuser is `root`, without a password, and it has an empty database `codegrant`.
#[derive(Debug)]
pub struct MariaDbServer {
    server: Server,
    programs: Programs,
}

#[derive(Debug, Clone)]
struct Programs {
    mariadbd: PathBuf,
    install: PathBuf,
    client: PathBuf,
}

impl MariaDbServer {
    /// Starts one, or says that there is none to start.
    ///
    /// What it has committed survives [`Server::kill`]. It does not wait for the disk, so that it would not
    /// survive the end of the machine.
    pub fn start() -> Option<Self> {
        Self::start_with(&["--innodb-flush-log-at-trx-commit=2"])
    }

    /// Starts one that waits for the disk at each commit, as in earnest.
    pub fn durable() -> Option<Self> {
        Self::start_with(&["--innodb-flush-log-at-trx-commit=1"])
    }

    /// Starts one with options of its own, such as `--max-connections=20`.
    pub fn start_with(options: &[&str]) -> Option<Self> {
        let programs = Programs::find()?;
        let options: Vec<OsString> = options.iter().map(OsString::from).collect();
        let product = Product {
            scheme: "mysql://root@",
            path: "/codegrant",
            stop: "TERM",
            ready: "ready for connections",
        };
        let program = programs.mariadbd.clone();
        let words = move |folder: &Path, port: u16| {
            let mut words = vec![OsString::from(&program), "--no-defaults".into()];
            words.extend(own(folder));
            words.push(format!("--port={port}").into());
            words.extend(
                [
                    "--bind-address=127.0.0.1",
                    "--skip-name-resolve",
                    // Beside its data, and short: paths of sockets have a limit.
                    "--socket=s",
                    "--pid-file=p",
                    "--innodb-buffer-pool-size=32M",
                    "--max-connections=200",
                ]
                .map(OsString::from),
            );
            words.extend(options.iter().cloned());
            words
        };
        Some(Self {
            server: Server::start(product, template(&programs).copy(), words),
            programs,
        })
    }

    /// Returns the one server of this process, started when first asked for, for tests that leave it running.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<MariaDbServer> = OnceLock::new();
        Programs::find()?;
        Some(SHARED.get_or_init(|| Self::start().expect("the programs were found")))
    }

    /// Makes a new, empty database, and returns its URL.
    pub fn new_database(&self) -> String {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
        let port = self.port().to_string();
        let statement = format!("CREATE DATABASE {name}");
        let words = [
            "--no-defaults",
            "-h",
            "127.0.0.1",
            "-P",
            &port,
            "-u",
            "root",
        ];
        let mut command = vec![OsString::from(&self.programs.client)];
        command.extend(words.map(OsString::from));
        command.extend(["-e".into(), statement.into()]);
        run(&command);
        format!("mysql://root@127.0.0.1:{port}/{name}")
    }
}

impl Deref for MariaDbServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Programs {
    fn find() -> Option<Self> {
        let found = || {
            Ok(Self {
                mariadbd: find(VARIABLE, "mariadbd")?,
                install: find(VARIABLE, "mariadb-install-db")?,
                client: find(VARIABLE, "mariadb")?,
            })
        };
        found()
            .map_err(|why: String| leave_out("mariadb", &why))
            .ok()
    }
}

/// What the server and the program that makes its tables are told alike.
fn own(folder: &Path) -> Vec<OsString> {
    let mut data = OsString::from("--datadir=");
    data.push(folder.join("data"));
    let mut words = vec![data, LOG_SIZE.into()];
    if is_root() {
        // It refuses to be run by root unless it is told that this is meant.
        words.push("--user=root".into());
    }
    words
}

fn template(programs: &Programs) -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        Template::new(|folder| {
            let mut words = vec![OsString::from(&programs.install), "--no-defaults".into()];
            words.extend(own(folder));
            words.extend(
                ["--auth-root-authentication-method=normal", "--skip-test-db"].map(OsString::from),
            );
            // Its own files are beside it, wherever it was unpacked.
            let program = programs.mariadbd.canonicalize().unwrap_or_default();
            if let Some(base) = program.parent().and_then(Path::parent) {
                let mut option = OsString::from("--basedir=");
                option.push(base);
                words.push(option);
            }
            run(&words);
            // A folder beside its tables is a database.
            let database = folder.join("data/codegrant");
            crate::programs::must("database", std::fs::create_dir(database));
        })
    })
}
