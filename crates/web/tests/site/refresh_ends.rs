//! Refreshes that end a session, or come too late for one: nothing of what they brought stays.

use std::sync::{Arc, Mutex};

use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::oauth2::url::form_urlencoded;
use codegrant_testkit::{Fault, Site};
use codegrant_web::{MemoryStore, Verdict};

use crate::{both_kinds, refused, settled};

/// The refresh tokens that the provider gives out, oldest first.
fn watched(site: &Site) -> Arc<Mutex<Vec<String>>> {
    let given = Arc::new(Mutex::new(Vec::new()));
    let keep = given.clone();
    site.alter("/token", move |answer| {
        let token = answer.body["refresh_token"].as_str().unwrap_or_default();
        keep.lock().unwrap().push(token.to_owned());
    });
    given
}

/// The tokens that were given back to the provider.
fn revoked(site: &Site) -> Vec<String> {
    let token = |request: &HttpRequest| {
        let mut form = form_urlencoded::parse(&request.body).into_owned();
        form.find(|(name, _)| name == "token")
            .map(|(_, value)| value)
    };
    let sent = site.sent();
    let sent = sent
        .iter()
        .filter(|request| request.url.ends_with("/revoke"));
    sent.filter_map(token).collect()
}

// attack: RF-05 RF-06 RF-07
#[tokio::test]
async fn an_id_token_of_somebody_else_ends_the_session_and_its_tokens_are_given_back() {
    for (fault, code) in [
        (Fault::RefreshWrongSub, "id_token.subject_mismatch"),
        (Fault::WrongIssuerInIdToken, "id_token.issuer_mismatch"),
        (Fault::WrongAudience, "id_token.audience_mismatch"),
        (
            Fault::WrongAuthorizedParty,
            "id_token.authorized_party_mismatch",
        ),
        (Fault::WrongSignature, "id_token.bad_signature"),
        (Fault::ExpiredIdToken, "id_token.expired"),
    ] {
        for site in both_kinds() {
            let mut browser = site.browser();
            browser.log_in("op", "ada").await;
            let mut copied = browser.clone();
            let given = watched(&site);
            site.provider("op").inject(fault);
            refused(&browser.post("/auth/refresh", &[]).await);
            assert_eq!(site.failures(), [code], "{fault}");
            assert_eq!(site.calls("/userinfo"), 1, "the login's");
            assert_eq!(browser.subject().await, None, "{fault}");
            assert!(browser.session_cookies().is_empty(), "{fault}");
            assert_eq!(copied.subject().await, None, "a copy is dead as well");
            settled().await;
            assert_eq!(revoked(&site), *given.lock().unwrap(), "{fault}");
            // The way back is a login, as ever.
            site.behave();
            browser.log_in("op", "ada").await;
            assert_eq!(browser.subject().await.as_deref(), Some("ada"));
        }
    }
}

// attack: RF-12
#[tokio::test]
async fn tokens_that_come_after_the_log_out_are_given_back() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let given = watched(&site);
        // The provider has not heard of the log-out when it answers.
        deaf_to_revocation(&site);
        let held = site.hold("/token");
        let (mut one, mut other) = (browser.clone(), browser.clone());
        let (first, second, ()) = tokio::join!(
            one.post("/auth/refresh", &[("return_to", "/orders")]),
            other.post("/auth/refresh", &[("return_to", "/orders")]),
            async {
                held.reached().await;
                browser.log_out().await;
                settled().await;
                assert_eq!(site.calls("/revoke"), 1, "the old one");
                held.release();
            }
        );
        for reply in [first, second] {
            let login = Some("/auth/login?return_to=%2Forders");
            assert_eq!((reply.status, reply.location()), (303, login));
        }
        for mut browser in [one, other, browser] {
            assert_eq!(browser.subject().await, None, "no session comes back");
        }
        settled().await;
        let given = given.lock().unwrap().clone();
        assert_eq!(given.len(), 1);
        let back = revoked(&site);
        assert_eq!(back.len(), 2, "each once: {back:?}");
        assert!(back.contains(&given[0]));
    }
}

