//! The answer for an app that asks for the user and never mounted the login.

use crate::error::NOT_MOUNTED;
use crate::pages::{DefaultPages, ErrorPage, Pages, Problem};
use crate::response::Response;
use crate::seal;

/// Answers for an app that forgot to mount its login: 500, and the remedy for the operator.
///
/// An adapter sends it where its framework cannot refuse to start. `remedy` says what to write and where;
/// it is logged under the code `setup.not_mounted`, and the browser gets a page of fixed text.
///
/// ```
/// let response = codegrant_web::not_mounted("add `.merge(routes(&auth))` to the router");
/// assert_eq!(response.status, 500);
/// assert!(!String::from_utf8_lossy(&response.body).contains("merge"));
/// ```
pub fn not_mounted(remedy: &'static str) -> Response {
    let correlation_id = seal::correlation_id();
    let code = &NOT_MOUNTED;
    tracing::error!(
        target: "codegrant", event = "request.failed", correlation_id, code = code.name,
        cause = code.cause, remedy
    );
    let page = DefaultPages.error(&ErrorPage {
        problem: Problem::Internal,
        correlation_id: &correlation_id,
        retry: None,
        restart: None,
        home: "/",
    });
    Response::page(Problem::Internal.status(), page)
}
