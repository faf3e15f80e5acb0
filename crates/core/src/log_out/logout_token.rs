//! The logout token: every rule of OpenID Connect Back-Channel Logout 1.0 section 2.6.
//!
//! Whoever can make one logs people out, so it is held to all that an ID token is held to, and it has to
//! be unlike one in every way that the specification gives: no ID token passes for a logout token, and no
//! logout token for an ID token.

use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::{LogoutTokenError, Quoted};
use crate::form;
use crate::id_token::{self, CLOCK_SKEW_SECONDS};
use crate::jose::{Jws, JwsError, KeySet, Verified};
use crate::metadata::ProviderMetadata;
use crate::time::Timestamp;
use crate::transaction::TransactionId;

/// The one event that a logout token is about (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How old a token may be, in seconds, before the clocks' difference.
///
/// The specification asks providers for two minutes at the most between `iat` and `exp`. This leaves some for
/// a provider that tries again, and bounds for how long a `jti` has to be remembered. It is also why a token
/// without `exp`, which drafts before 2022 did not have, is good enough: it can be no older than this.
const AGE_LIMIT: i64 = 300;

/// The longest `sub`, `sid` and `jti`, in bytes.
const TEXT_LIMIT: usize = 512;

/// A logout token that passed every rule: whose sessions are over.
///
/// ```
/// use codegrant_core::LogoutToken;
/// // What a provider posts is a form; what else stands in it does not matter.
/// let form = "logout_token=eyJhbGciOiJub25lIn0.e30.&something=else";
/// assert_eq!(LogoutToken::in_form(form)?, "eyJhbGciOiJub25lIn0.e30.");
/// assert!(LogoutToken::in_form("{\"logout_token\": \"...\"}").is_err());
/// # Ok::<(), codegrant_core::error::LogoutTokenError>(())
/// ```
///
/// `Debug` shows the issuer only.
#[derive(Clone, PartialEq, Eq)]
pub struct LogoutToken {
    issuer: String,
    subject: Option<String>,
    session_id: Option<String>,
    issued_at: Timestamp,
    token_id: String,
    good_until: Timestamp,
}

impl LogoutToken {
    /// Finds the token in the form that a provider posts (section 2.5).
    ///
    /// # Errors
    ///
    /// When there is none or more than one, or the body is no form.
    pub fn in_form(encoded: &str) -> Result<String, LogoutTokenError> {
        let parameters = form::parameters(encoded).map_err(|_| LogoutTokenError::Missing)?;
        let mut tokens = parameters
            .into_iter()
            .filter(|(name, value)| name == "logout_token" && !value.is_empty());
        match (tokens.next(), tokens.next()) {
            (Some((_, token)), None) => Ok(token),
            _ => Err(LogoutTokenError::Missing),
        }
    }

    /// Returns the signed token: what is inside, where it is encrypted as ID tokens are.
    ///
    /// It may be encrypted where they are, and need not be (section 2.4). Nothing has to be fetched for what
    /// fails here.
    ///
    /// # Errors
    ///
    /// When it does not decrypt, is no compact JWS, is unsigned, or its `typ` is another.
    pub fn signed(raw: &str, client: &Client) -> Result<String, LogoutTokenError> {
        let registered = client
            .id_token_encryption()
            .filter(|_| raw.split('.').count() == 5);
        let signed = client.decrypted(raw, registered)?;
        parsed(&signed)?;
        Ok(signed.into_owned())
    }

    /// Tells whether newer keys might prove a token that these do not.
    pub fn lacks_key(
        signed: &str,
        client: &Client,
        metadata: &ProviderMetadata,
        keys: &KeySet,
    ) -> bool {
        matches!(
            verified(signed, client, metadata, keys),
            Err(LogoutTokenError::Jws(
                JwsError::UnknownKey { .. } | JwsError::BadSignature
            ))
        )
    }

    /// Proves a token: signature, issuer, audience, times, event, whom it names.
    ///
    /// That its `jti` was not used before is for the caller to see to: [`LogoutToken::id`].
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    pub fn prove(
        signed: &str,
        client: &Client,
        metadata: &ProviderMetadata,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<Self, LogoutTokenError> {
        let claims = verified(signed, client, metadata, keys)?.claims()?;
        issuer(&claims, client, metadata)?;
        audience(&claims, client)?;
        let (issued_at, good_until) = times(&claims, now)?;
        is_about_a_log_out(&claims)?;
        // Null is a nonce as well: whoever writes the member takes the token for an ID token.
        if claims.contains_key("nonce") {
            return Err(LogoutTokenError::NoncePresent);
        }
        let token_id =
            text(&claims, "jti")?.ok_or(LogoutTokenError::ClaimMissing { claim: "jti" })?;
        let (subject, session_id) = (text(&claims, "sub")?, text(&claims, "sid")?);
        if subject.is_none() && session_id.is_none() {
            return Err(LogoutTokenError::NobodyNamed);
        }
        Ok(Self {
            // Sessions are kept under the configured issuer, also where the token writes an alias.
            issuer: metadata.issuer.clone(),
            subject: subject.map(str::to_owned),
            session_id: session_id.map(str::to_owned),
            issued_at,
            token_id: token_id.to_owned(),
            good_until,
        })
    }

    /// Returns the issuer, as sessions name it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns whose sessions are over; with a session id beside it, whose that one is.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Returns which of the provider's sessions is over.
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// Returns when it was issued, by the provider's clock.
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// Returns the name under which its use is remembered: a hash of issuer and `jti`.
    pub fn id(&self) -> TransactionId {
        // No state holds a line break, so that none has this name.
        TransactionId::of_state(&format!("logout token\n{}\n{}", self.issuer, self.token_id))
    }

    /// Returns until when it would be accepted, and so has to be remembered.
    pub fn good_until(&self) -> Timestamp {
        self.good_until
    }
}

impl std::fmt::Debug for LogoutToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogoutToken")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

fn parsed(signed: &str) -> Result<Jws<'_>, LogoutTokenError> {
    let jws = Jws::parse(signed)?;
    match jws.header().token_type() {
        Some(typ)
            if !["JWT", "logout+jwt"]
                .iter()
                .any(|expected| typ.eq_ignore_ascii_case(expected)) =>
        {
            Err(LogoutTokenError::TokenType {
                received: Quoted::new(typ),
            })
        }
        // Many providers write none.
        _ => Ok(jws),
    }
}

