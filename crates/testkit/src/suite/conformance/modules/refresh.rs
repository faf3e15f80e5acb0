//! The refresh plan: tokens renewed, and an ID token that comes with the new ones and is wrong.

use super::super::module::Module;
use super::super::plays;

/// What leads to a session whose tokens are renewed.
const RENEWED: &str = "metadata authorize token keys userinfo token";

/// The refresh plan.
pub(super) fn modules() -> Vec<Module> {
    let refused = |name, fault, code| {
        Module::new(name)
            .fault(fault)
            .play(plays::renew)
            .refused(RENEWED, code)
    };
    vec![
        Module::new("oidcc-client-test-refresh-token")
            .feature("odd-characters")
            .play(plays::renew_and_ask_userinfo)
            .calls("metadata authorize token keys userinfo token userinfo")
            .seen(),
        refused(
            "oidcc-client-test-refresh-token-invalid-issuer",
            "refresh-wrong-iss",
            "id_token.issuer_mismatch",
        ),
        refused(
            "oidcc-client-test-refresh-token-invalid-sub",
            "refresh-wrong-sub",
            "id_token.subject_mismatch",
        ),
    ]
}
