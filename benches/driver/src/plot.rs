//! Draws what runs wrote: bars from the tables of `--json`, lines from figures by size.
//!
//! A file of figures by size, as `cargo xtask bench --scale` writes it, has one JSON object a line. The first is what
//! `--circumstances` prints; each of the others is what a benchmark found at one size, as in
//! `{"what": "providers", "providers": 1000, "start_us": 30.5, "bytes_per_provider": 900}`.

mod bars;
mod lines;
mod sheet;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use bars::Bars;
use lines::{Lines, Point};

/// What a run says of itself: the machine, the compiler, the date.
#[derive(Debug, Clone, Deserialize)]
struct Circumstances {
    processor: String,
    cores: u64,
    system: String,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    rustc: Option<String>,
    #[serde(default)]
    node: Option<String>,
    #[serde(default)]
    python: Option<String>,
}

impl Circumstances {
    /// Returns the machine and the date, as they stand below a plot.
    fn machine(&self) -> String {
        let date = self.date.as_deref().unwrap_or("no date");
        let Self {
            processor,
            cores,
            system,
            ..
        } = self;
        format!("{processor}, {cores} cores, Linux {system}, {date}")
    }

    /// Tells whether figures of the two compare: of the same machine and compiler, on whatever day.
    fn compare_with(&self, other: &Self) -> bool {
        let of = |it: &Self| {
            (
                it.processor.clone(),
                it.cores,
                it.system.clone(),
                it.rustc.clone(),
            )
        };
        of(self) == of(other)
    }

    /// Returns the compiler's version without its hash.
    fn compiler(&self) -> Option<String> {
        let mut words = self.rustc.as_deref()?.split(' ');
        Some(format!("{} {}", words.next()?, words.next()?))
    }
}

/// A file of a run with tables.
#[derive(Debug, Deserialize)]
struct Run {
    circumstances: Circumstances,
    tables: BTreeMap<String, Vec<Value>>,
}

/// A line of a file with figures by size.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    Circumstances {
        circumstances: Circumstances,
    },
    Figures {
        what: String,
        #[serde(flatten)]
        figures: BTreeMap<String, f64>,
    },
}

/// Draws the plots of files into a folder: the arguments after `plot`.
///
/// # Errors
///
/// A file cannot be read or says nothing of its machine, or a picture cannot be written.
pub fn run(mut words: impl Iterator<Item = String>) -> Result<(), String> {
    let mut into = PathBuf::from(".");
    let mut files = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--into" => into = words.next().ok_or("--into wants a folder")?.into(),
            _ => files.push(PathBuf::from(word)),
        }
    }
    fs::create_dir_all(&into).map_err(|error| format!("{}: {error}", into.display()))?;
    let mut runs = Runs::default();
    let mut pictures = Vec::new();
    for file in &files {
        let said = |why: String| format!("{}: {why}", file.display());
        let text = fs::read_to_string(file).map_err(|error| said(error.to_string()))?;
        match serde_json::from_str::<Run>(&text) {
            Ok(run) => runs.take(run).map_err(said)?,
            Err(_) => pictures.extend(by_size(&text).map_err(said)?),
        }
    }
    pictures.extend(runs.pictures()?);
    for (name, picture) in pictures {
        write(&into.join(name + ".svg"), &picture)?;
    }
    Ok(())
}

/// The tables of all runs, as of one: several may have measured a part each.
#[derive(Debug, Default)]
struct Runs(Option<(Circumstances, BTreeMap<String, Vec<Value>>)>);

impl Runs {
    /// Adds what a run measured and no earlier one did.
    ///
    /// # Errors
    ///
    /// It ran on another machine or with another compiler, so that its figures do not compare.
    fn take(&mut self, run: Run) -> Result<(), String> {
        let (circumstances, tables) = self
            .0
            .get_or_insert_with(|| (run.circumstances.clone(), BTreeMap::new()));
        if !circumstances.compare_with(&run.circumstances) {
            return Err("it was measured on another machine, or with another compiler".to_owned());
        }
        for (table, rows) in run.tables {
            let known = tables.entry(table).or_default();
            for row in rows {
                if !known.iter().any(|other| other["name"] == row["name"]) {
                    known.push(row);
                }
            }
        }
        Ok(())
    }

    /// Draws them. Returns names and pictures.
    fn pictures(self) -> Result<Vec<(String, String)>, String> {
        let mut pictures = Vec::new();
        let Some((circumstances, tables)) = self.0 else {
            return Ok(pictures);
        };
        for (table, rows) in tables {
            for bars in Bars::among(&table, &rows.into(), &circumstances)? {
                pictures.push((bars.name().to_owned(), bars.draw()?));
            }
        }
        Ok(pictures)
    }
}

