//! Access tokens that are never stale: renewed before they expire, once whoever asks.

use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::oauth2::AccessToken;

use crate::api::ApiToken;
use crate::auth::{Auth, Start};
use crate::cookie::Jar;
use crate::error::{Error, SessionError};
use crate::pages::Problem;
use crate::renewal::Renewed;
use crate::request::Request;
use crate::response::Response;
use crate::session::Session;

/// Whoever has logged in just now and has a token that cannot be renewed has the best there is, in seconds: another
/// login would bring the same, without end.
const JUST_NOW_SECONDS: i64 = 30;

/// When to ask again where nobody says, in seconds.
const LATER_SECONDS: i64 = 5;

/// An access token of a logged-in user that is good now, with all that it takes to call an API with it.
///
/// [`Auth::fresh_token`] gives one, and so does the adapters' extractor `AccessToken`. `Debug` shows no token.
#[derive(Clone)]
pub struct FreshToken {
    auth: Auth,
    session: Session,
}

impl FreshToken {
    /// Calls an API with it, as [`Auth::call_api`] does.
    ///
    /// ```no_run
    /// use codegrant_web::http::{HttpRequest, Method};
    /// use codegrant_web::{Error, FreshToken};
    ///
    /// async fn repositories(token: &FreshToken) -> Result<Vec<u8>, Error> {
    ///     let request = HttpRequest::new(Method::Get, "https://api.github.com/user/repos");
    ///     Ok(token.call(request).await?.body)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Auth::call_api`].
    pub async fn call(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        self.auth.call_api(&self.session, request).await
    }

    /// Returns the token itself.
    ///
    /// One that is bound to a key takes a proof with every request (RFC 9449), which [`FreshToken::call`] makes.
    pub fn access_token(&self) -> &AccessToken {
        self.session.access_token()
    }

    /// Returns the session that it belongs to, with the newest tokens.
    pub fn session(&self) -> &Session {
        &self.session
    }
}

impl From<&FreshToken> for ApiToken {
    fn from(token: &FreshToken) -> Self {
        Self::from(&token.session)
    }
}

impl std::fmt::Debug for FreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FreshToken").field(&self.session).finish()
    }
}

impl Auth {
    /// Finds out who is logged in and returns their access token, renewed if it is about to expire; or gives the
    /// response for everybody else.
    ///
    /// A token is renewed a minute before it expires, or in the last quarter of its life, once whoever asks: fifty
    /// requests, or twenty processes with one store, make one token request (RFC 9700 section 4.14.2). While it is
    /// good still nobody waits for long, and a provider that is down goes unnoticed. A provider that says nothing
    /// of an end (`expires_in`) is believed that there is none.
    ///
    /// ```
    /// use codegrant_web::{Auth, Error, Request, Response};
    /// use codegrant_web::http::{HttpRequest, Method};
    ///
    /// /// Answers a request for the page with somebody's repositories.
    /// async fn repositories(auth: &Auth, request: Request<'_>) -> Result<Vec<u8>, Response> {
    ///     let token = auth.fresh_token(request).await?;
    ///     let call = HttpRequest::new(Method::Get, "https://api.github.com/user/repos");
    ///     let answer = token.call(call).await.map_err(|error| auth.refuse(&error))?;
    ///     Ok(answer.body)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Auth::challenge`] when nobody is logged in;
    /// - the same, towards the provider of the session, when the token has expired and there is no refresh token, or
    ///   none that may be used any longer. The session stays;
    /// - status 503 with `Retry-After` when it has expired and the provider or the store does not answer;
    /// - with sessions in cookies and no store that processes share: a redirect over `{base}/refresh`, which sets
    ///   the cookie and leads back. It is for pages that a person opens, and once in ten seconds at most.
    pub async fn fresh_token(&self, request: Request<'_>) -> Result<FreshToken, Response> {
        let jar = Jar::read(request.cookies());
        let session = match self.found(&jar).await {
            Ok(Some(found)) => found.session,
            Ok(None) => return Err(self.challenge(request)),
            Err(error) => return Err(self.unavailable(&request, &error)),
        };
        if let Some(detour) = self.detour(&session, &request, &jar) {
            return Err(detour);
        }
        match self.fresh(&session).await {
            Ok(token) => Ok(token),
            Err(error) => Err(self.without_token(&session, &request, &error)),
        }
    }

