//! Reading a provider's answer: status, media type, JSON, members; the same for every endpoint.

use serde_json::{Map, Value};

use crate::error::{ProviderError, Purpose, Quoted};
use crate::http::HttpResponse;
use crate::jose::json;

/// Accepts status 200 and nothing else: a redirect is never followed, because the code, the secret or
/// the token would follow it (RFC 9700 section 4.12).
pub(crate) fn succeeded(purpose: Purpose, response: &HttpResponse) -> Result<(), ProviderError> {
    match response.status {
        200 => Ok(()),
        status => Err(failed(purpose, status)),
    }
}

/// Makes the error for a status that was not wanted.
pub(crate) fn failed(purpose: Purpose, status: u16) -> ProviderError {
    match status {
        300..=399 => ProviderError::Redirect { purpose, status },
        _ => ProviderError::Status { purpose, status },
    }
}

/// Accepts the listed media types.
pub(crate) fn is_json(
    purpose: Purpose,
    response: &HttpResponse,
    accepted: &[&str],
) -> Result<(), ProviderError> {
    let received = response.media_type();
    if received
        .as_deref()
        .is_some_and(|received| accepted.contains(&received))
    {
        return Ok(());
    }
    Err(ProviderError::MediaType {
        purpose,
        expected: "application/json",
        received: Quoted::new(received.as_deref().unwrap_or("none")),
    })
}

/// Reads a JSON object, strictly.
pub(crate) fn object(
    purpose: Purpose,
    response: &HttpResponse,
) -> Result<Map<String, Value>, ProviderError> {
    is_json(purpose, response, &["application/json"])?;
    json::object(&response.body).map_err(|source| ProviderError::Json { purpose, source })
}

/// Reads a member that has to be there, as a string.
pub(crate) fn required_str<'a>(
    purpose: Purpose,
    object: &'a Map<String, Value>,
    member: &'static str,
) -> Result<&'a str, ProviderError> {
    optional_str(purpose, object, member)?.ok_or(ProviderError::MemberMissing { purpose, member })
}

/// Reads a member that may be absent or null, as a string.
pub(crate) fn optional_str<'a>(
    purpose: Purpose,
    object: &'a Map<String, Value>,
    member: &'static str,
) -> Result<Option<&'a str>, ProviderError> {
    match object.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ProviderError::MemberType {
            purpose,
            member,
            expected: "a string",
        }),
    }
}

/// Reads a member that is false when absent.
pub(crate) fn optional_bool(
    purpose: Purpose,
    object: &Map<String, Value>,
    member: &'static str,
) -> Result<bool, ProviderError> {
    match object.get(member) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(ProviderError::MemberType {
            purpose,
            member,
            expected: "true or false",
        }),
    }
}

/// Reads a member that is empty when absent, as a list of strings.
pub(crate) fn optional_strings<'a>(
    purpose: Purpose,
    object: &'a Map<String, Value>,
    member: &'static str,
) -> Result<Vec<&'a str>, ProviderError> {
    let wrong = || ProviderError::MemberType {
        purpose,
        member,
        expected: "a list of strings",
    };
    match object.get(member) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().ok_or_else(wrong))
            .collect(),
        Some(_) => Err(wrong()),
    }
}
