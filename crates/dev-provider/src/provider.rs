//! The provider itself: a request in, a response out, and a lock around what it remembers.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use codegrant_core::Timestamp;
use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::jose::SigningKeyError;
use url::{Url, form_urlencoded};

use crate::call::Call;
use crate::client_registration::ClientRegistration;
use crate::endpoint::Endpoint;
use crate::fault::Fault;
use crate::misbehave;
use crate::outbox::{self, Delivery, Fetched};
use crate::pages::{self, Problem};
use crate::recorded::{self, Recorded};
use crate::settings::{Settings, is_loopback_address};
use crate::state::State;

/// The names of the request headers that are read: whoever embeds the provider copies these.
pub const REQUEST_HEADERS: &[&str] = &["authorization", "content-type", "cookie", "dpop"];

/// An OpenID Provider whose only way in is [`DevProvider::handle`].
///
/// Share it between threads by reference or `Arc`. It remembers so many of each thing as its settings say, drops
/// the oldest first, and keeps nothing when it is dropped itself.
pub struct DevProvider {
    settings: Settings,
    base: String,
    base_path: String,
    /// The path of the issuer as it is written, with its slash at the end if there is one.
    issuer_path: String,
    state: Mutex<State>,
}

impl DevProvider {
    /// Makes a provider; with RSA and no key in the settings this takes a good part of a second.
    ///
    /// # Errors
    ///
    /// When the issuer is not on loopback or is no issuer (OpenID Connect Discovery 1.0 section 3), or when
    /// the signing key does not fit the algorithm.
    pub fn new(settings: Settings) -> Result<Self, DevProviderError> {
        let refused = |reason| DevProviderError::Issuer {
            issuer: settings.issuer.clone(),
            reason,
        };
        let url = Url::parse(&settings.issuer).map_err(|_| refused("not an absolute URL"))?;
        if !is_loopback_address(&settings.issuer) {
            return Err(refused("not http or https on loopback"));
        }
        if url.query().is_some() {
            return Err(refused("an issuer has no query"));
        }
        let base = settings.issuer.trim_end_matches('/').to_owned();
        let base_path = url.path().trim_end_matches('/').to_owned();
        let issuer_path = url.path().to_owned();
        let state = Mutex::new(State::new(&settings)?);
        Ok(Self {
            settings,
            base,
            base_path,
            issuer_path,
            state,
        })
    }

    /// Returns the issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Answers one request to any endpoint or page.
    ///
    /// `request.url` is absolute, on loopback, and its path lies below the issuer's. Header names are in
    /// lower case; [`REQUEST_HEADERS`] lists those that are read.
    pub fn handle(&self, request: &HttpRequest, now: Timestamp) -> HttpResponse {
        self.handle_with_certificate(request, None, now)
    }

    /// Answers one request of a connection that the client opened with a certificate (RFC 8705).
    ///
    /// `certificate` is the client's own, in DER, whose private key whoever terminates TLS saw in use. No
    /// header can stand in for it.
    pub fn handle_with_certificate(
        &self,
        request: &HttpRequest,
        certificate: Option<&[u8]>,
        now: Timestamp,
    ) -> HttpResponse {
        if !is_loopback_address(&request.url) {
            // A page of another origin whose name was bent to this address (DNS rebinding).
            return pages::error(421, &Problem::NotLoopback);
        }
        let url = Url::parse(&request.url).ok();
        let url_path = url.as_ref().map_or("", Url::path);
        let query = url.as_ref().and_then(Url::query).unwrap_or_default();
        let mut state = self.lock();
        let path = url_path.strip_prefix(&self.base_path);
        state.record(Recorded::new(request, path.unwrap_or(url_path), query));
        let Some(endpoint) = self.endpoint(&state, url_path, path) else {
            let path = url_path.to_owned();
            return pages::error(404, &Problem::NotFound { path });
        };
        if !endpoint.takes(request.method) {
            let method = request.method.as_str();
            return pages::error(405, &Problem::MethodNotAllowed { method })
                .with_header("allow", endpoint.methods());
        }
        if let Some(answer) = misbehave::instead(&state.faults, endpoint, &request.body) {
            return answer;
        }
        let mut fetched = Fetched::new();
        let answer = loop {
            let mut call = Call {
                settings: &self.settings,
                base: &self.base,
                base_path: &self.base_path,
                state: &mut state,
                request,
                query,
                now,
                certificate,
                fetched: &fetched,
            };
            let wanted = (fetched.len() < outbox::ROUNDS).then(|| call.wanted(endpoint));
            let Some(wanted) = wanted.flatten() else {
                break Self::answer(&mut call, endpoint);
            };
            drop(state);
            let response = self.send(&wanted);
            fetched.insert(wanted.url, response);
            state = self.lock();
        };
        let answer = misbehave::alter(&state.faults, endpoint, &request.body, answer);
        let outgoing = std::mem::take(&mut state.outgoing);
        drop(state);
        for request in &outgoing {
            self.send(request);
        }
        answer
    }

