//! Logs a user in inside a test, without a provider: for the tests of an app, with the feature `test`.

use axum::http::header::COOKIE;
use axum::http::request::Builder;
use axum::http::{HeaderValue, Request};

pub use codegrant_web::test::*;

use crate::Auth;

/// Logs a user in with one request of a test.
///
/// ```
/// use axum::{Router, body::Body, http::Request, routing::get};
/// use codegrant_axum::{Auth, User, provider::GITHUB, test::LoggedIn};
/// use tower::ServiceExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let auth = Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret").build()?;
/// let app = Router::new()
///     .route("/me", get(|user: User| async move { format!("Hello, {}!", user.identity().subject) }))
///     .with_state(auth.clone());
///
/// let request = Request::get("/me").logged_in(&auth, "alice").await.body(Body::empty())?;
/// let response = app.oneshot(request).await?;
/// assert_eq!(response.status(), 200);
/// # Ok(())
/// # }
/// ```
pub trait LoggedIn: Sized {
    /// Returns the request as a browser sends it in which this user is logged in.
    ///
    /// A text is the user's subject; a [`TestUser`] says more.
    fn logged_in(
        self,
        auth: &Auth,
        user: impl Into<TestUser> + Send,
    ) -> impl Future<Output = Self> + Send;
}

impl LoggedIn for Builder {
    async fn logged_in(self, auth: &Auth, user: impl Into<TestUser> + Send) -> Self {
        self.header(COOKIE, auth.test_cookie(user).await)
    }
}

impl<B: Send> LoggedIn for Request<B> {
    async fn logged_in(mut self, auth: &Auth, user: impl Into<TestUser> + Send) -> Self {
        let cookie = HeaderValue::try_from(auth.test_cookie(user).await);
        let cookie = cookie.expect("a cookie of web is visible ASCII");
        self.headers_mut().append(COOKIE, cookie);
        self
    }
}
