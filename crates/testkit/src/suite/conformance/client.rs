//! The client of a module: its section in the app's configuration, and its registration at the provider.

use std::fmt::Write as _;
use std::path::Path;

use codegrant_dev_provider::ClientRegistration;
use serde_json::{Map, Value, json};

use super::certificates::{Certificates, SUBJECT};
use super::house::Op;
use super::keys;
use super::module::Module;
use super::variant::{Registration, RequestType, ResponseMode, SenderConstrain, Variant};

/// Full of characters that the header has to encode (RFC 6749 section 2.3.1), as the suite's own are.
pub(super) const ID: &str = "client_tour 7:%+&=!";
pub(super) const SECRET: &str = "secret_0123456789abcdefghijklmnopqrstuvwxyz 100%:+\"&=";

/// The id where a space would be in the way (OpenID Connect Session Management 1.0 section 3.1).
pub(super) const PLAIN_ID: &str = "client_tour";

/// What the usual client asks for.
const SCOPES: &str = "[\"openid\", \"profile\", \"email\"]";

/// The files that sections name, with a name that is the same in every run.
pub(super) const ROOT: &str = "root.pem";
const FILES: [[&str; 2]; 2] = [
    ["client.pem", "client.key"],
    ["self-signed.pem", "self-signed.key"],
];

/// Returns the name and the text of every file that a section may name.
pub(super) fn files() -> Vec<(&'static str, String)> {
    let made = Certificates::of_this_run();
    let pairs = FILES.iter().zip([&made.signed, &made.self_signed]);
    let pairs = pairs.flat_map(|(names, held)| names.iter().copied().zip(held.files()));
    pairs.chain([(ROOT, made.root.clone())]).collect()
}

/// Returns what a module's client asks for, as a list in TOML.
pub(super) fn scopes(module: &Module) -> &str {
    let own = module.keys.iter().find(|(name, _)| *name == "scopes");
    match own {
        Some((_, scopes)) => scopes,
        None if module.variant.is_openid() => SCOPES,
        None => "[\"profile\", \"email\"]",
    }
}

/// Writes the client's section of the configuration file; what it names is in `directory`.
pub(super) fn section(module: &Module, op: &Op, directory: &Path) -> String {
    let variant = &module.variant;
    let mut entries: Vec<(&str, String)> = vec![
        ("id", quoted(&op.alias)),
        ("client_id", quoted(module.client_id())),
        ("authentication", quoted(variant.authentication)),
        ("scopes", scopes(module).to_owned()),
    ];
    match op.account(module) {
        Some(account) => entries.push(("webfinger", quoted(&account))),
        None => entries.push(("issuer", quoted(&op.issuer))),
    }
    if variant.authentication.starts_with("client_secret") {
        entries.push(("client_secret", quoted(SECRET)));
    }
    if has_key(variant) {
        entries.push((
            "signing_key",
            format!("'''\n{}'''", keys::client_pem(module.signs_with)),
        ));
        entries.push(("signing_key_id", quoted(keys::CLIENT_KEY_ID)));
        entries.push(("signing_algorithm", quoted(module.signs_with)));
    }
    match variant.request {
        RequestType::PlainHttpRequest => {}
        RequestType::RequestObject => entries.push(("request_object", quoted("by_value"))),
        RequestType::RequestUri => entries.push(("request_object", quoted("by_reference"))),
    }
    match variant.response_mode {
        ResponseMode::Default => {}
        ResponseMode::FormPost => entries.push(("response_mode", quoted("form_post"))),
        ResponseMode::Jarm => entries.push(("response_mode", quoted("query.jwt"))),
    }
    if variant.has_certificate() {
        let is_self_signed = variant.authentication == "self_signed_tls_client_auth";
        let [certificate, key] = FILES[usize::from(is_self_signed)];
        let path = |name: &str| quoted(&directory.join(name).display().to_string());
        entries.push(("certificate_file", path(certificate)));
        entries.push(("certificate_key_file", path(key)));
    }
    if let Some(fapi) = variant.fapi {
        let profile = if fapi.is_signed && variant.response_mode == ResponseMode::Jarm {
            "fapi2_message_signing"
        } else {
            "fapi2"
        };
        entries.push(("profile", quoted(profile)));
        if fapi.is_signed && profile == "fapi2" {
            entries.push(("request_object", quoted("by_value")));
        }
        match fapi.sender_constrain {
            SenderConstrain::Dpop => entries.push(("dpop", "true".to_owned())),
            SenderConstrain::Mtls => {
                entries.push(("certificate_bound_access_tokens", "true".to_owned()));
            }
        }
        if !fapi.is_openid {
            entries.push(("metadata", quoted("oauth")));
            entries.push(("user", "{ subject = \"sub\", name = \"name\" }".to_owned()));
        }
    }
    if variant.registration == Registration::Dynamic {
        entries.retain(|(name, _)| !matches!(*name, "client_id" | "client_secret"));
        entries.push(("register", "true".to_owned()));
    }
    entries.extend(module.keys.iter().cloned());
    written(entries, op, variant)
}

