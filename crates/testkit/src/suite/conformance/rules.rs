//! What every request of a client has to keep to, whatever the module: the checks of the suite itself.

use codegrant_core::form;
use codegrant_core::http::Method;
use codegrant_core::jose::base64url;

use super::calls::Call;
use super::client::{self, SECRET};
use super::house::Op;
use super::module::Module;
use super::variant::{Registration, RequestType, ResponseMode, SenderConstrain};
use crate::suite::app::App;

type Parameters = Vec<(String, String)>;

/// Judges every call of a module.
pub(super) fn judge(module: &Module, op: &Op, calls: &[Call], app: &App) -> Result<(), String> {
    let callback = app.at(&format!("/auth/callback/{}", op.alias));
    let mut mistakes = op.violations();
    let mut seen = Seen::default();
    for call in calls {
        let judged = match call.name.as_str() {
            "authorize" => authorize(module, &callback, call, &mut seen),
            "par" => pushed(module, &callback, call, &mut seen),
            "token" => token(module, &callback, call, &mut seen),
            "userinfo" | "api" | "claims" => bearer(module, call),
            "end_session" => end_session(op, call, app),
            _ => Ok(()),
        };
        if let Err(mistake) = judged.and_then(|()| certified(module, call)) {
            mistakes.push(format!("{}: {mistake}", call.name));
        }
    }
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(mistakes.join("; ")),
    }
}

/// Values that must never come twice.
#[derive(Default)]
struct Seen {
    verifiers: Vec<String>,
    challenges: Vec<String>,
}

fn authorize(module: &Module, callback: &str, call: &Call, seen: &mut Seen) -> Result<(), String> {
    let query = call
        .request
        .url
        .split_once('?')
        .map_or("", |(_, query)| query);
    let sent = parameters(query)?;
    if module.variant.registration == Registration::Static {
        expect(&sent, "client_id", module.client_id())?;
    }
    if module.variant.fapi.is_some() {
        // Everything else was pushed (RFC 9126 section 4).
        let names: Vec<&str> = sent.iter().map(|(name, _)| name.as_str()).collect();
        return match names.as_slice() {
            ["client_id", "request_uri"] | ["request_uri", "client_id"] => Ok(()),
            _ => Err(format!("the address holds {names:?}")),
        };
    }
    expect(&sent, "response_type", "code")?;
    if module.variant.request != RequestType::PlainHttpRequest {
        return by_object(module, &sent);
    }
    expect(&sent, "redirect_uri", callback)?;
    expect(&sent, "code_challenge_method", "S256")?;
    scope(module, &sent)?;
    let mode = value(&sent, "response_mode");
    let wanted = match module.variant.response_mode {
        ResponseMode::FormPost => Some("form_post"),
        ResponseMode::Default | ResponseMode::Jarm => None,
    };
    if mode != wanted && mode != Some("query") {
        return Err(format!("response_mode is {mode:?}, expected {wanted:?}"));
    }
    is_opaque(&sent, "nonce", 43)?;
    is_opaque(&sent, "state", 128)?;
    let challenge = value(&sent, "code_challenge").unwrap_or_default();
    if base64url::decode(challenge).is_none_or(|hash| hash.len() != 32) {
        return Err("code_challenge is no SHA-256".to_owned());
    }
    once(&mut seen.challenges, challenge, "code_challenge")
}

/// The scopes that are configured, all of them and no other.
fn scope(module: &Module, sent: &Parameters) -> Result<(), String> {
    let configured = client::scopes(module);
    let configured = configured.split(|sign: char| !sign.is_ascii_alphanumeric());
    let configured = configured.filter(|word| !word.is_empty());
    let scope = value(sent, "scope").unwrap_or_default();
    match scope.split(' ').eq(configured) {
        true => Ok(()),
        false => Err(format!("scope is {scope:?}")),
    }
}

