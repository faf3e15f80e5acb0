//! Every error code, each produced by what it stands for: a code that nothing produces is a lie.

mod callback;
mod configuration;
mod registration;

use std::collections::BTreeSet;

use codegrant_core::error::{ApiError, Code, Quoted, codes};
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::{Algorithm, KeySet, SigningKey, SigningKeyError};
use codegrant_core::provider::{AuthenticationMethod, Quirk};
use codegrant_core::{Client, Profile, ResponseMode};
use codegrant_testkit::World;
use codegrant_testkit::world::{Answer, Script, stranger_key};
use serde_json::{Value, json};

use crate::{login, with_quirks};
use callback::CALLBACK;
use configuration::CONFIGURATION;
use registration::REGISTRATION;

type Row = (&'static str, fn() -> &'static Code);

/// The code of a login under this script.
fn by(alter: impl FnOnce(&mut Script)) -> &'static Code {
    login(alter).error().code()
}

/// The code of an otherwise honest login with this ID token claim.
fn claim(name: &str, value: impl Into<Value>) -> &'static Code {
    by(|script| script.claims.set(name, value))
}

/// The code of an otherwise honest login with this ID token.
fn id_token(text: impl Into<Value>) -> &'static Code {
    by(|script| script.token.set("id_token", text))
}

/// The code of a login with a provider that says this of itself.
fn told(alter: impl FnOnce(&mut Answer)) -> &'static Code {
    let mut world = World::openid();
    alter(&mut world.metadata);
    world.login(|_honest| {}).error().code()
}

/// The code of a login in an altered world.
fn in_world(set: impl FnOnce(&mut World), alter: impl FnOnce(&mut Script)) -> &'static Code {
    let mut world = World::openid();
    set(&mut world);
    world.login(alter).error().code()
}

fn keys(body: &str) -> &'static Code {
    KeySet::parse(body.as_bytes()).unwrap_err().code()
}

/// The code of a login with a client that is changed, at a provider that says this besides.
fn changed(change: fn(Client) -> Client, member: &str, value: impl Into<Value>) -> &'static Code {
    let mut world = World::openid();
    world.client = change(world.client);
    world.metadata.set(member, value);
    world.pushed.status = 400;
    world.pushed.set("error", "invalid_request");
    world.login(|_honest| {}).error().code()
}

const PROVIDER: &[Row] = &[
    ("provider.redirect", || {
        by(|script| script.token.status = 302)
    }),
    ("provider.status", || by(|script| script.token.status = 500)),
    ("provider.media_type", || {
        by(|script| script.token.media_type.clear())
    }),
    ("provider.json", || {
        by(|script| script.token.replace_body("application/json", "{"))
    }),
    ("provider.form", || {
        let form = "application/x-www-form-urlencoded";
        let outcome = with_quirks([Quirk::TokenFormEncoded])
            .login(|script| script.token.replace_body(form, "a=1&a=2"));
        outcome.error().code()
    }),
    ("provider.member_missing", || {
        by(|script| script.token.remove("access_token"))
    }),
    ("provider.member_type", || {
        by(|script| script.token.set("access_token", 5))
    }),
    ("provider.token_refused", || {
        by(|script| script.token.set("error", "invalid_grant"))
    }),
    ("provider.request_refused", || {
        changed(
            Client::with_pushed_requests,
            "pushed_authorization_request_endpoint",
            "https://op.example/par",
        )
    }),
    ("provider.token_type", || {
        by(|script| script.token.set("token_type", "mac"))
    }),
    ("provider.subject_mismatch", || {
        by(|script| script.userinfo.set("sub", "x"))
    }),
    ("provider.keys", || {
        by(|script| script.keys.replace(HttpResponse::json(&json!({}))))
    }),
    ("provider.request_not_built", || {
        // Nobody may use a client that does not pass its check; this one has no key.
        in_world(
            |world| {
                let method = AuthenticationMethod::PrivateKeyJwt;
                world.client = world.client.clone().with_authentication(method);
                let member = "token_endpoint_auth_methods_supported";
                world.metadata.remove(member);
            },
            |_honest| {},
        )
    }),
    ("discovery.issuer_mismatch", || {
        told(|metadata| metadata.set("issuer", "x"))
    }),
    ("discovery.endpoint_refused", || {
        told(|metadata| metadata.set("jwks_uri", "x"))
    }),
    ("discovery.algorithm_not_offered", || {
        told(|metadata| metadata.set("id_token_signing_alg_values_supported", ["ES256"]))
    }),
    ("discovery.not_offered", || {
        changed(
            |client| client.with_response_mode(ResponseMode::QueryJwt),
            "response_modes_supported",
            json!(["query"]),
        )
    }),
    ("discovery.profile_not_supported", || {
        in_world(
            |world| {
                world.client = world.client.clone().with_profile(Profile::Fapi2);
                let (member, address) = (
                    "pushed_authorization_request_endpoint",
                    "https://op.example/par",
                );
                world.metadata.set(member, address);
            },
            |_honest| {},
        )
    }),
    ("discovery.authentication_not_offered", || {
        told(|metadata| metadata.set("token_endpoint_auth_methods_supported", ["none"]))
    }),
];

