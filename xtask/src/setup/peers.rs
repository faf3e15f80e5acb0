//! What codegrant is measured against in other languages, from npm and from PyPI.

use std::path::PathBuf;

use super::Missing;
use super::registries::Programs;
use crate::workspace::Workspace;

const NODE: Programs = Programs {
    suite: "peers-node",
    source: "benches/node",
    folder: "benches/node",
    what: "the npm packages express, openid-client and express-openid-connect",
    packages: &["package.json", "package-lock.json", ".npmrc"],
    programs: &[
        "bare.mjs",
        "express_openid_connect.mjs",
        "openid_client.mjs",
    ],
    fix: "cargo xtask bench --peers, with the npm registry within reach",
};

const PYTHON: Programs = Programs {
    suite: "peers-python",
    source: "benches/python",
    folder: "benches/python",
    what: "the PyPI packages Flask, Authlib and gunicorn",
    packages: &["requirements.txt"],
    programs: &["bare.py", "gunicorn.conf.py", "with_authlib.py"],
    fix: "install Python 3.10 or later with the module venv (Debian: python3-venv), and run \
          cargo xtask bench --peers with PyPI within reach",
};

/// Installs the peers on Node.js below `target/benches`, unless they are there. Returns their folder.
pub(crate) fn node(workspace: &Workspace) -> Result<PathBuf, Missing> {
    NODE.install_with_npm(workspace)
}

/// Installs the peers in Python below `target/benches`, unless they are there. Returns their folder.
pub(crate) fn python(workspace: &Workspace) -> Result<PathBuf, Missing> {
    PYTHON.install_with_pip(workspace)
}
