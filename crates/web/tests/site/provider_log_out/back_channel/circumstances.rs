//! Back-channel log-out while something is down, slow, or runs twice.

use std::sync::Arc;

use codegrant_core::http::HttpResponse;
use codegrant_core::jose::Algorithm;
use codegrant_testkit::world::stranger_key;
use codegrant_testkit::{Site, SwitchedStore};
use codegrant_web::{MemoryStore, TransportError};

use super::super::Desk;
use super::{accepted, refused};

#[tokio::test]
async fn a_provider_that_is_down_is_told_that_nobody_was_logged_out() {
    let desk = Desk::new(Site::builder());
    desk.site.script(|request| {
        let url = request.loggable_url().to_owned();
        Some(Err(TransportError::Timeout { url, seconds: 10 }))
    });
    refused(&desk.deliver(&desk.token(&[("sub", "ada")])).await);
    assert_eq!(desk.site.failures(), ["transport.timeout"]);
}

#[tokio::test]
async fn a_provider_that_is_down_ends_sessions_by_the_keys_that_are_known() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        desk.site
            .script(|_| Some(Ok(HttpResponse::new(503).with_body("down"))));
        accepted(&desk.deliver(&desk.token(&[("sub", "ada")])).await);
        assert!(ada.session().await.is_none());
    }
}

#[tokio::test]
async fn a_store_that_is_down_loses_no_log_out() {
    let store = SwitchedStore::new();
    let given = store.clone();
    let desk = Desk::new(Site::builder().configure(|auth| auth.store(given)));
    let mut ada = desk.logged_in("ada").await;
    let token = desk.token(&[("sub", "ada")]);
    store.switch_off();
    refused(&desk.deliver(&token).await);
    store.switch_on();
    assert!(ada.session().await.is_some());
    accepted(&desk.deliver(&token).await);
    assert!(ada.session().await.is_none());
}

#[tokio::test]
async fn processes_with_one_store_end_each_others_sessions_and_without_one_only_their_own() {
    let store = Arc::new(MemoryStore::new(100));
    let given = store.clone();
    let desk = Desk::new(Site::builder().configure(move |auth| auth.store(given)));
    let other = Site::builder()
        .beside(&desk.site)
        .registered(|registration| registration.backchannel_logout())
        .configure(move |auth| auth.store(store))
        .build();
    let mut ada = desk.logged_in("ada").await;
    assert!(ada.clone().at(&other).session().await.is_some());
    accepted(&desk.deliver(&desk.token(&[("sub", "ada")])).await);
    assert!(ada.session().await.is_none());
    assert!(ada.at(&other).session().await.is_none());

    let desk = Desk::new(Site::builder());
    let other = Site::builder().beside(&desk.site).build();
    let mut ada = desk.logged_in("ada").await;
    accepted(&desk.deliver(&desk.token(&[("sub", "ada")])).await);
    assert!(ada.session().await.is_none());
    assert!(
        ada.at(&other).session().await.is_some(),
        "sealed cookies are known to one process"
    );
}

#[tokio::test]
async fn a_refresh_and_a_slow_login_do_not_undo_it() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        let held = desk.site.hold("/token");
        let token = desk.token(&[("sub", "ada")]);
        let (reply, ()) = tokio::join!(ada.post("/auth/refresh", &[]), async {
            held.reached().await;
            accepted(&desk.deliver(&token).await);
            held.release();
        });
        assert!(!crate::opens_session(&reply));
        assert!(ada.session().await.is_none());
    }
    for desk in Desk::both() {
        let mut ada = desk.site.browser();
        let callback = ada.begin_and_sign_in("op", "ada").await;
        let held = desk.site.hold("/userinfo");
        let token = desk.token(&[("sub", "ada")]);
        tokio::join!(ada.bring(&callback), async {
            held.reached().await;
            accepted(&desk.deliver(&token).await);
            held.release();
        });
        assert!(ada.session().await.is_none(), "it was on its way");
    }
}

#[tokio::test]
async fn strangers_make_the_keys_be_fetched_once_a_minute() {
    let desk = Desk::new(Site::builder());
    let _ada = desk.logged_in("ada").await;
    let before = desk.site.calls("/jwks");
    let stranger = stranger_key(Algorithm::Es256, "unknown");
    for _ in 0..20 {
        let token = stranger.sign(None, &desk.claims()).unwrap();
        refused(&desk.deliver(&token).await);
    }
    assert_eq!(desk.site.calls("/jwks"), before + 1);
    for garbage in ["a", "a.b.c", "e30.e30.e30.e30.e30"] {
        refused(&desk.deliver(garbage).await);
    }
    desk.site.wait(60);
    let token = stranger.sign(None, &desk.claims()).unwrap();
    refused(&desk.deliver(&token).await);
    assert_eq!(desk.site.calls("/jwks"), before + 2);
}
