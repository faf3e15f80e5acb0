//! The userinfo endpoint (OpenID Connect Core 1.0 section 5.3), and its OAuth 2.0 relatives.

use aws_lc_rs::hmac;
use serde_json::{Map, Value};
use url::Url;

use crate::answer;
use crate::client::Client;
use crate::client::sender_constraint::Endpoint;
use crate::error::{Error, ProviderError, Purpose, Quoted};
use crate::http::{HttpRequest, HttpResponse, Method};
use crate::id_token::{CLOCK_SKEW_SECONDS, IdToken, issuers, moment};
use crate::identity::{Email, ListedEmail, email_of};
use crate::jose::{Algorithm, Jwe, Jws, JwsError, KeySet, json};
use crate::metadata::ProviderMetadata;
use crate::provider::{Provider, Quirk};
use crate::step::Step;
use crate::time::Timestamp;
use crate::token::TokenResponse;

/// Which members of userinfo each scope promises (OpenID Connect Core 1.0 section 5.4), by one that
/// stands for the others.
const PROMISED: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "preferred_username",
            "given_name",
            "family_name",
            "nickname",
        ],
    ),
    ("email", &["email"]),
    ("address", &["address"]),
    ("phone", &["phone_number"]),
];

/// The media type of an answer that is signed or encrypted (OpenID Connect Core 1.0 section 5.3.2).
const TOKEN: &str = "application/jwt";

/// The two forms of an answer, for the operator.
const PLAIN: &str = "plain JSON";
const SEALED: &str = "a signed or encrypted token";

/// Returns the endpoint if the login cannot do without it: always where no ID token proves the user,
/// else only when the ID token lacks what a requested scope promises.
pub(crate) fn needed<'a>(
    client: &Client,
    metadata: &'a ProviderMetadata,
    id_token: Option<&IdToken>,
) -> Option<&'a str> {
    let endpoint = client.address(metadata, Endpoint::Userinfo)?;
    let Some(id_token) = id_token else {
        return Some(endpoint);
    };
    let said = |members: &[&str]| {
        members
            .iter()
            .any(|name| id_token.claims().contains_key(*name))
    };
    PROMISED
        .iter()
        .any(|(scope, members)| client.scopes().iter().any(|held| held == scope) && !said(members))
        .then_some(endpoint)
}

/// Makes a request that the token is yet to be added to: in the header, where no log and no referrer shows
/// it (RFC 9700 section 4.3.2).
pub(crate) fn request(
    client: &Client,
    metadata: &ProviderMetadata,
    endpoint: &str,
    tokens: &TokenResponse,
) -> HttpRequest {
    let token = tokens.access_token.secret();
    let mut url = endpoint.to_owned();
    if client.provider().has(&Quirk::AppSecretProof)
        && let Some(secret) = client.secret()
        && let Ok(mut parsed) = Url::parse(endpoint)
    {
        parsed
            .query_pairs_mut()
            .append_pair("appsecret_proof", &proof(secret.secret(), token));
        url = parsed.into();
    }
    let mut request = HttpRequest::new(Method::Get, url);
    request.reach = metadata.reach(client.provider(), endpoint);
    if client.userinfo_algorithm().is_some() || client.userinfo_encryption().is_some() {
        request.set_header("accept", TOKEN);
    }
    request.set_header(
        "user-agent",
        concat!("codegrant/", env!("CARGO_PKG_VERSION")),
    );
    request
}

/// Computes the hex HMAC-SHA256 of the access token under the client secret.
fn proof(secret: &str, token: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, token.as_bytes());
    tag.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Reads the answer in the one form that is registered: plain, signed, encrypted, or signed and encrypted.
///
/// Fetches the provider's keys once more where none of those at hand made the signature: the provider may
/// have rotated them since the ID token was signed.
pub(crate) fn read(
    client: &Client,
    metadata: &ProviderMetadata,
    response: &HttpResponse,
    keys: &KeySet,
    now: Timestamp,
) -> Result<Step<Map<String, Value>>, Error> {
    answer::succeeded(Purpose::Userinfo, response)?;
    let purpose = Purpose::Userinfo;
    let refused = ProviderError::UserinfoEncryption;
    match (client.userinfo_algorithm(), client.userinfo_encryption()) {
        (None, None) if response.media_type().as_deref() == Some(TOKEN) => {
            let (expected, received) = (PLAIN, SEALED);
            Err(ProviderError::UserinfoForm { expected, received }.into())
        }
        (None, None) => Ok(Step::Done(answer::object(purpose, response)?)),
        // Worth as much as a plain answer: TLS says whose it is.
        (None, Some(registered)) => {
            let plaintext = Jwe::parse(token(response)?)
                .and_then(|jwe| {
                    let (management, content) = (registered.algorithm, registered.encryption);
                    jwe.decrypt(&client.own_keys(), management, content)
                })
                .map_err(refused)?;
            let claims = json::object(&plaintext)
                .map_err(|source| ProviderError::Json { purpose, source })?;
            Ok(Step::Done(claims))
        }
        (Some(algorithm), registered) => {
            let signed = client.decrypted(token(response)?, registered);
            let signed = signed.map_err(refused)?;
            match verified(client, metadata, &signed, algorithm, keys, now) {
                Err(ProviderError::UserinfoToken(
                    JwsError::UnknownKey { .. } | JwsError::BadSignature,
                )) if !algorithm.is_symmetric() => {
                    let (client, metadata) = (client.clone(), metadata.clone());
                    let signed = signed.into_owned();
                    metadata.fetch_keys().then(move |fetched| {
                        let keys = &fetched.value;
                        let claims = verified(&client, &metadata, &signed, algorithm, keys, now)?;
                        Ok(Step::Done(claims))
                    })
                }
                outcome => Ok(Step::Done(outcome?)),
            }
        }
    }
}

