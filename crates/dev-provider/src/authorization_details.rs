//! What a request asks for beyond scopes: rich authorization requests (RFC 9396) and resources (RFC 8707).

use serde_json::Value;
use url::Url;

use crate::authorization_request::Refusal;
use crate::call::Call;
use crate::feature::Feature;
use crate::parameters::Parameters;

/// The most details, and the most resources, of one request.
const MOST: usize = 20;

const fn details(description: &'static str) -> Refusal {
    Refusal {
        error: "invalid_authorization_details",
        description,
    }
}

const fn target(description: &'static str) -> Refusal {
    Refusal {
        error: "invalid_target",
        description,
    }
}

impl Call<'_> {
    /// Reads `authorization_details`: a list of objects, each with a `type` that the provider knows.
    pub(crate) fn details(&self, parameters: &Parameters) -> Result<Vec<Value>, Refusal> {
        let sent = parameters.value("authorization_details");
        let Some(sent) = sent.filter(|_| self.settings.has(Feature::AuthorizationDetails)) else {
            return Ok(Vec::new());
        };
        let parsed = codegrant_core::jose::json::parse(sent.as_bytes());
        let Ok(Value::Array(list)) = parsed else {
            return Err(details("authorization_details is no JSON array"));
        };
        let known = &self.settings.authorization_details_types;
        let is_known = |detail: &Value| {
            let kind = detail.get("type").and_then(Value::as_str);
            kind.is_some_and(|kind| known.is_empty() || known.iter().any(|held| held == kind))
        };
        if list.is_empty() || list.len() > MOST || !list.iter().all(is_known) {
            return Err(details(
                "a detail has no type, or one that is not known here",
            ));
        }
        Ok(list)
    }

    /// Reads `resource`: absolute addresses without a fragment.
    pub(crate) fn resources(&self, parameters: &Parameters) -> Result<Vec<String>, Refusal> {
        let sent = parameters.values("resource");
        if !self.settings.has(Feature::ResourceIndicators) {
            return Ok(Vec::new());
        }
        let sound = |uri: &String| Url::parse(uri).is_ok_and(|url| url.fragment().is_none());
        if sent.len() > MOST || !sent.iter().all(sound) {
            return Err(target(
                "a resource is no absolute address without a fragment",
            ));
        }
        Ok(sent)
    }

    /// Reads the resources of a token request: those that were granted, or some of them (RFC 8707
    /// section 2.2).
    pub(crate) fn narrowed_resources(
        &self,
        parameters: &Parameters,
        granted: &[String],
    ) -> Result<Vec<String>, Refusal> {
        let asked = self.resources(parameters)?;
        if asked.is_empty() {
            return Ok(granted.to_vec());
        }
        if asked.iter().all(|resource| granted.contains(resource)) {
            return Ok(asked);
        }
        Err(target("a resource was not granted"))
    }
}