    /// Returns the access token of a session, renewed if it is about to expire.
    ///
    /// It is for code that has a session and no request: it does what [`Auth::fresh_token`] does, and sets no
    /// cookie. Ask for it anew for each call, or for each few.
    ///
    /// # Errors
    ///
    /// When it has expired and cannot be renewed: `session.no_refresh_token` and `session.refresh_in_doubt` where a
    /// login is the way on, `session.refresh_failed` where it is tried again after some seconds, `session.gone` when
    /// the session is over, and what the store says.
    pub async fn fresh(&self, session: &Session) -> Result<FreshToken, Error> {
        let id = self.new_correlation_id();
        let session = match self.kept_fresh(session, &id).await? {
            Renewed::Newest(session) => session,
            Renewed::Not(Error::Session(SessionError::NoRefreshToken)) if self.is_new(session) => {
                session.clone()
            }
            Renewed::Not(error) => return Err(error),
        };
        let auth = self.clone();
        Ok(FreshToken { auth, session })
    }

    fn is_new(&self, session: &Session) -> bool {
        self.now().seconds_since(session.started_at()) < JUST_NOW_SECONDS
    }

    /// Leads a person over the endpoint that renews and sets the cookie, where nothing but the cookie would
    /// outlive this process.
    fn detour(&self, session: &Session, request: &Request<'_>, jar: &Jar<'_>) -> Option<Response> {
        let sessions = &self.0.sessions;
        let now = self.now();
        let opens_page =
            request.method() == "GET" && request.wants_page() && request.is_opened().is_ok();
        let needed = !sessions.shares_tokens() && session.can_refresh() && session.is_stale(now);
        if !opens_page || !needed || sessions.was_led_around(jar) {
            return None;
        }
        if !self.0.renewals.may_detour(session.data().transaction, now) {
            return None;
        }
        let return_to = codegrant_core::form::encode(self.page_of(request).as_str());
        let location = format!("{}/refresh?return_to={return_to}", self.base());
        Some(Response::see_other(location))
    }

    /// Answers in the place of a page that needs a token which there is not.
    pub(crate) fn without_token(
        &self,
        session: &Session,
        request: &Request<'_>,
        error: &Error,
    ) -> Response {
        let provider = session.identity().provider.as_str();
        match error {
            error if error.needs_login() => {
                let page = self.page_of(request);
                self.challenge_by(
                    request,
                    self.login_path(Some(provider), &page, Start::Asked),
                )
            }
            Error::Session(SessionError::Gone) => {
                self.challenge_towards(request, &self.page_of(request))
            }
            error if error.ends_session() => {
                self.challenge_towards(request, &self.page_of(request))
            }
            error => self.not_now(
                &self.new_correlation_id(),
                self.page_of(request).as_str(),
                error,
            ),
        }
    }

    fn unavailable(&self, request: &Request<'_>, error: &Error) -> Response {
        let id = self.new_correlation_id();
        self.0.events.failed(&id, None, error);
        self.not_now(&id, self.page_of(request).as_str(), error)
    }

    /// Says that it works again in a while, and when to try (RFC 9110 section 10.2.3). The session stays.
    pub(crate) fn not_now(&self, id: &str, retry: &str, error: &Error) -> Response {
        let (problem, seconds) = match error {
            Error::Store(_) => (Problem::Unavailable, LATER_SECONDS),
            Error::Session(SessionError::RefreshUnderWay) => (Problem::ProviderUnavailable, 1),
            Error::Session(SessionError::RefreshFailed { seconds, .. }) => {
                (Problem::ProviderUnavailable, *seconds)
            }
            _ => (Problem::ProviderUnavailable, LATER_SECONDS),
        };
        self.problem(problem, id, Some(retry), None)
            .with("retry-after", seconds.max(1).to_string())
    }
}
