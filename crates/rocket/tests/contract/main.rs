//! The adapter contract, held by this adapter.

mod app;

use codegrant_testkit::contract::Adapter;

#[test]
fn the_adapter_keeps_the_contract() {
    Adapter::new(app::start)
        .refusing_unknown_methods()
        .dropping_foreign_fields()
        .serving_http2()
        .guarding_pages()
        .check();
}
