//! A finished login, and what keeps it alive afterwards: refresh, revocation, log-out.

use oauth2::{RefreshToken, RevocationUrl, StandardRevocableToken};
use url::Url;

use crate::client::Client;
use crate::client::exchange::{captured, oauth2_client};
use crate::error::{Error, ProviderError, Purpose, Quoted};
use crate::http::HttpResponse;
use crate::id_token::{Expectations, IdToken, Nonce};
use crate::identity::Identity;
use crate::jose::{Jws, KeySet};
use crate::metadata::ProviderMetadata;
use crate::provider::Protocol;
use crate::return_to::ReturnTo;
use crate::step::{Expect, Fetch, Step};
use crate::time::Timestamp;
use crate::token::{self, TokenResponse};
use crate::transaction::TransactionId;

/// A finished login: who it is, the tokens, and where the user wanted to go.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Login {
    /// Who logged in.
    pub identity: Identity,
    /// What to call the provider's API with.
    pub tokens: TokenResponse,
    /// The proven ID token; absent with OAuth 2.0 alone.
    pub id_token: Option<IdToken>,
    /// Where the user goes now.
    pub return_to: ReturnTo,
    /// Which transaction this login finished.
    pub transaction: TransactionId,
    /// An `iss` that the callback carried and nobody declared: worth a line in the operator's log.
    pub undeclared_issuer: Option<Quoted>,
}

impl Client {
    /// Fetches new tokens with a refresh token (RFC 6749 section 6).
    ///
    /// # Errors
    ///
    /// [`ProviderError::TokenRefused`] with `grant_ended` when the provider has ended the grant.
    pub fn refresh(
        &self,
        metadata: &ProviderMetadata,
        refresh_token: &RefreshToken,
        now: Timestamp,
    ) -> Result<Step<Refreshed>, Error> {
        let oauth2 = oauth2_client(self, metadata)?;
        let request = captured(|perform| {
            oauth2
                .exchange_refresh_token(refresh_token)
                .request(&perform)
        })?;
        Ok(Step::Fetch(Fetch::new(
            request,
            ExpectRefreshed {
                client: self.clone(),
                metadata: metadata.clone(),
                refresh_token: refresh_token.clone(),
                now,
            },
        )))
    }

    /// Tells the provider that a refresh token is not needed any longer (RFC 7009); finished at once
    /// where the provider has no endpoint for that.
    ///
    /// # Errors
    ///
    /// When the provider answers with anything but status 200 (RFC 7009 section 2.2).
    pub fn revoke(
        &self,
        metadata: &ProviderMetadata,
        refresh_token: &RefreshToken,
    ) -> Result<Step<()>, Error> {
        let Some(endpoint) = &metadata.revocation_endpoint else {
            return Ok(Step::Done(()));
        };
        let refused = || ProviderError::Endpoint {
            member: "revocation_endpoint",
            url: Quoted::new(endpoint),
            reason: "not an absolute URL".to_owned(),
        };
        // `oauth2` builds revocations for https only. Whether this endpoint may be http was decided when
        // the metadata was read, so the request is built for https and then given its own URL back.
        let mut secure = Url::parse(endpoint).map_err(|_| refused())?;
        secure.set_scheme("https").map_err(|()| refused())?;
        let oauth2 =
            oauth2_client(self, metadata)?.set_revocation_url(RevocationUrl::from_url(secure));
        let token = StandardRevocableToken::RefreshToken(refresh_token.clone());
        let revocation = oauth2.revoke_token(token).map_err(|_| refused())?;
        let mut request = captured(|perform| revocation.request(&perform))?;
        request.url.clone_from(endpoint);
        Ok(Step::Fetch(Fetch::new(request, ExpectRevoked)))
    }
}

