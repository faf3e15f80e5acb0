//! One token for another (RFC 8693): for the API behind an API, and for acting in somebody's name.

use oauth2::{AccessToken, RefreshToken};

use super::call::Call;
use crate::client::Client;
use crate::dpop::DpopKey;
use crate::error::Error;
use crate::metadata::ProviderMetadata;
use crate::moment::Moment;
use crate::step::Step;
use crate::time::Timestamp;
use crate::token;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// An access token, as the type of a token (RFC 8693 section 3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What is asked for in exchange for a token (RFC 8693 section 2.1).
///
/// ```
/// use codegrant_core::TokenExchange;
/// let wanted = TokenExchange::new()
///     .audience("billing")
///     .scopes(["invoices:read"]);
/// # let _ = wanted;
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct TokenExchange {
    subject_token_type: Option<String>,
    actor: Option<(AccessToken, String)>,
    requested_token_type: Option<String>,
    audiences: Vec<String>,
    resources: Vec<String>,
    scopes: Vec<String>,
}

impl TokenExchange {
    /// Asks for a token like the one that is given.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says of what type the given token is, where it is no access token.
    pub fn subject_token_type(mut self, token_type: impl Into<String>) -> Self {
        self.subject_token_type = Some(token_type.into());
        self
    }

    /// Says who acts in the subject's name (RFC 8693 section 1.1), by a token of theirs and its type.
    pub fn actor(mut self, token: &AccessToken, token_type: impl Into<String>) -> Self {
        self.actor = Some((token.clone(), token_type.into()));
        self
    }

    /// Says of what type the new token is to be.
    pub fn requested_token_type(mut self, token_type: impl Into<String>) -> Self {
        self.requested_token_type = Some(token_type.into());
        self
    }

    /// Names a service that the new token is for, as the provider calls it; several are several calls.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Names an API that the new token is for, by its address; several are several calls.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// Says what the new token is to allow.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }
}

/// Shows no token.
impl std::fmt::Debug for TokenExchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenExchange")
            .field("requested_token_type", &self.requested_token_type)
            .field("audiences", &self.audiences)
            .field("resources", &self.resources)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// What came in exchange for a token (RFC 8693 section 2.2.1).
///
/// `Debug` shows no token.
#[derive(Clone)]
#[non_exhaustive]
pub struct ExchangedToken {
    /// The token, of whatever type it is.
    pub token: AccessToken,
    /// Of what type it is.
    pub issued_token_type: String,
    /// Whether it opens APIs; `token_type` is `N_A` otherwise.
    pub opens_apis: bool,
    /// When it expires; unknown when the provider does not say.
    pub expires_at: Option<Timestamp>,
    /// What to fetch the next one with.
    pub refresh_token: Option<RefreshToken>,
    /// What it allows, where the provider says so; what was asked for otherwise.
    pub scopes: Vec<String>,
}

impl ExchangedToken {
    /// Takes what was asked for where the provider does not say what it granted.
    fn asked_for(mut self, scopes: Vec<String>) -> Self {
        if self.scopes.is_empty() {
            self.scopes = scopes;
        }
        self
    }
}

impl std::fmt::Debug for ExchangedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExchangedToken")
            .field("issued_token_type", &self.issued_token_type)
            .field("opens_apis", &self.opens_apis)
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Exchanges a token for another one (RFC 8693 section 2).
    ///
    /// With a key the new token is bound to it (RFC 9449 section 5).
    ///
    /// # Errors
    ///
    /// [`ProviderError`](crate::error::ProviderError) from the token endpoint's answer: `TokenRefused` with
    /// `invalid_target` when the token may not be used there (RFC 8693 section 2.2.2).
    pub fn exchange_token(
        &self,
        metadata: &ProviderMetadata,
        subject_token: &AccessToken,
        wanted: &TokenExchange,
        dpop_key: Option<&DpopKey>,
        moment: Moment,
    ) -> Result<Step<ExchangedToken>, Error> {
        self.binds_by(dpop_key)?;
        let now = moment.now();
        let subject_token_type = wanted.subject_token_type.as_deref();
        let mut call = Call::new(self, metadata, self.token_address(metadata), moment)
            .field("grant_type", GRANT_TYPE)
            .field("subject_token", subject_token.secret())
            .field(
                "subject_token_type",
                subject_token_type.unwrap_or(ACCESS_TOKEN),
            );
        if let Some((token, token_type)) = &wanted.actor {
            call = call
                .field("actor_token", token.secret())
                .field("actor_token_type", token_type);
        }
        if let Some(token_type) = &wanted.requested_token_type {
            call = call.field("requested_token_type", token_type);
        }
        for audience in &wanted.audiences {
            call = call.field("audience", audience);
        }
        for resource in &wanted.resources {
            call = call.field("resource", resource);
        }
        if !wanted.scopes.is_empty() {
            call = call.field("scope", wanted.scopes.join(" "));
        }
        let client = self.clone();
        let subject_token = subject_token.clone();
        let actor = wanted.actor.as_ref().map(|(token, _)| token.clone());
        let (scopes, bound) = (wanted.scopes.clone(), dpop_key.is_some());
        call.proving(dpop_key).then(move |response| {
            let actor = actor.as_ref().map(|token| token.secret().as_str());
            let secrets: Vec<&str> = actor
                .into_iter()
                .chain([subject_token.secret().as_str()])
                .collect();
            let exchanged = token::read_exchanged(&client, &response, &secrets, bound, now)?;
            Ok(Step::Done(exchanged.asked_for(scopes)))
        })
    }
}
