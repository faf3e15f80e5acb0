//! Giving a token back (RFC 7009).

use oauth2::{RevocableToken, StandardRevocableToken};

use super::call::Call;
use super::sender_constraint::Endpoint;
use crate::answer;
use crate::client::Client;
use crate::error::{Error, Purpose};
use crate::metadata::ProviderMetadata;
use crate::moment::Moment;
use crate::step::Step;

impl Client {
    /// Tells the provider that a refresh token, or an access token, is not needed any longer (RFC 7009);
    /// finished at once where the provider has no endpoint for that.
    ///
    /// With a refresh token a provider ends the access tokens that came of it as well (RFC 7009 section 2.1).
    ///
    /// # Errors
    ///
    /// When the provider answers with anything but status 200 (RFC 7009 section 2.2).
    pub fn revoke(
        &self,
        metadata: &ProviderMetadata,
        token: impl Into<StandardRevocableToken>,
        moment: Moment,
    ) -> Result<Step<()>, Error> {
        let Some(endpoint) = self.address(metadata, Endpoint::Revocation) else {
            return Ok(Step::Done(()));
        };
        let token = token.into();
        let mut call = Call::new(self, metadata, endpoint, moment).field("token", token.secret());
        if let Some(hint) = token.type_hint() {
            call = call.field("token_type_hint", hint);
        }
        call.then(|response| {
            answer::succeeded(Purpose::Revocation, &response)?;
            Ok(Step::Done(()))
        })
    }
}
