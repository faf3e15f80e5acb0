//! What stands in a callback: refused, ignored or read, before any code is sent.

use codegrant_testkit::Site;
use codegrant_testkit::site::{Browser, Callback, Reply, Visit};

use crate::{both_kinds, opens_session, refused};

/// Brings a callback that was altered on the way.
async fn brought(alter: impl FnOnce(&mut Callback)) -> (Site, Browser, Reply) {
    let site = Site::new();
    let mut browser = site.browser();
    let mut callback = browser.begin_and_sign_in("op", "ada").await;
    alter(&mut callback);
    let reply = browser.bring(&callback).await;
    (site, browser, reply)
}

/// Asserts that an altered callback is refused with this code, and that nothing was sent or opened.
async fn refused_with(code: &str, alter: impl FnOnce(&mut Callback)) {
    let (site, mut browser, reply) = brought(alter).await;
    refused(&reply);
    assert_eq!(site.failures(), [code]);
    assert_eq!(site.calls("/token"), 0);
    assert_eq!(browser.subject().await, None);
}

/// Asserts that an altered callback logs the right person in.
async fn logs_in(alter: impl FnOnce(&mut Callback)) {
    let (site, mut browser, _) = brought(alter).await;
    assert_eq!(
        browser.subject().await.as_deref(),
        Some("ada"),
        "{:?}",
        site.failures()
    );
    assert_eq!(site.calls("/token"), 1);
}

// attack: CB-01 CB-02 MX-07
#[tokio::test]
async fn a_parameter_that_stands_twice_is_refused() {
    for name in ["code", "state", "iss"] {
        for (first, value) in [(false, "another"), (true, "another"), (false, "")] {
            refused_with("callback.duplicate_parameter", |callback| {
                let own = callback.parameters.value(name).to_owned();
                if first {
                    callback.parameters.remove(name);
                    callback.parameters.append(name, value);
                    callback.parameters.append(name, &own);
                } else {
                    callback.parameters.append(name, value);
                }
            })
            .await;
        }
        refused_with("callback.duplicate_parameter", |callback| {
            let own = callback.parameters.value(name).to_owned();
            callback.parameters.append(name, &own);
        })
        .await;
    }
}

// attack: CB-04
#[tokio::test]
async fn a_code_beside_an_error_is_refused_and_the_transaction_used_up() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let honest = browser.begin_and_sign_in("op", "ada").await;
        let mut copied = browser.clone();
        let mut both = honest.clone();
        both.parameters.append("error", "access_denied");
        refused(&browser.bring(&both).await);
        assert_eq!(site.failures(), ["callback.code_and_error"]);
        refused(&browser.bring(&honest).await);
        refused(&copied.bring(&honest).await);
        assert_eq!(site.calls("/token"), 0);
    }
}

// attack: CB-05 CB-09
#[tokio::test]
async fn a_callback_without_a_code_is_refused() {
    refused_with("callback.code_missing", |callback| {
        callback.parameters.remove("code");
    })
    .await;
    for empty in ["", "a\u{7f}b", "a\nb", "caf\u{e9}"] {
        refused_with("callback.code_malformed", |callback| {
            callback.parameters.set("code", empty);
        })
        .await;
    }
}

// attack: CB-07
#[tokio::test]
async fn an_error_with_a_strange_state_is_nobodys() {
    for state in ["another", "", "\u{0}"] {
        let site = Site::new();
        let mut browser = site.browser();
        let honest = browser.begin_and_sign_in("op", "ada").await;
        let mut forged = honest.clone();
        forged.parameters.remove("code");
        forged.parameters.set("error", "server_error");
        forged
            .parameters
            .set("error_description", "everything is on fire");
        forged.parameters.set("state", state);
        refused(&browser.bring(&forged).await);
        let told = site.failures();
        assert!(
            ["callback.transaction_unknown", "callback.state_missing"].contains(&told[0]),
            "the provider did not fail: {told:?}"
        );
        browser.bring(&honest).await;
        assert_eq!(
            browser.subject().await.as_deref(),
            Some("ada"),
            "the pending one stays"
        );
    }
}

#[tokio::test]
async fn an_error_of_the_provider_is_reported_and_not_shown() {
    for (error, code, status) in [
        ("access_denied", "callback.denied", 403),
        ("server_error", "callback.provider_error", 400),
        ("temporarily_unavailable", "callback.provider_error", 400),
        ("invalid_scope", "callback.provider_error", 400),
        ("<script>alert(1)</script>", "callback.provider_error", 400),
    ] {
        let (site, _, reply) = brought(|callback| {
            callback.parameters.remove("code");
            callback.parameters.set("error", error);
            callback
                .parameters
                .set("error_description", "<b>call 0900 123</b>");
            callback
                .parameters
                .set("error_uri", "https://evil.example/help-me-please");
        })
        .await;
        refused(&reply);
        assert_eq!(reply.status, status, "{error}");
        for part in [error, "0900", "evil.example", "<b>", "<script>"] {
            assert!(!reply.body.contains(part), "{part}");
        }
        assert_eq!(site.failures(), [code], "{error}");
    }
}

