//! FAPI 2.0: Security Profile and Message Signing.

use super::super::module::{Module, Twist};
use super::super::plays;
use super::super::variant::{Fapi, ResponseMode, SenderConstrain, Variant};

/// Names a module by the end of its name: the rest is the same for all.
macro_rules! named {
    ($end:literal) => {
        concat!("fapi2-security-profile-final-client-test-", $end)
    };
}

/// What everybody does first.
const PUSHED: &str = "metadata par authorize";
const UNTIL_KEYS: &str = "metadata par authorize token keys";
const FINISHED: &str = "metadata par authorize token keys userinfo api";

/// The same without OpenID Connect: who it is comes from userinfo alone.
const PLAIN_FINISHED: &str = "oauth-metadata par authorize token userinfo api";

const USUAL: Fapi = Fapi {
    sender_constrain: SenderConstrain::Dpop,
    is_openid: true,
    is_signed: false,
};

/// The Security Profile: the happy path in every variant, the rest with DPoP and OpenID Connect.
pub(super) fn security_profile() -> Vec<Module> {
    let mut modules = happy_paths(&[false], &[ResponseMode::Default]);
    modules.extend(common(usual()));
    modules.extend(responses(usual()));
    // Those that differ without ID tokens, and with certificates.
    let certified = Variant {
        authentication: "tls_client_auth",
        fapi: Some(Fapi {
            sender_constrain: SenderConstrain::Mtls,
            ..USUAL
        }),
        ..usual()
    };
    modules.push(token_type(certified, "bEARER"));
    modules.push(mismatch(Variant {
        fapi: Some(Fapi {
            is_openid: false,
            ..USUAL
        }),
        ..usual()
    }));
    modules
}

/// Message Signing: the same, signed, and answers in a JWT with one defect each.
pub(super) fn message_signing() -> Vec<Module> {
    let modes = [ResponseMode::Default, ResponseMode::Jarm];
    let mut modules = happy_paths(&[false, true], &modes);
    let signed = Variant {
        fapi: Some(Fapi {
            is_signed: true,
            ..USUAL
        }),
        ..usual()
    };
    let jarm = Variant {
        response_mode: ResponseMode::Jarm,
        ..signed
    };
    modules.extend(common(jarm));
    modules.extend(responses(signed));
    // The answer's signature needs the keys.
    let judged = |name, fault: &'static str, code| {
        Module::new(name)
            .with(jarm)
            .fault(fault)
            .refused("metadata par authorize keys", code)
    };
    modules.extend([
        judged(
            named!("ensure-jarm-without-iss-fails"),
            "jarm-without-iss",
            "callback.response_claim",
        ),
        judged(
            named!("ensure-jarm-with-invalid-iss-fails"),
            "jarm-wrong-iss",
            "callback.response_claim",
        ),
        judged(
            named!("ensure-jarm-without-aud-fails"),
            "jarm-without-aud",
            "callback.response_claim",
        ),
        judged(
            named!("ensure-jarm-with-invalid-aud-fails"),
            "jarm-wrong-aud",
            "callback.response_claim",
        ),
        judged(
            named!("ensure-jarm-without-exp-fails"),
            "jarm-without-exp",
            "callback.response_lifetime",
        ),
        judged(
            named!("ensure-jarm-with-expired-exp-fails"),
            "jarm-expired",
            "callback.response_lifetime",
        ),
        judged(
            named!("ensure-jarm-with-invalid-sig-fails"),
            "jarm-wrong-signature",
            "callback.response_signature",
        ),
        judged(
            named!("ensure-jarm-signature-is-not-none"),
            "jarm-alg-none",
            "callback.response_signature",
        ),
    ]);
    modules
}

fn usual() -> Variant {
    Variant {
        authentication: "private_key_jwt",
        fapi: Some(USUAL),
        ..Variant::default()
    }
}

fn finished(name: &'static str, variant: Variant) -> Module {
    let calls = if variant.is_openid() {
        FINISHED
    } else {
        PLAIN_FINISHED
    };
    Module::new(name)
        .with(variant)
        .play(plays::log_in_and_call_the_api)
        .calls(calls)
        .seen()
}

/// The happy path in every combination of the axes.
fn happy_paths(signed: &[bool], modes: &[ResponseMode]) -> Vec<Module> {
    let mut modules = Vec::new();
    for authentication in ["private_key_jwt", "tls_client_auth"] {
        for sender_constrain in [SenderConstrain::Dpop, SenderConstrain::Mtls] {
            for is_openid in [true, false] {
                for &is_signed in signed {
                    for &response_mode in modes {
                        let fapi = Fapi {
                            sender_constrain,
                            is_openid,
                            is_signed,
                        };
                        let variant = Variant {
                            authentication,
                            response_mode,
                            fapi: Some(fapi),
                            ..Variant::default()
                        };
                        modules.push(happy(variant));
                    }
                }
            }
        }
    }
    modules
}

