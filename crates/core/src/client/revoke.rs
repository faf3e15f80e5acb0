//! Giving a token back (RFC 7009).

use oauth2::{RefreshToken, RevocationUrl, StandardRevocableToken};
use url::Url;

use super::exchange::{captured, oauth2_client};
use crate::answer;
use crate::client::Client;
use crate::error::{Error, ProviderError, Purpose, Quoted};
use crate::http::HttpResponse;
use crate::metadata::ProviderMetadata;
use crate::step::{Expect, Fetch, Step};

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

struct ExpectRevoked;

impl Expect<()> for ExpectRevoked {
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<()>, Error> {
        answer::succeeded(Purpose::Revocation, &response)?;
        Ok(Step::Done(()))
    }
}
