//! The token endpoint's answer (RFC 6749 section 5): a provider's dialect put into RFC form first, then
//! read strictly.

use oauth2::{AccessToken, RefreshToken};
use serde_json::{Map, Value};

use crate::answer;
use crate::client::{Client, ExchangedToken};
use crate::error::{Error, ProviderError, Purpose, Quoted};
use crate::form;
use crate::http::HttpResponse;
use crate::provider::{Provider, Quirk};
use crate::time::Timestamp;

/// The longest token that is kept, in bytes.
const TOKEN_LIMIT: usize = 16 * 1024;

/// The furthest expiry that is believed, in seconds: ten years.
const LONGEST_LIFE: u64 = 10 * 365 * 86_400;

/// What the token endpoint granted.
///
/// `Debug` shows no token.
#[derive(Clone)]
#[non_exhaustive]
pub struct TokenResponse {
    /// What to call the provider's API with; opaque to us (RFC 6749 section 1.4).
    pub access_token: AccessToken,
    /// When the access token expires; unknown when the provider does not say.
    pub expires_at: Option<Timestamp>,
    /// What to fetch the next access token with.
    pub refresh_token: Option<RefreshToken>,
    /// What was granted, word for word; as requested when the provider does not say
    /// (RFC 6749 section 5.1).
    pub scopes: Vec<String>,
    /// Whether the provider said what was granted.
    pub(crate) scopes_stated: bool,
    /// Which fine-grained rights were granted, each with its `type` (RFC 9396 section 7); empty when the
    /// provider does not say.
    pub authorization_details: Vec<Map<String, Value>>,
    /// The ID token as it came, not yet believed.
    pub(crate) id_token: Option<String>,
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenResponse")
            .field("expires_at", &self.expires_at)
            .field("has_refresh_token", &self.refresh_token.is_some())
            .field("scopes", &self.scopes)
            .field("has_id_token", &self.id_token.is_some())
            .finish_non_exhaustive()
    }
}

/// Reads the answer; `secrets` never appear in the operator's error. `bound`: whether the tokens must be bound
/// to a key (RFC 9449 section 5).
pub(crate) fn read(
    client: &Client,
    response: &HttpResponse,
    secrets: &[&str],
    bound: bool,
    now: Timestamp,
) -> Result<TokenResponse, Error> {
    let object = granted(client, response, secrets)?;
    token_type(&object, if bound { "DPoP" } else { "Bearer" })?;
    let scopes = scopes(&object)?;
    Ok(TokenResponse {
        access_token: AccessToken::new(access_token(&object)?),
        expires_at: expires_at(&object, now)?,
        refresh_token: token(&object, "refresh_token")?.map(RefreshToken::new),
        scopes_stated: scopes.is_some(),
        scopes: scopes.unwrap_or_else(|| client.scopes().iter().map(ToString::to_string).collect()),
        authorization_details: authorization_details(&object)?,
        id_token: answer::optional_str(Purpose::Token, &object, "id_token")?.map(str::to_owned),
    })
}

/// Reads the answer to a token exchange (RFC 8693 section 2.2.1); `bound` as in [`read`].
pub(crate) fn read_exchanged(
    client: &Client,
    response: &HttpResponse,
    secrets: &[&str],
    bound: bool,
    now: Timestamp,
) -> Result<ExchangedToken, Error> {
    let object = granted(client, response, secrets)?;
    // A token that opens nothing has no type (RFC 8693 section 2.2.1).
    let received = answer::required_str(Purpose::Token, &object, "token_type")?;
    let opens_apis = !received.eq_ignore_ascii_case("N_A");
    if opens_apis {
        token_type(&object, if bound { "DPoP" } else { "Bearer" })?;
    }
    Ok(ExchangedToken {
        token: AccessToken::new(access_token(&object)?),
        issued_token_type: answer::required_str(Purpose::Token, &object, "issued_token_type")?
            .to_owned(),
        opens_apis,
        expires_at: expires_at(&object, now)?,
        refresh_token: token(&object, "refresh_token")?.map(RefreshToken::new),
        scopes: scopes(&object)?.unwrap_or_default(),
    })
}