const ID_TOKEN: &[Row] = &[
    ("id_token.missing", || by(Script::leave_out_id_token)),
    ("id_token.too_large", || id_token("a".repeat(100_000))),
    ("id_token.malformed", || id_token("a.b")),
    ("id_token.encrypted", || id_token("a.b.c.d.e")),
    ("id_token.algorithm_unsupported", || {
        by(|script| script.header.set("alg", "none"))
    }),
    ("id_token.algorithm_mismatch", || {
        by(|script| script.header.set("alg", "ES256"))
    }),
    ("id_token.critical_header", || {
        by(|script| script.header.set("crit", json!([])))
    }),
    ("id_token.unknown_key", || {
        by(|script| script.header.set("kid", "x"))
    }),
    ("id_token.bad_signature", || {
        by(|script| script.sign_with(stranger_key(Algorithm::Rs256, "k1")))
    }),
    ("id_token.token_type", || {
        by(|script| script.header.set("typ", "at+jwt"))
    }),
    ("id_token.claims_json", || {
        by(|script| {
            let token = script.signed_text(&script.header.to_string(), "[]");
            script.token.set("id_token", token);
        })
    }),
    ("id_token.claim_missing", || {
        by(|script| script.claims.remove("sub"))
    }),
    ("id_token.claim_type", || claim("sub", 5)),
    ("id_token.logout_token", || claim("events", json!({}))),
    ("id_token.issuer_mismatch", || claim("iss", "x")),
    ("id_token.audience_mismatch", || claim("aud", "x")),
    ("id_token.untrusted_audience", || claim("aud", ["app", "x"])),
    ("id_token.authorized_party_mismatch", || claim("azp", "x")),
    ("id_token.expired", || claim("exp", 0)),
    ("id_token.from_the_future", || claim("iat", u64::MAX)),
    ("id_token.stale", || claim("iat", 0)),
    ("id_token.nonce_mismatch", || claim("nonce", "x")),
    ("id_token.authentication_too_old", || {
        in_world(
            |world| world.options.max_age = Some(0),
            |script| script.claims.set("auth_time", 0),
        )
    }),
    ("id_token.authentication_context", || {
        in_world(
            |world| world.options.acr_values = vec!["phr".to_owned()],
            |_honest| {},
        )
    }),
    ("id_token.subject_mismatch", || {
        in_world(
            |world| world.options.expected_subject = Some("x".to_owned()),
            |_honest| {},
        )
    }),
    ("id_token.access_token_hash", || claim("at_hash", "x")),
];

