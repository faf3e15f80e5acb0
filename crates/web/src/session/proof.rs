//! An identity that was proved for the account of a live session, and waits for the person's yes.
//!
//! It waits where sessions are: in a sealed cookie, or in the store, so that an app that keeps tokens out of
//! browsers keeps these out as well.

use codegrant_core::{Timestamp, TransactionId};
use minicbor::{Decode, Encode};

use super::record::SessionData;
use super::session_key::SessionKey;
use super::sessions::{Found, Place, Sessions};
use super::store::{Created, Record, Replaced};
use super::written;
use crate::cookie::{self, Jar};
use crate::error::{Error, SessionError};
use crate::seal::{self, Purpose};

/// How long a person may think about it, in seconds.
const KEPT_SECONDS: i64 = 600;

/// How often a session that others write to is read again before it gets a new id.
const ATTEMPTS: usize = 8;

/// An identity that waits.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Proof {
    /// The session that asked, by the transaction that opened it.
    #[cbor(n(0), with = "written::transaction")]
    pub(crate) session: TransactionId,
    /// When it was proved.
    #[cbor(n(1), with = "written::moment")]
    at: Timestamp,
    /// What was proved.
    #[cbor(n(2), with = "written::session")]
    pub(crate) login: SessionData,
}

/// An identity of this browser that waits no longer.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Settled {
    /// The login that proved it.
    #[cbor(n(0), with = "written::transaction")]
    pub(crate) transaction: TransactionId,
    #[n(1)]
    pub(crate) return_to: String,
}

/// What the cookie of a provider's links says.
#[derive(Encode, Decode)]
enum Waiting {
    #[n(0)]
    Here(#[n(0)] Box<Proof>),
    /// In the store, under this id; once it is gone from there it waits no longer.
    #[n(1)]
    Stored {
        #[n(0)]
        id: String,
        #[cbor(n(1), with = "written::moment")]
        at: Timestamp,
        #[n(2)]
        then: Settled,
    },
    #[n(2)]
    Settled(#[n(0)] Settled),
}

/// What this browser has of a provider's links.
pub(crate) enum Held {
    /// An identity that waits.
    Proof(Box<Proof>),
    /// One that was confirmed.
    Settled(Settled),
}

impl Proof {
    /// What is left of it once it waits no longer.
    fn settled(&self) -> Settled {
        Settled {
            transaction: self.login.transaction,
            return_to: self.login.return_to.clone(),
        }
    }
}

/// Tells whether a person may still say yes to what was proved then.
fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    (0..KEPT_SECONDS).contains(&now.seconds_since(at))
}

impl Sessions {
    /// Returns the cookies that let an identity wait for a yes.
    pub(crate) async fn hold_proof(
        &self,
        session: TransactionId,
        login: SessionData,
        jar: &Jar<'_>,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        let provider = login.identity.provider.clone();
        let proof = Proof {
            session,
            at: now,
            login,
        };
        let waiting = if self.stored {
            let id = codegrant_core::jose::base64url::encode(&seal::random::<32>());
            let key = SessionKey::of_id(&id);
            let text = written::written_as_cbor(&proof);
            let record = Record {
                sealed: self
                    .ring
                    .seal(Purpose::Proof, &[key.as_str()], &text)
                    .into(),
                version: 0,
                expires_at: now.plus(KEPT_SECONDS),
                index: Vec::new(),
                issued_at: now,
            };
            if self.store().create(&key, record, now).await? == Created::No {
                // Two random numbers of 256 bits do not meet.
                return Err(SessionError::Gone.into());
            }
            Waiting::Stored {
                id,
                at: now,
                then: proof.settled(),
            }
        } else {
            Waiting::Here(Box::new(proof))
        };
        self.keep_waiting(&provider, &waiting, jar)
    }

    /// Finds what this browser has of a provider's links; what waited too long is not there.
    pub(crate) async fn held_proof(
        &self,
        provider: &str,
        jar: &Jar<'_>,
        now: Timestamp,
    ) -> Result<Option<Held>, Error> {
        let proof = match self.waiting(provider, jar) {
            None => return Ok(None),
            Some(Waiting::Settled(settled)) => return Ok(Some(Held::Settled(settled))),
            Some(Waiting::Here(proof)) => Some(proof),
            Some(Waiting::Stored { id, at, then }) => {
                let key = SessionKey::of_id(&id);
                let Some(record) = self.store().load(&key, now).await? else {
                    return Ok(is_fresh(at, now).then_some(Held::Settled(then)));
                };
                let place = [key.as_str()];
                let sealed = record.sealed.to_vec();
                let opened = self.ring.open(Purpose::Proof, &place, sealed);
                opened.and_then(|text| minicbor::decode(&text).ok())
            }
        };
        let fresh = proof.filter(|proof| is_fresh(proof.at, now));
        Ok(fresh.map(Held::Proof))
    }