/// Returns the members of an answer that grants something, in RFC form.
fn granted(
    client: &Client,
    response: &HttpResponse,
    secrets: &[&str],
) -> Result<Map<String, Value>, Error> {
    let provider = client.provider();
    if (300..400).contains(&response.status) {
        return Err(ProviderError::Redirect {
            purpose: Purpose::Token,
            status: response.status,
        }
        .into());
    }
    let object = match normalised(provider, response) {
        Ok(object) => object,
        // The status says more than a body that cannot be read.
        Err(_) if response.status != 200 => {
            let status = response.status;
            return Err(ProviderError::Status {
                purpose: Purpose::Token,
                status,
            }
            .into());
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(error) = stated_error(client, &object, secrets) {
        return Err(error.into());
    }
    answer::succeeded(Purpose::Token, response)?;
    Ok(object)
}

fn access_token(object: &Map<String, Value>) -> Result<String, ProviderError> {
    token(object, "access_token")?.ok_or(ProviderError::MemberMissing {
        purpose: Purpose::Token,
        member: "access_token",
    })
}

fn scopes(object: &Map<String, Value>) -> Result<Option<Vec<String>>, ProviderError> {
    let stated = answer::optional_str(Purpose::Token, object, "scope")?;
    let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect();
    Ok(stated.map(words))
}

/// Puts a provider's declared dialect into the form of RFC 6749 section 5.1.
fn normalised(
    provider: &Provider,
    response: &HttpResponse,
) -> Result<Map<String, Value>, ProviderError> {
    let form = "application/x-www-form-urlencoded";
    let mut object = if provider.has(&Quirk::TokenFormEncoded)
        && response.media_type().as_deref() == Some(form)
    {
        from_form(&response.body)?
    } else {
        answer::object(Purpose::Token, response)?
    };
    if provider.has(&Quirk::TokenTypeMissing) && !object.contains_key("token_type") {
        object.insert("token_type".to_owned(), "Bearer".into());
    }
    if provider.has(&Quirk::ExpiresInString)
        && let Some(seconds) = object.get("expires_in").and_then(Value::as_str)
        && let Ok(seconds) = seconds.parse::<u64>()
    {
        object.insert("expires_in".to_owned(), seconds.into());
    }
    if provider.has(&Quirk::ScopeComma)
        && let Some(scope) = object.get("scope").and_then(Value::as_str)
    {
        let spaced = scope.replace(',', " ");
        object.insert("scope".to_owned(), spaced.into());
    }
    if provider.has(&Quirk::ScopeArray)
        && let Some(scopes) = object.get("scope").and_then(Value::as_array)
    {
        let words: Option<Vec<&str>> = scopes.iter().map(Value::as_str).collect();
        let joined = words.map(|words| words.join(" "));
        if let Some(joined) = joined {
            object.insert("scope".to_owned(), joined.into());
        }
    }
    Ok(object)
}

fn from_form(body: &[u8]) -> Result<Map<String, Value>, ProviderError> {
    let mut object = Map::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        let value = match value.parse::<u64>() {
            Ok(number) if name == "expires_in" => number.into(),
            _ => value.into_owned().into(),
        };
        if object.insert(name.into_owned(), value).is_some() {
            return Err(ProviderError::FormRepeats {
                purpose: Purpose::Token,
            });
        }
    }
    Ok(object)
}

/// Reads an error, which wins over whatever else the answer holds (RFC 6749 section 5.2).
fn stated_error(
    client: &Client,
    object: &Map<String, Value>,
    secrets: &[&str],
) -> Option<ProviderError> {
    let error = object.get("error")?;
    let provider = client.provider();
    let own = client.secret().map(|secret| secret.secret().as_str());
    let secrets: Vec<&str> = secrets.iter().copied().chain(own).collect();
    // A provider may repeat a secret in the form in which it was sent.
    let encoded: Vec<String> = secrets.iter().map(|secret| form::encode(secret)).collect();
    let encoded = encoded.iter().map(String::as_str);
    let beside = ["access_token", "refresh_token", "id_token"];
    let beside = beside.iter().filter_map(|name| object.get(*name)?.as_str());
    let secrets: Vec<&str> = secrets.into_iter().chain(encoded).chain(beside).collect();
    let text = |value: Option<&Value>| {
        value
            .and_then(Value::as_str)
            .map(|text| Quoted::without(text, &secrets))
    };
    let (code, description) = match error {
        Value::Object(inner) if provider.has(&Quirk::ErrorObject) => {
            (text(inner.get("type")), text(inner.get("message")))
        }
        Value::Null => return None,
        other => (text(Some(other)), text(object.get("error_description"))),
    };
    let error = code.unwrap_or_else(|| Quoted::new("unnamed"));
    Some(ProviderError::TokenRefused {
        grant_ended: object.get("error").and_then(Value::as_str) == Some("invalid_grant"),
        error,
        description,
    })
}

/// Accepts tokens of the one type that was asked for, in any case (RFC 6749 section 5.1): a bearer token in
/// place of a bound one is worth more to a thief (RFC 9449 section 5).
fn token_type(object: &Map<String, Value>, expected: &'static str) -> Result<(), ProviderError> {
    let received = answer::required_str(Purpose::Token, object, "token_type")?;
    if received.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(ProviderError::TokenType {
        expected,
        received: Quoted::new(received),
    })
}

/// Reads a token: visible characters and spaces (RFC 6749 appendix A.12), which is what fits a header.
fn token(
    object: &Map<String, Value>,
    member: &'static str,
) -> Result<Option<String>, ProviderError> {
    let Some(text) = answer::optional_str(Purpose::Token, object, member)? else {
        return Ok(None);
    };
    let sound = !text.is_empty()
        && text.len() <= TOKEN_LIMIT
        && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    if sound {
        return Ok(Some(text.to_owned()));
    }
    let expected = "one or more visible ASCII characters, at most 16 KiB";
    Err(ProviderError::MemberType {
        purpose: Purpose::Token,
        member,
        expected,
    })
}

/// Reads the granted rights: a list of objects with a `type` (RFC 9396 section 7).
fn authorization_details(
    object: &Map<String, Value>,
) -> Result<Vec<Map<String, Value>>, ProviderError> {
    let wrong = || ProviderError::MemberType {
        purpose: Purpose::Token,
        member: "authorization_details",
        expected: "a list of objects, each with a type",
    };
    let details = match object.get("authorization_details") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(details) => details.as_array().ok_or_else(wrong)?,
    };
    let typed = |detail: &Map<String, Value>| detail.get("type").is_some_and(Value::is_string);
    let objects = details.iter().map(Value::as_object);
    objects
        .map(|detail| {
            detail
                .filter(|detail| typed(detail))
                .cloned()
                .ok_or_else(wrong)
        })
        .collect()
}

