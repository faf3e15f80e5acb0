//! The endpoints below the base path: which there are, and which method each takes.

mod callback;
mod log_out;
mod login;
mod refresh;

use codegrant_core::error::Quoted;

use crate::auth::Auth;
use crate::error::RequestError;
use crate::request::{BODY_LIMIT, Request};
use crate::response::Response;

/// Answers a request below the base path.
pub(crate) async fn handle(auth: &Auth, request: &Request<'_>) -> Response {
    let Some(rest) = request.path().strip_prefix(auth.base()) else {
        return not_found(auth, request);
    };
    let parts: Vec<&str> = rest.split('/').collect();
    match parts.as_slice() {
        ["", "login"] => match request.method() {
            "GET" => login::choose(auth, request),
            _ => method_not_allowed(auth, request, "GET"),
        },
        ["", "login", id] => match (auth.registered(id), request.method()) {
            (None, _) => not_found(auth, request),
            (Some(registered), "GET") => login::start(auth, registered, request).await,
            (Some(_), _) => method_not_allowed(auth, request, "GET"),
        },
        ["", "callback", id] => match auth.registered(id) {
            None => not_found(auth, request),
            Some(registered) => {
                let mode = registered.client().response_mode();
                if request.method() == mode.method() {
                    callback::receive(auth, registered, request).await
                } else {
                    method_not_allowed(auth, request, mode.method())
                }
            }
        },
        ["", "logout"] => match request.method() {
            "GET" => log_out::ask(auth, request),
            "POST" => log_out::perform(auth, request).await,
            _ => method_not_allowed(auth, request, "GET, POST"),
        },
        ["", "logged-out"] => match request.method() {
            "GET" => log_out::done(auth),
            _ => method_not_allowed(auth, request, "GET"),
        },
        ["", "refresh"] => match request.method() {
            "POST" => refresh::perform(auth, request).await,
            _ => method_not_allowed(auth, request, "POST"),
        },
        _ => not_found(auth, request),
    }
}

fn not_found(auth: &Auth, request: &Request<'_>) -> Response {
    let path = Quoted::new(request.path());
    auth.refuse(&RequestError::NotFound { path }.into())
}

fn method_not_allowed(auth: &Auth, request: &Request<'_>, allow: &'static str) -> Response {
    let received = Quoted::new(request.method());
    auth.refuse(
        &RequestError::MethodNotAllowed {
            expected: allow,
            received,
        }
        .into(),
    )
    .with("allow", allow)
}

fn too_large(auth: &Auth) -> Response {
    auth.refuse(&RequestError::TooLarge { limit: BODY_LIMIT }.into())
}
