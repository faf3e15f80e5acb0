//! Which address is which: only the exact path is an endpoint, and a 404 repeats nothing.

use codegrant_testkit::Site;
use codegrant_testkit::site::Visit;
use codegrant_web::Event;

use crate::{opens_session, refused};

// attack: CB-17 TP-02
#[tokio::test]
async fn only_the_exact_path_is_the_callback() {
    let site = Site::new();
    let mut browser = site.browser();
    let callback = browser.begin_and_sign_in("op", "ada").await;
    let query = callback.parameters.encoded();
    for path in [
        "/auth/callback/op/",
        "/auth/callback/op/..;/x",
        "/auth/callback/op/../op",
        "/auth/callback/./op",
        "/auth//callback/op",
        "//auth/callback/op",
        "/auth/callback//op",
        "/auth/callback/op;a=b",
        "/auth/callback/op%2f",
        "/auth/callback/%6fp",
        "/auth/callback/op%00",
        "/auth/callback/op.json",
        "/auth/callback/OP",
        "/auth/Callback/op",
        "/AUTH/callback/op",
        "/auth/callback/op\\",
        "/auth/callback/",
        "/auth/callback",
        "/auth\\callback\\op",
        "/x/../auth/callback/op",
        "/authx/callback/op",
    ] {
        let reply = browser.visit(Visit::get(format!("{path}?{query}"))).await;
        // Outside the base path it is the app's, which asks for a login first.
        let outside = !path.starts_with("/auth/");
        if outside {
            assert_eq!(reply.status, 303, "{path}");
            assert!(
                reply.location().unwrap().starts_with("/auth/login"),
                "{path}"
            );
        } else {
            assert_eq!(reply.status, 404, "{path}");
            refused(&reply);
        }
    }
    assert_eq!(site.calls("/token"), 0);
    assert!(opens_session(&browser.bring(&callback).await));
}

// attack: CB-18
#[tokio::test]
async fn an_unknown_provider_is_not_found_and_not_repeated() {
    let site = Site::new();
    let mut browser = site.browser();
    let long = "p".repeat(10 * 1024);
    for name in [
        "<script>alert(document.domain)</script>",
        "%3Cscript%3Ealert(document.domain)%3C%2Fscript%3E",
        "..",
        "%2e%2e",
        ".",
        "",
        "nobody-knows-this-one",
        &long,
    ] {
        for endpoint in ["callback", "login"] {
            let reply = browser
                .get(&format!("/auth/{endpoint}/{name}?code=a&state=b"))
                .await;
            assert_eq!(reply.status, 404, "{endpoint}/{name}");
            refused(&reply);
            if name.len() > 2 {
                assert!(!reply.body.contains(name));
            }
        }
    }
    // Nothing is counted under a name that a stranger chose, and what is logged is cut.
    for (_, event) in site.events() {
        let Event::Failed {
            provider,
            code,
            detail,
            ..
        } = event
        else {
            panic!("nothing else happened");
        };
        assert_eq!((provider, code), (None, "request.not_found"));
        assert!(detail.len() < 300 && !detail.contains(&long), "{detail}");
    }
}

#[tokio::test]
async fn every_endpoint_names_the_methods_that_it_takes() {
    let site = Site::builder().two_providers().build();
    let mut browser = site.browser();
    for (path, allow) in [
        ("/auth/login", "GET"),
        ("/auth/login/op", "GET"),
        ("/auth/callback/op", "GET"),
        ("/auth/logout", "GET, POST"),
        ("/auth/sessions", "GET, POST"),
        ("/auth/logged-out", "GET"),
        ("/auth/refresh", "GET, POST"),
    ] {
        for method in [
            "GET", "POST", "HEAD", "PUT", "OPTIONS", "TRACE", "CONNECT", "",
        ] {
            let reply = browser.visit(Visit::new(method, path)).await;
            if allow.split(", ").any(|allowed| allowed == method) {
                assert_ne!(reply.status, 405, "{method} {path}");
            } else {
                assert_eq!(
                    (reply.status, reply.header("allow")),
                    (405, Some(allow)),
                    "{method} {path}"
                );
                refused(&reply);
            }
        }
    }
    for path in [
        "/auth",
        "/auth/",
        "/auth/login/op/x",
        "/auth/unknown",
        "/auth/logout/",
    ] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_choice_of_providers_keeps_where_the_user_wanted_to_go() {
    let site = Site::builder().two_providers().build();
    let page = site
        .browser()
        .get("/auth/login?return_to=/orders%3Fpage%3D2")
        .await;
    assert_eq!(page.status, 200);
    for id in ["op", "ev"] {
        let link = format!("href=\"/auth/login/{id}?return_to=%2Forders%3Fpage%3D2\"");
        assert!(page.body.contains(&link), "{}", page.body);
    }
    let alone = Site::new()
        .browser()
        .get("/auth/login?return_to=/orders")
        .await;
    assert_eq!(
        alone.location(),
        Some("/auth/login/op?return_to=%2Forders"),
        "nothing to choose"
    );
}

#[tokio::test]
async fn a_page_that_needs_a_login_sends_people_there_and_tells_scripts() {
    let site = Site::new();
    let mut browser = site.browser();
    let person = browser.get("/orders?page=2").await;
    assert_eq!(
        person.location(),
        Some("/auth/login?return_to=%2Forders%3Fpage%3D2")
    );
    for script in [
        Visit::get("/orders").with_header("sec-fetch-mode", "cors"),
        Visit::get("/orders")
            .without_fetch_metadata()
            .with_header("accept", "application/json"),
        Visit::get("/orders")
            .without_fetch_metadata()
            .without_header("accept"),
    ] {
        let reply = browser.visit(script).await;
        assert_eq!(reply.status, 401);
        assert_eq!(
            reply.header("www-authenticate"),
            Some("Cookie realm=\"login\"")
        );
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(
            reply.body,
            r#"{"error":"login_required","login_url":"/auth/login?return_to=%2Forders"}"#
        );
    }
    let posted = browser.post("/orders", &[("item", "7")]).await;
    assert_eq!(
        posted.location(),
        Some("/auth/login"),
        "a form cannot be sent again"
    );
}
