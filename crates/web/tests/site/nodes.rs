//! Two processes of one app, which share a store and nothing else: what one ends is over at the other.

use std::sync::Arc;

use codegrant_testkit::{Browser, Site, SwitchedStore};
use codegrant_web::{AuthBuilder, MemoryStore, SessionStore};

use crate::settled;

/// After how many seconds, at the latest, a sealed session that was ended anywhere is refused everywhere.
pub(crate) const BOUND: i64 = 5;

/// Where sessions are, and so what the processes share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In the store.
    Stored,
    /// In sealed cookies; the store has the revocation index.
    Sealed,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::Stored, Kind::Sealed];

impl Kind {
    pub(crate) fn share(self, auth: AuthBuilder, store: impl SessionStore) -> AuthBuilder {
        match self {
            Self::Stored => auth.store(store),
            Self::Sealed => auth.revocation_index(store),
        }
    }

    /// Lets the time pass after which no node may accept what another has ended: none with a store.
    pub(crate) fn reach(self, site: &Site) {
        if self == Self::Sealed {
            site.wait(BOUND);
        }
    }

    /// Two nodes that share a store.
    pub(crate) fn nodes(self) -> [Site; 2] {
        let store = Arc::new(MemoryStore::new(10_000));
        let first = self.node(None, store.clone());
        let second = self.node(Some(&first), store);
        [first, second]
    }

    fn node(self, beside: Option<&Site>, store: impl SessionStore) -> Site {
        let builder = Site::builder().configure(move |auth| self.share(auth, store));
        match beside {
            Some(site) => builder.beside(site).build(),
            None => builder.build(),
        }
    }
}

async fn logged_in(site: &Site, subject: &str) -> Browser {
    let mut browser = site.browser();
    browser.log_in("op", subject).await;
    assert_eq!(browser.subject().await.as_deref(), Some(subject));
    browser
}

// attack: CK-17 CK-18
#[tokio::test]
async fn a_saved_cookie_is_dead_on_every_node_after_log_out() {
    for kind in KINDS {
        let [first, second] = kind.nodes();
        let mut ada = logged_in(&first, "ada").await;
        let grace = logged_in(&second, "grace").await;
        let saved = ada.clone();
        assert!(saved.clone().at(&second).subject().await.is_some());
        ada.log_out().await;
        assert_eq!(saved.clone().subject().await, None, "where it was ended");
        kind.reach(&first);
        assert_eq!(saved.clone().at(&second).subject().await, None, "{kind:?}");
        let refreshed = saved.clone().at(&second).post("/auth/refresh", &[]).await;
        assert!(!crate::opens_session(&refreshed));
        first.wait(3600);
        assert_eq!(saved.at(&second).subject().await, None, "and stays so");
        assert!(grace.at(&first).subject().await.is_some());
    }
}

#[tokio::test]
async fn a_log_out_everywhere_is_one_on_every_node() {
    for kind in KINDS {
        let [first, second] = kind.nodes();
        let mut ada = logged_in(&first, "ada").await;
        let at_home = logged_in(&second, "ada").await;
        let mut grace = logged_in(&second, "grace").await;
        assert!(at_home.clone().at(&first).subject().await.is_some());
        let reply = ada.post("/auth/logout", &[("everywhere", "1")]).await;
        assert_eq!(reply.location(), Some("/auth/logged-out"));
        assert!(ada.session_cookies().is_empty());
        assert_eq!(at_home.clone().at(&first).subject().await, None);
        kind.reach(&first);
        assert_eq!(at_home.clone().at(&second).subject().await, None);
        assert_eq!(grace.subject().await.as_deref(), Some("grace"));
        first.wait(1);
        let again = logged_in(&second, "ada").await;
        kind.reach(&first);
        assert!(again.clone().at(&second).subject().await.is_some());
        assert!(again.at(&first).subject().await.is_some());
    }
}

#[tokio::test]
async fn a_login_that_is_under_way_on_another_node_does_not_survive_a_log_out_everywhere() {
    for kind in KINDS {
        let [first, second] = kind.nodes();
        let mut ada = logged_in(&first, "ada").await;
        let mut slow = second.browser();
        let callback = slow.begin_and_sign_in("op", "ada").await;
        first.wait(1);
        let held = second.hold("/userinfo");
        let (reply, ()) = tokio::join!(slow.bring(&callback), async {
            held.reached().await;
            ada.post("/auth/logout", &[("everywhere", "1")]).await;
            held.release();
        });
        assert!(!crate::opens_session(&reply), "{kind:?}");
        assert_eq!(slow.subject().await, None);
        settled().await;
        assert_eq!(second.calls("/revoke"), 1, "its tokens are given back");
    }
}

