//! The request that leaves for the provider (RFC 6749 section 4.1.1, RFC 7636, OpenID Connect Core 1.0
//! section 3.1.2.1).

use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, Scope};
use url::Url;

use crate::client::{Client, exchange};
use crate::dpop::DpopKey;
use crate::error::{Error, ProviderError, Quoted};
use crate::metadata::ProviderMetadata;
use crate::moment::Moment;
use crate::provider::Protocol;
use crate::return_to::ReturnTo;
use crate::seed::Seed;
use crate::step::Step;
use crate::transaction::{Attempt, Transaction};

/// What one login may ask for beyond the client's own settings.
///
/// ```
/// use codegrant_core::{AuthorizationOptions, ReturnTo};
/// let mut options = AuthorizationOptions::default();
/// options.return_to = ReturnTo::parse("/orders", "/auth");
/// options.max_age = Some(300);
/// ```
#[derive(Debug, Clone, Default)]
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
    /// Who has to sign in: any other `sub` is refused (OpenID Connect Core 1.0 section 3.1.2.1).
    pub expected_subject: Option<String>,
    /// The key that the session's tokens are to be bound to; made new for every login where the client uses
    /// DPoP (RFC 9449).
    pub dpop_key: Option<DpopKey>,
}

/// Where to send the browser.
///
/// `Debug` shows no query: it holds the state and the nonce.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    url: Url,
}

impl AuthorizationRequest {
    /// Returns the absolute URL for `Location`.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }
}

impl std::fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "AuthorizationRequest({}{})",
            self.url.origin().ascii_serialization(),
            self.url.path()
        )
    }
}

impl Client {
    /// Starts a login: the request for the browser, and the transaction to keep for this browser alone.
    ///
    /// State, PKCE with S256 and, with OpenID Connect, a nonce are always sent (RFC 9700 section 2.1);
    /// each comes from its own part of `seed`.
    ///
    /// # Errors
    ///
    /// When the metadata is another issuer's, or the provider's authorization endpoint already carries a
    /// parameter that belongs to us.
    pub fn authorize(
        &self,
        metadata: &ProviderMetadata,
        options: AuthorizationOptions,
        seed: &Seed,
        moment: Moment,
    ) -> Result<Step<(AuthorizationRequest, Transaction)>, Error> {
        let now = moment.now();
        let provider = self.provider();
        if let Protocol::OpenId { issuer, .. } = &provider.protocol
            && *issuer != metadata.issuer
        {
            return Err(ProviderError::IssuerMismatch {
                configured: issuer.to_string(),
                received: Quoted::new(&metadata.issuer),
            }
            .into());
        }
        let state = options.attempt.mark(seed.state());
        let verifier = PkceCodeVerifier::new(seed.verifier());
        let client = exchange::oauth2_client(self, metadata)?;
        let mut request = client
            .authorize_url(|| CsrfToken::new(state.clone()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(
                self.scopes()
                    .iter()
                    .map(|scope| Scope::new(scope.to_string())),
            );
        let nonce = provider.is_openid().then(|| seed.nonce());
        if let Some(nonce) = &nonce {
            request = request.add_extra_param("nonce", nonce);
        }
        if let Some(mode) = self.response_mode().parameter() {
            request = request.add_extra_param("response_mode", mode);
        }
        if let Some(max_age) = options.max_age {
            request = request.add_extra_param("max_age", max_age.to_string());
        }
        if !options.acr_values.is_empty() {
            request = request.add_extra_param("acr_values", options.acr_values.join(" "));
        }
        for (name, value) in [
            ("prompt", &options.prompt),
            ("login_hint", &options.login_hint),
        ] {
            if let Some(value) = value {
                request = request.add_extra_param(name, value);
            }
        }
        for (name, value) in provider.authorization_parameters.iter() {
            request = request.add_extra_param(name.as_ref(), value.as_ref());
        }
        let (url, _) = request.url();
        if let Some(name) = repeated(&url) {
            return Err(ProviderError::Endpoint {
                member: "authorization_endpoint",
                url: Quoted::new(&metadata.authorization_endpoint),
                reason: format!("it repeats the parameter {}", Quoted::new(&name)),
            }
            .into());
        }
        let transaction = Transaction {
            provider: provider.id.to_string(),
            issuer: metadata.issuer.clone(),
            state,
            nonce,
            verifier: verifier.into_secret(),
            redirect_uri: self.redirect_uri().to_owned(),
            return_to: options.return_to,
            started_at: now,
            max_age: options.max_age,
            acr_values: options.acr_values,
            expected_subject: options.expected_subject,
            dpop_key: options.dpop_key,
        };
        Ok(Step::Done((AuthorizationRequest { url }, transaction)))
    }
}

/// Finds a parameter that stands twice (RFC 6749 section 3.1 forbids it).
fn repeated(url: &Url) -> Option<String> {
    let mut seen = std::collections::HashSet::new();
    url.query_pairs()
        .map(|(name, _)| name.into_owned())
        .find(|name| !seen.insert(name.clone()))
}