/// Whatever is signed, these stand in the address as well (OpenID Connect Core 1.0 section 6).
fn by_object(module: &Module, sent: &Parameters) -> Result<(), String> {
    let (object, reference) = (value(sent, "request"), value(sent, "request_uri"));
    let is_right = match module.variant.request {
        RequestType::RequestUri => object.is_none() && reference.is_some(),
        _ => object.is_some() && reference.is_none(),
    };
    let scope = value(sent, "scope").unwrap_or_default();
    match is_right && scope.split(' ').any(|word| word == "openid") {
        true => Ok(()),
        false => {
            Err("no request object in the right place, or no scope openid beside it".to_owned())
        }
    }
}

/// The request as it is pushed: as strict as one in the address.
fn pushed(module: &Module, callback: &str, call: &Call, seen: &mut Seen) -> Result<(), String> {
    let body = String::from_utf8_lossy(&call.request.body).into_owned();
    let sent = parameters(&body)?;
    authenticated(module, call, &sent)?;
    if value(&sent, "request").is_some() {
        return Ok(());
    }
    expect(&sent, "redirect_uri", callback)?;
    expect(&sent, "response_type", "code")?;
    expect(&sent, "code_challenge_method", "S256")?;
    scope(module, &sent)?;
    is_opaque(&sent, "state", 128)?;
    let challenge = value(&sent, "code_challenge")
        .unwrap_or_default()
        .to_owned();
    // A request that is pushed again for want of a nonce is the same request.
    if call.status == 201 {
        once(&mut seen.challenges, &challenge, "code_challenge")?;
    }
    Ok(())
}

/// A certificate is shown where it is needed and nowhere else.
fn certified(module: &Module, call: &Call) -> Result<(), String> {
    let variant = &module.variant;
    let is_bound = variant
        .fapi
        .is_some_and(|fapi| fapi.sender_constrain == SenderConstrain::Mtls);
    let is_needed = match call.name.as_str() {
        "par" => variant.authenticates_by_certificate(),
        "token" => variant.authenticates_by_certificate() || is_bound,
        "userinfo" | "api" => is_bound,
        _ => false,
    };
    match is_needed && !call.has_certificate {
        true => Err("no certificate".to_owned()),
        false => Ok(()),
    }
}

fn token(module: &Module, callback: &str, call: &Call, seen: &mut Seen) -> Result<(), String> {
    if call.request.method != Method::Post {
        return Err("is no POST".to_owned());
    }
    let body = String::from_utf8_lossy(&call.request.body).into_owned();
    let sent = parameters(&body)?;
    if value(&sent, "grant_type") == Some("authorization_code") {
        expect(&sent, "redirect_uri", callback)?;
        let verifier = value(&sent, "code_verifier").unwrap_or_default();
        if !(43..=128).contains(&verifier.len()) {
            return Err(format!("code_verifier has {} characters", verifier.len()));
        }
        if call.status == 200 {
            once(&mut seen.verifiers, verifier, "code_verifier")?;
        }
    }
    authenticated(module, call, &sent)
}

/// The client authenticates by its one method and by no other.
fn authenticated(module: &Module, call: &Call, sent: &Parameters) -> Result<(), String> {
    let header = call.request.header("authorization");
    let (id, secret) = (value(sent, "client_id"), value(sent, "client_secret"));
    let assertion = value(sent, "client_assertion");
    let is_static = module.variant.registration == Registration::Static;
    if is_static && id.is_some_and(|id| id != module.client_id()) {
        return Err(format!("client_id is {id:?}"));
    }
    let used = (header.is_some(), secret.is_some(), assertion.is_some());
    match module.variant.authentication {
        "client_secret_basic" => {
            only(used, (true, false, false))?;
            let (id, secret) = basic(header.unwrap_or_default())?;
            if is_static && (id.as_str(), secret.as_str()) != (module.client_id(), SECRET) {
                return Err(format!("the header says {id:?} and another secret"));
            }
            Ok(())
        }
        "client_secret_post" => {
            only(used, (false, true, false))?;
            match !is_static || secret == Some(SECRET) {
                true => Ok(()),
                false => Err("another secret".to_owned()),
            }
        }
        "client_secret_jwt" | "private_key_jwt" => only(used, (false, false, true)),
        _ => {
            only(used, (false, false, false))?;
            match id {
                Some(_) => Ok(()),
                None => Err("no client_id".to_owned()),
            }
        }
    }
}

