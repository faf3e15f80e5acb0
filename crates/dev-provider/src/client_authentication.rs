//! Who calls the endpoints for clients: by a secret (RFC 6749 section 2.3.1), an assertion (RFC 7523) or a
//! certificate (RFC 8705).

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use codegrant_core::jose::base64url;
use url::form_urlencoded;

use crate::call::Call;
use crate::certificate;
use crate::client_registration::ClientRegistration;
use crate::parameters::Parameters;
use crate::token::TokenError;

pub(crate) const UNKNOWN: TokenError = TokenError::new(
    401,
    "invalid_client",
    "the client is unknown, or its secret or authentication method is wrong",
);

impl Call<'_> {
    /// Reads a form that a client posts, and authenticates the client.
    pub(crate) fn client_request(
        &mut self,
    ) -> Result<(Parameters, Arc<ClientRegistration>), TokenError> {
        let media_type = self.request.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(TokenError::invalid_request("the body is not form-encoded"));
        }
        let parameters = self.parameters();
        if parameters.repeated().is_some() {
            self.violate("repeated-parameter", "in the body");
            return Err(TokenError::invalid_request("a parameter stands twice"));
        }
        let client = self.authenticated(&parameters)?;
        Ok((parameters, client))
    }

    /// Authenticates the client by the one method that it uses.
    fn authenticated(
        &mut self,
        parameters: &Parameters,
    ) -> Result<Arc<ClientRegistration>, TokenError> {
        let header = self.request.header("authorization").map(str::to_owned);
        let secret = parameters.value("client_secret");
        let assertion = parameters.value("client_assertion");
        let (id, secret, method) = match (header, secret, assertion) {
            (None, None, Some(assertion)) => return self.by_assertion(parameters, assertion),
            (Some(header), None, None) => {
                let (id, secret) = self.by_basic(&header, parameters)?;
                (id, Some(secret), "client_secret_basic")
            }
            (None, secret, None) => {
                let missing = TokenError::invalid_request("no client authentication");
                let id = parameters.value("client_id").ok_or(missing)?;
                let method = if secret.is_some() {
                    "client_secret_post"
                } else {
                    "none"
                };
                (id.to_owned(), secret.map(str::to_owned), method)
            }
            _ => {
                self.violate("authentication-methods", "two at once");
                return Err(TokenError::invalid_request(
                    "two authentication methods at once",
                ));
            }
        };
        let client = self.client(&id).ok_or(UNKNOWN)?;
        let Some(registered) = client.authentication() else {
            return by_secret(client, secret.as_deref());
        };
        let certified = ["tls_client_auth", "self_signed_tls_client_auth"];
        if method == "none" && certified.contains(&registered) {
            return self.by_certificate(client);
        }
        if method != registered {
            let sent = format!("client {id} is registered with {registered} and used {method}");
            self.violate("authentication-method", sent);
            return Err(UNKNOWN);
        }
        by_secret(client, secret.as_deref())
    }

    /// Reads HTTP Basic, and notes parts that were not form-encoded (RFC 6749 section 2.3.1).
    fn by_basic(
        &mut self,
        header: &str,
        parameters: &Parameters,
    ) -> Result<(String, String), TokenError> {
        let joined = basic(header).ok_or(UNKNOWN)?;
        let encoded = |byte: u8| byte.is_ascii_alphanumeric() || b"*-._+%:".contains(&byte);
        if !joined.bytes().all(encoded) || joined.matches(':').count() != 1 {
            self.violate(
                "basic-not-form-encoded",
                "a part holds characters that have to be encoded",
            );
        }
        let (id, secret) = joined.split_once(':').ok_or(UNKNOWN)?;
        let id = form_decoded(id).ok_or(UNKNOWN)?;
        let secret = form_decoded(secret).ok_or(UNKNOWN)?;
        if parameters
            .value("client_id")
            .is_some_and(|other| other != id)
        {
            self.violate("client-id", "header and body differ");
            return Err(TokenError::invalid_request(
                "client_id in header and body differ",
            ));
        }
        Ok((id, secret))
    }

    /// Authenticates the client by the certificate of its connection (RFC 8705 section 2).
    fn by_certificate(
        &mut self,
        client: Arc<ClientRegistration>,
    ) -> Result<Arc<ClientRegistration>, TokenError> {
        let Some(der) = self.certificate else {
            self.violate("client-certificate", "the connection has none");
            return Err(UNKNOWN);
        };
        let is_known = match client.text("tls_client_auth_subject_dn") {
            Some(subject) => certificate::subject(der).as_deref() == Some(subject),
            None => certificate::is_registered(&client, der),
        };
        if is_known {
            return Ok(client);
        }
        let sent = certificate::subject(der).unwrap_or_default();
        self.violate(
            "client-certificate",
            format!("{sent} is not the registered one"),
        );
        Err(UNKNOWN)
    }
}

/// Compares the secret, or the lack of one on both sides.
fn by_secret(
    client: Arc<ClientRegistration>,
    sent: Option<&str>,
) -> Result<Arc<ClientRegistration>, TokenError> {
    match (&client.secret, sent) {
        (None, None) => Ok(client),
        (Some(held), Some(sent)) => verify_slices_are_equal(held.as_bytes(), sent.as_bytes())
            .map(|()| client.clone())
            .map_err(|_| UNKNOWN),
        _ => Err(UNKNOWN),
    }
}

/// Reads HTTP Basic: two parts with a colon between them, each form-encoded before they are joined.
fn basic(header: &str) -> Option<String> {
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
    String::from_utf8(base64url::decode(&url_safe)?).ok()
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
        assert_eq!(basic(header), Some("a%3Ab:p%26+%2B=".to_owned()));
        assert_eq!(form_decoded("p%26+%2B="), Some("p& +=".to_owned()));
        assert_eq!(form_decoded("b&c"), None);
        assert_eq!(basic("Basic %%%"), None);
        assert_eq!(basic("Bearer YTpi"), None);
    }
}
