//! Refreshing tokens: once whoever asks, never for somebody else, and no log-out when a network fails.

use std::sync::Arc;

use codegrant_core::provider::Provider;
use codegrant_dev_provider::{Feature, Settings};
use codegrant_testkit::site::Visit;
use codegrant_testkit::{Fault, Site};
use codegrant_web::{MemoryStore, Registration, TransportError};
use tokio::task::JoinSet;

use crate::{both_kinds, settled};

/// Counts the token requests that carried a refresh token.
pub(crate) fn refreshes(site: &Site) -> usize {
    let sent = site.sent();
    let tokens = sent
        .iter()
        .filter(|request| request.url.ends_with("/token"));
    let body = |request: &&codegrant_core::http::HttpRequest| {
        String::from_utf8_lossy(&request.body).contains("grant_type=refresh_token")
    };
    tokens.filter(body).count()
}

// attack: RF-03
#[tokio::test]
async fn new_tokens_replace_the_old_ones_and_the_session_stays() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let before = browser.session().await.unwrap();
        let mut held = before.access_token().secret().clone();
        for _ in 0..3 {
            site.wait(600);
            let reply = browser
                .post("/auth/refresh", &[("return_to", "/orders")])
                .await;
            assert_eq!((reply.status, reply.location()), (303, Some("/orders")));
            let after = browser.session().await.unwrap();
            assert_ne!(after.access_token().secret(), &held, "a new one");
            assert_eq!(after.access_token_expires_at(), Some(site.now().plus(3600)));
            assert_eq!(after.identity(), before.identity());
            assert_eq!(after.started_at(), before.started_at());
            held = after.access_token().secret().clone();
        }
        assert_eq!(
            refreshes(&site),
            3,
            "each with the refresh token of the one before"
        );
        assert!(site.failures().is_empty());
    }
}

// attack: RF-01
#[tokio::test]
async fn fifty_requests_at_once_refresh_once() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let mut requests = JoinSet::new();
        for _ in 0..50 {
            let mut copy = browser.clone();
            requests.spawn(async move {
                let reply = copy.post("/auth/refresh", &[]).await;
                assert_eq!((reply.status, reply.location()), (303, Some("/")));
                copy.session()
                    .await
                    .unwrap()
                    .access_token()
                    .secret()
                    .clone()
            });
        }
        let tokens = requests.join_all().await;
        assert_eq!(refreshes(&site), 1);
        assert!(
            tokens.iter().all(|token| *token == tokens[0]),
            "all have the result"
        );
        assert!(site.failures().is_empty());
        // The result can itself be refreshed: nobody lost the new refresh token.
        browser.post("/auth/refresh", &[]).await;
        browser.post("/auth/refresh", &[]).await;
        assert!(site.failures().is_empty());
    }
}

// attack: RF-01
#[tokio::test]
async fn many_sessions_refresh_side_by_side() {
    for site in both_kinds() {
        let mut requests = JoinSet::new();
        for number in 0..70 {
            let mut browser = site.browser();
            let subject = ["ada", "grace", "alan"][number % 3];
            browser.log_in("op", subject).await;
            for _ in 0..2 {
                let mut copy = browser.clone();
                requests.spawn(async move {
                    let reply = copy.post("/auth/refresh", &[]).await;
                    assert_eq!((reply.status, reply.location()), (303, Some("/")));
                    assert_eq!(copy.subject().await.as_deref(), Some(subject));
                });
            }
        }
        assert_eq!(requests.join_all().await.len(), 140);
        assert_eq!(refreshes(&site), 70);
        assert!(
            site.failures().is_empty(),
            "no refresh token was sent twice"
        );
    }
}

