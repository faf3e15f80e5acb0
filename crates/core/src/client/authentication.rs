//! How the client proves itself at the authorization server's endpoints (RFC 6749 section 2.3, RFC 7523,
//! RFC 8705): one method for every request, made anew for every attempt.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::error::{Error, ProviderError};
use crate::form;
use crate::jose::SigningKey;
use crate::moment::Moment;
use crate::provider::AuthenticationMethod;

/// How long a client assertion is good for, in seconds.
const ASSERTION_SECONDS: i64 = 60;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What one request carries to prove who asks.
pub(crate) struct Authentication {
    /// The value of `Authorization`.
    pub(crate) header: Option<String>,
    /// Further fields of the form.
    pub(crate) fields: Vec<(&'static str, String)>,
}

impl Client {
    /// Authenticates one attempt at a request; `issuer` is who will check it.
    pub(crate) fn authenticate(
        &self,
        issuer: &str,
        moment: &Moment,
        attempt: u8,
    ) -> Result<Authentication, Error> {
        let id = || ("client_id", self.id().to_string());
        let secret = || self.secret().map_or("", |secret| secret.secret().as_str());
        let in_body = |fields| Authentication {
            header: None,
            fields,
        };
        Ok(match self.authentication() {
            // Both parts form-encoded first (RFC 6749 section 2.3.1).
            AuthenticationMethod::ClientSecretBasic => Authentication {
                header: Some(format!(
                    "Basic {}",
                    STANDARD.encode(format!(
                        "{}:{}",
                        form::encode(self.id()),
                        form::encode(secret())
                    ))
                )),
                fields: Vec::new(),
            },
            AuthenticationMethod::ClientSecretPost => {
                in_body(vec![id(), ("client_secret", secret().to_owned())])
            }
            AuthenticationMethod::None
            | AuthenticationMethod::TlsClientAuth
            | AuthenticationMethod::SelfSignedTlsClientAuth => in_body(vec![id()]),
            AuthenticationMethod::PrivateKeyJwt => {
                let key = self.signing_key().ok_or(ProviderError::RequestNotBuilt)?;
                in_body(self.assertion(key, issuer, moment, attempt)?)
            }
            AuthenticationMethod::ClientSecretJwt => {
                return Err(ProviderError::RequestNotBuilt.into());
            }
        })
    }

    /// Signs an assertion about ourselves (RFC 7523 section 3): the audience is the issuer, as one string,
    /// and nothing else, so that no other server can use it.
    fn assertion(
        &self,
        key: &SigningKey,
        issuer: &str,
        moment: &Moment,
        attempt: u8,
    ) -> Result<Vec<(&'static str, String)>, Error> {
        let now = moment.now();
        let claims = json!({
            "iss": self.id().as_str(),
            "sub": self.id().as_str(),
            "aud": issuer,
            "jti": moment.unique("assertion", attempt),
            "iat": now.as_unix(),
            "exp": now.plus(ASSERTION_SECONDS).as_unix(),
        });
        let claims: Map<String, Value> = claims.as_object().cloned().unwrap_or_default();
        let assertion = key
            .sign(Some("JWT"), &claims)
            .map_err(|_| ProviderError::RequestNotBuilt)?;
        Ok(vec![
            ("client_id", self.id().to_string()),
            ("client_assertion_type", ASSERTION_TYPE.to_owned()),
            ("client_assertion", assertion),
        ])
    }
}
