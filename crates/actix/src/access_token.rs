//! `AccessToken`: a token for the provider's API that is never stale, as a handler's argument.

use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use codegrant_web::FreshToken;

use crate::{LoginRequired, guard};

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
/// use codegrant_actix::AccessToken;
/// use codegrant_actix::http::{HttpRequest, Method};
///
/// async fn repositories(token: AccessToken) -> Option<Vec<u8>> {
///     let request = HttpRequest::new(Method::Get, "https://api.github.com/user/repos");
///     Some(token.call(request).await.ok()?.body)
/// }
/// # fn is_handler<A: actix_web::FromRequest, H: actix_web::Handler<A>>(_: H) {}
/// # is_handler::<(AccessToken,), _>(async |token: AccessToken| format!("{token:?}"));
/// ```
#[derive(Debug, Clone)]
pub struct AccessToken(FreshToken);

impl Deref for AccessToken {
    type Target = FreshToken;

    fn deref(&self) -> &FreshToken {
        &self.0
    }
}

impl FromRequest for AccessToken {
    type Error = LoginRequired;
    type Future = Pin<Box<dyn Future<Output = Result<Self, LoginRequired>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = guard::fresh_token(request.clone());
        Box::pin(async { Ok(Self(token.await?)) })
    }
}
