//! Transactions: used up by one caller, and remembered for as long as they could come back.

use std::sync::Arc;

use codegrant_web::SessionStore;

use super::values::{done, new_transaction, race, start};

/// A transaction is used up by one of many callers, and each transaction by its own.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn consumes_once(store: impl SessionStore) {
    let now = start();
    let until = now.plus(1200);
    let (first, second) = (new_transaction(), new_transaction());
    assert!(done(store.consume(first, until, now).await));
    assert!(
        !done(store.consume(first, until, now).await),
        "a second time"
    );
    assert!(done(store.consume(second, until, now).await), "another one");
    let contested = new_transaction();
    let store = Arc::new(store);
    let won = race(&store, move |store, _| async move {
        done(store.consume(contested, until, now).await).then_some(())
    });
    assert_eq!(won.await, 1, "one of many callers");
}

/// A used transaction is remembered until the moment that was asked for.
///
/// # Panics
///
/// When the store breaks the rule.
pub async fn forgets_a_transaction_no_sooner_than_asked(store: impl SessionStore) {
    let (now, transaction) = (start(), new_transaction());
    let until = now.plus(1200);
    assert!(done(store.consume(transaction, until, now).await));
    let later = now.plus(1199);
    assert!(!done(store.consume(transaction, until, later).await));
    for _ in 0..50 {
        let others = new_transaction();
        assert!(done(store.consume(others, until, later).await));
    }
    assert!(
        !done(store.consume(transaction, until, later).await),
        "others push none out"
    );
}
