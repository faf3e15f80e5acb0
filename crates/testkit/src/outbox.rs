//! The way out of a dev provider that is served: to its clients, over plain HTTP on loopback.

use codegrant_dev_provider::Outbox;

use crate::plain_http;

/// Performs what a dev provider asks of its clients: hosted request objects, keys, notes of a log-out.
///
/// Reaches loopback by `http` and nobody else, and follows no redirect.
///
/// ```
/// use codegrant_dev_provider::Settings;
/// let settings = Settings::new("http://localhost:4000", [7; 32])
///     .with_outbox(codegrant_testkit::outbox());
/// assert!(settings.outbox.is_some());
/// ```
pub fn outbox() -> Outbox {
    Outbox::new(|request| {
        let headers = request.headers.iter();
        let headers: Vec<(&str, &str)> = headers
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let method = request.method.as_str();
        plain_http::send(method, &request.url, &headers, &request.body).ok()
    })
}

#[cfg(test)]
mod tests {
    use codegrant_core::Timestamp;
    use codegrant_core::http::{HttpRequest, HttpResponse, Method};
    use codegrant_core::jose::Algorithm;
    use codegrant_dev_provider::{ClientRegistration, DevProvider, Feature, Settings};
    use serde_json::json;

    use super::*;
    use crate::Served;

    #[test]
    fn a_request_object_is_fetched_from_an_app_that_listens() {
        let app = Served::start(|request| {
            assert_eq!(request.method, Method::Get);
            HttpResponse::new(200)
                .with_header("content-type", "application/oauth-authz-req+jwt")
                .with_body("no object, but fetched")
        })
        .unwrap();
        let client = ClientRegistration::any_on_loopback("app", None)
            .with_metadata(json!({ "request_object_signing_alg": "none" }));
        let settings = Settings::new("http://localhost:4000", [7; 32])
            .with_algorithm(Algorithm::Es256)
            .with_features([Feature::RequestObjects])
            .with_client(client)
            .with_outbox(outbox());
        let provider = DevProvider::new(settings).unwrap();
        let hosted = format!("{}/request/1", app.origin());
        let url = format!("http://localhost:4000/authorize?client_id=app&request_uri={hosted}");
        let request = HttpRequest::new(Method::Get, url);
        provider.handle(&request, Timestamp::from_unix(0));
        let sent = provider.deliveries();
        assert_eq!(sent[0].request.url, hosted);
        assert_eq!(sent[0].response.as_ref().unwrap().status, 200);

        drop(app);
        provider.handle(&request, Timestamp::from_unix(0));
        assert!(provider.deliveries()[1].response.is_none());
    }
}
