//! The state and the transaction that it names: only the browser that began a login can finish it.

use codegrant_testkit::Site;
use codegrant_testkit::site::Visit;

use crate::{both_kinds, refused};

// attack: ST-02
#[tokio::test]
async fn anothers_callback_is_refused_and_the_pending_login_stays() {
    for site in both_kinds() {
        let (mut victim, mut attacker) = (site.browser(), site.browser());
        let pending = victim.begin("op").await;
        let planted = attacker.begin_and_sign_in("op", "grace").await;
        let reply = victim.bring(&planted).await;
        refused(&reply);
        assert_eq!(reply.refresh(), None, "nothing starts by itself");
        assert_eq!(site.failures(), ["callback.transaction_unknown"]);
        assert_eq!(site.calls("/token"), 0);
        assert_eq!(victim.subject().await, None);
        let own = victim.at_provider(&pending, "ada");
        victim.bring(&own).await;
        assert_eq!(victim.subject().await.as_deref(), Some("ada"));
    }
}

// attack: ST-08 ST-07
#[tokio::test]
async fn a_callback_without_state_is_refused() {
    for empty in [false, true] {
        let site = Site::new();
        let mut browser = site.browser();
        let honest = browser.begin_and_sign_in("op", "ada").await;
        let mut callback = honest.clone();
        callback.parameters.remove("state");
        if empty {
            callback.parameters.set("state", "");
        }
        refused(&browser.bring(&callback).await);
        assert_eq!(site.failures(), ["callback.state_missing"]);
        assert_eq!(site.calls("/token"), 0);
        browser.bring(&honest).await;
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    }
}

// attack: ST-07
#[tokio::test]
async fn an_emptied_slot_equals_no_empty_state() {
    for site in both_kinds() {
        let (mut browser, mut attacker) = (site.browser(), site.browser());
        browser.log_in("op", "ada").await;
        let held = browser.cookies().to_vec();
        for state in [None, Some("")] {
            let mut callback = attacker.begin_and_sign_in("op", "grace").await;
            callback.parameters.remove("state");
            if let Some(state) = state {
                callback.parameters.set("state", state);
            }
            refused(&browser.bring(&callback).await);
        }
        assert_eq!(site.calls("/token"), 1, "the login's own");
        assert_eq!(browser.cookies(), held, "the session is as it was");
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    }
}

// attack: ST-09
#[tokio::test]
async fn a_state_that_nearly_fits_is_refused() {
    let site = Site::new();
    let mut browser = site.browser();
    let honest = browser.begin_and_sign_in("op", "ada").await;
    let state = honest.state().to_owned();
    let last = if state.ends_with('A') { "B" } else { "A" };
    let changed = format!("{}{last}", &state[..state.len() - 1]);
    let shorter = state[..state.len() - 1].to_owned();
    let upper = state.to_ascii_uppercase();
    for near in [
        format!("{state}1"),
        format!("{state}~"),
        changed,
        shorter,
        upper,
    ] {
        let mut callback = honest.clone();
        callback.parameters.set("state", &near);
        refused(&browser.bring(&callback).await);
    }
    assert_eq!(site.calls("/token"), 0);
    browser.bring(&honest).await;
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
}

// attack: ST-11
#[tokio::test]
async fn a_kept_cookie_does_not_prolong_a_transaction() {
    let site = Site::new();
    for (waited, fine) in [(600, true), (601, false), (-3600, false)] {
        let mut browser = site.browser();
        let url = browser.begin("op").await;
        let name = browser.login_cookies().remove(0);
        let value = browser.cookie(&name).unwrap().to_owned();
        site.wait(waited);
        // Whatever the browser does, the attacker has kept it.
        browser.plant(&name, &value);
        let callback = browser.at_provider(&url, "ada");
        let before = site.calls("/token");
        let reply = browser.bring(&callback).await;
        if fine {
            assert_eq!(reply.status, 303, "{:?}", site.failures());
        } else {
            refused(&reply);
            assert_eq!(site.calls("/token"), before);
            assert_eq!(site.failures().pop(), Some("callback.expired"));
            assert_eq!(browser.cookie(&name), None, "it is of no use any longer");
        }
    }
}

// attack: ST-12
#[tokio::test]
async fn a_transaction_is_worth_nothing_at_another_provider() {
    let site = Site::builder().two_providers().build();
    let mut browser = site.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await.at("ev");
    refused(&browser.bring(&callback).await);
    assert_eq!(site.failures(), ["callback.transaction_unreadable"]);
    assert_eq!(site.calls("/token"), 0);
    let mut with_its_issuer = browser.begin_and_sign_in("op", "ada").await.at("ev");
    let issuer = site.provider("ev").issuer().to_owned();
    with_its_issuer.parameters.set("iss", &issuer);
    refused(&browser.bring(&with_its_issuer).await);
    assert_eq!(site.calls("/token"), 0);
}

