//! The ID token: every rule of OpenID Connect Core 1.0 section 3.1.3.7, in the specification's order.
//!
//! The signature is checked always, also where TLS towards the token endpoint would excuse a client from
//! it (item 6): a token that is believed for one reason only is one mistake away from not being proven.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::{IdTokenError, Quoted};
use crate::id_token_signature::Signature;
use crate::jose::{Algorithm, Header, Jws, KeySet};
use crate::metadata::ProviderMetadata;
use crate::provider::Protocol;
use crate::time::Timestamp;
use crate::token::TokenResponse;

/// How far two clocks may be apart, in seconds.
pub(crate) const CLOCK_SKEW_SECONDS: i64 = 60;

/// The longest subject, in bytes (OpenID Connect Core 1.0 section 2).
const SUBJECT_LIMIT: usize = 255;

/// An ID token that passed every rule: the text as it came, and its claims.
///
/// `Debug` shows the subject's issuer only; the text is a credential at log-out (`id_token_hint`).
#[derive(Clone)]
pub struct IdToken {
    raw: String,
    subject: String,
    claims: Map<String, Value>,
}

impl IdToken {
    /// Returns the compact serialisation, for `id_token_hint`.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Returns the account at the issuer.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns the claims.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

impl std::fmt::Debug for IdToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdToken([redacted])")
    }
}

/// Takes an ID token out of its encryption, where that is registered: what is inside is proven afterwards,
/// and is what `id_token_hint` wants (OpenID Connect Core 1.0 section 3.1.2.1).
pub(crate) fn decrypt(client: &Client, tokens: &mut TokenResponse) -> Result<(), IdTokenError> {
    if let Some(raw) = &tokens.id_token
        && client.provider().is_openid()
    {
        let inner = client.decrypted(raw, client.id_token_encryption())?;
        tokens.id_token = Some(inner.into_owned());
    }
    Ok(())
}

/// What one ID token is held to.
pub(crate) struct Expectations<'a> {
    pub(crate) client: &'a Client,
    pub(crate) issuers: Vec<&'a str>,
    pub(crate) client_id: &'a str,
    pub(crate) trusted_audiences: &'a [String],
    pub(crate) algorithm: Algorithm,
    pub(crate) nonce: Nonce<'a>,
    pub(crate) access_token: &'a str,
    pub(crate) issued_after: Option<Timestamp>,
    pub(crate) max_age: Option<u32>,
    pub(crate) acr_values: &'a [String],
    pub(crate) subject: Option<&'a str>,
    pub(crate) now: Timestamp,
}

/// Lists what the provider may call itself.
pub(crate) fn issuers<'a>(client: &'a Client, metadata: &'a ProviderMetadata) -> Vec<&'a str> {
    let mut issuers = vec![metadata.issuer.as_str()];
    if let Protocol::OpenId { issuer_aliases, .. } = &client.provider().protocol {
        issuers.extend(issuer_aliases.iter().map(AsRef::as_ref));
    }
    issuers
}

/// Whether a nonce has to be there.
pub(crate) enum Nonce<'a> {
    /// At login it must be there and equal.
    Required(&'a str),
    /// After a refresh there should be none (OpenID Connect Core 1.0 section 12.2).
    Unbound,
}

impl<'a> Expectations<'a> {
    /// What every ID token for this client is held to; a login and a refresh each add what is theirs.
    pub(crate) fn of(
        client: &'a Client,
        metadata: &'a ProviderMetadata,
        access_token: &'a str,
        now: Timestamp,
    ) -> Self {
        Self {
            client,
            issuers: issuers(client, metadata),
            client_id: client.id(),
            trusted_audiences: client.trusted_audiences(),
            algorithm: metadata.id_token_algorithm,
            nonce: Nonce::Unbound,
            access_token,
            issued_after: None,
            max_age: None,
            acr_values: &[],
            subject: None,
            now,
        }
    }

