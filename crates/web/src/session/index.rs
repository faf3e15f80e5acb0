//! What sessions are found by that end together.

use codegrant_core::{Timestamp, TransactionId};

use super::record::SessionData;
use crate::seal::{self, KeyRing, Purpose};

/// One entry of the index by which sessions are found that end together.
///
/// It stands for one login, a provider's session, a person at an issuer, or an account, and tells none of them: it
/// is a keyed hash, so that whoever reads the store cannot even try out known persons. Its first eight characters say
/// which part of the index it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IndexKey(String);

/// How many characters say the part, the mark of what nobody proved included.
const PART: usize = 8;

const PROVEN: &str = ".";
const CLAIMED: &str = "~";
const LOGINS: &str = ".logins-";
const ACCOUNTS: &str = ".account";

impl IndexKey {
    /// Takes a text as the entry, as a store has it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns it as text: 64 visible ASCII characters at most.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the entry of one login; its transaction is a hash already.
    pub(crate) fn of_login(transaction: TransactionId) -> Self {
        Self(format!("{LOGINS}{}", transaction.to_hex()))
    }

    /// Returns the same entry as it is ended by what nobody proved.
    pub(super) fn claimed(&self) -> Self {
        Self(format!("{CLAIMED}{}", self.0.get(1..).unwrap_or_default()))
    }

    pub(super) fn is_claimed(&self) -> bool {
        self.0.starts_with(CLAIMED)
    }

    pub(super) fn is_one_login(&self) -> bool {
        self.0.starts_with(LOGINS)
    }

    /// Returns which part it belongs to: our own log-outs, accounts, or an issuer's, proven or not.
    pub(super) fn part(&self) -> &str {
        self.0.get(..PART).unwrap_or(&self.0)
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
    /// An account of the app's own, at whatever issuer its people log in.
    Account(&'a str),
}

impl Entry<'_> {
    /// Computes the entry under every key of the ring, the one in use first.
    fn keys(self, issuer: &str, ring: &KeyRing) -> Vec<IndexKey> {
        let (kind, issuer, name) = match self {
            Self::Session(id) => ("session", issuer, id),
            Self::Subject(subject) => ("subject", issuer, subject),
            Self::SubjectAlone(subject) => ("subject alone", issuer, subject),
            Self::Account(account) => ("account", "", account),
        };
        let part = match self {
            Self::Account(_) => ACCOUNTS.to_owned(),
            _ => {
                let hash = seal::hash(issuer.as_bytes());
                format!("{PROVEN}{}", &hash[..PART - PROVEN.len()])
            }
        };
        let names = ring.names(Purpose::Index, &[kind, issuer, name]);
        names
            .map(|name| IndexKey(format!("{part}{name}")))
            .collect()
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

/// Whose sessions end together, wherever they are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose<'a> {
    /// An account's of the app's own.
    Account(&'a str),
    /// A person's at an issuer.
    Person {
        /// The issuer.
        issuer: &'a str,
        /// The person there.
        subject: &'a str,
    },
}

impl Whose<'_> {
    /// Computes the entry under every key of the ring.
    pub(super) fn keys(self, ring: &KeyRing) -> Vec<IndexKey> {
        match self {
            Self::Account(account) => Entry::Account(account).keys("", ring),
            Self::Person { issuer, subject } => Entry::Subject(subject).keys(issuer, ring),
        }
    }
}

/// Returns the entries under which a session is found, by the key in use.
pub(super) fn entries_of(data: &SessionData, ring: &KeyRing) -> Vec<IndexKey> {
    let first = |keys: Vec<IndexKey>| keys.into_iter().next();
    all_of(data, ring).filter_map(first).collect()
}

/// Returns the entries that may have ended a session, by every key: another process may have another in use.
pub(super) fn lookups(data: &SessionData, ring: &KeyRing) -> Vec<IndexKey> {
    all_of(data, ring).flatten().collect()
}

fn all_of<'a>(
    data: &'a SessionData,
    ring: &'a KeyRing,
) -> impl Iterator<Item = Vec<IndexKey>> + 'a {
    let (issuer, subject) = data.identity.key();
    // A provider that may end sessions names its own, or the person.
    let by_provider = data.issued_at.map(|_| match &data.session_id {
        Some(id) => Entry::Session(id),
        None => Entry::SubjectAlone(subject),
    });
    let account = data.account.as_deref().map(Entry::Account);
    [Some(Entry::Subject(subject)), by_provider, account]
        .into_iter()
        .flatten()
        .map(move |entry| entry.keys(issuer, ring))
}
