//! The authorization endpoint: the request judged (RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core
//! 1.0 section 3.1.2.1), then a person asked or an answer given at once.

use std::collections::BTreeSet;

use codegrant_core::http::HttpResponse;

use crate::authorization_request::{AuthorizationRequest, Prompt, Refusal, refusal};
use crate::call::Call;
use crate::fault::Fault;
use crate::feature::Feature;
use crate::pages::{self, Problem};
use crate::parameters::Parameters;
use crate::redirect::ReturnAddress;
use crate::state::{Interaction, SignedIn, consent_key};

/// How long a person may look at a page before answering it, in seconds.
const INTERACTION_LIFETIME: i64 = 1800;

impl Call<'_> {
    pub(crate) fn authorize(&mut self) -> HttpResponse {
        let sent = self.parameters();
        let request = match self.effective(sent) {
            Ok(request) => request,
            Err(problem) => return pages::error(400, &problem),
        };
        let parameters = &request.parameters;
        // Until these are certain there is nobody to send an error to (RFC 6749 section 4.1.2.1).
        let (client_id, redirect_uri) = match self.asker(parameters) {
            Ok(asker) => asker,
            Err(problem) => return pages::error(400, &problem),
        };
        match self.judge(parameters, &client_id, redirect_uri) {
            Ok(judged) => self.proceed(AuthorizationRequest {
                dpop_key: request.key.or(judged.dpop_key),
                ..judged
            }),
            Err((return_to, refusal)) => self.refuse(&return_to, &refusal),
        }
    }

    /// Judges everything but who asks and where the answer goes; an error knows its way back.
    pub(crate) fn judge(
        &mut self,
        parameters: &Parameters,
        client_id: &str,
        redirect_uri: String,
    ) -> Result<AuthorizationRequest, (ReturnAddress, Refusal)> {
        let state = parameters.value("state");
        let mut return_to = ReturnAddress::new(redirect_uri, client_id, state);
        let signs = self.settings.has(Feature::ResponseObjects);
        let request = return_to
            .set_mode(parameters.value("response_mode"), signs)
            .and_then(|()| self.read(parameters, client_id, return_to.clone()));
        request.map_err(|refusal| (return_to, refusal))
    }

    /// Finds out who asks and where the answer goes, both exactly as registered.
    pub(crate) fn asker(&self, parameters: &Parameters) -> Result<(String, String), Problem> {
        for name in ["client_id", "redirect_uri", "state"] {
            if parameters.repeats(name) {
                return Err(Problem::Repeated {
                    name: name.to_owned(),
                });
            }
        }
        let missing = |name| Problem::Missing { name };
        let client_id = parameters.value("client_id").ok_or(missing("client_id"))?;
        let client = self.client(client_id).ok_or(Problem::UnknownClient {
            client_id: client_id.to_owned(),
        })?;
        let redirect_uri = parameters
            .value("redirect_uri")
            .ok_or(missing("redirect_uri"))?;
        if !client.accepts_redirect(redirect_uri) {
            return Err(Problem::UnregisteredRedirect {
                client_id: client_id.to_owned(),
                redirect_uri: redirect_uri.to_owned(),
            });
        }
        Ok((client_id.to_owned(), redirect_uri.to_owned()))
    }

    /// Asks the person to sign in, or goes on with who is signed in already.
    fn proceed(&mut self, request: AuthorizationRequest) -> HttpResponse {
        if self.state.has(Fault::KeysReplacedAtAuthorization) && self.replace_keys().is_none() {
            let refusal = refusal("server_error", "no new keys");
            return self.refuse(&request.return_to, &refusal);
        }
        if let Some(refusal) = self.unmet(&request) {
            return self.refuse(&request.return_to, &refusal);
        }
        match self.usable_session(&request) {
            Some(signed_in) => self.ask_consent(request, signed_in),
            None if request.prompt.contains(&Prompt::None) => self.refuse(
                &request.return_to,
                &refusal("login_required", "nobody is signed in, and prompt is none"),
            ),
            None => {
                let interaction = self.remember(request, None);
                self.sign_in_page(&interaction, None)
            }
        }
    }

    /// Returns the browser's session, unless the request wants a fresh sign-in or somebody else.
    fn usable_session(&self, request: &AuthorizationRequest) -> Option<SignedIn> {
        let again = [Prompt::Login, Prompt::SelectAccount];
        if request.prompt.iter().any(|prompt| again.contains(prompt)) {
            return None;
        }
        let session = self.session()?;
        let age = self.now.seconds_since(session.at);
        // A max_age of zero is the same as prompt=login.
        if request
            .max_age
            .is_some_and(|max_age| max_age == 0 || age > max_age)
        {
            return None;
        }
        let hinted = request
            .login_hint
            .as_deref()
            .and_then(|hint| self.hinted(hint));
        if hinted.is_some_and(|subject| subject != session.subject)
            || request
                .claims
                .subject()
                .is_some_and(|subject| subject != session.subject)
        {
            return None;
        }
        // A wish that is not essential is no reason to fail where nobody may be asked.
        let context = request.contexts.accept(session.context.as_deref())
            || (request.prompt.contains(&Prompt::None) && !request.contexts.are_essential());
        context.then_some(session)
    }

    /// Tells why a request cannot be met whoever signs in (OpenID Connect Core 1.0 section 5.5.1.1).
    fn unmet(&self, request: &AuthorizationRequest) -> Option<Refusal> {
        let essential = request.contexts.are_essential();
        let met = self.reached_context(request).is_some();
        (essential && !met).then_some(refusal(
            "unmet_authentication_requirements",
            "no acr of those that were asked for is supported",
        ))
    }

    /// Returns how strongly somebody is authenticated who signs in for this request.
    pub(crate) fn reached_context(&self, request: &AuthorizationRequest) -> Option<String> {
        let chosen = request.contexts.choose(&self.settings.acr_values);
        chosen.map(str::to_owned)
    }

    /// Finds the listed user that a `login_hint` means.
    pub(crate) fn hinted(&self, hint: &str) -> Option<&str> {
        let mut users = self.settings.users.iter();
        let meant = users.find(|user| {
            let called = [&user.subject, &user.username, &user.email];
            called.iter().any(|held| *held == hint)
        });
        meant.map(|user| user.subject.as_str())
    }

    /// Asks for consent, or gives the answer where consent was given before.
    pub(crate) fn ask_consent(
        &mut self,
        request: AuthorizationRequest,
        signed_in: SignedIn,
    ) -> HttpResponse {
        let key = consent_key(&signed_in.subject, &request.client_id);
        let given = self.state.consents.find(&key);
        let covered =
            given.is_some_and(|given| request.scopes.iter().all(|scope| given.contains(scope)));
        if covered && !request.prompt.contains(&Prompt::Consent) {
            return self.issue_code(&request, signed_in);
        }
        if request.prompt.contains(&Prompt::None) {
            let refusal = refusal(
                "consent_required",
                "the user has not allowed this yet, and prompt is none",
            );
            return self.refuse(&request.return_to, &refusal);
        }
        let interaction = self.remember(request, Some(signed_in));
        pages::see_other(&format!("{}/consent?interaction={interaction}", self.base))
    }

    /// Keeps a request until the person has answered; returns the id for the page's form.
    pub(crate) fn remember(
        &mut self,
        request: AuthorizationRequest,
        signed_in: Option<SignedIn>,
    ) -> String {
        let id = self.state.random.next_id();
        let interaction = Interaction {
            request,
            signed_in,
            expires: self.now.plus(INTERACTION_LIFETIME),
        };
        self.state.interactions.insert(id.clone(), interaction);
        id
    }

    /// Remembers a consent for the next time.
    pub(crate) fn keep_consent(&mut self, request: &AuthorizationRequest, subject: &str) {
        let key = consent_key(subject, &request.client_id);
        let mut given: BTreeSet<String> =
            self.state.consents.find(&key).cloned().unwrap_or_default();
        given.extend(request.scopes.iter().cloned());
        self.state.consents.insert(key, given);
    }
}
