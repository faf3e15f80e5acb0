//! The tour app on Rocket: log in, and watch how it works.

fn main() {}
