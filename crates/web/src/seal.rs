//! Sealing: what is given to a browser or a store can be read and made by this app alone.
//!
//! AES-256-GCM-SIV (RFC 8452) under one key for each secret of the ring. It derives a key of its own for each nonce,
//! so that random nonces do not wear a key out, and a nonce that came twice would tell no more than whether two texts
//! for one place are equal.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::{hmac, rand};
use codegrant_core::jose::base64url;

/// 1 was AES-256-GCM under a key for each message.
const VERSION: u8 = 2;
const KEY_ID: usize = 4;
const HEADER: usize = 1 + KEY_ID + NONCE_LEN;

/// What stands in the place of the version before a text that is not sealed.
const PLAIN: u8 = 0;
const MARK: usize = 8;

/// How long what a text is bound to is as a rule; more takes one allocation more.
const BOUND: usize = 192;

/// The shortest secret that is accepted, in bytes.
pub(crate) const SHORTEST_SECRET: usize = 32;

/// What a sealed text is for: one purpose's text never opens as another's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Transaction,
    Session,
    Record,
    HandOver,
    Index,
    LogOut,
    Registration,
    StepUp,
    Linking,
    Proof,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Session => "session",
            Self::Record => "record",
            Self::HandOver => "hand-over",
            Self::Index => "index",
            Self::LogOut => "log-out",
            Self::Registration => "registration",
            Self::StepUp => "step-up",
            Self::Linking => "linking",
            Self::Proof => "proof",
        }
    }
}

/// Keys for sealing: the first seals, all of them open, so that a key can be replaced without a log-out.
#[derive(Clone)]
pub(crate) struct KeyRing {
    keys: Arc<[RingKey]>,
    /// What else every text is bound to: the app that sealed it.
    app: Arc<str>,
}

/// What is derived from one secret, each for one use.
struct RingKey {
    id: [u8; KEY_ID],
    sealing: LessSafeKey,
    naming: hmac::Key,
    /// What stands before plain texts of this app, and of no other that shares a store with it.
    mark: [u8; MARK],
}

impl RingKey {
    fn new(secret: &[u8], app: &str) -> Self {
        let naming = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&naming, b"codegrant sealing key");
        let sealing = UnboundKey::new(&AES_256_GCM_SIV, derived.as_ref());
        let mut id = [0; KEY_ID];
        let tag = hmac::sign(&naming, b"codegrant key id");
        id.copy_from_slice(&tag.as_ref()[..KEY_ID]);
        let mut mark = [0; MARK];
        let tag = hmac::sign(&naming, format!("codegrant plain {app}").as_bytes());
        mark.copy_from_slice(&tag.as_ref()[..MARK]);
        Self {
            id,
            mark,
            sealing: LessSafeKey::new(sealing.expect("HMAC-SHA256 gives 32 bytes")),
            naming,
        }
    }
}

impl KeyRing {
    /// Makes a ring from secrets of at least 32 bytes each, the one that seals first.
    pub(crate) fn new(secrets: &[impl AsRef<[u8]>], app: &str) -> Self {
        let ring_key = |secret: &_| RingKey::new(AsRef::as_ref(secret), app);
        Self {
            keys: secrets.iter().map(ring_key).collect(),
            app: app.into(),
        }
    }

    /// Makes a secret for one process: what it sealed is lost when the process ends.
    pub(crate) fn random_secret() -> [u8; 32] {
        random()
    }

    /// Seals a text for a purpose and a place, for example a cookie's name.
    pub(crate) fn seal(&self, purpose: Purpose, place: &[&str], text: &[u8]) -> Vec<u8> {
        let ring_key = self.keys.first().expect("a ring has a key");
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = Vec::with_capacity(HEADER + text.len() + AES_256_GCM_SIV.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&ring_key.id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(text);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let bound = self.bound_to(purpose, place);
        let text = &mut sealed[HEADER..];
        let tag = ring_key
            .sealing
            .seal_in_place_separate_tag(nonce, bound, text)
            .expect("a cookie's length is within the algorithm's");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens what [`KeyRing::seal`] made for the same purpose and place; `None` for anything else.
    pub(crate) fn open(
        &self,
        purpose: Purpose,
        place: &[&str],
        mut sealed: Vec<u8>,
    ) -> Option<Vec<u8>> {
        let header = sealed.first_chunk::<HEADER>()?;
        let (version, rest) = header.split_first()?;
        let (key_id, nonce) = rest.split_at(KEY_ID);
        if *version != VERSION {
            return None;
        }
        let ring_key = self.keys.iter().find(|held| held.id == key_id)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let bound = self.bound_to(purpose, place);
        let opened = ring_key
            .sealing
            .open_within(nonce, bound, &mut sealed, HEADER..)
            .ok()?
            .len();
        sealed.truncate(opened);
        Some(sealed)
    }

    /// Seals into text that a cookie may hold.
    pub(crate) fn seal_text(&self, purpose: Purpose, place: &[&str], text: &[u8]) -> String {
        base64url::encode(&self.seal(purpose, place, text))
    }

    /// Opens what [`KeyRing::seal_text`] made.
    pub(crate) fn open_text(
        &self,
        purpose: Purpose,
        place: &[&str],
        text: &str,
    ) -> Option<Vec<u8>> {
        self.open(purpose, place, base64url::decode(text)?)
    }

    /// Marks a text that stays in this process's memory, where sealing it beside its key would hide nothing.
    pub(crate) fn mark_plain(&self, text: &[u8]) -> Vec<u8> {
        let ring_key = self.keys.first().expect("a ring has a key");
        [&[PLAIN], &ring_key.mark[..], text].concat()
    }

    /// Returns what [`KeyRing::mark_plain`] marked for this app, with a key of this ring; `None` for anything else.
    ///
    /// Nothing is proved by it: it is for what no other process can have written.
    pub(crate) fn plain<'a>(&self, marked: &'a [u8]) -> Option<&'a [u8]> {
        let (plain, rest) = marked.split_first()?;
        let (mark, text) = rest.split_at_checked(MARK)?;
        let ours = self.keys.iter().any(|held| held.mark == mark);
        (*plain == PLAIN && ours).then_some(text)
    }

