//! Rocket's types to the seam's and back.

use std::io::Cursor;

use codegrant_web::{BODY_LIMIT, Request as Asked, Response as Answer};
use rocket::data::{Data, ToByteUnit};
use rocket::http::Status;
use rocket::{Request, Response};

/// How much of a body Rocket reads before anybody asks for it.
const PEEKED: usize = "_method=delete".len();

pub(crate) fn request<'a>(request: &'a Request<'_>) -> Asked<'a> {
    let (uri, jar) = (request.uri(), request.cookies());
    let query = uri.query().map(|query| query.as_str());
    Asked::new(
        request.method().as_str(),
        uri.path().as_str(),
        query,
        |name| {
            let mut values: Vec<String> = request.headers().get(name).map(str::to_owned).collect();
            // Rocket's local client has a jar and no header.
            if name == "cookie" && values.is_empty() {
                let pairs = jar
                    .iter()
                    .map(|held| format!("{}={}", held.name(), held.value()));
                values.extend(pairs);
            }
            values
        },
    )
}

/// Reads a body; `None` when it is too long or broke off.
pub(crate) async fn body(data: Data<'_>) -> Option<Vec<u8>> {
    let ended = data.peek_complete();
    let read = data.open(BODY_LIMIT.bytes()).into_bytes().await.ok()?;
    // One that breaks off while Rocket peeks is a short one afterwards, and its end was never seen.
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
