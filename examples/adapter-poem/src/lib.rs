//! Login in a poem app: a whole adapter, to read from top to bottom and to copy for another framework.
//!
//! ```no_run
//! use adapter_poem::{Auth, User, login, provider::GITHUB};
//! use poem::{EndpointExt, Route, Server, get, handler, listener::TcpListener};
//!
//! #[handler]
//! fn index(user: User) -> String {
//!     format!("Hello, {user}!")
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let auth = Auth::from_env("http://localhost:3000", [GITHUB])?;
//! let app = Route::new().at("/", get(index)).with(login(&auth));
//! Server::new(TcpListener::bind("127.0.0.1:3000")).run(app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! poem has a middleware for what concerns a whole app, so that is what mounts the login here; `User` and
//! `Option<User>` are extractors, as everywhere. Three things are poem's own, and yours will have others:
//!
//! - A nested route sees a path without its prefix, and `original_uri` is `/` in poem's own tests. So the middleware,
//!   which stands outside, keeps the target for the extractor.
//! - `Option<T>` of any extractor turns every error into `None`. A session store that is down would make each visitor
//!   a stranger, and the impl for `Option<User>` is taken. So an error does not go through the extractor at all: it goes
//!   to the middleware, which answers at once and drops the handler before it has run.
//! - Over HTTP/2 poem sends the body of an answer to `HEAD`, unless it is a page that `get` made, and the client takes
//!   the stream for broken. The middleware leaves such a body out.

use std::fmt;
use std::ops::Deref;

use poem::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use poem::{Endpoint, FromRequest, IntoResponse, Middleware, RequestBody, error::ResponseError};
use tokio::sync::mpsc;

pub use codegrant_web::app::*;
use codegrant_web::{BODY_LIMIT, not_mounted};

/// Makes the middleware that the login needs; it goes around the whole app, outside of every nested route.
pub fn login(auth: &Auth) -> LoginMiddleware {
    LoginMiddleware(auth.clone())
}

/// The middleware that [`login`] makes.
#[derive(Debug, Clone)]
pub struct LoginMiddleware(Auth);

impl<E: Endpoint> Middleware<E> for LoginMiddleware {
    type Output = WithLogin<E>;

    fn transform(&self, app: E) -> WithLogin<E> {
        WithLogin(self.0.clone(), app)
    }
}

/// An app with the login around it.
#[derive(Debug)]
pub struct WithLogin<E>(Auth, E);

impl<E: Endpoint> Endpoint for WithLogin<E> {
    type Output = poem::Response;

    async fn call(&self, asked: poem::Request) -> poem::Result<poem::Response> {
        let is_head = asked.method() == Method::HEAD;
        let answered = self.answer(asked).await;
        if !is_head {
            return answered;
        }
        let mut response = answered.unwrap_or_else(poem::Error::into_response);
        response.set_body(());
        Ok(response)
    }
}

impl<E: Endpoint> WithLogin<E> {
    async fn answer(&self, mut asked: poem::Request) -> poem::Result<poem::Response> {
        let Self(auth, app) = self;
        let target = asked.uri().clone();
        if auth.serves(target.path()) {
            let read = asked.take_body().into_bytes_limit(BODY_LIMIT);
            let read = async { read.await.ok() };
            let body = auth.body(asked.method().as_str(), read).await;
            let answer = auth.handle(request(&asked, &target).with_body(body.as_deref()));
            return Ok(response(answer.await));
        }
        let (instead, mut answers) = mpsc::channel(1);
        let auth = auth.clone();
        asked.set_data(Mounted {
            auth,
            target,
            instead,
        });
        tokio::select! {
            answered = app.call(asked) => answered.map(IntoResponse::into_response),
            Some(answer) = answers.recv() => Ok(response(answer)),
        }
    }
}

/// What a request carries from the middleware to the extractor.
#[derive(Clone)]
struct Mounted {
    auth: Auth,
    target: Uri,
    /// Takes an answer that is sent in place of the app's.
    instead: mpsc::Sender<codegrant_web::Response>,
}

/// A logged-in user, as a handler's argument; everything that [`Session`] tells.
#[derive(Debug, Clone)]
pub struct User(Session);

impl Deref for User {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.identity().fmt(f)
    }
}

impl<'a> FromRequest<'a> for User {
    async fn from_request(asked: &'a poem::Request, _: &mut RequestBody) -> poem::Result<Self> {
        let Some(mounted) = asked.data::<Mounted>() else {
            let answer = not_mounted("put `.with(login(&auth))` behind the outermost route");
            return Err(LoginRequired(answer).into());
        };
        let auth = &mounted.auth;
        let request = request(asked, &mounted.target);
        match auth.identify(request.clone()).await {
            Ok(Some(session)) => Ok(Self(session)),
            Ok(None) => Err(LoginRequired(auth.challenge(request)).into()),
            Err(error) => {
                // The middleware takes the answer, and drops this together with the handler.
                let answer = auth.refuse(&error);
                let _taken = mounted.instead.send(answer.clone()).await;
                mounted.instead.closed().await;
                Err(LoginRequired(answer).into())
            }
        }
    }
}

/// The answer to a request without a login, as an error that poem sends.
#[derive(Debug)]
pub struct LoginRequired(codegrant_web::Response);

impl std::error::Error for LoginRequired {}

impl fmt::Display for LoginRequired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a login is required")
    }
}

impl ResponseError for LoginRequired {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).expect("a status of web is valid")
    }

    fn as_response(&self) -> poem::Response {
        response(self.0.clone())
    }
}

/// The framework's request, as strings: the target as it stands in the request line, all values of a header.
fn request<'a>(asked: &'a poem::Request, target: &'a Uri) -> codegrant_web::Request<'a> {
    let fields = asked.headers().iter();
    let fields = fields.map(|(name, value)| (name, value.as_bytes()));
    let method = asked.method().as_str();
    codegrant_web::Request::new(method, target.path(), target.query(), fields)
}

/// The answer, in the framework's types: a copy.
fn response(answer: codegrant_web::Response) -> poem::Response {
    let mut response = poem::Response::from(answer.body);
    response.set_status(StatusCode::from_u16(answer.status).expect("a status of web is valid"));
    for (name, value) in answer.headers {
        let value = HeaderValue::try_from(value).expect("a header of web is visible ASCII");
        response
            .headers_mut()
            .append(HeaderName::from_static(name), value); // never insert
    }
    if let Some(login) = answer.login {
        response.set_data(login); // for the app's own middleware
    }
    response
}
