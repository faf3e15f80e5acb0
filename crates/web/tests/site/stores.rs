//! Session stores: the contract, the limits of the one in memory, and that nobody waits for another's answer.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use codegrant_core::{Timestamp, TransactionId};
use codegrant_testkit::site::Reply;
use codegrant_testkit::{Site, SwitchedStore, store_contract};
use codegrant_web::{Created, MemoryStore, Record, Replaced, SessionKey, SessionStore, StoreError};

const NOW: Timestamp = Timestamp::from_unix(1_000);

#[tokio::test]
async fn the_store_in_memory_keeps_the_contract() {
    store_contract::holds(async || MemoryStore::new(1_000)).await;
    store_contract::holds(async || Arc::new(MemoryStore::new(1_000))).await;
}

fn key(number: u32) -> SessionKey {
    SessionKey::of_id(&number.to_string())
}

fn until(seconds: i64) -> Record {
    Record {
        sealed: [].into(),
        version: 0,
        expires_at: NOW.plus(seconds),
        index: Vec::new(),
        issued_at: NOW,
    }
}

#[track_caller]
fn created(result: Result<Created, StoreError>) {
    assert_eq!(result, Ok(Created::Yes), "its key is new");
}

#[tokio::test]
async fn a_full_store_lets_go_of_what_expires_first() {
    let store = MemoryStore::new(3);
    for (number, seconds) in [(1, 300), (2, 100), (3, 200)] {
        created(store.create(&key(number), until(seconds), NOW).await);
    }
    created(store.create(&key(4), until(250), NOW).await);
    assert_eq!(store.len(), 3);
    let mut held = Vec::new();
    for number in 1..=4 {
        held.push(store.load(&key(number), NOW).await.unwrap().is_some());
    }
    assert_eq!(held, [true, false, true, true]);
}

#[tokio::test]
async fn a_change_of_a_full_store_pushes_nobody_out() {
    let store = MemoryStore::new(2);
    created(store.create(&key(1), until(100), NOW).await);
    created(store.create(&key(2), until(200), NOW).await);
    let changed = store.replace(&key(2), 0, until(300), NOW).await.unwrap();
    assert_eq!(changed, Replaced::Yes);
    assert!(store.load(&key(1), NOW).await.unwrap().is_some());
    assert_eq!(store.len(), 2);
}

// attack: ST-30
#[tokio::test]
async fn memory_has_a_hard_limit_and_what_has_expired_goes() {
    let store = MemoryStore::new(10);
    for number in 0..1_000 {
        created(store.create(&key(number), until(60), NOW).await);
        let used = TransactionId::of_state(&number.to_string());
        assert!(store.consume(used, NOW.plus(60), NOW).await.unwrap());
        assert!(store.len() <= 10);
    }
    let later = NOW.plus(60);
    let longer = Record {
        expires_at: later.plus(60),
        ..until(0)
    };
    created(store.create(&key(1), longer, later).await);
    assert_eq!(store.len(), 1);
}

#[test]
fn a_store_shows_no_session() {
    let store = MemoryStore::new(10);
    assert!(store.is_empty());
    assert_eq!(format!("{store:?}"), "MemoryStore { sessions: 0, .. }");
}

/// Returns the name under which the session is stored that a login has just opened.
fn stored_as(reply: &Reply) -> SessionKey {
    let cookies = reply.set_cookies();
    let session = cookies.iter().find_map(|cookie| {
        let (name, rest) = cookie.split_once('=')?;
        let (value, _) = rest.split_once(';')?;
        name.ends_with(".session").then_some(value)
    });
    // The first sign says how many pieces there are.
    SessionKey::of_id(&session.unwrap()[1..])
}

fn tells(record: &Record, text: &str) -> bool {
    let bytes = record.sealed.windows(text.len());
    bytes.into_iter().any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn a_record_is_plain_in_this_process_and_believed_nowhere_else() {
    let (here, elsewhere) = (Arc::new(MemoryStore::new(10)), SwitchedStore::new());
    let (store, other) = (here.clone(), elsewhere.clone());
    let first = Site::builder().configure(|auth| auth.store(store)).build();
    let second = Site::builder().beside(&first);
    let second = second.configure(|auth| auth.store(other)).build();
    let now = first.now();

    let mut ada = first.browser();
    let key = stored_as(&ada.log_in("op", "ada").await);
    let plain = here.load(&key, now).await.unwrap().unwrap();
    assert!(
        tells(&plain, "Ada Lovelace"),
        "nothing is sealed beside its key"
    );
    created(elsewhere.create(&key, plain, now).await);
    let mut copied = ada.clone().at(&second);
    assert_eq!(
        copied.subject().await,
        None,
        "anybody may have written it there"
    );
    assert_eq!(ada.subject().await.as_deref(), Some("ada"));

    let mut grace = second.browser();
    let key = stored_as(&grace.log_in("op", "grace").await);
    let sealed = elsewhere.load(&key, now).await.unwrap().unwrap();
    assert!(!tells(&sealed, "Grace") && !tells(&sealed, "grace"));
    assert_eq!(grace.subject().await.as_deref(), Some("grace"));
}

// The time is tokio's own: where a request waits for the other, it passes at once.
#[tokio::test(start_paused = true)]
async fn a_request_that_waits_for_its_store_holds_nothing_that_another_needs() {
    let store = SwitchedStore::new();
    let given = store.clone();
    let site = Site::builder().configure(|auth| auth.store(given)).build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let (mut same, mut stranger) = (browser.clone(), site.browser());
    // Long enough for the session to be written anew.
    site.wait(1_000);
    let before = store.asked();
    store.fall_silent();
    let mut waiting = pin!(browser.get("/orders"));
    let waits = std::future::poll_fn(|now| Poll::Ready(waiting.as_mut().poll(now).is_pending()));
    assert!(waits.await && store.asked() > before, "it asks the store");
    store.switch_on();
    let others = async {
        assert_eq!(same.get("/orders").await.status, 200);
        stranger.log_in("op", "grace").await;
        assert_eq!(stranger.get("/orders").await.status, 200);
        same.log_out().await;
        assert_eq!(stranger.get("/orders").await.status, 200);
    };
    let served = tokio::time::timeout(Duration::from_millis(1), others).await;
    assert!(served.is_ok(), "they wait for the one that waits");
}
