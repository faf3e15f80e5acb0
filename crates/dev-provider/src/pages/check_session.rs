//! The frame that answers an app's question whether the session is still the same (OpenID Connect Session
//! Management 1.0 section 3.2).

use codegrant_core::http::HttpResponse;

use super::source_hash;

/// Compares what a page asks about with the browser's present state.
const SCRIPT: &str = include_str!("check_session.js");

/// Renders the frame; any page may embed it, because it tells an origin only about that origin's sessions.
pub(crate) fn check_session(cookie: &str) -> HttpResponse {
    let policy = format!("default-src 'none'; script-src {}", source_hash(SCRIPT));
    let html = format!(
        "<!doctype html>\n<html lang=\"en\" data-cookie=\"{cookie}\">\n<meta charset=\"utf-8\">\n\
         <title>Session</title>\n<script>{SCRIPT}</script>\n</html>\n"
    );
    HttpResponse::new(200)
        .with_header("content-type", "text/html; charset=utf-8")
        .with_header("content-security-policy", policy)
        .with_header("cache-control", "no-store")
        .with_header("x-content-type-options", "nosniff")
        .with_header("referrer-policy", "no-referrer")
        .with_body(html)
}
