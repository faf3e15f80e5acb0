//! Login in a Rocket app, in fifteen lines.

fn main() {}
