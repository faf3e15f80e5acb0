//! Log-out at the provider where two processes serve the app: the one that is told ends it on both.

use std::sync::Arc;

use codegrant_core::form;
use codegrant_testkit::site::{Reply, SiteBuilder, Visit};
use codegrant_testkit::{Browser, Site};
use codegrant_web::{LogOutReason, MemoryStore, SessionStore, Verdict};

use super::{Desk, ISSUER};
use crate::hooks::told;
use crate::nodes::{KINDS, Kind};

fn shared(kind: Kind, builder: SiteBuilder, store: &Arc<MemoryStore>) -> Desk {
    let store = store.clone();
    Desk::new(builder.configure(move |auth| kind.share(auth, store)))
}

/// Two nodes that share a store.
fn desks(kind: Kind) -> ([Desk; 2], Arc<MemoryStore>) {
    let store = Arc::new(MemoryStore::new(100_000));
    let first = shared(kind, Site::builder(), &store);
    let second = shared(kind, Site::builder().beside(&first.site), &store);
    ([first, second], store)
}

/// Loads the frame of the provider's log-out page.
async fn framed(desk: &Desk, session_id: &str) -> Reply {
    let query = format!(
        "iss={}&sid={}",
        form::encode(ISSUER),
        form::encode(session_id)
    );
    let visit = Visit::get(format!("/auth/frontchannel-logout/op?{query}"))
        .from_page(ISSUER)
        .with_header("sec-fetch-dest", "iframe");
    desk.site.browser().visit(visit).await
}

/// Asserts that both nodes see this of a browser's session.
async fn is_in(browser: &Browser, desks: &[Desk; 2], expected: bool) {
    for desk in desks {
        let session = browser.clone().at(&desk.site).session().await;
        assert_eq!(session.is_some(), expected);
    }
}

// attack: LO-16 LO-23
#[tokio::test]
async fn a_logout_token_ends_the_session_on_every_node() {
    for kind in KINDS {
        let (desks, _) = desks(kind);
        let [first, second] = &desks;
        let ada = first.logged_in("ada").await;
        let at_home = first.logged_in("ada").await;
        is_in(&ada, &desks, true).await;
        let by_session = second.token(&[("sid", &first.session_id(0))]);
        assert_eq!(second.deliver(&by_session).await.status, 200);
        kind.reach(&first.site);
        is_in(&ada, &desks, false).await;
        is_in(&at_home, &desks, true).await;
        first.site.wait(1);
        let by_person = first.token(&[("sub", "ada")]);
        assert_eq!(first.deliver(&by_person).await.status, 200);
        kind.reach(&first.site);
        is_in(&at_home, &desks, false).await;
        // A copy that comes to the other node is one all the same.
        first.site.wait(1);
        let again = first.logged_in("ada").await;
        assert_eq!(second.deliver(&by_person).await.status, 400);
        assert_eq!(second.site.failures(), ["logout_token.replayed"]);
        kind.reach(&first.site);
        is_in(&again, &desks, true).await;
    }
}

// attack: LO-27 LO-29
#[tokio::test]
async fn the_providers_page_ends_the_session_on_every_node() {
    for kind in KINDS {
        let (desks, _) = desks(kind);
        let [first, second] = &desks;
        let ada = first.logged_in("ada").await;
        let grace = first.logged_in("grace").await;
        is_in(&ada, &desks, true).await;
        assert_eq!(framed(second, &first.session_id(0)).await.status, 200);
        kind.reach(&first.site);
        is_in(&ada, &desks, false).await;
        is_in(&grace, &desks, true).await;
    }
}

#[tokio::test]
async fn a_login_that_is_under_way_on_another_node_is_ended_too() {
    for kind in KINDS {
        let ([first, second], _) = desks(kind);
        let mut ada = first.site.browser();
        let callback = ada.begin_and_sign_in("op", "ada").await;
        let held = first.site.hold("/userinfo");
        tokio::join!(ada.bring(&callback), async {
            held.reached().await;
            let token = second.token(&[("sub", "ada")]);
            assert_eq!(second.deliver(&token).await.status, 200);
            held.release();
        });
        assert!(ada.session().await.is_none(), "{kind:?}");
    }
}

