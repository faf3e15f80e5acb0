//! The Config plan: the metadata, the keys, and how both change under a client's feet.

use super::super::module::Module;
use super::super::plays;
use super::super::variant::{Registration, Variant};
use super::basic::no_signature;

/// Config RP, for a client that is registered and for one that registers itself; the comprehensive plan has
/// the other variants that it leaves to choose.
pub(super) fn modules() -> Vec<Module> {
    let usual = Variant::default();
    let mut modules = modules_in(usual);
    let registered = Variant {
        registration: Registration::Dynamic,
        ..usual
    };
    modules.push(
        rotated_just_before(registered).calls("metadata register authorize token keys userinfo"),
    );
    modules
}

/// What the Config and the Dynamic plan share.
pub(super) fn modules_in(variant: Variant) -> Vec<Module> {
    let module = |name| Module::new(name).with(variant);
    vec![
        module("oidcc-client-test-discovery-openid-config")
            .play(plays::begin)
            .calls("metadata")
            .seen(),
        module("oidcc-client-test-discovery-jwks-uri-keys").feature("random-keys-path"),
        module("oidcc-client-test-discovery-issuer-mismatch")
            .metadata(|members| {
                let issuer = members["issuer"].as_str().unwrap_or_default();
                let issuer = format!("{issuer}INVALID");
                members.insert("issuer".to_owned(), issuer.into());
            })
            .refused("metadata", "discovery.issuer_mismatch"),
        no_signature(variant),
        rotated_just_before(variant),
        module("oidcc-client-test-signing-key-rotation")
            .fault("keys-replaced-at-authorization")
            .play(plays::log_in_twice)
            .calls("metadata authorize token keys userinfo authorize token keys userinfo"),
    ]
}

fn rotated_just_before(variant: Variant) -> Module {
    Module::new("oidcc-client-test-signing-key-rotation-just-before-signing")
        .with(variant)
        .fault("keys-replaced-before-signing")
}
