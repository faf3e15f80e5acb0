//! The way of a browser over the refresh, where only its cookie would outlive the process.

use super::*;

#[tokio::test]
async fn a_person_is_led_over_the_refresh_where_only_the_cookie_would_outlive_the_process() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.get("/token?page=2").await.status, 200);
    site.wait(3600);
    let there = browser.get("/token?page=2").await;
    let over = "/auth/refresh?return_to=%2Ftoken%3Fpage%3D2";
    assert_eq!((there.status, there.location()), (303, Some(over)));
    assert_eq!(
        refreshes(&site),
        0,
        "the endpoint does it, which sets the cookie"
    );
    let back = browser.follow(&there).await;
    assert_eq!((back.status, back.location()), (303, Some("/token?page=2")));
    let page = browser.follow(&back).await;
    assert_eq!((page.status, refreshes(&site)), (200, 1));
    // The app starts again: the cookie has what it needs.
    let restarted = Site::builder().beside(&site).build();
    let mut browser = browser.at(&restarted);
    assert_eq!(token(&mut browser).await.body, page.body);
    assert_eq!(refreshes(&restarted), 0);
}

#[tokio::test]
async fn with_a_store_nobody_is_led_around() {
    for sealed in [false, true] {
        let store = SwitchedStore::new();
        let builder = Site::builder().configure(move |auth| match sealed {
            true => auth.revocation_index(store),
            false => auth.store(store),
        });
        let site = builder.build();
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.wait(3600);
        assert_eq!(browser.get("/token").await.status, 200);
        assert_eq!(refreshes(&site), 1);
    }
}

#[tokio::test]
async fn nobody_goes_round_in_circles_however_short_tokens_live_and_whatever_a_browser_keeps() {
    let site = living(Site::new(), 1);
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let session = browser.clone();
    site.wait(2);
    // It follows, and the token is stale again when it is back.
    let there = browser.get("/token").await;
    let back = browser.follow(&there).await;
    site.wait(2);
    assert_eq!(browser.follow(&back).await.status, 200);
    // One that keeps no cookie any longer.
    site.wait(20);
    let mut stubborn = session.clone();
    assert_eq!(stubborn.get("/token").await.status, 303);
    let mut stubborn = session.clone();
    assert_eq!(stubborn.get("/token").await.status, 200);
    // A refresh that fails while the token is good.
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.wait(3550);
    site.provider("op").inject(Fault::Down);
    let there = browser.get("/token").await;
    let back = browser.follow(&there).await;
    assert_eq!(back.location(), Some("/token"));
    assert_eq!(browser.follow(&back).await.status, 200);
}

#[tokio::test]
async fn the_way_over_the_refresh_is_for_people_and_renews_only_what_is_stale() {
    for site in both_kinds() {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let fresh = browser.get("/auth/refresh?return_to=%2Forders").await;
        assert_eq!((fresh.status, fresh.location()), (303, Some("/orders")));
        assert_eq!(refreshes(&site), 0);
        site.wait(3600);
        for (mode, destination) in [
            ("no-cors", "image"),
            ("navigate", "iframe"),
            ("cors", "empty"),
        ] {
            let embedded = Visit::get("/auth/refresh")
                .from_page("https://evil.example")
                .with_header("sec-fetch-mode", mode)
                .with_header("sec-fetch-dest", destination);
            assert_eq!(
                browser.visit(embedded).await.status,
                403,
                "{mode} {destination}"
            );
        }
        assert_eq!(refreshes(&site), 0);
        let away = browser
            .get("/auth/refresh?return_to=https%3A%2F%2Fevil.example")
            .await;
        assert_eq!(away.location(), Some("/"));
        assert_eq!(refreshes(&site), 1);
        let head = Visit::new("DELETE", "/auth/refresh");
        let reply = browser.visit(head).await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some("GET, POST"))
        );
    }
}
