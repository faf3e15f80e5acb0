//! The token endpoint's other grants, and what a provider says about a token (RFC 6749 section 4.4, RFC 7662,
//! RFC 8693).

use codegrant_core::error::{Code, Error};
use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::oauth2::AccessToken;
use codegrant_core::oauth2::url::form_urlencoded;
use codegrant_core::{
    DpopKey, ExchangedToken, Introspection, Timestamp, TokenExchange, TokenResponse,
};
use codegrant_testkit::World;
use codegrant_testkit::world::drive;
use serde_json::{Value, json};

fn form(request: &HttpRequest) -> Vec<(String, String)> {
    form_urlencoded::parse(&request.body).into_owned().collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = expected.iter();
    owned
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn token(text: &str) -> AccessToken {
    AccessToken::new(text.to_owned())
}

fn introspected(answer: &HttpResponse) -> (Result<Introspection, Error>, HttpRequest) {
    let mut world = World::openid();
    world
        .metadata
        .set("introspection_endpoint", "https://op.example/introspect");
    let metadata = world.start().metadata;
    let step = world
        .client
        .introspect(&metadata, &token("a token&more"), world.moment());
    let mut sent = None;
    let result = drive(step.unwrap(), |request| {
        assert!(sent.is_none(), "one request");
        sent = Some(request);
        answer.clone()
    });
    (result, sent.unwrap())
}

#[test]
fn introspection_sends_the_token_and_the_clients_authentication() {
    let (said, sent) = introspected(&HttpResponse::json(&json!({
        "active": true, "scope": "a b", "sub": "ada", "client_id": "other", "exp": 1_800_000_060,
        "aud": ["app"],
    })));
    assert_eq!(sent.url, "https://op.example/introspect");
    assert_eq!(
        form(&sent),
        pairs(&[
            ("token", "a token&more"),
            ("token_type_hint", "access_token")
        ])
    );
    assert!(sent.header("authorization").unwrap().starts_with("Basic "));
    let said = said.unwrap();
    assert!(said.is_active());
    assert_eq!(said.scopes(), ["a", "b"]);
    assert_eq!(
        (said.subject(), said.client_id()),
        (Some("ada"), Some("other"))
    );
    assert_eq!(said.expires_at(), Some(Timestamp::from_unix(1_800_000_060)));
    assert_eq!(said.members()["aud"], json!(["app"]));
}

#[test]
fn a_token_that_is_not_active_is_no_error_and_nothing_of_it_is_believed() {
    for body in [
        json!({ "active": false }),
        json!({ "active": false, "sub": "ada", "scope": "admin" }),
        json!({ "active": null, "sub": "ada" }),
    ] {
        let said = introspected(&HttpResponse::json(&body)).0.unwrap();
        assert!(!said.is_active());
        assert_eq!(
            (said.subject(), said.scopes().len(), said.members().len()),
            (None, 0, 0)
        );
    }
}

#[test]
fn an_answer_that_does_not_say_whether_is_refused() {
    for (answer, code) in [
        (HttpResponse::json(&json!({})), "provider.member_missing"),
        (
            HttpResponse::json(&json!({ "sub": "ada" })),
            "provider.member_missing",
        ),
        (
            HttpResponse::json(&json!({ "active": "true" })),
            "provider.member_type",
        ),
        (
            HttpResponse::json(&json!({ "active": 1 })),
            "provider.member_type",
        ),
        (HttpResponse::json(&json!([true])), "provider.json"),
        (
            HttpResponse::json(&json!({ "active": true })).with_status(401),
            "provider.status",
        ),
        (
            HttpResponse::new(302).with_header("location", "https://evil.example"),
            "provider.redirect",
        ),
        (
            HttpResponse::new(200)
                .with_header("content-type", "text/html")
                .with_body("<p>"),
            "provider.media_type",
        ),
        (
            HttpResponse::new(200)
                .with_header("content-type", "application/json")
                .with_body(r#"{"active":false,"active":true}"#),
            "provider.json",
        ),
    ] {
        let error = introspected(&answer).0.unwrap_err();
        assert_eq!(error.code().name, code);
        assert!(!error.to_string().contains("a token&more"));
    }
    assert_eq!(endpoint_missing().name, "discovery.endpoint_missing");
}

fn exchanged(
    wanted: &TokenExchange,
    key: Option<&DpopKey>,
    answer: &Value,
) -> (Result<ExchangedToken, Error>, HttpRequest) {
    let mut world = World::openid();
    let metadata = world.start().metadata;
    let (client, moment) = (world.client.clone(), world.moment());
    let step = client.exchange_token(&metadata, &token("subject"), wanted, key, moment);
    let mut sent = None;
    let result = drive(step.unwrap(), |request| {
        sent = Some(request);
        HttpResponse::json(answer)
    });
    (result, sent.unwrap())
}

#[test]
fn an_exchange_says_what_is_given_and_what_is_wanted() {
    let answer = json!({
        "access_token": "new", "issued_token_type": "urn:x", "token_type": "bearer", "expires_in": 60,
    });
    let (came, sent) = exchanged(&TokenExchange::new(), None, &answer);
    let access_token = "urn:ietf:params:oauth:token-type:access_token";
    let grant_type = "urn:ietf:params:oauth:grant-type:token-exchange";
    assert_eq!(
        form(&sent),
        pairs(&[
            ("grant_type", grant_type),
            ("subject_token", "subject"),
            ("subject_token_type", access_token),
        ])
    );
    let came = came.unwrap();
    assert_eq!(
        (
            came.token.secret().as_str(),
            came.issued_token_type.as_str()
        ),
        ("new", "urn:x")
    );
    assert!(came.opens_apis && came.scopes.is_empty());
    assert_eq!(came.expires_at, Some(Timestamp::from_unix(1_800_000_060)));

    let wanted = TokenExchange::new()
        .subject_token_type("urn:s")
        .actor(&token("actor"), "urn:a")
        .requested_token_type("urn:r")
        .audience("one")
        .audience("two")
        .resource("https://api.example/")
        .scopes(["a", "b"]);
    let (came, sent) = exchanged(&wanted, None, &answer);
    assert_eq!(
        form(&sent)[2..],
        pairs(&[
            ("subject_token_type", "urn:s"),
            ("actor_token", "actor"),
            ("actor_token_type", "urn:a"),
            ("requested_token_type", "urn:r"),
            ("audience", "one"),
            ("audience", "two"),
            ("resource", "https://api.example/"),
            ("scope", "a b"),
        ])
    );
    assert_eq!(
        came.unwrap().scopes,
        ["a", "b"],
        "what is not said is what was asked for"
    );
    assert!(!format!("{wanted:?}").contains("actor"));
}

#[test]
fn an_exchange_that_is_incomplete_or_of_another_type_is_refused() {
    let whole =
        json!({ "access_token": "new", "issued_token_type": "urn:x", "token_type": "Bearer" });
    let with = |name: &str, value: Value| {
        let mut answer = whole.clone();
        answer[name] = value;
        answer
    };
    for (answer, code) in [
        (
            with("issued_token_type", Value::Null),
            "provider.member_missing",
        ),
        (with("access_token", Value::Null), "provider.member_missing"),
        (
            with("access_token", json!("a\r\nb: c")),
            "provider.member_type",
        ),
        (with("token_type", Value::Null), "provider.member_missing"),
        (with("token_type", json!("DPoP")), "provider.token_type"),
        (
            json!({ "error": "invalid_target", "error_description": "not subject" }),
            "provider.token_refused",
        ),
    ] {
        let error = exchanged(&TokenExchange::new(), None, &answer)
            .0
            .unwrap_err();
        assert_eq!(error.code().name, code, "{answer}");
        assert!(!error.to_string().contains("subject"), "{error}");
    }
    for kind in ["N_A", "n_a"] {
        let came = exchanged(
            &TokenExchange::new(),
            None,
            &with("token_type", json!(kind)),
        )
        .0
        .unwrap();
        assert!(!came.opens_apis);
    }
    let key = DpopKey::generate().unwrap();
    let (came, sent) = exchanged(&TokenExchange::new(), Some(&key), &whole);
    assert_eq!(came.unwrap_err().code().name, "provider.token_type");
    assert!(sent.header("dpop").is_some());
    assert!(
        exchanged(
            &TokenExchange::new(),
            Some(&key),
            &with("token_type", json!("DPoP"))
        )
        .0
        .is_ok()
    );
}

fn own(
    scopes: &[&str],
    resources: &[&str],
    answer: &Value,
) -> (Result<TokenResponse, Error>, HttpRequest) {
    let mut world = World::openid();
    let metadata = world.start().metadata;
    let owned = |all: &[&str]| {
        all.iter()
            .map(|one| (*one).to_owned())
            .collect::<Vec<String>>()
    };
    let (client, moment) = (world.client.clone(), world.moment());
    let (scopes, resources) = (owned(scopes), owned(resources));
    let step = client.client_credentials(&metadata, &scopes, &resources, None, moment);
    let mut sent = None;
    let result = drive(step.unwrap(), |request| {
        sent = Some(request);
        HttpResponse::json(answer)
    });
    (result, sent.unwrap())
}

#[test]
fn client_credentials_ask_for_what_is_wanted_and_for_no_user() {
    let answer = json!({
        "access_token": "own", "token_type": "Bearer", "refresh_token": "r", "id_token": "i",
    });
    let (came, sent) = own(&[], &[], &answer);
    assert_eq!(form(&sent), pairs(&[("grant_type", "client_credentials")]));
    assert!(sent.header("authorization").unwrap().starts_with("Basic "));
    let came = came.unwrap();
    assert_eq!(came.access_token.secret(), "own");
    assert!(came.refresh_token.is_none(), "there should be none");
    assert!(came.scopes.is_empty(), "nothing of what logins ask for");
    let (came, sent) = own(
        &["a", "b"],
        &["https://one.example/", "https://two.example/"],
        &answer,
    );
    assert_eq!(
        form(&sent)[1..],
        pairs(&[
            ("scope", "a b"),
            ("resource", "https://one.example/"),
            ("resource", "https://two.example/"),
        ])
    );
    assert_eq!(came.unwrap().scopes, ["a", "b"]);
    let narrowed = json!({ "access_token": "own", "token_type": "Bearer", "scope": "a" });
    assert_eq!(own(&["a", "b"], &[], &narrowed).0.unwrap().scopes, ["a"]);
    let refused = json!({ "error": "unauthorized_client" });
    assert_eq!(
        own(&[], &[], &refused).0.unwrap_err().code().name,
        "provider.token_refused"
    );
}

/// Introspection at a provider that has none.
pub(crate) fn endpoint_missing() -> &'static Code {
    let mut world = World::openid();
    let metadata = world.start().metadata;
    let missing = world
        .client
        .introspect(&metadata, &token("t"), world.moment());
    missing.unwrap_err().code()
}
