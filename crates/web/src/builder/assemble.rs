//! Turning what was collected into an [`Auth`], or into the list of all mistakes.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use codegrant_core::error::Quoted;
use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::{Client, PublicOrigin, ReturnTo, Timestamp};

use super::{AuthBuilder, Clock, read_secret};
use crate::auth::{Auth, Inner};
use crate::clients::{Clients, Registered};
use crate::cookie::Cookies;
use crate::error::{SetupError, SetupErrors};
use crate::hosted::Hosted;
use crate::http_client::{HttpClient, TransportError};
use crate::own_tokens::OwnTokens;
use crate::renewal::Renewals;
use crate::seal::{KeyRing, SHORTEST_SECRET};
use crate::session::{Lifetime, Sessions};
use crate::transactions::Transactions;

impl AuthBuilder {
    /// Checks everything and makes the [`Auth`].
    ///
    /// # Errors
    ///
    /// Every mistake, each with its remedy.
    pub fn build(mut self) -> Result<Auth, SetupErrors> {
        let mut mistakes = std::mem::take(&mut self.mistakes);
        if !base_is_sound(&self.base) {
            mistakes.push(SetupError::Base {
                value: Quoted::new(&self.base),
            });
        }
        let Lifetime {
            absolute_seconds,
            idle_seconds,
        } = self.lifetime;
        if !(1..=absolute_seconds).contains(&idle_seconds) {
            mistakes.push(SetupError::Lifetime {
                absolute_seconds,
                idle_seconds,
            });
        }
        let origin = PublicOrigin::parse(&self.origin)
            .map_err(|mistake| mistakes.push(mistake.into()))
            .ok();
        let secrets = self.secrets(origin.as_ref(), &mut mistakes);
        let http = self.http(&mut mistakes);
        let below = format!(
            "{}{}",
            origin.as_ref().map_or("", PublicOrigin::as_str),
            self.base
        );
        let mut clients = self.clients(&below, &mut mistakes);
        let dev = origin
            .as_ref()
            .and_then(|origin| self.embedded(origin, &mut clients, &mut mistakes));
        // A provider that was meant to be there is reported by what it lacks.
        let meant = |mistake: &SetupError| {
            matches!(
                mistake,
                SetupError::VariableMissing { .. }
                    | SetupError::DevOnPublicOrigin { .. }
                    | SetupError::Syntax { .. }
                    | SetupError::Key { .. }
            )
        };
        if clients.is_empty() && !mistakes.iter().any(meant) {
            mistakes.push(SetupError::NoProvider);
        }
        let (Some(origin), Some(http), true) = (origin, http, mistakes.is_empty()) else {
            return Err(SetupErrors(mistakes));
        };
        let ring = KeyRing::new(&secrets, &format!("{origin}{}", self.base));
        let cookies = Cookies::new(&origin, &self.base);
        Ok(Auth(Arc::new(Inner {
            transactions: Transactions::new(cookies.clone(), ring.clone()),
            sessions: Sessions::new(cookies, ring.clone(), self.lifetime, self.kind),
            ring,
            origin,
            start: ReturnTo::parse(&self.home, &self.base),
            base: self.base,
            home: self.home,
            app_name: self.app_name,
            clients: Clients::new(clients),
            pages: self.pages,
            http: around(dev.as_ref(), &self.clock, http),
            events: self.events,
            on_login: self.on_login,
            hooks: self.hooks,
            on_link: self.on_link,
            clock: self.clock,
            renewals: Renewals::default(),
            own_tokens: OwnTokens::default(),
            hosted: Hosted::default(),
            mounted: AtomicBool::new(false),
            #[cfg(feature = "dev")]
            dev,
        })))
    }

    fn clients(&mut self, below: &str, mistakes: &mut Vec<SetupError>) -> Vec<Registered> {
        let mut seen = HashSet::new();
        let mut clients = Vec::new();
        for registration in std::mem::take(&mut self.registrations) {
            if !seen.insert(registration.provider_id().to_owned()) {
                mistakes.push(SetupError::ProviderTwice {
                    id: registration.provider_id().to_owned(),
                });
            }
            let (client, switches) = registration.into_client(below, mistakes);
            mistakes.extend(expired(&client, (self.clock)()));
            clients.push(Registered::new(client, switches));
        }
        clients
    }

