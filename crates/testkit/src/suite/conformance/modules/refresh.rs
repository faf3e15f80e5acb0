//! The refresh plan: tokens renewed, and an ID token that comes with the new ones and is wrong.

use super::super::module::Module;
use super::super::plays;

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
    vec![
        Module::new("oidcc-client-test-refresh-token")
            .feature("odd-characters")
            .play(plays::renew_and_ask_userinfo)
            .calls("metadata authorize token keys userinfo token userinfo")
            .seen(),
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
