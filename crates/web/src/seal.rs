//! Sealing: what is given to a browser or a store can be read and made by this app alone.
//!
//! AES-256-GCM under a key of its own for every message, derived by HMAC-SHA256 from a ring key and
//! 16 random bytes. A random 96-bit nonce under one key would wear out after 2^32 messages; a fresh key
//! each time does not.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::{hmac, rand};
use codegrant_core::jose::base64url;

const VERSION: u8 = 1;
const KEY_ID: usize = 4;
const SALT: usize = 16;
const HEADER: usize = 1 + KEY_ID + SALT + NONCE_LEN;

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
    keys: Vec<RingKey>,
    /// What else every text is bound to: the app that sealed it.
    app: String,
}

#[derive(Clone)]
struct RingKey {
    id: [u8; KEY_ID],
    key: hmac::Key,
}

impl KeyRing {
    /// Makes a ring from secrets of at least 32 bytes each, the one that seals first.
    pub(crate) fn new(secrets: &[impl AsRef<[u8]>], app: impl Into<String>) -> Self {
        let keys = secrets
            .iter()
            .map(|secret| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref());
                let mut id = [0; KEY_ID];
                let tag = hmac::sign(&key, b"codegrant key id");
                id.copy_from_slice(&tag.as_ref()[..KEY_ID]);
                RingKey { id, key }
            })
            .collect();
        Self {
            keys,
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
        let random: [u8; SALT + NONCE_LEN] = random();
        let (salt, nonce) = random.split_at(SALT);
        let mut sealed = Vec::with_capacity(HEADER + text.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&ring_key.id);
        sealed.extend_from_slice(&random);
        let mut body = text.to_vec();
        ring_key
            .message_key(salt)
            .seal_in_place_append_tag(nonce_of(nonce), self.bound_to(purpose, place), &mut body)
            .expect("a cookie's length is within AES-GCM's");
        sealed.extend_from_slice(&body);
        sealed
    }

    /// Opens what [`KeyRing::seal`] made for the same purpose and place; `None` for anything else.
    pub(crate) fn open(&self, purpose: Purpose, place: &[&str], sealed: &[u8]) -> Option<Vec<u8>> {
        let (header, body) = sealed.split_at_checked(HEADER)?;
        let (version, rest) = header.split_first()?;
        let (key_id, random) = rest.split_at(KEY_ID);
        let (salt, nonce) = random.split_at(SALT);
        if *version != VERSION {
            return None;
        }
        let ring_key = self.keys.iter().find(|held| held.id == key_id)?;
        let mut body = body.to_vec();
        let opened = ring_key
            .message_key(salt)
            .open_in_place(nonce_of(nonce), self.bound_to(purpose, place), &mut body)
            .ok()?
            .len();
        body.truncate(opened);
        Some(body)
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
        self.open(purpose, place, &base64url::decode(text)?)
    }

    /// Computes a name for something that must not be told, under every key, the one that seals first.
    pub(crate) fn names(
        &self,
        purpose: Purpose,
        parts: &[&str],
    ) -> impl Iterator<Item = String> + use<'_> {
        let bound = self.bound_to(purpose, parts);
        self.keys.iter().map(move |held| {
            let mut context = hmac::Context::with_key(&held.key);
            context.update(b"codegrant name");
            context.update(bound.as_ref());
            base64url::encode(context.sign().as_ref())
        })
    }

    fn bound_to(&self, purpose: Purpose, place: &[&str]) -> Aad<Vec<u8>> {
        let mut bound = Vec::new();
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

impl RingKey {
    fn message_key(&self, salt: &[u8]) -> LessSafeKey {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"codegrant message key");
        context.update(salt);
        let derived = context.sign();
        let key =
            UnboundKey::new(&AES_256_GCM, derived.as_ref()).expect("HMAC-SHA256 gives 32 bytes");
        LessSafeKey::new(key)
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

fn nonce_of(bytes: &[u8]) -> Nonce {
    Nonce::try_assume_unique_for_key(bytes).expect("the slice is a nonce long")
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
            ring.open(Purpose::Session, &["name"], &sealed).unwrap(),
            b"text"
        );
        assert!(
            ring.open(Purpose::Transaction, &["name"], &sealed)
                .is_none()
        );
        assert!(ring.open(Purpose::Session, &["other"], &sealed).is_none());
        assert!(
            ring.open(Purpose::Session, &["na", "me"], &sealed)
                .is_none()
        );
        let elsewhere = KeyRing::new(&[ONE], "https://other.example/auth");
        assert!(
            elsewhere
                .open(Purpose::Session, &["name"], &sealed)
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
                ring.open(Purpose::Session, &[], &changed).is_none(),
                "byte {at}"
            );
            assert!(
                ring.open(Purpose::Session, &[], &sealed[..at]).is_none(),
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
                .open(Purpose::Session, &[], &sealed)
                .is_some()
        );
        assert!(ring(&[TWO]).open(Purpose::Session, &[], &sealed).is_none());
    }

    // attack: CK-08
    #[test]
    fn the_same_text_never_seals_to_the_same_bytes() {
        let ring = ring(&[ONE]);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1_000 {
            let sealed = ring.seal(Purpose::Session, &[], b"text");
            assert!(seen.insert(sealed[1 + KEY_ID..HEADER].to_vec()));
            assert!(seen.insert(sealed[HEADER..].to_vec()));
        }
    }
}
