//! The refresh plan: tokens renewed, and an ID token that comes with the new ones and is wrong.

use super::super::module::Module;
use super::super::plays;
use super::super::variant::Variant;

/// What leads to a session whose tokens are renewed.
const RENEWED: &str = "metadata authorize token keys userinfo token";

/// The refresh plan.
pub(super) fn modules() -> Vec<Module> {
    let refused = |name, fault| {
        Module::new(name)
            .fault(fault)
            .play(plays::renew_and_be_sent_away)
            .calls(RENEWED)
            .seen()
    };
    let renewed = |authentication| {
        let variant = Variant {
            authentication,
            ..Variant::default()
        };
        Module::new("oidcc-client-test-refresh-token")
            .with(variant)
            .feature("odd-characters")
            .play(plays::renew_and_ask_userinfo)
            .calls("metadata authorize token keys userinfo token userinfo")
            .seen()
    };
    vec![
        renewed("client_secret_basic"),
        // A new assertion for each request, and the certificate at both.
        renewed("private_key_jwt"),
        renewed("tls_client_auth"),
        refused(
            "oidcc-client-test-refresh-token-invalid-issuer",
            "refresh-wrong-iss",
        ),
        refused(
            "oidcc-client-test-refresh-token-invalid-sub",
            "refresh-wrong-sub",
        ),
    ]
}
