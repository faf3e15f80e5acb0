//! What a log-out at the provider finds sessions by.

use codegrant_core::Timestamp;

use super::record::SessionData;
use crate::seal::{KeyRing, Purpose};

/// One entry of the index by which a log-out at the provider finds sessions.
///
/// It stands for the provider's session, or for a person at an issuer, and tells neither: it is a keyed hash,
/// so that whoever reads the store cannot even try out known persons.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IndexKey(String);

impl IndexKey {
    /// Takes a text as the entry, for a store's own tests; real ones are hashes.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns it as text: 64 visible ASCII characters at most.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which sessions are over, as a provider names them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) session_id: Option<&'a str>,
    pub(crate) subject: Option<&'a str>,
    /// When the provider said so, by its own clock.
    pub(crate) at: Timestamp,
}

/// Whether what was said is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// By a logout token.
    Proven,
    /// By a logout token that was used before.
    Again,
    /// By nothing but that somebody knows the session id.
    Claimed,
}

/// What an entry stands for.
#[derive(Debug, Clone, Copy)]
enum Entry<'a> {
    /// The provider's session.
    Session(&'a str),
    /// A person.
    Subject(&'a str),
    /// A person whose session does not know the provider's.
    SubjectAlone(&'a str),
}

impl Entry<'_> {
    /// Computes the entry under every key of the ring, the one in use first.
    fn keys(self, issuer: &str, ring: &KeyRing) -> Vec<IndexKey> {
        let (kind, name) = match self {
            Self::Session(id) => ("session", id),
            Self::Subject(subject) => ("subject", subject),
            Self::SubjectAlone(subject) => ("subject alone", subject),
        };
        let names = ring.names(Purpose::Index, &[kind, issuer, name]);
        names.map(IndexKey).collect()
    }
}

/// An entry under every key, and when the sessions were issued that it ends: at that moment or before.
pub(super) struct Ending {
    pub(super) keys: Vec<IndexKey>,
    pub(super) issued_by: Timestamp,
}

/// Returns what a log-out that names sessions in this way ends.
///
/// A session id is exact: it ends that session whenever it began. A person alone may have logged in anew since
/// then. Both moments are the provider's own, so that no two clocks are compared. Where a token names both, a
/// session that never learned the provider's is found by the person.
pub(super) fn endings(named: &Named<'_>, said: Said, ring: &KeyRing) -> Vec<Ending> {
    let end_of_time = Timestamp::from_unix(i64::MAX);
    let mut endings = Vec::new();
    let mut end = |entry: Entry<'_>, issued_by| {
        endings.push(Ending {
            keys: entry.keys(named.issuer, ring),
            issued_by,
        });
    };
    match (named.session_id, named.subject) {
        (Some(id), subject) => {
            // A copy must not reach a login that came after it in the same session of the provider.
            let first = said != Said::Again;
            end(
                Entry::Session(id),
                if first { end_of_time } else { named.at },
            );
            if let Some(subject) = subject {
                end(Entry::SubjectAlone(subject), named.at);
            }
        }
        (None, Some(subject)) => end(Entry::Subject(subject), named.at),
        (None, None) => {}
    }
    endings
}

/// Returns the entries under which a session is found; none for one that no provider can end.
pub(super) fn entries_of(data: &SessionData, ring: &KeyRing) -> Vec<IndexKey> {
    if data.issued_at.is_none() {
        return Vec::new();
    }
    let (issuer, subject) = data.identity.key();
    let second = match &data.session_id {
        Some(id) => Entry::Session(id),
        None => Entry::SubjectAlone(subject),
    };
    [Entry::Subject(subject), second]
        .into_iter()
        .filter_map(|entry| entry.keys(issuer, ring).into_iter().next())
        .collect()
}
