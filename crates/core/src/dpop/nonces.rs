//! Nonces that servers hand out, so that a proof cannot have been made long before (RFC 9449 section 8).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::Url;

use crate::http::HttpResponse;

/// The longest nonce that is believed, in bytes.
const LONGEST: usize = 1024;

/// The most servers whose nonces are remembered.
const SERVERS: usize = 64;

/// Who hands a nonce out: the two are apart also where one origin is both (RFC 9449 section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Server {
    /// Who issues tokens.
    Authorization,
    /// Who accepts them.
    Resource,
}

/// The latest nonce that each server has handed out: a handle, shared by its clones.
#[derive(Clone, Default)]
pub(crate) struct DpopNonces(Arc<Mutex<HashMap<(Server, String), String>>>);

impl DpopNonces {
    /// Returns the nonce to use at the server that an address belongs to.
    pub(crate) fn latest(&self, server: Server, url: &str) -> Option<String> {
        self.held().get(&(server, origin(url)?)).cloned()
    }

    /// Remembers the nonce that an answer brings, if it brings a sound one, and tells whether it does.
    ///
    /// One that is repeated, too long, or of other characters than a nonce has (NQCHAR, RFC 9449 section
    /// 8.1) counts as none.
    pub(crate) fn learn(&self, server: Server, url: &str, response: &HttpResponse) -> bool {
        let (Some(nonce), Some(origin)) = (brought(response), origin(url)) else {
            return false;
        };
        let mut held = self.held();
        let key = (server, origin);
        if held.len() >= SERVERS && !held.contains_key(&key) {
            held.clear();
        }
        held.insert(key, nonce.to_owned());
        true
    }

    /// A panic elsewhere cannot leave the map half changed, so a poisoned lock is taken all the same.
    fn held(&self) -> MutexGuard<'_, HashMap<(Server, String), String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the one sound nonce of an answer.
fn brought(response: &HttpResponse) -> Option<&str> {
    let mut values = response
        .headers
        .iter()
        .filter(|(name, _)| name == "dpop-nonce")
        .map(|(_, value)| value.as_str());
    let nonce = values.next().filter(|nonce| is_sound(nonce))?;
    values.next().is_none().then_some(nonce)
}

fn is_sound(nonce: &str) -> bool {
    (1..=LONGEST).contains(&nonce.len())
        && nonce
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

fn origin(url: &str) -> Option<String> {
    Some(Url::parse(url).ok()?.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://op.example/token";

    fn answer(nonces: &[&str]) -> HttpResponse {
        let response = HttpResponse::new(200);
        let mut all = nonces.iter();
        all.try_fold(response, |response, nonce| {
            Some(response.with_header("DPoP-Nonce", *nonce))
        })
        .unwrap()
    }

    fn learned(nonces: &[&str]) -> Option<String> {
        let held = DpopNonces::default();
        let told = held.learn(Server::Authorization, URL, &answer(nonces));
        let latest = held.latest(Server::Authorization, URL);
        assert_eq!(told, latest.is_some());
        latest
    }

    // attack: FA-09
    #[test]
    fn a_hostile_nonce_counts_as_none() {
        let longest = "n".repeat(LONGEST);
        assert_eq!(
            learned(&["eyJ7S_zG.eyJH0-Z.HX4w-7v"]).as_deref(),
            Some("eyJ7S_zG.eyJH0-Z.HX4w-7v")
        );
        assert_eq!(learned(&[&longest]).as_deref(), Some(longest.as_str()));
        for hostile in [
            &[][..],
            &[""],
            &["two", "values"],
            &["same", "same"],
            &["with space"],
            &["a\r\nset-cookie: b"],
            &["quo\"te"],
            &["back\\slash"],
            &["\u{e4}"],
            &["\u{7f}"],
            &[&"n".repeat(LONGEST + 1)],
            &[&"n".repeat(1 << 20)],
        ] {
            assert_eq!(learned(hostile), None, "{}", hostile.len());
        }
    }

    // attack: FA-09
    #[test]
    fn a_hostile_nonce_leaves_the_sound_one_in_use() {
        let held = DpopNonces::default();
        assert!(held.learn(Server::Authorization, URL, &answer(&["first"])));
        assert!(!held.learn(Server::Authorization, URL, &answer(&["not this"])));
        assert_eq!(
            held.latest(Server::Authorization, URL).as_deref(),
            Some("first")
        );
    }

    #[test]
    fn every_server_has_its_own_nonce_and_clones_share_them() {
        let held = DpopNonces::default();
        let clone = held.clone();
        clone.learn(Server::Authorization, URL, &answer(&["a"]));
        clone.learn(Server::Resource, URL, &answer(&["b"]));
        clone.learn(
            Server::Authorization,
            "https://op.example:444/token",
            &answer(&["c"]),
        );
        let latest = |server, url| held.latest(server, url);
        assert_eq!(
            latest(Server::Authorization, "https://OP.example:443/par?x").as_deref(),
            Some("a")
        );
        assert_eq!(latest(Server::Resource, URL).as_deref(), Some("b"));
        assert_eq!(
            latest(Server::Authorization, "http://op.example/token"),
            None
        );
        assert_eq!(latest(Server::Authorization, "nowhere"), None);
    }

    #[test]
    fn a_thousand_servers_take_no_room_for_ever() {
        let held = DpopNonces::default();
        for number in 0..1000 {
            let url = format!("https://api-{number}.example/");
            assert!(held.learn(Server::Resource, &url, &answer(&["n"])));
            assert!(held.held().len() <= SERVERS);
        }
    }
}
