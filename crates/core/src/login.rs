//! A finished login, and what keeps it alive afterwards: refresh, revocation, log-out.

use oauth2::{RefreshToken, RevocationUrl, StandardRevocableToken};
use url::Url;

use crate::client::Client;
use crate::client::exchange::{captured, oauth2_client};
use crate::error::{Error, IdTokenError, ProviderError, Purpose, Quoted};
use crate::http::HttpResponse;
use crate::id_token::{Expectations, IdToken, Nonce};
use crate::identity::Identity;
use crate::jose::KeySet;
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
    /// `identity` is whose tokens they are: an ID token in the answer has to name the same account
    /// (OpenID Connect Core 1.0 section 12.2). `keys` must be fresh. The answer's refresh token is absent
    /// when the old one stays valid.
    ///
    /// # Errors
    ///
    /// [`ProviderError::TokenRefused`] with `grant_ended` when the provider has ended the grant.
    pub fn refresh(
        &self,
        metadata: &ProviderMetadata,
        refresh_token: &RefreshToken,
        identity: &Identity,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<Step<TokenResponse>, Error> {
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
                issuer: identity.issuer.clone(),
                subject: identity.subject.clone(),
                keys: keys.clone(),
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
    issuer: String,
    subject: String,
    keys: KeySet,
    now: Timestamp,
}

impl Expect<TokenResponse> for ExpectRefreshed {
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<TokenResponse>, Error> {
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
        if let (Protocol::OpenId { issuer_aliases, .. }, Some(raw)) =
            (&provider.protocol, tokens.id_token.as_deref())
        {
            self.prove(issuer_aliases, raw, &tokens)?;
        }
        Ok(Step::Done(tokens))
    }
}

impl ExpectRefreshed {
    fn prove(
        &self,
        aliases: &[crate::provider::Text],
        raw: &str,
        tokens: &TokenResponse,
    ) -> Result<IdToken, IdTokenError> {
        let mut issuers = vec![self.issuer.as_str()];
        issuers.extend(aliases.iter().map(AsRef::as_ref));
        Expectations {
            issuers,
            client_id: self.client.id(),
            trusted_audiences: self.client.trusted_audiences(),
            algorithm: self.metadata.id_token_algorithm,
            nonce: Nonce::Unbound,
            access_token: tokens.access_token.secret(),
            issued_after: None,
            max_age: None,
            acr_values: &[],
            subject: Some(&self.subject),
            now: self.now,
        }
        .prove(raw, &self.keys)
    }
}

struct ExpectRevoked;

impl Expect<()> for ExpectRevoked {
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<()>, Error> {
        crate::answer::succeeded(Purpose::Revocation, &response)?;
        Ok(Step::Done(()))
    }
}
