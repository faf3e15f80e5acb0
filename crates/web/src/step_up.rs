//! Step-up authentication (RFC 9470): back to the provider, because an API wants a stronger or a later
//! sign-in.

use codegrant_core::{AuthorizationOptions, Email, Identity, ReturnTo, StepUp};
use serde::{Deserialize, Serialize};

use crate::auth::{Auth, Start};
use crate::clients::Registered;
use crate::error::{Error, SessionError};
use crate::parameter::Parameters;
use crate::request::Request;
use crate::response::Response;
use crate::seal::Purpose;
use crate::session::Session;

/// An API that is not content so soon after the very login that it asked for will not be content with the
/// next one, in seconds.
const ROUND_SECONDS: i64 = 30;

/// The longest name that the provider is told of the person, in bytes.
const LONGEST_HINT: usize = 256;

/// The parameter that carries it in the address of a login.
const PARAMETER: &str = "step_up";

/// What a login is asked for, sealed: no link of anybody else's can ask for it.
#[derive(Serialize, Deserialize)]
struct Asked {
    #[serde(flatten)]
    step_up: StepUp,
    #[serde(rename = "i")]
    issuer: String,
    #[serde(rename = "s")]
    subject: String,
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Auth {
    /// Sends the user to sign in as an API asks for, and back to the page that was asked for: a redirect for
    /// a person, 401 with JSON and a `login_url` for a script.
    ///
    /// The same user has to sign in, at the provider of the session; what its ID token then says about the
    /// sign-in is held to what was asked for.
    ///
    /// ```no_run
    /// use codegrant_web::http::{HttpRequest, HttpResponse, Method};
    /// use codegrant_web::{Auth, Error, Request, Response, Session, StepUp};
    ///
    /// /// Gives what the API says, or the response that leads to the sign-in which it asks for.
    /// async fn accounts(
    ///     auth: &Auth,
    ///     session: &Session,
    ///     request: Request<'_>,
    /// ) -> Result<Result<HttpResponse, Response>, Error> {
    ///     let call = HttpRequest::new(Method::Get, "https://bank.example/accounts");
    ///     let answer = auth.call_api(session, call).await?;
    ///     Ok(match StepUp::of(&answer) {
    ///         Some(step_up) => Err(auth.step_up(session, &step_up, request)),
    ///         None => Ok(answer),
    ///     })
    /// }
    /// ```
    ///
    /// A handler that cannot answer with a [`Response`] of ours takes [`Auth::step_up_url`].
    pub fn step_up(&self, session: &Session, step_up: &StepUp, request: Request<'_>) -> Response {
        let return_to = self.page_of(&request);
        match self.step_up_url(session, step_up, return_to.as_str()) {
            Ok(url) => self.challenge_by(&request, url),
            Err(error) => self.refuse(&error),
        }
    }

    /// Returns the path of a login that asks for such a sign-in, and ends at `return_to`, a path of this app.
    ///
    /// # Errors
    ///
    /// When the session has just begun with such a sign-in, or with one that no ID token speaks of: the API would
    /// go on asking.
    pub fn step_up_url(
        &self,
        session: &Session,
        step_up: &StepUp,
        return_to: &str,
    ) -> Result<String, Error> {
        let identity = session.identity();
        let now = self.now();
        let just_now = now.seconds_since(session.started_at()) < ROUND_SECONDS;
        // Without an ID token nobody can tell, here.
        let unknown = identity.claims.id_token().is_empty();
        if just_now && (unknown || step_up.is_met_by(identity, now)) {
            return Err(SessionError::StepUpRepeated.into());
        }
        let return_to = self.landing(Some(return_to));
        Ok(self.step_up_path(session, step_up, &return_to))
    }

    /// Returns the path of a login that asks for such a sign-in of whoever has this session.
    pub(crate) fn step_up_path(
        &self,
        session: &Session,
        step_up: &StepUp,
        return_to: &ReturnTo,
    ) -> String {
        let identity = session.identity();
        let asked = Asked {
            step_up: step_up.clone(),
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            hint: hint(identity),
        };
        let text = serde_json::to_vec(&asked).expect("a step-up is plain data");
        let place = [identity.provider.as_str()];
        let sealed = self.0.ring.seal_text(Purpose::StepUp, &place, &text);
        let path = self.login_path(Some(&identity.provider), return_to, Start::Asked);
        let mark = if path.contains('?') { '&' } else { '?' };
        format!("{path}{mark}{PARAMETER}={sealed}")
    }

    /// Puts what the address of a login asks for into its options, if it is from here.
    pub(crate) fn asked_step_up(
        &self,
        registered: &Registered,
        query: &Parameters,
        options: &mut AuthorizationOptions,
    ) {
        let place = [registered.id()];
        let asked = query
            .single(PARAMETER)
            .and_then(|sealed| self.0.ring.open_text(Purpose::StepUp, &place, sealed))
            .and_then(|text| serde_json::from_slice::<Asked>(&text).ok());
        let Some(asked) = asked else { return };
        options.acr_values = asked.step_up.contexts().to_vec();
        options.max_age = asked.step_up.age();
        // It is there to be seen: a silent one for another's account would be a no, which ends the session.
        options.prompt.take_if(|prompt| prompt == "none");
        // Another issuer under the same id has accounts of its own.
        let same = registered
            .provider()
            .issuer()
            .is_none_or(|issuer| issuer == asked.issuer);
        if same {
            options.expected_subject = Some(asked.subject);
            options.login_hint = options.login_hint.take().or(asked.hint);
        }
    }
}

/// Returns what the provider calls the person, so that it does not give us whoever else is signed in there.
fn hint(identity: &Identity) -> Option<String> {
    let email = match &identity.email {
        Email::Verified(email) => Some(email.as_str()),
        Email::Claimed(email) => Some(email.as_str()),
        Email::Absent => None,
    };
    let sound = |name: &&str| name.len() <= LONGEST_HINT && !name.contains(char::is_control);
    let known = identity.username.as_deref().or(email).filter(sound);
    known.map(str::to_owned)
}
