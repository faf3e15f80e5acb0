//! The tour on axum against every module of the conformance suite; `codegrant_testkit::suite` says how.

codegrant_testkit::conformance_suite!(env!("CARGO_BIN_EXE_tour-axum"));
