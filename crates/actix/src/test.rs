//! Logs a user in inside a test, without a provider.

use actix_web::test::TestRequest;
use codegrant_web::Auth;
pub use codegrant_web::test::TestUser;

/// Logs a user in, in a request of `actix_web::test`.
pub trait LoggedIn: Sized {
    /// Adds the cookie of a session in which this user is logged in.
    ///
    /// ```
    /// use actix_web::{App, test, test::TestRequest, web};
    /// use codegrant_actix::{Auth, User, provider::GITHUB, routes, test::LoggedIn};
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let auth = Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret").build()?;
    /// let me = async |user: User| user.identity().subject.clone();
    /// let app = test::init_service(App::new().configure(routes(&auth)).route("/me", web::get().to(me))).await;
    ///
    /// let request = TestRequest::get().uri("/me").logged_in(&auth, "alice").await.to_request();
    /// assert_eq!(test::call_and_read_body(&app, request).await, "alice");
    /// # Ok(())
    /// # }
    /// ```
    fn logged_in(self, auth: &Auth, user: impl Into<TestUser>) -> impl Future<Output = Self>;
}

impl LoggedIn for TestRequest {
    async fn logged_in(self, auth: &Auth, user: impl Into<TestUser>) -> Self {
        let cookie = auth.test_cookie(user).await;
        self.append_header(("cookie", cookie))
    }
}
