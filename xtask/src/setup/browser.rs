//! The browser of the browser suite and its driver.

use std::path::PathBuf;
use std::process::Command;

use super::{Missing, debian};
use crate::process::find_program;
use crate::workspace::Workspace;

/// A browser and the program that drives it.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(super) chromium: PathBuf,
    pub(super) chromedriver: PathBuf,
}

const CHROMIUM_NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const FIX: &str = "as root: apt-get update && apt-get install chromium chromium-driver, or set \
     CODEGRANT_CHROMIUM and CODEGRANT_CHROMEDRIVER to a browser and a driver of one version";

impl Browser {
    /// Finds the browser, or installs it from Debian's packages.
    pub(super) fn prepare(workspace: &Workspace) -> Result<Self, Missing> {
        if let Some(browser) = Self::find() {
            return Ok(browser);
        }
        let missing = |why: String| Missing {
            suite: "browser",
            why: format!("Chromium or chromedriver is not installed, {why}"),
            fix: FIX,
        };
        debian::install(workspace, &["chromium", "chromium-driver"])
            .map_err(|why| missing(format!("and {why}")))?;
        Self::find().ok_or_else(|| missing("not even after apt-get".to_owned()))
    }

    fn find() -> Option<Self> {
        let named = |variable| std::env::var_os(variable).map(PathBuf::from);
        Some(Self {
            chromium: named("CODEGRANT_CHROMIUM")
                .or_else(|| CHROMIUM_NAMES.into_iter().find_map(find_program))?,
            chromedriver: named("CODEGRANT_CHROMEDRIVER")
                .or_else(|| find_program("chromedriver"))?,
        })
    }

    /// Tells the tests where it is.
    pub(super) fn tell(&self, tests: &mut Command) {
        tests
            .env("CODEGRANT_CHROMIUM", &self.chromium)
            .env("CODEGRANT_CHROMEDRIVER", &self.chromedriver);
    }
}
