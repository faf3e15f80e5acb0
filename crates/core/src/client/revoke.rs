//! Giving a token back (RFC 7009).

use oauth2::RefreshToken;

use super::call::Call;
use crate::answer;
use crate::client::Client;
use crate::error::{Error, Purpose};
use crate::metadata::ProviderMetadata;
use crate::moment::Moment;
use crate::step::Step;

impl Client {
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
        moment: Moment,
    ) -> Result<Step<()>, Error> {
        let Some(endpoint) = &metadata.revocation_endpoint else {
            return Ok(Step::Done(()));
        };
        Call::new(self, metadata, endpoint, moment)
            .field("token", refresh_token.secret())
            .field("token_type_hint", "refresh_token")
            .then(|response| {
                answer::succeeded(Purpose::Revocation, &response)?;
                Ok(Step::Done(()))
            })
    }
}