fn only(used: (bool, bool, bool), allowed: (bool, bool, bool)) -> Result<(), String> {
    match used == allowed {
        true => Ok(()),
        false => Err(format!(
            "authenticates by (header, secret, assertion) {used:?}, expected {allowed:?}"
        )),
    }
}

/// Splits `Basic` as the suite does: Base64, a colon, and both parts form-decoded.
fn basic(header: &str) -> Result<(String, String), String> {
    let encoded = header.strip_prefix("Basic ").ok_or("no Basic header")?;
    let encoded = encoded
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_");
    let decoded = base64url::decode(&encoded).and_then(|text| String::from_utf8(text).ok());
    let decoded = decoded.ok_or("the header is no Base64")?;
    let (id, secret) = decoded.split_once(':').ok_or("the header has no colon")?;
    if secret.contains(':') {
        return Err("the header has two colons".to_owned());
    }
    let decode = |text: &str| {
        let pairs = form::parameters(&format!("x={text}")).unwrap_or_default();
        pairs
            .into_iter()
            .next()
            .map(|(_, value)| value)
            .unwrap_or_default()
    };
    Ok((decode(id), decode(secret)))
}

/// The token is in the header and nowhere else (RFC 6750 section 2).
fn bearer(module: &Module, call: &Call) -> Result<(), String> {
    let header = call.request.header("authorization").unwrap_or_default();
    let scheme = if module.variant.is_dpop() {
        "DPoP "
    } else {
        "Bearer "
    };
    let is_bearer = header.starts_with(scheme);
    let elsewhere = call.request.url.contains('?') || !call.request.body.is_empty();
    match is_bearer && !elsewhere {
        true => Ok(()),
        false => Err("the access token is not in the header alone".to_owned()),
    }
}

/// The very ID token, the registered address and a state (OpenID Connect RP-Initiated Logout 1.0 section 2).
fn end_session(op: &Op, call: &Call, app: &App) -> Result<(), String> {
    let query = call
        .request
        .url
        .split_once('?')
        .map_or("", |(_, query)| query);
    let sent = parameters(query)?;
    let issued = op.last_id_token().unwrap_or_default();
    expect(&sent, "id_token_hint", &issued)
        .map_err(|_| "id_token_hint is another token".to_owned())?;
    expect(
        &sent,
        "post_logout_redirect_uri",
        &app.at("/auth/logged-out"),
    )?;
    is_opaque(&sent, "state", 128)
}

fn expect(sent: &Parameters, name: &str, wanted: &str) -> Result<(), String> {
    match value(sent, name) {
        Some(found) if found == wanted => Ok(()),
        found => Err(format!("{name} is {found:?}, expected {wanted:?}")),
    }
}

/// Long enough to be no guess, and of characters that survive in a URL.
fn is_opaque(sent: &Parameters, name: &str, longest: usize) -> Result<(), String> {
    let found = value(sent, name).unwrap_or_default();
    let is_safe = found
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    match is_safe && (22..=longest).contains(&found.len()) {
        true => Ok(()),
        false => Err(format!(
            "{name} has {} characters, or strange ones",
            found.len()
        )),
    }
}

fn once(seen: &mut Vec<String>, value: &str, name: &str) -> Result<(), String> {
    if seen.iter().any(|held| held == value) {
        return Err(format!("{name} came twice"));
    }
    seen.push(value.to_owned());
    Ok(())
}