    /// Finds what a path stands for: below the issuer's own, or at the root of its origin.
    fn endpoint(&self, state: &State, url_path: &str, path: Option<&str>) -> Option<Endpoint> {
        let below = path.and_then(|path| {
            let keys = (path == state.keys_path).then_some(Endpoint::Keys);
            keys.or_else(|| Endpoint::at(path))
                .filter(|found| *found != Endpoint::Keys || path == state.keys_path)
        });
        let found = below.or_else(|| Endpoint::at_root(url_path, &self.issuer_path))?;
        let needed = found.needs(url_path);
        needed
            .is_none_or(|feature| self.settings.has(feature))
            .then_some(found)
    }

    /// Performs a request of the provider's own, and keeps it for tests. Never while the state is locked.
    fn send(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let outbox = self.settings.outbox.as_ref();
        let response = outbox.and_then(|outbox| outbox.send(request));
        let mut state = self.lock();
        if state.deliveries.len() >= outbox::KEPT {
            state.deliveries.pop_front();
        }
        state.deliveries.push_back(Delivery {
            request: request.clone(),
            response: response.clone(),
        });
        response
    }

    fn answer(call: &mut Call<'_>, endpoint: Endpoint) -> HttpResponse {
        match (endpoint, call.request.method) {
            (Endpoint::Index, _) => pages::index(call.settings, call.base),
            (Endpoint::Metadata, _) => call.metadata(),
            (Endpoint::Keys, _) => call.keys(),
            (Endpoint::Authorize, _) => call.authorize(),
            (Endpoint::SignIn, Method::Get | Method::Head) => call.show_sign_in(),
            (Endpoint::SignIn, _) => call.sign_in(),
            (Endpoint::Consent, Method::Get | Method::Head) => call.show_consent(),
            (Endpoint::Consent, _) => call.decide(),
            (Endpoint::Token, _) => call.token(),
            (Endpoint::Userinfo, _) => call.userinfo(),
            (Endpoint::Revoke, _) => call.revoke(),
            (Endpoint::Push, _) => call.push(),
            (Endpoint::Introspect, _) => call.introspect(),
            (Endpoint::EndSession, _) => call.end_session(),
            (Endpoint::ConfirmLogOut, _) => call.confirm_log_out(),
            (Endpoint::CheckSession, _) => call.check_session(),
            (Endpoint::Claims, _) => call.distributed_claims(),
            (Endpoint::Register, Method::Post) => call.register(),
            (Endpoint::Register, _) => call.manage(),
            (Endpoint::Webfinger, _) => call.webfinger(),
            (Endpoint::Me, _) => call.me(),
        }
    }