impl ProviderMetadata {
    /// Returns where to send the browser to log out at the provider as well; `None` where the provider
    /// has no such page (OpenID Connect RP-Initiated Logout 1.0 section 2).
    pub fn log_out_url(
        &self,
        client: &Client,
        id_token_hint: Option<&str>,
        post_logout_redirect_uri: &str,
    ) -> Option<String> {
        let mut url = Url::parse(self.end_session_endpoint.as_deref()?).ok()?;
        {
            let mut query = url.query_pairs_mut();
            if let Some(hint) = id_token_hint {
                query.append_pair("id_token_hint", hint);
            }
            query.append_pair("client_id", client.id());
            query.append_pair("post_logout_redirect_uri", post_logout_redirect_uri);
        }
        Some(url.into())
    }
}

struct ExpectRefreshed {
    client: Client,
    metadata: ProviderMetadata,
    refresh_token: RefreshToken,
    now: Timestamp,
}

impl Expect<Refreshed> for ExpectRefreshed {
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<Refreshed>, Error> {
        let mut secrets = vec![self.refresh_token.secret().as_str()];
        secrets.extend(self.client.secret().map(|secret| secret.secret().as_str()));
        let provider = self.client.provider();
        let tokens = token::read(
            provider,
            self.client.scopes(),
            &response,
            &secrets,
            self.now,
        )?;
        let Self {
            client,
            metadata,
            now,
            ..
        } = *self;
        Ok(Step::Done(Refreshed {
            client,
            metadata,
            tokens,
            now,
        }))
    }
}

/// Tokens from a refresh; an ID token among them is not proven yet.
pub struct Refreshed {
    client: Client,
    metadata: ProviderMetadata,
    tokens: TokenResponse,
    now: Timestamp,
}

impl Refreshed {
    /// Tells whether the key set holds no key that could have signed the ID token; fetch it once more
    /// then.
    pub fn lacks_key(&self, keys: &KeySet) -> bool {
        lacks_key(self.tokens.id_token.as_deref(), &self.metadata, keys)
    }

    /// Accepts the tokens if an ID token among them names the account that they were fetched for
    /// (OpenID Connect Core 1.0 section 12.2).
    ///
    /// The refresh token is absent when the old one stays valid.
    ///
    /// # Errors
    ///
    /// [`IdTokenError`](crate::error::IdTokenError) for the first rule that the ID token breaks.
    pub fn accept(self, identity: &Identity, keys: &KeySet) -> Result<TokenResponse, Error> {
        if let (Protocol::OpenId { issuer_aliases, .. }, Some(raw)) = (
            &self.client.provider().protocol,
            self.tokens.id_token.as_deref(),
        ) {
            let mut issuers = vec![identity.issuer.as_str()];
            issuers.extend(issuer_aliases.iter().map(AsRef::as_ref));
            Expectations {
                issuers,
                client_id: self.client.id(),
                trusted_audiences: self.client.trusted_audiences(),
                algorithm: self.metadata.id_token_algorithm,
                nonce: Nonce::Unbound,
                access_token: self.tokens.access_token.secret(),
                issued_after: None,
                max_age: None,
                acr_values: &[],
                subject: Some(&identity.subject),
                now: self.now,
            }
            .prove(raw, keys)?;
        }
        Ok(self.tokens)
    }
}

impl std::fmt::Debug for Refreshed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refreshed")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// Tells whether an ID token was signed by a key that the set does not hold; false for a token that no
/// key could save.
pub(crate) fn lacks_key(raw: Option<&str>, metadata: &ProviderMetadata, keys: &KeySet) -> bool {
    raw.and_then(|raw| Jws::parse(raw).ok()).is_some_and(|jws| {
        let algorithm = metadata.id_token_algorithm;
        jws.header().algorithm() == algorithm && !keys.has_candidate(jws.header(), algorithm)
    })
}

struct ExpectRevoked;

impl Expect<()> for ExpectRevoked {
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<()>, Error> {
        crate::answer::succeeded(Purpose::Revocation, &response)?;
        Ok(Step::Done(()))
    }
}
