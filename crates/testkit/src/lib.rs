//! Test logins without a network: a provider, a browser and a clock as plain values.

pub mod serve;
pub mod world;

pub use serve::{Loopback, Served};
pub use world::World;