/// Takes the token out of an answer that has to be one.
fn token(response: &HttpResponse) -> Result<&str, ProviderError> {
    match response.media_type().as_deref() {
        Some(TOKEN) => std::str::from_utf8(&response.body)
            .map_err(|_| ProviderError::UserinfoToken(JwsError::Parts)),
        Some("application/json") => Err(ProviderError::UserinfoForm {
            expected: SEALED,
            received: PLAIN,
        }),
        received => Err(ProviderError::MediaType {
            purpose: Purpose::Userinfo,
            expected: TOKEN,
            received: Quoted::new(received.unwrap_or("none")),
        }),
    }
}

/// Verifies a signed answer: by whom, for whom, and until when.
fn verified(
    client: &Client,
    metadata: &ProviderMetadata,
    signed: &str,
    algorithm: Algorithm,
    keys: &KeySet,
    now: Timestamp,
) -> Result<Map<String, Value>, ProviderError> {
    let purpose = Purpose::Userinfo;
    let jws = Jws::parse(signed).and_then(|jws| client.verify(jws, keys, algorithm));
    let claims = jws
        .map_err(ProviderError::UserinfoToken)?
        .claims()
        .map_err(|source| ProviderError::Json { purpose, source })?;
    let refused = |claim, expected: &str, received: &str| ProviderError::UserinfoClaim {
        claim,
        expected: expected.to_owned(),
        received: Quoted::new(received),
    };
    let issuer = answer::required_str(purpose, &claims, "iss")?;
    if !issuers(client, metadata).contains(&issuer) {
        return Err(refused("iss", &metadata.issuer, issuer));
    }
    let audiences = match claims.get("aud") {
        Some(Value::String(audience)) => vec![audience.as_str()],
        _ => answer::optional_strings(purpose, &claims, "aud")?,
    };
    if !audiences.contains(&client.id().as_str()) {
        return Err(refused("aud", client.id(), &audiences.join(" ")));
    }
    let wrong = |_| ProviderError::MemberType {
        purpose,
        member: "exp",
        expected: "a number",
    };
    match moment(&claims, "exp").map_err(wrong)? {
        Some(expires) if expires.plus(CLOCK_SKEW_SECONDS) <= now => {
            Err(refused("exp", "a time to come", &expires.to_string()))
        }
        _ => Ok(claims),
    }
}

/// Checks that both documents speak of the same account (OpenID Connect Core 1.0 section 5.3.2).
pub(crate) fn same_subject(
    subject: &str,
    userinfo: &Map<String, Value>,
) -> Result<(), ProviderError> {
    let received = answer::required_str(Purpose::Userinfo, userinfo, "sub")?;
    if received == subject {
        return Ok(());
    }
    Err(ProviderError::SubjectMismatch {
        id_token: Quoted::new(subject),
        userinfo: Quoted::new(received),
    })
}

/// Reads the account where no ID token names it: a string, or a whole number in decimal.
pub(crate) fn subject(
    provider: &Provider,
    userinfo: &Map<String, Value>,
) -> Result<String, ProviderError> {
    let missing = ProviderError::MemberMissing {
        purpose: Purpose::Userinfo,
        member: "subject",
    };
    match provider.user.subject.find(userinfo).ok_or(missing)? {
        Value::String(text)
            if (1..=255).contains(&text.len()) && !text.contains(char::is_control) =>
        {
            Ok(text.clone())
        }
        Value::Number(number) if number.is_u64() || number.is_i64() => Ok(number.to_string()),
        _ => Err(ProviderError::MemberType {
            purpose: Purpose::Userinfo,
            member: "subject",
            expected: "1 to 255 characters, or a whole number",
        }),
    }
}

/// Tells whether the answer lacks an address that counts as verified.
pub(crate) fn lacks_verified_email(provider: &Provider, userinfo: &Map<String, Value>) -> bool {
    !matches!(email_of(provider, userinfo), Some(Email::Verified(_)))
}

/// Takes the primary address out of a list of `{email, primary, verified}`.
pub(crate) fn primary_email(response: &HttpResponse) -> Result<Option<ListedEmail>, ProviderError> {
    let purpose = Purpose::Emails;
    answer::is_json(purpose, response, &["application/json"])?;
    let list =
        json::parse(&response.body).map_err(|source| ProviderError::Json { purpose, source })?;
    let wrong = ProviderError::MemberType {
        purpose,
        member: "emails",
        expected: "a list",
    };
    let entries = list.as_array().ok_or(wrong)?;
    let primary = entries
        .iter()
        .find(|entry| entry.get("primary") == Some(&Value::Bool(true)));
    Ok(primary.and_then(|entry| {
        Some(ListedEmail {
            address: entry.get("email")?.as_str()?.to_owned(),
            verified: entry.get("verified").cloned().unwrap_or(Value::Null),
        })
    }))
}
