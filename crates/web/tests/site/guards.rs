//! Pages that want more than a login: a scope, a claim, a role, a sign-in that is recent or strong.

mod circles;

use codegrant_core::form;
use codegrant_dev_provider::Settings;
use codegrant_testkit::site::{AuthorizationUrl, Browser, Reply, SiteBuilder, Visit};
use codegrant_testkit::{Fault, Site, SwitchedStore};
use codegrant_web::pages::Problem;
use codegrant_web::{Event, Require, Verdict};
use serde_json::{Value, json};

use crate::{both_kinds_of, fixed_page};

fn strong(settings: Settings) -> Settings {
    settings.with_acr_values(["gold", "silver"])
}

fn builder() -> SiteBuilder {
    Site::builder()
        .provided(strong)
        .guarded("/recent", Require::new().signed_in_within(300))
        .guarded("/gold", Require::new().acr("gold"))
        .guarded(
            "/both",
            Require::new().signed_in_within(300).acr("gold").acr("phr"),
        )
        .guarded("/admin", Require::new().role("admin"))
        .guarded("/vault", Require::new().role("admin").signed_in_within(300))
        .guarded(
            "/pay",
            Require::new().scope("openid payments").scope("profile"),
        )
}

/// A script's request for a page.
fn script(target: &str) -> Visit {
    Visit::get(target)
        .from_app()
        .with_header("accept", "application/json")
        .with_header("sec-fetch-mode", "cors")
        .with_header("sec-fetch-dest", "empty")
}

fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

fn is_page_of(reply: &Reply, problem: Problem) -> bool {
    reply.status == problem.status() && reply.body.contains(problem.title())
}

/// Goes from a page to the provider, signs in there, and comes back; what the callback answers.
async fn sign_in_for(browser: &mut Browser, page: &str, subject: &str) -> Reply {
    let sent_off = browser.get(page).await;
    let login = sent_off.location().expect("it leads to a login").to_owned();
    assert!(login.starts_with("/auth/login/op?"), "{login}");
    let url = AuthorizationUrl::parse(browser.follow(&sent_off).await.location().unwrap());
    let callback = browser.at_provider(&url, subject);
    browser.bring(&callback).await
}

fn session_cookie(browser: &Browser) -> String {
    let names = browser.session_cookies();
    let values = names.iter().filter_map(|name| browser.cookie(name));
    values.collect()
}

fn detail(site: &Site) -> String {
    let failed = |(_, event)| match event {
        Event::Failed { detail, .. } => Some(detail),
        _ => None,
    };
    site.events().into_iter().rev().find_map(failed).unwrap()
}

// attack: CK-02
#[tokio::test]
async fn a_sign_in_that_is_too_old_is_made_again_and_ends_at_the_very_page_in_a_new_session() {
    for site in both_kinds_of(builder) {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        assert_eq!(browser.get("/recent?to=bob").await.status, 200);
        site.wait(600);
        let mut copied = browser.clone();
        let before = session_cookie(&browser);
        let sent_off = browser.get("/recent?to=bob&sum=7").await;
        assert_eq!(sent_off.status, 303);
        let reply = browser.follow(&sent_off).await;
        let url = AuthorizationUrl::parse(reply.location().unwrap());
        assert_eq!(url.parameter("max_age"), "300");
        assert_eq!(url.parameter("acr_values"), "");
        assert_eq!(url.parameter("login_hint"), "ada");
        let callback = browser.at_provider(&url, "ada");
        let back = browser.bring(&callback).await;
        assert_eq!(
            (back.status, back.location()),
            (303, Some("/recent?to=bob&sum=7"))
        );
        let page = browser.follow(&back).await;
        assert_eq!(
            (page.status, page.body.as_str()),
            (200, "Hello, Ada Lovelace!")
        );
        assert_ne!(session_cookie(&browser), before, "it has a new id");
        // Who copied the old cookie has not signed in again, and that session is over.
        let reply = copied.get("/recent").await;
        assert_eq!(reply.status, 303);
        assert!(copied.session().await.is_none());
        assert_eq!(site.failures(), [""; 0]);
    }
}

#[tokio::test]
async fn a_context_that_is_not_the_one_that_is_wanted_is_asked_for() {
    let site = builder().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let back = sign_in_for(&mut browser, "/gold", "ada").await;
    assert_eq!(back.location(), Some("/gold"));
    assert_eq!(browser.get("/gold").await.status, 200);
    // Of two contexts and an age, one context has to hold and the age as well.
    assert_eq!(browser.get("/both").await.status, 200);
    site.wait(600);
    assert_eq!(browser.get("/gold").await.status, 200, "it does not age");
    let reply = browser.get("/both").await;
    let reply = browser.follow(&reply).await;
    let url = AuthorizationUrl::parse(reply.location().unwrap());
    assert_eq!(url.parameter("acr_values"), "gold phr");
    assert_eq!(url.parameter("max_age"), "300");
    assert_eq!(site.failures(), [""; 0]);
}

