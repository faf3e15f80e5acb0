//! Logs a user in inside a test, without a provider, on Rocket's local clients.
//!
//! ```
//! use codegrant_rocket::test::LoggedIn;
//! use codegrant_rocket::{Auth, User, fairing, provider::GITHUB};
//! use rocket::local::blocking::Client;
//!
//! #[rocket::get("/me")]
//! fn me(user: User) -> String {
//!     user.identity().subject.clone()
//! }
//!
//! let auth = Auth::builder("http://localhost:8000").login_with(GITHUB, "id", "secret").build()?;
//! let app = rocket::build().mount("/", rocket::routes![me]).attach(fairing(&auth));
//! let client = Client::tracked(app)?;
//! let response = client.get("/me").logged_in("alice").dispatch();
//! assert_eq!(response.into_string().as_deref(), Some("alice"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::ops::DerefMut;

use rocket::Request;
use rocket::http::Header;

use crate::fairing::Attached;
use crate::translate;

pub use codegrant_web::test::*;

/// Logs somebody in for one request of a local client, asynchronous or blocking.
pub trait LoggedIn {
    /// Sends the request as this user, with a real session of the app's own [`Auth`](crate::Auth).
    #[must_use]
    fn logged_in(self, user: impl Into<TestUser>) -> Self;
}

impl<'c, R: DerefMut<Target = Request<'c>>> LoggedIn for R {
    fn logged_in(self, user: impl Into<TestUser>) -> Self {
        self.local_cache(|| Somebody(Some(user.into())));
        self
    }
}

/// Who the fairing is to log in, where it may await.
struct Somebody(Option<TestUser>);

pub(crate) async fn log_in(request: &mut Request<'_>) {
    let Somebody(somebody) = request.local_cache(|| Somebody(None));
    if let (Some(user), Some(Attached(auth))) = (somebody, request.rocket().state()) {
        let session = auth.test_cookie(user.clone()).await;
        let cookies: Vec<String> = translate::jar(request).chain([session]).collect();
        request.add_header(Header::new("cookie", cookies.join("; ")));
    }
}
