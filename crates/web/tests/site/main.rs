//! The whole login by values: an app, its providers and browsers, and whoever means them harm.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod accounts;
mod answers;
mod api;
mod asked;
mod callback;
mod certificates;
mod code;
mod configuration;
mod cookies;
mod costs;
mod dpop;
mod entries;
mod errors;
mod exchange;
mod for_providers;
mod fresh;
mod fresh_nodes;
mod guards;
mod hand_over;
mod healing;
mod hooks;
mod keys;
mod landing;
mod leaks;
mod linking;
mod log_out;
mod messages;
mod metadata;
mod mix_up;
mod mounting;
mod nodes;
mod on_login;
mod own_sessions;
mod pages;
mod paths;
mod provider_log_out;
mod proxy;
mod received;
mod refresh;
mod refresh_ends;
mod replay;
mod self_registration;
mod sessions;
mod setup;
mod state;
mod step_up;
mod stores;
mod strain;
mod tabs;
mod test_users;
mod third_party;
mod unlucky;

use codegrant_core::form;
use codegrant_testkit::Site;
use codegrant_testkit::site::{Reply, SiteBuilder};

/// The header of a request that says nothing.
const NO_HEADERS: [(&str, &[u8]); 0] = [];

/// A site of each kind of session: what holds for one has to hold for the other.
fn both_kinds() -> [Site; 2] {
    [Site::new(), Site::builder().memory_sessions().build()]
}

/// The same of a site that is made in some other way.
fn both_kinds_of(builder: fn() -> SiteBuilder) -> [Site; 2] {
    [builder().build(), builder().memory_sessions().build()]
}

/// Asserts that a request was refused: a 4xx page of fixed text, which no cache keeps, which repeats
/// nothing of the request, and with which no session begins.
#[track_caller]
fn refused(reply: &Reply) {
    assert!(
        (400..500).contains(&reply.status),
        "{} at {}",
        reply.status,
        reply.url
    );
    fixed_page(reply);
}

/// Asserts that a provider's failure ended the login, without a word of what it sent.
#[track_caller]
fn provider_failed(reply: &Reply) {
    assert_eq!(reply.status, 502, "at {}", reply.url);
    fixed_page(reply);
}

/// Asserts that a page is ours, is kept nowhere, echoes nothing and opens no session.
#[track_caller]
fn fixed_page(reply: &Reply) {
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(
        reply.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(!opens_session(reply), "a session begins");
    let query = reply.url.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in form::parameters(query).unwrap_or_default() {
        for sent in [name, value].into_iter().filter(|sent| sent.len() >= 16) {
            assert!(!reply.body.contains(&sent), "the page repeats {sent}");
        }
    }
}

/// Lets everything run that goes on in the background after an answer, such as a revocation.
async fn settled() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Tells whether an answer gives the browser a session.
fn opens_session(reply: &Reply) -> bool {
    let set = reply.set_cookies();
    let mut sessions = set.iter().filter(|cookie| cookie.contains(".session"));
    sessions.any(|cookie| !cookie.contains("Max-Age=0"))
}
