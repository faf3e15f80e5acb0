//! The contract's app on axum, behind a middleware that gets one thing wrong.

use std::any::Any;
use std::net::TcpListener;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, ServiceExt};
use codegrant_axum::{Auth, Login, User, routes};
use tokio::runtime::Runtime;
use tower::Layer;

macro_rules! faults {
    ($($number:literal $name:ident,)*) => {
        /// One fault, each with the clause that finds it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Fault {
            $($name,)*
        }

        impl Fault {
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the number of the clause that is meant to find it.
            pub(crate) fn breaks(self) -> u32 {
                match self {
                    $(Self::$name => $number,)*
                }
            }
        }
    };
}

faults! {
    1 LosesPolicy,
    1 AddsHeader,
    1 Redirects302,
    1 TrimsBody,
    2 KeepsFirstSetCookie,
    2 ReversesSetCookies,
    4 LosesAllow,
    4 HeadAsGet,
    4 AnswersOptions,
    5 UnknownAsGet,
    6 DecodesPath,
    6 TrimsSlash,
    6 LowersPath,
    7 KeepsLastParameter,
    8 LosesOrigin,
    8 LosesAccept,
    8 LosesSecFetch,
    9 FirstCookieField,
    10 DropsForeignFields,
    11 BelievesPrefix,
    11 BelievesOverride,
    12 LowersLimit,
    12 FormsOnly,
    13 NeedsLength,
    14 CutsBody,
    17 RefusalsHaveNoBody,
    18 LosesQuery,
    20 AsksEverywhere,
    21 StoreErrorIs500,
    23 HandlesTwice,
    26 OneAtATime,
    27 BelievesFormMethod,
    27 RefusesLongTargets,
    28 LosesLogin,
    29 Http2FirstCookieField,
}

#[derive(Clone)]
struct Around {
    fault: Option<Fault>,
    auth: Auth,
    one: Arc<tokio::sync::Mutex<()>>,
}

/// Serves the app until what it returns is dropped.
pub(crate) fn start(auth: Auth, listener: TcpListener, fault: Option<Fault>) -> impl Any {
    let around = Around {
        fault,
        auth: auth.clone(),
        one: Arc::default(),
    };
    let app: Router = Router::new()
        .route("/", get(greet).post(greet))
        .route("/files/{*rest}", get(greet))
        .nest("/nested", Router::new().route("/page", get(greet)))
        .route("/maybe", get(greet_anybody))
        .route("/plain", get(async || "plain"))
        .merge(routes(&auth))
        .with_state(auth);
    // Outside of the router, where a fault comes before the routes are looked at.
    let app = from_fn_with_state(around, around_all).layer(app);
    let app = from_fn(tell_who_logged_in).layer(app);
    let runtime = Runtime::new().unwrap();
    listener.set_nonblocking(true).unwrap();
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let app = ServiceExt::<Request>::into_make_service(app);
        axum::serve(listener, app).await.unwrap();
    });
    runtime
}

async fn greet(user: User) -> String {
    format!("Hello, {user}!")
}

async fn greet_anybody(user: Option<User>) -> String {
    let name = user.map_or_else(|| "stranger".to_owned(), |user| user.to_string());
    format!("Hello, {name}!")
}

async fn tell_who_logged_in(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(login) = response.extensions().get::<Login>() {
        let subject = HeaderValue::from_str(&login.identity().subject).unwrap();
        response.headers_mut().insert("x-logged-in", subject);
    }
    response
}

async fn around_all(State(around): State<Around>, request: Request, next: Next) -> Response {
    let Some(fault) = around.fault else {
        return next.run(request).await;
    };
    let prefix = request.headers().get("x-forwarded-prefix").cloned();
    let (mut parts, body) = request.into_parts();
    let _turn = match fault {
        Fault::OneAtATime => Some(around.one.lock().await),
        _ => None,
    };
    let is_head = parts.method == Method::HEAD;
    match fault {
        Fault::AnswersOptions if parts.method == Method::OPTIONS => {
            return StatusCode::NO_CONTENT.into_response();
        }
        Fault::RefusesLongTargets if parts.uri.path().len() > 4096 => {
            return StatusCode::URI_TOO_LONG.into_response();
        }
        _ => {}
    }
    let body = match change_body(fault, &parts.headers, body).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    change_method(fault, &mut parts, &body);
    change_target(fault, &mut parts);
    change_headers(fault, &mut parts);
    let body = match body {
        Read::Whole(bytes) => Body::from(bytes),
        Read::Not(body) => body,
    };
    let request = Request::from_parts(parts, body);
    if fault == Fault::AsksEverywhere {
        let mut asked = axum::http::Request::new(());
        asked.headers_mut().clone_from(request.headers());
        let (mut parts, ()) = asked.into_parts();
        let _nobody_cares = User::from_request_parts(&mut parts, &around.auth).await;
    }
    if fault == Fault::HandlesTwice && request.method() == Method::GET {
        let mut again = Request::new(Body::empty());
        again.uri_mut().clone_from(request.uri());
        again.headers_mut().clone_from(request.headers());
        next.clone().run(again).await;
    }
    let mut response = next.run(request).await;
    if is_head && fault == Fault::HeadAsGet {
        *response.body_mut() = Body::empty();
    }
    change_response(fault, prefix, response).await
}

/// A body that was read for the fault's sake, or left alone.
enum Read {
    Whole(Bytes),
    Not(Body),
}

