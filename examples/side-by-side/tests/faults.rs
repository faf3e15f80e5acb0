//! A real adapter with one thing wrong around it, as it would be wrong inside: the contract finds each.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod faulty;

use codegrant_testkit::contract::{Adapter, CLAUSES, corpus};

use faulty::Fault;

fn adapter(fault: Option<Fault>) -> Adapter {
    let adapter = Adapter::new(move |auth, listener| faulty::start(auth, listener, fault));
    adapter.serving_http2()
}

#[test]
fn the_same_app_without_a_fault_keeps_the_contract() {
    adapter(None).check();
}

#[test]
fn each_fault_breaks_the_clause_that_is_meant_to_find_it() {
    assert!(Fault::ALL.len() >= 20);
    let found = |fault: &Fault| {
        let clause = CLAUSES
            .iter()
            .find(|clause| clause.number == fault.breaks());
        (clause.unwrap().check)(&adapter(Some(*fault))).is_err()
    };
    let missed: Vec<&Fault> = Fault::ALL.iter().filter(|fault| !found(fault)).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn two_transcripts_differ_at_the_first_request_that_shows_a_fault() {
    let faithful = corpus::replay(&adapter(None)).unwrap();
    let faulty = corpus::replay(&adapter(Some(Fault::LosesAllow))).unwrap();
    let difference = faithful.difference(&faulty).unwrap();
    assert!(difference.starts_with("HEAD /auth/login "), "{difference}");
    assert!(difference.contains("allow"), "{difference}");
}
