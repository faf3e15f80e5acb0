//! Actix-web's types to the seam's and back.

use actix_web::body::{BodyStream, to_bytes_limited};
use actix_web::dev::Payload;
use actix_web::error::UrlGenerationError;
use actix_web::http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use codegrant_web::{Auth, BODY_LIMIT, Request, Response};

pub(crate) fn request(request: &HttpRequest) -> Request<'_> {
    let (method, target) = (request.method().as_str(), request.uri());
    let fields = request.headers().iter();
    let fields = fields.map(|(name, value)| (name, value.as_bytes()));
    Request::new(method, target.path(), target.query(), fields)
}

pub(crate) fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status of web is valid")
}

pub(crate) fn response(answer: Response) -> HttpResponse {
    let mut response = HttpResponse::new(status(answer.status)).set_body(answer.body);
    for (name, value) in answer.headers {
        let value = HeaderValue::try_from(value).expect("a header of web is visible ASCII");
        let name = HeaderName::from_static(name);
        response.headers_mut().append(name, value);
    }
    if let Some(login) = answer.login {
        response.extensions_mut().insert(login);
    }
    response.map_into_boxed_body()
}

/// Answers a request to the login's own paths.
pub(crate) async fn answer(auth: &Auth, asked: &HttpRequest, body: Payload) -> HttpResponse {
    let read = async { to_bytes_limited(BodyStream::new(body), BODY_LIMIT).await };
    let read = async { read.await.ok().and_then(Result::ok) };
    let body = auth.body(asked.method().as_str(), read).await;
    let request = request(asked).with_body(body.as_deref());
    let answer = auth.handle(request).await;
    let length = answer.body.len();
    let mut response = response(answer);
    if asked.method() == Method::HEAD {
        // Actix-web takes the method of the last request that it has read, and writes the body behind an
        // answer to HEAD when another request was sent ahead: so there must be none to write.
        response.head_mut().no_chunking(true);
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        let nothing: Payload = Payload::None;
        return response
            .set_body(BodyStream::new(nothing))
            .map_into_boxed_body();
    }
    response
}

/// Returns the name of the routes of this `Auth` among Actix-web's named resources.
pub(crate) fn name(auth: &Auth) -> String {
    format!("codegrant {}", auth.base())
}

/// Tells whether a browser that is sent to the login of this `Auth` will find it in this app.
pub(crate) fn is_mounted(auth: &Auth, request: &HttpRequest) -> bool {
    match request.url_for(&name(auth), [""]) {
        // The scope's own path with a slash: routes in a scope beside the base are never asked.
        Ok(scope) => format!("{}/", auth.base()).starts_with(scope.path()),
        // Whoever handed the `Auth` out by hand has its routes elsewhere, perhaps in another process.
        Err(UrlGenerationError::ResourceNotFound) => request.app_data::<Data<Auth>>().is_some(),
        // A scope with parameters in its path, or a strange Host.
        Err(_) => true,
    }
}