/// Reads `expires_in`: a whole number of seconds, already expired when not positive.
fn expires_at(
    object: &Map<String, Value>,
    now: Timestamp,
) -> Result<Option<Timestamp>, ProviderError> {
    let Some(value) = object.get("expires_in").filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let seconds = match (value.as_u64(), value.as_i64()) {
        (Some(positive), _) => positive.min(LONGEST_LIFE),
        (None, Some(_negative)) => 0,
        (None, None) => {
            return Err(ProviderError::MemberType {
                purpose: Purpose::Token,
                member: "expires_in",
                expected: "a whole number",
            });
        }
    };
    Ok(Some(now.plus(i64::try_from(seconds).unwrap_or(i64::MAX))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::GITHUB;
    use serde_json::json;

    #[test]
    fn comma_separated_scopes_are_split_only_where_the_quirk_is_declared() {
        let body = json!({"access_token": "a", "token_type": "bearer", "scope": "user,email"});
        let granted = |provider| {
            let client = Client::new(provider, "id", "https://app.example/auth/callback/x");
            let answer = HttpResponse::json(&body);
            read(&client, &answer, &[], false, Timestamp::from_unix(0))
                .unwrap()
                .scopes
        };
        assert_eq!(granted(GITHUB), ["user", "email"]);
        let plain = Provider::openid("op", "OP", "https://op.example");
        assert_eq!(granted(plain), ["user,email"]);
    }
}