/// Moments are whole seconds: which of two came first in the same one is unknown, and a log-out wins.
#[tokio::test]
async fn a_login_that_begins_in_the_second_of_a_log_out_everywhere_is_made_again() {
    for kind in KINDS {
        let [first, second] = kind.nodes();
        let mut ada = logged_in(&first, "ada").await;
        ada.post("/auth/logout", &[("everywhere", "1")]).await;
        let mut early = second.browser();
        let reply = early.log_in("op", "ada").await;
        assert_eq!((reply.status, reply.location()), (303, Some("/")));
        assert_eq!(early.subject().await, None);
        first.wait(1);
        early.log_in("op", "ada").await;
        assert_eq!(early.subject().await.as_deref(), Some("ada"));
    }
}

// attack: CK-21 RF-12
#[tokio::test]
async fn a_refresh_that_is_under_way_on_another_node_brings_nothing_back() {
    for kind in KINDS {
        let [first, second] = kind.nodes();
        let mut ada = logged_in(&first, "ada").await;
        let mut slow = ada.clone().at(&second);
        assert!(slow.subject().await.is_some());
        first.wait(1);
        let held = second.hold("/token");
        tokio::join!(slow.post("/auth/refresh", &[]), async {
            held.reached().await;
            ada.post("/auth/logout", &[("everywhere", "1")]).await;
            held.release();
        });
        kind.reach(&first);
        assert_eq!(slow.subject().await, None, "{kind:?}");
        assert_eq!(slow.at(&first).subject().await, None, "{kind:?}");
    }
}

#[tokio::test]
async fn an_account_and_a_person_are_logged_out_by_the_app_on_every_node() {
    for kind in KINDS {
        let store = Arc::new(MemoryStore::new(100));
        let [first, second] = {
            let accounts = |auth: AuthBuilder| {
                auth.on_login(|login| async move {
                    let account = format!("row {}", login.identity().subject);
                    Ok(codegrant_web::Verdict::AcceptAs(account))
                })
            };
            let (one, other) = (store.clone(), store);
            let first = Site::builder()
                .configure(move |auth| accounts(kind.share(auth, one)))
                .build();
            let second = Site::builder()
                .beside(&first)
                .configure(move |auth| accounts(kind.share(auth, other)))
                .build();
            [first, second]
        };
        let ada = logged_in(&second, "ada").await;
        let grace = logged_in(&second, "grace").await;
        first.auth().log_out_account("row nobody").await.unwrap();
        first.auth().log_out_account("row ada").await.unwrap();
        kind.reach(&first);
        assert_eq!(ada.at(&second).subject().await, None, "{kind:?}");
        assert!(grace.clone().at(&second).subject().await.is_some());
        let issuer = "http://op.localhost:9000";
        for (issuer, subject) in [(issuer, "nobody"), ("https://ev.example", "grace")] {
            first.auth().log_out_person(issuer, subject).await.unwrap();
        }
        kind.reach(&first);
        assert!(grace.clone().at(&second).subject().await.is_some());
        first.auth().log_out_person(issuer, "grace").await.unwrap();
        kind.reach(&first);
        assert_eq!(grace.at(&second).subject().await, None, "{kind:?}");
    }
}

// attack: LK-21
#[tokio::test]
async fn a_sealed_session_is_refused_once_its_index_is_older_than_the_bound_and_not_before() {
    let store = SwitchedStore::new();
    let site = Kind::Sealed.node(None, store.clone());
    let mut ada = logged_in(&site, "ada").await;
    store.switch_off();
    for second in 0..BOUND {
        assert_eq!(ada.get("/orders").await.status, 200, "after {second} s");
        settled().await;
        site.wait(1);
    }
    for target in ["/", "/orders", "/auth/sessions"] {
        let reply = ada.get(target).await;
        assert_eq!(reply.status, 503, "{target}");
        assert!(!reply.body.contains("switched off"));
    }
    assert!(
        site.failures()
            .iter()
            .all(|code| *code == "store.unavailable")
    );
    assert_eq!(
        site.browser().get("/").await.body,
        "Hello, stranger!",
        "who is not logged in needs no index"
    );
    store.switch_on();
    site.wait(1);
    assert_eq!(
        ada.get("/orders").await.status,
        200,
        "nobody was logged out"
    );
}

#[tokio::test]
async fn a_sealed_session_asks_the_store_now_and_then_and_not_at_every_request() {
    let store = SwitchedStore::new();
    let site = Kind::Sealed.node(None, store.clone());
    let mut ada = logged_in(&site, "ada").await;
    let before = store.asked();
    for _ in 0..10 * BOUND {
        for _ in 0..10 {
            assert!(ada.subject().await.is_some());
        }
        settled().await;
        site.wait(1);
    }
    let asked = store.asked() - before;
    assert!((10..=20).contains(&asked), "{asked} in ten bounds");
}

