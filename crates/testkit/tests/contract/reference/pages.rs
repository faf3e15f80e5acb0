//! The app's own pages, and what stands for `User` and `Option<User>`.

use codegrant_testkit::contract::{Admin, Recent};
use codegrant_web::{Request, Require, Rule, Session};
use hyper::http::request::Parts;

use super::{Answer, Reference, plain};
use crate::sabotage::Sabotage;

impl Reference {
    /// Everything else: the app's own pages.
    pub(super) async fn page(&self, parts: &Parts) -> Answer {
        let path = parts.uri.path();
        let get = parts.method == "GET";
        match path {
            "/" if get || parts.method == "POST" => self.greet(parts).await,
            "/nested/page" if get => self.greet(parts).await,
            "/maybe" if get => self.greet_anybody(parts).await,
            "/plain" if get => {
                if self.is(Sabotage::IdentifiesEverywhere) {
                    let _nobody_cares = self.auth.identify(self.page_request(parts)).await;
                }
                plain(200, "plain")
            }
            "/recent" if get || parts.method == "POST" => {
                self.guard(parts, Recent::require()).await
            }
            "/fresh/page" if get => self.guard(parts, Recent::require()).await,
            "/admin" if get => self.guard(parts, Admin::require()).await,
            "/perhaps" if get => self.greet_whoever_is_recent(parts).await,
            _ if get && path.starts_with("/files/") => self.greet(parts).await,
            _ => plain(404, "not found"),
        }
    }

    fn page_request<'a>(&'a self, parts: &'a Parts) -> Request<'a> {
        let (mut path, mut query) = (parts.uri.path(), parts.uri.query());
        match self.sabotage {
            Some(Sabotage::ChallengeLosesQuery) => query = None,
            Some(Sabotage::ChallengeLosesNest) => {
                path = path.strip_prefix("/nested").unwrap_or(path);
            }
            _ => {}
        }
        Request::new(parts.method.as_str(), path, query, self.fields(parts))
    }

    /// A handler that takes `User`.
    async fn greet(&self, parts: &Parts) -> Answer {
        if let Some(name) = self.remembered(parts) {
            return plain(200, &format!("Hello, {name}!"));
        }
        match self.auth.require(self.page_request(parts)).await {
            Ok(session) => {
                self.remember(parts, &session);
                plain(200, &format!("Hello, {}!", session.identity()))
            }
            Err(_) if self.is(Sabotage::RunsAnyway) => plain(200, "Hello, !"),
            Err(answer) if self.is(Sabotage::AlwaysRedirects) && answer.status == 401 => {
                let mut response = plain(303, "");
                let to = hyper::header::HeaderValue::from_static("/auth/login");
                response.headers_mut().insert("location", to);
                response
            }
            Err(answer) if self.is(Sabotage::StoreErrorIs500) && answer.status == 503 => {
                plain(500, "")
            }
            Err(answer) => self.write(answer),
        }
    }

    /// A handler that takes `Only`.
    async fn guard(&self, parts: &Parts, require: Require) -> Answer {
        let held = match self.sabotage {
            Some(Sabotage::GuardForgetsRule) => Require::new(),
            _ => require,
        };
        match self.auth.admit(self.page_request(parts), &held).await {
            Ok(session) => plain(200, &format!("Hello, {}!", session.identity())),
            Err(answer) if self.is(Sabotage::GuardAsksForLogin) && answer.status == 403 => {
                self.write(self.auth.challenge(self.page_request(parts)))
            }
            Err(answer) => self.write(answer),
        }
    }

    /// A handler that takes `Option<Only>`.
    async fn greet_whoever_is_recent(&self, parts: &Parts) -> Answer {
        if self.is(Sabotage::OptionalGuardInsists) {
            return self.guard(parts, Recent::require()).await;
        }
        let meets = |session: &Session| self.auth.meets(session, &Recent::require());
        match self.auth.identify(self.page_request(parts)).await {
            Ok(session) => match session.filter(meets) {
                Some(session) => plain(200, &format!("Hello, {}!", session.identity())),
                None => plain(200, "Hello, stranger!"),
            },
            Err(error) => self.write(self.auth.refuse(&error)),
        }
    }

    /// A handler that takes `Option<User>`.
    async fn greet_anybody(&self, parts: &Parts) -> Answer {
        if self.is(Sabotage::OptionalInsists) {
            return self.greet(parts).await;
        }
        match self.auth.identify(self.page_request(parts)).await {
            Ok(Some(session)) => plain(200, &format!("Hello, {}!", session.identity())),
            Ok(None) => plain(200, "Hello, stranger!"),
            Err(_) if self.is(Sabotage::StoreErrorIsStranger) => plain(200, "Hello, stranger!"),
            Err(error) => self.write(self.auth.refuse(&error)),
        }
    }

    fn remembered(&self, parts: &Parts) -> Option<String> {
        match self.sabotage {
            Some(Sabotage::RemembersUser) => self.last_user.lock().unwrap().clone(),
            Some(Sabotage::CachesSessions) => {
                let cookies = self.values(parts, "cookie");
                self.sessions.lock().unwrap().get(&cookies).cloned()
            }
            _ => None,
        }
    }

    fn remember(&self, parts: &Parts, session: &Session) {
        let name = session.identity().to_string();
        *self.last_user.lock().unwrap() = Some(name.clone());
        let cookies = self.values(parts, "cookie");
        self.sessions.lock().unwrap().insert(cookies, name);
    }
}
