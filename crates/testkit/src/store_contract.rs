//! What every session store has to hold to, as functions to call from a store's own tests.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use std::sync::Arc;
//!
//! use codegrant_testkit::store_contract;
//! use codegrant_web::MemoryStore;
//!
//! // Every rule, each with a store of its own; one store for all of them does as well.
//! store_contract::holds(async || MemoryStore::new(1_000)).await;
//!
//! // The same from two processes: two values that reach the same data.
//! store_contract::holds_for_two(async || {
//!     let data = Arc::new(MemoryStore::new(1_000));
//!     (data.clone(), data)
//! })
//! .await;
//! # }
//! ```
//!
//! A store that outlives the process has [`survives`] to pass as well: everything that it acknowledged is there
//! after its server was killed.
//!
//! Every function panics with the rule that was broken. Keys and transactions are new at every call, so
//! that a store may be shared by several runs, and time is a value: no rule waits. A bounded store needs room
//! for 1,000 records and 1,000 revocations.
//!
//! Run it on a runtime of several threads too, where more can come between two steps.

#[cfg(test)]
mod broken;
mod crashes;
mod index;
mod races;
mod records;
mod revocations;
mod transactions;
mod two;
mod values;

use codegrant_web::SessionStore;

pub use crashes::{breaks_off_whole, survives};
pub use index::{
    ends_what_an_entry_finds, finds_by_the_entries_of_the_last_change, lists_what_an_entry_finds,
};
pub use races::{
    creates_and_deletes_in_turn, deletes_what_is_being_changed, ends_what_is_being_changed,
    moves_between_entries_whole,
};
pub use records::{
    creates_once, ends_when_it_expires, keeps_what_is_gone_gone, keeps_what_it_was_given,
    lets_one_of_many_replace, loses_no_change, replaces_the_expected_version_only,
};
pub use revocations::{
    forgets_what_counts_no_longer, gives_out_a_long_list, shows_at_once_what_many_write,
    tells_everybody_what_is_over,
};
pub use transactions::{consumes_once, forgets_a_transaction_no_sooner_than_asked};
use two::Two;

/// Checks every rule, each against a store that `make` gives out.
///
/// # Panics
///
/// When the store breaks a rule.
pub async fn holds<S: SessionStore>(make: impl AsyncFn() -> S) {
    keeps_what_it_was_given(make().await).await;
    creates_once(make().await).await;
    ends_when_it_expires(make().await).await;
    replaces_the_expected_version_only(make().await).await;
    lets_one_of_many_replace(make().await).await;
    keeps_what_is_gone_gone(make().await).await;
    loses_no_change(make().await).await;
    ends_what_an_entry_finds(make().await).await;
    finds_by_the_entries_of_the_last_change(make().await).await;
    lists_what_an_entry_finds(make().await).await;
    consumes_once(make().await).await;
    forgets_a_transaction_no_sooner_than_asked(make().await).await;
    tells_everybody_what_is_over(make().await).await;
    forgets_what_counts_no_longer(make().await).await;
    gives_out_a_long_list(make().await).await;
    shows_at_once_what_many_write(make().await).await;
    ends_what_is_being_changed(make().await).await;
    deletes_what_is_being_changed(make().await).await;
    creates_and_deletes_in_turn(make().await).await;
    moves_between_entries_whole(make().await).await;
    breaks_off_whole(make().await).await;
}

/// Checks every rule with two values that stand for two processes: each call goes to one of them.
///
/// `make_pair` gives out two values that have nothing in common but the data: two connections, two pools.
///
/// # Panics
///
/// When the store breaks a rule.
pub async fn holds_for_two<S: SessionStore>(make_pair: impl AsyncFn() -> (S, S)) {
    // Different seeds, because a rule is short and one order may miss what another meets.
    for seed in [1, 2] {
        holds(async || Two::new(make_pair().await, seed)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use codegrant_web::MemoryStore;

    use super::{holds, holds_for_two};

    #[tokio::test]
    async fn memory_holds_for_one_and_for_two() {
        holds(async || MemoryStore::new(1_000)).await;
        holds_for_two(async || {
            let data = Arc::new(MemoryStore::new(1_000));
            (data.clone(), data)
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn memory_holds_with_several_threads() {
        for _ in 0..5 {
            holds(async || MemoryStore::new(1_000)).await;
        }
    }
}
