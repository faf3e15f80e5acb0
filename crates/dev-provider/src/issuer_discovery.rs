//! Which issuer an account belongs to: WebFinger (RFC 7033, OpenID Connect Discovery 1.0 section 2).

use codegrant_core::http::HttpResponse;
use serde_json::{Value, json};
use url::{Host, Url};

use crate::call::{Call, json_response};

/// The relation whose link is an issuer (OpenID Connect Discovery 1.0 section 2).
const ISSUER: &str = "http://openid.net/specs/connect/1.0/issuer";

impl Call<'_> {
    /// Answers for every account and address on the issuer's host.
    pub(crate) fn webfinger(&mut self) -> HttpResponse {
        let parameters = self.parameters();
        let Some(resource) = parameters.value("resource") else {
            self.violate("webfinger", "no resource");
            return json_response(400, &json!({ "error": "resource is missing" }));
        };
        if !self.is_ours(resource) {
            self.violate("webfinger", format!("resource {resource:?}"));
            return json_response(
                404,
                &json!({ "error": "nothing is known of this resource" }),
            );
        }
        // Section 4.3: whoever names a relation wants no links of others.
        let asked = parameters.values("rel");
        let wanted = asked.is_empty() || asked.iter().any(|relation| relation == ISSUER);
        let links: Vec<Value> = wanted
            .then(|| json!({ "rel": ISSUER, "href": self.settings.issuer }))
            .into_iter()
            .collect();
        HttpResponse::new(200)
            .with_header("content-type", "application/jrd+json")
            .with_header("access-control-allow-origin", "*")
            .with_header("cache-control", "no-store")
            .with_body(json!({ "subject": resource, "links": links }).to_string())
    }

    /// Tells whether a resource is `acct:somebody@host` or an address on the host, with or without the port.
    fn is_ours(&self, resource: &str) -> bool {
        let Some(issuer) = Url::parse(&self.settings.issuer).ok() else {
            return false;
        };
        let host = issuer.host().map(|host| host.to_string());
        let host = host.unwrap_or_default();
        let with_port = issuer
            .port()
            .map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        if let Some(account) = resource.strip_prefix("acct:") {
            // The last at-sign: the one before the host.
            return account
                .rsplit_once('@')
                .is_some_and(|(user, at)| !user.is_empty() && (at == host || at == with_port));
        }
        let Ok(url) = Url::parse(resource) else {
            return false;
        };
        let same = url.host().as_ref().map(Host::to_string) == Some(host);
        url.scheme() == "https" && same
    }
}