async fn change_body(
    fault: Fault,
    headers: &header::HeaderMap,
    body: Body,
) -> Result<Read, Response> {
    const LIMIT: usize = 64 * 1024;
    let kind = headers.get("content-type");
    let is_form = kind.is_some_and(|kind| kind.as_bytes().ends_with(b"form-urlencoded"));
    Ok(match fault {
        Fault::FormsOnly if !is_form => Read::Whole(Bytes::new()),
        Fault::NeedsLength if !headers.contains_key("content-length") => Read::Whole(Bytes::new()),
        Fault::LowersLimit => match to_bytes(body, LIMIT - 1).await {
            Ok(bytes) => Read::Whole(bytes),
            Err(_) => return Err(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
        },
        Fault::CutsBody => {
            let bytes = to_bytes(body, 1 << 20).await.unwrap_or_default();
            Read::Whole(bytes.slice(..bytes.len().min(LIMIT)))
        }
        Fault::BelievesFormMethod => {
            Read::Whole(to_bytes(body, 2 * LIMIT).await.unwrap_or_default())
        }
        _ => Read::Not(body),
    })
}

fn change_method(fault: Fault, parts: &mut Parts, body: &Read) {
    let known = [
        "GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE",
    ];
    match (fault, body) {
        (Fault::HeadAsGet, _) if parts.method == Method::HEAD => parts.method = Method::GET,
        (Fault::UnknownAsGet, _) if !known.contains(&parts.method.as_str()) => {
            parts.method = Method::GET;
        }
        (Fault::BelievesOverride, _) => {
            if let Some(name) = parts.headers.get("x-http-method-override") {
                parts.method = Method::from_bytes(name.as_bytes()).unwrap();
            }
        }
        (Fault::BelievesFormMethod, Read::Whole(bytes)) => {
            if let Some(rest) = bytes.strip_prefix(b"_method=") {
                let name = rest.split(|byte| *byte == b'&').next().unwrap();
                parts.method = Method::from_bytes(&name.to_ascii_uppercase()).unwrap();
            }
        }
        _ => {}
    }
}

fn change_target(fault: Fault, parts: &mut Parts) {
    let mut path = parts.uri.path().to_owned();
    let mut query = parts.uri.query().map(str::to_owned);
    match fault {
        Fault::DecodesPath => path = path.replace("%6c", "l").replace("%2e", "."),
        Fault::TrimsSlash if path.len() > 1 => path = path.trim_end_matches('/').to_owned(),
        Fault::LowersPath => path.make_ascii_lowercase(),
        Fault::LosesQuery if !path.starts_with("/auth/") => query = None,
        Fault::KeepsLastParameter => {
            query = query.map(|query| {
                let mut kept: Vec<&str> = Vec::new();
                for part in query.split('&') {
                    let name = part.split('=').next();
                    kept.retain(|held| held.split('=').next() != name);
                    kept.push(part);
                }
                kept.join("&")
            });
        }
        _ => return,
    }
    let target = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    if let Ok(uri) = target.parse() {
        parts.uri = uri;
    }
}

fn change_headers(fault: Fault, parts: &mut Parts) {
    let second = parts.version == Version::HTTP_2;
    let headers = &mut parts.headers;
    match fault {
        Fault::LosesOrigin => drop(headers.remove("origin")),
        Fault::LosesAccept => drop(headers.remove("accept")),
        Fault::LosesSecFetch => {
            for name in ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"] {
                headers.remove(name);
            }
        }
        Fault::DropsForeignFields => {
            let foreign = |value: &HeaderValue| value.to_str().is_err();
            if headers.get("cookie").is_some_and(foreign) {
                headers.remove("cookie");
            }
        }
        Fault::FirstCookieField => keep_first_cookie(headers),
        Fault::Http2FirstCookieField if second => keep_first_cookie(headers),
        _ => {}
    }
}

fn keep_first_cookie(headers: &mut header::HeaderMap) {
    if let Some(first) = headers.get("cookie").cloned() {
        headers.insert("cookie", first);
    }
}

async fn change_response(
    fault: Fault,
    prefix: Option<HeaderValue>,
    mut response: Response,
) -> Response {
    let headers = response.headers_mut();
    match fault {
        Fault::LosesPolicy => drop(headers.remove("content-security-policy")),
        Fault::LosesAllow => drop(headers.remove("allow")),
        Fault::AddsHeader => {
            headers.insert("x-powered-by", HeaderValue::from_static("an adapter"));
        }
        Fault::KeepsFirstSetCookie => {
            if let Some(first) = headers.get("set-cookie").cloned() {
                headers.insert("set-cookie", first);
            }
        }
        Fault::ReversesSetCookies => {
            let all: Vec<HeaderValue> = headers.get_all("set-cookie").iter().cloned().collect();
            headers.remove("set-cookie");
            for value in all.into_iter().rev() {
                headers.append("set-cookie", value);
            }
        }
        Fault::BelievesPrefix => {
            if let (Some(prefix), Some(location)) = (prefix, headers.get("location")) {
                let to = [prefix.as_bytes(), location.as_bytes()].concat();
                headers.insert("location", HeaderValue::from_bytes(&to).unwrap());
            }
        }
        Fault::Redirects302 if response.status() == StatusCode::SEE_OTHER => {
            *response.status_mut() = StatusCode::FOUND;
        }
        Fault::StoreErrorIs500 if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        Fault::RefusalsHaveNoBody if response.status() == StatusCode::UNAUTHORIZED => {
            *response.body_mut() = Body::empty();
            response.headers_mut().remove("content-length");
        }
        Fault::LosesLogin => drop(response.extensions_mut().remove::<Login>()),
        Fault::TrimsBody => {
            let (mut parts, body) = response.into_parts();
            let bytes = to_bytes(body, 1 << 20).await.unwrap();
            parts.headers.remove("content-length");
            return Response::from_parts(parts, Body::from(bytes.trim_ascii().to_vec()));
        }
        _ => {}
    }
    response
}
