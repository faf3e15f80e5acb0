//! Transactions in their cookies: one sealed cookie for each login, so that parallel tabs work.

use codegrant_core::{Timestamp, Transaction, TransactionId};
use serde::{Deserialize, Serialize};

use crate::cookie::{Cookies, Jar, VALUE_LIMIT};
use crate::error::{LostTransaction, SessionError};
use crate::seal::{KeyRing, Purpose};

/// The most logins that one browser may have open.
const OPEN_LOGINS: usize = 8;

/// The most bytes that they and the session may take in a `Cookie` header, of which proxies take 8 KiB.
const OPEN_BYTES: usize = 7 * 1024;

/// How long a browser keeps the cookie, in seconds: longer than the transaction is good for, so that a
/// login that took too long can start again with its `return_to`.
const KEPT_SECONDS: i64 = 3600;

/// Begins the name of a transaction's cookie, behind what begins all names of the app.
const PREFIX: &str = "login.";

/// Names the cookie that marks a login as handed over.
const HANDED_OVER: &str = "handed-over";

/// A login that ends at the same page so soon after another, in seconds, found the user logged out there.
const ROUND_SECONDS: i64 = 10;

/// What a login is for that adds an identity to an account: the session that asked, by the transaction that
/// opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    #[serde(rename = "s")]
    pub(crate) session: TransactionId,
}

/// A login that adds an identity, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Linking {
    #[serde(rename = "l")]
    intent: Intent,
    #[serde(rename = "x")]
    transaction: Transaction,
}

pub(crate) struct Transactions {
    cookies: Cookies,
    ring: KeyRing,
    /// Begins the name of a transaction's cookie.
    prefix: String,
}

impl Transactions {
    pub(crate) fn new(cookies: Cookies, ring: KeyRing) -> Self {
        Self {
            prefix: cookies.name(PREFIX),
            cookies,
            ring,
        }
    }

    fn name(&self, id: TransactionId) -> String {
        [&self.prefix, id.to_hex().as_str()].concat()
    }

    /// Returns the cookies that keep a transaction and drop the oldest when there are too many.
    ///
    /// One that adds an identity is sealed for a purpose of its own: whoever reads it knows what it is for, and it
    /// never opens as a login.
    pub(crate) fn keep(
        &self,
        id: TransactionId,
        transaction: &Transaction,
        intent: Option<Intent>,
        jar: &Jar<'_>,
    ) -> Result<Vec<String>, SessionError> {
        let name = self.name(id);
        let place = [name.as_str(), transaction.provider()];
        // Room for all but the longest, made once.
        let mut text = Vec::with_capacity(512);
        let (purpose, written) = match intent {
            None => (
                Purpose::Transaction,
                serde_json::to_writer(&mut text, transaction),
            ),
            Some(intent) => {
                let transaction = transaction.clone();
                let linking = Linking {
                    intent,
                    transaction,
                };
                (Purpose::Linking, serde_json::to_writer(&mut text, &linking))
            }
        };
        written.expect("a transaction is plain data");
        let sealed = self.ring.seal_text(purpose, &place, &text);
        if sealed.len() > VALUE_LIMIT {
            return Err(SessionError::TransactionTooLarge {
                bytes: sealed.len(),
                limit: VALUE_LIMIT,
            });
        }
        let mut cookies = vec![self.cookies.keep(&name, &sealed, KEPT_SECONDS)];
        let mut open: Vec<(&str, &str)> = jar.starting(&self.prefix).collect();
        // Browsers send cookies of one path oldest first (RFC 6265 section 5.4).
        open.reverse();
        // Everything of this app shares one header line: the session goes first, this login second.
        let size = |(name, value): (&str, &str)| name.len() + value.len() + 3;
        let others = self.cookies.name("");
        let session = jar
            .starting(&others)
            .filter(|(name, _)| !name.starts_with(&self.prefix));
        let mut bytes = size((&name, &sealed)) + session.map(size).sum::<usize>();
        for (at, (name, value)) in open.into_iter().enumerate() {
            bytes += size((name, value));
            if at + 1 >= OPEN_LOGINS || bytes > OPEN_BYTES {
                cookies.push(self.cookies.drop(name));
            }
        }
        Ok(cookies)
    }