fn happy(variant: Variant) -> Module {
    let module = finished(named!("happy-path"), variant);
    if variant.is_dpop() {
        return demanding_nonces(module);
    }
    with_keys_first(module)
}

/// The provider demands a nonce, which changes after each authorization and each token.
fn demanding_nonces(module: Module) -> Module {
    let is_openid = module.variant.is_openid();
    let module = module.feature("dpop-nonces");
    with_keys_first(if is_openid {
        module.calls("metadata par par authorize token token keys userinfo userinfo api")
    } else {
        module.calls("oauth-metadata par par authorize token token userinfo userinfo api")
    })
}

/// An answer in a JWT is verified before the code is redeemed.
fn with_keys_first(mut module: Module) -> Module {
    if module.variant.response_mode == ResponseMode::Jarm {
        let calls = module.calls.replace(" keys", "");
        module.calls = calls.replace("authorize", "authorize keys");
    }
    module
}

fn mismatch(variant: Variant) -> Module {
    let calls = if variant.is_openid() {
        "metadata"
    } else {
        "oauth-metadata"
    };
    Module::new(named!("discovery-issuer-mismatch"))
        .with(variant)
        .metadata(|members| {
            let issuer = members["issuer"].as_str().unwrap_or_default();
            let issuer = format!("{issuer}INVALID");
            members.insert("issuer".to_owned(), issuer.into());
        })
        .refused(calls, "discovery.issuer_mismatch")
}

fn token_type(variant: Variant, spelling: &'static str) -> Module {
    let change: fn(&mut serde_json::Map<String, serde_json::Value>) = match spelling {
        "dpOp" => |members| drop(members.insert("token_type".to_owned(), "dpOp".into())),
        _ => |members| drop(members.insert("token_type".to_owned(), "bEARER".into())),
    };
    let module = finished(named!("token-type-case-insensitivity"), variant);
    with_keys_first(module.twist(Twist::Token(change)))
}

/// What both plans have.
fn common(variant: Variant) -> Vec<Module> {
    let refused = |name, fault: &'static str, code| {
        with_keys_first(
            Module::new(name)
                .with(variant)
                .fault(fault)
                .refused(UNTIL_KEYS, code),
        )
    };
    let fine = |name| with_keys_first(finished(name, variant));
    vec![
        mismatch(variant),
        refused(
            named!("invalid-iss"),
            "wrong-issuer-in-id-token",
            "id_token.issuer_mismatch",
        ),
        refused(
            named!("invalid-aud"),
            "wrong-audience",
            "id_token.audience_mismatch",
        ),
        refused(
            named!("invalid-secondary-aud"),
            "second-audience",
            "id_token.untrusted_audience",
        ),
        refused(
            named!("invalid-null-alg"),
            "alg-none",
            "id_token.algorithm_unsupported",
        ),
        refused(
            named!("invalid-alternate-alg"),
            "other-published-key-other-alg",
            "id_token.algorithm_mismatch",
        ),
        refused(
            named!("invalid-expired-exp"),
            "expired-id-token",
            "id_token.expired",
        ),
        refused(
            named!("invalid-missing-exp"),
            "missing-exp",
            "id_token.claim_missing",
        ),
        refused(
            named!("invalid-missing-aud"),
            "missing-aud",
            "id_token.claim_missing",
        ),
        refused(
            named!("invalid-missing-iss"),
            "missing-iss",
            "id_token.claim_missing",
        ),
        fine(named!("valid-aud-as-array")).fault("audience-array"),
        refused(
            named!("invalid-nonce"),
            "wrong-nonce",
            "id_token.nonce_mismatch",
        ),
        refused(
            named!("invalid-missing-nonce"),
            "missing-nonce",
            "id_token.claim_missing",
        ),
        fine(named!("token-endpoint-response-without-expires_in")).fault("token-no-expires-in"),
        token_type(variant, "dpOp"),
        demanding_nonces(fine(named!("rs-dpop-auth-scheme-case-insensitivity")))
            .fault("dpop-scheme-other-case"),
        fine(named!("happy-path-no-dpop-nonce")),
    ]
}

/// Answers whose parameters are wrong. With a JWT around them, the modules of that kind are in its place.
fn responses(variant: Variant) -> Vec<Module> {
    let refused = |name, fault: &'static str, code| {
        Module::new(name)
            .with(variant)
            .fault(fault)
            .refused(PUSHED, code)
    };
    vec![
        refused(
            named!("invalid-authorization-response-iss"),
            "callback-wrong-iss",
            "callback.issuer_mismatch",
        ),
        refused(
            named!("remove-authorization-response-iss"),
            "callback-no-iss",
            "callback.issuer_missing",
        ),
        refused(
            named!("ensure-authorization-response-with-invalid-state-fails"),
            "callback-wrong-state",
            "callback.transaction_unknown",
        ),
        refused(
            named!("ensure-authorization-response-with-invalid-missing-state-fails"),
            "callback-no-state",
            "callback.state_missing",
        ),
    ]
}
