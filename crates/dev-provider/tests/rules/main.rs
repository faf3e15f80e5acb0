//! The dev provider held to its rules by values: no socket, no clock, no browser.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where something is missing"
)]

mod authorization;
mod faults;
mod keys;
mod log_out;
mod login;
mod pages;
mod support;
mod token;
mod tokens;
