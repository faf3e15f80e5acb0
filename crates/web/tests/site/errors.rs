//! Every error code of this crate, each brought about once.

mod configuration;

use std::collections::BTreeSet;

use codegrant_core::provider::GITHUB;
use codegrant_testkit::site::{Reply, Visit};
use codegrant_testkit::{Fault, Site, SwitchedStore};
use codegrant_web::{
    Auth, AuthBuilder, Lifetime, RefreshVerdict, Registration, RequestObject, Require, StepUp,
    TransportError, Verdict, error_codes,
};

use crate::leaks::logged;
use crate::on_login::{Said, asking};
use crate::{cookies, fresh_nodes, linking, setup};

/// Does something to a site that fails, and returns the code of the last failure.
async fn failure(site: Site, act: impl AsyncFnOnce(&Site) -> Reply) -> &'static str {
    let reply = act(&site).await;
    let code = site.failures().pop();
    code.unwrap_or_else(|| panic!("nothing failed: {} {}", reply.status, reply.url))
}

/// Returns the only mistake of a configuration.
fn mistake(built: Result<Auth, codegrant_web::SetupErrors>) -> &'static str {
    let refused = built.unwrap_err();
    let codes = setup::codes(&refused);
    assert_eq!(codes.len(), 1, "{refused}");
    codes[0]
}

fn app() -> AuthBuilder {
    Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret")
}

async fn transport() -> Vec<(&'static str, &'static str)> {
    let failing = async |error: fn(String) -> TransportError| {
        failure(Site::new(), async |site| {
            site.script(move |request| Some(Err(error(request.loggable_url().to_owned()))));
            site.browser().get("/auth/login/op").await
        })
        .await
    };
    let unreachable = |url| TransportError::Unreachable {
        url,
        reason: "connection refused".to_owned(),
    };
    let twice = async |site: &Site| {
        site.provider("op").inject(Fault::Down);
        site.browser().get("/auth/login/op").await;
        site.browser().get("/auth/login/op").await
    };
    let huge = async |site: &Site| {
        site.provider("op").inject(Fault::HugeTokenBody);
        site.browser().log_in("op", "ada").await
    };
    vec![
        ("transport.unreachable", failing(unreachable).await),
        (
            "transport.timeout",
            failing(|url| TransportError::Timeout { url, seconds: 10 }).await,
        ),
        (
            "transport.out_of_reach",
            failing(|url| TransportError::OutOfReach { url }).await,
        ),
        ("transport.too_large", failure(Site::new(), huge).await),
        ("transport.resting", failure(Site::new(), twice).await),
    ]
}

async fn sessions() -> Vec<(&'static str, &'static str)> {
    let store = SwitchedStore::new();
    let kept = store.clone();
    let stored = Site::builder().configure(|auth| auth.store(kept)).build();
    let store_breaks = async |site: &Site| {
        store.switch_off();
        site.browser().log_in("op", "ada").await
    };
    let too_large = async |site: &Site| {
        site.alter("/userinfo", |answer| {
            answer.set("groups", "x".repeat(20_000));
        });
        site.browser().log_in("op", "ada").await
    };
    let gone = async |site: &Site| site.browser().post("/auth/refresh", &[]).await;
    let no_refresh_token = async |site: &Site| {
        site.alter("/token", |answer| answer.remove("refresh_token"));
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        browser.post("/auth/refresh", &[]).await
    };
    vec![
        ("store.unavailable", failure(stored, store_breaks).await),
        ("session.too_large", failure(Site::new(), too_large).await),
        ("session.gone", failure(Site::new(), gone).await),
        (
            "session.no_refresh_token",
            failure(Site::new(), no_refresh_token).await,
        ),
        ("session.issuer_changed", moved().await),
        (
            "session.refresh_failed",
            fresh_nodes::told_elsewhere("session.refresh_failed").await,
        ),
        (
            "session.refresh_in_doubt",
            fresh_nodes::told_elsewhere("session.refresh_in_doubt").await,
        ),
        (
            "session.refresh_under_way",
            fresh_nodes::told_elsewhere("session.refresh_under_way").await,
        ),
    ]
}

/// Refreshes a session after its provider's entry was given another issuer.
async fn calls() -> Vec<(&'static str, &'static str)> {
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let session = browser.session().await.unwrap();
    let step_up = StepUp::new().max_age(300);
    let repeated = site.auth().step_up_url(&session, &step_up, "/");
    let unknown = site.auth().introspect("nobody", "token").await;
    vec![
        (
            "session.step_up_repeated",
            repeated.unwrap_err().code().name,
        ),
        ("api.unknown_provider", unknown.unwrap_err().code().name),
    ]
}

async fn moved() -> &'static str {
    let site = Site::builder().two_providers().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let issuer = site.provider("ev").issuer().to_owned();
    let entry = codegrant_core::provider::Provider::openid("op", "Moved", issuer);
    let registration = Registration::new(entry, "app").secret("secret");
    let restarted = Site::builder().beside(&site).only(registration).build();
    failure(restarted, async |restarted| {
        browser.at(restarted).post("/auth/refresh", &[]).await
    })
    .await
}

async fn hooks() -> Vec<(&'static str, &'static str)> {
    let said = async |said: fn() -> Said| {
        let app = Site::builder().configure(move |auth| asking(auth, move |_| said()));
        failure(app.build(), async |site| {
            site.browser().log_in("op", "ada").await
        })
        .await
    };
    let no = || Ok(Verdict::Refuse("not a member".to_owned()));
    vec![
        ("login.refused", said(no).await),
        (
            "login.hook_failed",
            said(|| Err("no database".into())).await,
        ),
        ("session.hook_failed", failure(deaf(), log_out).await),
        ("session.ended_by_app", failure(closing(), refresh).await),
    ]
}

