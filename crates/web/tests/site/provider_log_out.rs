//! Log-out that the provider asks for: by its server, by its page, by its session.

mod back_channel;
mod frame;
mod front_channel;
mod nodes;
mod strangers;

use std::sync::{Arc, Mutex};

use codegrant_core::jose::{Algorithm, SigningKey, base64url};
use codegrant_testkit::site::{Reply, SiteBuilder, Visit};
use codegrant_testkit::world::signing_key;
use codegrant_testkit::{Browser, Site};
use codegrant_web::{Event, LogOutReason};
use serde_json::{Map, Value, json};

const ISSUER: &str = "http://op.localhost:9000";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A site whose provider may end sessions, with a key of the test's among the provider's.
struct Desk {
    site: Site,
    /// The `sid` of every login, oldest first.
    session_ids: Arc<Mutex<Vec<String>>>,
}

impl Desk {
    fn new(builder: SiteBuilder) -> Self {
        let builder = builder.registered(|registration| {
            registration
                .backchannel_logout()
                .frontchannel_logout()
                .session_management()
        });
        let site = builder.build();
        let session_ids: Arc<Mutex<Vec<String>>> = Arc::default();
        site.alter("/jwks", |answer| {
            let keys = answer.body["keys"].as_array_mut().unwrap();
            keys.push(ours().public_jwk());
        });
        let seen = session_ids.clone();
        site.alter("/token", move |answer| {
            let token = answer.body["id_token"].as_str().unwrap().to_owned();
            let claims = claims(&token);
            let id = claims["sid"].as_str().unwrap().to_owned();
            seen.lock().unwrap().push(id);
        });
        Self { site, session_ids }
    }

    /// One for each kind of session.
    fn both() -> [Self; 2] {
        [
            Self::new(Site::builder()),
            Self::new(Site::builder().memory_sessions()),
        ]
    }

    /// Has the provider write this `sid` into every ID token.
    fn always_in_session(&self, id: &str) {
        let id = id.to_owned();
        self.site.alter("/token", move |answer| {
            let token = answer.body["id_token"].as_str().unwrap().to_owned();
            let mut claims = claims(&token).as_object().unwrap().clone();
            claims.insert("sid".to_owned(), id.clone().into());
            answer.set("id_token", ours().sign(None, &claims).unwrap());
        });
    }

    fn session_id(&self, login: usize) -> String {
        self.session_ids.lock().unwrap()[login].clone()
    }

    async fn logged_in(&self, subject: &str) -> Browser {
        let mut browser = self.site.browser();
        browser.log_in("op", subject).await;
        assert_eq!(browser.subject().await.as_deref(), Some(subject));
        browser
    }

    /// The honest claims of a logout token that names nobody yet.
    fn claims(&self) -> Map<String, Value> {
        let now = self.site.now();
        let id = base64url::encode(&self.session_ids.lock().unwrap().len().to_be_bytes());
        let claims = json!({
            "iss": ISSUER, "aud": "app", "iat": now.as_unix(), "exp": now.plus(120).as_unix(),
            "jti": format!("{id}{}", now.as_unix()), "events": { EVENT: {} },
        });
        claims.as_object().unwrap().clone()
    }

    fn token(&self, named: &[(&str, &str)]) -> String {
        let mut claims = self.claims();
        for (name, value) in named {
            claims.insert((*name).to_owned(), json!(value));
        }
        ours().sign(None, &claims).unwrap()
    }

    /// Posts a form as the provider's server does: no cookie, no origin, no browser's headers.
    async fn send(&self, form: &str) -> Reply {
        let visit = Visit::new("POST", "/auth/backchannel-logout/op")
            .with_body(form)
            .without_fetch_metadata();
        self.site.browser().visit(visit).await
    }

    async fn deliver(&self, token: &str) -> Reply {
        self.send(&format!("logout_token={token}&ignored_parameter=x"))
            .await
    }

    fn log_outs(&self) -> Vec<LogOutReason> {
        let reason = |(_, event)| match event {
            Event::LoggedOut { reason, .. } => Some(reason),
            _ => None,
        };
        self.site.events().into_iter().filter_map(reason).collect()
    }
}

fn ours() -> Arc<SigningKey> {
    signing_key(Algorithm::Es256, "the provider's log-outs")
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(payload).unwrap()).unwrap()
}
