//! What the metadata says about ID tokens, log-out and registration (OpenID Connect Discovery 1.0 section 3
//! and the specifications of each feature).

use std::collections::BTreeSet;

use codegrant_core::jose::{Algorithm, ContentEncryption, KeyManagement};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::feature::Feature;
use crate::protection::registered_algorithms;

/// What came after OpenID Connect Core, and a provider that knows nothing else does not mention.
const LATER: [&str; 2] = [
    "code_challenge_methods_supported",
    "authorization_response_iss_parameter_supported",
];

impl Call<'_> {
    /// Adds the members of the features that are on, and the algorithms.
    pub(crate) fn add_openid_offers(&self, members: &mut Map<String, Value>) {
        let at = |path: &str| json!(format!("{}{path}", self.base));
        for feature in &self.settings.features {
            let offered = match feature {
                Feature::BackChannelLogOut => vec![
                    ("backchannel_logout_supported", json!(true)),
                    ("backchannel_logout_session_supported", json!(true)),
                ],
                Feature::FrontChannelLogOut => vec![
                    ("frontchannel_logout_supported", json!(true)),
                    ("frontchannel_logout_session_supported", json!(true)),
                ],
                Feature::SessionManagement => {
                    vec![("check_session_iframe", at("/check_session"))]
                }
                Feature::DynamicRegistration => vec![("registration_endpoint", at("/register"))],
                Feature::ClaimsParameter => vec![("claims_parameter_supported", json!(true))],
                Feature::AggregatedClaims | Feature::DistributedClaims => {
                    let types = self.claim_types();
                    vec![("claim_types_supported", types)]
                }
                _ => Vec::new(),
            };
            for (name, value) in offered {
                members.insert(name.to_owned(), value);
            }
        }
        if !self.settings.acr_values.is_empty() {
            let values = json!(self.settings.acr_values);
            members.insert("acr_values_supported".to_owned(), values);
        }
        self.add_algorithms(members);
        if self.settings.has(Feature::CoreOnly) {
            for name in LATER {
                members.remove(name);
            }
        }
    }

    fn claim_types(&self) -> Value {
        let mut types = vec!["normal"];
        if self.settings.has(Feature::AggregatedClaims) {
            types.push("aggregated");
        }
        if self.settings.has(Feature::DistributedClaims) {
            types.push("distributed");
        }
        json!(types)
    }

    /// Lists what tokens can be signed with, and how they can be encrypted where a client wants that.
    fn add_algorithms(&self, members: &mut Map<String, Value>) {
        let every = self.settings.has(Feature::EveryAlgorithmOffered);
        let mut names = vec![self.settings.algorithm.as_str()];
        if every || self.settings.has(Feature::DynamicRegistration) {
            let all = Algorithm::ASYMMETRIC.iter().chain(Algorithm::SYMMETRIC);
            names.extend(all.map(|algorithm| algorithm.as_str()));
        }
        let clients = self.state.listed_clients.iter();
        let registered = clients.flat_map(|client| registered_algorithms(client));
        names.extend(registered.map(Algorithm::as_str));
        if every {
            names.push("none");
        }
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(*name));
        for kind in ["id_token", "userinfo"] {
            let member = format!("{kind}_signing_alg_values_supported");
            members.insert(member, json!(names));
        }
        if !self.settings.has(Feature::DynamicRegistration) {
            return;
        }
        let managements: Vec<&str> = KeyManagement::ALL.iter().map(|it| it.as_str()).collect();
        let contents: Vec<&str> = ContentEncryption::ALL
            .iter()
            .map(|it| it.as_str())
            .collect();
        for kind in ["id_token", "userinfo"] {
            let alg = format!("{kind}_encryption_alg_values_supported");
            members.insert(alg, json!(managements));
            let enc = format!("{kind}_encryption_enc_values_supported");
            members.insert(enc, json!(contents));
        }
    }
}
