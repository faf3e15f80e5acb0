//! What it costs in store operations: none per request for a sealed session, one for one in a store.

use codegrant_testkit::{Browser, Operations, Site, SwitchedStore};
use codegrant_web::{Request, Require};

use crate::{NO_HEADERS, settled};

const NOTHING: Operations = Operations {
    create: 0,
    load: 0,
    replace: 0,
    delete: 0,
    end_all: 0,
    list: 0,
    revoke: 0,
    revoked: 0,
    consume: 0,
};

/// A site whose sessions are in a store that counts.
fn stored() -> (Site, SwitchedStore) {
    let store = SwitchedStore::new();
    let given = store.clone();
    let site = Site::builder().configure(|auth| auth.store(given)).build();
    (site, store)
}

/// A site with sealed cookies and a store that counts, for what all processes must know.
fn sealed() -> (Site, SwitchedStore) {
    let store = SwitchedStore::new();
    let given = store.clone();
    let site = Site::builder().configure(|auth| auth.revocation_index(given));
    (site.build(), store)
}

/// Counts what the store is asked while something is done.
async fn asked<T>(store: &SwitchedStore, done: impl Future<Output = T>) -> Operations {
    let before = store.operations();
    done.await;
    settled().await;
    store.operations() - before
}

async fn pages(browser: &mut Browser, count: usize) {
    for _ in 0..count {
        assert_eq!(browser.get("/orders").await.status, 200);
    }
}

#[tokio::test]
async fn a_request_reads_its_session_once_and_a_stranger_costs_nothing() {
    let (site, store) = stored();
    let mut browser = site.browser();
    let strangers = asked(&store, async {
        for _ in 0..10 {
            site.browser().get("/").await;
        }
    });
    assert_eq!(strangers.await, NOTHING);
    browser.log_in("op", "ada").await;
    let used = asked(&store, pages(&mut browser, 10)).await;
    assert_eq!(
        used,
        Operations {
            load: 10,
            ..NOTHING
        }
    );
}

#[tokio::test]
async fn a_session_in_use_is_written_once_in_a_tenth_of_its_idle_time() {
    let (site, store) = stored();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    // The idle time is two hours.
    const TENTH: i64 = 720;
    let used = asked(&store, async {
        for _ in 0..50 {
            site.wait(TENTH / 10);
            pages(&mut browser, 1).await;
        }
    });
    let used = used.await;
    assert_eq!(used.load, 50);
    assert!((1..=5).contains(&used.replace), "{used:?}");
    assert_eq!(used.all(), used.load + used.replace);
}

#[tokio::test]
async fn a_sealed_session_asks_nothing_within_the_bound_and_one_thing_per_bound() {
    let (site, store) = sealed();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let used = asked(&store, pages(&mut browser, 100)).await;
    assert!(used.revoked <= 1, "{used:?}");
    assert_eq!(used.all(), used.revoked);
    let used = asked(&store, async {
        for _ in 0..10 {
            site.wait(5);
            pages(&mut browser, 10).await;
        }
    });
    let used = used.await;
    assert!((5..=20).contains(&used.revoked), "{used:?}");
    assert_eq!(used.all(), used.revoked, "a hundred requests");
}

#[tokio::test]
async fn a_login_that_was_begun_and_left_is_nowhere_but_in_its_browser() {
    for (site, store) in [stored(), sealed()] {
        let left = asked(&store, async {
            for _ in 0..10 {
                let start = site.browser().get("/auth/login/op").await;
                assert_eq!(start.status, 303);
                assert!(start.header("set-cookie").is_some());
            }
        });
        assert_eq!(left.await, NOTHING);
    }
}

#[tokio::test]
async fn a_login_uses_its_transaction_looks_for_log_outs_and_writes_its_session() {
    for (sites, sessions) in [(stored(), 1), (sealed(), 0)] {
        let (site, store) = sites;
        let used = asked(&store, async {
            site.browser().log_in("op", "ada").await;
        });
        let expected = Operations {
            consume: 1,
            revoked: 1,
            create: sessions,
            ..NOTHING
        };
        assert_eq!(used.await, expected);
    }
}

#[tokio::test]
async fn a_login_where_somebody_was_logged_in_ends_that_session_besides() {
    let login = Operations {
        consume: 1,
        revoked: 1,
        ..NOTHING
    };
    let in_store = Operations {
        create: 1,
        delete: 1,
        ..login
    };
    // And a note for whoever is refreshing its tokens at that moment, as at a log-out.
    let in_cookie = Operations {
        revoke: 1,
        load: 1,
        create: 1,
        ..login
    };
    for (sites, expected) in [(stored(), in_store), (sealed(), in_cookie)] {
        let (site, store) = sites;
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let used = asked(&store, async {
            browser.log_in("op", "grace").await;
        });
        assert_eq!(used.await, expected);
    }
}

#[tokio::test]
async fn a_log_out_takes_the_session_away_and_no_more() {
    let (site, store) = stored();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let used = asked(&store, async {
        browser.log_out().await;
    });
    let expected = Operations {
        load: 1,
        delete: 1,
        ..NOTHING
    };
    assert_eq!(used.await, expected);
}

#[tokio::test]
async fn a_token_that_is_fresh_costs_nothing_and_a_refresh_a_few_operations() {
    for (site, store) in [stored(), sealed()] {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let session = browser.session().await.unwrap();
        let fresh = asked(&store, async {
            for _ in 0..10 {
                site.auth().fresh(&session).await.unwrap();
            }
        });
        assert_eq!(fresh.await, NOTHING);
        site.wait(3590);
        let session = browser.session().await.unwrap();
        let renewed = asked(&store, async {
            site.auth().fresh(&session).await.unwrap();
        });
        let renewed = renewed.await;
        // The right to send the token, what it brought, and the session itself, each looked at and written.
        assert_eq!(renewed.all(), 6, "{renewed:?}");
        assert_eq!(renewed.load, 3, "{renewed:?}");
    }
}

#[test]
fn what_an_adapter_awaits_is_small() {
    let site = Site::new();
    let auth = site.auth();
    let request = || Request::new("GET", "/", None, NO_HEADERS);
    let require = Require::new();
    let admit = auth.admit(request(), &require);
    let fresh_token = auth.fresh_token(request());
    // Every future around it, a framework's own among them, holds it and moves it.
    for (name, bytes, limit) in [
        ("handle", size_of_val(&auth.handle(request())), 512),
        ("identify", size_of_val(&auth.identify(request())), 704),
        ("require", size_of_val(&auth.require(request())), 704),
        ("admit", size_of_val(&admit), 960),
        ("fresh_token", size_of_val(&fresh_token), 704),
    ] {
        assert!(bytes <= limit, "{name}: {bytes} bytes of at most {limit}");
    }
}
