//! What some suites need beyond cargo, installed where that is allowed.
//!
//! The browser suite needs Chromium and its driver, and the tests of stores need Redis, PostgreSQL and
//! MariaDB, which are Debian packages; the interop suite needs Node.js and an npm package, and Python with two
//! packages of PyPI; so do the peers of the benchmarks, which no test waits for. Nothing is installed that is already there, npm's and Python's packages go to `target/`,
//! and whatever cannot be had is named with the command that would fix it.

mod browser;
mod debian;
mod interop;
pub(crate) mod peers;
mod registries;
mod servers;

use std::process::Command;

use crate::workspace::Workspace;

use browser::Browser;
pub(crate) use interop::Interop;
pub(crate) use servers::Servers;

/// Where each suite finds its counterpart, or why it cannot run.
#[derive(Debug)]
pub(crate) struct Suites {
    /// The browser suite.
    pub(crate) browser: Result<Browser, Missing>,
    /// The interop suite.
    pub(crate) interop: Interop,
    /// The servers of the stores.
    pub(crate) servers: Servers,
}

/// Why a suite cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    /// The suite.
    pub(crate) suite: &'static str,
    /// What is not there, and why it was not installed.
    pub(crate) why: String,
    /// What would fix it.
    pub(crate) fix: &'static str,
}

impl Suites {
    /// Makes everything ready for all suites, saying what it does.
    pub(crate) fn prepare(workspace: &Workspace) -> Self {
        Self {
            browser: Browser::prepare(workspace),
            interop: Interop::prepare(workspace),
            servers: Servers::prepare(workspace),
        }
    }

    /// Returns what cannot run.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &Missing> {
        let browser = self.browser.as_ref().err();
        let missing = browser.into_iter().chain(self.interop.missing());
        missing.chain(self.servers.missing())
    }

    /// Tells the tests where things are; a suite whose variable is absent says so and passes.
    pub(crate) fn tell(&self, tests: &mut Command) {
        if let Ok(browser) = &self.browser {
            browser.tell(tests);
        }
        self.interop.tell(tests);
        self.servers.tell(tests);
        if self.missing().next().is_none() {
            // Nothing is missing, so a suite that finds nothing is broken.
            tests.env("CODEGRANT_SUITES", "required");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suites(browser: bool, certified: bool, python: bool, servers: bool) -> Suites {
        let missing = |suite| Missing {
            suite,
            why: "it is not there".to_owned(),
            fix: "install it",
        };
        let found = Browser {
            chromium: "/usr/bin/chromium".into(),
            chromedriver: "/usr/bin/chromedriver".into(),
        };
        Suites {
            browser: browser.then_some(found).ok_or(missing("browser")),
            interop: Interop {
                certified: certified
                    .then_some("target/x".into())
                    .ok_or(missing("interop")),
                python: python
                    .then_some("target/y".into())
                    .ok_or(missing("interop-python")),
            },
            servers: servers::tests::servers(servers),
        }
    }

    fn variables(suites: &Suites) -> Vec<String> {
        let mut command = Command::new("true");
        suites.tell(&mut command);
        let names = command.get_envs().map(|(name, _)| name.to_string_lossy());
        names.map(|name| name.into_owned()).collect()
    }

    #[test]
    fn suites_are_required_only_when_nothing_is_missing() {
        assert_eq!(
            variables(&suites(true, true, true, true)),
            [
                "CODEGRANT_CHROMEDRIVER",
                "CODEGRANT_CHROMIUM",
                "CODEGRANT_MARIADB_BIN",
                "CODEGRANT_OIDC_PROVIDER",
                "CODEGRANT_POSTGRES_BIN",
                "CODEGRANT_PYTHON_PROVIDERS",
                "CODEGRANT_REDIS_SERVER",
                "CODEGRANT_SUITES"
            ]
        );
        assert_eq!(
            variables(&suites(true, false, false, false)),
            ["CODEGRANT_CHROMEDRIVER", "CODEGRANT_CHROMIUM"]
        );
        assert_eq!(
            variables(&suites(false, true, false, false)),
            ["CODEGRANT_OIDC_PROVIDER"]
        );
        assert_eq!(
            variables(&suites(false, false, true, false)),
            ["CODEGRANT_PYTHON_PROVIDERS"]
        );
    }

    #[test]
    fn each_missing_suite_is_named() {
        let suites = suites(false, false, false, false);
        let named: Vec<_> = suites.missing().map(|missing| missing.suite).collect();
        assert_eq!(
            named,
            [
                "browser",
                "interop",
                "interop-python",
                "redis",
                "postgres",
                "mariadb"
            ]
        );
    }
}
