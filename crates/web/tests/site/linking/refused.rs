//! What the app does not add: another's identity, one's own, and whatever it cannot tell.

use codegrant_testkit::Site;
use codegrant_testkit::site::{AuthorizationUrl, Visit};
use codegrant_web::{Event, LinkVerdict};

use super::{PAGE, ada, both, last_failure, link, state};
use crate::{fixed_page, refused, settled};

// attack: AC-08
#[tokio::test]
async fn an_identity_of_another_account_stays_there() {
    for (site, accounts) in both() {
        let mut other = site.browser();
        other.log_in("ev", "grace").await;
        let graces = accounts.owner("ev", "grace");
        let mut browser = ada(&site).await;
        let before = state(&mut browser).await;
        let reply = link(&mut browser, "grace").await;
        refused(&reply);
        assert_eq!((reply.status, last_failure(&site)), (403, "link.conflict"));
        assert_eq!(accounts.owner("ev", "grace"), graces);
        assert_eq!(state(&mut browser).await, before);
        assert_eq!(state(&mut other).await.0, graces);
        settled().await;
        assert_eq!(
            site.calls("/revoke"),
            0,
            "the other's tokens may hang on the same grant"
        );
    }
}

// attack: LK-17
#[tokio::test]
async fn a_conflict_looks_like_any_other_refusal() {
    for builder in [Site::builder(), Site::builder().memory_sessions()] {
        let site = builder
            .two_providers()
            .configure(|auth| {
                auth.on_link(|link| async move {
                    Ok(match link.login().identity().subject.as_str() {
                        "grace" => LinkVerdict::Conflict,
                        _ => LinkVerdict::Refuse("alan is locked since Monday".to_owned()),
                    })
                })
            })
            .build();
        let mut pages = Vec::new();
        for (subject, code) in [("grace", "link.conflict"), ("alan", "link.refused")] {
            let reply = link(&mut ada(&site).await, subject).await;
            fixed_page(&reply);
            assert!(!reply.body.contains("Monday"));
            let (id, event) = site.events().pop().unwrap();
            assert!(matches!(event, Event::Failed { code: said, .. } if said == code));
            let names: Vec<String> = reply.headers.iter().map(|(name, _)| name.clone()).collect();
            pages.push((reply.status, names, reply.body.replace(&id, "")));
        }
        assert_eq!(pages[0], pages[1]);
    }
}

// attack: AC-01 AC-04
#[tokio::test]
async fn an_address_in_common_joins_nothing() {
    for (site, accounts) in both() {
        // Both providers vouch for the same address.
        let mut one = ada(&site).await;
        let mut two = site.browser();
        two.log_in("ev", "ada").await;
        let address = |session: codegrant_web::Session| session.identity().email.clone();
        assert_eq!(
            address(one.session().await.unwrap()),
            address(two.session().await.unwrap())
        );
        assert_ne!(state(&mut one).await.0, state(&mut two).await.0);
        // And who wants to join them is told that they are two accounts.
        refused(&link(&mut one, "ada").await);
        assert_ne!(accounts.owner("op", "ada"), accounts.owner("ev", "ada"));
    }
}

#[tokio::test]
async fn ones_own_identity_is_not_added_again() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let before = state(&mut browser).await;
        let page = browser.get("/auth/link/op").await;
        let away = browser.submit(&page, &[]).await;
        let url = AuthorizationUrl::parse(away.location().unwrap());
        assert_eq!(
            url.parameter("prompt"),
            "select_account",
            "somebody chooses"
        );
        let callback = browser.at_provider(&url, "ada");
        let reply = browser.bring(&callback).await;
        refused(&reply);
        assert_eq!(
            (reply.status, last_failure(&site)),
            (409, "link.own_identity")
        );
        assert_eq!(state(&mut browser).await, before);
        assert_eq!(accounts.times_asked(), 0);
        // A second account at the same provider is another identity.
        let url = AuthorizationUrl::parse(browser.submit(&page, &[]).await.location().unwrap());
        let callback = browser.at_provider(&url, "grace");
        let back = browser.bring(&callback).await;
        let page = browser.follow(&back).await;
        assert_eq!(browser.submit(&page, &[]).await.status, 303);
        assert_eq!(accounts.owner("op", "grace"), before.0);
    }
}

#[tokio::test]
async fn a_hook_that_cannot_tell_links_nothing_and_logs_nobody_out() {
    for builder in [Site::builder(), Site::builder().memory_sessions()] {
        let site = builder
            .two_providers()
            .configure(|auth| {
                auth.on_link(|link| async move {
                    let alan = link.login().identity().subject == "alan";
                    assert!(!alan, "alan is more than this hook can bear");
                    Err("the database is gone".into())
                })
            })
            .build();
        let mut browser = ada(&site).await;
        let before = state(&mut browser).await;
        for subject in ["grace", "alan"] {
            let reply = link(&mut browser, subject).await;
            assert_eq!(
                (reply.status, last_failure(&site)),
                (500, "link.hook_failed")
            );
            fixed_page(&reply);
            assert!(!reply.body.contains("database"));
            assert_eq!(state(&mut browser).await, before);
        }
    }
}

#[tokio::test]
async fn who_is_not_logged_in_is_asked_to_log_in_first() {
    for (site, _) in both() {
        let reply = site.browser().get(PAGE).await;
        assert!(reply.location().unwrap().starts_with("/auth/login"));
        let script = Visit::post("/auth/link/ev", &[]).with_header("sec-fetch-mode", "cors");
        assert_eq!(site.browser().visit(script).await.status, 401);
        assert_eq!(site.sent().len(), 0);
    }
}

#[tokio::test]
async fn without_a_hook_there_is_no_such_page() {
    for site in crate::both_kinds() {
        let mut browser = ada(&site).await;
        assert_eq!(browser.get("/auth/link/op").await.status, 404);
        assert_eq!(browser.post("/auth/link/op", &[]).await.status, 404);
    }
    for (site, _) in both() {
        let mut browser = ada(&site).await;
        assert_eq!(browser.get("/auth/link/nobody").await.status, 404);
    }
}