#[tokio::test]
async fn a_process_that_starts_knows_of_every_log_out_there_was() {
    let store = Arc::new(MemoryStore::new(10_000));
    let first = Kind::Sealed.node(None, store.clone());
    let running = Kind::Sealed.node(Some(&first), store.clone());
    let ada = logged_in(&first, "ada").await;
    let grace = logged_in(&first, "grace").await;
    assert!(ada.clone().at(&running).subject().await.is_some());
    let issuer = "http://op.localhost:9000";
    let auth = first.auth();
    for number in 0..500 {
        auth.log_out_person(issuer, &number.to_string())
            .await
            .unwrap();
    }
    auth.log_out_person(issuer, "ada").await.unwrap();
    for number in 500..1_000 {
        auth.log_out_person(issuer, &number.to_string())
            .await
            .unwrap();
    }
    let started = Kind::Sealed.node(Some(&first), store);
    assert_eq!(ada.clone().at(&started).subject().await, None);
    assert!(grace.clone().at(&started).subject().await.is_some());
    first.wait(BOUND);
    assert_eq!(ada.at(&running).subject().await, None);
    assert!(grace.at(&running).subject().await.is_some());
}

#[tokio::test]
async fn keys_rotate_on_one_node_after_the_other_and_no_log_out_is_lost() {
    const OLD: &str = "the old secret which is long enough for a ring";
    const NEW: &str = "the new secret which is as long as the old one";
    for kind in KINDS {
        let store = Arc::new(MemoryStore::new(100));
        let node = |beside: Option<&Site>, secrets: String| {
            let store = store.clone();
            let builder =
                Site::builder().configure(move |auth| kind.share(auth.secret(secrets), store));
            match beside {
                Some(site) => builder.beside(site).build(),
                None => builder.build(),
            }
        };
        // The first step is done on both, the second on one of them.
        let before = node(None, format!("{OLD},{NEW}"));
        let after = node(Some(&before), format!("{NEW},{OLD}"));
        let done = node(Some(&before), NEW.to_owned());
        for (here, there) in [(&before, &after), (&after, &before)] {
            let ada = logged_in(here, "ada").await;
            let at_home = logged_in(there, "ada").await;
            let grace = logged_in(here, "grace").await;
            assert!(ada.clone().at(there).subject().await.is_some());
            assert!(at_home.clone().at(here).subject().await.is_some());
            let reply = ada
                .at(there)
                .post("/auth/logout", &[("everywhere", "1")])
                .await;
            assert_eq!(reply.status, 303);
            kind.reach(&before);
            assert_eq!(at_home.clone().at(here).subject().await, None, "{kind:?}");
            assert_eq!(at_home.at(there).subject().await, None, "{kind:?}");
            assert!(grace.clone().at(there).subject().await.is_some());
            before.wait(1);
        }
        // What was sealed under the old key is opened by nobody who has lost it, and of what was sealed under
        // the new one the end is known.
        let kept = logged_in(&after, "ada").await;
        assert!(kept.clone().at(&done).subject().await.is_some());
        before
            .auth()
            .log_out_person("http://op.localhost:9000", "ada")
            .await
            .unwrap();
        kind.reach(&before);
        assert_eq!(kept.at(&done).subject().await, None, "{kind:?}");
    }
}

// attack: LK-21
#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_holds_nobody_up_for_ever() {
    let store = SwitchedStore::new();
    let given = store.clone();
    let site = Site::builder()
        .configure(move |auth| auth.revocation_index(given))
        .build();
    let ada = logged_in(&site, "ada").await;
    let mut browsers = [(); 6].map(|()| ada.clone());
    // Once while the copy is good still, and is read again behind a page.
    for seconds in [3, BOUND] {
        store.fall_silent();
        site.wait(seconds);
        let before = store.operations();
        let began = tokio::time::Instant::now();
        let mut answers = Vec::new();
        let [a, b, c, d, e, f] = &mut browsers;
        let later = async |seconds, browser: &mut Browser| {
            tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
            site.wait(1);
            browser.get("/orders").await.status
        };
        let all = async {
            tokio::join!(
                later(0, a),
                later(1, b),
                later(2, c),
                later(3, d),
                later(4, e),
                later(5, f),
            )
        };
        let hour = std::time::Duration::from_secs(3600);
        let (a, b, c, d, e, f) = tokio::time::timeout(hour, all).await.unwrap();
        answers.extend([a, b, c, d, e, f]);
        assert!(answers.iter().all(|status| [200, 503].contains(status)));
        assert_eq!(answers[5], 503, "{answers:?}");
        let waited = began.elapsed().as_secs();
        assert!(waited <= 20, "none waits for all the others: {waited}");
        assert!((store.operations() - before).revoked <= 2);
        store.switch_on();
        // A question that was asked before that is given up first.
        tokio::time::sleep(std::time::Duration::from_secs(11)).await;
        site.wait(2);
        assert_eq!(browsers[0].get("/orders").await.status, 200);
    }
}