    /// Signs in as a listed user, allows everything, and returns the response that leads back to the app.
    ///
    /// For tests without a browser: a redirect, or a page that posts a form. When the request is refused,
    /// or there is no such user, whatever response said so. It walks through the pages like a person with a
    /// browser that has no cookies.
    pub fn authorize_as(
        &self,
        authorization_url: &str,
        subject: &str,
        now: Timestamp,
    ) -> HttpResponse {
        let page = self.handle(&HttpRequest::new(Method::Get, authorization_url), now);
        let Some(interaction) = interaction_of(&page.body) else {
            return page;
        };
        let fields = [("interaction", interaction.as_str()), ("user", subject)];
        let answer = self.handle(&self.form("/sign-in", &fields), now);
        let consent = format!("{}/consent?interaction=", self.base);
        let waiting = answer
            .header("location")
            .and_then(|address| address.strip_prefix(&consent));
        let Some(interaction) = waiting else {
            return answer;
        };
        let fields = [("interaction", interaction), ("decision", "allow")];
        self.handle(&self.form("/consent", &fields), now)
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> HttpRequest {
        let mut request = HttpRequest::new(Method::Post, format!("{}{path}", self.base));
        request.set_header("content-type", "application/x-www-form-urlencoded");
        let mut form = form_urlencoded::Serializer::new(String::new());
        request.body = form.extend_pairs(fields).finish().into_bytes();
        request
    }

    /// Misbehaves in this way from now on, besides whatever was injected before.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.insert(fault);
    }

    /// Behaves again.
    pub fn heal(&self) {
        self.lock().faults.clear();
    }

    /// Returns what was called, oldest first: the last 1000 requests.
    pub fn requests(&self) -> Vec<Recorded> {
        self.lock().requests.iter().cloned().collect()
    }

    /// Returns what clients sent that a certification would not let pass, oldest first: the last 1000.
    ///
    /// Each is the name of a rule, a colon and what was sent. Some were answered all the same, because a
    /// real provider would have done so.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.iter().cloned().collect()
    }

    /// Returns the requests that the provider sent by itself, with their answers: the last 1000.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.lock().deliveries.iter().cloned().collect()
    }

    /// Signs with a new key from now on; the one before stays published.
    ///
    /// # Errors
    ///
    /// When no key could be made; the old one then stays in use.
    pub fn rotate_keys(&self) -> Result<(), DevProviderError> {
        let mut state = self.lock();
        let key_id = state.random.next_id();
        Ok(state.keys.rotate(key_id)?)
    }

    /// Does something that no request asked for, and sends what it leaves to be sent.
    pub(crate) fn act<T>(&self, now: Timestamp, operate: impl FnOnce(&mut Call<'_>) -> T) -> T {
        let request = HttpRequest::new(Method::Get, self.base.as_str());
        let mut state = self.lock();
        let done = operate(&mut Call {
            settings: &self.settings,
            base: &self.base,
            base_path: &self.base_path,
            state: &mut state,
            request: &request,
            query: "",
            now,
            certificate: None,
            fetched: &Fetched::new(),
        });
        let outgoing = std::mem::take(&mut state.outgoing);
        drop(state);
        for request in &outgoing {
            self.send(request);
        }
        done
    }

    /// Finds a client: one of the settings, or one that registered itself.
    pub(crate) fn client(&self, id: &str) -> Option<Arc<ClientRegistration>> {
        self.lock().client(id)
    }

    /// A panic in another thread is no reason to stop: each entry that it leaves behind is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for DevProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevProvider")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Why a dev provider could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DevProviderError {
    /// It serves this machine only, because anybody may sign in as anybody.
    #[error("issuer {issuer:?} is refused: {reason}")]
    Issuer {
        /// The issuer in the settings.
        issuer: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The signing key could not be made, or does not fit the algorithm.
    #[error("no signing key: {0}")]
    Key(#[from] SigningKeyError),
}

/// Finds the hidden field of a page's form.
fn interaction_of(page: &[u8]) -> Option<String> {
    let html = std::str::from_utf8(page).ok()?;
    let (_, rest) = html.split_once(r#"name="interaction" value=""#)?;
    rest.split_once('"').map(|(id, _)| id.to_owned())
}

impl State {
    fn record(&mut self, request: Recorded) {
        if self.requests.len() >= recorded::KEPT {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }
}
