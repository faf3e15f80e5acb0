//! Where a user is logged in: listed, and ended one by one or all at once; nobody else's.

mod strange;

use std::sync::Arc;

use codegrant_testkit::site::{SiteBuilder, Visit};
use codegrant_testkit::{Browser, Site, SwitchedStore};
use codegrant_web::{Event, LogOutReason, MemoryStore, SessionEntry, Verdict};

use crate::{both_kinds, refused, settled};

const FIREFOX: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/19.0 Mobile/15E148 Safari/604.1";

fn stored() -> SiteBuilder {
    Site::builder().memory_sessions()
}

async fn logged_in(site: &Site, user_agent: &str, subject: &str) -> Browser {
    let mut browser = site.browser().calling_itself(user_agent);
    browser.log_in("op", subject).await;
    assert_eq!(browser.subject().await.as_deref(), Some(subject));
    browser
}

async fn listed(site: &Site, browser: &mut Browser) -> Vec<SessionEntry> {
    let session = browser.session().await.unwrap();
    site.auth().sessions(&session).await.unwrap()
}

fn log_outs(site: &Site) -> Vec<LogOutReason> {
    let reason = |(_, event)| match event {
        Event::LoggedOut { reason, .. } => Some(reason),
        _ => None,
    };
    site.events().into_iter().filter_map(reason).collect()
}

