//! How the client proves itself at the authorization server's endpoints (RFC 6749 section 2.3, RFC 7523,
//! RFC 8705): one method for every request, made anew for every attempt.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::{Error, ProviderError};
use crate::form;
use crate::jose::{Algorithm, SigningKey};
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
    pub(crate) fields: Vec<(Cow<'static, str>, String)>,
}

impl Client {
    /// Authenticates one attempt at a request; `issuer` is who will check it.
    pub(crate) fn authenticate(
        &self,
        issuer: &str,
        moment: &Moment,
        attempt: u8,
    ) -> Result<Authentication, Error> {
        let secret = || self.secret().map_or("", |secret| secret.secret().as_str());
        let method = self.authentication();
        // Both parts form-encoded first (RFC 6749 section 2.3.1).
        if method == AuthenticationMethod::ClientSecretBasic {
            let mut credentials = form::encode(self.id());
            credentials.push(':');
            form::encode_into(&mut credentials, secret());
            return Ok(Authentication {
                header: Some(["Basic ", &STANDARD.encode(credentials)].concat()),
                fields: Vec::new(),
            });
        }
        let mut fields = vec![("client_id".into(), self.id().to_string())];
        let mut assert = |assertion| {
            fields.push(("client_assertion_type".into(), ASSERTION_TYPE.to_owned()));
            fields.push(("client_assertion".into(), assertion));
        };
        match method {
            AuthenticationMethod::ClientSecretPost => {
                let secret = if self.signs_secret() {
                    self.signed_secret(issuer, moment)?
                } else {
                    secret().to_owned()
                };
                fields.push(("client_secret".into(), secret));
            }
            AuthenticationMethod::PrivateKeyJwt => {
                let key = self.signing_key().ok_or(ProviderError::RequestNotBuilt)?;
                assert(self.assertion(key, issuer, moment, attempt)?);
            }
            AuthenticationMethod::ClientSecretJwt => {
                let key = SigningKey::from_secret(secret(), Algorithm::Hs256)
                    .map_err(|_| ProviderError::RequestNotBuilt)?;
                assert(self.assertion(&key, issuer, moment, attempt)?);
            }
            // The certificate of the connection says the rest (RFC 8705 section 2), or nothing does.
            AuthenticationMethod::TlsClientAuth
            | AuthenticationMethod::SelfSignedTlsClientAuth
            | AuthenticationMethod::None
            | AuthenticationMethod::ClientSecretBasic => {}
        }
        Ok(Authentication {
            header: None,
            fields,
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
    ) -> Result<String, Error> {
        let now = moment.now();
        let claims = [
            ("iss", self.id().as_str().into()),
            ("sub", self.id().as_str().into()),
            ("aud", issuer.into()),
            ("jti", moment.unique("assertion", attempt).into()),
            ("iat", now.as_unix().into()),
            ("exp", now.plus(ASSERTION_SECONDS).as_unix().into()),
        ];
        signed(key, Some("JWT"), claims)
    }

    /// Signs the secret of this request for the developer's team
    /// ([`Quirk::SignedSecret`](crate::provider::Quirk::SignedSecret)).
    fn signed_secret(&self, issuer: &str, moment: &Moment) -> Result<String, Error> {
        let key = self.signing_key().ok_or(ProviderError::RequestNotBuilt)?;
        let now = moment.now();
        let claims = [
            ("iss", self.team_id().unwrap_or_default().into()),
            ("sub", self.id().as_str().into()),
            ("aud", issuer.into()),
            ("iat", now.as_unix().into()),
            ("exp", now.plus(ASSERTION_SECONDS).as_unix().into()),
        ];
        signed(key, None, claims)
    }
}

fn signed<const N: usize>(
    key: &SigningKey,
    typ: Option<&str>,
    claims: [(&str, Value); N],
) -> Result<String, Error> {
    let claims = claims.map(|(name, value)| (name.to_owned(), value));
    key.sign(typ, &Map::from_iter(claims))
        .map_err(|_| ProviderError::RequestNotBuilt.into())
}
