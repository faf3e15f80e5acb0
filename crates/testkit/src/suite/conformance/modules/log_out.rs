//! The log-out plans: begun by the app, by back channel, by front channel, and session management.

use super::super::module::{Module, Twist};
use super::super::plays;

const OUT: &str = "metadata authorize token keys userinfo end_session";

/// RP-initiated log-out.
pub(super) fn by_the_app() -> Vec<Module> {
    let module = |name| {
        Module::new(name)
            .key("log_out_at_provider", "true")
            .calls(OUT)
            .seen()
    };
    vec![
        module("oidcc-client-test-rp-init-logout").play(plays::log_out),
        module("oidcc-client-test-rp-init-logout-other-state")
            .fault("log-out-wrong-state")
            .play(plays::log_out_with_a_wrong_state),
        module("oidcc-client-test-rp-init-logout-no-state")
            .fault("log-out-no-state")
            .play(plays::log_out_with_a_wrong_state),
    ]
}

/// Back-channel log-out.
pub(super) fn by_back_channel() -> Vec<Module> {
    let module = |name| {
        Module::new(name)
            .feature("back-channel-log-out")
            .feature("punctuated-session-ids")
            .registered("backchannel_logout_uri", "APP/auth/backchannel-logout")
            .key("log_out_at_provider", "true")
            .key("backchannel_logout", "true")
            .calls(OUT)
            .seen()
    };
    let refused = |name, fault| {
        module(name)
            .fault(fault)
            .play(plays::back_channel_is_refused)
    };
    vec![
        module("oidcc-client-test-rp-backchannel-rpinitlogout").play(plays::back_channel),
        refused(
            "oidcc-client-test-rp-backchannel-rpinitlogout-alg-none",
            "logout-token-alg-none",
        ),
        refused(
            "oidcc-client-test-rp-backchannel-rpinitlogout-no-event",
            "logout-token-no-events",
        ),
        refused(
            "oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce",
            "logout-token-with-nonce",
        ),
        refused(
            "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg",
            "logout-token-other-alg",
        ),
        refused(
            "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud",
            "logout-token-wrong-aud",
        ),
        refused(
            "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event",
            "logout-token-wrong-event",
        ),
        refused(
            "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss",
            "logout-token-wrong-iss",
        ),
    ]
}

/// Front-channel log-out; the second one stands in the comprehensive plan.
pub(super) fn by_front_channel() -> Vec<Module> {
    let module = |name| {
        Module::new(name)
            .feature("front-channel-log-out")
            .feature("punctuated-session-ids")
            .feature("unencoded-session-ids")
            .registered("frontchannel_logout_uri", "APP/auth/frontchannel-logout")
            .registered("frontchannel_logout_session_required", true)
            .key("log_out_at_provider", "true")
            .key("frontchannel_logout", "true")
            .calls(OUT)
            .seen()
    };
    vec![
        module("oidcc-client-test-rp-frontchannel-rpinitlogout").play(plays::front_channel),
        module("oidcc-client-test-rp-frontchannel-opinitlogout")
            .play(plays::front_channel_from_the_provider),
    ]
}

/// Session management: the page that asks the provider's frame.
pub(super) fn session_management() -> Vec<Module> {
    vec![
        Module::new("oidcc-client-test-session-management")
            .feature("session-management")
            .key("log_out_at_provider", "true")
            .key("session_management", "true")
            .play(plays::watch_the_session)
            .calls(OUT)
            .seen()
            // The suite's provider says where its frame is, and so does this one.
            .twist(Twist::Metadata(|_| {})),
    ]
}