#[tokio::test]
async fn a_user_sees_their_devices_and_nobody_elses() {
    let site = stored().build();
    let mut phone = logged_in(&site, SAFARI, "ada").await;
    site.wait(600);
    let mut desk = logged_in(&site, FIREFOX, "ada").await;
    let _grace = logged_in(&site, "a browser of grace's", "grace").await;
    site.wait(60);
    let entries = listed(&site, &mut desk).await;
    let seen: Vec<(&str, bool)> = entries
        .iter()
        .map(|entry| (entry.device(), entry.is_this_one()))
        .collect();
    assert_eq!(
        seen,
        [("Firefox on Windows", true), ("Safari on iPhone", false)]
    );
    assert_eq!(entries[0].last_seen(), site.now());
    assert_eq!(entries[1].last_seen(), site.now().minus(660));
    assert_eq!(entries[1].started_at(), site.now().minus(660));
    assert_eq!(
        (entries[1].user_agent(), entries[1].provider()),
        (Some(SAFARI), "op")
    );
    // The one last used comes first of the others.
    site.wait(3_000);
    assert!(phone.subject().await.is_some(), "in use");
    assert_eq!(listed(&site, &mut desk).await[1].last_seen(), site.now());

    let page = phone.get("/auth/sessions").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.body.matches("name=\"handle\"").count(), 2);
    for said in [
        "Firefox on Windows",
        "Safari on iPhone",
        "This device, now",
        "Example OP",
        "Log out everywhere",
    ] {
        assert!(page.body.contains(said), "{said} in {}", page.body);
    }
    assert!(!page.body.contains("grace"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn whoever_is_not_logged_in_sees_no_list() {
    for site in both_kinds() {
        let mut stranger = site.browser();
        for reply in [
            stranger.get("/auth/sessions").await,
            stranger.post("/auth/sessions", &[("handle", "x")]).await,
        ] {
            assert_eq!((reply.status, reply.location()), (303, Some("/auth/login")));
        }
        let everywhere = stranger.post("/auth/sessions", &[("all", "1")]).await;
        assert_eq!(
            everywhere.location(),
            Some("/auth/logged-out"),
            "nothing was to be done"
        );
        let odd = stranger.visit(Visit::new("DELETE", "/auth/sessions")).await;
        assert_eq!((odd.status, odd.header("allow")), (405, Some("GET, POST")));
        assert!(log_outs(&site).is_empty());
    }
}

#[tokio::test]
async fn one_device_is_ended_from_another() {
    let site = stored().build();
    let mut phone = logged_in(&site, SAFARI, "ada").await;
    let mut desk = logged_in(&site, FIREFOX, "ada").await;
    let mut tablet = logged_in(&site, "iPad", "ada").await;
    let entries = listed(&site, &mut desk).await;
    let lost = entries
        .iter()
        .find(|entry| entry.device() == "Safari on iPhone")
        .unwrap();
    let reply = desk
        .post("/auth/sessions", &[("handle", lost.handle())])
        .await;
    assert_eq!(reply.location(), Some("/auth/sessions"));
    assert!(reply.set_cookies().is_empty());
    assert_eq!(phone.subject().await, None);
    assert_eq!(desk.subject().await.as_deref(), Some("ada"));
    assert_eq!(tablet.subject().await.as_deref(), Some("ada"));
    assert_eq!(log_outs(&site), [LogOutReason::OtherDevice]);
    settled().await;
    assert_eq!(site.calls("/revoke"), 1, "its refresh token");
    let again = desk
        .post("/auth/sessions", &[("handle", lost.handle())])
        .await;
    assert_eq!(
        again.location(),
        Some("/auth/sessions"),
        "twice is no error"
    );
    assert_eq!(log_outs(&site).len(), 1);
}

// attack: CK-17
#[tokio::test]
async fn the_present_session_is_ended_from_the_list_as_by_a_log_out() {
    for site in both_kinds() {
        let mut ada = logged_in(&site, FIREFOX, "ada").await;
        let mut saved = ada.clone();
        let page = ada.get("/auth/sessions").await;
        let reply = ada.submit(&page, &[]).await;
        assert_eq!(reply.location(), Some("/auth/logged-out"));
        assert!(ada.session_cookies().is_empty());
        assert_eq!(saved.subject().await, None);
        assert_eq!(log_outs(&site), [LogOutReason::User]);
        settled().await;
        assert_eq!(site.calls("/revoke"), 1);
    }
}

#[tokio::test]
async fn a_handle_of_somebody_elses_and_one_of_nobodys_are_the_same() {
    let site = stored().build();
    let mut ada = logged_in(&site, FIREFOX, "ada").await;
    let mut grace = logged_in(&site, FIREFOX, "grace").await;
    let foreign = listed(&site, &mut ada).await[0].handle().to_owned();
    let known = grace.post("/auth/sessions", &[("handle", &foreign)]).await;
    let long = "x".repeat(10_000);
    for handle in [
        "A".repeat(43).as_str(),
        "",
        "../../x",
        "%00",
        &long,
        &foreign[1..],
        &foreign.to_uppercase(),
    ] {
        let unknown = grace.post("/auth/sessions", &[("handle", handle)]).await;
        assert_eq!(
            (unknown.status, &unknown.headers),
            (known.status, &known.headers),
            "{handle}"
        );
    }
    let twice = format!("handle={foreign}&handle={foreign}");
    grace
        .visit(Visit::post("/auth/sessions", &[]).with_body(twice))
        .await;
    let session = grace.session().await.unwrap();
    assert!(!site.auth().end_session(&session, &foreign).await.unwrap());
    assert_eq!(ada.subject().await.as_deref(), Some("ada"));
    assert_eq!(grace.subject().await.as_deref(), Some("grace"));
    assert!(log_outs(&site).is_empty() && site.failures().is_empty());
}

// attack: LO-01
#[tokio::test]
async fn no_other_origin_ends_a_session() {
    for site in both_kinds() {
        let mut ada = logged_in(&site, FIREFOX, "ada").await;
        let handle = listed(&site, &mut ada).await[0].handle().to_owned();
        for fields in [
            [("handle", handle.as_str())],
            [("all", "1")],
            [("everywhere", "1")],
        ] {
            for target in ["/auth/sessions", "/auth/logout"] {
                let forged = Visit::post(target, &fields).from_page("https://evil.example");
                refused(&ada.visit(forged).await);
            }
            let (name, value) = fields[0];
            let link = format!("/auth/sessions?{name}={value}");
            assert_eq!(ada.get(&link).await.status, 200);
            assert_eq!(
                ada.get(&format!("/auth/logout?{name}={value}"))
                    .await
                    .status,
                200
            );
        }
        assert_eq!(ada.subject().await.as_deref(), Some("ada"));
        assert!(log_outs(&site).is_empty());
    }
}

#[tokio::test]
async fn a_log_out_everywhere_ends_every_device_and_gives_every_token_back() {
    for page in ["/auth/sessions", "/auth/logout"] {
        let site = stored().build();
        let mut desk = logged_in(&site, FIREFOX, "ada").await;
        let mut phone = logged_in(&site, SAFARI, "ada").await;
        let mut grace = logged_in(&site, SAFARI, "grace").await;
        let field = if page.ends_with("out") {
            "everywhere"
        } else {
            "all"
        };
        let reply = desk.post(page, &[(field, "1")]).await;
        assert_eq!(reply.location(), Some("/auth/logged-out"));
        assert!(desk.session_cookies().is_empty());
        assert_eq!(phone.subject().await, None);
        assert_eq!(grace.subject().await.as_deref(), Some("grace"));
        settled().await;
        assert_eq!(site.calls("/revoke"), 2, "one for each session");
        assert_eq!(log_outs(&site), [LogOutReason::Everywhere]);
    }
}

#[tokio::test]
async fn a_log_out_everywhere_goes_on_to_the_provider_where_that_is_configured() {
    let site = stored().log_out_at_provider().build();
    let mut ada = logged_in(&site, FIREFOX, "ada").await;
    let reply = ada.post("/auth/sessions", &[("all", "1")]).await;
    let to = reply.location().unwrap();
    assert!(
        to.starts_with("http://op.localhost:9000/end_session?"),
        "{to}"
    );
    assert!(ada.session_cookies().is_empty());
}

#[tokio::test]
async fn more_sessions_than_are_listed_end_all_the_same() {
    let site = stored().build();
    let mut first = logged_in(&site, FIREFOX, "ada").await;
    let mut others = Vec::new();
    for _ in 0..110 {
        others.push(logged_in(&site, SAFARI, "ada").await);
    }
    assert_eq!(listed(&site, &mut first).await.len(), 100);
    let session = first.session().await.unwrap();
    site.auth().log_out_everywhere(&session).await.unwrap();
    for mut other in others {
        assert_eq!(other.subject().await, None);
    }
}

#[tokio::test]
async fn sealed_cookies_list_the_present_session_and_end_all() {
    let store = Arc::new(MemoryStore::new(100));
    let site = Site::builder()
        .configure(move |auth| auth.revocation_index(store))
        .build();
    let mut ada = logged_in(&site, FIREFOX, "ada").await;
    let mut at_home = logged_in(&site, SAFARI, "ada").await;
    let page = ada.get("/auth/sessions").await;
    assert_eq!(page.body.matches("name=\"handle\"").count(), 1);
    assert!(page.body.contains("Firefox on Windows") && page.body.contains("are not listed"));
    let entries = listed(&site, &mut ada).await;
    assert_eq!((entries.len(), entries[0].is_this_one()), (1, true));
    let session = ada.session().await.unwrap();
    let other = at_home.session().await.unwrap();
    let foreign = site.auth().sessions(&other).await.unwrap().remove(0);
    assert!(
        !site
            .auth()
            .end_session(&session, foreign.handle())
            .await
            .unwrap()
    );
    assert!(at_home.subject().await.is_some());
    assert!(
        site.auth()
            .end_session(&session, entries[0].handle())
            .await
            .unwrap()
    );
    assert_eq!(ada.subject().await, None);
    at_home.post("/auth/sessions", &[("all", "1")]).await;
    assert_eq!(at_home.subject().await, None);
}
