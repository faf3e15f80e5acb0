//! Test logins without a network: a provider, a browser and a clock as plain values.

pub mod contract;
pub mod fuzz;
mod outbox;
mod plain_http;
#[cfg(any(feature = "suite", all(unix, feature = "servers")))]
#[cfg_attr(
    not(feature = "suite"),
    allow(dead_code, reason = "suites use all of it")
)]
mod programs;
pub mod serve;
#[cfg(all(unix, feature = "servers"))]
pub mod servers;
pub mod site;
pub mod store_contract;
pub mod store_costs;
#[cfg(feature = "suite")]
pub mod suite;
mod switched_store;
pub mod world;

pub use codegrant_dev_provider::{ClientRegistration, DevProvider, Fault, Settings};
pub use outbox::outbox;
pub use serve::{Loopback, Served};
pub use site::{Browser, Site};
pub use switched_store::{Operations, SwitchedStore};
pub use world::World;
