//! Pages that want more than a login: judged, and answered for whoever does not have it.

use codegrant_core::error::Quoted;
use codegrant_core::{ReturnTo, StepUp};
use serde_json::{Value, json};

use crate::auth::Auth;
use crate::error::{Error, RequestError};
use crate::pages::Problem;
use crate::request::Request;
use crate::require::{Forbidden, Judged, Require, SignIn};
use crate::response::Response;
use crate::session::Session;

/// Compiles the code of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/guards.md")]
struct GuardsGuide;

/// The answer to whoever may not go on; the operator hears of it when it becomes a [`Response`].
///
/// An adapter keeps it for as long as its framework takes to find out whether the answer is sent at all: an
/// `Option` around an extractor throws it away.
#[derive(Debug, Clone)]
pub struct Refusal {
    response: Response,
    told: Option<Box<Told>>,
}

#[derive(Debug, Clone)]
struct Told {
    auth: Auth,
    correlation_id: String,
    provider: String,
    error: Error,
}

impl From<Response> for Refusal {
    fn from(response: Response) -> Self {
        let told = None;
        Self { response, told }
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        if let Some(told) = refusal.told {
            let events = &told.auth.0.events;
            events.failed(&told.correlation_id, Some(&told.provider), &told.error);
        }
        refusal.response
    }
}

impl Refusal {
    /// Returns the status code of the answer.
    pub fn status(&self) -> u16 {
        self.response.status
    }
}

impl Auth {
    /// Finds out who is logged in and has what a page wants, or gives the response for everybody else.
    ///
    /// ```
    /// use codegrant_web::{Auth, Request, Require, Response};
    ///
    /// /// Answers a request for the page of the admins.
    /// async fn admin(auth: &Auth, request: Request<'_>) -> Result<String, Response> {
    ///     let session = auth.admit(request, &Require::new().role("admin")).await?;
    ///     Ok(format!("At your orders, {}.", session.identity()))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// What [`Auth::require`] says where nobody is logged in or the session store does not work, and what
    /// [`Auth::hold_to`] says to a session that lacks something.
    pub async fn admit(
        &self,
        request: Request<'_>,
        require: &Require,
    ) -> Result<Session, Response> {
        let session = self.require(request.clone()).await?;
        self.hold_to(&session, require, || request)?;
        Ok(session)
    }

    /// Holds a session that was found to what a page wants; it asks no store.
    ///
    /// The request is asked for where there is something to answer, which is seldom.
    ///
    /// # Errors
    ///
    /// Where another sign-in would do, the way to it (RFC 9470): the provider is asked for the age and the
    /// context, and the user comes back to this very request. A script gets 401 with
    /// `insufficient_user_authentication` and a `login_url`; a form that was sent cannot be sent again, so that
    /// a person is told so, with 403 and a link. Where it would not do: a page with status 403, or JSON for a
    /// script, with `insufficient_scope` where only scopes lack (RFC 6750 section 3.1).
    pub fn hold_to<'a>(
        &self,
        session: &Session,
        require: &Require,
        request: impl FnOnce() -> Request<'a>,
    ) -> Result<(), Refusal> {
        match self.judge(session, require) {
            Judged::Met => Ok(()),
            Judged::SignIn(step_up) => Err(self.sign_in_again(session, &step_up, &request())),
            Judged::Forbidden(lacks) => Err(self.forbid(session, lacks, &request())),
        }
    }

    /// Tells whether a session has what a page wants, for a link that is shown to some only.
    ///
    /// `false` also where another sign-in would do.
    pub fn meets(&self, session: &Session, require: &Require) -> bool {
        matches!(self.judge(session, require), Judged::Met)
    }

    fn judge(&self, session: &Session, require: &Require) -> Judged {
        // Most pages want a login and nothing else.
        if *require == Require::new() {
            return Judged::Met;
        }
        let registered = self.registered(&session.identity().provider);
        let may_ask_for = |contexts: &[String]| {
            registered.is_some_and(|registered| registered.client().may_ask_for(contexts))
        };
        let sign_in = SignIn {
            // One that is no longer configured proves nothing here.
            has_id_token: registered.is_none_or(|held| held.provider().is_openid()),
            may_ask_for: &may_ask_for,
            now: self.now(),
        };
        require.judge(session, sign_in)
    }

    fn sign_in_again(&self, session: &Session, step_up: &StepUp, request: &Request<'_>) -> Refusal {
        let page = request.wants_page();
        let repeatable = matches!(request.method(), "GET" | "HEAD");
        let return_to = match repeatable {
            true => self.page_of(request),
            false => self.page_before(request),
        };
        let url = self.step_up_path(session, step_up, &return_to);
        let response = match (page, repeatable) {
            (true, true) => Response::see_other(url),
            (true, false) => {
                let id = self.new_correlation_id();
                self.problem(Problem::SignInAgain, &id, Some(&url), None)
            }
            (false, _) => insufficient(step_up, &url),
        };
        response.into()
    }

    /// Returns the page of this app whose form was sent, to come back to.
    fn page_before(&self, request: &Request<'_>) -> ReturnTo {
        let from = request.referer();
        let path = from.and_then(|from| from.strip_prefix(self.0.origin.as_str()));
        self.landing(path)
    }

    fn forbid(&self, session: &Session, lacks: Forbidden, request: &Request<'_>) -> Refusal {
        let correlation_id = self.new_correlation_id();
        let response = if request.wants_page() {
            self.problem(Problem::Forbidden, &correlation_id, None, None)
        } else {
            let body = match lacks.scope {
                Some(scope) => json!({ "error": "insufficient_scope", "scope": scope }),
                None => json!({ "error": "access_denied" }),
            };
            Response::json(Problem::Forbidden.status(), &body)
        };
        let error = RequestError::Forbidden {
            required: Quoted::new(&lacks.required),
            found: Quoted::new(&lacks.found),
        };
        let told = Told {
            auth: self.clone(),
            correlation_id,
            provider: session.identity().provider.clone(),
            error: error.into(),
        };
        Refusal {
            response,
            told: Some(Box::new(told)),
        }
    }
}

/// Tells a script which sign-in is wanted, in the words of RFC 9470 section 3.
fn insufficient(step_up: &StepUp, login_url: &str) -> Response {
    const ERROR: &str = "insufficient_user_authentication";
    let mut body = json!({ "error": ERROR, "login_url": login_url });
    if !step_up.contexts().is_empty() {
        body["acr_values"] = Value::from(step_up.contexts().join(" "));
    }
    if let Some(seconds) = step_up.age() {
        body["max_age"] = Value::from(seconds);
    }
    let challenge = format!("Cookie realm=\"login\", error=\"{ERROR}\"");
    Response::json(401, &body).with("www-authenticate", challenge)
}
