//! Signed authorization responses (JWT Secured Authorization Response Mode for OAuth 2.0, JARM).

use serde_json::{Map, Value};

use super::AuthorizationResponse;
use crate::client::Client;
use crate::error::{CallbackError, Quoted};
use crate::id_token::CLOCK_SKEW_SECONDS;
use crate::jose::{Algorithm, Jws, JwsError, KeySet, base64url, json};
use crate::metadata::ProviderMetadata;
use crate::time::Timestamp;

/// How long a response may be good for, in seconds (JARM section 2.1).
const LONGEST_LIFE: i64 = 600;

/// What a signed response says, read and not believed: it names a transaction, and no more.
pub(super) struct Peeked {
    pub(super) state: Option<String>,
    pub(super) error: Option<String>,
}

pub(super) fn peek(token: &str) -> Peeked {
    let payload = token.split('.').nth(1).and_then(base64url::decode);
    let claims = payload.and_then(|payload| json::object(&payload).ok());
    let text = |name: &str| Some(claims.as_ref()?.get(name)?.as_str()?.to_owned());
    Peeked {
        state: text("state"),
        error: text("error"),
    }
}

impl Client {
    /// Opens a signed response, where the client asks for those; any other is returned as it came.
    ///
    /// Signature, issuer, audience and expiry are checked (JARM section 2.4), and whether it is this client's
    /// at all. Plain parameters beside it are refused, and so is a plain response.
    ///
    /// # Errors
    ///
    /// [`CallbackError`] for the first rule that it breaks.
    pub fn open_response(
        &self,
        metadata: &ProviderMetadata,
        response: AuthorizationResponse,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<AuthorizationResponse, CallbackError> {
        if !self.response_mode().is_signed() {
            return Ok(response);
        }
        let token = response.token.ok_or(CallbackError::ResponseUnsigned)?;
        if let Some(name) = response.beside {
            return Err(CallbackError::ResponseMixed { name });
        }
        let algorithm = self.signed_response_algorithm(metadata);
        let verified = Jws::parse(&token)
            .and_then(|jws| jws.verify(keys, algorithm))
            .map_err(CallbackError::ResponseSignature)?;
        let claims = verified
            .claims()
            .map_err(|error| CallbackError::ResponseClaim {
                claim: "payload",
                expected: "a strict json object".to_owned(),
                received: Quoted::new(&error.to_string()),
            })?;
        self.is_for_us(metadata, &claims)?;
        is_in_time(&claims, now)?;
        AuthorizationResponse::opened(&claims)
    }

    /// Tells whether newer keys might prove a signed response that these do not: fetch them once more then.
    pub fn lacks_response_key(
        &self,
        metadata: &ProviderMetadata,
        response: &AuthorizationResponse,
        keys: &KeySet,
    ) -> bool {
        let algorithm = self.signed_response_algorithm(metadata);
        let jws = response.token.as_deref().map(Jws::parse);
        jws.and_then(Result::ok).is_some_and(|jws| {
            matches!(
                jws.verify(keys, algorithm),
                Err(JwsError::UnknownKey { .. } | JwsError::BadSignature)
            )
        })
    }

    /// Pins the one algorithm: as registered, or by default, or the only one that there is.
    pub(crate) fn signed_response_algorithm(&self, metadata: &ProviderMetadata) -> Algorithm {
        let offered = &metadata
            .capabilities
            .authorization_signing_alg_values_supported;
        let usual = self.profile().usual_algorithm();
        if let Some(registered) = self.response_algorithm() {
            return registered;
        }
        if offered.allows(usual.as_str()) {
            return usual;
        }
        let names = offered.names().iter();
        let known: Vec<Algorithm> = names
            .filter_map(|name| name.parse().ok())
            .filter(|known: &Algorithm| !known.is_symmetric() && self.profile().permits(*known))
            .collect();
        match known.as_slice() {
            [only] => *only,
            _ => usual,
        }
    }

    fn is_for_us(
        &self,
        metadata: &ProviderMetadata,
        claims: &Map<String, Value>,
    ) -> Result<(), CallbackError> {
        let wrong = |claim, expected: &str, received: Option<&Value>| {
            let received = received.map(|value| match value.as_str() {
                Some(text) => Quoted::new(text),
                None => Quoted::new(&value.to_string()),
            });
            CallbackError::ResponseClaim {
                claim,
                expected: expected.to_owned(),
                received: received.unwrap_or_else(|| Quoted::new("none")),
            }
        };
        let issuer = claims.get("iss");
        if issuer.and_then(Value::as_str) != Some(&metadata.issuer) {
            return Err(wrong("iss", &metadata.issuer, issuer));
        }
        let id = self.id().as_str();
        let audience = claims.get("aud");
        let ours = match audience {
            Some(Value::String(one)) => one == id,
            Some(Value::Array(several)) => {
                !several.is_empty() && several.iter().all(|one| one.as_str() == Some(id))
            }
            _ => false,
        };
        if !ours {
            return Err(wrong("aud", id, audience));
        }
        Ok(())
    }
}

/// Checks `exp`, which has to be there and near; whatever else is dated must not lie ahead.
fn is_in_time(claims: &Map<String, Value>, now: Timestamp) -> Result<(), CallbackError> {
    let refuse = |reason| CallbackError::ResponseLifetime { reason, now };
    let date = |claim: &str| -> Result<Option<Timestamp>, CallbackError> {
        let Some(value) = claims.get(claim) else {
            return Ok(None);
        };
        // Whole seconds are enough: a fraction is cut off.
        #[allow(clippy::cast_possible_truncation)]
        let seconds = value
            .as_i64()
            .or_else(|| value.as_f64().map(|seconds| seconds as i64));
        let seconds = seconds.ok_or_else(|| refuse("a date is not a number"))?;
        Ok(Some(Timestamp::from_unix(seconds)))
    };
    let expires = date("exp")?.ok_or_else(|| refuse("it has no exp"))?;
    if expires.plus(CLOCK_SKEW_SECONDS) <= now {
        return Err(refuse("it has expired"));
    }
    if expires > now.plus(LONGEST_LIFE + CLOCK_SKEW_SECONDS) {
        return Err(refuse("its exp lies more than ten minutes ahead"));
    }
    for claim in ["nbf", "iat"] {
        if date(claim)?.is_some_and(|at| at > now.plus(CLOCK_SKEW_SECONDS)) {
            return Err(refuse("it is from the future"));
        }
    }
    Ok(())
}
