//! The authorization endpoint: the request judged (RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core
//! 1.0 section 3.1.2.1), then a person asked or an answer given at once.

use std::collections::BTreeSet;

use codegrant_core::http::HttpResponse;

use crate::call::Call;
use crate::pages::{self, Problem};
use crate::parameters::Parameters;
use crate::redirect::ReturnAddress;
use crate::state::{Interaction, SignedIn, consent_key};

/// The scopes that mean something here; others are ignored (OpenID Connect Core 1.0 section 3.1.2.1).
pub(crate) const SCOPES: &[&str] = &["openid", "profile", "email", "offline_access"];

/// How long a person may look at a page before answering it, in seconds.
const INTERACTION_LIFETIME: i64 = 1800;

/// An authorization request that broke no rule.
#[derive(Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) return_to: ReturnAddress,
    pub(crate) scopes: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: String,
    pub(crate) login_hint: Option<String>,
    prompt: Vec<Prompt>,
    max_age: Option<i64>,
}

/// What the client wants the person to be asked (OpenID Connect Core 1.0 section 3.1.2.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
}

/// An error for the client (RFC 6749 section 4.1.2.1).
pub(crate) struct Refusal {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

const fn refusal(error: &'static str, description: &'static str) -> Refusal {
    Refusal { error, description }
}

impl Call<'_> {
    pub(crate) fn authorize(&mut self) -> HttpResponse {
        let parameters = self.parameters();
        // Until these are certain there is nobody to send an error to (RFC 6749 section 4.1.2.1).
        let (client_id, redirect_uri) = match self.asker(&parameters) {
            Ok(asker) => asker,
            Err(problem) => return pages::error(400, &problem),
        };
        let mut return_to = ReturnAddress::new(redirect_uri, parameters.value("state"));
        let request = return_to
            .set_mode(parameters.value("response_mode"))
            .and_then(|()| read(&parameters, client_id, return_to.clone()));
        match request {
            Ok(request) => self.proceed(request),
            Err(refusal) => self.refuse(&return_to, &refusal),
        }
    }

    /// Finds out who asks and where the answer goes, both exactly as registered.
    fn asker(&self, parameters: &Parameters) -> Result<(String, String), Problem> {
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
        match hinted {
            Some(subject) if subject != session.subject => None,
            _ => Some(session),
        }
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

/// Reads everything but who asks and where the answer goes.
fn read(
    parameters: &Parameters,
    client_id: String,
    return_to: ReturnAddress,
) -> Result<AuthorizationRequest, Refusal> {
    let invalid = |description| refusal("invalid_request", description);
    if parameters.repeated().is_some() {
        return Err(invalid("a parameter stands twice"));
    }
    for (name, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        if parameters.value(name).is_some() {
            return Err(refusal(error, "this provider has no such feature"));
        }
    }
    match parameters.value("response_type") {
        Some("code") => {}
        Some(_) => {
            return Err(refusal(
                "unsupported_response_type",
                "only response_type code is supported",
            ));
        }
        None => return Err(invalid("response_type is missing")),
    }
    Ok(AuthorizationRequest {
        scopes: scopes(parameters.value("scope"))?,
        challenge: challenge(parameters)?,
        prompt: prompt(parameters.value("prompt"))?,
        max_age: max_age(parameters.value("max_age"))?,
        nonce: parameters.value("nonce").map(str::to_owned),
        login_hint: parameters.value("login_hint").map(str::to_owned),
        client_id,
        return_to,
    })
}

/// Keeps the scopes that are known, in the order of the request.
fn scopes(asked: Option<&str>) -> Result<Vec<String>, Refusal> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in asked.unwrap_or_default().split(' ') {
        if SCOPES.contains(&scope) && !scopes.iter().any(|held| held == scope) {
            scopes.push(scope.to_owned());
        }
    }
    if scopes.is_empty() {
        let description = "scope names none of openid, profile, email and offline_access";
        return Err(refusal("invalid_scope", description));
    }
    Ok(scopes)
}

/// Reads the challenge: S256 is required, `plain` is not supported (RFC 9700 section 2.1.1).
fn challenge(parameters: &Parameters) -> Result<String, Refusal> {
    let invalid = |description| refusal("invalid_request", description);
    let challenge = parameters
        .value("code_challenge")
        .ok_or(invalid("code_challenge is missing: PKCE is required"))?;
    if parameters.value("code_challenge_method") != Some("S256") {
        return Err(invalid("code_challenge_method is not S256"));
    }
    let is_hash =
        codegrant_core::jose::base64url::decode(challenge).is_some_and(|hash| hash.len() == 32);
    if !is_hash {
        return Err(invalid("code_challenge is no SHA-256 in base64url"));
    }
    Ok(challenge.to_owned())
}

fn prompt(asked: Option<&str>) -> Result<Vec<Prompt>, Refusal> {
    let invalid = |description| refusal("invalid_request", description);
    let words = asked
        .unwrap_or_default()
        .split(' ')
        .filter(|word| !word.is_empty());
    let prompts: Vec<Prompt> = words
        .map(|word| match word {
            "none" => Ok(Prompt::None),
            "login" => Ok(Prompt::Login),
            "consent" => Ok(Prompt::Consent),
            "select_account" => Ok(Prompt::SelectAccount),
            _ => Err(invalid("prompt holds an unknown value")),
        })
        .collect::<Result<_, _>>()?;
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(invalid("prompt holds none and something else"));
    }
    Ok(prompts)
}

fn max_age(asked: Option<&str>) -> Result<Option<i64>, Refusal> {
    let Some(text) = asked else { return Ok(None) };
    match text.parse::<u32>() {
        Ok(seconds) => Ok(Some(i64::from(seconds))),
        Err(_) => Err(refusal(
            "invalid_request",
            "max_age is no whole number of seconds",
        )),
    }
}
