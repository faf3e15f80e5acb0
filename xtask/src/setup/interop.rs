//! The providers of the interop suite, from npm and from PyPI.

use std::path::PathBuf;
use std::process::Command;

use super::Missing;
use super::registries::Programs;
use crate::workspace::Workspace;

/// The folders of the installed providers.
#[derive(Debug)]
pub(crate) struct Interop {
    /// The certified one, on Node.js.
    pub(crate) certified: Result<PathBuf, Missing>,
    /// The two in Python.
    pub(crate) python: Result<PathBuf, Missing>,
}

const CERTIFIED: Programs = Programs {
    suite: "interop",
    source: "interop/oidc-provider",
    folder: "interop/oidc-provider",
    what: "the npm package oidc-provider",
    packages: &["package.json", "package-lock.json", ".npmrc"],
    programs: &["server.mjs"],
    fix: "cargo xtask interop, with the npm registry within reach",
};

const PYTHON: Programs = Programs {
    suite: "interop-python",
    source: "interop/python",
    folder: "interop/python",
    what: "the PyPI packages canaille and django-oauth-toolkit",
    packages: &["requirements.txt"],
    programs: &["canaille_server.py", "django_server.py", "django_site.py"],
    fix: "install Python 3.10 or later with the module venv (Debian: python3-venv), and run \
          cargo xtask interop with PyPI within reach",
};

impl Interop {
    /// Finds the providers, or installs them below `target/interop`.
    pub(crate) fn prepare(workspace: &Workspace) -> Self {
        Self {
            certified: CERTIFIED.install_with_npm(workspace),
            python: PYTHON.install_with_pip(workspace),
        }
    }

    /// Returns what cannot run.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &Missing> {
        let certified = self.certified.as_ref().err();
        certified.into_iter().chain(self.python.as_ref().err())
    }

    /// Tells the tests where the providers are.
    pub(crate) fn tell(&self, tests: &mut Command) {
        for (variable, folder) in [
            ("CODEGRANT_OIDC_PROVIDER", &self.certified),
            ("CODEGRANT_PYTHON_PROVIDERS", &self.python),
        ] {
            if let Ok(folder) = folder {
                tests.env(variable, folder);
            }
        }
    }
}
