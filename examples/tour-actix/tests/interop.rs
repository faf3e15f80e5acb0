//! The tour on Actix-web against a certified provider; `codegrant_testkit::suite` says what that takes.

codegrant_testkit::interop_suite!(env!("CARGO_BIN_EXE_tour-actix"));
