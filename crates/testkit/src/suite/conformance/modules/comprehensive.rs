//! What stands in the comprehensive plan alone.

use super::super::module::{Module, Twist};
use super::super::variant::{RequestType, ResponseMode, Variant};

const UNTIL_KEYS: &str = "metadata authorize token keys";

/// The modules of the comprehensive plan that no certification plan has.
pub(super) fn modules() -> Vec<Module> {
    let module = Module::new;
    let posted = Variant {
        response_mode: ResponseMode::FormPost,
        ..Variant::default()
    };
    let certified = Variant {
        authentication: "tls_client_auth",
        ..Variant::default()
    };
    let mut modules = vec![
        module("oidcc-client-test-missing-aud")
            .fault("missing-aud")
            .refused(UNTIL_KEYS, "id_token.claim_missing"),
        module("oidcc-client-test-userinfo-bearer-header"),
        module("oidcc-client-test-userinfo-bearer-body").left_out(
            "the token goes into the header, which RFC 6750 section 2 recommends, and nowhere else",
        ),
        module("oidcc-client-test-form-post-error")
            .with(posted)
            .key("prompt", "\"none\"")
            .key("max_age", "0")
            .refused("metadata authorize", "callback.interaction_required"),
        module("oidcc-client-test-invalid-sig-hs256")
            .key("algorithm", "\"HS256\"")
            .registered("id_token_signed_response_alg", "HS256")
            .fault("wrong-signature")
            // The secret proves it, so that no keys are fetched.
            .refused("metadata authorize token", "id_token.bad_signature"),
        module("oidcc-client-test-invalid-sig-es256")
            .key("algorithm", "\"ES256\"")
            .twist(Twist::Algorithm("ES256"))
            .fault("wrong-signature")
            .refused(UNTIL_KEYS, "id_token.bad_signature"),
        module("oidcc-client-test-aggregated-claims").feature("aggregated-claims"),
        module("oidcc-client-test-distributed-claims")
            .feature("distributed-claims")
            .calls("metadata authorize token keys userinfo claims"),
        module("oidcc-client-test-mtls-endpoint-aliases").with(certified),
    ];
    modules.extend(every_variant().map(|variant| module("oidcc-client-test").with(variant)));
    modules
}

/// Every way to authenticate, with every way to ask and to be answered.
fn every_variant() -> impl Iterator<Item = Variant> {
    let authentications = [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "client_secret_jwt",
        "private_key_jwt",
        "tls_client_auth",
        "self_signed_tls_client_auth",
    ];
    let requests = [
        RequestType::PlainHttpRequest,
        RequestType::RequestObject,
        RequestType::RequestUri,
    ];
    let modes = [ResponseMode::Default, ResponseMode::FormPost];
    authentications.into_iter().flat_map(move |authentication| {
        requests.into_iter().flat_map(move |request| {
            modes.into_iter().map(move |response_mode| Variant {
                authentication,
                request,
                response_mode,
                ..Variant::default()
            })
        })
    })
}
