//! A directory of one test, gone when the test is.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::must;

/// A new, empty directory; dropping it removes it with all that it holds.
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Makes a directory among the system's temporary files.
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("codegrant-suite-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        must("temporary directory", std::fs::create_dir_all(&path));
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        must(name, std::fs::write(self.0.join(name), text));
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // A browser that is just ending may still be writing: what it adds goes with the second attempt.
        if std::fs::remove_dir_all(&self.0).is_err() {
            let _left = std::fs::remove_dir_all(&self.0);
        }
    }
}
