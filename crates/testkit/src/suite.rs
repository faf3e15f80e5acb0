//! The tour app as a person meets it: over plain HTTP, in a real browser, and against providers that nobody
//! here wrote.
//!
//! An app takes part by its binary. Each test starts it anew with a configuration file of its own, next to a
//! provider on loopback, and ends both; what a test needs beyond cargo is found by environment variables.
//! A test that finds nothing prints `codegrant-skip: SUITE: WHY` and passes, or fails where
//! `CODEGRANT_SUITES=required` is set.
//!
//! | suite | macro | needs |
//! |---|---|---|
//! | [`conformance`] | [`conformance_suite!`](crate::conformance_suite) | nothing |
//! | [`browser`] | [`browser_suite!`](crate::browser_suite) | `CODEGRANT_CHROMIUM` and `CODEGRANT_CHROMEDRIVER`, or Debian's packages |
//! | [`tour`] | [`tour_suite!`](crate::tour_suite) | nothing |
//! | [`interop`] | [`interop_suite!`](crate::interop_suite) | `CODEGRANT_OIDC_PROVIDER`: the folder of the installed provider; and Node.js |
//! | | | `CODEGRANT_PYTHON_PROVIDERS`: the folder of the two in Python |
//!
//! What an app's test file holds:
//!
//! ```text
//! //! The tour in a real browser.
//! codegrant_testkit::browser_suite!(env!("CARGO_BIN_EXE_tour-axum"));
//! ```
//!
//! The functions panic when the app does not do what a person may expect; the text says what stood there
//! instead. Nothing sleeps: every wait is for something that is going to happen, with a deadline.

mod app;
pub mod browser;
pub mod conformance;
pub mod interop;
mod scene;
pub mod tour;
mod visitor;
mod webdriver;
mod window;

use crate::plain_http;
use crate::programs::{PATIENCE, directory, leave_out, must, port, process};

/// Makes a test of each function of a suite, for the binary at a path.
#[doc(hidden)]
#[macro_export]
macro_rules! suite_tests {
    ($suite:ident, $binary:expr, $($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                $crate::suite::$suite::$name($binary);
            }
        )+
    };
}
