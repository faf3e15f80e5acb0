//! `User`: who is logged in, or the answer for whoever is not.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use codegrant_web::{Response, Session};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{Responder, Result as Answer};
use rocket::{Ignite, Rocket, Sentinel};

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

/// The answer to a request without a login: a redirect to it, 401, or 503 when sessions cannot be read.
///
/// Nothing of it is lost when a guard fails with it. A handler that takes `Result<User, LoginRequired>`
/// may also return it.
#[derive(Debug, Clone)]
pub struct LoginRequired(Response);

impl<'r> Responder<'r, 'static> for LoginRequired {
    fn respond_to(self, _: &'r Request<'_>) -> Answer<'static> {
        Ok(translate::response(self.0))
    }
}

const REMEDY: &str = "add `.attach(codegrant_rocket::fairing(&auth))` to the app";

/// What a guard fails with, so that the catcher for it answers and no other: no server sends it.
pub(crate) const REFUSED: Status = Status::new(597);

/// The answer of a request during which sessions could not be read, kept with the request.
#[derive(Default)]
pub(crate) struct Unknown(pub(crate) OnceLock<Response>);

/// Who is there, found out once for each request.
type Found = Result<Session, Response>;

async fn found<'r>(attached: &Attached, request: &'r Request<'_>) -> &'r Found {
    let find = async {
        let asked = translate::request(request);
        let auth = &attached.0;
        match auth.identify(asked.clone()).await {
            Ok(Some(session)) => Ok(session),
            Ok(None) => Err(auth.challenge(asked)),
            Err(error) => {
                let unknown = request.local_cache(Unknown::default);
                Err(unknown.0.get_or_init(|| auth.refuse(&error)).clone())
            }
        }
    };
    request.local_cache_async(find).await
}

/// Returns the answer that a guard of this request failed with.
pub(crate) async fn refusal<'r>(request: &'r Request<'_>) -> Option<rocket::Response<'r>> {
    let attached = request.rocket().state::<Attached>()?;
    let refused = found(attached, request).await.as_ref().err()?;
    Some(translate::response(refused.clone()))
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for User {
    type Error = LoginRequired;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, LoginRequired> {
        let Some(attached) = request.rocket().state::<Attached>() else {
            let missing = LoginRequired(codegrant_web::not_mounted(REMEDY));
            return Outcome::Error((Status::InternalServerError, missing));
        };
        match found(attached, request).await {
            Ok(session) => Outcome::Success(Self(session.clone())),
            Err(refused) => Outcome::Error((REFUSED, LoginRequired(refused.clone()))),
        }
    }
}

impl Sentinel for User {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        let attached = rocket.state::<Attached>();
        attached.is_none() && {
            codegrant_web::not_mounted(REMEDY);
            true
        }
    }
}
