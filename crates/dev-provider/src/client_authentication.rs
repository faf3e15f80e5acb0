//! Who calls the token and revocation endpoints (RFC 6749 section 2.3.1).

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use codegrant_core::jose::base64url;
use url::form_urlencoded;

use crate::call::Call;
use crate::client_registration::ClientRegistration;
use crate::parameters::Parameters;
use crate::token::TokenError;

const UNKNOWN: TokenError = TokenError::new(
    401,
    "invalid_client",
    "the client is unknown, or its secret or authentication method is wrong",
);

impl Call<'_> {
    /// Reads a form that a client posts, and authenticates the client.
    pub(crate) fn client_request(
        &self,
    ) -> Result<(Parameters, Arc<ClientRegistration>), TokenError> {
        let media_type = self.request.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(TokenError::invalid_request("the body is not form-encoded"));
        }
        let parameters = self.parameters();
        if parameters.repeated().is_some() {
            return Err(TokenError::invalid_request("a parameter stands twice"));
        }
        let client = self.authenticated(&parameters)?;
        Ok((parameters, client))
    }

    /// Authenticates the client by the one method that it uses.
    fn authenticated(
        &self,
        parameters: &Parameters,
    ) -> Result<Arc<ClientRegistration>, TokenError> {
        let id_in_body = parameters.value("client_id");
        let secret_in_body = parameters.value("client_secret");
        let (id, secret) = match (self.request.header("authorization"), secret_in_body) {
            (Some(_), Some(_)) => {
                return Err(TokenError::invalid_request(
                    "two authentication methods at once",
                ));
            }
            (Some(header), None) => {
                let (id, secret) = basic(header).ok_or(UNKNOWN)?;
                if id_in_body.is_some_and(|other| other != id) {
                    return Err(TokenError::invalid_request(
                        "client_id in header and body differ",
                    ));
                }
                (id, Some(secret))
            }
            (None, secret) => {
                let missing = TokenError::invalid_request("no client authentication");
                (
                    id_in_body.ok_or(missing)?.to_owned(),
                    secret.map(str::to_owned),
                )
            }
        };
        let client = self.client(&id).ok_or(UNKNOWN)?;
        match (&client.secret, secret) {
            (None, None) => Ok(client),
            (Some(held), Some(sent)) => verify_slices_are_equal(held.as_bytes(), sent.as_bytes())
                .map(|()| client)
                .map_err(|_| UNKNOWN),
            _ => Err(UNKNOWN),
        }
    }
}

/// Reads HTTP Basic, whose two parts are form-encoded before they are joined.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    // Core decodes base64url without padding; RFC 7617 writes the other alphabet, padded.
    let url_safe = encoded
        .trim()
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_");
    let joined = String::from_utf8(base64url::decode(&url_safe)?).ok()?;
    let (id, secret) = joined.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn form_decoded(part: &str) -> Option<String> {
    let field = format!("value={part}");
    let mut fields = form_urlencoded::parse(field.as_bytes());
    let (_, value) = fields.next()?;
    // An ampersand that was not encoded is a second field, and the client's mistake.
    fields.next().is_none().then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_decoded() {
        // "a%3Ab:p%26+%2B=" in base64, by hand.
        let header = "Basic YSUzQWI6cCUyNislMkI9";
        assert_eq!(basic(header), Some(("a:b".to_owned(), "p& +=".to_owned())));
        assert_eq!(basic("Basic YTpiJmM="), None);
        assert_eq!(basic("Basic %%%"), None);
        assert_eq!(basic("Bearer YTpi"), None);
    }
}
