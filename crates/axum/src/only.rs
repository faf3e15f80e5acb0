//! `Only<R>`: a user who has what the page wants, as a handler's argument.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use codegrant_web::{Require, Rule};

use crate::{Auth, LoginRequired, User, translate};

/// A logged-in user who has what `R` wants, as a handler's argument; everything that [`User`] is.
///
/// Nobody logged in is asked to log in. Whoever signed in too long ago, or by too weak means, is sent to the
/// provider and comes back to this very page; whoever lacks a role, a scope or a claim gets 403.
///
/// ```
/// use codegrant_axum::{Only, Require, Rule};
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
/// `Option<Only<R>>` is `None` for whoever is not let in, and 503 stays 503.
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

impl<S, R> FromRequestParts<S> for Only<R>
where
    Auth: FromRef<S>,
    S: Send + Sync,
    R: Rule,
{
    type Rejection = LoginRequired;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, LoginRequired> {
        let user = admitted(parts, &Auth::from_ref(state), &R::require()).await?;
        Ok(Self(user, PhantomData))
    }
}

impl<S, R> OptionalFromRequestParts<S> for Only<R>
where
    Auth: FromRef<S>,
    S: Send + Sync,
    R: Rule,
{
    type Rejection = LoginRequired;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, LoginRequired> {
        let auth = Auth::from_ref(state);
        let user = <User as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        let user = user.filter(|user| auth.meets(user, &R::require()));
        Ok(user.map(|user| Self(user, PhantomData)))
    }
}

/// Returns the user of a request if they have what is wanted.
pub(crate) async fn admitted(
    parts: &mut Parts,
    auth: &Auth,
    require: &Require,
) -> Result<User, LoginRequired> {
    let user = <User as FromRequestParts<Auth>>::from_request_parts(parts, auth).await?;
    auth.hold_to(&user, require, || translate::request(parts))
        .map_err(|refusal| LoginRequired(refusal.into()))?;
    Ok(user)
}
