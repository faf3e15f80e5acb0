//! What of an ID token has to be remembered for the next one (OpenID Connect Core 1.0 section 12.2).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use crate::error::IdTokenError;
use crate::id_token::{CLOCK_SKEW_SECONDS, IdToken, moment};
use crate::identity::Identity;
use crate::jose::base64url;
use crate::time::Timestamp;

/// What of an ID token has to be remembered, to hold the one of the next refresh to it: small, and no secret.
///
/// ```
/// use codegrant_core::IdTokenRecord;
/// let record: IdTokenRecord = serde_json::from_str(r#"{"i":1800000000,"n":"AAAAAAAAAAAAAAAAAAAAAA"}"#)?;
/// assert_eq!(serde_json::to_string(&record)?.len(), 45);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenRecord {
    #[serde(rename = "i")]
    issued_at: Timestamp,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    nonce: Option<NonceHash>,
}

impl IdToken {
    /// Returns what of it has to be remembered for the next refresh.
    pub fn record(&self) -> IdTokenRecord {
        let nonce = self.claims().get("nonce").and_then(Value::as_str);
        IdTokenRecord {
            issued_at: issued_at(self.claims()).unwrap_or(Timestamp::from_unix(0)),
            nonce: nonce.map(NonceHash::of),
        }
    }
}

impl IdTokenRecord {
    /// Takes what [`IdTokenRecord::to_parts`] gave.
    pub fn from_parts(issued_at: Timestamp, nonce: Option<[u8; 16]>) -> Self {
        Self {
            issued_at,
            nonce: nonce.map(NonceHash),
        }
    }

    /// Returns when the ID token was issued, and the hash of its nonce if it had one.
    pub fn to_parts(&self) -> (Timestamp, Option<[u8; 16]>) {
        (self.issued_at, self.nonce.map(|nonce| nonce.0))
    }

    /// Checks that a proven ID token may follow the one that this was made of, and returns its own record.
    ///
    /// It is not older; it speaks of the same sign-in; a nonce, which it need not have, is the first one's.
    pub(crate) fn followed_by(
        &self,
        next: &IdToken,
        identity: &Identity,
    ) -> Result<Self, IdTokenError> {
        let claims = next.claims();
        if let Some(issued) = issued_at(claims)
            && issued < self.issued_at.minus(CLOCK_SKEW_SECONDS)
        {
            return Err(IdTokenError::OlderThanBefore {
                issued,
                before: self.issued_at,
            });
        }
        if let Some(nonce) = claims.get("nonce") {
            let nonce = nonce.as_str().map(NonceHash::of);
            if nonce != self.nonce {
                return Err(IdTokenError::Nonce);
            }
        }
        same_sign_in(claims, identity)?;
        Ok(Self {
            issued_at: issued_at(claims).unwrap_or(self.issued_at),
            nonce: self.nonce,
        })
    }
}

/// Checks that both ID tokens speak of one sign-in at the provider, where both say when it was.
pub(crate) fn same_sign_in(
    next: &Map<String, Value>,
    identity: &Identity,
) -> Result<(), IdTokenError> {
    let first = moment(identity.claims.id_token(), "auth_time")
        .ok()
        .flatten();
    match (first, moment(next, "auth_time")?) {
        (Some(expected), Some(received)) if expected != received => {
            Err(IdTokenError::SignInChanged { expected, received })
        }
        _ => Ok(()),
    }
}

fn issued_at(claims: &Map<String, Value>) -> Option<Timestamp> {
    moment(claims, "iat").ok().flatten()
}

/// Half a SHA-256 of a nonce: enough to compare with, and of no use to anybody.
#[derive(Debug, Clone, Copy)]
struct NonceHash([u8; 16]);

impl NonceHash {
    fn of(nonce: &str) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&digest(&SHA256, nonce.as_bytes()).as_ref()[..16]);
        Self(half)
    }
}

impl PartialEq for NonceHash {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for NonceHash {}

impl Serialize for NonceHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for NonceHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = base64url::decode(&text).and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| de::Error::custom("not 16 bytes"))
    }
}
