//! Back-channel log-out: each client of a session is sent a logout token (OpenID Connect Back-Channel Logout
//! 1.0 sections 2.4 and 2.5).

use codegrant_core::Timestamp;
use codegrant_core::http::{HttpRequest, Method};
use codegrant_core::jose::SigningKeyError;
use serde_json::{Map, json};
use url::form_urlencoded;

use crate::call::Call;
use crate::client_registration::ClientRegistration;
use crate::fault::Fault;
use crate::feature::Feature;
use crate::misbehave;
use crate::provider::DevProvider;
use crate::session::Ended;
use crate::state::SignedIn;

/// How long a logout token is good, in seconds (section 4 recommends two minutes at most).
const LIFETIME: i64 = 120;

/// The member of `events` that makes a token a logout token.
pub(crate) const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl DevProvider {
    /// Ends every session of somebody, as an administrator would, and tells their clients.
    ///
    /// Returns how many sessions there were. [`DevProvider::deliveries`] has what was sent to the clients,
    /// which needs [`Feature::BackChannelLogOut`](crate::Feature::BackChannelLogOut) and an
    /// [`Outbox`](crate::Outbox), and what they answered.
    pub fn log_out_everywhere(&self, subject: &str, now: Timestamp) -> usize {
        self.act(now, |call| {
            let sessions = call.state.sessions.values();
            let of_subject = sessions.filter(|session| session.subject == subject);
            let sessions: Vec<SignedIn> = of_subject.cloned().collect();
            let count = sessions.len();
            for session in sessions {
                let ended = call.end(session);
                call.notify(&ended);
            }
            count
        })
    }

    /// Makes a logout token about somebody's latest session, which goes on.
    ///
    /// For a test that posts it by hand, once or several times; the faults of logout tokens count. `None`
    /// when there is no such client, or nobody of that name has gone to it.
    pub fn logout_token(&self, client_id: &str, subject: &str, now: Timestamp) -> Option<String> {
        self.act(now, |call| {
            let client = call.client(client_id)?;
            let grants = call.state.grants.values();
            let held = grants
                .map(|grant| (&grant.client_id, &grant.signed_in))
                .filter(|(id, session)| *id == client_id && session.subject == subject);
            let (_, session) = held.max_by_key(|(_, session)| session.at)?;
            let session = session.clone();
            call.logout_token(&client, &session).ok()
        })
    }
}

impl Call<'_> {
    /// Prepares the requests that tell every client of a session; they are sent once this answer is ready.
    pub(crate) fn notify(&mut self, ended: &Ended) {
        if !self.settings.has(Feature::BackChannelLogOut) {
            return;
        }
        for client_id in &ended.clients {
            let Some(client) = self.client(client_id) else {
                continue;
            };
            let Some(address) = client.text("backchannel_logout_uri").map(str::to_owned) else {
                continue;
            };
            let Ok(token) = self.logout_token(&client, &ended.session) else {
                continue;
            };
            let request = delivery(&address, &token);
            if self.state.has(Fault::LogoutTokenTwice) {
                self.state.outgoing.push(request.clone());
            }
            self.state.outgoing.push(request);
        }
    }

    /// Makes a logout token for a client: about a subject and a session.
    pub(crate) fn logout_token(
        &mut self,
        client: &ClientRegistration,
        session: &SignedIn,
    ) -> Result<String, SigningKeyError> {
        let mut claims = Map::new();
        let events = json!({ EVENT: {} });
        for (name, value) in [
            ("iss", json!(self.settings.issuer)),
            ("sub", json!(session.subject)),
            ("aud", json!(client.id())),
            ("iat", json!(self.now.as_unix())),
            ("exp", json!(self.now.plus(LIFETIME).as_unix())),
            ("jti", json!(self.state.random.next_id())),
            ("sid", json!(session.session_id)),
            ("events", events),
            // Section 2.4: what is not understood must be ignored.
            ("ignored_claim", json!("ignored")),
        ] {
            claims.insert(name.to_owned(), value);
        }
        let key = self.signing_key(client, self.id_token_algorithm(client))?;
        misbehave::sign_logout_token(self.state, &key, claims, self.now)
    }
}

fn delivery(address: &str, token: &str) -> HttpRequest {
    let mut request = HttpRequest::new(Method::Post, address);
    request.set_header("content-type", "application/x-www-form-urlencoded");
    let fields = [("logout_token", token), ("ignored_parameter", "ignored")];
    let mut form = form_urlencoded::Serializer::new(String::new());
    request.body = form.extend_pairs(fields).finish().into_bytes();
    request
}
