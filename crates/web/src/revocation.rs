//! Giving tokens back that nobody will use (RFC 7009): in the background, because nobody waits for it.

use codegrant_core::Identity;
use codegrant_core::oauth2::RefreshToken;

use crate::auth::Auth;
use crate::error::Error;
use crate::session::SessionData;

impl Auth {
    /// Has a refresh token revoked, and with it what came of it; a failure is for the operator only.
    ///
    /// A provider that is slow or down keeps nobody waiting, and nothing here depends on it.
    pub(crate) fn give_back(
        &self,
        identity: &Identity,
        refresh_token: Option<&RefreshToken>,
        correlation_id: &str,
    ) {
        let Some(refresh_token) = refresh_token.cloned() else {
            return;
        };
        let (auth, identity) = (self.clone(), identity.clone());
        let id = correlation_id.to_owned();
        drop(tokio::spawn(async move {
            if let Err(error) = auth.revoke(&identity, &refresh_token, &id).await {
                let provider = Some(identity.provider.as_str());
                auth.0.events.failed(&id, provider, &error);
            }
        }));
    }

    /// Has the last refresh token of a session that is over revoked: a refresh may have brought a newer one than
    /// the session's cookie has.
    pub(crate) fn give_back_last(&self, data: &SessionData, correlation_id: &str) {
        if data.refresh_token.is_none() && data.refreshes == 0 {
            return;
        }
        let (auth, data, id) = (self.clone(), data.clone(), correlation_id.to_owned());
        drop(tokio::spawn(async move {
            let sessions = &auth.0.sessions;
            let last = sessions.last_refresh_token(&data, auth.now()).await;
            auth.give_back(&data.identity, last.as_ref(), &id);
        }));
    }

    /// Has several revoked, one after the other: somebody's every session must not be a flood at the provider.
    pub(crate) fn give_back_each(
        &self,
        tokens: Vec<(Identity, RefreshToken)>,
        correlation_id: &str,
    ) {
        let (auth, id) = (self.clone(), correlation_id.to_owned());
        drop(tokio::spawn(async move {
            for (identity, refresh_token) in tokens {
                if let Err(error) = auth.revoke(&identity, &refresh_token, &id).await {
                    let provider = Some(identity.provider.as_str());
                    auth.0.events.failed(&id, provider, &error);
                }
            }
        }));
    }

    async fn revoke(
        &self,
        identity: &Identity,
        refresh_token: &RefreshToken,
        correlation_id: &str,
    ) -> Result<(), Error> {
        let (registered, metadata) = self.issuer_of(correlation_id, identity).await?;
        let client = registered.client();
        let step = client.revoke(&metadata, refresh_token, self.moment())?;
        self.drive(correlation_id, &client, step).await
    }
}
