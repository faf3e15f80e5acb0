//! The app of the contract around the guide's adapter.

use std::convert::Infallible;
use std::net::TcpListener;

use codegrant_web::{Auth, Login};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::runtime::Runtime;

use crate::adapter::{Answer, endpoint, optional_user, user};

/// Serves the app until what it returns is dropped.
pub(crate) fn start(auth: Auth, listener: TcpListener) -> Runtime {
    let runtime = Runtime::new().unwrap();
    listener.set_nonblocking(true).unwrap();
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let auth = auth.clone();
            let service = service_fn(move |request| {
                let auth = auth.clone();
                async move { Ok::<_, Infallible>(serve(&auth, request).await) }
            });
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let _closed = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    runtime
}

/// What stands around an app: its middleware, and what a server does that knows HEAD.
async fn serve(auth: &Auth, request: hyper::Request<Incoming>) -> Answer {
    let is_head = request.method() == "HEAD";
    let mut answer = tell_who_logged_in(route(auth, request).await);
    if is_head {
        // With HTTP/2 hyper sends what it is given, and a client resets the stream for it.
        *answer.body_mut() = Full::default();
    }
    answer
}

async fn route(auth: &Auth, request: hyper::Request<Incoming>) -> Answer {
    let rest = request.uri().path().strip_prefix(auth.base());
    if rest.is_some_and(|rest| rest.starts_with('/')) {
        return endpoint(auth, request).await;
    }
    let (parts, _) = request.into_parts();
    match (parts.method.as_str(), parts.uri.path()) {
        ("GET" | "POST", "/") | ("GET", "/nested/page") => {}
        ("GET", path) if path.starts_with("/files/") => {}
        ("GET", "/maybe") => {
            let found = optional_user(auth, &parts).await;
            return found.map_or_else(
                |answer| answer,
                |user| {
                    greeting(
                        &user.map_or("stranger".to_owned(), |user| user.identity().to_string()),
                    )
                },
            );
        }
        ("GET", "/plain") => return hyper::Response::new(Full::from("plain")),
        _ => {
            let mut answer = hyper::Response::new(Full::from("not found"));
            *answer.status_mut() = hyper::StatusCode::NOT_FOUND;
            return answer;
        }
    }
    let found = user(auth, &parts).await;
    found.map_or_else(
        |answer| answer,
        |user| greeting(&user.identity().to_string()),
    )
}

fn greeting(name: &str) -> Answer {
    hyper::Response::new(Full::from(format!("Hello, {name}!")))
}

/// The app's own middleware, which sees a login end.
fn tell_who_logged_in(mut answer: Answer) -> Answer {
    if let Some(login) = answer.extensions().get::<Login>() {
        let subject = login.identity().subject.parse().unwrap();
        answer.headers_mut().insert("x-logged-in", subject);
    }
    answer
}
