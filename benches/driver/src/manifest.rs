//! What is measured: the entries of `peers.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    /// Processor time of a page of a logged-in user.
    Request,
    /// Processor time of a whole login.
    Login,
    /// Memory of a session, and of a login that was begun and left.
    Memory,
    /// Crates, seconds and bytes of a build.
    Build,
}

impl Table {
    /// All of them, in the order in which they are printed.
    pub const ALL: [Self; 4] = [Self::Request, Self::Login, Self::Memory, Self::Build];

    /// Returns the name that the command line and the manifest use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Login => "login",
            Self::Memory => "memory",
            Self::Build => "build",
        }
    }
}

/// How a peer is built and started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A package of this workspace.
    Rust,
    /// A script for Node.
    Node,
    /// A script for Python.
    Python,
}

impl Kind {
    /// Returns the name that the command line and the manifest use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Node => "node",
            Self::Python => "python",
        }
    }
}

/// How a visitor of a peer comes to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionBy {
    /// By a login at the provider.
    Login,
    /// By `GET /seed`.
    Seed,
    /// Its page needs none.
    None,
}

/// One entry: a peer in one of its modes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    pub name: String,
    pub kind: Kind,
    #[serde(default)]
    pub package: Option<String>,
    #[serde(default)]
    pub command: Vec<String>,
    pub framework: String,
    #[serde(default)]
    pub subject: Vec<String>,
    #[serde(default)]
    pub versions: Vec<String>,
    pub tables: Vec<Table>,
    #[serde(default)]
    pub bare: Option<String>,
    pub session: SessionBy,
    #[serde(default = "login")]
    pub login: String,
    #[serde(default = "rs256")]
    pub algorithm: String,
    #[serde(default)]
    pub verifies_id_token: bool,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    #[serde(default)]
    pub missing: Option<String>,
    #[serde(default)]
    pub note: String,
}

impl Peer {
    /// Tells whether a part of its name or its framework is named, in capitals or not.
    fn is_meant_by(&self, only: &str) -> bool {
        let only = only.to_lowercase();
        [&self.name, &self.framework]
            .into_iter()
            .any(|text| text.to_lowercase().contains(&only))
    }
}

fn login() -> String {
    "/login".to_owned()
}

fn rs256() -> String {
    "RS256".to_owned()
}

/// All entries, in the order of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(rename = "peer")]
    pub peers: Vec<Peer>,
}

impl Manifest {
    /// Reads `peers.toml` of the workspace in this folder.
    ///
    /// # Errors
    ///
    /// It cannot be read, two entries have one name, or `bare` names none.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join("peers.toml");
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let manifest: Self =
            toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        for (place, peer) in manifest.peers.iter().enumerate() {
            let name = &peer.name;
            if manifest.peers[..place]
                .iter()
                .any(|other| other.name == *name)
            {
                return Err(format!("peers.toml: two entries are named `{name}`"));
            }
            if let Some(bare) = &peer.bare
                && !manifest.peers.iter().any(|other| other.name == *bare)
            {
                return Err(format!(
                    "peers.toml: `{name}` is compared with `{bare}`, which is no entry"
                ));
            }
        }
        Ok(manifest)
    }

    /// Iterates over what takes part in this table and is meant by `only`, where that is said.
    pub fn of<'a>(&'a self, table: Table, only: Option<&'a str>) -> impl Iterator<Item = &'a Peer> {
        let of_table = self
            .peers
            .iter()
            .filter(move |peer| peer.tables.contains(&table));
        of_table.filter(move |peer| only.is_none_or(|only| peer.is_meant_by(only)))
    }
}