    /// Proves an ID token; `signature` is what is known of this very text.
    pub(crate) fn prove(
        &self,
        raw: &str,
        signature: Signature,
        keys: &KeySet,
    ) -> Result<IdToken, IdTokenError> {
        let verified = match signature.verified_with(keys) {
            Some(verified) => verified,
            None => {
                let jws = Jws::parse(raw)?;
                self.client.verify(jws, keys, self.algorithm)?
            }
        };
        token_type(verified.header())?;
        let claims = verified.claims()?;
        self.issuer(&claims)?;
        self.audience(&claims)?;
        self.times(&claims)?;
        self.nonce(&claims)?;
        self.authentication(&claims)?;
        self.at_hash(&claims)?;
        if claims.contains_key("events") {
            return Err(IdTokenError::LogoutToken);
        }
        let subject = self.subject(&claims)?;
        Ok(IdToken {
            raw: raw.to_owned(),
            subject,
            claims,
        })
    }

    fn issuer(&self, claims: &Map<String, Value>) -> Result<(), IdTokenError> {
        let issuer = required_text(claims, "iss")?;
        if self.issuers.contains(&issuer) {
            return Ok(());
        }
        Err(IdTokenError::Issuer {
            expected: self.issuers.join(" or "),
            received: Quoted::new(issuer),
        })
    }

    fn audience(&self, claims: &Map<String, Value>) -> Result<(), IdTokenError> {
        let wrong = || IdTokenError::ClaimType {
            claim: "aud",
            expected: "a string or strings",
        };
        let audiences: Vec<&str> = match claims.get("aud") {
            None => return Err(IdTokenError::ClaimMissing { claim: "aud" }),
            Some(Value::String(audience)) => vec![audience],
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().ok_or_else(wrong))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(wrong()),
        };
        if !audiences.contains(&self.client_id) {
            return Err(IdTokenError::Audience {
                expected: self.client_id.to_owned(),
                received: Quoted::new(&audiences.join(" ")),
            });
        }
        let trusted = |audience: &str| {
            audience == self.client_id || self.trusted_audiences.iter().any(|held| held == audience)
        };
        if let Some(stranger) = audiences.iter().find(|audience| !trusted(audience)) {
            return Err(IdTokenError::UntrustedAudience {
                received: Quoted::new(stranger),
            });
        }
        match optional_text(claims, "azp")? {
            Some(party) if party != self.client_id => Err(IdTokenError::AuthorizedParty {
                expected: self.client_id.to_owned(),
                received: Quoted::new(party),
            }),
            None if audiences.len() > 1 => Err(IdTokenError::ClaimMissing { claim: "azp" }),
            _ => Ok(()),
        }
    }

    fn times(&self, claims: &Map<String, Value>) -> Result<(), IdTokenError> {
        let now = self.now;
        let required = |claim| moment(claims, claim)?.ok_or(IdTokenError::ClaimMissing { claim });
        let expires = required("exp")?;
        if expires.plus(CLOCK_SKEW_SECONDS) <= now {
            return Err(IdTokenError::Expired {
                expires,
                now,
                skew: CLOCK_SKEW_SECONDS,
            });
        }
        let issued = required("iat")?;
        if issued > now.plus(CLOCK_SKEW_SECONDS) {
            return Err(IdTokenError::FromTheFuture {
                claim: "iat",
                at: issued,
                now,
            });
        }
        if let Some(start) = self.issued_after
            && issued < start.minus(CLOCK_SKEW_SECONDS)
        {
            return Err(IdTokenError::Stale { issued, start });
        }
        match moment(claims, "nbf")? {
            Some(start) if start > now.plus(CLOCK_SKEW_SECONDS) => {
                Err(IdTokenError::FromTheFuture {
                    claim: "nbf",
                    at: start,
                    now,
                })
            }
            _ => Ok(()),
        }
    }

    fn nonce(&self, claims: &Map<String, Value>) -> Result<(), IdTokenError> {
        let Nonce::Required(expected) = self.nonce else {
            return Ok(());
        };
        let received = required_text(claims, "nonce")?;
        verify_slices_are_equal(expected.as_bytes(), received.as_bytes())
            .map_err(|_| IdTokenError::Nonce)
    }

    fn authentication(&self, claims: &Map<String, Value>) -> Result<(), IdTokenError> {
        let authenticated = moment(claims, "auth_time")?;
        if let Some(at) = authenticated
            && at > self.now.plus(CLOCK_SKEW_SECONDS)
        {
            return Err(IdTokenError::FromTheFuture {
                claim: "auth_time",
                at,
                now: self.now,
            });
        }
        if let Some(max_age) = self.max_age {
            let at = authenticated.ok_or(IdTokenError::ClaimMissing { claim: "auth_time" })?;
            let age = self.now.seconds_since(at);
            if age > i64::from(max_age) + CLOCK_SKEW_SECONDS {
                return Err(IdTokenError::AuthenticationTooOld {
                    age,
                    limit: max_age,
                });
            }
        }
        if !self.acr_values.is_empty() {
            let received = optional_text(claims, "acr")?;
            if !received.is_some_and(|acr| self.acr_values.iter().any(|wanted| wanted == acr)) {
                return Err(IdTokenError::AuthenticationContext {
                    expected: self.acr_values.join(" or "),
                    received: Quoted::new(received.unwrap_or("none")),
                });
            }
        }
        Ok(())
    }

    fn at_hash(&self, claims: &Map<String, Value>) -> Result<(), IdTokenError> {
        let Some(received) = claims.get("at_hash") else {
            return Ok(());
        };
        let received = received.as_str().ok_or(WRONG_AT_HASH)?;
        let expected = self.algorithm.half_hash(self.access_token.as_bytes());
        verify_slices_are_equal(expected.as_bytes(), received.as_bytes())
            .map_err(|_| IdTokenError::AccessTokenHash)
    }

    fn subject(&self, claims: &Map<String, Value>) -> Result<String, IdTokenError> {
        let subject = required_text(claims, "sub")?;
        if subject.is_empty() || subject.len() > SUBJECT_LIMIT || subject.contains(char::is_control)
        {
            let expected = "1 to 255 bytes without control characters";
            return Err(IdTokenError::ClaimType {
                claim: "sub",
                expected,
            });
        }
        match self.subject {
            Some(expected) if expected != subject => Err(IdTokenError::Subject {
                expected: expected.to_owned(),
                received: Quoted::new(subject),
            }),
            _ => Ok(subject.to_owned()),
        }
    }
}

