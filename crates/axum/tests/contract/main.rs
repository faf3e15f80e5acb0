//! The adapter contract, held by this adapter.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod app;
mod layered;

use codegrant_testkit::contract::Adapter;

#[test]
fn the_adapter_keeps_the_contract() {
    Adapter::new(app::start)
        .serving_http2()
        .guarding_pages()
        .check();
}

#[test]
fn the_layer_keeps_the_contract() {
    Adapter::new(layered::start)
        .serving_http2()
        .guarding_pages()
        .check();
}