/// Draws the figures of a file with one at each size. Returns names and pictures.
fn by_size(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut circumstances = None;
    let mut points = Vec::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        match serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))? {
            Line::Circumstances {
                circumstances: found,
            } => circumstances = Some(found),
            Line::Figures { what, figures } => points.extend(Point::among(&what, &figures)),
        }
    }
    let circumstances = circumstances.ok_or("it does not say on what machine it was measured")?;
    Lines::among(points, &circumstances)
        .iter()
        .map(|lines| Ok((lines.name.clone(), lines.draw()?)))
        .collect()
}

fn write(path: &Path, picture: &str) -> Result<(), String> {
    fs::write(path, picture).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// Writes a figure with three digits that count.
fn figure(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 1e6 => format!("{:.1}M", value / 1e6),
        size if size >= 1e5 => format!("{:.0}k", value / 1e3),
        size if size >= 1e4 => format!("{:.1}k", value / 1e3),
        size if size >= 1e3 => format!("{value:.0}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIRCUMSTANCES: &str = r#"{"circumstances": {"processor": "A CPU", "cores": 2, "system": "6.1",
        "date": "2026-11-23", "rustc": "rustc 1.95.0 (abc)"}"#;

    #[test]
    fn table_becomes_a_picture_with_every_peer_and_the_machine() {
        let run = format!(
            r#"{CIRCUMSTANCES}, "tables": {{"memory": [
                {{"name": "codegrant, cookie", "framework": "axum", "session_bytes": -3, "abandoned_start_bytes": null}}],
                "request": [
                {{"name": "bare axum", "framework": "axum", "versions": ["axum 0.8.9"],
                  "cpu_us": {{"median": 10.0, "min": 9.0, "max": 11.0}}}},
                {{"name": "gone", "framework": "flask", "missing": "there is no Python"}}]}}}}"#
        );
        let mut runs = Runs::default();
        runs.take(serde_json::from_str(&run).unwrap()).unwrap();
        let pictures = runs.pictures().unwrap();
        let [(session, _), (name, picture)] = &pictures[..] else {
            panic!("{pictures:?}")
        };
        assert_eq!((&**session, &**name), ("memory-session", "request"));
        for text in [
            "bare axum",
            "gone",
            "there is no Python",
            "A CPU",
            "2026-11-23",
            "axum 0.8.9",
        ] {
            assert!(picture.contains(text), "{text}: {picture}");
        }
    }

    #[test]
    fn runs_that_measured_a_part_each_are_drawn_as_one() {
        let run = |name: &str, machine: &str, seconds: u8| {
            let run = format!(
                r#"{CIRCUMSTANCES}, "tables": {{"build": [
                    {{"name": "{name}", "framework": "axum", "release_cpu_seconds": {seconds}}}]}}}}"#
            );
            serde_json::from_str::<Run>(&run.replace("A CPU", machine)).unwrap()
        };
        let mut runs = Runs::default();
        for (name, seconds) in [("bare axum", 41), ("codegrant", 150), ("codegrant", 99)] {
            runs.take(run(name, "A CPU", seconds)).unwrap();
        }
        assert!(runs.take(run("openidconnect", "Another CPU", 1)).is_err());
        let pictures = runs.pictures().unwrap();
        let [(name, picture)] = &pictures[..] else {
            panic!("{pictures:?}")
        };
        assert_eq!(name, "build");
        assert!(
            picture.contains("\n150\n") && picture.contains("\n41.0\n"),
            "{picture}"
        );
        assert!(
            !picture.contains("\n99.0\n"),
            "the earlier one stays: {picture}"
        );
    }

    #[test]
    fn figures_by_size_become_one_picture_for_each_unit() {
        let machine = CIRCUMSTANCES.replace('\n', "") + "}\n";
        let text = machine
            + "{\"what\": \"memory_store\", \"sessions\": 1000, \"load_ns\": 2500, \"session_bytes\": 250}\n"
            + "something that is no JSON\n"
            + "{\"what\": \"memory_store\", \"sessions\": 10000, \"load_ns\": 2600, \"load_longest_ns\": 9000}\n";
        let pictures = by_size(&text).unwrap();
        let names: Vec<_> = pictures.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "memory-store-bytes",
            "memory-store-us",
            "memory-store-longest-us",
        ];
        assert_eq!(names, expected);
        assert!(pictures[1].1.contains(">\nload: 2.60"), "{}", pictures[1].1);
    }

    #[test]
    fn figures_of_no_machine_are_refused() {
        let text = r#"{"what": "memory_store", "sessions": 1, "load_ns": 1}"#;
        assert!(by_size(text).unwrap_err().contains("machine"));
    }
}
