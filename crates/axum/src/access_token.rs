//! `AccessToken`: a token for the provider's API that is never stale, as a handler's argument.

use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use codegrant_web::FreshToken;

use crate::{Auth, LoginRequired, translate};

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
/// use codegrant_axum::http::{HttpRequest, Method};
/// use codegrant_axum::{AccessToken, Error};
///
/// async fn repositories(token: AccessToken) -> Result<Vec<u8>, String> {
///     let request = HttpRequest::new(Method::Get, "https://api.github.com/user/repos");
///     let answer = token.call(request).await.map_err(|_: Error| "GitHub does not answer")?;
///     Ok(answer.body)
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

impl<S> FromRequestParts<S> for AccessToken
where
    Auth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = LoginRequired;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, LoginRequired> {
        let auth = Auth::from_ref(state);
        let token = auth.fresh_token(translate::request(parts)).await;
        token.map(Self).map_err(LoginRequired)
    }
}
