//! New tokens for old (RFC 6749 section 6, OpenID Connect Core 1.0 section 12).

use oauth2::RefreshToken;

use super::call::Call;
use crate::client::Client;
use crate::dpop::DpopKey;
use crate::error::Error;
use crate::id_token::{Expectations, decrypt, lacks_key};
use crate::identity::Identity;
use crate::jose::KeySet;
use crate::metadata::ProviderMetadata;
use crate::moment::Moment;
use crate::step::Step;
use crate::time::Timestamp;
use crate::token::{self, TokenResponse};

impl Client {
    /// Fetches new tokens with a refresh token (RFC 6749 section 6).
    ///
    /// `dpop_key` is the key that the session's tokens are bound to, if they are (RFC 9449 section 5).
    ///
    /// # Errors
    ///
    /// [`ProviderError::TokenRefused`](crate::error::ProviderError::TokenRefused) with `grant_ended` when the provider has ended the grant.
    pub fn refresh(
        &self,
        metadata: &ProviderMetadata,
        refresh_token: &RefreshToken,
        dpop_key: Option<&DpopKey>,
        moment: Moment,
    ) -> Result<Step<Refreshed>, Error> {
        let now = moment.now();
        let call = Call::new(self, metadata, self.token_address(metadata), moment)
            .field("grant_type", "refresh_token")
            .field("refresh_token", refresh_token.secret())
            .proving(dpop_key);
        let (client, metadata) = (self.clone(), metadata.clone());
        let (refresh_token, bound) = (refresh_token.clone(), dpop_key.is_some());
        call.then(move |response| {
            let secrets = [refresh_token.secret().as_str()];
            let mut tokens = token::read(&client, &response, &secrets, bound, now)?;
            decrypt(&client, &mut tokens)?;
            Ok(Step::Done(Refreshed {
                client,
                metadata,
                tokens,
                now,
            }))
        })
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
