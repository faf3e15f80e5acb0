//! The Basic and Form Post plans: one login after another, most of them with something wrong.

use super::super::module::Module;
use super::super::variant::{ResponseMode, Variant};

/// Basic RP.
pub(super) fn modules() -> Vec<Module> {
    modules_in(Variant::default())
}

/// Form Post Basic RP: the same, posted.
pub(super) fn by_form_post() -> Vec<Module> {
    modules_in(Variant {
        response_mode: ResponseMode::FormPost,
        ..Variant::default()
    })
}

fn modules_in(variant: Variant) -> Vec<Module> {
    let module = |name| Module::new(name).with(variant);
    let until_keys = "metadata authorize token keys";
    vec![
        module("oidcc-client-test"),
        module("oidcc-client-test-invalid-iss")
            .fault("wrong-issuer-in-id-token")
            .refused(until_keys, "id_token.issuer_mismatch"),
        module("oidcc-client-test-missing-sub")
            .fault("missing-sub")
            .refused(until_keys, "id_token.claim_missing"),
        module("oidcc-client-test-invalid-aud")
            .fault("wrong-audience")
            .refused(until_keys, "id_token.audience_mismatch"),
        module("oidcc-client-test-missing-iat")
            .fault("missing-iat")
            .refused(until_keys, "id_token.claim_missing"),
        module("oidcc-client-test-kid-absent-single-jwks").feature("key-without-id"),
        // Trying all keys that fit and refusing are both right; this client tries.
        module("oidcc-client-test-kid-absent-multiple-jwks").feature("keys-without-ids"),
        module("oidcc-client-test-idtoken-sig-rs256"),
        no_signature(variant),
        module("oidcc-client-test-invalid-sig-rs256")
            .fault("wrong-signature")
            .refused(until_keys, "id_token.bad_signature"),
        module("oidcc-client-test-userinfo-invalid-sub")
            .fault("userinfo-other-sub")
            .refused(
                "metadata authorize token keys userinfo",
                "provider.subject_mismatch",
            ),
        module("oidcc-client-test-nonce-invalid")
            .fault("wrong-nonce")
            .refused(until_keys, "id_token.nonce_mismatch"),
        module("oidcc-client-test-scope-userinfo-claims").key(
            "scopes",
            "[\"openid\", \"profile\", \"email\", \"phone\", \"address\"]",
        ),
        module("oidcc-client-test-client-secret-basic"),
    ]
}

/// The suite takes both; this client refuses.
pub(super) fn no_signature(variant: Variant) -> Module {
    Module::new("oidcc-client-test-idtoken-sig-none")
        .with(variant)
        .fault("alg-none")
        .refused(
            "metadata authorize token keys",
            "id_token.algorithm_unsupported",
        )
}