/// Writes entries, of which a later one replaces an earlier one; an empty value leaves it out.
fn written(entries: Vec<(&str, String)>, op: &Op, variant: &Variant) -> String {
    let mut text = String::new();
    if let Some(url) = op.api(variant) {
        let _ = write!(
            text,
            "\n[[api]]\nurl = {}\nprovider = {}\n",
            quoted(&url),
            quoted(&op.alias)
        );
    }
    text.push_str("\n[[provider]]\n");
    for (place, (name, value)) in entries.iter().enumerate() {
        let is_replaced = entries[place + 1..].iter().any(|(later, _)| later == name);
        if !is_replaced && !value.is_empty() {
            let _ = writeln!(text, "{name} = {value}");
        }
    }
    text
}

/// Registers the client at the provider, by the names of RFC 7591; `app` is where the app will be.
pub(super) fn registration(module: &Module, alias: &str, app: &str) -> ClientRegistration {
    let variant = &module.variant;
    let secret = variant
        .authentication
        .starts_with("client_secret")
        .then_some(SECRET);
    let mut members = Map::new();
    let mut say = |name: &str, value: Value| {
        members.insert(name.to_owned(), value);
    };
    say("token_endpoint_auth_method", json!(variant.authentication));
    say(
        "redirect_uris",
        json!([format!("{app}/auth/callback/{alias}")]),
    );
    say(
        "post_logout_redirect_uris",
        json!([format!("{app}/auth/logged-out")]),
    );
    let mut keys = Vec::new();
    if has_key(variant) {
        keys.push(keys::client_public(module.signs_with));
    }
    match variant.authentication {
        "tls_client_auth" => say("tls_client_auth_subject_dn", json!(SUBJECT)),
        "self_signed_tls_client_auth" => {
            keys.push(Certificates::of_this_run().self_signed.registered());
        }
        _ => {}
    }
    if !keys.is_empty() {
        say("jwks", json!({ "keys": keys }));
    }
    if variant.signs_requests() {
        say("request_object_signing_alg", json!(module.signs_with));
        say("require_signed_request_object", json!(true));
    }
    match variant.fapi.map(|fapi| fapi.sender_constrain) {
        Some(SenderConstrain::Dpop) => say("dpop_bound_access_tokens", json!(true)),
        Some(SenderConstrain::Mtls) => {
            say("tls_client_certificate_bound_access_tokens", json!(true));
        }
        None => {}
    }
    for (name, value) in &module.registered {
        // What stands below the app's origin is written without it.
        let value = match value.as_str().and_then(|text| text.strip_prefix("APP/")) {
            Some(path) => json!(format!("{app}/{path}/{alias}")),
            None => value.clone(),
        };
        say(name, value);
    }
    say("client_id", json!(module.client_id()));
    if let Some(secret) = secret {
        say("client_secret", json!(secret));
    }
    ClientRegistration::from_metadata(members).expect("the members have a client_id")
}

/// Returns the features that the provider needs for a variant.
pub(super) fn features(variant: &Variant) -> Vec<&'static str> {
    let mut features = Vec::new();
    if variant.signs_requests() {
        features.push("request-objects");
    }
    if variant.response_mode == ResponseMode::Jarm {
        features.push("response-objects");
    }
    if variant.registration == Registration::Dynamic {
        features.extend(["dynamic-registration", "odd-characters"]);
    }
    match variant.fapi {
        None => features.extend(["core-only", "every-algorithm-offered"]),
        Some(fapi) => {
            features.extend(["pushed-requests", "require-pushed-requests"]);
            if !fapi.is_openid {
                features.push("oauth-metadata");
            }
            match fapi.sender_constrain {
                SenderConstrain::Dpop => features.push("dpop"),
                SenderConstrain::Mtls => features.push("certificate-bound-tokens"),
            }
        }
    }
    features
}

fn has_key(variant: &Variant) -> bool {
    variant.authentication == "private_key_jwt" || variant.signs_requests()
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}
