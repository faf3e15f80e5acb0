//! Test logins without a network: a provider, a browser and a clock as plain values.

pub mod world;

pub use world::World;
