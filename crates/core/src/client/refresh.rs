//! New tokens for old (RFC 6749 section 6, OpenID Connect Core 1.0 section 12).

use oauth2::RefreshToken;

use super::exchange::{captured, oauth2_client};
use crate::client::Client;
use crate::error::Error;
use crate::http::HttpResponse;
use crate::id_token::{Expectations, lacks_key};
use crate::identity::Identity;
use crate::jose::KeySet;
use crate::metadata::ProviderMetadata;
use crate::step::{Expect, Fetch, Step};
use crate::time::Timestamp;
use crate::token::{self, TokenResponse};

impl Client {
    /// Fetches new tokens with a refresh token (RFC 6749 section 6).
    ///
    /// # Errors
    ///
    /// [`ProviderError::TokenRefused`](crate::error::ProviderError::TokenRefused) with `grant_ended` when the provider has ended the grant.
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
}

struct ExpectRefreshed {
    client: Client,
    metadata: ProviderMetadata,
    refresh_token: RefreshToken,
    now: Timestamp,
}

impl Expect<Refreshed> for ExpectRefreshed {
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<Refreshed>, Error> {
        let secrets = [self.refresh_token.secret().as_str()];
        let tokens = token::read(&self.client, &response, &secrets, self.now)?;
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
        if let Some(raw) = self.tokens.id_token.as_deref()
            && self.client.provider().is_openid()
        {
            let access_token = self.tokens.access_token.secret();
            let expected = Expectations::of(&self.client, &self.metadata, access_token, self.now);
            Expectations {
                subject: Some(&identity.subject),
                ..expected
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
