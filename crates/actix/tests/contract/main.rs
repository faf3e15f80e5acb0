//! The adapter contract, held by this adapter.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod app;

use codegrant_testkit::contract::Adapter;

#[test]
fn the_adapter_keeps_the_contract() {
    Adapter::new(app::start).guarding_pages().check();
}
