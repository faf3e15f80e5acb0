//! What the tour's pages say.

use codegrant_web::pages::source_hash;

use super::tourist::{Tourist, between, plan};
use crate::site::visit::Visit;
use crate::suite::visitor::{saying, target_of};

const ADA: (&str, &str) = ("user", "ada");

/// The page is the one that was asked for, and names the user.
pub fn a_protected_page_leads_through_the_login_and_back(binary: &str) {
    let mut tourist = Tourist::arrive(binary);
    let page = tourist.log_in("/me?a=b%26c", ADA, "allow");
    assert_eq!(page.url, tourist.app.at("/me?a=b%26c"));
    let page = saying(page, 200, &["Hello, <bdi id=\"name\">Ada Lovelace</bdi>"]);
    assert_eq!(between(&page.body, "id=\"subject\">", "<"), "ada");
}

/// Strangers see a button, users their name.
pub fn the_first_page_offers_the_login_and_then_knows_the_user(binary: &str) {
    let mut tourist = Tourist::arrive(binary);
    let offer = "href=\"/auth/login/dev?return_to=/me\"";
    saying(tourist.open("/"), 200, &[offer]);
    tourist.log_in("/me", ("user", "grace"), "allow");
    let known = saying(tourist.open("/"), 200, &["You are <bdi>Grace Hopper</bdi>"]);
    assert!(!known.body.contains("id=\"log-in\""), "{}", known.body);
}

/// The ID token's claims and those of userinfo stay apart.
pub fn claims_stand_under_whoever_said_them(binary: &str) {
    let page = Tourist::arrive(binary).log_in("/me", ADA, "allow").body;
    let id_token = between(&page, "id=\"id-token\"", "</table>");
    let userinfo = between(&page, "id=\"userinfo\"", "</table>");
    assert!(id_token.contains("auth_time") && !id_token.contains("ada@example.test"));
    assert!(userinfo.contains("ada@example.test") && !userinfo.contains("auth_time"));
}

/// No page makes more of an address than the provider did.
pub fn an_unverified_address_is_called_no_more_than_claimed(binary: &str) {
    let alan = ("user", "alan");
    let page = Tourist::arrive(binary).log_in("/me", alan, "allow").body;
    assert!(page.contains("data-trust=\"claimed\"") && !page.contains("data-trust=\"verified\""));
}

/// The provider's small API knows whose token it was called with.
pub fn the_api_answers_in_the_users_name(binary: &str) {
    let mut tourist = Tourist::arrive(binary);
    let called = format!("GET {}", tourist.app.at("/auth/dev-provider/api/me"));
    let page = tourist.log_in("/api-call", ADA, "allow");
    let page = saying(page, 200, &[&called, "Hello, Ada Lovelace!"]);
    assert_eq!(between(&page.body, "id=\"status\">", "<"), "200");
}

/// A token never goes to an API of another provider.
pub fn the_token_goes_to_userinfo_where_no_api_is_meant_for_it(binary: &str) {
    let elsewhere = || plan().with_api_of("another", "http://localhost:9/".to_owned());
    for plan in [plan(), elsewhere()] {
        let mut tourist = Tourist::arrive_at(plan, binary);
        let called = format!("GET {}", tourist.app.at("/auth/dev-provider/userinfo"));
        let page = tourist.log_in("/api-call", ADA, "allow");
        let page = saying(page, 200, &[&called, "ada@example.test"]);
        assert_eq!(between(&page.body, "id=\"status\">", "<"), "200");
    }
}

/// The page says that nobody answered, and hides what the address may hold.
pub fn an_api_that_cannot_be_reached_is_said_so(binary: &str) {
    // Port 9 is discard: nobody listens there.
    let plan = plan().with_api("http://127.0.0.1:9/orders?key=hush".to_owned());
    let page = Tourist::arrive_at(plan, binary).log_in("/api-call", ADA, "allow");
    let page = saying(page, 200, &["http://127.0.0.1:9/orders"]);
    assert_eq!(between(&page.body, "id=\"status\">", "<"), "no answer");
    assert!(!page.body.contains("hush"), "{}", page.body);
}

