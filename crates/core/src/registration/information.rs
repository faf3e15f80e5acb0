//! What a provider gave out at a registration (RFC 7591 section 3.2.1).

use oauth2::{AccessToken, ClientId, ClientSecret};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::address::reachable;
use crate::answer;
use crate::client::Client;
use crate::error::{Error, ProviderError, Purpose, Quoted, RegistrationError};
use crate::time::Timestamp;

/// The longest client id, secret or token, in bytes.
const LONGEST: usize = 2048;

/// How long before its end a secret counts as expired, in seconds: a login that begins now must still end well.
const MARGIN: i64 = 300;

/// What a provider gave out at a registration: an id, mostly a secret, and where the registration is managed.
///
/// It can be kept, so that a restart does not register anew: what it serialises to holds secrets, and has to be
/// sealed. `Debug` shows the id and the provider only.
#[derive(Clone, Serialize, Deserialize)]
pub struct ClientInformation {
    pub(super) issuer: String,
    pub(super) client_id: ClientId,
    pub(super) client_secret: Option<ClientSecret>,
    /// Seconds since 1970; absent where the secret never expires.
    pub(super) client_secret_expires_at: Option<i64>,
    pub(super) registration_access_token: Option<AccessToken>,
    pub(super) registration_client_uri: Option<String>,
}

impl ClientInformation {
    /// Returns the client id.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Returns the issuer that registered the client.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns for how many seconds it is good from now on; negative when a new registration is needed.
    pub fn lifetime_seconds(&self, now: Timestamp) -> i64 {
        match self.client_secret_expires_at {
            None => i64::MAX,
            Some(end) => Timestamp::from_unix(end)
                .seconds_since(now)
                .saturating_sub(MARGIN),
        }
    }

    /// Tells whether the secret has expired or is about to; a new registration is needed then.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.lifetime_seconds(now) <= 0
    }

    /// Tells whether the provider says where the registration is managed (RFC 7592).
    pub fn is_managed(&self) -> bool {
        self.registration_client_uri.is_some()
    }

    /// Reads an answer; `held` is what is known already, which an answer may leave unsaid.
    pub(super) fn read(
        answer: &Map<String, Value>,
        issuer: &str,
        needs_secret: bool,
        held: Option<&Self>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let client_id = text(answer, "client_id")?.ok_or_else(|| missing("client_id"))?;
        if let Some(held) = held.filter(|held| held.client_id.as_str() != client_id) {
            // RFC 7592 section 2.1: a registration does not become another.
            return Err(RegistrationError::Changed {
                member: Quoted::new("client_id"),
                asked: Quoted::new(&held.client_id),
                received: Quoted::new(client_id),
            }
            .into());
        }
        let secret = text(answer, "client_secret")?;
        let expires = match answer.get("client_secret_expires_at") {
            None | Some(Value::Null) => None,
            Some(value) => Some(value.as_i64().filter(|at| *at >= 0).ok_or(
                ProviderError::MemberType {
                    purpose: Purpose::Registration,
                    member: "client_secret_expires_at",
                    expected: "a number of seconds",
                },
            )?),
        };
        let (client_secret, client_secret_expires_at) = match (secret, held) {
            (Some(secret), _) => (
                Some(ClientSecret::new(secret.to_owned())),
                // Zero says that it never expires.
                expires.filter(|at| *at != 0),
            ),
            (None, Some(held)) => (held.client_secret.clone(), held.client_secret_expires_at),
            (None, None) => (None, None),
        };
        if needs_secret && client_secret.is_none() {
            return Err(missing("client_secret"));
        }
        let token = text(answer, "registration_access_token")?;
        let address = text(answer, "registration_client_uri")?;
        if let Some(address) = address {
            acceptable(address, issuer)?;
        }
        let given = Self {
            issuer: issuer.to_owned(),
            client_id: ClientId::new(client_id.to_owned()),
            client_secret,
            client_secret_expires_at,
            registration_access_token: token
                .map(|token| AccessToken::new(token.to_owned()))
                .or_else(|| held?.registration_access_token.clone()),
            registration_client_uri: address
                .map(str::to_owned)
                .or_else(|| held?.registration_client_uri.clone()),
        };
        match given.client_secret_expires_at {
            // Registering again would bring no better one.
            Some(at) if given.is_expired(now) => {
                Err(RegistrationError::SecretExpired { at }.into())
            }
            _ => Ok(given),
        }
    }
}

impl Client {
    /// Returns the client with what a provider gave out at its registration.
    #[must_use]
    pub fn with_information(self, information: &ClientInformation) -> Self {
        let secret = information.client_secret.clone();
        self.with_credentials(information.client_id.clone(), secret)
    }
}

/// Reads a member that is printable ASCII (RFC 6749 appendix A) of sensible length.
fn text<'a>(
    answer: &'a Map<String, Value>,
    member: &'static str,
) -> Result<Option<&'a str>, ProviderError> {
    let read = answer::optional_str(Purpose::Registration, answer, member)?;
    let sound = |text: &&str| {
        (1..=LONGEST).contains(&text.len())
            && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
    };
    match read {
        Some(text) if !sound(&text) => Err(ProviderError::MemberType {
            purpose: Purpose::Registration,
            member,
            expected: "printable ascii of sensible length",
        }),
        read => Ok(read),
    }
}

fn missing(member: &'static str) -> Error {
    let purpose = Purpose::Registration;
    ProviderError::MemberMissing { purpose, member }.into()
}

fn acceptable(address: &str, issuer: &str) -> Result<(), Error> {
    let refuse = |reason: &str| ProviderError::Endpoint {
        member: "registration_client_uri",
        url: Quoted::new(address),
        reason: reason.to_owned(),
    };
    let issuer = Url::parse(issuer).map_err(|_| refuse("its issuer has no address"))?;
    reachable(address, &issuer).map_err(|reason| refuse(reason).into())
}

impl std::fmt::Debug for ClientInformation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientInformation")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
