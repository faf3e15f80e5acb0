//! tour-axum.
fn main() {}
