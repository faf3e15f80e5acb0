//! Faults of pushed authorization requests (RFC 9126 section 2.2).

use codegrant_core::http::HttpResponse;
use serde_json::json;

use super::answer::{error, html, redirect, with_members};
use crate::fault::Fault;

pub(super) fn instead(has: &impl Fn(Fault) -> bool) -> Option<HttpResponse> {
    if has(Fault::ParServerError) {
        return Some(html(500));
    }
    if has(Fault::ParHtml) {
        return Some(html(201));
    }
    if has(Fault::ParRedirect) {
        return Some(redirect("/par"));
    }
    has(Fault::ParInvalidRequest).then(|| error(400, "invalid_request", "not like this"))
}

pub(super) fn alter(has: &impl Fn(Fault) -> bool, response: HttpResponse) -> HttpResponse {
    let mut response = with_members(response, |members| {
        let mut set = |name: &str, value| members.insert(name.to_owned(), value);
        if has(Fault::ParHostileRequestUri) {
            let hostile = "http://stranger.example/\r\nlocation: http://stranger.example/";
            set("request_uri", json!(hostile));
        }
        if has(Fault::ParHugeRequestUri) {
            set("request_uri", json!(format!("urn:{}", "u".repeat(200_000))));
        }
        if has(Fault::ParRequestUriNumber) {
            set("request_uri", json!(42));
        }
        if has(Fault::ParZeroExpiresIn) {
            set("expires_in", json!(0));
        }
        if has(Fault::ParNoExpiresIn) {
            members.remove("expires_in");
        }
        if has(Fault::ParNoRequestUri) {
            members.remove("request_uri");
        }
    });
    if has(Fault::ParStatus200) {
        response.status = 200;
    }
    response
}