// attack: RF-02
#[tokio::test]
async fn a_network_that_fails_is_no_log_out_and_is_not_tried_again() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let held = browser.cookies().to_vec();
        for number in 0..4 {
            site.script(move |request| {
                let url = request.loggable_url().to_owned();
                let answer = match number {
                    0 => Err(TransportError::Timeout { url, seconds: 10 }),
                    1 => Err(TransportError::Unreachable {
                        url,
                        reason: "connection reset".to_owned(),
                    }),
                    2 => Ok(codegrant_core::http::HttpResponse::new(503)),
                    _ => Ok(codegrant_core::http::HttpResponse::new(429)),
                };
                Some(answer)
            });
            let before = refreshes(&site);
            let reply = browser
                .post("/auth/refresh", &[("return_to", "/orders")])
                .await;
            assert_eq!(reply.status, 503);
            let seconds = 5 * (number + 1);
            let later = seconds.to_string();
            assert_eq!(reply.header("retry-after"), Some(later.as_str()));
            assert!(reply.set_cookies().is_empty());
            assert_eq!(refreshes(&site), before + 1, "once");
            let again = browser.post("/auth/refresh", &[]).await;
            assert_eq!(again.status, 503);
            assert_eq!(refreshes(&site), before + 1, "and not again for a moment");
            site.wait(seconds);
            assert_eq!(browser.subject().await.as_deref(), Some("ada"));
            site.behave();
        }
        assert_eq!(browser.cookies(), held);
        let reply = browser.post("/auth/refresh", &[]).await;
        assert_eq!(reply.status, 303, "it works again");
    }
}

// attack: RF-02
#[tokio::test]
async fn a_grant_that_has_ended_leads_to_a_login() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.provider("op").inject(Fault::RefreshInvalidGrant);
        let reply = browser
            .post("/auth/refresh", &[("return_to", "/orders")])
            .await;
        assert_eq!(reply.status, 303);
        assert_eq!(reply.location(), Some("/auth/login?return_to=%2Forders"));
        assert_eq!(site.failures(), ["provider.token_refused"]);
        assert_eq!(refreshes(&site), 1, "no loop");
        site.behave();
        browser.log_in("op", "ada").await;
        assert_eq!(
            browser.post("/auth/refresh", &[]).await.location(),
            Some("/")
        );
    }
}

#[tokio::test]
async fn a_script_is_told_by_401() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.provider("op").inject(Fault::RefreshInvalidGrant);
    let visit = Visit::post("/auth/refresh", &[]).with_header("sec-fetch-mode", "cors");
    let reply = browser.visit(visit).await;
    assert_eq!(reply.status, 401);
    assert!(reply.body.contains("login_required"));
}

// attack: RF-04 RF-09
#[tokio::test]
async fn an_answer_without_a_new_refresh_token_or_id_token_is_fine() {
    for fault in [Fault::RefreshNoNewToken, Fault::RefreshNoIdToken] {
        for site in both_kinds() {
            site.provider("op").inject(fault);
            let mut browser = site.browser();
            browser.log_in("op", "ada").await;
            let mut held = browser
                .session()
                .await
                .unwrap()
                .access_token()
                .secret()
                .clone();
            for _ in 0..3 {
                // The result of a refresh serves a minute for whoever brings the same token.
                site.wait(60);
                let reply = browser.post("/auth/refresh", &[]).await;
                assert_eq!(
                    (reply.status, reply.location()),
                    (303, Some("/")),
                    "{fault}"
                );
                let session = browser.session().await.unwrap();
                assert_eq!(session.identity().subject, "ada");
                assert_ne!(session.access_token().secret(), &held);
                held = session.access_token().secret().clone();
            }
        }
    }
}

// attack: FA-13
#[tokio::test]
async fn a_session_from_before_tokens_were_bound_logs_in_again() {
    let bound = |settings: Settings| settings.with_features([Feature::Dpop]);
    let site = Site::builder().provided(bound).build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let dpop = Registration::new(
        Provider::openid("op", "OP", site.provider("op").issuer().to_owned()),
        "app",
    );
    let restarted = Site::builder()
        .beside(&site)
        .only(dpop.secret("secret").dpop())
        .build();
    let mut browser = browser.at(&restarted);
    let reply = browser.post("/auth/refresh", &[]).await;
    assert_eq!(reply.location(), Some("/auth/login"));
    assert_eq!(
        refreshes(&restarted),
        0,
        "the answer would be a bearer token"
    );
}

