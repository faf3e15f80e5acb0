//! The logout token, rule by rule: who can log people out, and that nothing else than a logout token can.

mod codes;
mod container;

use codegrant_core::error::LogoutTokenError;
use codegrant_core::jose::{Algorithm, KeySet, SigningKey};
use codegrant_core::{Client, LogoutToken, ProviderMetadata};
use codegrant_testkit::World;
use codegrant_testkit::world::{drive, signing_key};
use serde_json::{Map, Value, json};

pub(crate) use codes::CODES;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A provider, its keys, and the honest claims of one logout token.
struct Desk {
    world: World,
    client: Client,
    metadata: ProviderMetadata,
    keys: KeySet,
    claims: Map<String, Value>,
}

impl Desk {
    fn new() -> Self {
        Self::of(World::openid())
    }

    fn of(world: World) -> Self {
        let step = world.client.discover().unwrap();
        let metadata = drive(step, |_| world.metadata.response()).unwrap().value;
        let set = json!({ "keys": [
            signing_key(Algorithm::Rs256, "k1").public_jwk(),
            signing_key(Algorithm::Es256, "k2").public_jwk(),
        ] });
        let claims = json!({
            "iss": "https://op.example",
            "aud": "app",
            "iat": world.now.as_unix(),
            "exp": world.now.plus(120).as_unix(),
            "jti": "bWJq",
            "sub": "248289761001",
            "sid": "08a5019c-17e1-4977-8f42-65a12843ea02",
            "events": { EVENT: {} },
        });
        Self {
            client: world.client.clone(),
            metadata,
            keys: KeySet::parse(set.to_string().as_bytes()).unwrap(),
            claims: claims.as_object().unwrap().clone(),
            world,
        }
    }

    fn signed(&self, key: &SigningKey, typ: Option<&str>) -> String {
        key.sign(typ, &self.claims).unwrap()
    }

    fn judge(&self, token: &str) -> Result<LogoutToken, LogoutTokenError> {
        let (client, metadata) = (&self.client, &self.metadata);
        let signed = LogoutToken::signed(token, client)?;
        LogoutToken::prove(&signed, client, metadata, &self.keys, self.world.now)
    }

    /// Signs the claims with the registered key and judges the token.
    fn said(&self) -> Result<LogoutToken, LogoutTokenError> {
        self.judge(&self.signed(&signing_key(Algorithm::Rs256, "k1"), None))
    }

    fn code(&self) -> &'static str {
        code(self.said())
    }

    fn set(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(claim.to_owned(), value.into());
        self
    }

    fn without(mut self, claim: &str) -> Self {
        self.claims.remove(claim);
        self
    }
}

#[track_caller]
fn code(judged: Result<LogoutToken, LogoutTokenError>) -> &'static str {
    judged.expect_err("it is refused").code().name
}

// attack: LO-18
#[test]
fn a_sound_token_names_whose_sessions_are_over() {
    let desk = Desk::new();
    for typ in [
        None,
        Some("JWT"),
        Some("jwt"),
        Some("logout+jwt"),
        Some("LOGOUT+JWT"),
    ] {
        let token = desk.signed(&signing_key(Algorithm::Rs256, "k1"), typ);
        let proven = desk.judge(&token).unwrap();
        assert_eq!(proven.issuer(), "https://op.example");
        assert_eq!(proven.subject(), Some("248289761001"));
        assert_eq!(
            proven.session_id(),
            Some("08a5019c-17e1-4977-8f42-65a12843ea02")
        );
        assert_eq!(proven.issued_at(), desk.world.now);
        assert_eq!(proven.good_until(), desk.world.now.plus(180));
        assert_eq!(
            format!("{proven:?}"),
            "LogoutToken { issuer: \"https://op.example\", .. }"
        );
    }
    let person = Desk::new().without("sid").said().unwrap();
    assert_eq!(
        (person.session_id(), person.subject()),
        (None, Some("248289761001"))
    );
    let session = Desk::new().without("sub").said().unwrap();
    assert_eq!(session.subject(), None);
}

// attack: LO-09
#[test]
fn a_token_of_another_issuer_logs_nobody_out() {
    for issuer in [
        "https://op.example/",
        "https://op.exampleINVALID",
        "https://evil.example",
        "",
    ] {
        let code = Desk::new().set("iss", issuer).code();
        assert_eq!(code, "logout_token.issuer_mismatch", "{issuer}");
    }
    assert_eq!(
        Desk::new().without("iss").code(),
        "logout_token.claim_missing"
    );
    assert_eq!(Desk::new().set("iss", 7).code(), "logout_token.claim_type");
}

// attack: LO-10
#[test]
fn a_token_for_another_client_logs_nobody_out() {
    for audience in [json!("other"), json!(["other"]), json!([]), json!("APP")] {
        let code = Desk::new().set("aud", audience).code();
        assert_eq!(code, "logout_token.audience_mismatch");
    }
    let shared = Desk::new().set("aud", json!(["app", "other"]));
    assert_eq!(shared.code(), "logout_token.untrusted_audience");
    let mut trusting = shared;
    trusting.client = trusting.client.with_trusted_audience("other");
    trusting.said().unwrap();
    Desk::new().set("aud", json!(["app"])).said().unwrap();
    assert_eq!(
        Desk::new().without("aud").code(),
        "logout_token.claim_missing"
    );
    for odd in [json!(1), json!([1]), json!({ "app": 1 })] {
        assert_eq!(
            Desk::new().set("aud", odd).code(),
            "logout_token.claim_type"
        );
    }
}

