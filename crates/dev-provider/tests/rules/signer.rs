//! An app that signs: its assertions, its request objects and its proofs, each good until it is changed.

use std::cell::Cell;

use codegrant_core::Timestamp;
use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::jose::{Algorithm, SigningKey, base64url};
use codegrant_dev_provider::{ClientRegistration, Feature, Settings};
use serde_json::{Map, Value, json};

use crate::support::{CALLBACK, CHALLENGE, ISSUER, VERIFIER, World, form, settings};

pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client `signer`, with its key.
pub(crate) struct Signer {
    pub(crate) key: SigningKey,
    made: Cell<u32>,
}

impl Signer {
    pub(crate) fn new() -> Self {
        let key = SigningKey::generate(Algorithm::Es256, Some("signer-key")).unwrap();
        Self {
            key,
            made: Cell::new(0),
        }
    }

    /// Returns a provider where it is registered with `private_key_jwt` and this metadata, and these features.
    pub(crate) fn world(&self, metadata: Value, features: &[Feature]) -> World {
        World::with(self.settings(metadata, features))
    }

    pub(crate) fn settings(&self, metadata: Value, features: &[Feature]) -> Settings {
        let client = ClientRegistration::new("signer", None)
            .with_redirect_uri(CALLBACK)
            .with_metadata(json!({
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks": { "keys": [self.key.public_jwk()] },
            }))
            .with_metadata(metadata);
        settings()
            .with_client(client)
            .with_features(features.iter().copied())
    }

    pub(crate) fn unique(&self) -> String {
        self.made.set(self.made.get() + 1);
        format!("unique-{}", self.made.get())
    }

    /// Signs an assertion with some claims changed; one that is null is left out.
    pub(crate) fn assertion(&self, now: Timestamp, changes: Value) -> String {
        let claims = json!({
            "iss": "signer",
            "sub": "signer",
            "aud": ISSUER,
            "jti": self.unique(),
            "iat": now.as_unix(),
            "exp": now.plus(60).as_unix(),
        });
        self.key.sign(None, &changed(claims, changes)).unwrap()
    }

    /// Posts a form with a fresh assertion.
    pub(crate) fn post(&self, world: &World, path: &str, fields: &[(&str, &str)]) -> HttpResponse {
        let request = self.request(world, path, fields);
        world.provider.handle(&request, world.now.get())
    }

    pub(crate) fn request(
        &self,
        world: &World,
        path: &str,
        fields: &[(&str, &str)],
    ) -> HttpRequest {
        let assertion = self.assertion(world.now.get(), json!({}));
        let mut all = vec![
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        all.extend(fields);
        form(path, &all)
    }

    /// Signs a request object with some claims changed.
    pub(crate) fn object(&self, now: Timestamp, changes: Value) -> String {
        let mut claims = json!({
            "iss": "signer",
            "aud": ISSUER,
            "exp": now.plus(300).as_unix(),
            "nbf": now.as_unix(),
            "client_id": "signer",
        });
        for (name, value) in PARAMETERS {
            claims[*name] = json!(value);
        }
        let claims = changed(claims, changes);
        self.key.sign(Some("oauth-authz-req+jwt"), &claims).unwrap()
    }

    /// Makes a proof of this key for a request, with some claims changed.
    pub(crate) fn proof(&self, request: &HttpRequest, now: Timestamp, changes: Value) -> String {
        proof(&self.key, &self.unique(), request, now, changes)
    }

    /// Sends a request with a proof, and with another one where a nonce is asked for.
    pub(crate) fn send(
        &self,
        world: &World,
        mut request: HttpRequest,
        claims: Value,
    ) -> HttpResponse {
        let now = world.now.get();
        request.set_header("dpop", self.proof(&request, now, claims));
        world.provider.handle(&request, now)
    }

    /// Goes through PAR and the pages, and returns a code.
    pub(crate) fn code(&self, world: &World, more: &[(&str, &str)]) -> String {
        let mut fields = PARAMETERS.to_vec();
        fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        fields.extend(more);
        let pushed = self.post(world, "/par", &fields);
        self.code_of(world, &pushed)
    }

    pub(crate) fn code_of(&self, world: &World, pushed: &HttpResponse) -> String {
        let answer = world
            .provider
            .authorize_as(&reference_url(pushed), "ada", world.now.get());
        crate::support::parameter(&answer, "code").unwrap()
    }
}

/// A good authorization request of the client `signer`, without its id.
pub(crate) const PARAMETERS: &[(&str, &str)] = &[
    ("response_type", "code"),
    ("redirect_uri", CALLBACK),
    ("scope", "openid profile"),
    ("state", "the-state"),
    ("nonce", "the-nonce"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

/// The fields with which a code is redeemed.
pub(crate) fn redemption(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

/// Returns the address for the browser after a request was pushed.
pub(crate) fn reference_url(pushed: &HttpResponse) -> String {
    let body: Value = serde_json::from_slice(&pushed.body).unwrap_or_default();
    let reference = body["request_uri"]
        .as_str()
        .unwrap_or("urn:none")
        .to_owned();
    front(&[("client_id", "signer"), ("request_uri", &reference)])
}

/// Returns the address of the authorization endpoint with these parameters.
pub(crate) fn front(fields: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!("{ISSUER}/authorize?{}", query.extend_pairs(fields).finish())
}

/// Makes a request to the API with a token.
pub(crate) fn api(scheme: &str, token: &str) -> HttpRequest {
    let mut request = HttpRequest::new(Method::Get, format!("{ISSUER}/api/me"));
    request.set_header("authorization", format!("{scheme} {token}"));
    request
}

/// Makes a proof with a key and a `jti`.
pub(crate) fn proof(
    key: &SigningKey,
    unique: &str,
    request: &HttpRequest,
    now: Timestamp,
    changes: Value,
) -> String {
    let header =
        json!({ "typ": "dpop+jwt", "alg": key.algorithm().as_str(), "jwk": key.public_jwk() });
    let claims = json!({
        "jti": unique,
        "htm": request.method.as_str(),
        "htu": request.loggable_url(),
        "iat": now.as_unix(),
    });
    let claims = Value::Object(changed(claims, changes)).to_string();
    key.sign_raw(header.to_string().as_bytes(), claims.as_bytes())
        .unwrap()
}

/// Returns the hash of an access token for `ath`.
pub(crate) fn hash(token: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
    base64url::encode(digest.as_ref())
}

pub(crate) fn changed(claims: Value, changes: Value) -> Map<String, Value> {
    let mut claims = claims.as_object().cloned().unwrap_or_default();
    for (name, value) in changes.as_object().cloned().unwrap_or_default() {
        if value.is_null() {
            claims.remove(&name);
        } else {
            claims.insert(name, value);
        }
    }
    claims
}

/// Returns the violations as the names of their rules.
pub(crate) fn rules(world: &World) -> Vec<String> {
    let violations = world.provider.violations();
    let rules = violations.iter().filter_map(|text| text.split(':').next());
    rules.map(str::to_owned).collect()
}
