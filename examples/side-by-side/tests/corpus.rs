//! One corpus through all four frameworks: they answer alike, to the byte.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod apps;

use apps::{APPS, Start};
use codegrant_testkit::contract::Adapter;
use codegrant_testkit::contract::corpus::{self, Transcript};

/// The frameworks that speak HTTP/2 on a plain socket, as their apps are set up here.
const WITH_HTTP2: [&str; 3] = ["axum", "Rocket", "Poem"];

/// What each framework, or its server, refuses before its adapter: where a request means something at all,
/// the others let it through.
const REFUSED: [(&str, &[&str]); 4] = [
    ("axum", HYPER),
    ("Rocket", ROCKET),
    ("Actix-web", ACTIX),
    ("Poem", HYPER),
];

/// hyper, below axum, Rocket and Poem.
const HYPER: &[&str] = &[
    "path /auth/<rest>",
    "path /auth/login/op^`",
    "a path of 200 KB",
    "query /auth/login?return_to=/<b>",
    "query /auth/login?return_to=/\"",
];

/// A framework with a list of methods, which also takes the method of its pages out of a form.
const ROCKET: &[&str] = &[
    "BREW /auth/login/op",
    "PROPFIND /auth/login/op",
    "get /auth/login/op",
    "post /auth/login/op",
    "GETTING /auth/login/op",
    "M-SEARCH /auth/login/op",
    "BREW /auth/logout",
    "PROPFIND /auth/logout",
    "get /auth/logout",
    "post /auth/logout",
    "GETTING /auth/logout",
    "M-SEARCH /auth/logout",
    "BREW /auth/nothing",
    "PROPFIND /auth/nothing",
    "get /auth/nothing",
    "post /auth/nothing",
    "GETTING /auth/nothing",
    "M-SEARCH /auth/nothing",
    "a form for a page that says _method=delete, 3",
    "path /auth/<rest>",
    "path /auth/login/op^`",
    "a path of 200 KB",
    "query /auth/login?return_to=/<b>",
    "query /auth/login?return_to=/\"",
];

/// A server that is stricter than hyper.
const ACTIX: &[&str] = &[
    "path /auth/<rest>",
    "path /auth/login/op^`",
    "a path of 200 KB",
    "bytes that are not ASCII in /auth/login/ö",
    "bytes that are not ASCII in /auth/ö",
    "bytes that are not ASCII in /auth/login/op?return_to=/ö",
    "query /auth/login?return_to=/<b>",
    "query /auth/login?return_to=/\"",
    "two hosts",
    "no host",
    "the same length twice",
];

/// The adapter of a framework, with what the framework does by itself.
fn adapter(name: &str, start: Start) -> Adapter {
    let adapter = Adapter::new(start);
    match name {
        "Rocket" => adapter.refusing_unknown_methods().dropping_foreign_fields(),
        _ => adapter,
    }
}

fn assert_all_alike(transcripts: &[(&str, Transcript)]) {
    for (at, (one, ours)) in transcripts.iter().enumerate() {
        for (other, theirs) in &transcripts[at + 1..] {
            assert_eq!(ours.difference(theirs), None, "{one} and {other}");
        }
    }
}

// attack: TP-08
#[test]
fn frameworks_answer_the_corpus_alike_and_refuse_what_they_are_known_to_refuse() {
    let replay = |(name, start)| (name, corpus::replay(&adapter(name, start)).unwrap());
    let mut transcripts = APPS.map(replay).to_vec();
    for ((name, transcript), (expected, refused)) in transcripts.iter().zip(REFUSED) {
        assert_eq!(*name, expected);
        assert_eq!(transcript.refused(), refused, "{name}");
    }
    transcripts.push(("values", corpus::by_values().unwrap()));
    assert_all_alike(&transcripts);
}

// attack: TP-08
#[test]
fn frameworks_answer_the_corpus_alike_over_http2() {
    let apps = APPS
        .into_iter()
        .filter(|(name, _)| WITH_HTTP2.contains(name));
    let replay = |(name, start)| {
        (
            name,
            corpus::replay_over_http2(&adapter(name, start)).unwrap(),
        )
    };
    let mut transcripts: Vec<_> = apps.map(replay).collect();
    transcripts.push(("values", corpus::by_values_over_http2().unwrap()));
    assert_eq!(transcripts.len(), WITH_HTTP2.len() + 1);
    assert_all_alike(&transcripts);
}
