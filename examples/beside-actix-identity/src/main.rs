//! Adopts codegrant one route at a time in an app that has actix-identity.

fn main() {}
