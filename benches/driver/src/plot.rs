//! Draws what runs wrote: bars from the tables of `--json`, lines from figures by size.
//!
//! A file of figures by size, as `cargo xtask bench --scale` writes it, has one JSON object a line. The first is what
//! `--circumstances` prints; each of the others is what a benchmark found at one size, as in
//! `{"what": "providers", "providers": 1000, "start_us": 30.5, "bytes_per_provider": 900}`.

mod bars;
mod lines;
mod sheet;

use std::collections::{BTreeMap, BTreeSet};
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
    tables: BTreeMap<String, Value>,
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
    let mut drawn = BTreeSet::new();
    for file in &files {
        let text =
            fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        for (name, picture) in
            pictures(&text).map_err(|why| format!("{}: {why}", file.display()))?
        {
            let path = into.join(name + ".svg");
            if !drawn.insert(path.clone()) {
                return Err(format!(
                    "{}: {} is drawn already, from an earlier file",
                    file.display(),
                    path.display()
                ));
            }
            write(&path, &picture)?;
        }
    }
    Ok(())
}

/// Draws everything in a file. Returns names and pictures.
fn pictures(text: &str) -> Result<Vec<(String, String)>, String> {
    if let Ok(run) = serde_json::from_str::<Run>(text) {
        let mut pictures = Vec::new();
        for (table, rows) in &run.tables {
            for bars in Bars::among(table, rows, &run.circumstances)? {
                pictures.push((bars.name().to_owned(), bars.draw()?));
            }
        }
        return Ok(pictures);
    }
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
        let pictures = pictures(&run).unwrap();
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
    fn figures_by_size_become_one_picture_for_each_unit() {
        let machine = CIRCUMSTANCES.replace('\n', "") + "}\n";
        let text = machine
            + "{\"what\": \"memory_store\", \"sessions\": 1000, \"load_ns\": 2500, \"session_bytes\": 250}\n"
            + "something that is no JSON\n"
            + "{\"what\": \"memory_store\", \"sessions\": 10000, \"load_ns\": 2600, \"load_longest_ns\": 9000}\n";
        let pictures = pictures(&text).unwrap();
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
        assert!(pictures(text).unwrap_err().contains("machine"));
    }
}