fn value<'a>(sent: &'a Parameters, name: &str) -> Option<&'a str> {
    let found = sent.iter().find(|(held, _)| held == name);
    found.map(|(_, value)| value.as_str())
}

/// Reads parameters, of which none may stand twice (RFC 6749 section 3.1).
fn parameters(encoded: &str) -> Result<Parameters, String> {
    let sent = form::parameters(encoded).map_err(|_| "the parameters are malformed".to_owned())?;
    for (place, (name, _)) in sent.iter().enumerate() {
        if sent[..place].iter().any(|(held, _)| held == name) {
            return Err(format!("{name} stands twice"));
        }
    }
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use codegrant_core::http::HttpRequest;

    use super::super::variant::Variant;
    use super::*;

    fn call(name: &str, request: HttpRequest) -> Call {
        Call {
            name: name.to_owned(),
            request,
            has_certificate: false,
            status: 200,
        }
    }

    #[test]
    fn a_token_outside_the_header_is_found() {
        let module = Module::new("a module");
        let ask = |url: &str, header: &str, body: &str| {
            let mut request = HttpRequest::new(Method::Get, url);
            request.set_header("authorization", header);
            request.body = body.as_bytes().to_vec();
            bearer(&module, &call("userinfo", request))
        };
        let url = "http://localhost/userinfo";
        assert_eq!(ask(url, "Bearer abc", ""), Ok(()));
        assert!(
            ask(
                "http://localhost/userinfo?access_token=abc",
                "Bearer abc",
                ""
            )
            .is_err()
        );
        assert!(ask(url, "Bearer abc", "access_token=abc").is_err());
        assert!(ask(url, "DPoP abc", "").is_err());
        assert!(ask(url, "", "").is_err());
    }

    #[test]
    fn basic_is_two_encoded_parts() {
        // "a%3Ab:p%26+%2B" and "a:b:c" in Base64, by hand.
        let told = basic("Basic YSUzQWI6cCUyNislMkI=");
        assert_eq!(told, Ok(("a:b".to_owned(), "p& +".to_owned())));
        assert!(basic("Basic YTpiOmM=").is_err());
        assert!(basic("Bearer YTpi").is_err());
    }

    #[test]
    fn values_that_are_short_strange_or_too_long_are_found() {
        let judge =
            |nonce: &str| is_opaque(&vec![("nonce".to_owned(), nonce.to_owned())], "nonce", 43);
        assert_eq!(judge(&"n".repeat(43)), Ok(()));
        for wrong in [&"n".repeat(44), "short", &"n+".repeat(15)] {
            assert!(judge(wrong).is_err(), "{wrong}");
        }
        assert!(is_opaque(&Vec::new(), "nonce", 43).is_err());
    }

    #[test]
    fn a_value_or_a_parameter_that_comes_twice_is_found() {
        let mut seen = Vec::new();
        assert_eq!(once(&mut seen, "one", "code_verifier"), Ok(()));
        assert!(once(&mut seen, "one", "code_verifier").is_err());
        assert!(parameters("state=a&state=b").is_err());
        assert!(parameters("state=a&nonce=b").is_ok());
    }

    #[test]
    fn a_second_way_to_authenticate_is_found() {
        let module = Module::new("a module").with(Variant {
            authentication: "client_secret_post",
            ..Variant::default()
        });
        let told = |fields: &str, header: Option<&str>| {
            let mut request = HttpRequest::new(Method::Post, "http://localhost/token");
            if let Some(header) = header {
                request.set_header("authorization", header);
            }
            authenticated(&module, &call("token", request), &parameters(fields)?)
        };
        let id = form::encode(module.client_id());
        let right = format!("client_id={id}&client_secret={}", form::encode(SECRET));
        assert_eq!(told(&right, None), Ok(()));
        assert!(told(&right, Some("Basic YTpi")).is_err());
        assert!(told(&format!("client_id={id}&client_secret=other"), None).is_err());
        assert!(told("client_id=other&client_secret=x", None).is_err());
    }
}
