//! What the metadata says about features (RFC 8414 section 2 and the specifications of each); nothing about
//! those that are off.

use codegrant_core::jose::Algorithm;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::dpop;
use crate::feature::Feature;
use crate::grants::{CLIENT_CREDENTIALS, TOKEN_EXCHANGE};

/// The endpoints that clients call with a certificate, as their metadata members and paths.
const CERTIFIED: [(&str, &str); 5] = [
    ("token_endpoint", "/token"),
    ("revocation_endpoint", "/revoke"),
    ("introspection_endpoint", "/introspect"),
    ("pushed_authorization_request_endpoint", "/par"),
    ("userinfo_endpoint", "/userinfo"),
];

impl Call<'_> {
    /// Adds the members of the features that are on.
    pub(crate) fn add_offers(&self, members: &mut Map<String, Value>) {
        let at = |path: &str| json!(format!("{}{path}", self.base));
        for feature in &self.settings.features {
            let offered = match feature {
                Feature::PushedRequests => {
                    vec![("pushed_authorization_request_endpoint", at("/par"))]
                }
                Feature::RequirePushedRequests => {
                    vec![("require_pushed_authorization_requests", json!(true))]
                }
                Feature::RequestObjects => vec![
                    ("request_parameter_supported", json!(true)),
                    ("request_uri_parameter_supported", json!(true)),
                    ("require_request_uri_registration", json!(false)),
                    (
                        "request_object_signing_alg_values_supported",
                        signatures(true),
                    ),
                ],
                Feature::ResponseObjects => {
                    let algorithm = self.settings.algorithm.as_str();
                    vec![(
                        "authorization_signing_alg_values_supported",
                        json!([algorithm]),
                    )]
                }
                Feature::Dpop => {
                    let algorithms = dpop::ALGORITHMS.map(Algorithm::as_str);
                    vec![("dpop_signing_alg_values_supported", json!(algorithms))]
                }
                Feature::CertificateBoundTokens => {
                    vec![("tls_client_certificate_bound_access_tokens", json!(true))]
                }
                Feature::Introspection => vec![("introspection_endpoint", at("/introspect"))],
                Feature::AuthorizationDetails => {
                    let types = &self.settings.authorization_details_types;
                    vec![("authorization_details_types_supported", json!(types))]
                }
                _ => Vec::new(),
            };
            for (name, value) in offered {
                members.insert(name.to_owned(), value);
            }
        }
        if self.settings.has(Feature::ResponseObjects) {
            let modes = ["jwt", "query.jwt", "form_post.jwt"];
            extend(members, "response_modes_supported", &modes);
        }
        if self.settings.has(Feature::ClientCredentials) {
            extend(members, "grant_types_supported", &[CLIENT_CREDENTIALS]);
        }
        if self.settings.has(Feature::TokenExchange) {
            extend(members, "grant_types_supported", &[TOKEN_EXCHANGE]);
        }
        let scopes: Vec<&str> = self.settings.scopes.iter().map(String::as_str).collect();
        extend(members, "scopes_supported", &scopes);
        self.add_authentication(members);
        if let Some(base) = &self.settings.certificate_base {
            let base = base.trim_end_matches('/');
            let aliases = CERTIFIED
                .iter()
                .filter(|(name, _)| members.contains_key(*name))
                .map(|(name, path)| ((*name).to_owned(), json!(format!("{base}{path}"))));
            let aliases: Map<String, Value> = aliases.collect();
            members.insert("mtls_endpoint_aliases".to_owned(), aliases.into());
        }
    }

    /// Adds the methods with which clients are registered beyond the usual ones.
    fn add_authentication(&self, members: &mut Map<String, Value>) {
        let listed = self.state.listed_clients.iter();
        let registered = listed.filter_map(|client| client.authentication().map(str::to_owned));
        let mut methods: Vec<String> = registered.collect();
        methods.sort();
        methods.dedup();
        let methods: Vec<&str> = methods.iter().map(String::as_str).collect();
        for endpoint in ["token", "revocation", "introspection"] {
            let name = format!("{endpoint}_endpoint_auth_methods_supported");
            if endpoint == "introspection" && self.settings.has(Feature::Introspection) {
                let known = members
                    .get("token_endpoint_auth_methods_supported")
                    .cloned();
                members.insert(name, known.unwrap_or_default());
            } else {
                extend(members, &name, &methods);
            }
        }
        if methods.iter().any(|method| method.ends_with("_jwt")) {
            let name = "token_endpoint_auth_signing_alg_values_supported";
            let symmetric = methods.contains(&"client_secret_jwt");
            members.insert(name.to_owned(), signatures(!symmetric));
        }
    }
}

/// Lists the signature algorithms, those of a shared secret only on request.
fn signatures(public_only: bool) -> Value {
    let symmetric = Algorithm::SYMMETRIC.iter().filter(|_| !public_only);
    let all = Algorithm::ASYMMETRIC.iter().chain(symmetric);
    all.map(|algorithm| algorithm.as_str()).collect()
}

/// Adds to a list that is there already; what it holds stays once.
fn extend(members: &mut Map<String, Value>, name: &str, more: &[&str]) {
    if let Some(Value::Array(list)) = members.get_mut(name) {
        for value in more {
            if !list.iter().any(|held| held == value) {
                list.push(json!(value));
            }
        }
    }
}
