//! The Dynamic plan, whose client knows nothing beforehand, and logins that a third party begins.

use super::super::module::{Account, Module};
use super::super::plays;
use super::super::variant::{Registration, RequestType, Variant};
use super::config;

const LOG_IN: &str = "metadata register authorize token keys userinfo";

/// Dynamic RP: a client that registers itself and whose requests are fetched from where it hosts them.
pub(super) fn modules() -> Vec<Module> {
    let variant = Variant {
        registration: Registration::Dynamic,
        request: RequestType::RequestUri,
        ..Variant::default()
    };
    let module = |name| Module::new(name).with(variant).calls(LOG_IN);
    let mut modules = config::modules_in(variant);
    for module in &mut modules {
        // The app registers before it sends anybody away; the suite has seen enough by then.
        if module.name != "oidcc-client-test-discovery-issuer-mismatch" {
            module.calls = module.calls.replacen("metadata", "metadata register", 1);
        }
    }
    modules.extend([
        module("oidcc-client-test-discovery-webfinger-acct")
            .account(Account::Acct)
            .calls("webfinger metadata register authorize token keys userinfo"),
        module("oidcc-client-test-discovery-webfinger-url")
            .account(Account::Url)
            .calls("webfinger metadata register authorize token keys userinfo"),
        module("oidcc-client-test-dynamic-registration")
            .play(plays::begin)
            .calls("metadata register")
            .seen(),
        module("oidcc-client-test-request-uri-signed-rs256").signs_with("RS256"),
        module("oidcc-client-test-request-uri-signed-none").left_out(
            "a request object without a signature is nothing but a request that can be changed: it is not made",
        ),
        module("oidcc-client-test-userinfo-signed").key("userinfo_algorithm", "\"RS256\""),
    ]);
    modules
}

/// Third-party initiated login, for a client of each kind.
pub(super) fn third_party_login() -> Vec<Module> {
    let usual = Variant::default();
    let dynamic = Variant {
        registration: Registration::Dynamic,
        ..usual
    };
    let module = |variant| {
        Module::new("oidcc-client-test-3rd-party-init-login")
            .with(variant)
            .key("third_party_login", "true")
            .play(plays::initiated_login)
    };
    vec![
        module(usual).registered("initiate_login_uri", "APP/auth/initiate"),
        module(dynamic).calls(LOG_IN),
    ]
}