    /// Finds a transaction, and what it is for; it still has to be compared with the state that named it.
    pub(crate) fn find(
        &self,
        id: TransactionId,
        provider: &str,
        jar: &Jar<'_>,
    ) -> Result<(Transaction, Option<Intent>), LostTransaction> {
        let name = self.name(id);
        let mut sealed = jar.all(&name).peekable();
        if sealed.peek().is_none() {
            let any = jar.starting(&self.cookies.name("")).next().is_some();
            return Err(if any {
                LostTransaction::Unknown
            } else {
                LostTransaction::NoCookies
            });
        }
        sealed
            .take(OPEN_LOGINS)
            .find_map(|value| {
                let open = |purpose| self.ring.open_text(purpose, &[&name, provider], value);
                if let Some(text) = open(Purpose::Transaction) {
                    return Some((serde_json::from_slice(&text).ok()?, None));
                }
                let linking: Linking = serde_json::from_slice(&open(Purpose::Linking)?).ok()?;
                Some((linking.transaction, Some(linking.intent)))
            })
            .ok_or(LostTransaction::Unreadable)
    }

    /// Returns what drops a transaction's cookie: it is used once, whatever comes of it.
    pub(crate) fn drop(&self, id: TransactionId) -> String {
        self.cookies.drop(&self.name(id))
    }

    /// Returns the cookie by which this browser is known to have finished a login that opened no session.
    pub(crate) fn hand_over(
        &self,
        transaction: TransactionId,
        return_to: &str,
        now: Timestamp,
    ) -> String {
        let mark = HandedOver {
            transaction,
            return_to: return_to.to_owned(),
            at: now,
        };
        let name = self.cookies.name(HANDED_OVER);
        let text = serde_json::to_vec(&mark).expect("a mark is plain data");
        let sealed = self.ring.seal_text(Purpose::HandOver, &[&name], &text);
        self.cookies.keep(&name, &sealed, KEPT_SECONDS)
    }

    /// Returns where that login ended, if it was the last that was handed over here.
    pub(crate) fn handed_over(&self, id: TransactionId, jar: &Jar<'_>) -> Option<String> {
        let mark = self.mark(jar)?;
        (mark.transaction == id).then_some(mark.return_to)
    }

    /// Tells whether a login of this browser was handed over moments ago, on the way to the same page.
    pub(crate) fn handed_over_just_now(
        &self,
        return_to: &str,
        jar: &Jar<'_>,
        now: Timestamp,
    ) -> bool {
        self.mark(jar).is_some_and(|mark| {
            mark.return_to == return_to && now.seconds_since(mark.at) < ROUND_SECONDS
        })
    }

    fn mark(&self, jar: &Jar<'_>) -> Option<HandedOver> {
        let name = self.cookies.name(HANDED_OVER);
        let sealed = jar.first(&name)?;
        let text = self.ring.open_text(Purpose::HandOver, &[&name], sealed)?;
        serde_json::from_slice(&text).ok()
    }

    /// Tells whether the request brought a transaction's cookie.
    pub(crate) fn is_held(&self, id: TransactionId, jar: &Jar<'_>) -> bool {
        jar.first(&self.name(id)).is_some()
    }
}

/// The last login of this browser that opened no session of ours.
#[derive(Serialize, Deserialize)]
struct HandedOver {
    #[serde(rename = "t")]
    transaction: TransactionId,
    #[serde(rename = "g")]
    return_to: String,
    #[serde(rename = "b")]
    at: Timestamp,
}

/// How old a transaction may be, and then some, in seconds: as long as a used one is remembered.
pub(crate) fn remembered_until(transaction: &Transaction) -> Timestamp {
    transaction
        .started_at()
        .plus(2 * Transaction::LIFETIME_SECONDS)
}
