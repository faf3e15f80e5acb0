//! What came out: tables for a reader, and everything as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::manifest::{Kind, Peer, Table};
use crate::rounds::{Plan, Row, Turn};

/// What every login is compared with, and every login whose ID token is signed with ES256.
const LOGIN_FLOOR: &str = "floor: a login RS256";
const LOGIN_FLOOR_ES256: &str = "floor: a login ES256";

/// The middle of some figures, and how far they lie apart.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// Returns that of these figures; nothing of none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (min, max) = (*figures.first()?, *figures.last()?);
        let half = figures.len() / 2;
        let median = if figures.len() % 2 == 1 {
            figures[half]
        } else {
            f64::midpoint(figures[half - 1], figures[half])
        };
        Some(Self { median, min, max })
    }
}

/// Returns the name of what a peer is compared with in this table.
pub fn base(table: Table, peer: &Peer) -> Option<&str> {
    match table {
        Table::Login if peer.algorithm == "ES256" => Some(LOGIN_FLOOR_ES256),
        Table::Login => Some(LOGIN_FLOOR),
        _ => peer.bare.as_deref(),
    }
}

/// Returns how many times the other's cost this is: the median of the rounds in which both were measured.
pub fn ratio(turns: &[Turn], others: &[Turn]) -> Option<Spread> {
    let both = turns.iter().filter_map(|turn| {
        let other = others.iter().find(|other| other.round == turn.round)?;
        Some(turn.cpu / other.cpu)
    });
    Spread::of(both)
}

/// Prints a timing table, with those that are missing below it.
pub fn print(table: Table, rows: &[Row], versions: &Versions) {
    let (title, against) = match table {
        Table::Login => ("a whole login", "x floor"),
        _ => ("an authenticated request", "x bare"),
    };
    println!("\n{title}: microseconds of the server's processor time\n");
    let mut lines = vec![
        [
            "peer",
            "framework",
            "median",
            "min",
            "max",
            against,
            "instructions",
            "over",
            "versions",
        ]
        .map(str::to_owned),
    ];
    for row in rows {
        let Some(spread) = Spread::of(row.turns.iter().map(|turn| turn.cpu)) else {
            continue;
        };
        let ratio = compared(table, row, rows)
            .map_or_else(String::new, |ratio| format!("{:.2}", ratio.median));
        let figure = |figure: f64| {
            if figure < 100.0 {
                format!("{figure:.1}")
            } else {
                format!("{figure:.0}")
            }
        };
        let mut name = row.peer.name.clone();
        if table == Table::Login && !row.peer.verifies_id_token {
            name += " (checks no signature)";
        }
        lines.push([
            name,
            row.peer.framework.clone(),
            figure(spread.median),
            figure(spread.min),
            figure(spread.max),
            ratio,
            row.instructions.map_or_else(String::new, thousands),
            over(table, row, rows).map_or_else(String::new, |more| format!("+{}", thousands(more))),
            versions.of(&row.peer).join(", "),
        ]);
    }
    print_lines(&lines);
    for row in rows {
        if let Some(reason) = &row.missing {
            println!("missing: {}: {reason}", row.peer.name);
        }
    }
}

/// Writes a number of instructions: in thousands, to a tenth.
fn thousands(count: f64) -> String {
    format!("{:.1} k", count / 1e3)
}

/// Prints rows of cells as a Markdown table whose columns line up.
pub fn print_lines<const N: usize>(lines: &[[String; N]]) {
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    for (place, line) in lines.iter().enumerate() {
        let cells = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        println!("| {} |", cells.collect::<Vec<_>>().join(" | "));
        if place == 0 {
            let rules = widths.iter().map(|width| "-".repeat(*width));
            println!("|-{}-|", rules.collect::<Vec<_>>().join("-|-"));
        }
    }
}

/// Returns a timing table with every turn.
pub fn to_json(table: Table, rows: &[Row], versions: &Versions) -> Value {
    let row = |row: &Row| {
        json!({
            "name": row.peer.name,
            "kind": row.peer.kind,
            "framework": row.peer.framework,
            "versions": versions.of(&row.peer),
            "verifies_id_token": row.peer.verifies_id_token,
            "algorithm": row.peer.algorithm,
            "note": row.peer.note,
            "compared_with": base(table, &row.peer),
            "cpu_us": Spread::of(row.turns.iter().map(|turn| turn.cpu)),
            "wall_us": Spread::of(row.turns.iter().map(|turn| turn.wall)),
            "ratio": compared(table, row, rows),
            "instructions": row.instructions,
            "instructions_over": over(table, row, rows),
            "turns": row.turns,
            "missing": row.missing,
        })
    };
    rows.iter().map(row).collect()
}

