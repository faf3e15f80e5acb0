//! Every error code of a logout token, each produced by what it stands for.

use codegrant_core::LogoutToken;
use codegrant_core::error::{Code, LogoutTokenError};
use codegrant_core::jose::Algorithm;
use codegrant_testkit::world::signing_key;
use serde_json::{Value, json};

use super::Desk;

type Row = (&'static str, fn() -> &'static Code);

fn refused(desk: &Desk) -> &'static Code {
    desk.said().unwrap_err().code()
}

fn claim(name: &str, value: impl Into<Value>) -> &'static Code {
    refused(&Desk::new().set(name, value))
}

fn moment(name: &str, seconds: i64) -> &'static Code {
    let now = Desk::new().world.now;
    claim(name, now.plus(seconds).as_unix())
}

/// Every code that these rules have, for the table of all of them.
pub(crate) const CODES: &[Row] = &[
    ("logout_token.missing", || {
        LogoutToken::in_form("logout_token=").unwrap_err().code()
    }),
    ("logout_token.claims_json", || {
        let key = signing_key(Algorithm::Rs256, "k1");
        let token = key.sign_raw(br#"{"alg":"RS256","kid":"k1"}"#, b"[]");
        Desk::new().judge(&token.unwrap()).unwrap_err().code()
    }),
    ("logout_token.claim_missing", || {
        refused(&Desk::new().without("jti"))
    }),
    ("logout_token.claim_type", || claim("sid", 7)),
    ("logout_token.token_type", || {
        let desk = Desk::new();
        let key = signing_key(Algorithm::Rs256, "k1");
        let token = desk.signed(&key, Some("at+jwt"));
        desk.judge(&token).unwrap_err().code()
    }),
    ("logout_token.issuer_mismatch", || {
        claim("iss", "https://evil.example")
    }),
    ("logout_token.audience_mismatch", || claim("aud", "another")),
    ("logout_token.untrusted_audience", || {
        claim("aud", json!(["app", "another"]))
    }),
    ("logout_token.expired", || moment("exp", -60)),
    ("logout_token.from_the_future", || moment("iat", 61)),
    ("logout_token.stale", || moment("iat", -360)),
    ("logout_token.no_logout_event", || {
        claim("events", json!({}))
    }),
    ("logout_token.nonce_present", || claim("nonce", Value::Null)),
    ("logout_token.nobody_named", || {
        refused(&Desk::new().without("sub").without("sid"))
    }),
    // That a token came before is for whoever remembers them to say.
    ("logout_token.replayed", || {
        LogoutTokenError::Replayed.code()
    }),
];
