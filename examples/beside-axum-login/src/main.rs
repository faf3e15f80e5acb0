//! Adopts codegrant one route at a time in an app that has axum-login.

fn main() {}
