//! Every page: headers, policy, escaping, and what makes it usable.

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::base64url;
use codegrant_dev_provider::{ClientRegistration, DevUser};

use crate::support::{CALLBACK, ISSUER, World, authorization_url, hidden, settings, text};

const HOSTILE: &str = r#""><script>alert('1')</script>&"#;

/// Collects every page there is, with hostile text wherever text can come from outside.
fn pages() -> Vec<(&'static str, HttpResponse)> {
    let user = DevUser::new(format!("sub {HOSTILE}"), format!("Name {HOSTILE}"), HOSTILE)
        .with_unverified_email(HOSTILE);
    let client = ClientRegistration::new("hostile", None)
        .with_name(HOSTILE)
        .with_redirect_uri(CALLBACK);
    let world = World::with(settings().with_users([user]).with_client(client));
    let ask = |changes: &[(&str, &str)]| {
        let hostile = [
            ("client_id", "hostile"),
            ("state", HOSTILE),
            ("login_hint", HOSTILE),
        ];
        let kept = hostile
            .iter()
            .filter(|(name, _)| !changes.iter().any(|change| change.0 == *name));
        world.get(&authorization_url(
            &kept.chain(changes).copied().collect::<Vec<_>>(),
        ))
    };
    let sign_in = ask(&[("login_hint", "somebody else \">")]);
    let interaction = hidden(&text(&sign_in), "interaction").unwrap();
    let mistaken = world.post(
        "/sign-in",
        &[("interaction", &interaction), ("user", HOSTILE)],
    );
    let name = [("interaction", interaction.as_str()), ("name", HOSTILE)];
    let answer = world.post("/sign-in", &name);
    let consent = world.get(answer.header("location").unwrap());
    let log_out = world.get(&format!("{ISSUER}/end_session"));
    let interaction = hidden(&text(&consent), "interaction").unwrap();
    let allow = [("interaction", interaction.as_str()), ("decision", "allow")];
    world.post("/consent", &allow);
    let leave = hidden(&text(&log_out), "interaction").unwrap();
    let leave = [("interaction", leave.as_str()), ("decision", "log-out")];
    vec![
        ("sign-in", sign_in),
        ("sign-in with a mistake", mistaken),
        ("consent", consent),
        (
            "form post",
            ask(&[("response_mode", "form_post"), ("prompt", "none")]),
        ),
        ("log-out", log_out),
        ("logged out", world.post("/end_session/confirm", &leave)),
        ("unknown client", ask(&[("client_id", HOSTILE)])),
        ("unregistered", ask(&[("redirect_uri", HOSTILE)])),
        ("missing", ask(&[("redirect_uri", "")])),
        ("over", world.post("/consent", &[("interaction", HOSTILE)])),
        ("not found", world.get(&format!("{ISSUER}/<script>\"'"))),
        ("index", world.get(ISSUER)),
    ]
}

#[test]
fn nothing_from_outside_reaches_a_page_unescaped() {
    for (name, page) in pages() {
        let html = text(&page);
        assert!(
            !html.contains("<script>alert") && !html.contains("\"><script"),
            "{name}: {html}"
        );
        assert!(!html.contains("alert('1')"), "{name}");
    }
}

#[test]
fn every_page_has_the_headers_of_a_page() {
    for (name, page) in pages() {
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{name}"
        );
        assert_eq!(page.header("cache-control"), Some("no-store"), "{name}");
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{name}");
        assert_eq!(
            page.header("referrer-policy"),
            Some("no-referrer"),
            "{name}"
        );
        let policies = page
            .headers
            .iter()
            .filter(|(name, _)| name == "content-security-policy");
        let policies: Vec<&String> = policies.map(|(_, value)| value).collect();
        let [policy] = policies.as_slice() else {
            panic!("{name} has {} policies", policies.len());
        };
        assert!(policy.starts_with("default-src 'none'; "), "{name}");
        assert!(
            policy.contains("base-uri 'none'; frame-ancestors 'none'"),
            "{name}"
        );
        // Chromium applies form-action to the redirect that leads back to the client.
        assert!(
            !policy.contains("form-action") && !policy.contains("unsafe"),
            "{name}"
        );
    }
}

#[test]
fn the_policy_allows_exactly_what_stands_in_the_page() {
    for (name, page) in pages() {
        let html = text(&page);
        let policy = page.header("content-security-policy").unwrap();
        for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
            let open = format!("<{tag}>");
            let source = html
                .split_once(&open)
                .and_then(|(_, rest)| rest.split_once("</"));
            let allowed = policy.split("; ").find(|part| part.starts_with(directive));
            let expected = source.map(|(source, _)| {
                let hash = base64url::encode(digest(&SHA256, source.as_bytes()).as_ref());
                format!(
                    "{directive} 'sha256-{}='",
                    hash.replace('-', "+").replace('_', "/")
                )
            });
            assert_eq!(allowed, expected.as_deref(), "{name}");
        }
        assert_eq!(html.contains("<script"), name == "form post", "{name}");
        assert!(
            !html.contains(" style=") && !html.contains(" onclick="),
            "{name}"
        );
    }
}

#[test]
fn every_page_is_readable_by_people_and_their_aids() {
    for (name, page) in pages() {
        let html = text(&page);
        assert!(
            html.starts_with("<!doctype html>\n<html lang=\"en\">"),
            "{name}"
        );
        assert_eq!(html.matches("<h1>").count(), 1, "{name}");
        assert_eq!(html.matches("<main").count(), 1, "{name}");
        assert!(html.contains(r#"name="viewport" content="width=device-width, initial-scale=1""#));
        assert!(html.contains("no real accounts, loopback only"), "{name}");
        for field in html
            .split("<input ")
            .skip(1)
            .filter(|field| !field.starts_with(r#"type="hidden""#))
        {
            let id = field
                .split_once("id=\"")
                .and_then(|(_, rest)| rest.split_once('"'))
                .unwrap()
                .0;
            assert!(
                html.contains(&format!(r#"<label for="{id}">"#)),
                "{name}: {id}"
            );
        }
    }
}

#[test]
fn no_page_needs_another_host() {
    for (name, page) in pages() {
        let html = text(&page);
        for tag in ["<img", "<link", "<iframe", "<object", "@import", "url("] {
            assert!(!html.contains(tag), "{name}: {tag}");
        }
    }
}

#[test]
fn scopes_are_said_in_words() {
    let world = World::new();
    let url = authorization_url(&[("scope", "openid profile email offline_access unknown")]);
    let page = text(&world.get(&url));
    let interaction = hidden(&page, "interaction").unwrap();
    let answer = world.post(
        "/sign-in",
        &[("interaction", &interaction), ("user", "ada")],
    );
    let page = text(&world.get(answer.header("location").unwrap()));
    for words in [
        "Know that it is you",
        "See your name and user name",
        "See your e-mail address",
        "Stay connected while you are away",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("unknown"));
}
