//! Links that the session which is here did not ask for, and sessions that end on the way.

use std::sync::Arc;

use codegrant_testkit::Site;
use codegrant_testkit::site::{AuthorizationUrl, Visit};
use codegrant_web::LinkVerdict;

use super::{PAGE, ada, both, last_failure, prove, sign_in, state};
use crate::{opens_session, refused};

// attack: ST-18
#[tokio::test]
async fn no_address_that_somebody_is_led_to_begins_to_link() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let sent = site.sent().len();
        for target in [
            "/auth/link/ev",
            PAGE,
            "/auth/link/ev?confirm=1&link=1&provider=ev&silent=1",
        ] {
            for visit in [
                Visit::get(target).from_page("https://evil.example"),
                Visit::get(target).from_app(),
                Visit::get(target).with_header("sec-fetch-dest", "image"),
            ] {
                let page = browser.visit(visit).await;
                assert_eq!((page.status, page.location()), (200, None));
                assert_eq!(page.set_cookies(), [""; 0]);
            }
        }
        for method in ["PUT", "DELETE", "PATCH"] {
            assert_eq!(browser.visit(Visit::new(method, PAGE)).await.status, 405);
        }
        // A form of another site's, with the cookies that a careless browser would send.
        let forged = || Visit::post("/auth/link/ev", &[("return_to", "/account")]);
        let cookie = browser.cookies().iter();
        let cookie: Vec<String> = cookie
            .map(|one| format!("{}={}", one.name, one.value))
            .collect();
        for origin in ["https://evil.example", "https://other.app.example", "null"] {
            let visit = forged()
                .from_page("https://evil.example")
                .with_header("origin", origin);
            let visit = visit.with_header("cookie", cookie.join("; "));
            refused(&browser.visit(visit).await);
            assert_eq!(last_failure(&site), "request.wrong_origin");
        }
        assert_eq!(site.sent().len(), sent, "nothing was asked of a provider");
        assert!(browser.login_cookies().is_empty());

        // A login that another site starts, with whatever in its address, is a login and no more.
        let mut other = ada(&site).await;
        let forged = "/auth/login/ev?link=1&intent=link&confirm=1&account=account+1";
        let away = other
            .visit(Visit::get(forged).from_page("https://evil.example"))
            .await;
        let url = AuthorizationUrl::parse(away.location().unwrap());
        let callback = other.at_provider(&url, "grace");
        assert!(opens_session(&other.bring(&callback).await));
        assert_eq!(other.subject().await.as_deref(), Some("grace"));
        assert_ne!(accounts.owner("ev", "grace"), accounts.owner("op", "ada"));
        assert_eq!(accounts.times_asked(), 0);
    }
}

// attack: ST-19
#[tokio::test]
async fn a_callback_of_somebody_elses_link_links_nothing_here() {
    for (site, accounts) in both() {
        let mut attacker = site.browser();
        attacker.log_in("op", "grace").await;
        let callback = sign_in(&mut attacker, "grace").await;
        let mut victim = ada(&site).await;
        let before = state(&mut victim).await;
        let calls = site.calls("/token");

        let reply = victim.bring(&callback).await;
        refused(&reply);
        assert_eq!(last_failure(&site), "callback.transaction_unknown");

        // Even with the attacker's own cookie planted beside the victim's session.
        let name = attacker.login_cookies().pop().unwrap();
        victim.plant(&name, attacker.cookie(&name).unwrap());
        let reply = victim.bring(&callback).await;
        refused(&reply);
        assert_eq!(
            (reply.status, last_failure(&site)),
            (409, "link.session_changed")
        );
        assert_eq!(site.calls("/token"), calls, "the code goes nowhere");
        assert_eq!(state(&mut victim).await, before);
        assert!(victim.login_cookies().is_empty(), "it is used up");

        // And in a frame or an image it does not get that far.
        let framed = Visit::get(format!(
            "/auth/callback/ev?{}",
            callback.parameters.encoded()
        ));
        let framed = framed.with_header("sec-fetch-dest", "iframe");
        refused(&victim.visit(framed).await);
        assert_eq!(site.calls("/token"), calls);
        assert_eq!(accounts.owner("ev", "grace"), None);
        assert_eq!(accounts.times_asked(), 0);
    }
}

