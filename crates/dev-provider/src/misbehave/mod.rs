//! Faults at work: each honest answer passes through here, and leaves unchanged while nothing is injected.

mod answer;
mod callback;
mod documents;
mod id_token;
mod token;
mod userinfo;

pub(crate) use answer::{alter, instead};
pub(crate) use callback::alter_callback;
pub(crate) use id_token::sign_id_token;

/// Somebody that the provider is not.
const STRANGER: &str = "https://stranger.example";
