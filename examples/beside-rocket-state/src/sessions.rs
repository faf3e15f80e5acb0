//! The app's own sessions, as they were before: random ids in a cookie, and who they belong to in memory.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rocket::http::{Cookie, CookieJar, SameSite, Status};
use rocket::request::{FromRequest, Outcome, Request};

use crate::users::{Member, Users};

const COOKIE: &str = "sid";

#[derive(Default)]
pub(crate) struct Sessions {
    accounts: Mutex<HashMap<String, String>>,
    /// Whether browsers reach the app by https.
    is_secure: bool,
}

impl Sessions {
    pub(crate) fn new(is_secure: bool) -> Self {
        let accounts = Mutex::default();
        Self {
            accounts,
            is_secure,
        }
    }

    /// Begins a session with an id that nobody knows, and ends the one that the browser had.
    pub(crate) fn begin(&self, jar: &CookieJar<'_>, account: &str) -> Option<Cookie<'static>> {
        self.end(jar);
        let mut random = [0; 16];
        aws_lc_rs::rand::fill(&mut random).ok()?;
        let id = format!("{:032x}", u128::from_be_bytes(random));
        self.accounts().insert(id.clone(), account.to_owned());
        let cookie = Cookie::build((COOKIE, id))
            .path("/")
            .http_only(true)
            .secure(self.is_secure)
            // Rocket's default is `Strict`: a browser that comes back from a provider would show the first
            // page without this cookie, as if nobody had logged in.
            .same_site(SameSite::Lax);
        Some(cookie.build())
    }

    pub(crate) fn end(&self, jar: &CookieJar<'_>) {
        if let Some(held) = jar.get(COOKIE) {
            self.accounts().remove(held.value());
            jar.remove(COOKIE);
        }
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The app's own request guard.
#[rocket::async_trait]
impl<'r> FromRequest<'r> for Member {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let member = || {
            let state = request.rocket();
            let held = request.cookies().get(COOKIE)?;
            let account = state
                .state::<Sessions>()?
                .accounts()
                .get(held.value())
                .cloned()?;
            state.state::<Users>()?.of_id(&account)
        };
        member().map_or(Outcome::Forward(Status::Unauthorized), Outcome::Success)
    }
}