// attack: ST-20
#[tokio::test]
async fn a_link_that_one_user_began_is_not_finished_by_another() {
    for (site, accounts) in both() {
        for now_here in ["grace", "ada"] {
            let mut browser = ada(&site).await;
            let callback = sign_in(&mut browser, "alan").await;
            // The same person logged in anew is another session: it did not ask.
            browser.log_in("op", now_here).await;
            let before = state(&mut browser).await;
            let calls = site.calls("/token");
            let reply = browser.bring(&callback).await;
            refused(&reply);
            assert_eq!(
                (reply.status, last_failure(&site)),
                (409, "link.session_changed")
            );
            assert!(
                reply
                    .body
                    .contains("href=\"/auth/link/ev?return_to=%2Faccount\"")
            );
            assert_eq!(site.calls("/token"), calls);
            assert_eq!(state(&mut browser).await, before);
        }
        assert_eq!(accounts.owner("ev", "alan"), None, "neither's");
    }
}

#[tokio::test]
async fn a_confirmation_of_one_user_is_not_given_by_another() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "alan").await;
        browser.log_in("op", "grace").await;
        let reply = browser.submit(&page, &[]).await;
        refused(&reply);
        assert_eq!(last_failure(&site), "link.session_changed");
        let again = browser.get(PAGE).await;
        assert!(
            !again.body.contains("Alan Turing"),
            "it is shown to nobody else"
        );
        assert_eq!(accounts.owner("ev", "alan"), None);
        assert_eq!(accounts.times_asked(), 0);
    }
}

#[tokio::test]
async fn who_logged_out_meanwhile_links_nothing_at_any_step() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let page = browser.get(PAGE).await;
        browser.log_out().await;
        let reply = browser.submit(&page, &[]).await;
        assert_eq!(reply.location(), Some("/auth/link/ev"));
        let reply = browser.follow(&reply).await;
        assert!(
            reply.location().unwrap().starts_with("/auth/login"),
            "{reply:?}"
        );

        let mut browser = ada(&site).await;
        let callback = sign_in(&mut browser, "grace").await;
        browser.log_out().await;
        let calls = site.calls("/token");
        refused(&browser.bring(&callback).await);
        assert_eq!(last_failure(&site), "link.session_changed");
        assert_eq!(site.calls("/token"), calls);

        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "grace").await;
        browser.log_out().await;
        let reply = browser.submit(&page, &[]).await;
        assert_eq!(reply.location(), Some("/auth/link/ev"));
        assert!(browser.session().await.is_none());
        assert_eq!(accounts.times_asked(), 0);
    }
}

#[tokio::test]
async fn who_logs_out_while_the_code_is_redeemed_links_nothing() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let callback = sign_in(&mut browser, "grace").await;
        let held = site.hold("ev.localhost:9000/token");
        let mut window = browser.clone();
        let bringing = tokio::spawn(async move { window.bring(&callback).await });
        held.reached().await;
        browser.log_out().await;
        held.release();
        let reply = bringing.await.unwrap();
        refused(&reply);
        assert_eq!(last_failure(&site), "link.session_changed");
        assert_eq!(accounts.times_asked(), 0);
    }
}

#[tokio::test]
async fn who_logs_out_while_the_app_is_asked_stays_logged_out() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    for builder in [Site::builder(), Site::builder().memory_sessions()] {
        let (arrived, open) = (Arc::new(tokio::sync::Notify::new()), gate.clone());
        let told = arrived.clone();
        let site = builder
            .two_providers()
            .configure(|auth| {
                auth.on_link(move |_| {
                    let (told, open) = (told.clone(), open.clone());
                    async move {
                        told.notify_one();
                        open.acquire().await?.forget();
                        Ok(LinkVerdict::Linked)
                    }
                })
            })
            .build();
        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "grace").await;
        let mut window = browser.clone();
        let submitting = tokio::spawn(async move {
            let reply = window.submit(&page, &[]).await;
            (reply, window)
        });
        arrived.notified().await;
        browser.log_out().await;
        gate.add_permits(1);
        let (reply, mut window) = submitting.await.unwrap();
        assert_eq!(reply.status, 303);
        assert!(!opens_session(&reply));
        assert!(window.session().await.is_none());
    }
}