#[tokio::test]
async fn a_script_is_told_which_sign_in_is_wanted_and_where() {
    let site = builder().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.wait(600);
    let reply = browser.visit(script("/both?a=b")).await;
    assert_eq!(reply.status, 401);
    let said = body(&reply);
    assert_eq!(said["error"], "insufficient_user_authentication");
    assert_eq!(
        (&said["acr_values"], &said["max_age"]),
        (&json!("gold phr"), &json!(300))
    );
    assert_eq!(
        reply.header("www-authenticate"),
        Some("Cookie realm=\"login\", error=\"insufficient_user_authentication\"")
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let login = said["login_url"].as_str().unwrap().to_owned();
    assert!(login.starts_with("/auth/login/op?return_to=%2Fboth%3Fa%3Db&step_up="));
    let reply = browser.visit(script("/recent")).await;
    assert_eq!(body(&reply).get("acr_values"), None);
}

#[tokio::test]
async fn a_form_that_cannot_be_sent_again_is_not_lost_without_a_word() {
    let site = builder().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.wait(600);
    for (referer, return_to) in [
        (
            "https://app.example/transfer?to=bob",
            "return_to=%2Ftransfer%3Fto%3Dbob&amp;",
        ),
        ("https://app.example/auth/logout", ""),
        ("https://app.example.evil.example/", ""),
        ("https://app.example@evil.example/x", ""),
        ("https://evil.example/x", ""),
        ("https://app.example//evil.example/", ""),
        ("", ""),
    ] {
        let visit = Visit::post("/recent", &[("sum", "7")]).with_header("referer", referer);
        let reply = browser.visit(visit).await;
        assert!(is_page_of(&reply, Problem::SignInAgain), "{referer}");
        fixed_page(&reply);
        let link = format!("href=\"/auth/login/op?{return_to}step_up=");
        assert!(reply.body.contains(&link), "{referer}: {}", reply.body);
    }
    let visit = Visit::post("/recent", &[])
        .with_header("accept", "application/json")
        .with_header("sec-fetch-mode", "cors");
    let reply = browser.visit(visit).await;
    assert_eq!(reply.status, 401);
    assert_eq!(body(&reply)["error"], "insufficient_user_authentication");
}

#[tokio::test]
async fn nobody_is_asked_to_log_in_whatever_the_page_wants() {
    let site = builder().build();
    let mut browser = site.browser();
    for page in ["/recent", "/gold", "/admin", "/vault", "/pay"] {
        let reply = browser.get(page).await;
        let login = format!("/auth/login?return_to={}", form::encode(page));
        assert_eq!((reply.status, reply.location()), (303, Some(&*login)));
        let reply = browser.visit(script(page)).await;
        assert_eq!(
            (reply.status, &body(&reply)["error"]),
            (401, &json!("login_required"))
        );
    }
    assert_eq!(site.failures(), [""; 0]);
}

#[tokio::test]
async fn who_lacks_a_right_is_told_no_more_than_that_and_signs_in_for_nothing() {
    for site in both_kinds_of(builder) {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.wait(600);
        // The sign-in is too old for this one, too: another would not make her an admin.
        for page in ["/admin", "/vault"] {
            let reply = browser.get(page).await;
            assert!(is_page_of(&reply, Problem::Forbidden), "{page}");
            fixed_page(&reply);
            assert!(!reply.body.contains("admin"), "{}", reply.body);
            assert_eq!(detail(&site), r#"requires "role admin", found "roles []""#);
            let reply = browser.visit(script(page)).await;
            assert_eq!(reply.status, 403);
            assert_eq!(body(&reply), json!({"error": "access_denied"}));
        }
        let reply = browser.visit(script("/pay")).await;
        assert_eq!(reply.status, 403);
        let expected = json!({"error": "insufficient_scope", "scope": "openid payments profile"});
        assert_eq!(body(&reply), expected);
        assert_eq!(
            detail(&site),
            r#"requires "scope payments", found "scopes [openid profile email]""#
        );
        assert_eq!(site.failures(), ["request.forbidden"; 5]);
    }
}

#[tokio::test]
async fn what_the_operator_reads_stands_under_the_reference_of_the_page() {
    let site = builder().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let reply = browser.get("/admin").await;
    let (id, event) = site.events().pop().unwrap();
    assert!(reply.body.contains(&id));
    let Event::Failed { provider, code, .. } = event else {
        panic!("{event:?}")
    };
    assert_eq!(
        (provider.as_deref(), code),
        (Some("op"), "request.forbidden")
    );
}

#[tokio::test]
async fn roles_are_the_providers_and_the_apps_together() {
    let make = || {
        builder()
            .guarded("/edit", Require::new().role("editor").role("admin"))
            .registered(|registration| registration.roles_claim("realm_access.roles"))
            .configure(|auth| {
                auth.on_login(async |login| {
                    assert!(!login.roles().contains(&"admin".to_owned()));
                    Ok(match login.identity().subject.as_str() {
                        "ada" => {
                            let roles = ["admin", "editor"].map(str::to_owned);
                            Verdict::AcceptWithRoles("7".to_owned(), roles.to_vec())
                        }
                        subject => Verdict::AcceptAs(subject.to_owned()),
                    })
                })
            })
    };
    for site in both_kinds_of(make) {
        site.alter("/userinfo", |answer| {
            answer.set("realm_access", json!({"roles": ["editor", 7, "editor"]}));
        });
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let session = browser.session().await.unwrap();
        assert_eq!(session.roles(), ["editor", "admin"]);
        assert_eq!(session.account(), Some("7"));
        assert_eq!(browser.get("/edit").await.status, 200);
        browser.post("/auth/refresh", &[]).await;
        assert_eq!(
            browser.session().await.unwrap().roles(),
            ["editor", "admin"]
        );
        browser.log_in("op", "grace").await;
        assert_eq!(browser.session().await.unwrap().roles(), ["editor"]);
        assert_eq!(browser.get("/edit").await.status, 403);
        assert_eq!(
            detail(&site),
            r#"requires "role admin", found "roles [editor]""#
        );
    }
    // Whose claim the entry does not name, that provider gives no role.
    let site = builder().build();
    site.alter("/userinfo", |answer| {
        answer.set("roles", json!(["admin"]));
        answer.set("realm_access", json!({"roles": ["admin"]}));
    });
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.session().await.unwrap().roles(), [""; 0]);
    assert_eq!(browser.get("/admin").await.status, 403);
}

// attack: AC-11
#[tokio::test]
async fn groups_that_another_issuer_vouches_for_open_nothing() {
    let site = builder()
        .guarded("/staff", Require::new().claim("groups", "staff"))
        .guarded(
            "/deep",
            Require::new().claim("_claim_sources.a.groups", "staff"),
        )
        .guarded(
            "/named",
            Require::new().claim("_claim_names.groups", "staff"),
        )
        .registered(|registration| registration.roles_claim("groups ?? _claim_sources.a.groups"))
        .build();
    let mut browser = site.browser();
    site.alter("/userinfo", |answer| {
        answer.set("_claim_names", json!({"groups": "staff"}));
        answer.set(
            "_claim_sources",
            json!({"a": {"JWT": "e30.e30.", "groups": ["staff", "admin"]}}),
        );
    });
    browser.log_in("op", "ada").await;
    for page in ["/staff", "/deep", "/named", "/admin"] {
        assert_eq!(browser.get(page).await.status, 403, "{page}");
    }
    site.behave();
    site.alter("/userinfo", |answer| {
        answer.set("groups", json!(["other", "staff"]));
    });
    browser.log_in("op", "ada").await;
    assert_eq!(browser.get("/staff").await.status, 200);
}

#[tokio::test]
async fn either_way_in_will_do_and_what_follows_holds_for_both() {
    let either = Require::new()
        .role("admin")
        .or(Require::new().claim("groups", "staff"));
    let site = builder()
        .guarded("/either", either.clone())
        .guarded("/recently", either.clone().signed_in_within(300))
        .guarded("/anyway", either.clone().or(Require::new()))
        .build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    assert_eq!(browser.get("/anyway").await.status, 200);
    assert_eq!(browser.get("/either").await.status, 403);
    assert_eq!(
        detail(&site),
        r#"requires "role admin or claim groups = \"staff\"", found "roles [], groups none""#
    );
    site.alter("/userinfo", |answer| answer.set("groups", "staff"));
    browser.log_in("op", "ada").await;
    assert_eq!(browser.get("/either").await.status, 200);
    assert_eq!(browser.get("/recently").await.status, 200);
    site.wait(600);
    assert_eq!(browser.get("/either").await.status, 200);
    let back = sign_in_for(&mut browser, "/recently", "ada").await;
    assert_eq!(back.location(), Some("/recently"));
    assert_eq!(browser.get("/recently").await.status, 200);
}

#[tokio::test]
async fn somebody_else_cannot_sign_in_for_the_page() {
    let site = builder().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.wait(600);
    let back = sign_in_for(&mut browser, "/recent", "grace").await;
    assert!(is_page_of(&back, Problem::OtherAccount));
    assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    assert_eq!(browser.get("/recent").await.status, 303);
}

#[tokio::test]
async fn a_store_that_is_down_lets_nobody_in_and_forbids_nobody() {
    let store = SwitchedStore::new();
    let held = store.clone();
    let site = builder().configure(move |auth| auth.store(held)).build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    store.switch_off();
    for page in ["/recent", "/gold", "/admin"] {
        assert_eq!(browser.get(page).await.status, 503, "{page}");
    }
    store.switch_on();
    assert_eq!(browser.get("/recent").await.status, 200);
}
