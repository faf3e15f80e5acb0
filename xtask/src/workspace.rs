//! The workspace as `cargo metadata` describes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::process;

/// The workspace: where it is and which packages it has.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    /// Its root folder.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    /// Its packages.
    pub(crate) packages: Vec<Package>,
}

/// A package.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// What it is.
    pub(crate) description: Option<String>,
    /// Its `Cargo.toml`.
    pub(crate) manifest_path: PathBuf,
    /// What it depends on.
    pub(crate) dependencies: Vec<Dependency>,
    /// Its features, and what each switches on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// What cargo can build of it.
    pub(crate) targets: Vec<Target>,
}

/// A dependency of a package.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Dependency {
    /// The package's name.
    pub(crate) name: String,
    /// `dev` or `build`; none for an ordinary one.
    pub(crate) kind: Option<String>,
    /// Whether a feature switches it on.
    pub(crate) optional: bool,
}

/// Something that cargo can build: a library, a program, a test, a benchmark.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Target {
    /// Its name.
    pub(crate) name: String,
    /// `lib`, `bin`, `test`, `bench`, ...
    pub(crate) kind: Vec<String>,
}

impl Workspace {
    /// Reads the workspace that xtask belongs to, without the packages from outside.
    ///
    /// # Errors
    ///
    /// What cargo said.
    pub(crate) fn open() -> Result<Self, String> {
        let output = process::cargo(&root())
            .args([
                "metadata",
                "--format-version",
                "1",
                "--no-deps",
                "--offline",
            ])
            .output()
            .map_err(|error| format!("cargo metadata: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))
    }

    /// Returns the file in which a stage keeps its output.
    pub(crate) fn log(&self, stage: &str) -> PathBuf {
        self.scratch().join(format!("{stage}.log"))
    }

    /// Returns xtask's own folder below `target`.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }
}

/// Names a path the way a person at the root of the workspace would.
pub(crate) fn shown<'a>(root: &Path, path: &'a Path) -> std::path::Display<'a> {
    path.strip_prefix(root).unwrap_or(path).display()
}

fn root() -> PathBuf {
    // Cargo's variable first: the program may have been built before the folder was moved.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR");
    let xtask = manifest.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    xtask.parent().map_or(xtask.clone(), Path::to_path_buf)
}