/// Accepts a token that does not call itself something else (RFC 8725 section 3.11).
fn token_type(header: &Header) -> Result<(), IdTokenError> {
    match header.token_type() {
        Some(typ) if !typ.eq_ignore_ascii_case("JWT") => Err(IdTokenError::TokenType {
            received: Quoted::new(typ),
        }),
        _ => Ok(()),
    }
}

const WRONG_AT_HASH: IdTokenError = IdTokenError::ClaimType {
    claim: "at_hash",
    expected: "a string",
};

pub(crate) fn required_text<'a>(
    claims: &'a Map<String, Value>,
    claim: &'static str,
) -> Result<&'a str, IdTokenError> {
    optional_text(claims, claim)?.ok_or(IdTokenError::ClaimMissing { claim })
}

fn optional_text<'a>(
    claims: &'a Map<String, Value>,
    claim: &'static str,
) -> Result<Option<&'a str>, IdTokenError> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(IdTokenError::ClaimType {
            claim,
            expected: "a string",
        }),
    }
}

/// Reads a NumericDate (RFC 7519 section 2): a JSON number, fractions dropped, never absent by accident.
pub(crate) fn moment(
    claims: &Map<String, Value>,
    claim: &'static str,
) -> Result<Option<Timestamp>, IdTokenError> {
    let wrong = IdTokenError::ClaimType {
        claim,
        expected: "a number",
    };
    let Some(value) = claims.get(claim) else {
        return Ok(None);
    };
    let Value::Number(number) = value else {
        return Err(wrong);
    };
    let seconds = match (number.as_i64(), number.as_f64()) {
        (Some(seconds), _) => seconds,
        // Casting saturates: a date beyond all dates becomes the last one there is.
        #[allow(clippy::cast_possible_truncation)]
        (None, Some(seconds)) if seconds.is_finite() => seconds.floor() as i64,
        _ => return Err(wrong),
    };
    Ok(Some(Timestamp::from_unix(seconds)))
}