// attack: CB-12
#[tokio::test]
async fn unknown_parameters_are_ignored() {
    logs_in(|callback| {
        for (name, value) in [
            ("session_state", "8e4f"),
            ("scope", "openid admin"),
            ("authuser", "0"),
            ("return_to", "https://evil.example/"),
            ("x", ""),
            ("x", "again"),
        ] {
            callback.parameters.append(name, value);
        }
    })
    .await;
}

// attack: CB-13 PK-13
#[tokio::test]
async fn tokens_from_the_browser_are_not_read() {
    refused_with("callback.code_missing", |callback| {
        callback.parameters.remove("code");
        callback
            .parameters
            .append("access_token", "an access token of somebody");
        callback.parameters.append("id_token", "e30.e30.AA");
        callback.parameters.append("token_type", "Bearer");
    })
    .await;
}

// attack: CB-14
#[tokio::test]
async fn an_id_token_beside_the_code_is_ignored() {
    logs_in(|callback| {
        callback
            .parameters
            .append("id_token", "e30.eyJzdWIiOiJncmFjZSJ9.AA");
    })
    .await;
}

// attack: CB-15
#[tokio::test]
async fn names_are_decoded_before_they_are_counted() {
    for disguised in ["c%6fde", "%63ode", "%73tate", "i%73s"] {
        refused_with("callback.duplicate_parameter", |callback| {
            let query = callback.parameters.encoded();
            callback
                .parameters
                .replace(format!("{query}&{disguised}=another"));
        })
        .await;
    }
    for other in [
        "code[]",
        "code%5B%5D",
        "code%00",
        "CODE",
        "code%20",
        "+code",
    ] {
        logs_in(|callback| {
            let query = callback.parameters.encoded();
            callback
                .parameters
                .replace(format!("{query}&{other}=another"));
        })
        .await;
    }
}

// attack: CB-16
#[tokio::test]
async fn only_an_ampersand_separates_and_a_plus_is_a_space() {
    refused_with("callback.state_missing", |callback| {
        let query = callback.parameters.encoded().replace('&', ";");
        callback.parameters.replace(query);
    })
    .await;
    let (site, _, _) = brought(|callback| {
        let query = callback.parameters.encoded();
        let (_, rest) = query.split_once('&').unwrap();
        callback.parameters.replace(format!("code=a+b%2Bc&{rest}"));
    })
    .await;
    let sent = site.sent();
    let token = sent
        .iter()
        .find(|request| request.url.ends_with("/token"))
        .unwrap();
    let body = String::from_utf8(token.body.clone()).unwrap();
    assert!(body.contains("code=a+b%2Bc"), "as it was, encoded once");
}

#[tokio::test]
async fn a_callback_that_is_no_form_is_refused() {
    for (code, broken) in [
        ("callback.malformed", "code=%zz&state=abc".to_owned()),
        ("callback.malformed", "code=%f".to_owned()),
        ("callback.malformed", "code=%ff%fe&state=abc".to_owned()),
        ("callback.malformed", "a=1&".repeat(65)),
        (
            "callback.too_long",
            format!("state=abc&code={}", "x".repeat(8193)),
        ),
        (
            "callback.too_long",
            format!("code=abc&state={}", "x".repeat(513)),
        ),
        ("callback.too_long", format!("x={}", "y".repeat(40_000))),
        ("callback.state_missing", String::new()),
    ] {
        refused_with(code, |callback| callback.parameters.replace(broken)).await;
    }
}

// attack: CB-20
#[tokio::test]
async fn a_callback_in_a_frame_or_from_a_script_is_refused() {
    for site in both_kinds() {
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "ada").await;
        for (name, value) in [
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-dest", "frame"),
            ("sec-fetch-dest", "object"),
            ("sec-fetch-dest", "image"),
            ("sec-fetch-dest", ""),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-mode", "websocket"),
            ("sec-purpose", "prefetch"),
        ] {
            let visit = Visit::get(callback.to_string()).from_page(&callback.from);
            let reply = browser.visit(visit.with_header(name, value)).await;
            assert_eq!(reply.status, 403, "{name}: {value}");
            refused(&reply);
        }
        assert_eq!(site.calls("/token"), 0);
        assert!(
            opens_session(&browser.bring(&callback).await),
            "it stays usable"
        );
    }
}

#[tokio::test]
async fn a_browser_that_says_nothing_of_itself_can_log_in() {
    let site = Site::new();
    let mut browser = site.browser();
    let start = Visit::get("/auth/login/op").without_fetch_metadata();
    let started = browser.visit(start).await;
    let url = codegrant_testkit::site::AuthorizationUrl::parse(started.location().unwrap());
    let callback = browser.at_provider(&url, "ada");
    let back = Visit::get(callback.to_string()).without_fetch_metadata();
    assert!(opens_session(&browser.visit(back).await));
}
