//! `User`: who is logged in, or the answer for whoever is not.

use std::fmt;
use std::ops::Deref;
use std::sync::{Mutex, OnceLock, PoisonError};

use codegrant_web::{FreshToken, Refusal, Require, Response, Session};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{self, Responder};
use rocket::{Ignite, Rocket, Sentinel, catcher};

use crate::fairing::Attached;
use crate::translate;

/// A logged-in user, as a handler's argument; everything that [`Session`] tells.
///
/// `Display` gives the name. Nobody logged in is [`LoginRequired`] before the handler runs.
///
/// ```
/// use codegrant_rocket::User;
///
/// #[rocket::get("/profile")]
/// fn profile(user: User) -> String {
///     format!("{user}, {} at {}", user.identity().subject, user.identity().issuer)
/// }
/// ```
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

/// The answer to a request that is not let in: a redirect to the login, 401, 403, or 503 when sessions cannot be read.
///
/// It is sent as it is when a guard fails with it, past all catchers of the app. A handler that takes
/// `Result<User, LoginRequired>` may return it.
#[derive(Debug, Clone)]
pub struct LoginRequired(Refusal);

impl<'r> Responder<'r, 'static> for LoginRequired {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(translate::response(self.0.into()))
    }
}

const REMEDY: &str = "add `.attach(codegrant_rocket::fairing(&auth))` to the app";

/// What a guard fails with, so that the catcher for it answers and no other: nobody sends this status.
pub(crate) const REFUSED: Status = Status::new(597);

/// What guards found out, kept with the request: in one piece, because each piece takes a place in a map of Rocket's.
#[derive(Default)]
pub(crate) struct Kept {
    /// Who is there, or the answer for whoever is not.
    found: OnceLock<Result<Session, Response>>,
    /// The answer when sessions could not be read.
    pub(crate) unknown: OnceLock<Response>,
    /// The answer to a user who has not what a page wants: of several, the last guard's is the one that ended it.
    lacking: Mutex<Option<Refusal>>,
}

/// Holds a user who was found to what a page wants.
pub(crate) fn hold_to(
    request: &Request<'_>,
    user: &User,
    require: &Require,
) -> Result<(), LoginRequired> {
    let Attached(auth) = request.rocket().state().expect("the user was found by it");
    let held = auth.hold_to(user, require, || translate::request(request));
    held.map_err(|refusal| lacking(request, refusal))
}

fn lacking(request: &Request<'_>, refusal: Refusal) -> LoginRequired {
    let kept = request.local_cache(Kept::default).lacking.lock();
    *kept.unwrap_or_else(PoisonError::into_inner) = Some(refusal.clone());
    LoginRequired(refusal)
}

/// Finds the access token of whoever is there, or what a guard fails with.
pub(crate) async fn fresh_token(
    request: &Request<'_>,
) -> Result<FreshToken, (Status, LoginRequired)> {
    let Some(Attached(auth)) = request.rocket().state() else {
        let refusal = codegrant_web::not_mounted(REMEDY).into();
        return Err((Status::InternalServerError, LoginRequired(refusal)));
    };
    let token = auth.fresh_token(translate::request(request)).await;
    token.map_err(|refusal| (REFUSED, lacking(request, refusal.into())))
}

/// Finds out who is there, once for each request; `None` without the fairing.
async fn found<'r>(request: &'r Request<'_>) -> Option<&'r Result<Session, Response>> {
    let Attached(auth) = request.rocket().state()?;
    let kept = request.local_cache(Kept::default);
    if let Some(found) = kept.found.get() {
        return Some(found);
    }
    let found = match auth.identify(translate::request(request)).await {
        Ok(Some(session)) => Ok(session),
        Ok(None) => Err(auth.challenge(translate::request(request))),
        Err(error) => Err(kept.unknown.get_or_init(|| auth.refuse(&error)).clone()),
    };
    Some(kept.found.get_or_init(|| found))
}

/// Answers for a guard that failed.
pub(crate) fn refused<'r>(_: Status, request: &'r Request<'_>) -> catcher::BoxFuture<'r> {
    Box::pin(async move {
        let kept = request.local_cache(Kept::default).lacking.lock();
        let lacking = kept.unwrap_or_else(PoisonError::into_inner).take();
        let refusal = match lacking {
            Some(lacking) => Some(lacking),
            None => found(request)
                .await
                .and_then(|found| found.clone().err().map(Refusal::from)),
        };
        let refusal = refusal.ok_or(Status::InternalServerError)?;
        Ok(translate::response(refusal.into()))
    })
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for User {
    type Error = LoginRequired;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, LoginRequired> {
        let (status, refusal) = match found(request).await {
            Some(Ok(session)) => return Outcome::Success(Self(session.clone())),
            Some(Err(refusal)) => (REFUSED, refusal.clone()),
            None => (
                Status::InternalServerError,
                codegrant_web::not_mounted(REMEDY),
            ),
        };
        Outcome::Error((status, LoginRequired(refusal.into())))
    }
}

impl Sentinel for User {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        let forgotten = rocket.state::<Attached>().is_none();
        forgotten
            .then(|| codegrant_web::not_mounted(REMEDY))
            .is_some()
    }
}