// attack: ST-17
#[tokio::test]
async fn a_login_handed_to_another_browser_ends_there_and_here() {
    for site in both_kinds() {
        let (mut attacker, mut victim) = (site.browser(), site.browser());
        let handed = attacker.begin("op").await;
        let callback = victim.at_provider(&handed, "ada");
        refused(&victim.bring(&callback).await);
        assert_eq!(site.failures(), ["callback.cookies_missing"]);
        assert_eq!(site.calls("/token"), 0);
        assert_eq!(victim.subject().await, None);
        for path in ["/", "/auth/login", "/auth/callback/op", "/auth/logged-out"] {
            attacker.get(path).await;
            assert_eq!(attacker.subject().await, None, "{path}");
        }
    }
}

// attack: ST-22
#[tokio::test]
async fn whatever_is_no_opened_page_starts_no_login() {
    let site = Site::builder().two_providers().build();
    let mut browser = site.browser();
    let page = || Visit::get("/auth/login/op");
    let head = browser.visit(Visit::new("HEAD", "/auth/login/op")).await;
    assert_eq!((head.status, head.header("allow")), (405, Some("GET")));
    for visit in [
        page().with_header("sec-purpose", "prefetch"),
        page().with_header("sec-purpose", "prefetch;prerender"),
        page().with_header("purpose", "prefetch"),
        page()
            .with_header("sec-fetch-dest", "image")
            .with_header("sec-fetch-mode", "no-cors"),
        page().with_header("sec-fetch-dest", "iframe"),
        page().with_header("sec-fetch-dest", "frame"),
        page().with_header("sec-fetch-dest", "embed"),
        page()
            .with_header("sec-fetch-dest", "empty")
            .with_header("sec-fetch-mode", "cors"),
        page()
            .from_page("https://evil.example")
            .with_header("sec-fetch-dest", "script"),
    ] {
        let reply = browser.visit(visit).await;
        assert_eq!(reply.status, 403);
        refused(&reply);
    }
    assert!(browser.cookies().is_empty(), "no transaction");
    assert!(site.sent().is_empty(), "no call to a provider");
}

// attack: ST-23
#[tokio::test]
async fn a_callback_by_the_wrong_method_changes_nothing() {
    let site = Site::new();
    let mut browser = site.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await;
    let query = callback.parameters.encoded();
    for method in ["POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "get"] {
        let visit = Visit::new(method, callback.to_string()).with_body(query.clone());
        let reply = browser.visit(visit.from_page(&callback.from)).await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some("GET")),
            "{method}"
        );
        refused(&reply);
    }
    assert_eq!(site.calls("/token"), 0);
    browser.bring(&callback).await;
    assert_eq!(
        browser.subject().await.as_deref(),
        Some("ada"),
        "it stays usable"
    );
}

// attack: ST-23
#[tokio::test]
async fn a_query_is_no_answer_where_a_form_was_asked_for() {
    let site = Site::builder().form_post().build();
    let mut browser = site.browser();
    let mut callback = browser.begin_and_sign_in("op", "ada").await;
    callback.posted = false;
    let reply = browser.bring(&callback).await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
    refused(&reply);
    assert_eq!(site.calls("/token"), 0);
    callback.posted = true;
    browser.bring(&callback).await;
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
}

// attack: ST-32
#[tokio::test]
async fn a_sealed_value_is_good_for_its_purpose_and_its_app_alone() {
    let site = Site::new();
    let other = Site::builder().origin("https://other.example").build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let session = browser.session_cookies().remove(0);
    let sealed = browser.cookie(&session).unwrap().to_owned();

    let mut moved = other.browser();
    moved.plant(&session, &sealed);
    assert_eq!(moved.subject().await, None, "the same key, another app");

    let callback = browser.begin_and_sign_in("op", "ada").await;
    let login = browser.login_cookies().remove(0);
    let transaction = browser.cookie(&login).unwrap().to_owned();
    for value in [&sealed[1..], &sealed] {
        let mut browser = browser.clone();
        browser.plant(&login, value);
        refused(&browser.bring(&callback).await);
    }
    browser.plant(&session, &format!("1{transaction}"));
    assert_eq!(browser.subject().await, None, "a transaction is no session");
    assert_eq!(site.calls("/token"), 1, "the first login's");
}
