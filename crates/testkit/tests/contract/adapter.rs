//! The adapter of `docs/guide/write-an-adapter.md`, to the letter.

use codegrant_web::{Auth, BODY_LIMIT, Request, Response, Session};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;

pub(crate) type Answer = hyper::Response<Full<Bytes>>;

/// The framework's request, as strings.
fn request(parts: &Parts) -> Request<'_> {
    let fields = parts.headers.iter();
    let fields = fields.map(|(name, value)| (name.as_str(), value.as_bytes()));
    Request::new(
        parts.method.as_str(),
        parts.uri.path(),
        parts.uri.query(),
        fields,
    )
}

/// The answer, in the framework's types: a copy.
fn response(answer: Response) -> Answer {
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value); // appends
    }
    if let Some(login) = answer.login {
        response = response.extension(login); // for the app's own middleware
    }
    response
        .body(Full::from(answer.body))
        .expect("web's status and headers are valid")
}

/// `routes`: mount it at `{base}/` and everything behind that, for every method.
pub(crate) async fn endpoint(auth: &Auth, incoming: hyper::Request<Incoming>) -> Answer {
    let (parts, body) = incoming.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await;
    let body = body.ok().map(|body| body.to_bytes());
    response(
        auth.handle(request(&parts).with_body(body.as_deref()))
            .await,
    )
}

/// `User`: who is logged in, or the answer to send in place of the handler's.
pub(crate) async fn user(auth: &Auth, parts: &Parts) -> Result<Session, Answer> {
    auth.require(request(parts)).await.map_err(response)
}

/// `Option<User>`: the same, and nobody is fine. An error is not nobody.
pub(crate) async fn optional_user(auth: &Auth, parts: &Parts) -> Result<Option<Session>, Answer> {
    let found = auth.identify(request(parts)).await;
    found.map_err(|error| response(auth.refuse(&error)))
}
