//! `Only<R>`: a user who has what the page wants, as a handler's argument.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use codegrant_web::Rule;
use rocket::outcome::try_outcome;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{Ignite, Rocket, Sentinel};

use crate::guard::{LoginRequired, REFUSED, User, hold_to};

/// A logged-in user who has what `R` wants, as a handler's argument; everything that [`User`] is.
///
/// Nobody logged in is asked to log in. Whoever signed in too long ago, or by too weak means, is sent to the
/// provider and comes back to this very page; whoever lacks a role, a scope or a claim gets 403.
///
/// ```
/// use codegrant_rocket::{Only, Require, Rule};
///
/// struct Transfer;
///
/// impl Rule for Transfer {
///     fn require() -> Require {
///         Require::new().scope("payments").signed_in_within(300)
///     }
/// }
///
/// #[rocket::get("/transfer")]
/// fn transfer(user: Only<Transfer>) -> String {
///     format!("Whom shall {user} pay?")
/// }
/// ```
///
/// `Option<Only<R>>` is `None` for whoever is not let in, and 503 stays 503. Rocket has no layers: a page that wants
/// something says so in its arguments.
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

#[rocket::async_trait]
impl<'r, R: Rule> FromRequest<'r> for Only<R> {
    type Error = LoginRequired;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, LoginRequired> {
        let user = try_outcome!(User::from_request(request).await);
        match hold_to(request, &user, &R::require()) {
            Ok(()) => Outcome::Success(Self(user, PhantomData)),
            Err(required) => Outcome::Error((REFUSED, required)),
        }
    }
}

impl<R: Rule> Sentinel for Only<R> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        User::abort(rocket)
    }
}
