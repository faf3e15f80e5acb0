//! The servers that stores are tested against: Redis, PostgreSQL and MariaDB, never running but in a test.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Missing, debian};
use crate::process::find_program;
use crate::workspace::Workspace;

/// Where each server's programs are.
#[derive(Debug)]
pub(crate) struct Servers(pub(super) [Result<Found, Missing>; 3]);

/// What a test is told of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    variable: &'static str,
    path: PathBuf,
}

/// A product that tests start.
struct Product {
    suite: &'static str,
    /// How it is called where people read.
    name: &'static str,
    variable: &'static str,
    package: &'static str,
    find: fn() -> Option<PathBuf>,
    fix: &'static str,
}

const PRODUCTS: [Product; 3] = [
    Product {
        suite: "redis",
        name: "Redis",
        variable: "CODEGRANT_REDIS_SERVER",
        package: "redis-server",
        find: || {
            ["redis-server", "valkey-server"]
                .into_iter()
                .find_map(find_server)
        },
        fix: "as root: apt-get update && apt-get install redis-server, or set CODEGRANT_REDIS_SERVER to the \
              program",
    },
    Product {
        suite: "postgres",
        name: "PostgreSQL",
        variable: "CODEGRANT_POSTGRES_BIN",
        package: "postgresql",
        find: find_postgres,
        fix: "as root: apt-get update && apt-get install postgresql, or set CODEGRANT_POSTGRES_BIN to the \
              folder of postgres, initdb and createdb",
    },
    Product {
        suite: "mariadb",
        name: "MariaDB",
        variable: "CODEGRANT_MARIADB_BIN",
        package: "mariadb-server",
        find: || Some(find_server("mariadbd")?.parent()?.to_owned()),
        fix: "as root: apt-get update && apt-get install mariadb-server, or set CODEGRANT_MARIADB_BIN to the \
              folder of mariadbd, mariadb-install-db and mariadb",
    },
];

impl Servers {
    /// Finds the servers, or installs those that are missing from Debian's packages.
    pub(crate) fn prepare(workspace: &Workspace) -> Self {
        let is_missing = |product: &&Product| product.path().is_none();
        let missing: Vec<_> = PRODUCTS.iter().filter(is_missing).collect();
        let packages: Vec<_> = missing.iter().map(|product| product.package).collect();
        let installed = match packages[..] {
            [] => Ok(()),
            _ => debian::install(workspace, &packages),
        };
        let why = match installed {
            Ok(()) => "not even after apt-get".to_owned(),
            Err(why) => format!("and {why}"),
        };
        Self(PRODUCTS.each_ref().map(|product| product.found(&why)))
    }

    /// Returns what cannot run.
    pub(super) fn missing(&self) -> impl Iterator<Item = &Missing> {
        self.0.iter().filter_map(|server| server.as_ref().err())
    }

    /// Tells the tests where the servers are.
    pub(crate) fn tell(&self, tests: &mut Command) {
        for Found { variable, path } in self.0.iter().flatten() {
            tests.env(variable, path);
        }
    }
}

impl Product {
    fn path(&self) -> Option<PathBuf> {
        let named = std::env::var_os(self.variable).map(PathBuf::from);
        named.or_else(self.find)
    }

    fn found(&self, why: &str) -> Result<Found, Missing> {
        let found = self.path().map(|path| Found {
            variable: self.variable,
            path,
        });
        found.ok_or_else(|| Missing {
            suite: self.suite,
            why: format!("{} is not installed, {why}", self.name),
            fix: self.fix,
        })
    }
}

/// Finds a program that is a server's, which not everybody has in `PATH`.
fn find_server(name: &str) -> Option<PathBuf> {
    let system = ["/usr/sbin", "/usr/local/sbin"].map(|folder| Path::new(folder).join(name));
    find_program(name).or_else(|| system.into_iter().find(|path| path.is_file()))
}

/// Finds the folder of PostgreSQL's programs: `PATH` often has its clients alone.
fn find_postgres() -> Option<PathBuf> {
    let has_all = |folder: &PathBuf| {
        let mut programs = ["postgres", "initdb", "createdb"].iter();
        programs.all(|program| folder.join(program).is_file())
    };
    let in_path = find_program("postgres").and_then(|program| program.canonicalize().ok());
    let in_path = in_path.and_then(|program| Some(program.parent()?.to_owned()));
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter();
    let versions = versions
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"));
    in_path
        .filter(has_all)
        .or_else(|| versions.filter(has_all).max())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Servers that are all there, or all missing.
    pub(in crate::setup) fn servers(there: bool) -> Servers {
        Servers(PRODUCTS.each_ref().map(|product| {
            let found = Found {
                variable: product.variable,
                path: "/usr/bin/server".into(),
            };
            there.then_some(found).ok_or(Missing {
                suite: product.suite,
                why: "it is not there".to_owned(),
                fix: product.fix,
            })
        }))
    }

    #[test]
    fn tests_are_told_of_each_server_that_is_there() {
        let mut command = Command::new("true");
        let mut some = servers(true);
        some.0[1] = servers(false).0[1].clone();
        some.tell(&mut command);
        let names: Vec<_> = command.get_envs().map(|(name, _)| name).collect();
        assert_eq!(names, ["CODEGRANT_MARIADB_BIN", "CODEGRANT_REDIS_SERVER"]);
        assert_eq!(
            some.missing()
                .map(|missing| missing.suite)
                .collect::<Vec<_>>(),
            ["postgres"]
        );
    }
}
