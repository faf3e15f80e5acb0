//! The tour on Rocket over plain HTTP; `codegrant_testkit::suite` says what is tried.

codegrant_testkit::tour_suite!(env!("CARGO_BIN_EXE_tour-rocket"));
