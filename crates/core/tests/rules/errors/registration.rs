//! Codes of registering by oneself and of finding an issuer.

use codegrant_core::error::{Code, Error};
use codegrant_core::http::HttpResponse;
use codegrant_core::{ClientMetadata, Resource};
use codegrant_testkit::world::drive;
use serde_json::{Value, json};

use super::Row;
use crate::registration::{NOW, answer, client, metadata, metadata_without_registration};

/// The code of a registration that is answered so.
fn registering(status: u16, answer: &Value) -> &'static Code {
    let client = client();
    let (metadata, wanted) = (metadata(&client), ClientMetadata::of(&client));
    let step = client.register(&metadata, &wanted, None, NOW).unwrap();
    let answered = drive(step, |_| HttpResponse::json(answer).with_status(status));
    answered.unwrap_err().code()
}

/// The code of a registration whose answer has another member.
fn registered(member: &str, value: impl Into<Value>) -> &'static Code {
    let mut answer = answer();
    answer[member] = value.into();
    registering(201, &answer)
}

/// The code of looking for an issuer at a host that answers so.
fn finding(answer: &Value) -> &'static Code {
    let resource = Resource::parse("jane@op.example").unwrap();
    let found = drive(resource.find_issuer(), |_| HttpResponse::json(answer));
    found.unwrap_err().code()
}

fn not_offered() -> Error {
    let client = client();
    let metadata = metadata_without_registration(&client);
    let wanted = ClientMetadata::of(&client);
    client.register(&metadata, &wanted, None, NOW).unwrap_err()
}

pub(super) const REGISTRATION: &[Row] = &[
    ("registration.not_offered", || not_offered().code()),
    ("registration.refused", || {
        registering(400, &json!({"error": "invalid_redirect_uri"}))
    }),
    ("registration.changed", || {
        registered("redirect_uris", json!(["https://evil.example/"]))
    }),
    ("registration.secret_expired", || {
        registered("client_secret_expires_at", 1)
    }),
    ("webfinger.resource", || {
        Resource::parse("jane@").unwrap_err().code()
    }),
    ("webfinger.no_issuer", || finding(&json!({"links": []}))),
    ("webfinger.issuer_refused", || {
        finding(&json!({"links": [
            {"rel": "http://openid.net/specs/connect/1.0/issuer", "href": "http://op.example"},
        ]}))
    }),
];
