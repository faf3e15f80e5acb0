//! Pushed authorization requests: the provider gets the parameters from us, and the browser carries no more
//! than a name for them (RFC 9126).

use serde_json::{Map, Value};
use url::Url;

use super::parameters::Parameters;
use crate::answer;
use crate::client::Client;
use crate::client::call::Call;
use crate::client::sender_constraint::Endpoint;
use crate::dpop::DpopKey;
use crate::error::{Error, ProviderError, Purpose, Quoted};
use crate::http::HttpResponse;
use crate::jose::json;
use crate::metadata::ProviderMetadata;
use crate::moment::Moment;
use crate::provider::AuthenticationMethod;
use crate::step::Step;

/// The longest name for a request that is believed, in bytes.
const NAME_LIMIT: usize = 2048;

/// Pushes a request and goes on with the name that the provider gives it.
pub(super) fn push<T: 'static>(
    client: &Client,
    metadata: &ProviderMetadata,
    parameters: &Parameters,
    dpop_key: Option<&DpopKey>,
    moment: Moment,
    go_on: impl FnOnce(String) -> T + Send + 'static,
) -> Result<Step<T>, Error> {
    let endpoint = client.address(metadata, Endpoint::PushedRequest);
    let endpoint = endpoint.ok_or(ProviderError::MemberMissing {
        purpose: Purpose::Metadata,
        member: "pushed_authorization_request_endpoint",
    })?;
    let mut call = Call::new(client, metadata, endpoint, moment).proving(dpop_key);
    // Every other method has the client's id among its own fields.
    let named = client.authentication() != AuthenticationMethod::ClientSecretBasic;
    let mut sent = Vec::new();
    for (name, value) in parameters.texts() {
        if !(named && name == "client_id") {
            sent.push(value.to_string());
            call = call.field(name.clone(), value);
        }
    }
    let client = client.clone();
    call.then(move |response| {
        let own = client.secret().map(|secret| secret.secret().as_str());
        let secrets: Vec<&str> = sent.iter().map(String::as_str).chain(own).collect();
        Ok(Step::Done(go_on(request_uri(&response, &secrets)?)))
    })
}

/// Reads the name: status 201, or the 200 that some servers send (RFC 9126 section 2.2).
fn request_uri(response: &HttpResponse, secrets: &[&str]) -> Result<String, ProviderError> {
    let purpose = Purpose::PushedRequest;
    match response.status {
        200 | 201 => {}
        status @ 300..=399 => return Err(ProviderError::Redirect { purpose, status }),
        status => {
            let stated = json::object(&response.body).ok();
            let refused = stated.and_then(|answer| refusal(&answer, secrets));
            return Err(refused.unwrap_or(ProviderError::Status { purpose, status }));
        }
    }
    let answer = answer::object(purpose, response)?;
    if let Some(refused) = refusal(&answer, secrets) {
        return Err(refused);
    }
    let name = answer::required_str(purpose, &answer, "request_uri")?;
    if !is_sound(name) {
        return Err(ProviderError::MemberType {
            purpose,
            member: "request_uri",
            expected: "an absolute urn: or https: URI of visible ASCII, at most 2 KiB",
        });
    }
    let lifetime = answer.get("expires_in").and_then(Value::as_u64);
    if lifetime.unwrap_or_default() == 0 {
        return Err(ProviderError::MemberType {
            purpose,
            member: "expires_in",
            expected: "a positive whole number",
        });
    }
    Ok(name.to_owned())
}

/// Reads the provider's own error (RFC 9126 section 2.3); what we sent is blotted out.
fn refusal(answer: &Map<String, Value>, secrets: &[&str]) -> Option<ProviderError> {
    // Short values, such as a scope, are no secrets, and blotting them out would leave nothing to read.
    let secrets: Vec<&str> = secrets
        .iter()
        .copied()
        .filter(|text| text.len() >= 32)
        .collect();
    let text = |name| {
        let text = answer.get(name).and_then(Value::as_str)?;
        Some(Quoted::without(text, &secrets))
    };
    answer.get("error").filter(|error| !error.is_null())?;
    Some(ProviderError::RequestRefused {
        error: text("error").unwrap_or_else(|| Quoted::new("unnamed")),
        description: text("error_description"),
    })
}

fn is_sound(name: &str) -> bool {
    name.len() <= NAME_LIMIT
        && name.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
        && Url::parse(name).is_ok_and(|uri| matches!(uri.scheme(), "urn" | "https"))
}
