//! Log-out at the provider (OpenID Connect RP-Initiated Logout 1.0 section 2).

use codegrant_core::http::HttpResponse;
use codegrant_core::jose::{Jws, KeySet};
use serde_json::{Map, Value};

use crate::call::Call;
use crate::feature::Feature;
use crate::id_token::fingerprint;
use crate::misbehave;
use crate::pages::{self, Problem};
use crate::parameters::Parameters;
use crate::redirect::with_query;
use crate::session::Ended;
use crate::state::SignedIn;

impl Call<'_> {
    /// Logs out at once where an ID token shows that the client means it, else asks the person.
    pub(crate) fn end_session(&mut self) -> HttpResponse {
        let parameters = self.parameters();
        if let Some(name) = parameters.repeated() {
            let name = name.to_owned();
            return pages::error(400, &Problem::Repeated { name });
        }
        let hint = match parameters.value("id_token_hint") {
            Some(raw) => match self.hint(raw) {
                Some(claims) => {
                    if self.state.issued.find(&fingerprint(raw)).is_none() {
                        self.violate("id_token_hint", "not byte for byte as it was issued");
                    }
                    Some(claims)
                }
                None => {
                    self.violate("id_token_hint", "no ID token of this provider");
                    return pages::error(400, &Problem::ForeignHint);
                }
            },
            None => None,
        };
        let redirect = match self.log_out_redirect(&parameters, hint.as_ref()) {
            Ok(redirect) => redirect,
            Err(problem) => return pages::error(400, &problem),
        };
        let meant = hint.and_then(|claims| claims.get("sid")?.as_str().map(str::to_owned));
        let session = self.session();
        let is_meant = session
            .as_ref()
            .is_none_or(|session| Some(&session.session_id) == meant.as_ref());
        // Section 2: without a hint, or with one that means somebody else, the person has to confirm.
        if let Some(meant) = meant.filter(|_| is_meant) {
            let session = self.session_named(&meant);
            return self.log_out(session, redirect);
        }
        let id = self.state.random.next_id();
        self.state.log_outs.insert(id.clone(), redirect);
        let user = session.and_then(|session| self.user(&session.subject));
        pages::log_out(self.base_path, &id, user.as_ref())
    }

    /// Takes the person's answer: a `decision` of `log-out` or `stay`.
    pub(crate) fn confirm_log_out(&mut self) -> HttpResponse {
        let parameters = self.parameters();
        let id = parameters.value("interaction").unwrap_or_default();
        let Some(redirect) = self.state.log_outs.remove(id) else {
            return pages::error(400, &Problem::InteractionOver);
        };
        match parameters.value("decision") {
            Some("log-out") => {
                let session = self.session();
                self.log_out(session, redirect)
            }
            _ => pages::stayed(),
        }
    }

    /// Ends a session, tells the clients that took part in it, and leads on.
    fn log_out(&mut self, session: Option<SignedIn>, redirect: Option<String>) -> HttpResponse {
        let frames = session.map_or_else(Vec::new, |session| {
            let ended = self.end(session);
            self.notify(&ended);
            self.frames(&ended)
        });
        let response = match redirect {
            _ if !frames.is_empty() => pages::log_out_frames(&frames, redirect.as_deref()),
            Some(address) => pages::see_other(&address),
            None => pages::logged_out(),
        };
        self.without_session_cookies(response)
    }

    /// Lists the addresses that have to be framed for the clients of a session (OpenID Connect Front-Channel
    /// Logout 1.0 section 2).
    fn frames(&self, ended: &Ended) -> Vec<String> {
        if !self.settings.has(Feature::FrontChannelLogOut) {
            return Vec::new();
        }
        let clients = ended.clients.iter().filter_map(|id| self.client(id));
        let frames = clients.filter_map(|client| {
            let address = client.text("frontchannel_logout_uri")?;
            if !client.flag("frontchannel_logout_session_required") {
                return Some(address.to_owned());
            }
            let issuer = self.settings.issuer.clone();
            let session_id = ended.session.session_id.clone();
            if self.settings.has(Feature::UnencodedSessionIds) {
                let address = with_query(address, &[("iss", issuer)]);
                return Some(format!("{address}&sid={session_id}"));
            }
            Some(with_query(address, &[("iss", issuer), ("sid", session_id)]))
        });
        frames.collect()
    }

    /// Reads an ID token of ours, expired or not.
    pub(crate) fn hint(&self, raw: &str) -> Option<Map<String, Value>> {
        if let Some(claims) = self.state.issued.find(&fingerprint(raw)) {
            return Some(claims.clone());
        }
        let published = self.state.keys.published().to_string();
        let keys = KeySet::parse(published.as_bytes()).ok()?;
        let verified = Jws::parse(raw)
            .ok()?
            .verify(&keys, self.settings.algorithm)
            .ok()?;
        let claims = verified.claims().ok()?;
        let ours = claims.get("iss").and_then(Value::as_str) == Some(&self.settings.issuer);
        ours.then_some(claims)
    }

    /// Finds out where to go afterwards: nowhere, or an address that the client registered.
    fn log_out_redirect(
        &mut self,
        parameters: &Parameters,
        hint: Option<&Map<String, Value>>,
    ) -> Result<Option<String>, Problem> {
        let audience = hint.and_then(|claims| claims.get("aud")?.as_str());
        let client_id = match (parameters.value("client_id"), audience) {
            (Some(stated), Some(audience)) if stated != audience => {
                return Err(Problem::ForeignHint);
            }
            (stated, audience) => stated.or(audience),
        };
        let Some(address) = parameters.value("post_logout_redirect_uri") else {
            return Ok(None);
        };
        let client_id = client_id.ok_or(Problem::Missing { name: "client_id" })?;
        let client = self
            .client(client_id)
            .ok_or_else(|| Problem::UnknownClient {
                client_id: client_id.to_owned(),
            })?;
        if !client.accepts_log_out_redirect(address) {
            self.violate("post_logout_redirect_uri", address);
            return Err(Problem::UnregisteredRedirect {
                client_id: client_id.to_owned(),
                redirect_uri: address.to_owned(),
            });
        }
        let state = misbehave::alter_log_out_state(&self.state.faults, parameters.value("state"));
        Ok(Some(match state {
            Some(state) => with_query(address, &[("state", state)]),
            None => address.to_owned(),
        }))
    }
}