#[tokio::test]
async fn whoever_logs_in_on_another_node_a_second_later_stays_logged_in() {
    for kind in KINDS {
        let (desks, _) = desks(kind);
        let [first, second] = &desks;
        let _before = second.logged_in("ada").await;
        assert_eq!(
            first.deliver(&first.token(&[("sub", "ada")])).await.status,
            200
        );
        first.site.wait(1);
        let ada = second.logged_in("ada").await;
        kind.reach(&first.site);
        is_in(&ada, &desks, true).await;
        first.site.wait(3600);
        is_in(&ada, &desks, true).await;
    }
}

// attack: DO-07
#[tokio::test]
async fn guesses_fill_no_list_that_all_processes_read() {
    for kind in KINDS {
        let (desks, store) = desks(kind);
        let [first, second] = &desks;
        let ada = first.logged_in("ada").await;
        let grace = first.logged_in("grace").await;
        is_in(&ada, &desks, true).await;
        for guess in 0..5_000 {
            framed(second, &guess.to_string()).await;
        }
        let mut written = store
            .revoked(None, first.site.now())
            .await
            .unwrap()
            .revocations
            .len();
        assert!(written <= 1_000, "{written}");
        // What is proved still reaches everybody, and what is not the node that was told.
        assert_eq!(
            second
                .deliver(&second.token(&[("sub", "ada")]))
                .await
                .status,
            200
        );
        framed(second, &first.session_id(1)).await;
        assert!(grace.clone().at(&second.site).session().await.is_none());
        kind.reach(&first.site);
        is_in(&ada, &desks, false).await;
        first.site.wait(60);
        for guess in 0..100 {
            framed(second, &guess.to_string()).await;
        }
        let after = store
            .revoked(None, first.site.now())
            .await
            .unwrap()
            .revocations
            .len();
        written = after - written;
        assert!(
            written <= 14,
            "one in five seconds, and the token: {written}"
        );
    }
}

#[tokio::test]
async fn an_app_with_sessions_of_its_own_is_told_which_to_end() {
    for kind in KINDS {
        let store = Arc::new(MemoryStore::new(100));
        let handing = Site::builder().configure(|auth| {
            auth.on_login(|_| async { Ok(Verdict::HandOver("row 7".to_owned())) })
        });
        let (builder, told) = told(handing);
        let desk = shared(kind, builder, &store);
        let mut ada = desk.site.browser();
        let reply = ada.log_in("op", "ada").await;
        let login = reply.login.unwrap();
        let session_id = desk.session_id(0);
        assert_eq!(login.session_id(), Some(session_id.as_str()));
        assert!(told.lock().unwrap().is_empty());

        let token = desk.token(&[("sid", &session_id), ("sub", "ada")]);
        let issued_at = desk.site.now();
        desk.site.wait(2);
        desk.deliver(&token).await;
        desk.deliver(&token).await;
        framed(&desk, &session_id).await;
        framed(&desk, "guess").await;
        let told = told.lock().unwrap().clone();
        let reasons: Vec<LogOutReason> = told.iter().map(|ended| ended.reason()).collect();
        let (server, page) = (LogOutReason::BackChannel, LogOutReason::FrontChannel);
        assert_eq!(
            reasons,
            [server, page, page],
            "a copy of a token tells nothing"
        );
        assert_eq!(
            (told[0].provider(), told[0].issuer()),
            (Some("op"), Some(ISSUER))
        );
        assert_eq!(
            (told[0].session_id(), told[0].subject()),
            (login.session_id(), Some("ada"))
        );
        assert_eq!(told[0].at(), issued_at, "by the provider's clock");
        assert_eq!(
            (told[1].session_id(), told[1].subject()),
            (login.session_id(), None)
        );
        assert_eq!(told[2].session_id(), Some("guess"));
    }
}
