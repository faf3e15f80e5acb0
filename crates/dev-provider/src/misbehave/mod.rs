//! Faults at work: each honest answer passes through here, and leaves unchanged while nothing is injected.

mod answer;
mod callback;
mod documents;
mod encryption;
mod id_token;
mod logout_token;
mod pushed;
mod registration;
mod response_object;
mod token;
mod userinfo;

pub(crate) use answer::{alter, instead};
pub(crate) use callback::{alter_callback, alter_log_out_state};
pub(crate) use encryption::{alter_encrypted, key_of_another};
pub(crate) use id_token::{other_rsa, sign_id_token, with_signature_of};
pub(crate) use logout_token::sign_logout_token;
pub(crate) use registration::alter_registration;
pub(crate) use response_object::{alter_response_object, sign_response};
pub(crate) use userinfo::{alter_claims as alter_userinfo, sign as sign_userinfo};

/// Somebody that the provider is not.
const STRANGER: &str = "https://stranger.example";
