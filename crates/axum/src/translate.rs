//! axum's types to the seam's and back.

use axum::body::Body;
use axum::extract::OriginalUri;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use codegrant_web::Request;

/// Returns the target as the browser wrote it, also inside a nested router.
pub(crate) fn target(parts: &Parts) -> &Uri {
    let original = parts.extensions.get::<OriginalUri>();
    original.map_or(&parts.uri, |original| &original.0)
}

pub(crate) fn request(parts: &Parts) -> Request<'_> {
    let (method, target) = (parts.method.as_str(), target(parts));
    let fields = parts.headers.iter();
    let fields = fields.map(|(name, value)| (name, value.as_bytes()));
    Request::new(method, target.path(), target.query(), fields)
}

pub(crate) fn response(answer: codegrant_web::Response) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).expect("a status of web is valid");
    response.headers_mut().reserve(answer.headers.len());
    for (name, value) in answer.headers {
        let value = HeaderValue::try_from(value).expect("a header of web is visible ASCII");
        response
            .headers_mut()
            .append(HeaderName::from_static(name), value);
    }
    if let Some(login) = answer.login {
        response.extensions_mut().insert(login);
    }
    response
}
