//! The provider's keys and metadata: fetched when needed, by one request at a time, and not for ever.

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_testkit::{Fault, Site};
use codegrant_web::TransportError;
use tokio::task::JoinSet;

use crate::{fixed_page, refused};

// attack: KY-01
#[tokio::test]
async fn a_thousand_unknown_keys_cost_a_few_fetches() {
    let site = Site::new();
    site.browser().log_in("op", "ada").await;
    site.provider("op").inject(Fault::UnknownKid);
    for _ in 0..1_000 {
        refused(&site.browser().log_in("op", "ada").await);
    }
    assert_eq!(site.failures(), ["id_token.unknown_key"; 1_000]);
    assert!(site.calls("/jwks") <= 4, "{} fetches", site.calls("/jwks"));
    // The ration is filled up again in time, and honest logins went on all along.
    let spent = site.calls("/jwks");
    site.wait(30);
    refused(&site.browser().log_in("op", "ada").await);
    refused(&site.browser().log_in("op", "ada").await);
    assert_eq!(site.calls("/jwks"), spent + 1);
    site.behave();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
}

// attack: KY-01
#[tokio::test]
async fn one_providers_ration_is_not_anothers() {
    let site = Site::builder().two_providers().build();
    site.provider("op").inject(Fault::UnknownKid);
    for _ in 0..20 {
        site.browser().log_in("op", "ada").await;
    }
    let mut browser = site.browser();
    browser.log_in("ev", "ada").await;
    site.provider("ev").rotate_keys().unwrap();
    browser.log_in("ev", "grace").await;
    assert_eq!(browser.subject().await.as_deref(), Some("grace"));
    assert_eq!(site.calls("ev.localhost:9000/jwks"), 2);
}

#[tokio::test]
async fn a_new_key_is_fetched_when_the_first_token_asks_for_it() {
    let site = Site::new();
    for round in 1..=3 {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        assert!(browser.subject().await.is_some());
        browser.log_in("op", "ada").await;
        assert_eq!(site.calls("/jwks"), round, "one fetch for each new key");
        site.provider("op").rotate_keys().unwrap();
    }
    assert!(site.failures().is_empty());
}

// attack: KY-04
#[tokio::test]
async fn a_key_set_is_replaced_whole_when_its_time_is_over() {
    let site = Site::new();
    site.browser().log_in("op", "ada").await;
    // The provider withdraws every key but its token endpoint goes on signing: a stolen key, say.
    site.script(|request| {
        let none = HttpResponse::json(&serde_json::json!({ "keys": [] }));
        request.url.ends_with("/jwks").then_some(Ok(none))
    });
    site.wait(299);
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert!(
        browser.subject().await.is_some(),
        "fresh for as long as the provider said"
    );
    site.wait(1);
    let reply = site.browser().log_in("op", "ada").await;
    refused(&reply);
    assert_eq!(
        site.failures(),
        ["id_token.unknown_key"],
        "nothing is left of the old set"
    );
}

// attack: KY-04 KY-15 DS-10
#[tokio::test]
async fn an_old_key_set_serves_a_day_and_no_longer() {
    for answer in [Bad::Huge, Bad::Page, Bad::Away] {
        let site = Site::new();
        site.browser().log_in("op", "ada").await;
        site.script(move |request| request.url.ends_with("/jwks").then(|| answer.made(request)));
        let mut browser = site.browser();
        for wait in [300, 43_000, 43_000] {
            site.wait(wait);
            browser.log_in("op", "ada").await;
            assert!(browser.subject().await.is_some(), "{:?}", site.failures());
        }
        site.wait(400);
        let reply = browser.log_in("op", "ada").await;
        assert!(reply.status >= 500);
        fixed_page(&reply);
    }
}

#[derive(Clone, Copy)]
enum Bad {
    Huge,
    Page,
    Away,
}

impl Bad {
    fn made(self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        match self {
            Self::Huge => Ok(HttpResponse::new(200).with_body(vec![b' '; 10 * 1024 * 1024])),
            Self::Page => Ok(HttpResponse::new(200).with_header("content-type", "text/html")),
            Self::Away => Err(TransportError::Timeout {
                url: request.loggable_url().to_owned(),
                seconds: 10,
            }),
        }
    }
}

// attack: KY-18
#[tokio::test]
async fn five_hundred_callbacks_fetch_the_keys_once() {
    let site = Site::new();
    let mut starts = JoinSet::new();
    for _ in 0..500 {
        let mut browser = site.browser();
        starts.spawn(async move {
            let callback = browser.begin_and_sign_in("op", "ada").await;
            (browser, callback)
        });
    }
    let started = starts.join_all().await;
    assert_eq!(
        site.calls("openid-configuration"),
        1,
        "the metadata once, too"
    );
    let mut logins = JoinSet::new();
    for (mut browser, callback) in started {
        logins.spawn(async move { browser.bring(&callback).await.status });
    }
    assert!(logins.join_all().await.iter().all(|status| *status == 303));
    assert_eq!(site.calls("/jwks"), 1);
    assert_eq!(site.calls("/token"), 500);
}

// attack: KY-18 DO-04
#[tokio::test]
async fn a_crowd_before_a_shut_door_knocks_once() {
    let site = Site::new();
    site.script(|request| Some(Bad::Away.made(request)));
    let mut starts = JoinSet::new();
    for _ in 0..200 {
        let mut browser = site.browser();
        starts.spawn(async move { browser.get("/auth/login/op").await.status });
    }
    assert!(starts.join_all().await.iter().all(|status| *status == 503));
    assert_eq!(site.calls("openid-configuration"), 1);
    let mut codes = site.failures();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes, ["transport.resting", "transport.timeout"]);
}

/// The published keys of a provider.
fn published(site: &Site, id: &str) -> serde_json::Value {
    let provider = site.provider(id);
    let request = HttpRequest::new(Method::Get, format!("{}/jwks", provider.issuer()));
    serde_json::from_slice(&provider.handle(&request, site.now()).body).unwrap()
}

// attack: KY-19
#[tokio::test]
async fn keys_of_one_provider_are_no_keys_of_another() {
    let site = Site::builder().two_providers().build();
    let (own, mut foreign) = (published(&site, "ev"), published(&site, "op"));
    // Other keys under the same names.
    for at in 0..2 {
        foreign["keys"][at]["kid"] = own["keys"][at]["kid"].clone();
    }
    site.script(move |request| {
        let answer = Ok(HttpResponse::json(&foreign));
        (request.url == "http://ev.localhost:9000/jwks").then_some(answer)
    });
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    refused(&browser.log_in("ev", "grace").await);
    assert_eq!(site.failures(), ["id_token.bad_signature"]);
    assert_eq!(browser.subject().await.as_deref(), Some("ada"), "as before");
}
