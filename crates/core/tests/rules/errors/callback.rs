//! Codes of what the browser brings back.

use codegrant_core::jose::{Algorithm, KeySet};
use codegrant_core::{AuthorizationResponse, ResponseMode};
use codegrant_testkit::World;
use codegrant_testkit::world::{Script, stranger_key};

use codegrant_core::error::Code;

use super::{Row, by, told};

/// The code of an otherwise honest login with this callback.
fn at_callback(alter: impl FnOnce(&mut codegrant_testkit::world::Parameters)) -> &'static Code {
    by(|script| alter(&mut script.callback))
}

fn signed_responses() -> World {
    let mut world = World::openid();
    let mode = ResponseMode::QueryJwt;
    world.client = world.client.clone().with_response_mode(mode);
    world
}

/// The code of a login whose response is signed (JARM).
fn signed(alter: impl FnOnce(&mut Script)) -> &'static Code {
    signed_responses().login(alter).error().code()
}

pub(super) const CALLBACK: &[Row] = &[
    ("callback.malformed", || {
        at_callback(|query| query.replace("code=%"))
    }),
    ("callback.too_long", || {
        at_callback(|query| query.set("code", &"a".repeat(9_000)))
    }),
    ("callback.duplicate_parameter", || {
        at_callback(|query| query.append("code", "x"))
    }),
    ("callback.state_missing", || {
        at_callback(|query| query.remove("state"))
    }),
    ("callback.state_mismatch", || {
        at_callback(|query| query.set("state", "x"))
    }),
    ("callback.expired", || {
        let mut world = World::openid();
        let pending = world.start();
        world.wait(601);
        world.finish(pending, |_honest| {}).error().code()
    }),
    ("callback.provider_mismatch", || {
        World::github()
            .finish(World::openid().start(), |_honest| {})
            .error()
            .code()
    }),
    ("callback.issuer_missing", || {
        let promised = "authorization_response_iss_parameter_supported";
        told(|metadata| metadata.set(promised, true))
    }),
    ("callback.issuer_mismatch", || {
        at_callback(|query| query.set("iss", "x"))
    }),
    ("callback.code_and_error", || {
        at_callback(|query| query.set("error", "x"))
    }),
    ("callback.code_missing", || {
        at_callback(|query| query.remove("code"))
    }),
    ("callback.code_malformed", || {
        at_callback(|query| query.set("code", ""))
    }),
    ("callback.unexpected_response_mode", || {
        at_callback(|query| query.set("response", "a.b.c"))
    }),
    ("callback.response_unsigned", || {
        let mut world = signed_responses();
        let pending = world.start();
        let plain = AuthorizationResponse::parse("code=c").unwrap();
        let (keys, client) = (KeySet::empty(), &world.client);
        let opened = client.open_response(&pending.metadata, plain, &keys, world.now);
        opened.unwrap_err().code()
    }),
    ("callback.response_mixed", || {
        signed(|script| script.callback.set("code", "x"))
    }),
    ("callback.response_signature", || {
        signed(|script| script.response_key = stranger_key(Algorithm::Rs256, "k1"))
    }),
    ("callback.response_claim", || {
        signed(|script| script.signed_response().set("aud", "x"))
    }),
    ("callback.response_lifetime", || {
        signed(|script| script.signed_response().remove("exp"))
    }),
    ("callback.interaction_required", || {
        at_callback(|query| {
            query.remove("code");
            query.set("error", "login_required");
        })
    }),
    ("callback.denied", || {
        at_callback(|query| {
            query.remove("code");
            query.set("error", "access_denied");
        })
    }),
    ("callback.provider_error", || {
        at_callback(|query| {
            query.remove("code");
            query.set("error", "invalid_scope");
        })
    }),
];
