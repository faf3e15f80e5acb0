//! What one login may ask for beyond what its client asks for always.

use serde_json::{Map, Value};

use crate::client::Asked;
use crate::dpop::DpopKey;
use crate::return_to::ReturnTo;
use crate::transaction::Attempt;

/// What one login may ask for beyond the client's own settings.
///
/// ```
/// use codegrant_core::{AuthorizationOptions, ReturnTo};
/// let mut options = AuthorizationOptions::default();
/// options.return_to = ReturnTo::parse("/orders", "/auth");
/// options.max_age = Some(300);
/// ```
///
/// It may ask for more than the client does and not for less: the lower `max_age` counts, and of
/// `acr_values` those that the client accepts, if it says which.
///
/// `Debug` shows no hint and no key: an ID token is a credential at log-out.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct AuthorizationOptions {
    /// Where the user goes afterwards.
    pub return_to: ReturnTo,
    /// Whether this login is the one fresh start after a lost transaction.
    pub attempt: Attempt,
    /// How old the sign-in at the provider may be, in seconds; the ID token's `auth_time` is held to it.
    pub max_age: Option<u32>,
    /// Which authentication contexts are acceptable; the ID token's `acr` must be one of them.
    pub acr_values: Vec<String>,
    /// What the provider is to show: `login`, `consent`, `select_account` or `none`.
    pub prompt: Option<String>,
    /// Who probably wants to sign in.
    pub login_hint: Option<String>,
    /// The languages that the provider's pages should have, the best first (RFC 5646).
    pub ui_locales: Vec<String>,
    /// An ID token of whoever is to be signed in, as it came (OpenID Connect Core 1.0 section 3.1.2.1).
    pub id_token_hint: Option<String>,
    /// Single claims, in place of the client's (OpenID Connect Core 1.0 section 5.5).
    pub claims: Option<Map<String, Value>>,
    /// Fine-grained rights, in place of the client's (RFC 9396).
    pub authorization_details: Vec<Map<String, Value>>,
    /// Who has to sign in: any other `sub` is refused (OpenID Connect Core 1.0 section 3.1.2.1).
    pub expected_subject: Option<String>,
    /// The key that the session's tokens are to be bound to; made new for every login where the client uses
    /// DPoP (RFC 9449).
    pub dpop_key: Option<DpopKey>,
    /// Where the app will hold the request object ready, an absolute URL made for this login alone; needed
    /// where the client passes it by reference (RFC 9101 section 5.2).
    pub request_uri: Option<String>,
}

impl std::fmt::Debug for AuthorizationOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationOptions")
            .field("return_to", &self.return_to)
            .field("attempt", &self.attempt)
            .field("max_age", &self.max_age)
            .field("acr_values", &self.acr_values)
            .field("prompt", &self.prompt)
            .finish_non_exhaustive()
    }
}

impl AuthorizationOptions {
    /// Joins what the client asks for always.
    pub(super) fn on_top_of(mut self, asked: &Asked) -> Self {
        self.max_age = match (self.max_age, asked.max_age) {
            (Some(own), Some(usual)) => Some(own.min(usual)),
            (own, usual) => own.or(usual),
        };
        if !asked.acr_values.is_empty() {
            self.acr_values
                .retain(|value| asked.acr_values.contains(value));
        }
        if self.acr_values.is_empty() {
            self.acr_values.clone_from(&asked.acr_values);
        }
        if self.ui_locales.is_empty() {
            self.ui_locales.clone_from(&asked.ui_locales);
        }
        if self.authorization_details.is_empty() {
            self.authorization_details
                .clone_from(&asked.authorization_details);
        }
        self.prompt = match (self.prompt, &asked.prompt) {
            // The check of a session that is there asks about its own person, and opens no other.
            (Some(own), _) if own == "none" && self.expected_subject.is_some() => Some(own),
            (Some(own), Some(usual)) => Some(both(&own, usual)),
            (own, usual) => own.or_else(|| usual.clone()),
        };
        self.claims = self.claims.or_else(|| asked.claims.clone());
        self
    }
}

/// Joins what one login has shown to what the client has shown always; `none` takes nothing of that away.
fn both(own: &str, usual: &str) -> String {
    let more = own.split(' ').filter(|word| {
        *word != "none" && usual != "none" && !usual.split(' ').any(|held| held == *word)
    });
    let words: Vec<&str> = usual.split(' ').chain(more).collect();
    words.join(" ")
}
