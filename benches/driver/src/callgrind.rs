//! Instructions: a peer runs once more, under valgrind's callgrind, and is asked for its count before and after a turn.
//!
//! Unlike time they hardly depend on what else the machine does. Instructions of the kernel are not among them, and the
//! processor that valgrind plays has no SHA extensions and no AVX-512.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::manifest::{Kind, Table};
use crate::rounds::{Amount, Row, turn};
use crate::server::{Places, Server};
use crate::stub::Stub;

/// How many units each connection does first, so that every cache is warm.
const WARM_UP: u64 = 10;
/// How many units each connection does then.
const PAGES: u64 = 50;
const LOGINS: u64 = 10;

/// The profile of one server that runs.
#[derive(Debug)]
pub struct Callgrind {
    file: PathBuf,
    dumps: Cell<u32>,
    counted: Cell<u64>,
}

impl Callgrind {
    /// Makes one that leaves its profiles in this folder.
    ///
    /// # Errors
    ///
    /// There is no valgrind.
    pub fn new(folder: &Path) -> Result<Self, String> {
        let found = Command::new("valgrind").arg("--version").output();
        found.map_err(|error| format!("valgrind: {error}; the Debian package is `valgrind`"))?;
        let folder = folder.join("yardstick-logs");
        let _ = fs::remove_dir_all(folder.join("callgrind"));
        let folder = folder.join("callgrind");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self {
            file: folder.join("profile"),
            dumps: Cell::new(0),
            counted: Cell::new(0),
        })
    }

    /// Returns the words that go before those of the server.
    pub fn command(&self) -> Vec<String> {
        let file = format!("--callgrind-out-file={}", self.file.display());
        vec!["valgrind".to_owned(), "--tool=callgrind".to_owned(), file]
    }

    /// Returns how many instructions there were since the start.
    ///
    /// # Errors
    ///
    /// The server is gone, or its profile is none.
    pub fn read(&self, process: i32) -> Result<u64, String> {
        let mut control = Command::new("callgrind_control");
        let told = control.arg("--dump").arg(process.to_string()).output();
        told.map_err(|error| format!("callgrind_control: {error}"))?;
        // A dump sets the count back to zero.
        let dumps = self.dumps.get() + 1;
        let path = format!("{}.{dumps}", self.file.display());
        let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
        let total = total.and_then(|word| word.trim().parse::<u64>().ok());
        let total = total.ok_or_else(|| format!("{path} has no total"))?;
        self.dumps.set(dumps);
        self.counted.set(self.counted.get() + total);
        Ok(self.counted.get())
    }
}

/// Counts the instructions of each row's units.
pub async fn count(table: Table, rows: &mut [Row], places: &Places, stub: &Stub) {
    for row in rows {
        // Others compile while they run: a count would be of their compiler.
        if row.peer.kind != Kind::Rust || row.missing.is_some() {
            continue;
        }
        match count_one(table, row, places, stub).await {
            Ok(instructions) => row.instructions = instructions,
            Err(reason) => eprintln!("{}: instructions: {reason}", row.peer.name),
        }
    }
}

async fn count_one(
    table: Table,
    row: &Row,
    places: &Places,
    stub: &Stub,
) -> Result<Option<f64>, String> {
    let server = Server::start_counted(&row.peer, places, stub).await?;
    turn(table, &server, Amount::Each(WARM_UP)).await?;
    let amount = match table {
        Table::Login => LOGINS,
        _ => PAGES,
    };
    let turn = turn(table, &server, Amount::Each(amount)).await?;
    Ok(turn.instructions)
}
