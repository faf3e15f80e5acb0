//! The tour on Rocket in a real browser; `codegrant_testkit::suite` says what that takes.

codegrant_testkit::browser_suite!(env!("CARGO_BIN_EXE_tour-rocket"));
