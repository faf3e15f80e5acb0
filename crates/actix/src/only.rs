//! `Only<R>`: a user who has what the page wants, as a handler's argument.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use codegrant_web::Rule;

use crate::{LoginRequired, User, guard};

/// A logged-in user who has what `R` wants, as a handler's argument; everything that [`User`] is.
///
/// Nobody logged in is asked to log in. Whoever signed in too long ago, or by too weak means, is sent to the
/// provider and comes back to this very page; whoever lacks a role, a scope or a claim gets 403.
///
/// ```
/// use codegrant_actix::{Only, Require, Rule};
///
/// struct Transfer;
///
/// impl Rule for Transfer {
///     fn require() -> Require {
///         Require::new().scope("payments").signed_in_within(300)
///     }
/// }
///
/// async fn transfer(user: Only<Transfer>) -> String {
///     format!("Whom shall {user} pay?")
/// }
/// ```
///
/// `Option<Only<R>>` is `None` for whoever is not let in; [`answer_store_errors`](crate::answer_store_errors) keeps
/// 503 what it is.
#[derive(Debug, Clone)]
pub struct Only<R: Rule>(User, PhantomData<fn() -> R>);

impl<R: Rule> Deref for Only<R> {
    type Target = User;

    fn deref(&self) -> &User {
        &self.0
    }
}

impl<R: Rule> fmt::Display for Only<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<R: Rule> FromRequest for Only<R> {
    type Error = LoginRequired;
    type Future = Pin<Box<dyn Future<Output = Result<Self, LoginRequired>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let user = guard::extract(request.clone(), R::require());
        Box::pin(async { Ok(Self(user.await?, PhantomData)) })
    }
}