const KEYS: &[Row] = &[
    ("keys.malformed", || keys("{}")),
    ("keys.too_large", || keys(&" ".repeat(600 * 1024))),
    ("keys.too_many", || {
        keys(&json!({"keys": vec![json!({}); 101]}).to_string())
    }),
    ("signing_key.rejected", || {
        SigningKey::from_pkcs8(b"no key", Algorithm::Rs256, "k1")
            .unwrap_err()
            .code()
    }),
    // No input makes a good key fail; the code is for a library that breaks.
    ("signing_key.failed", || {
        SigningKeyError::Failed {
            algorithm: Algorithm::Rs256,
        }
        .code()
    }),
];

/// Tokens that are bound, the calls that are made with them, and what follows a login.
const BOUND: &[Row] = &[
    ("provider.nonce_missing", || {
        crate::sender_constraint::nonce_missing()
    }),
    ("provider.nonce_refused", || {
        crate::sender_constraint::nonce_refused()
    }),
    ("provider.proof_not_signed", || {
        crate::sender_constraint::proof_not_signed()
    }),
    ("api.address", || {
        crate::sender_constraint::refused_call("http://api.example/", "accept")
    }),
    ("api.header_taken", || {
        crate::sender_constraint::refused_call("https://api.example/", "authorization")
    }),
    // It is told to whoever calls an API with such a token, which takes a session.
    ("api.token_not_for_calls", || {
        ApiError::TokenNotForCalls {
            issued_token_type: Quoted::new("urn:x"),
        }
        .code()
    }),
    ("discovery.endpoint_missing", || {
        crate::token_family::endpoint_missing()
    }),
    ("id_token.older_than_before", || crate::continued::older()),
    ("id_token.sign_in_changed", || {
        crate::continued::signed_in_again()
    }),
];

fn rows() -> impl Iterator<Item = &'static Row> {
    let received = crate::received::CODES;
    [
        CALLBACK,
        PROVIDER,
        ID_TOKEN,
        CONFIGURATION,
        KEYS,
        received,
        crate::logout_token::CODES,
        BOUND,
        REGISTRATION,
    ]
    .into_iter()
    .flatten()
}

#[test]
fn every_code_is_produced_by_what_it_stands_for() {
    for (name, produce) in rows() {
        assert_eq!(produce().name, *name);
    }
}

#[test]
fn the_table_holds_every_code_once() {
    let produced: Vec<&str> = rows().map(|(name, _)| *name).collect();
    let listed: BTreeSet<&str> = codes().map(|code| code.name).collect();
    assert_eq!(produced.iter().copied().collect::<BTreeSet<_>>(), listed);
    assert_eq!(
        produced.len(),
        listed.len(),
        "a code stands twice in the table"
    );
    assert_eq!(
        codes().count(),
        listed.len(),
        "two codes have the same name"
    );
}

#[test]
fn every_code_says_what_happened_and_what_to_do() {
    for code in codes() {
        let (culprit, rule) = code.name.split_once('.').unwrap();
        let plain = |word: &str| {
            word.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        assert!(plain(culprit) && plain(rule), "{code}");
        for text in [code.cause, code.remedy] {
            assert!(
                text.len() > 10 && !text.ends_with('.') && !text.contains('\n'),
                "{code}: {text}"
            );
        }
        assert_eq!(code.to_string(), code.name);
    }
}

#[test]
fn errors_are_worded_for_a_log_line() {
    let mut shown = Vec::new();
    for alter in [
        (|script| script.claims.remove("sub")) as fn(&mut Script),
        |script| script.callback.set("state", "x"),
        |script| script.token.status = 500,
        |script| script.token.set("error", "x"),
        |script| script.keys.replace(HttpResponse::json(&json!({}))),
        |script| script.header.set("alg", "none"),
    ] {
        shown.push(login(alter).error().to_string());
    }
    for text in shown {
        let first = text.chars().next().unwrap();
        assert!(
            first.is_lowercase() && !text.ends_with('.') && !text.contains('\n'),
            "{text}"
        );
    }
}