    fn secrets(
        &mut self,
        origin: Option<&PublicOrigin>,
        mistakes: &mut Vec<SetupError>,
    ) -> Vec<Vec<u8>> {
        let file = || (self.process)("CODEGRANT_SECRET_FILE");
        let set = self.secrets.take();
        let set = set
            .or_else(|| (self.process)("CODEGRANT_SECRET"))
            .or_else(|| file().map(|path| read_secret(&path, mistakes)));
        let Some(secrets) = set
            .as_deref()
            .map(str::trim)
            .filter(|held| !held.is_empty())
        else {
            match origin {
                Some(origin) if origin.is_loopback() => tracing::info!(
                    target: "codegrant", event = "secret.random",
                    "no secret is set, so sessions end with this process; that is fine on loopback"
                ),
                _ => mistakes.push(SetupError::Secret { length: None }),
            }
            return vec![KeyRing::random_secret().to_vec()];
        };
        let secrets: Vec<&str> = secrets.split(',').map(str::trim).collect();
        let short = secrets
            .iter()
            .filter(|secret| secret.len() < SHORTEST_SECRET);
        mistakes.extend(short.map(|secret| SetupError::Secret {
            length: Some(secret.len()),
        }));
        secrets
            .iter()
            .map(|secret| secret.as_bytes().to_vec())
            .collect()
    }

    fn http(&mut self, mistakes: &mut Vec<SetupError>) -> Option<Arc<dyn HttpClient>> {
        if let Some(client) = self.http.take() {
            return Some(client);
        }
        #[cfg(feature = "http-client")]
        let made = crate::http_client::BuiltInClient::new(self.root_certificate.as_deref())
            .map(|client| Arc::new(client) as Arc<dyn HttpClient>);
        #[cfg(not(feature = "http-client"))]
        let made = Err(SetupError::HttpClient {
            reason: "the feature `http-client` is off and no http_client is given".to_owned(),
        });
        match made {
            Ok(client) => Some(client),
            // The provider inside the app is called without TLS and without a socket.
            Err(mistake) if self.dev && self.registrations.is_empty() => {
                Some(Arc::new(Unusable(mistake.to_string())))
            }
            Err(mistake) => {
                mistakes.push(mistake);
                None
            }
        }
    }

    #[cfg(feature = "dev")]
    fn embedded(
        &self,
        origin: &PublicOrigin,
        clients: &mut Vec<Registered>,
        mistakes: &mut Vec<SetupError>,
    ) -> Option<crate::dev::Embedded> {
        if !self.dev {
            return None;
        }
        let started = crate::dev::Embedded::start(origin, &self.base, self.app_name.as_deref());
        let (embedded, client) = started.map_err(|mistake| mistakes.push(mistake)).ok()?;
        clients.push(Registered::new(
            client,
            crate::registration::Switches::default(),
        ));
        Some(embedded)
    }

    #[cfg(not(feature = "dev"))]
    fn embedded(
        &self,
        _origin: &PublicOrigin,
        _clients: &mut [Registered],
        _mistakes: &mut [SetupError],
    ) -> Option<()> {
        None
    }
}

#[cfg(feature = "dev")]
fn around(
    dev: Option<&crate::dev::Embedded>,
    clock: &Clock,
    http: Arc<dyn HttpClient>,
) -> Arc<dyn HttpClient> {
    match dev {
        None => http,
        Some(embedded) => Arc::new(crate::dev::EmbeddedClient {
            embedded: embedded.clone(),
            clock: clock.clone(),
            others: http,
        }),
    }
}

#[cfg(not(feature = "dev"))]
fn around(_dev: Option<&()>, _clock: &Clock, http: Arc<dyn HttpClient>) -> Arc<dyn HttpClient> {
    http
}

/// Stands in for a client that could not be set up where none is needed.
struct Unusable(String);

#[async_trait]
impl HttpClient for Unusable {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        Err(TransportError::Unreachable {
            url: request.loggable_url().to_owned(),
            reason: self.0.clone(),
        })
    }
}

fn base_is_sound(base: &str) -> bool {
    let mut parts = base.split('/');
    parts.next() == Some("")
        && base.len() <= 64
        && parts.all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
        && base.len() > 1
}

/// Tells what is wrong with the dates of a client's certificate.
fn expired(client: &Client, now: Timestamp) -> Option<SetupError> {
    let certificate = client.certificate()?;
    let error = certificate.is_valid_at(now).err()?;
    Some(SetupError::Key {
        provider: client.provider().id.to_string(),
        setting: "certificate_file",
        reason: error.to_string(),
    })
}
