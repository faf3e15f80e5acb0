//! The endpoints below the base path: which there are, and which method each takes.

mod callback;
mod for_providers;
mod initiate;
mod link;
mod log_out;
mod login;
mod refresh;
mod session_frame;
mod sessions;

use codegrant_core::error::Quoted;

use crate::Boxed;
use crate::auth::Auth;
use crate::clients::Registered;
use crate::error::RequestError;
use crate::request::{BODY_LIMIT, Request};
use crate::response::Response;

/// Answers a request below the base path.
pub(crate) fn handle<'a>(auth: &'a Auth, request: &'a Request<'_>) -> Boxed<'a, Response> {
    Box::pin(answer(auth, request))
}

/// What an endpoint keeps while it waits is boxed: it is moved once, and not by everybody who awaits this.
async fn answer(auth: &Auth, request: &Request<'_>) -> Response {
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
            (Some(registered), "GET") => Box::pin(login::start(auth, registered, request)).await,
            (Some(_), _) => method_not_allowed(auth, request, "GET"),
        },
        ["", "callback", id] => match auth.registered(id) {
            None => not_found(auth, request),
            Some(registered) => {
                let mode = registered.client().response_mode();
                if request.method() == mode.method() {
                    Box::pin(callback::receive(auth, registered, request)).await
                } else {
                    method_not_allowed(auth, request, mode.method())
                }
            }
        },
        ["", "link", id] if auth.0.on_link.is_set() => {
            match (auth.registered(id), request.method()) {
                (None, _) => not_found(auth, request),
                (Some(registered), "GET") => Box::pin(link::show(auth, registered, request)).await,
                (Some(registered), "POST") => {
                    Box::pin(link::perform(auth, registered, request)).await
                }
                (Some(_), _) => method_not_allowed(auth, request, "GET, POST"),
            }
        }
        ["", "logout"] => match request.method() {
            "GET" => log_out::ask(auth, request),
            "POST" => Box::pin(log_out::perform(auth, request)).await,
            _ => method_not_allowed(auth, request, "GET, POST"),
        },
        ["", "logged-out"] => match request.method() {
            "GET" => log_out::done(auth, request),
            _ => method_not_allowed(auth, request, "GET"),
        },
        ["", "sessions"] => match request.method() {
            "GET" => Box::pin(sessions::show(auth, request)).await,
            "POST" => Box::pin(sessions::end(auth, request)).await,
            _ => method_not_allowed(auth, request, "GET, POST"),
        },
        ["", "initiate", id] => match (auth.registered(id), request.method()) {
            (Some(registered), method) if registered.switches.third_party_login => match method {
                "GET" | "POST" => Box::pin(initiate::start(auth, registered, request)).await,
                _ => method_not_allowed(auth, request, "GET, POST"),
            },
            _ => not_found(auth, request),
        },
        ["", "jwks", id] => match auth.registered(id).and_then(for_providers::keys) {
            None => not_found(auth, request),
            Some(keys) => match request.method() {
                "GET" => keys,
                _ => method_not_allowed(auth, request, "GET"),
            },
        },
        ["", "client", id] => {
            let registered = auth.registered(id);
            match registered.and_then(|registered| for_providers::client(auth, registered)) {
                None => not_found(auth, request),
                Some(document) => match request.method() {
                    "GET" => document,
                    _ => method_not_allowed(auth, request, "GET"),
                },
            }
        }
        ["", "request", id] => match for_providers::request_object(auth, id) {
            None => not_found(auth, request),
            Some(object) => match request.method() {
                "GET" => object,
                _ => method_not_allowed(auth, request, "GET"),
            },
        },
        ["", "refresh"] => match request.method() {
            "GET" => Box::pin(refresh::pass(auth, request)).await,
            "POST" => Box::pin(refresh::perform(auth, request)).await,
            _ => method_not_allowed(auth, request, "GET, POST"),
        },
        ["", exchange, id] => match auth.registered(id) {
            Some(registered) => provider_exchange(auth, registered, exchange, request).await,
            None => not_found(auth, request),
        },
        _ => not_found(auth, request),
    }
}

/// Answers what is there only where the registration says so.
async fn provider_exchange(
    auth: &Auth,
    registered: &Registered,
    exchange: &str,
    request: &Request<'_>,
) -> Response {
    let switches = &registered.switches;
    match (exchange, request.method()) {
        ("backchannel-logout", method) if switches.backchannel_logout => match method {
            "POST" => Box::pin(log_out::back_channel::receive(auth, registered, request)).await,
            _ => method_not_allowed(auth, request, "POST"),
        },
        ("frontchannel-logout", method) if switches.frontchannel_logout => match method {
            "GET" => Box::pin(log_out::front_channel::receive(auth, registered, request)).await,
            _ => method_not_allowed(auth, request, "GET"),
        },
        ("session", method) if switches.session_management => match method {
            "GET" => Box::pin(session_frame::show(auth, registered, request)).await,
            _ => method_not_allowed(auth, request, "GET"),
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
