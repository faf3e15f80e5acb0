//! What the provider remembers between two requests; all of it bounded, none of it on disk.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use codegrant_core::Timestamp;
use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::jose::SigningKeyError;
use serde_json::{Map, Value};

use crate::access_token::{AccessToken, Binding};
use crate::authorization_request::AuthorizationRequest;
use crate::bounded::Bounded;
use crate::claims_request::ClaimsRequest;
use crate::client_registration::ClientRegistration;
use crate::dev_user::DevUser;
use crate::dpop::Nonces;
use crate::fault::Fault;
use crate::feature::Feature;
use crate::key_set::KeySetStyle;
use crate::keys::Keys;
use crate::outbox::Delivery;
use crate::protection::registered_algorithms;
use crate::pushed::Pushed;
use crate::random::Random;
use crate::recorded::Recorded;
use crate::registration::Registered;
use crate::settings::Settings;

/// How many answers are kept; a page is bigger than anything else here, and a double click comes soon.
const ANSWERS: usize = 100;

/// Everything that changes.
pub(crate) struct State {
    pub(crate) random: Random,
    pub(crate) keys: Keys,
    pub(crate) faults: BTreeSet<Fault>,
    /// The clients of the settings.
    pub(crate) listed_clients: Vec<Arc<ClientRegistration>>,
    /// Clients that registered themselves, by id.
    pub(crate) registered_clients: Bounded<Arc<ClientRegistration>>,
    /// Who is signed in, by the value of the browser's cookie.
    pub(crate) sessions: Bounded<SignedIn>,
    /// Authorization requests that wait for a person, by the id in the page's form.
    pub(crate) interactions: Bounded<Interaction>,
    /// The answers that people got, by the same id: whoever clicks twice gets the same one twice.
    pub(crate) answered: Bounded<HttpResponse>,
    /// Log-outs that wait for a person: where to go afterwards.
    pub(crate) log_outs: Bounded<Option<String>>,
    /// Scopes that a user allowed a client, by [`consent_key`].
    pub(crate) consents: Bounded<BTreeSet<String>>,
    pub(crate) codes: Bounded<Code>,
    pub(crate) grants: Bounded<Grant>,
    pub(crate) access_tokens: Bounded<AccessToken>,
    pub(crate) refresh_tokens: Bounded<RefreshToken>,
    /// The claims of every ID token, by the token's fingerprint.
    pub(crate) issued: Bounded<Map<String, Value>>,
    /// The clients that somebody went to, by the session's public name.
    pub(crate) visited: Bounded<BTreeSet<String>>,
    /// What clients that registered themselves are told, by id.
    pub(crate) registrations: Bounded<Registered>,
    /// Where the key set stands, below the issuer.
    pub(crate) keys_path: String,
    /// Tokens for distributed claims, with the subject.
    pub(crate) claims_tokens: Bounded<String>,
    /// Users who typed a name, by subject.
    pub(crate) made_up: Bounded<DevUser>,
    /// What may be sent once: the ids of assertions, proofs and request objects.
    pub(crate) seen: Bounded<()>,
    /// Pushed requests, by their reference.
    pub(crate) pushed: Bounded<Pushed>,
    pub(crate) nonces: Nonces,
    pub(crate) requests: VecDeque<Recorded>,
    /// What clients sent that a certification would not let pass.
    pub(crate) violations: VecDeque<String>,
    /// Requests to clients, to be sent as soon as the present answer is ready.
    pub(crate) outgoing: Vec<HttpRequest>,
    pub(crate) deliveries: VecDeque<Delivery>,
}

/// Somebody who signed in, in one browser.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) subject: String,
    pub(crate) at: Timestamp,
    /// The session's public name, `sid` (OpenID Connect Back-Channel Logout 1.0 section 2.1).
    pub(crate) session_id: String,
    /// How strongly they were authenticated, `acr`, where a client asked.
    pub(crate) context: Option<String>,
    /// What the browser's readable cookie holds (OpenID Connect Session Management 1.0 section 3.2).
    pub(crate) browser_state: String,
}

/// An authorization request in front of a person.
#[derive(Clone)]
pub(crate) struct Interaction {
    pub(crate) request: AuthorizationRequest,
    pub(crate) signed_in: Option<SignedIn>,
    pub(crate) expires: Timestamp,
}

/// An authorization code (RFC 6749 section 4.1.2).
pub(crate) struct Code {
    pub(crate) grant: String,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) expires: Timestamp,
    pub(crate) used: bool,
    /// The key that has to redeem it (RFC 9449 section 10).
    pub(crate) dpop_key: Option<String>,
}

/// What a user allowed a client; its tokens are worth nothing once it is gone.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) claims: ClaimsRequest,
    /// What was granted beyond scopes (RFC 9396).
    pub(crate) details: Vec<Value>,
    /// What its tokens are for (RFC 8707).
    pub(crate) resources: Vec<String>,
    pub(crate) signed_in: SignedIn,
}

/// A refresh token (RFC 6749 section 1.5), good for one use.
pub(crate) struct RefreshToken {
    pub(crate) grant: String,
    pub(crate) used: bool,
    /// What a public client has to hold besides (RFC 9449 section 5).
    pub(crate) binding: Binding,
}

impl State {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SigningKeyError> {
        let mut random = Random::new(&settings.seed);
        let style = KeySetStyle::of(&settings.features);
        let key = settings.key_pkcs8.as_deref();
        let mut keys = Keys::new(settings.algorithm, key, style, || random.next_id())?;
        for algorithm in settings.clients.iter().flat_map(registered_algorithms) {
            keys.provide(algorithm, || random.next_id())?;
        }
        let nonces = Nonces {
            server: random.next_id(),
            resource: random.next_id(),
        };
        let keys_path = if settings.has(Feature::RandomKeysPath) {
            format!("/jwks/{}", random.next_id())
        } else {
            "/jwks".to_owned()
        };
        let limit = settings.remembered;
        Ok(Self {
            random,
            keys,
            faults: BTreeSet::new(),
            listed_clients: settings.clients.iter().cloned().map(Arc::new).collect(),
            registered_clients: Bounded::new(limit),
            sessions: Bounded::new(limit),
            interactions: Bounded::new(limit),
            answered: Bounded::new(ANSWERS),
            log_outs: Bounded::new(limit),
            consents: Bounded::new(limit),
            codes: Bounded::new(limit),
            grants: Bounded::new(limit),
            access_tokens: Bounded::new(limit),
            refresh_tokens: Bounded::new(limit),
            issued: Bounded::new(limit),
            visited: Bounded::new(limit),
            registrations: Bounded::new(limit),
            keys_path,
            claims_tokens: Bounded::new(limit),
            made_up: Bounded::new(limit),
            seen: Bounded::new(limit),
            pushed: Bounded::new(limit),
            nonces,
            requests: VecDeque::new(),
            violations: VecDeque::new(),
            outgoing: Vec::new(),
            deliveries: VecDeque::new(),
        })
    }

    /// Finds a client: one of the settings, or one that registered itself.
    pub(crate) fn client(&self, id: &str) -> Option<Arc<ClientRegistration>> {
        let mut listed = self.listed_clients.iter();
        let found = listed.find(|client| client.id() == id);
        found.or_else(|| self.registered_clients.find(id)).cloned()
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}

/// Names a consent: one user's word to one client.
pub(crate) fn consent_key(subject: &str, client_id: &str) -> String {
    // A line feed is in no client id (RFC 6749 appendix A.1), so that two pairs never look the same.
    format!("{client_id}\n{subject}")
}
