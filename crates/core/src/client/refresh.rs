//! New tokens for old (RFC 6749 section 6, OpenID Connect Core 1.0 section 12).

use oauth2::RefreshToken;

use super::call::Call;
use crate::client::Client;
use crate::dpop::DpopKey;
use crate::error::Error;
use crate::id_token::{Expectations, IdToken, decrypt};
use crate::id_token_record::{IdTokenRecord, same_sign_in};
use crate::id_token_signature::Signature;
use crate::identity::Identity;
use crate::jose::KeySet;
use crate::login::Login;
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
        self.binds_by(dpop_key)?;
        let now = moment.now();
        let call = Call::new(self, metadata, self.token_address(metadata), moment)
            .field("grant_type", "refresh_token")
            .field("refresh_token", refresh_token.secret())
            .resources()
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
                signature: Signature::default(),
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
    signature: Signature,
    now: Timestamp,
}

impl Refreshed {
    /// Tells whether the provider's keys are needed at all: not where nothing is signed with them.
    pub fn needs_keys(&self) -> bool {
        self.client.is_proven_by_keys(&self.metadata, &self.tokens)
    }

    /// Tells whether the key set holds no key that could have signed the ID token; fetch it once more
    /// then. A signature that fits is remembered, and [`Refreshed::accept`] with the same key set does not verify it
    /// again.
    pub fn lacks_key(&mut self, keys: &KeySet) -> bool {
        let raw = self.tokens.id_token.as_deref();
        self.signature.lacks_key(raw, &self.metadata, keys)
    }

    /// Accepts the tokens if an ID token among them continues the login that they were fetched for
    /// (OpenID Connect Core 1.0 section 12.2): same issuer, account, client and sign-in, no older, and no
    /// nonce but the first one.
    ///
    /// The refresh token is absent when the old one stays valid.
    ///
    /// # Errors
    ///
    /// [`IdTokenError`](crate::error::IdTokenError) for the first rule that the ID token breaks.
    pub fn accept(mut self, held: &HeldLogin<'_>, keys: &KeySet) -> Result<Renewed, Error> {
        let mut record = held.id_token;
        if let Some(raw) = self.tokens.id_token.as_deref()
            && self.client.provider().is_openid()
        {
            let access_token = self.tokens.access_token.secret();
            let expected = Expectations::of(&self.client, &self.metadata, access_token, self.now);
            let proven = Expectations {
                subject: Some(&held.identity.subject),
                ..expected
            }
            .prove(raw, self.signature, keys)?;
            record = Some(match held.id_token {
                Some(before) => before.followed_by(&proven, held.identity)?,
                None => proven.record(),
            });
            same_sign_in(proven.claims(), held.identity)?;
        }
        if !self.tokens.scopes_stated {
            // RFC 6749 section 6: what is not said stays as it was granted.
            self.tokens.scopes = held.scopes.to_vec();
        }
        Ok(Renewed {
            tokens: self.tokens,
            id_token: record,
        })
    }

    /// Returns the new refresh token, not yet believed, for giving it back if it is refused.
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        self.tokens.refresh_token.as_ref()
    }
}

/// What is held of a login, that the tokens of a refresh are compared with.
#[derive(Debug, Clone)]
pub struct HeldLogin<'a> {
    /// Who logged in.
    pub identity: &'a Identity,
    /// What the last ID token was, where there was one.
    pub id_token: Option<IdTokenRecord>,
    /// What was granted.
    pub scopes: &'a [String],
}

impl<'a> From<&'a Login> for HeldLogin<'a> {
    fn from(login: &'a Login) -> Self {
        Self {
            identity: &login.identity,
            id_token: login.id_token.as_ref().map(IdToken::record),
            scopes: &login.tokens.scopes,
        }
    }
}

/// What a refresh brought.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Renewed {
    /// The tokens.
    pub tokens: TokenResponse,
    /// What the next refresh is compared with.
    pub id_token: Option<IdTokenRecord>,
}

impl std::fmt::Debug for Refreshed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refreshed")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
