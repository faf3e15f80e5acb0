//! The dev provider held to its rules by values: no socket, no clock, no browser.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where something is missing"
)]

mod authorization;
mod back_channel;
mod client_authentication;
mod dpop;
mod fapi;
mod faults;
mod front_channel;
mod grants;
mod issuer_discovery;
mod key_sets;
mod keys;
mod log_out;
mod login;
mod pages;
mod protection;
mod pushed;
mod registration;
mod request_object;
mod requests;
mod response_object;
mod signer;
mod support;
mod token;
mod tokens;