/// Verifies the signature by the one algorithm that ID tokens are registered with (section 2.6 items 2 and 3).
fn verified(
    signed: &str,
    client: &Client,
    metadata: &ProviderMetadata,
    keys: &KeySet,
) -> Result<Verified, LogoutTokenError> {
    let jws = parsed(signed)?;
    Ok(client.verify(jws, keys, metadata.id_token_algorithm)?)
}

fn issuer(
    claims: &Map<String, Value>,
    client: &Client,
    metadata: &ProviderMetadata,
) -> Result<(), LogoutTokenError> {
    let received = text(claims, "iss")?.ok_or(LogoutTokenError::ClaimMissing { claim: "iss" })?;
    let issuers = id_token::issuers(client, metadata);
    if issuers.contains(&received) {
        return Ok(());
    }
    Err(LogoutTokenError::Issuer {
        expected: issuers.join(" or "),
        received: Quoted::new(received),
    })
}

fn audience(claims: &Map<String, Value>, client: &Client) -> Result<(), LogoutTokenError> {
    let wrong = || LogoutTokenError::ClaimType {
        claim: "aud",
        expected: "a string or strings",
    };
    let audiences: Vec<&str> = match claims.get("aud") {
        None => return Err(LogoutTokenError::ClaimMissing { claim: "aud" }),
        Some(Value::String(audience)) => vec![audience],
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().ok_or_else(wrong))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(wrong()),
    };
    let own = client.id().as_str();
    if !audiences.contains(&own) {
        return Err(LogoutTokenError::Audience {
            expected: own.to_owned(),
            received: Quoted::new(&audiences.join(" ")),
        });
    }
    let trusted = client.trusted_audiences();
    let stranger = audiences
        .iter()
        .find(|audience| **audience != own && !trusted.iter().any(|held| held == *audience));
    match stranger {
        Some(stranger) => Err(LogoutTokenError::UntrustedAudience {
            received: Quoted::new(stranger),
        }),
        None => Ok(()),
    }
}

/// Returns when it was issued, and until when it is good.
fn times(
    claims: &Map<String, Value>,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), LogoutTokenError> {
    let issued = moment(claims, "iat")?.ok_or(LogoutTokenError::ClaimMissing { claim: "iat" })?;
    for (claim, at) in [("iat", Some(issued)), ("nbf", moment(claims, "nbf")?)] {
        if let Some(at) = at.filter(|at| *at > now.plus(CLOCK_SKEW_SECONDS)) {
            return Err(LogoutTokenError::FromTheFuture { claim, at, now });
        }
    }
    let limit = AGE_LIMIT + CLOCK_SKEW_SECONDS;
    if issued.plus(limit) <= now {
        return Err(LogoutTokenError::Stale { issued, now, limit });
    }
    let expires = moment(claims, "exp")?;
    if let Some(expires) = expires.filter(|expires| expires.plus(CLOCK_SKEW_SECONDS) <= now) {
        return Err(LogoutTokenError::Expired {
            expires,
            now,
            skew: CLOCK_SKEW_SECONDS,
        });
    }
    let last = expires.map_or(issued.plus(limit), |expires| {
        expires.plus(CLOCK_SKEW_SECONDS)
    });
    Ok((issued, last.min(issued.plus(limit))))
}

fn is_about_a_log_out(claims: &Map<String, Value>) -> Result<(), LogoutTokenError> {
    let events = claims
        .get("events")
        .ok_or(LogoutTokenError::NoLogoutEvent)?;
    let events = events.as_object().ok_or(LogoutTokenError::ClaimType {
        claim: "events",
        expected: "an object",
    })?;
    match events.get(EVENT) {
        Some(Value::Object(_)) => Ok(()),
        Some(_) => Err(LogoutTokenError::ClaimType {
            claim: "events",
            expected: "an object of objects",
        }),
        None => Err(LogoutTokenError::NoLogoutEvent),
    }
}

fn text<'a>(
    claims: &'a Map<String, Value>,
    claim: &'static str,
) -> Result<Option<&'a str>, LogoutTokenError> {
    match claims.get(claim) {
        None => Ok(None),
        // An issuer is compared, whatever its length; the others are kept.
        Some(Value::String(text)) if claim == "iss" || (1..=TEXT_LIMIT).contains(&text.len()) => {
            Ok(Some(text))
        }
        Some(_) => Err(LogoutTokenError::ClaimType {
            claim,
            expected: "a string of 1 to 512 bytes",
        }),
    }
}

fn moment(
    claims: &Map<String, Value>,
    claim: &'static str,
) -> Result<Option<Timestamp>, LogoutTokenError> {
    id_token::moment(claims, claim).map_err(|_| LogoutTokenError::ClaimType {
        claim,
        expected: "a number",
    })
}