    /// Forgets what waited, and returns what drops its cookies.
    pub(crate) async fn drop_proof(
        &self,
        provider: &str,
        jar: &Jar<'_>,
    ) -> Result<Vec<String>, Error> {
        if let Some(Waiting::Stored { id, .. }) = self.waiting(provider, jar) {
            self.store().delete(&SessionKey::of_id(&id)).await?;
        }
        let name = self.proof_name(provider);
        let held = cookie::pieces(&name).filter(|piece| jar.first(piece).is_some());
        Ok(held.map(|piece| self.cookies.drop(&piece)).collect())
    }

    /// Forgets what waited, and returns the cookies by which this browser is known to have added it.
    pub(crate) async fn settle_proof(
        &self,
        proof: &Proof,
        jar: &Jar<'_>,
    ) -> Result<Vec<String>, Error> {
        let provider = &proof.login.identity.provider;
        if let Some(Waiting::Stored { id, .. }) = self.waiting(provider, jar) {
            self.store().delete(&SessionKey::of_id(&id)).await?;
        }
        let settled = Waiting::Settled(proof.settled());
        self.keep_waiting(provider, &settled, jar)
    }

    /// Gives a session a new id, and ends the old one: in one step, so that a session that was logged out
    /// meanwhile stays so. `None` when it is gone.
    ///
    /// A sealed cookie is sealed anew.
    pub(crate) async fn change_id(
        &self,
        found: &Found,
        jar: &Jar<'_>,
        now: Timestamp,
    ) -> Result<Option<Vec<String>>, Error> {
        let data = found.session.data();
        let Place::Store { key, version } = &found.place else {
            let seconds = data.ends_at.seconds_since(now).max(0);
            return self.cookies_of(data, jar, seconds).map(Some);
        };
        let id = codegrant_core::jose::base64url::encode(&seal::random::<32>());
        let new = SessionKey::of_id(&id);
        let (mut data, mut expected) = (data.clone(), *version);
        for _ in 0..ATTEMPTS {
            let record = self.record(&new, &data, 0, now);
            if self.store().create(&new, record, now).await? == Created::No {
                return Err(SessionError::Gone.into());
            }
            // From here on nothing opens under the old id: an empty record is no session.
            let emptied = Record {
                sealed: [].into(),
                version: expected + 1,
                expires_at: self.idle_end(&data, now),
                index: Vec::new(),
                issued_at: now,
            };
            if self.store().replace(key, expected, emptied, now).await? == Replaced::Yes {
                self.store().delete(key).await?;
                let seconds = data.ends_at.seconds_since(now).max(0);
                return self.set(&id, jar, seconds).map(Some);
            }
            // Somebody wrote meanwhile: with those tokens again, or not at all.
            self.store().delete(&new).await?;
            let Some(stored) = self.store().load(key, now).await? else {
                return Ok(None);
            };
            let Some(held) = self.unseal(key, &stored) else {
                return Ok(None);
            };
            (data, expected) = (held, stored.version);
        }
        Err(SessionError::Gone.into())
    }

    fn proof_name(&self, provider: &str) -> String {
        self.cookies.name(&format!("link.{provider}"))
    }

    fn waiting(&self, provider: &str, jar: &Jar<'_>) -> Option<Waiting> {
        let name = self.proof_name(provider);
        let sealed = cookie::join(jar, &name)?;
        let sealed = str::from_utf8(&sealed).ok()?;
        let text = self.ring.open_text(Purpose::Proof, &[&name], sealed)?;
        minicbor::decode(&text).ok()
    }

    fn keep_waiting(
        &self,
        provider: &str,
        waiting: &Waiting,
        jar: &Jar<'_>,
    ) -> Result<Vec<String>, Error> {
        let name = self.proof_name(provider);
        let text = written::written_as_cbor(waiting);
        let sealed = self.ring.seal_text(Purpose::Proof, &[&name], &text);
        self.set_pieces(&name, &sealed, jar, KEPT_SECONDS)
    }
}
