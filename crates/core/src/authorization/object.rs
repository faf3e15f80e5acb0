//! The request object: an authorization request that the client signs (RFC 9101).

use serde_json::{Map, Value};

use super::parameters::Parameters;
use crate::client::Client;
use crate::error::{Error, ProviderError};
use crate::moment::Moment;

/// How long one is good for, in seconds; FAPI 2.0 Message Signing section 5.3.1 allows an hour.
const SECONDS: i64 = 300;

/// Signs the parameters, for this issuer alone.
pub(super) fn sign(
    client: &Client,
    issuer: &str,
    parameters: &Parameters,
    moment: &Moment,
) -> Result<String, Error> {
    let unsigned = |_| Error::from(ProviderError::RequestNotBuilt);
    let key = client.signing_key().ok_or(()).map_err(unsigned)?;
    let now = moment.now();
    let mut claims: Map<String, Value> = parameters.claims();
    for (name, value) in [
        ("iss", Value::from(client.id().as_str())),
        ("aud", issuer.into()),
        ("iat", now.as_unix().into()),
        ("nbf", now.as_unix().into()),
        ("exp", now.plus(SECONDS).as_unix().into()),
        ("jti", moment.unique("request object", 0).into()),
    ] {
        claims.insert(name.to_owned(), value);
    }
    key.sign(Some("oauth-authz-req+jwt"), &claims)
        .map_err(|_| ProviderError::RequestNotBuilt.into())
}
