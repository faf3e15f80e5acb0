//! What a frame of the provider's log-out page asks (OpenID Connect Front-Channel Logout 1.0 section 2).

use crate::client::Client;
use crate::form;
use crate::provider::Protocol;

/// The longest query that is read, in bytes.
const QUERY_LIMIT: usize = 4096;

/// A request to end the session that has this issuer and this session id, from whoever sends it.
///
/// Nothing proves it: the one thing that a stranger does not know is the session id. So it ends the session
/// that has both, and nothing otherwise.
///
/// ```
/// use codegrant_core::{Client, FrontChannelLogout, provider::Provider};
/// let provider = Provider::openid("op", "OP", "https://op.example");
/// let client = Client::new(provider, "app", "https://app.example/auth/callback/op");
///
/// let asked = FrontChannelLogout::parse("iss=https%3A%2F%2Fop.example&sid=08a5019c", &client).unwrap();
/// assert_eq!((asked.issuer(), asked.names("08a5019c")), ("https://op.example", true));
/// assert!(FrontChannelLogout::parse("sid=08a5019c", &client).is_none());
/// assert!(FrontChannelLogout::parse("iss=https%3A%2F%2Fevil.example&sid=08a5019c", &client).is_none());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct FrontChannelLogout {
    issuer: String,
    /// What the session id may have been meant to be.
    session_ids: Vec<String>,
}

impl FrontChannelLogout {
    /// Reads the query; `None` unless it names this client's issuer and a session, each once.
    ///
    /// Some providers put `sid` in as it is, whatever signs it has, so that decoding it would lose some.
    /// The browser then writes a space as `%20` and leaves a `%` alone. It is read in each way that makes
    /// sense; a session has to have one of them exactly.
    pub fn parse(query: &str, client: &Client) -> Option<Self> {
        let Protocol::OpenId {
            issuer,
            issuer_aliases,
            ..
        } = &client.provider().protocol
        else {
            return None;
        };
        if query.len() > QUERY_LIMIT || query.contains(char::is_control) {
            return None;
        }
        let received = plus_is_space(only(query, "iss")?.1)?;
        if received != *issuer && !issuer_aliases.iter().any(|alias| *alias == received) {
            return None;
        }
        let (at, first) = only(query, "sid")?;
        let rest = query.get(at..)?;
        // A raw `&` in it: what is not the other parameter belongs to it.
        let whole = rest.split_once("&iss=").map_or(rest, |(sid, _)| sid);
        let mut session_ids: Vec<String> = [first, whole]
            .into_iter()
            .flat_map(|raw| [plus_is_space(raw), plus_is_plus(raw), Some(raw.to_owned())])
            .flatten()
            .filter(|sid| (1..=super::SESSION_ID_LIMIT).contains(&sid.len()))
            .collect();
        session_ids.sort_unstable();
        session_ids.dedup();
        (!session_ids.is_empty()).then(|| Self {
            issuer: issuer.to_string(),
            session_ids,
        })
    }

    /// Returns the issuer, as sessions name it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Tells whether it means this session id.
    pub fn names(&self, session_id: &str) -> bool {
        self.session_ids.iter().any(|held| held == session_id)
    }

    /// Returns what the session id may be: one, or a few where the provider did not encode it.
    pub fn session_ids(&self) -> impl Iterator<Item = &str> {
        self.session_ids.iter().map(String::as_str)
    }
}

impl std::fmt::Debug for FrontChannelLogout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrontChannelLogout")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Finds the one parameter of a name: where its value begins, and the value as it stands.
fn only<'a>(query: &'a str, name: &str) -> Option<(usize, &'a str)> {
    let mut at = 0;
    let mut found = None;
    for part in query.split('&') {
        if let Some(value) = part
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('='))
        {
            if found.is_some() {
                return None;
            }
            found = Some((at + name.len() + 1, value));
        }
        at += part.len() + 1;
    }
    found
}

fn plus_is_space(raw: &str) -> Option<String> {
    form::decode(&with_escapes_whole(raw))
}

fn plus_is_plus(raw: &str) -> Option<String> {
    form::decode(&with_escapes_whole(raw).replace('+', "%2B"))
}

/// Takes a percent sign that begins no escape for what it is, as browsers do.
fn with_escapes_whole(raw: &str) -> String {
    let mut parts = raw.split('%');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_escape =
            part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
        whole.push_str(if is_escape { "%" } else { "%25" });
        whole.push_str(part);
    }
    whole
}