// attack: LO-11 LO-17
#[test]
fn a_token_about_something_else_logs_nobody_out() {
    for nothing in [
        json!({}),
        json!({ "http://schemas.openid.net/event/other": {} }),
    ] {
        let code = Desk::new().set("events", nothing).code();
        assert_eq!(code, "logout_token.no_logout_event");
    }
    assert_eq!(
        Desk::new().without("events").code(),
        "logout_token.no_logout_event"
    );
    for odd in [
        json!([]),
        json!([EVENT]),
        json!(EVENT),
        Value::Null,
        json!({ EVENT: 5 }),
        json!({ EVENT: [] }),
        json!({ EVENT: null }),
        json!({ EVENT: "" }),
    ] {
        let code = Desk::new().set("events", odd.clone()).code();
        assert_eq!(code, "logout_token.claim_type", "{odd}");
    }
    let others = json!({ EVENT: { "more": true }, "http://other.example": 5 });
    Desk::new().set("events", others).said().unwrap();
}

// attack: LO-12 LO-17
#[test]
fn a_token_with_a_nonce_logs_nobody_out() {
    for nonce in [json!("n-0S6"), json!(""), Value::Null, json!(1)] {
        let code = Desk::new().set("nonce", nonce).code();
        assert_eq!(code, "logout_token.nonce_present");
    }
}

// attack: LO-17
#[test]
fn the_id_token_of_a_login_logs_nobody_out() {
    let mut world = World::openid();
    let login = world.login(|_honest| {}).result.unwrap();
    let desk = Desk::of(world);
    let id_token = login.id_token.unwrap();
    assert_eq!(
        code(desk.judge(id_token.raw())),
        "logout_token.no_logout_event"
    );
    for typ in ["at+jwt", "dpop+jwt", "JOSE", "logout+jwt+x", ""] {
        let token = desk.signed(&signing_key(Algorithm::Rs256, "k1"), Some(typ));
        assert_eq!(code(desk.judge(&token)), "logout_token.token_type", "{typ}");
    }
}

// attack: LO-15
#[test]
fn a_token_out_of_its_time_logs_nobody_out() {
    let now = World::openid().now;
    let at = |claim: &str, seconds: i64| Desk::new().set(claim, now.plus(seconds).as_unix());
    for (claim, seconds, code) in [
        ("exp", -60, "logout_token.expired"),
        ("exp", -3600, "logout_token.expired"),
        ("iat", -3600, "logout_token.stale"),
        ("iat", -360, "logout_token.stale"),
        ("iat", 61, "logout_token.from_the_future"),
        ("nbf", 61, "logout_token.from_the_future"),
    ] {
        assert_eq!(at(claim, seconds).code(), code, "{claim} {seconds}");
    }
    for (claim, seconds) in [("exp", -59), ("iat", -359), ("iat", 60), ("nbf", 60)] {
        at(claim, seconds).said().unwrap();
    }
    assert_eq!(
        Desk::new().without("iat").code(),
        "logout_token.claim_missing"
    );
    for (claim, odd) in [
        ("iat", json!("1800000000")),
        ("exp", json!("never")),
        ("exp", Value::Null),
    ] {
        assert_eq!(
            Desk::new().set(claim, odd).code(),
            "logout_token.claim_type"
        );
    }
    let far = Desk::new().set("exp", i64::MAX).said().unwrap();
    assert_eq!(
        far.good_until(),
        now.plus(360),
        "no token is remembered for ever"
    );
    let drafts = Desk::new().without("exp").said().unwrap();
    assert_eq!(drafts.good_until(), now.plus(360));
}

// attack: LO-16
#[test]
fn a_token_has_a_name_of_its_own() {
    for odd in [Value::Null, json!(7), json!("")] {
        assert_eq!(
            Desk::new().set("jti", odd).code(),
            "logout_token.claim_type"
        );
    }
    assert_eq!(
        Desk::new().without("jti").code(),
        "logout_token.claim_missing"
    );
    let id = |desk: Desk| desk.said().unwrap().id();
    assert_eq!(id(Desk::new()), id(Desk::new().set("sub", "another")));
    assert_ne!(id(Desk::new()), id(Desk::new().set("jti", "another")));
    let long = "j".repeat(513);
    assert_eq!(
        Desk::new().set("jti", long).code(),
        "logout_token.claim_type"
    );
}

#[test]
fn a_token_about_nobody_logs_nobody_out() {
    let nobody = Desk::new().without("sub").without("sid");
    assert_eq!(nobody.code(), "logout_token.nobody_named");
    for claim in ["sub", "sid"] {
        for odd in [Value::Null, json!(1), json!(""), json!(["a"])] {
            assert_eq!(
                Desk::new().set(claim, odd).code(),
                "logout_token.claim_type"
            );
        }
    }
}

// attack: LO-22
#[test]
fn a_form_holds_one_token() {
    let found = |form: &str| LogoutToken::in_form(form).ok();
    assert_eq!(
        found("ignored_parameter=x&logout_token=a.b.c").as_deref(),
        Some("a.b.c")
    );
    let long = format!("logout_token={}", "a".repeat(40_000));
    for nothing in [
        "",
        "logout_token",
        "logout_token=",
        "LOGOUT_TOKEN=a.b.c",
        "logout_token=a.b.c&logout_token=a.b.c",
        "{\"logout_token\":\"a.b.c\"}",
        "logout_token=%ff",
        &long,
    ] {
        assert_eq!(found(nothing), None, "{nothing}");
    }
    let missing = LogoutToken::in_form("").unwrap_err();
    assert_eq!(missing.code().name, "logout_token.missing");
    assert_eq!(
        LogoutTokenError::Replayed.code().name,
        "logout_token.replayed"
    );
}
