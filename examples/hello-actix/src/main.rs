//! Login in an Actix-web app, in fifteen lines.

fn main() {}