/// The new access token works like the old one, and the flow page tells of it.
pub fn renewed_tokens_still_open_the_api(binary: &str) {
    let mut tourist = Tourist::arrive(binary);
    let page = tourist.log_in("/api-call", ADA, "allow");
    let page = tourist.press(&page, "/auth/refresh", &[]);
    assert_eq!(between(&page.body, "id=\"status\">", "<"), "200");
    let flow = saying(tourist.open("/flow"), 200, &["The tokens were renewed"]);
    assert_eq!(
        between(&flow.body, "data-outcome=\"", "\""),
        "logged in",
        "{}",
        flow.body
    );
}

/// The user is gone from the first page, and the protected one is closed.
pub fn a_log_out_ends_the_session(binary: &str) {
    let mut tourist = Tourist::arrive(binary);
    let page = tourist.log_in("/me", ADA, "allow");
    let page = tourist.press(&page, "/auth/logout", &[]);
    saying(page, 200, &["Nobody is logged in"]);
    let closed = tourist.visitor.get(&tourist.app.at("/me"));
    let target = target_of(&closed).unwrap_or_default();
    assert!(
        target.starts_with(&tourist.app.at("/auth/login")),
        "{target}"
    );
}

/// Every step has what travelled, and nothing that somebody could use.
pub fn the_flow_page_tells_all_five_steps_and_no_secret(binary: &str) {
    let mut tourist = Tourist::arrive(binary);
    tourist.open("/");
    tourist.log_in("/auth/login/dev", ADA, "allow");
    let told = [
        "GET /auth/login/dev",
        "code_challenge_method",
        "authorization_code",
        "/jwks",
        "/userinfo",
    ];
    let page = saying(tourist.open("/flow"), 200, &told).body;
    assert_eq!(page.matches("data-state=\"done\"").count(), 5, "{page}");
    let seen = tourist.visitor.seen();
    let cookies = seen.iter().flat_map(|reply| reply.set_cookies());
    let cookies = cookies.filter_map(|cookie| cookie.split(';').next()?.split_once('='));
    // What is shorter is a mark and no secret, or takes a cookie away.
    let mut secrets: Vec<&str> = cookies
        .map(|(_, value)| value)
        .filter(|value| value.len() > 20)
        .collect();
    assert!(secrets.len() >= 2, "too few cookies: {secrets:?}");
    for name in ["?code=", "&state=", "&nonce=", "&code_challenge="] {
        let found = seen.iter().filter_map(|reply| reply.url.split_once(name));
        let before = secrets.len();
        secrets.extend(found.filter_map(|(_, rest)| rest.split('&').next()));
        assert!(secrets.len() > before, "{name} was seen in no address");
    }
    for secret in secrets {
        assert!(!page.contains(secret), "{secret} stands on the page");
    }
}

/// Saying no is told step by step, and the reference of the error page leads there.
pub fn a_cancelled_consent_is_explained_to_the_operator(binary: &str) {
    let mut tourist = Tourist::arrive(binary);
    let refused = saying(tourist.log_in("/me", ADA, "deny"), 403, &[]);
    let told = [
        "data-step=\"4\" data-state=\"failed\"",
        "data-step=\"5\" data-state=\"ahead\"",
        "<dt>Remedy</dt>",
    ];
    let page = saying(tourist.open("/flow"), 200, &told).body;
    let summary = between(&page, "id=\"summary\"", "</h2>");
    assert!(summary.contains("callback.denied"), "{summary}");
    let reference = between(&page, "id=\"reference\">", "<");
    assert!(refused.body.contains(reference), "{}", refused.body);
    saying(
        tourist.open(&format!("/flow/{reference}")),
        200,
        &[reference],
    );
}

