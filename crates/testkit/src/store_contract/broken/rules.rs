//! Which store breaks which rule.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use super::*;

/// Tells whether a rule was broken: whether it panicked.
async fn panics(rule: impl Future<Output = ()>) -> bool {
    let mut rule = pin!(rule);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| rule.as_mut().poll(context)));
        polled.map_or(Poll::Ready(true), |polled| polled.map(|()| false))
    })
    .await
}

/// Checks that each fault breaks its rule, which the store without a fault keeps.
macro_rules! rules_that_can_fail {
    ($($rule:ident: $($fault:ident)+;)+) => { $(
        mod $rule {
            use super::super::{Broken, Fault};
            use super::panics;

            #[tokio::test]
            async fn is_kept_by_a_right_store_and_broken_by_a_wrong_one() {
                super::super::super::$rule(Broken::new(Fault::Nothing)).await;
                $(
                    let broken = panics(super::super::super::$rule(Broken::new(Fault::$fault))).await;
                    assert!(broken, "{:?}", Fault::$fault);
                )+
            }
        }
    )+ };
}

rules_that_can_fail! {
    keeps_what_it_was_given: CutsLongRecords;
    creates_once: CreatesOver LooksBeforeItCreates NeverCreatesTwice;
    ends_when_it_expires: NeverExpires;
    replaces_the_expected_version_only: ReplacesAnyVersion;
    lets_one_of_many_replace: LooksBeforeItReplaces;
    keeps_what_is_gone_gone: BringsBackWhatIsGone;
    loses_no_change: LooksBeforeItReplaces;
    ends_what_an_entry_finds: EndsWhatIsYounger;
    finds_by_the_entries_of_the_last_change: KeepsTheFirstEntries;
    lists_what_an_entry_finds: ListsAll ListsExpiredOnes;
    consumes_once: LooksBeforeItConsumes;
    forgets_a_transaction_no_sooner_than_asked: RemembersTenTransactions;
    tells_everybody_what_is_over: KeepsOneRevocationPerEntry TellsWithoutEnd;
    forgets_what_counts_no_longer: TellsWhatCountsNoLonger;
    gives_out_a_long_list: TellsOnePage;
    shows_at_once_what_many_write: NumbersBeforeItShows;
    ends_what_is_being_changed: EndsUnchangedOnes LooksBeforeItReplaces;
    deletes_what_is_being_changed: LooksBeforeItReplaces;
    creates_and_deletes_in_turn: DeletesItsEntriesLater;
    moves_between_entries_whole: EndsWhatItListed;
    breaks_off_whole: IndexesAfterItCreated;
}

#[tokio::test]
async fn store_of_one_process_alone_holds_and_not_for_two() {
    let fault = Fault::ConsumesAlone;
    holds(async || Broken::new(fault)).await;
    let for_two = holds_for_two(async || Broken::pair(fault));
    assert!(panics(for_two).await);
    holds_for_two(async || Broken::pair(Fault::Nothing)).await;
}

#[tokio::test]
async fn store_that_writes_later_does_not_survive() {
    for (fault, survived) in [(Fault::Nothing, true), (Fault::WritesLater, false)] {
        let broken = panics(async move {
            let store = Broken::new(fault);
            survives(async || store.clone(), async || store.crash()).await;
        });
        assert_eq!(broken.await, !survived, "{fault:?}");
    }
}
