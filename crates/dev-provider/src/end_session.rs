//! Log-out at the provider (OpenID Connect RP-Initiated Logout 1.0 section 2).

use codegrant_core::http::HttpResponse;
use codegrant_core::jose::{Jws, KeySet};
use serde_json::{Map, Value};

use crate::call::Call;
use crate::pages::{self, Problem};
use crate::parameters::Parameters;
use crate::redirect::with_query;

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
                Some(claims) => Some(claims),
                None => return pages::error(400, &Problem::ForeignHint),
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
        if meant.is_some() && is_meant {
            return self.log_out(redirect);
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
            Some("log-out") => self.log_out(redirect),
            _ => pages::stayed(),
        }
    }

    /// Ends the browser's session, and takes back what was granted in it, unless that was granted for
    /// the time when nobody is there (OpenID Connect Core 1.0 section 11).
    fn log_out(&mut self, redirect: Option<String>) -> HttpResponse {
        if let Some(session) = self
            .cookie()
            .and_then(|cookie| self.state.sessions.remove(cookie))
        {
            let offline = |scope: &String| scope == "offline_access";
            self.state.grants.retain(|grant| {
                grant.signed_in.session_id != session.session_id || grant.scopes.iter().any(offline)
            });
        }
        let response = match redirect {
            Some(address) => pages::see_other(&address),
            None => pages::logged_out(),
        };
        response.with_header("set-cookie", self.set_cookie(None))
    }

    /// Reads an ID token of ours, expired or not.
    fn hint(&self, raw: &str) -> Option<Map<String, Value>> {
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
        &self,
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
            return Err(Problem::UnregisteredRedirect {
                client_id: client_id.to_owned(),
                redirect_uri: address.to_owned(),
            });
        }
        Ok(Some(match parameters.value("state") {
            Some(state) => with_query(address, &[("state", state.to_owned())]),
            None => address.to_owned(),
        }))
    }
}
