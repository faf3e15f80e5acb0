//! What the browser brought back from the provider (RFC 6749 section 4.1.2, RFC 9207).

use oauth2::AuthorizationCode;
use serde_json::{Map, Value};

use super::signed_response::{Peeked, peek};
use crate::error::{CallbackError, Quoted};
use crate::form;

/// The parameters that mean something; each may stand once (RFC 6749 section 3.1).
///
/// `access_token` and `id_token` are listed so that a repeated one is refused like the others; their
/// values are never read, because only the token endpoint speaks about tokens.
const KNOWN: &[&str] = &[
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "response",
    "access_token",
    "id_token",
    "session_state",
];

/// An authorization response, read and not yet believed.
///
/// A signed one (JARM) is opened first, by [`Client::open_response`](crate::Client::open_response).
/// It becomes a login only together with the [`Transaction`](crate::Transaction) that asked for it, in
/// [`Client::redeem`](crate::Client::redeem).
///
/// ```
/// use codegrant_core::AuthorizationResponse;
/// let response = AuthorizationResponse::parse("code=SplxlOBe&state=xyz")?;
/// assert_eq!(response.state(), Some("xyz"));
/// assert!(AuthorizationResponse::parse("state=a&state=b").is_err());
/// # Ok::<(), codegrant_core::error::CallbackError>(())
/// ```
#[derive(Clone)]
pub struct AuthorizationResponse {
    code: Option<AuthorizationCode>,
    state: Option<String>,
    issuer: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    session_state: Option<String>,
    /// A signed response, not opened (JARM).
    pub(super) token: Option<String>,
    /// A plain parameter beside it.
    pub(super) beside: Option<&'static str>,
    /// Whether it was signed, and the signature stood.
    opened: bool,
}

/// The two things that a response may be.
pub(crate) enum Outcome {
    Code(AuthorizationCode),
    Error {
        error: String,
        description: Option<String>,
    },
}

impl AuthorizationResponse {
    /// Reads the query of a redirect, or the body of a form post: both are form-encoded.
    ///
    /// # Errors
    ///
    /// When a known parameter is repeated, too long, or not UTF-8. Unknown parameters are ignored
    /// (RFC 6749 section 4.1.2).
    pub fn parse(encoded: &str) -> Result<Self, CallbackError> {
        let mut values: [Option<String>; KNOWN.len()] = Default::default();
        for (name, value) in form::parameters(encoded)? {
            let Some(at) = KNOWN.iter().position(|known| *known == name) else {
                continue;
            };
            if values[at].replace(value).is_some() {
                return Err(CallbackError::DuplicateParameter { name: KNOWN[at] });
            }
        }
        // A signed response stands alone (JARM section 2.3).
        let signed = KNOWN.iter().position(|known| *known == "response");
        let token = signed.and_then(|at| values[at].take());
        let first = values.iter().position(Option::is_some);
        let beside = first.filter(|_| token.is_some()).map(|at| KNOWN[at]);
        within("response", token.as_deref(), 32 * 1024)?;
        let mut response = Self {
            token,
            beside,
            ..Self::read(values)?
        };
        if let (Some(token), None) = (&response.token, beside) {
            Peeked {
                state: response.state,
                error: response.error,
            } = peek(token);
            within("state", response.state.as_deref(), 512)?;
        }
        Ok(response)
    }

    /// Takes the parameters of a signed response that was opened.
    pub(super) fn opened(claims: &Map<String, Value>) -> Result<Self, CallbackError> {
        let mut values: [Option<String>; KNOWN.len()] = Default::default();
        for (value, name) in values.iter_mut().zip(KNOWN) {
            *value = match claims.get(*name) {
                None => None,
                Some(Value::String(text)) => Some(text.clone()),
                Some(other) => {
                    return Err(CallbackError::ResponseClaim {
                        claim: name,
                        expected: "a string".to_owned(),
                        received: Quoted::new(&other.to_string()),
                    });
                }
            };
        }
        Ok(Self {
            opened: true,
            ..Self::read(values)?
        })
    }

    fn read(values: [Option<String>; KNOWN.len()]) -> Result<Self, CallbackError> {
        let [
            code,
            state,
            issuer,
            error,
            error_description,
            _,
            _,
            _,
            _,
            session_state,
        ] = values;
        within("code", code.as_deref(), 8192)?;
        within("state", state.as_deref(), 512)?;
        within("iss", issuer.as_deref(), 2048)?;
        within("error", error.as_deref(), 256)?;
        Ok(Self {
            code: code.map(AuthorizationCode::new),
            state,
            issuer,
            error,
            error_description,
            session_state: session_state.filter(|held| is_session_state(held)),
            token: None,
            beside: None,
            opened: false,
        })
    }

    /// Returns the state, which names the transaction that this claims to answer.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Tells whether it brings an error, such as a login that was cancelled (RFC 6749 section 4.1.2.1).
    pub fn is_error(&self) -> bool {
        self.error.is_some()
    }

    /// Returns what the provider's frame tells changes by (OpenID Connect Session Management 1.0 section 2).
    pub(crate) fn session_state(&self) -> Option<&str> {
        self.session_state.as_deref()
    }

    pub(crate) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Accepts a response that is signed where the client asks for that, and plain where it does not.
    pub(crate) fn is_as_asked(&self, signed: bool) -> Result<(), CallbackError> {
        match (signed, &self.token) {
            (true, _) if !self.opened => Err(CallbackError::ResponseUnsigned),
            (false, Some(_)) => Err(CallbackError::UnexpectedResponseMode),
            _ => Ok(()),
        }
    }

    /// Returns the one thing that the response is.
    pub(crate) fn into_outcome(self) -> Result<Outcome, CallbackError> {
        match (self.code, self.error) {
            (Some(_), Some(error)) => Err(CallbackError::CodeAndError {
                error: Quoted::new(&error),
            }),
            (None, Some(error)) => Ok(Outcome::Error {
                error,
                description: self.error_description,
            }),
            // RFC 6749 appendix A.11: a code is one or more visible characters or spaces.
            (Some(code), None)
                if !code.secret().is_empty()
                    && code
                        .secret()
                        .bytes()
                        .all(|byte| (0x20..=0x7e).contains(&byte)) =>
            {
                Ok(Outcome::Code(code))
            }
            (Some(_), None) => Err(CallbackError::CodeMalformed),
            (None, None) => Err(CallbackError::CodeMissing),
        }
    }
}

impl std::fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationResponse")
            .field("code", &self.code)
            .field("has_state", &self.state.is_some())
            .field("iss", &self.issuer.as_deref().map(Quoted::new))
            .field("error", &self.error.as_deref().map(Quoted::new))
            .finish_non_exhaustive()
    }
}

/// One that is not as the specification has it counts as none: no login depends on it.
fn is_session_state(text: &str) -> bool {
    (1..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn within(name: &'static str, value: Option<&str>, limit: usize) -> Result<(), CallbackError> {
    match value {
        Some(value) if value.len() > limit => Err(CallbackError::TooLong {
            name,
            bytes: value.len(),
            limit,
        }),
        _ => Ok(()),
    }
}
