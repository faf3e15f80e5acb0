//! The provider's metadata over time: one bad answer spoils nothing, and a redirect is no answer.

use codegrant_core::http::HttpResponse;
use codegrant_testkit::Site;

use crate::provider_failed;

const WELL_KNOWN: &str = "/.well-known/openid-configuration";

fn answering(site: &Site, answer: HttpResponse) {
    site.script(move |request| {
        let asked = request.url.ends_with(WELL_KNOWN);
        asked.then(|| Ok(answer.clone()))
    });
}

async fn logs_in(site: &Site) {
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
}

// attack: DS-10
#[tokio::test]
async fn metadata_survives_a_bad_answer_and_the_answer_is_forgotten_in_seconds() {
    for bad in [
        HttpResponse::new(500),
        HttpResponse::new(200)
            .with_header("content-type", "text/html")
            .with_body("<html>"),
        HttpResponse::json(&serde_json::json!({"issuer": "https://evil.example"})),
    ] {
        let site = Site::new();
        logs_in(&site).await;
        answering(&site, bad);
        site.wait(86_400);
        logs_in(&site).await;
        logs_in(&site).await;
        assert_eq!(
            site.calls(WELL_KNOWN),
            2,
            "a shut door is not knocked at again at once"
        );
        site.behave();
        site.wait(5);
        logs_in(&site).await;
        logs_in(&site).await;
        assert_eq!(site.calls(WELL_KNOWN), 3);
    }
}

// attack: DS-03
#[tokio::test]
async fn a_redirect_of_the_metadata_leads_nobody_anywhere() {
    let site = Site::new();
    let elsewhere = "https://evil.example/.well-known/openid-configuration";
    answering(
        &site,
        HttpResponse::new(302).with_header("location", elsewhere),
    );
    let reply = site.browser().get("/auth/login/op").await;
    assert_eq!(reply.location(), None);
    provider_failed(&reply);
    assert!(
        site.sent()
            .iter()
            .all(|request| !request.url.contains("evil"))
    );
    site.behave();
    site.wait(5);
    logs_in(&site).await;
}