/// Returns how many instructions more than what it is compared with a unit takes.
fn over(table: Table, row: &Row, rows: &[Row]) -> Option<f64> {
    let base = base(table, &row.peer)?;
    let base = rows.iter().find(|other| other.peer.name == base)?;
    Some(row.instructions? - base.instructions?)
}

fn compared(table: Table, row: &Row, rows: &[Row]) -> Option<Spread> {
    let base = base(table, &row.peer)?;
    let base = rows.iter().find(|other| other.peer.name == base)?;
    ratio(&row.turns, &base.turns)
}

/// The versions of what is measured, as `Cargo.lock`, `package.json`, `requirements.txt` and the manifest have them.
#[derive(Debug)]
pub struct Versions(BTreeMap<String, Vec<String>>);

impl Versions {
    /// Reads the files in this folder.
    ///
    /// # Errors
    ///
    /// One of them is not there or not what it should be.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join("Cargo.lock");
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let lock: toml::Table =
            toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let packages = lock.get("package").and_then(toml::Value::as_array);
        let mut versions = BTreeMap::<String, Vec<String>>::new();
        for package in packages.into_iter().flatten() {
            let text = |name: &str| {
                package
                    .get(name)
                    .and_then(toml::Value::as_str)
                    .unwrap_or("")
                    .to_owned()
            };
            versions
                .entry(text("name"))
                .or_default()
                .push(text("version"));
        }
        for (name, version) in pinned(folder)? {
            versions.entry(name).or_default().push(version);
        }
        Ok(Self(versions))
    }

    /// Returns "name version" of each package that the entry is about.
    pub fn of(&self, peer: &Peer) -> Vec<String> {
        let known = |name: &String| {
            // A subject may name its version where the lock holds several.
            if name.contains(' ') {
                return name.clone();
            }
            self.0.get(name).map_or_else(
                || name.clone(),
                |found| format!("{name} {}", found.join("/")),
            )
        };
        let locked = peer.subject.iter().map(known);
        locked.chain(peer.versions.iter().cloned()).collect()
    }
}

/// Returns names and versions of what npm and pip install.
fn pinned(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let read = |path: &str| {
        let path = folder.join(path);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let package: Value = serde_json::from_str(&read("node/package.json")?)
        .map_err(|error| format!("node/package.json: {error}"))?;
    let packages = package["dependencies"].as_object().into_iter().flatten();
    let packages =
        packages.filter_map(|(name, version)| Some((name.clone(), version.as_str()?.to_owned())));
    let requirements = read("python/requirements.txt")?;
    let lines = requirements
        .lines()
        .filter_map(|line| line.split_once("=="));
    let lines = lines.map(|(name, version)| (name.to_owned(), version.to_owned()));
    Ok(packages.chain(lines).collect())
}

/// Returns what the figures depend on: the machine, the system, the compiler, the date, and how much was measured.
pub fn circumstances(plan: Plan) -> Value {
    let file = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = file("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    // All that the machine has: this program keeps to one of them.
    let cores = cpu.lines().filter(|line| line.starts_with("processor"));
    let said = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let slice_ms = |table: Table, kind: Kind| {
        u64::try_from(plan.slice(table, kind).as_millis()).unwrap_or(u64::MAX)
    };
    json!({
        "processor": model.map_or("unknown", |(_, name)| name),
        "cores": cores.count(),
        "system": file("/proc/sys/kernel/osrelease").trim(),
        "load": file("/proc/loadavg").split(' ').next(),
        "date": said("date", "+%Y-%m-%d"),
        "rustc": said("rustc", "--version"),
        "node": said("node", "--version"),
        "python": said("python3", "--version"),
        "rounds": plan.rounds,
        "slice_ms": {
            "request": slice_ms(Table::Request, Kind::Rust),
            "login": slice_ms(Table::Login, Kind::Rust),
            "node and python": slice_ms(Table::Login, Kind::Node),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(figures: &[(usize, f64)]) -> Vec<Turn> {
        let turn = |(round, cpu): &(usize, f64)| Turn {
            round: *round,
            units: 1,
            cpu: *cpu,
            wall: 0.0,
            instructions: None,
        };
        figures.iter().map(turn).collect()
    }

    #[test]
    fn median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((spread.median, spread.min, spread.max), (2.5, 1.0, 4.0));
        assert_eq!(Spread::of([7.0]).unwrap().median, 7.0);
        assert!(Spread::of([]).is_none());
    }

    #[test]
    fn ratio_is_taken_within_rounds_and_not_between_medians() {
        // The machine was three times as slow in the second round: the ratio does not notice.
        let bare = turns(&[(1, 10.0), (2, 30.0), (3, 10.0)]);
        let peer = turns(&[(1, 20.0), (2, 60.0)]);
        assert_eq!(ratio(&peer, &bare).unwrap().median, 2.0);
        assert!(ratio(&turns(&[(4, 1.0)]), &bare).is_none());
    }
}
