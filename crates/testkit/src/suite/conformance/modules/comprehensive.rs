//! What stands in the comprehensive plan alone.

use super::super::module::{Module, Twist};
use super::super::variant::{ResponseMode, Variant};

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
    vec![
        module("oidcc-client-test-missing-aud")
            .fault("missing-aud")
            .refused(UNTIL_KEYS, "id_token.claim_missing"),
        module("oidcc-client-test-userinfo-bearer-header"),
        module("oidcc-client-test-userinfo-bearer-body").missing(
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
            .refused(UNTIL_KEYS, "id_token.bad_signature"),
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
    ]
}