/// The same callback once more asks the provider nothing.
pub fn a_second_callback_is_told_as_a_repetition(binary: &str) {
    let mut tourist = Tourist::arrive(binary);
    tourist.log_in("/me", ADA, "allow");
    let seen = tourist.visitor.seen().iter();
    let callbacks: Vec<String> = seen
        .filter(|reply| reply.url.contains("?code="))
        .map(|reply| reply.url.clone())
        .collect();
    let [callback] = callbacks.as_slice() else {
        panic!("not one callback: {callbacks:?}");
    };
    saying(tourist.visitor.browse(callback), 200, &["Ada Lovelace"]);
    let flow = saying(tourist.open("/flow"), 200, &["id=\"repeated\""]).body;
    assert_eq!(flow.matches("authorization_code").count(), 1, "{flow}");
}

/// What does not exist is said with a way back, to strangers and to users.
pub fn unknown_addresses_get_a_page_that_leads_back(binary: &str) {
    let mut tourist = Tourist::arrive(binary);
    let ask = |tourist: &mut Tourist| {
        for path in ["/nowhere", "/me/else", "/flow/0123456789ab", "/%2e%2e/x"] {
            let page = saying(tourist.open(path), 404, &["href=\"/\""]);
            assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        }
    };
    ask(&mut tourist);
    tourist.log_in("/me", ADA, "allow");
    ask(&mut tourist);
    saying(tourist.open("/nowhere"), 404, &["Ada Lovelace"]);
}

/// `HEAD` is `GET` without the page, and what would change something is not there.
pub fn pages_are_read_and_nothing_else(binary: &str) {
    let Tourist { app, mut visitor } = Tourist::arrive(binary);
    for path in ["/", "/me", "/api-call", "/flow", "/flow/x", "/nowhere"] {
        let url = app.at(path);
        let page = visitor.get(&url);
        let head = visitor.send(&Visit::new("HEAD", &url));
        assert_eq!(
            (head.status, head.location(), head.body.as_str()),
            (page.status, page.location(), ""),
            "{path}"
        );
        let from = app.at("");
        let sent = visitor.send(&Visit::post(&url, &[]).from_page(from));
        let sent = saying(sent, 404, &["There is no such page"]);
        assert_eq!(sent.header("cache-control"), Some("no-store"), "{path}");
    }
}

/// Nobody can write a script into a page by being called one.
pub fn a_name_made_of_markup_is_shown_as_text(binary: &str) {
    let mut tourist = Tourist::arrive(binary);
    let name = ("name", "<script>alert(1)</script>\"'&");
    tourist.log_in("/me", name, "allow");
    for path in ["/", "/me", "/api-call", "/flow"] {
        let page = saying(tourist.open(path), 200, &[]).body;
        assert!(!page.contains("<script"), "{path}: {page}");
    }
    let shown = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;";
    saying(tourist.open("/me"), 200, &[shown]);
}

/// The policy names the one style by its hash, and no page is kept by anybody.
pub fn every_page_allows_its_own_style_and_nothing_else(binary: &str) {
    let mut tourist = Tourist::arrive(binary);
    tourist.log_in("/me", ADA, "allow");
    for path in ["/", "/me", "/api-call", "/flow", "/nowhere"] {
        let page = tourist.open(path);
        let style = between(&page.body, "<style>", "</style>");
        let policy = format!(
            "default-src 'none'; style-src '{}'; base-uri 'none'; frame-ancestors 'none'",
            source_hash(style)
        );
        let header = |name: &str| {
            let values = page.headers.iter().filter(|(held, _)| held == name);
            values.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(header("content-security-policy"), [policy], "{path}");
        assert_eq!(header("cache-control"), ["no-store"], "{path}");
        assert_eq!(
            header("content-type"),
            ["text/html; charset=utf-8"],
            "{path}"
        );
        let body = &page.body;
        assert!(
            !body.contains(" style=") && !body.contains("<img"),
            "{path}"
        );
    }
}