// attack: RF-12
#[tokio::test]
async fn tokens_that_come_after_a_log_out_at_another_process_are_given_back() {
    let store = Arc::new(MemoryStore::new(100));
    let (here, there) = (store.clone(), store);
    let site = Site::builder().configure(|auth| auth.store(here)).build();
    let other = Site::builder()
        .beside(&site)
        .configure(|auth| auth.store(there))
        .build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let given = watched(&site);
    deaf_to_revocation(&other);
    let held = site.hold("/token");
    let mut window = browser.clone().at(&other);
    let (reply, ()) = tokio::join!(browser.post("/auth/refresh", &[]), async {
        held.reached().await;
        window.log_out().await;
        held.release();
    });
    assert_eq!(reply.location(), Some("/auth/login"));
    assert_eq!(browser.subject().await, None);
    settled().await;
    assert_eq!(revoked(&site), *given.lock().unwrap());
    assert_eq!(site.failures(), ["session.gone"]);
}

// attack: RF-12 ST-28
#[tokio::test]
async fn a_refresh_that_a_login_overtakes_does_not_bring_the_first_person_back() {
    for builder in [Site::builder(), Site::builder().memory_sessions()] {
        let site = builder.two_providers().build();
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let held = site.hold(&format!("{}/token", site.provider("op").issuer()));
        let mut window = browser.clone();
        let (reply, ()) = tokio::join!(window.post("/auth/refresh", &[]), async {
            held.reached().await;
            browser.log_in("ev", "grace").await;
            held.release();
        });
        assert_eq!(reply.header("set-cookie"), None, "grace's session stands");
        assert_eq!(browser.subject().await.as_deref(), Some("grace"));
        assert_eq!(window.subject().await, None, "ada's is over");
    }
}

/// Has the provider say yes to every revocation and do nothing.
fn deaf_to_revocation(site: &Site) {
    site.script(|request| {
        let revocation = request.url.ends_with("/revoke");
        revocation.then(|| Ok(HttpResponse::new(200)))
    });
}

// attack: RF-02
#[tokio::test]
async fn a_refresh_token_that_the_provider_refused_is_forgotten() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.provider("op").inject(Fault::RefreshInvalidGrant);
        let reply = browser.post("/auth/refresh", &[]).await;
        assert_eq!(reply.location(), Some("/auth/login"));
        let session = browser.session().await.unwrap();
        assert!(!session.can_refresh(), "it is not sent again");
        assert_eq!(
            session.identity().subject,
            "ada",
            "who it is has been proved"
        );
        let before = site.calls("/token");
        site.wait(60);
        let again = browser.post("/auth/refresh", &[]).await;
        assert_eq!(again.location(), Some("/auth/login"));
        assert_eq!(site.calls("/token"), before);
    }
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_cost_no_refresh_token() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    // The app starts again, and the provider's keys are out of reach.
    let restarted = Site::builder().beside(&site).build();
    restarted.provider("op").inject(Fault::JwksServerError);
    let mut browser = browser.at(&restarted);
    assert_eq!(browser.post("/auth/refresh", &[]).await.status, 503);
    assert_eq!(
        restarted.calls("/token"),
        0,
        "its answer could not be judged"
    );
    restarted.behave();
    restarted.wait(60);
    assert_eq!(
        browser.post("/auth/refresh", &[]).await.location(),
        Some("/")
    );
    assert!(browser.session().await.is_some());
}

#[tokio::test]
async fn the_tokens_of_a_login_that_the_app_refuses_are_given_back() {
    let site = Site::builder()
        .configure(|auth| auth.on_login(async |_login| Ok(Verdict::Refuse("no".to_owned()))))
        .build();
    let given = watched(&site);
    let mut browser = site.browser();
    assert_eq!(browser.log_in("op", "ada").await.status, 403);
    settled().await;
    assert_eq!(revoked(&site), *given.lock().unwrap());
    assert_eq!(site.calls("/revoke"), 1);
}
