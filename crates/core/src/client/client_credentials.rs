//! Tokens in the app's own name (RFC 6749 section 4.4): no user takes part.

use super::call::Call;
use crate::client::Client;
use crate::dpop::DpopKey;
use crate::error::Error;
use crate::metadata::ProviderMetadata;
use crate::moment::Moment;
use crate::step::Step;
use crate::token::{self, TokenResponse};

impl Client {
    /// Fetches a token in the app's own name (RFC 6749 section 4.4), for these scopes and for the APIs at
    /// these addresses (RFC 8707); none of either leaves it to the provider.
    ///
    /// With a key the token is bound to it (RFC 9449 section 5). A refresh token in the answer is dropped:
    /// there should be none, and the client can always ask again (RFC 6749 section 4.4.3).
    ///
    /// # Errors
    ///
    /// [`ProviderError`](crate::error::ProviderError) from the token endpoint's answer: `TokenRefused` with
    /// `unauthorized_client` when the client is not registered for this grant.
    pub fn client_credentials(
        &self,
        metadata: &ProviderMetadata,
        scopes: &[String],
        resources: &[String],
        dpop_key: Option<&DpopKey>,
        moment: Moment,
    ) -> Result<Step<TokenResponse>, Error> {
        self.binds_by(dpop_key)?;
        let now = moment.now();
        let mut call = Call::new(self, metadata, self.token_address(metadata), moment)
            .field("grant_type", "client_credentials");
        if !scopes.is_empty() {
            call = call.field("scope", scopes.join(" "));
        }
        for resource in resources {
            call = call.field("resource", resource);
        }
        let (client, scopes, bound) = (self.clone(), scopes.to_vec(), dpop_key.is_some());
        call.proving(dpop_key).then(move |response| {
            let mut tokens = token::read(&client, &response, &[], bound, now)?;
            if !tokens.scopes_stated {
                tokens.scopes = scopes;
            }
            tokens.refresh_token = None;
            tokens.id_token = None;
            Ok(Step::Done(tokens))
        })
    }
}
