//! Rocket's types to the seam's and back.

use std::borrow::Cow;
use std::io::Cursor;

use codegrant_web::{BODY_LIMIT, Request as Asked, Response as Answer};
use rocket::data::{Data, ToByteUnit};
use rocket::http::Status;
use rocket::{Request, Response};

/// How much of a body Rocket reads before anybody asks for it.
const PEEKED: usize = "_method=delete".len();

pub(crate) fn request<'a>(request: &'a Request<'_>) -> Asked<'a> {
    let (method, uri) = (request.method().as_str(), request.uri());
    let query = uri.query().map(|query| query.as_str());
    let fields = request.headers().iter();
    let fields = fields.map(|field| (field.name, bytes(field.value)));
    // A request of Rocket's local client has a jar and no header.
    let has_header = request.headers().iter().any(|field| field.name == "cookie");
    let jar = (!has_header).then(|| jar(request));
    let jar = jar.into_iter().flatten();
    let jar = jar.map(|cookie| ("cookie".into(), cookie.into_bytes().into()));
    Asked::new(method, uri.path().as_str(), query, fields.chain(jar))
}

fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => text.as_bytes().into(),
        Cow::Owned(text) => text.into_bytes().into(),
    }
}

pub(crate) fn jar(request: &Request<'_>) -> impl Iterator<Item = String> {
    let cookies = request.cookies().iter();
    cookies.map(|cookie| format!("{}={}", cookie.name(), cookie.value()))
}

/// Reads a body; `None` when it is too long or broke off.
pub(crate) async fn body(data: Data<'_>) -> Option<Vec<u8>> {
    let ended = data.peek_complete();
    let read = data.open(BODY_LIMIT.bytes()).into_bytes().await.ok()?;
    // What breaks off while Rocket peeks is a short body afterwards whose end nobody has seen.
    let whole = read.is_complete() && (ended || read.len() >= PEEKED);
    whole.then(|| read.into_inner())
}

pub(crate) fn response(answer: Answer) -> Response<'static> {
    let mut response = Response::build();
    response.status(Status::new(answer.status));
    for (name, value) in answer.headers {
        response.raw_header_adjoin(name, value);
    }
    response.sized_body(answer.body.len(), Cursor::new(answer.body));
    response.finalize()
}
