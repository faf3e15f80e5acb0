//! Clients that register themselves at their provider (RFC 7591): once in a process, when a login first needs
//! it, and again when what the provider gave out has expired.

mod kept;

use codegrant_core::oauth2::AccessToken;
use codegrant_core::{
    Client, ClientInformation, ClientMetadata, Fetched, ProviderMetadata, PublicOrigin,
};
use serde_json::json;

use crate::auth::Auth;
use crate::clients::Registered;
use crate::error::{Error, SessionError};
use crate::outbound::finished;
use crate::registration::{Key, Switches};

pub(crate) use kept::Kept;

/// Says what a client tells its provider about itself: what it is set up for, and our endpoints.
pub(crate) fn wanted(
    client: &Client,
    switches: &Switches,
    origin: &PublicOrigin,
    base: &str,
    app_name: Option<&str>,
) -> ClientMetadata {
    let id = &client.provider().id;
    let endpoint = |name: &str| json!(format!("{origin}{base}/{name}"));
    let mut wanted = ClientMetadata::of(client);
    if let Some(name) = app_name {
        wanted = wanted.with_name(name);
    }
    if let Some(register) = switches
        .register
        .as_ref()
        .filter(|held| !held.contacts.is_empty())
    {
        wanted = wanted.with_contacts(&register.contacts);
    }
    if switches.log_out_at_provider {
        wanted = wanted.with("post_logout_redirect_uris", json!([endpoint("logged-out")]));
    }
    if switches.backchannel_logout {
        wanted = wanted
            .with(
                "backchannel_logout_uri",
                endpoint(&format!("backchannel-logout/{id}")),
            )
            .with("backchannel_logout_session_required", json!(true));
    }
    if switches.frontchannel_logout {
        wanted = wanted
            .with(
                "frontchannel_logout_uri",
                endpoint(&format!("frontchannel-logout/{id}")),
            )
            .with("frontchannel_logout_session_required", json!(true));
    }
    if switches.third_party_login {
        wanted = wanted.with("initiate_login_uri", endpoint(&format!("initiate/{id}")));
    }
    wanted
}

impl Auth {
    /// Sees to it that a client which registers itself is registered.
    pub(crate) async fn see_to_registration(
        &self,
        correlation_id: &str,
        registered: &Registered,
        metadata: &ProviderMetadata,
    ) -> Result<(), Error> {
        if registered.information.fresh(self.now()).is_some() {
            return Ok(());
        }
        let (auth, id) = (self.clone(), registered.id().to_owned());
        let (correlation_id, metadata) = (correlation_id.to_owned(), metadata.clone());
        finished(async move {
            let registered = auth.registered(&id).ok_or(SessionError::Gone)?;
            let fetch = || auth.register(&correlation_id, registered, &metadata);
            let clock = || auth.now();
            registered
                .information
                .get(&id, clock, |_| false, fetch)
                .await
        })
        .await
        .map(|_| ())
    }

    async fn register(
        &self,
        correlation_id: &str,
        registered: &Registered,
        metadata: &ProviderMetadata,
    ) -> Result<Fetched<ClientInformation>, Error> {
        let configured = registered.configured();
        let switches = &registered.switches;
        let app_name = self.0.app_name.as_deref();
        let wanted = wanted(configured, switches, &self.0.origin, &self.0.base, app_name);
        let register = switches.register.as_ref().ok_or(SessionError::Gone)?;
        let kept = register.file.as_ref().map(|path| Kept {
            path,
            ring: &self.0.ring,
            id: registered.id(),
        });
        let held = kept
            .as_ref()
            .and_then(|kept| kept.read(&wanted, &metadata.issuer));
        let information = match held.filter(|held| !held.is_expired(self.now())) {
            Some(held) => held,
            None => {
                let token = match &register.initial_access_token {
                    Some(Key::Text(token)) => Some(AccessToken::new(token.trim().to_owned())),
                    _ => None,
                };
                let step = configured.register(metadata, &wanted, token.as_ref(), self.now())?;
                let given = self.drive(correlation_id, configured, step).await?;
                if let Some(kept) = &kept {
                    kept.write(&wanted, &given);
                }
                given
            }
        };
        registered.grant(configured.clone().with_information(&information));
        let lifetime = information.lifetime_seconds(self.now());
        Ok(Fetched::new(information, lifetime))
    }
}
