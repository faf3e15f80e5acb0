//! The tour app on Actix-web: log in, and watch how it works.

fn main() {}
