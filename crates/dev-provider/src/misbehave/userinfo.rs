//! Faults of the userinfo endpoint.

use codegrant_core::http::HttpResponse;
use serde_json::{Value, json};

use super::answer::{error, html, redirect, with_duplicate, with_members};
use crate::fault::Fault;

pub(super) fn instead(has: &impl Fn(Fault) -> bool) -> Option<HttpResponse> {
    if has(Fault::UserinfoHtml) {
        return Some(html(200));
    }
    if has(Fault::UserinfoServerError) {
        return Some(html(500));
    }
    if has(Fault::UserinfoRedirect) {
        return Some(redirect("/userinfo"));
    }
    has(Fault::UserinfoUnauthorized).then(|| {
        let challenge = r#"Bearer error="invalid_token""#;
        error(401, "invalid_token", "not today").with_header("www-authenticate", challenge)
    })
}

pub(super) fn alter(has: &impl Fn(Fault) -> bool, response: HttpResponse) -> HttpResponse {
    let mut response = with_members(response, |claims| {
        if has(Fault::UserinfoOtherSub) {
            claims.insert("sub".to_owned(), json!("somebody-else"));
        }
        if has(Fault::UserinfoNoSub) {
            claims.remove("sub");
        }
        if has(Fault::UserinfoSubNumber) {
            claims.insert("sub".to_owned(), json!(42));
        }
        if has(Fault::UserinfoEmailVerifiedString)
            && let Some(verified) = claims.get("email_verified").map(Value::to_string)
        {
            claims.insert("email_verified".to_owned(), verified.into());
        }
    });
    if has(Fault::UserinfoDuplicateSub) {
        response = with_duplicate(response, "sub", "somebody-else");
    }
    if has(Fault::UserinfoJwt) {
        response = HttpResponse::new(200)
            .with_header("content-type", "application/jwt")
            .with_body("e30.e30.");
    }
    response
}