/// An app that cannot be told of log-outs.
fn deaf() -> Site {
    let hook = |_| async { Err("no database".into()) };
    Site::builder()
        .configure(move |auth| auth.on_logout(hook))
        .build()
}

/// An app that ends whatever is refreshed.
fn closing() -> Site {
    let hook = |_| async { Ok(RefreshVerdict::End("closed".to_owned())) };
    Site::builder()
        .configure(move |auth| auth.on_refresh(hook))
        .build()
}

async fn log_out(site: &Site) -> Reply {
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    browser.log_out().await
}

async fn refresh(site: &Site) -> Reply {
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    browser.post("/auth/refresh", &[]).await
}

async fn callbacks() -> Vec<(&'static str, &'static str)> {
    let unreadable = async |site: &Site| {
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "ada").await;
        let name = browser.login_cookies().remove(0);
        browser.change_cookie(&name, |value| value[1..].to_owned());
        browser.bring(&callback).await
    };
    let without_cookies = async |site: &Site| {
        let callback = site.browser().begin_and_sign_in("op", "ada").await;
        site.browser().bring(&callback).await
    };
    let unknown = async |site: &Site| {
        let callback = site.browser().begin_and_sign_in("op", "ada").await;
        let mut browser = site.browser();
        browser.begin("op").await;
        browser.bring(&callback).await
    };
    let used = async |site: &Site| {
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "ada").await;
        browser.clone().bring(&callback).await;
        browser.bring(&callback).await
    };
    let framed = async |site: &Site| {
        let visit = Visit::get("/auth/login/op").with_header("sec-fetch-dest", "iframe");
        site.browser().visit(visit).await
    };
    let forged = async |site: &Site| {
        let visit = Visit::post("/auth/logout", &[]).from_page("https://evil.example");
        site.browser().visit(visit).await
    };
    let absent = async |site: &Site| site.browser().get("/auth/unknown").await;
    let wrong_method = async |site: &Site| site.browser().post("/auth/login", &[]).await;
    let endless = async |site: &Site| {
        let visit = Visit::post("/auth/logout", &[]).with_body(vec![b'a'; 64 * 1024 + 1]);
        site.browser().visit(visit).await
    };
    let long = async |site: &Site| site.browser().get("/auth/login/long").await;
    let not_mounted = {
        let (log, _guard) = logged();
        let answer = codegrant_web::not_mounted("mount it there");
        assert_eq!((answer.status, answer.login), (500, None));
        assert!(!String::from_utf8_lossy(&answer.body).contains("mount"));
        assert!(log.text().contains("mount it there"));
        let code = error_codes().find(|code| log.text().contains(code.name));
        code.map_or("nothing was logged", |code| code.name)
    };
    let open = Site::builder()
        .registered(|registration| registration.third_party_login())
        .build();
    let elsewhere = async |site: &Site| {
        let target = "/auth/initiate/op?iss=https%3A%2F%2Fevil.example";
        site.browser().get(target).await
    };
    let guarded = Site::builder().guarded("/admin", Require::new().role("admin"));
    let forbidden = async |site: &Site| {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        browser.get("/admin").await
    };
    vec![
        ("setup.not_mounted", not_mounted),
        (
            "request.forbidden",
            failure(guarded.build(), forbidden).await,
        ),
        ("request.not_found", failure(Site::new(), absent).await),
        (
            "request.method_not_allowed",
            failure(Site::new(), wrong_method).await,
        ),
        ("request.too_large", failure(Site::new(), endless).await),
        (
            "login.too_large",
            failure(cookies::with_a_long_issuer(), long).await,
        ),
        (
            "callback.transaction_unreadable",
            failure(Site::new(), unreadable).await,
        ),
        (
            "callback.cookies_missing",
            failure(Site::new(), without_cookies).await,
        ),
        (
            "callback.transaction_unknown",
            failure(Site::new(), unknown).await,
        ),
        (
            "callback.transaction_used",
            failure(Site::new(), used).await,
        ),
        (
            "request.not_a_navigation",
            failure(Site::new(), framed).await,
        ),
        ("request.wrong_issuer", failure(open, elsewhere).await),
        ("request.wrong_origin", failure(Site::new(), forged).await),
    ]
}

#[tokio::test]
async fn every_code_of_this_crate_can_be_brought_about() {
    let mut table = transport().await;
    table.extend(sessions().await);
    table.extend(calls().await);
    table.extend(hooks().await);
    table.extend(callbacks().await);
    table.extend(linking::codes::table().await);
    table.extend(configuration::configuration());
    for (expected, produced) in &table {
        assert_eq!(expected, produced);
    }
    let produced = table.iter().map(|(_, produced)| *produced);
    let produced: BTreeSet<&str> = produced
        .chain(configuration::ELSEWHERE.iter().copied())
        .collect();
    let of_core: BTreeSet<&str> = codegrant_core::error::codes()
        .map(|code| code.name)
        .collect();
    let ours: BTreeSet<&str> = error_codes().map(|code| code.name).collect();
    let ours: BTreeSet<&str> = ours.difference(&of_core).copied().collect();
    assert_eq!(produced, ours);
}

#[test]
fn every_code_has_a_cause_and_a_remedy_of_its_own() {
    let mut names = BTreeSet::new();
    for code in error_codes() {
        assert!(names.insert(code.name), "{} stands twice", code.name);
        assert!(code.name.split_once('.').is_some(), "{}", code.name);
        assert!(
            code.cause.len() > 12 && code.remedy.len() > 6,
            "{}",
            code.name
        );
        for text in [code.cause, code.remedy] {
            assert!(!text.ends_with('.'), "{}", code.name);
        }
    }
}
