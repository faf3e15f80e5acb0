//! `AccessToken`: a token for the provider's API that is never stale, as a handler's argument.

use std::ops::Deref;

use codegrant_web::FreshToken;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Ignite, Rocket, Sentinel};

use crate::guard::{LoginRequired, User, fresh_token};

/// The access token of a logged-in user, good now, as a handler's argument; everything that [`FreshToken`] does.
///
/// It is renewed before it expires, once whoever asks: of all requests, and of all processes that share a store.
/// Nobody logged in is [`LoginRequired`] before the handler runs, and so is whoever has to log in again for a token.
/// While the provider or the store is down and the token has expired it answers 503 with `Retry-After`; pages that
/// take no token never notice. Nothing is asked as long as the token is fresh.
///
/// With sessions in cookies and no store that processes share, a person who opens a page is led over
/// `{base}/refresh` when a new token is due, and comes back.
///
/// ```
/// use codegrant_rocket::AccessToken;
/// use codegrant_rocket::http::{HttpRequest, Method};
///
/// #[rocket::get("/repositories")]
/// async fn repositories(token: AccessToken) -> Option<Vec<u8>> {
///     let request = HttpRequest::new(Method::Get, "https://api.github.com/user/repos");
///     Some(token.call(request).await.ok()?.body)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct AccessToken(FreshToken);

impl Deref for AccessToken {
    type Target = FreshToken;

    fn deref(&self) -> &FreshToken {
        &self.0
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for AccessToken {
    type Error = LoginRequired;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, LoginRequired> {
        match fresh_token(request).await {
            Ok(token) => Outcome::Success(Self(token)),
            Err(failed) => Outcome::Error(failed),
        }
    }
}

impl Sentinel for AccessToken {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        User::abort(rocket)
    }
}