// attack: RF-11
#[tokio::test]
async fn a_token_never_goes_to_an_issuer_that_did_not_give_it() {
    for memory in [false, true] {
        let store = Arc::new(MemoryStore::new(100));
        let (before, after) = (store.clone(), store);
        let builder = Site::builder().two_providers().log_out_at_provider();
        let site = if memory {
            builder.configure(|auth| auth.store(before))
        } else {
            builder
        }
        .build();
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        // The app starts again, and the other issuer stands under the same id.
        let moved = Provider::openid("op", "Moved", site.provider("ev").issuer().to_owned());
        let moved = Registration::new(moved, "app")
            .secret("another")
            .log_out_at_provider();
        let builder = Site::builder().beside(&site).only(moved);
        let restarted = if memory {
            builder.configure(|auth| auth.store(after))
        } else {
            builder
        }
        .build();
        let mut browser = browser.at(&restarted);
        assert_eq!(
            browser.subject().await.as_deref(),
            Some("ada"),
            "the session itself goes on"
        );
        let reply = browser.post("/auth/refresh", &[]).await;
        assert_eq!(reply.location(), Some("/auth/login"));
        assert_eq!(restarted.failures(), ["session.issuer_changed"]);
        let out = browser.log_out().await;
        assert_eq!(
            out.location(),
            Some("/auth/logged-out"),
            "no hint goes there either"
        );
        assert_eq!(browser.subject().await, None);
        settled().await;
        assert_eq!(restarted.calls("/token") + restarted.calls("/revoke"), 0);
    }
}

// attack: RF-13
#[tokio::test]
async fn the_refresh_token_is_in_nothing_that_the_browser_gets_readable() {
    for site in both_kinds() {
        let kept = Arc::new(std::sync::Mutex::new(Vec::new()));
        let keep = kept.clone();
        site.alter("/token", move |answer| {
            let token = answer.body["refresh_token"].as_str().unwrap_or_default();
            keep.lock().unwrap().push(token.to_owned());
        });
        let mut browser = site.browser();
        let mut replies = vec![browser.log_in("op", "ada").await];
        replies.push(browser.post("/auth/refresh", &[]).await);
        replies.push(browser.get("/orders").await);
        replies.push(browser.get("/auth/logout").await);
        let tokens = kept.lock().unwrap().clone();
        assert_eq!(tokens.len(), 2);
        for reply in &replies {
            let all = format!("{:?} {}", reply.headers, reply.body);
            assert!(
                tokens
                    .iter()
                    .all(|token| !token.is_empty() && !all.contains(token))
            );
        }
    }
}

#[tokio::test]
async fn a_refresh_from_another_origin_or_without_a_token_does_nothing() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let forged = Visit::post("/auth/refresh", &[]).from_page("https://evil.example");
        assert_eq!(browser.visit(forged).await.status, 403);
        assert_eq!(site.failures(), ["request.wrong_origin"]);
        assert_eq!(refreshes(&site), 0);
    }
    for site in both_kinds() {
        site.alter("/token", |answer| answer.remove("refresh_token"));
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        assert!(!browser.session().await.unwrap().can_refresh());
        let reply = browser.post("/auth/refresh", &[]).await;
        assert_eq!(reply.location(), Some("/auth/login"));
        assert_eq!(site.failures(), ["session.no_refresh_token"]);
        assert_eq!(
            browser.subject().await.as_deref(),
            Some("ada"),
            "still logged in"
        );
    }
}

#[tokio::test]
async fn one_refresh_token_of_two_sessions_mixes_nothing_up() {
    // Some providers give a user the same refresh token at every login.
    let site = Site::new();
    site.provider("op").inject(Fault::RefreshNoNewToken);
    let first_token = Arc::new(std::sync::Mutex::new(None));
    site.alter("/token", move |answer| {
        let mut first = first_token.lock().unwrap();
        let token = first.get_or_insert_with(|| answer.body["refresh_token"].clone());
        answer.set("refresh_token", token.clone());
    });
    let (mut phone, mut desk) = (site.browser(), site.browser());
    phone.log_in("op", "ada").await;
    site.wait(3600);
    desk.log_in("op", "ada").await;
    let ends = [
        phone.session().await.unwrap().ends_at(),
        desk.session().await.unwrap().ends_at(),
    ];
    phone.post("/auth/refresh", &[]).await;
    desk.post("/auth/refresh", &[]).await;
    assert_eq!(refreshes(&site), 1);
    let after = [
        phone.session().await.unwrap(),
        desk.session().await.unwrap(),
    ];
    assert_eq!(
        after.each_ref().map(|session| session.ends_at()),
        ends,
        "each has its own end"
    );
    assert_eq!(
        after[0].access_token().secret(),
        after[1].access_token().secret()
    );
}
