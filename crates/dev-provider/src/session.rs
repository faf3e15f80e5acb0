//! Sessions at the provider: their public names, whom they were used with, and how they end.

use codegrant_core::http::HttpResponse;

use crate::call::Call;
use crate::feature::Feature;
use crate::state::SignedIn;

/// A session that is over, and the clients that have to hear of it.
pub(crate) struct Ended {
    pub(crate) session: SignedIn,
    pub(crate) clients: Vec<String>,
}

impl Call<'_> {
    /// Makes the public name of a session, `sid` (OpenID Connect Back-Channel Logout 1.0 section 2.1).
    pub(crate) fn new_session_id(&mut self) -> String {
        let id = self.state.random.next_id();
        if self.settings.has(Feature::PunctuatedSessionIds) {
            // 35 characters, which decode to themselves unless a plus sign is taken for a space.
            return format!("{} :%+!~.{}", &id[..14], &id[14..28]);
        }
        id
    }

    /// Remembers that somebody went to a client in this session.
    pub(crate) fn visit(&mut self, session: &SignedIn, client_id: &str) {
        let visited = &mut self.state.visited;
        let mut clients = visited
            .find(&session.session_id)
            .cloned()
            .unwrap_or_default();
        clients.insert(client_id.to_owned());
        visited.insert(session.session_id.clone(), clients);
    }

    /// Finds a live session by its public name.
    pub(crate) fn session_named(&self, session_id: &str) -> Option<SignedIn> {
        let mut sessions = self.state.sessions.values();
        let found = sessions.find(|session| session.session_id == session_id);
        found.cloned()
    }

    /// Ends a session, and takes back what was granted in it, unless that was granted for the time when
    /// nobody is there (OpenID Connect Core 1.0 section 11).
    pub(crate) fn end(&mut self, session: SignedIn) -> Ended {
        let id = session.session_id.as_str();
        self.state.sessions.retain(|held| held.session_id != id);
        let offline = |scope: &String| scope == "offline_access";
        self.state
            .grants
            .retain(|grant| grant.signed_in.session_id != id || grant.scopes.iter().any(offline));
        let clients = self.state.visited.remove(id).unwrap_or_default();
        Ended {
            clients: clients.into_iter().collect(),
            session,
        }
    }

    /// Adds the cookies of a browser in which somebody has just signed in.
    pub(crate) fn with_session_cookies(
        &self,
        response: HttpResponse,
        cookie: &str,
        session: &SignedIn,
    ) -> HttpResponse {
        let response = response.with_header("set-cookie", self.set_cookie(Some(cookie)));
        if !self.settings.has(Feature::SessionManagement) {
            return response;
        }
        let browser_state = self.set_browser_state(Some(&session.browser_state));
        response.with_header("set-cookie", browser_state)
    }

    /// Takes the cookies back.
    pub(crate) fn without_session_cookies(&self, response: HttpResponse) -> HttpResponse {
        let response = response.with_header("set-cookie", self.set_cookie(None));
        if !self.settings.has(Feature::SessionManagement) {
            return response;
        }
        response.with_header("set-cookie", self.set_browser_state(None))
    }
}
