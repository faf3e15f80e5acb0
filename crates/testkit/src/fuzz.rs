//! Hostile bytes for every place that reads what others send: one function a target.
//!
//! A fuzzer calls them with whatever it invents (`cargo xtask fuzz`), and a stable test calls them with what
//! fuzzers and people have found worth keeping (`fuzz/corpus`). Each returns when the bytes were refused or
//! accepted soundly, and panics when a rule was broken that no input may break.

mod documents;
mod front;
mod tokens;

/// One target: its name, which is also the folder of its corpus, and what takes the bytes.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Reads the bytes.
    pub run: fn(&[u8]),
}

/// Every target there is.
pub const TARGETS: &[Target] = &[
    target("callback_parameters", front::callback_parameters),
    target("return_to", front::return_to),
    target("cookies", front::cookies),
    target("toml_entry", front::toml_entry),
    target("discovery_document", documents::discovery_document),
    target("jwks", documents::jwks),
    target("token_response", documents::token_response),
    target("dpop_nonce", documents::dpop_nonce),
    target("id_token", tokens::id_token),
    target("logout_token", tokens::logout_token),
    target("signed_response", tokens::signed_response),
    target("encrypted_token", tokens::encrypted_token),
    target("challenge", documents::challenge),
    target("webfinger", documents::webfinger),
    target("registration", documents::registration),
    target("third_party_login", front::third_party_login),
    target("private_keys", tokens::private_keys),
];

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// Runs a target by its name.
///
/// # Panics
///
/// When there is no such target, or the input breaks a rule.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| panic!("no target {name}"));
    (target.run)(input);
}