    /// Computes a name for something that must not be told, under every key, the one that seals first.
    pub(crate) fn names(
        &self,
        purpose: Purpose,
        parts: &[&str],
    ) -> impl Iterator<Item = String> + use<'_> {
        let bound = self.bound_to(purpose, parts);
        self.keys.iter().map(move |held| {
            let mut context = hmac::Context::with_key(&held.naming);
            context.update(b"codegrant name");
            context.update(bound.as_ref());
            base64url::encode(context.sign().as_ref())
        })
    }

    fn bound_to(&self, purpose: Purpose, place: &[&str]) -> Aad<Vec<u8>> {
        let mut bound = Vec::with_capacity(BOUND);
        // Each part goes in with its length: ("a", "bc") must not equal ("ab", "c").
        for part in ["codegrant", purpose.as_str(), &self.app]
            .iter()
            .chain(place)
        {
            bound.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bound.extend_from_slice(part.as_bytes());
        }
        Aad::from(bound)
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing")
            .field("keys", &self.keys.len())
            .field("app", &self.app)
            .finish()
    }
}

/// Returns bytes from the operating system's generator.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// Makes a name under which an operator finds what a page will not tell.
pub(crate) fn correlation_id() -> String {
    base64url::encode(&random::<9>())
}

/// Returns the SHA-256 of a text, base64url.
pub(crate) fn hash(text: &[u8]) -> String {
    base64url::encode(digest(&SHA256, text).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(secrets: &[&[u8; 32]]) -> KeyRing {
        KeyRing::new(secrets, "https://app.example/auth")
    }

    const ONE: &[u8; 32] = &[1; 32];
    const TWO: &[u8; 32] = &[2; 32];

    // attack: CK-11 ST-32
    #[test]
    fn a_sealed_text_opens_only_for_its_purpose_place_and_app() {
        let ring = ring(&[ONE]);
        let sealed = ring.seal(Purpose::Session, &["name"], b"text");
        assert_eq!(
            ring.open(Purpose::Session, &["name"], sealed.clone())
                .unwrap(),
            b"text"
        );
        assert!(
            ring.open(Purpose::Transaction, &["name"], sealed.clone())
                .is_none()
        );
        assert!(
            ring.open(Purpose::Session, &["other"], sealed.clone())
                .is_none()
        );
        assert!(
            ring.open(Purpose::Session, &["na", "me"], sealed.clone())
                .is_none()
        );
        let elsewhere = KeyRing::new(&[ONE], "https://other.example/auth");
        assert!(
            elsewhere
                .open(Purpose::Session, &["name"], sealed)
                .is_none()
        );
    }

    #[test]
    fn a_changed_byte_anywhere_makes_it_unreadable() {
        let ring = ring(&[ONE]);
        let sealed = ring.seal(Purpose::Session, &[], b"text");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(
                ring.open(Purpose::Session, &[], changed).is_none(),
                "byte {at}"
            );
            assert!(
                ring.open(Purpose::Session, &[], sealed[..at].to_vec())
                    .is_none(),
                "cut at {at}"
            );
        }
    }

    // attack: CK-07
    #[test]
    fn an_old_key_opens_while_it_is_in_the_ring_and_not_after() {
        let sealed = ring(&[ONE]).seal(Purpose::Session, &[], b"text");
        assert!(
            ring(&[TWO, ONE])
                .open(Purpose::Session, &[], sealed.clone())
                .is_some()
        );
        assert!(ring(&[TWO]).open(Purpose::Session, &[], sealed).is_none());
    }

    // attack: CK-08
    #[test]
    fn the_same_text_never_seals_to_the_same_bytes() {
        let ring = ring(&[ONE]);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1_000 {
            let sealed = ring.seal(Purpose::Session, &[], b"text");
            assert!(
                seen.insert(sealed[1 + KEY_ID..HEADER].to_vec()),
                "a nonce came twice"
            );
            assert!(seen.insert(sealed[HEADER..].to_vec()));
        }
    }

    #[test]
    fn a_plain_text_is_known_by_the_app_that_marked_it() {
        let marked = ring(&[ONE]).mark_plain(b"text");
        assert_eq!(ring(&[ONE]).plain(&marked).unwrap(), b"text");
        assert!(ring(&[TWO, ONE]).plain(&marked).is_some());
        assert!(ring(&[TWO]).plain(&marked).is_none());
        let elsewhere = KeyRing::new(&[ONE], "https://other.example/auth");
        assert!(elsewhere.plain(&marked).is_none());
        for length in 0..=MARK {
            assert!(ring(&[ONE]).plain(&marked[..length]).is_none());
        }
    }

    #[test]
    fn what_is_sealed_and_what_is_plain_are_never_taken_for_each_other() {
        let ring = ring(&[ONE]);
        let sealed = ring.seal(Purpose::Record, &[], b"text");
        assert!(ring.plain(&sealed).is_none());
        let marked = ring.mark_plain(&[0; 100]);
        assert!(ring.open(Purpose::Record, &[], marked).is_none());
    }
}
