//! Measures what a login costs with codegrant, beside what one would pick instead: see the README of this workspace.

mod build;
mod callgrind;
mod http;
mod manifest;
mod memory;
mod plot;
mod report;
mod rounds;
mod server;
mod stub;
mod visitor;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::task::LocalSet;

use manifest::{Manifest, Table};
use report::Versions;
use rounds::Plan;
use server::{DRIVER_CORE, Places, SERVER_CORE};
use stub::Stub;

const USAGE: &str = "\
usage: yardstick [--table request|login|memory|build]... [--only NAME] [--rounds N] [--slice MILLISECONDS] [--instructions]
                 [--sessions N] [--json FILE]
                 [--node FOLDER] [--python FOLDER] [--missing PACKAGE-OR-KIND=REASON]...
       yardstick --stub
       yardstick --circumstances
       yardstick plot --into FOLDER FILE...";

/// What the command line asks for.
struct Options {
    tables: Vec<Table>,
    only: Option<String>,
    plan: Plan,
    json: Option<PathBuf>,
    /// Whether instructions are counted as well.
    instructions: bool,
    /// How many sessions the table of memory opens.
    sessions: u32,
    /// Where the peers in other languages are installed.
    installed: BTreeMap<&'static str, PathBuf>,
    /// The packages and kinds that cannot run, and why.
    missing: BTreeMap<String, String>,
    /// Only the provider, to try a peer by hand.
    stub: bool,
    /// Only what figures depend on, as the first line of a file of figures by size.
    circumstances: bool,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let plan = Plan {
            rounds: 7,
            slice: None,
        };
        let mut options = Self {
            tables: Vec::new(),
            only: None,
            plan,
            json: None,
            instructions: false,
            sessions: 20_000,
            installed: BTreeMap::new(),
            missing: BTreeMap::new(),
            stub: false,
            circumstances: false,
        };
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| format!("{word} wants a value\n{USAGE}"))
            };
            let number = |text: String| {
                text.parse::<u32>()
                    .map_err(|error| format!("{text}: {error}"))
            };
            match word.as_str() {
                "--table" => {
                    let name = value()?;
                    let table = Table::ALL.into_iter().find(|table| table.name() == name);
                    options
                        .tables
                        .push(table.ok_or_else(|| format!("there is no table `{name}`\n{USAGE}"))?);
                }
                "--only" => options.only = Some(value()?),
                "--rounds" => options.plan.rounds = number(value()?)? as usize,
                "--slice" => {
                    options.plan.slice = Some(Duration::from_millis(number(value()?)?.into()));
                }
                "--json" => options.json = Some(value()?.into()),
                "--instructions" => options.instructions = true,
                "--sessions" => options.sessions = number(value()?)?,
                "--node" => drop(options.installed.insert("node", value()?.into())),
                "--python" => drop(options.installed.insert("python", value()?.into())),
                "--missing" => {
                    let text = value()?;
                    let (what, why) = text.split_once('=').ok_or(USAGE)?;
                    options.missing.insert(what.to_owned(), why.to_owned());
                }
                "--stub" => options.stub = true,
                "--circumstances" => options.circumstances = true,
                _ => return Err(USAGE.to_owned()),
            }
        }
        if options.tables.is_empty() {
            // Builds take longer than all the rest, and are done when somebody asks for them.
            let quick = Table::ALL
                .into_iter()
                .filter(|table| *table != Table::Build);
            options.tables = quick.collect();
        }
        Ok(options)
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let mut words = env::args().skip(1).peekable();
    if words.next_if(|word| word == "plot").is_some() {
        return plot::run(words);
    }
    let options = Options::parse(words)?;
    if options.circumstances {
        println!(
            "{}",
            json!({ "circumstances": report::circumstances(options.plan) })
        );
        return Ok(());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = folder
        .canonicalize()
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let programs = program.parent().ok_or("a program in no folder")?.to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    if std::thread::available_parallelism().map_or(1, usize::from) <= SERVER_CORE.max(DRIVER_CORE) {
        return Err(
            "this wants two cores: one for the server, one for the load and the provider"
                .to_owned(),
        );
    }
    server::pin(DRIVER_CORE)?;
    let places = Places {
        folder,
        programs,
        installed: options.installed.clone(),
        missing: options.missing.clone(),
    };
    LocalSet::new().block_on(&runtime, tables(&options, &places))
}

async fn tables(options: &Options, places: &Places) -> Result<(), String> {
    let stub = Stub::start()
        .await
        .map_err(|error| format!("the provider: {error}"))?;
    if options.stub {
        println!("{} and {}", stub.issuer("RS256"), stub.issuer("ES256"));
        return std::future::pending().await;
    }
    let manifest = Manifest::read(&places.folder)?;
    let versions = Versions::read(&places.folder)?;
    let only = options.only.as_deref();
    let mut measured = Map::new();
    for table in options.tables.iter().copied() {
        let rows = match table {
            Table::Request | Table::Login => {
                let mut rows =
                    rounds::measure(table, &manifest, only, options.plan, places, &stub).await;
                if options.instructions {
                    callgrind::count(table, &mut rows, places, &stub).await;
                }
                report::print(table, &rows, &versions);
                report::to_json(table, &rows, &versions)
            }
            Table::Memory => {
                memory::measure(&manifest, only, options.sessions, places, &stub).await
            }
            Table::Build => {
                let mut rows = Vec::new();
                for package in build::packages(&manifest, only) {
                    rows.push(build::measure(package, &manifest, places));
                    measured.insert(table.name().to_owned(), rows.clone().into());
                    write(options, &measured)?;
                }
                rows.into()
            }
        };
        measured.insert(table.name().to_owned(), rows);
        write(options, &measured)?;
    }
    Ok(())
}

/// Writes what there is so far, so that a run that is cut short leaves it.
fn write(options: &Options, measured: &Map<String, Value>) -> Result<(), String> {
    let Some(path) = &options.json else {
        return Ok(());
    };
    let all = json!({ "circumstances": report::circumstances(options.plan), "tables": measured });
    fs::write(path, format!("{all:#}\n")).map_err(|error| format!("{}: {error}", path.display()))
}
