//! hello-axum.
fn main() {}
