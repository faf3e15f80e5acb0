//! The endpoints below the base path: which there are, and which method each takes.

mod callback;
mod log_out;
mod login;
mod refresh;

use crate::auth::Auth;
use crate::pages::Problem;
use crate::request::Request;
use crate::response::Response;

/// Answers a request below the base path.
pub(crate) async fn handle(auth: &Auth, request: &Request<'_>) -> Response {
    let Some(rest) = request.path().strip_prefix(auth.base()) else {
        return not_found(auth);
    };
    let parts: Vec<&str> = rest.split('/').collect();
    match parts.as_slice() {
        ["", "login"] => match request.method() {
            "GET" => login::choose(auth, request),
            _ => method_not_allowed(auth, "GET"),
        },
        ["", "login", id] => match (auth.registered(id), request.method()) {
            (None, _) => not_found(auth),
            (Some(registered), "GET") => login::start(auth, registered, request).await,
            (Some(_), _) => method_not_allowed(auth, "GET"),
        },
        ["", "callback", id] => match auth.registered(id) {
            None => not_found(auth),
            Some(registered) => {
                let mode = registered.client.response_mode();
                if request.method() == mode.method() {
                    callback::receive(auth, registered, request).await
                } else {
                    method_not_allowed(auth, mode.method())
                }
            }
        },
        ["", "logout"] => match request.method() {
            "GET" => log_out::ask(auth, request),
            "POST" => log_out::perform(auth, request).await,
            _ => method_not_allowed(auth, "GET, POST"),
        },
        ["", "logged-out"] => match request.method() {
            "GET" => log_out::done(auth),
            _ => method_not_allowed(auth, "GET"),
        },
        ["", "refresh"] => match request.method() {
            "POST" => refresh::perform(auth, request).await,
            _ => method_not_allowed(auth, "POST"),
        },
        _ => not_found(auth),
    }
}

fn not_found(auth: &Auth) -> Response {
    auth.problem(Problem::NotFound, &auth.new_correlation_id(), None, None)
}

fn method_not_allowed(auth: &Auth, allow: &str) -> Response {
    auth.problem(
        Problem::MethodNotAllowed,
        &auth.new_correlation_id(),
        None,
        None,
    )
    .with("allow", allow)
}

fn too_large(auth: &Auth) -> Response {
    auth.problem(Problem::TooLarge, &auth.new_correlation_id(), None, None)
}
