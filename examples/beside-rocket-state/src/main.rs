//! Adopts codegrant one route at a time in a Rocket app that keeps its own sessions.

fn main() {}
