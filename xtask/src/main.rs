//! xtask.

mod catalogue;

fn main() {}
