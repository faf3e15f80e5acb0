//! What the app is told of log-outs and asked at refreshes; nothing that its hooks do undoes a log-out.

use std::sync::{Arc, Mutex};

use codegrant_testkit::Site;
use codegrant_testkit::site::SiteBuilder;
use codegrant_web::{LogOutReason, LoggedOut, RefreshVerdict, Verdict};

use crate::{both_kinds_of, settled};

type Told = Arc<Mutex<Vec<LoggedOut>>>;

/// A site whose app writes down what it is told.
pub(crate) fn told(builder: SiteBuilder) -> (SiteBuilder, Told) {
    let told = Told::default();
    let keep = told.clone();
    let builder = builder.configure(move |auth| {
        auth.on_logout(move |ended| {
            let keep = keep.clone();
            async move {
                // Whoever asks a database is not done at the first poll.
                tokio::task::yield_now().await;
                keep.lock().unwrap().push(ended);
                Ok(())
            }
        })
    });
    (builder, told)
}

#[tokio::test]
async fn the_app_is_told_who_was_logged_out_and_by_whom() {
    for builder in [Site::builder(), Site::builder().memory_sessions()] {
        let (builder, told) = told(builder.configure(|auth| {
            auth.on_login(|_| async { Ok(Verdict::AcceptAs("row 7".to_owned())) })
        }));
        let site = builder.build();
        let mut ada = site.browser();
        ada.log_in("op", "ada").await;
        ada.log_out().await;
        site.wait(1);
        ada.log_in("op", "ada").await;
        ada.post("/auth/logout", &[("everywhere", "1")]).await;
        site.auth().log_out_account("row 7").await.unwrap();
        site.auth()
            .log_out_person("https://op.example", "grace")
            .await
            .unwrap();
        let told = told.lock().unwrap().clone();
        let reasons: Vec<LogOutReason> = told.iter().map(LoggedOut::reason).collect();
        assert_eq!(
            reasons,
            [
                LogOutReason::User,
                LogOutReason::Everywhere,
                LogOutReason::App,
                LogOutReason::App
            ]
        );
        for ended in &told[..2] {
            assert_eq!(ended.provider(), Some("op"));
            assert_eq!(ended.issuer(), Some("http://op.localhost:9000"));
            assert_eq!(
                (ended.subject(), ended.account()),
                (Some("ada"), Some("row 7"))
            );
        }
        assert_eq!(
            (told[2].account(), told[2].subject()),
            (Some("row 7"), None)
        );
        assert_eq!(
            (told[3].issuer(), told[3].subject()),
            (Some("https://op.example"), Some("grace"))
        );
        assert_eq!(told[3].at(), site.now());
        ada.log_out().await;
        assert_eq!(told.len(), 4, "nobody was there to be logged out");
    }
}

#[tokio::test]
async fn a_log_out_hook_that_fails_stops_no_log_out() {
    fn failing() -> SiteBuilder {
        Site::builder().configure(|auth| {
            auth.on_logout(|ended| async move {
                assert!(ended.reason() == LogOutReason::User, "a panic of the app's");
                Err("the table is gone".into())
            })
        })
    }
    for site in both_kinds_of(failing) {
        let mut ada = site.browser();
        ada.log_in("op", "ada").await;
        let mut saved = ada.clone();
        assert_eq!(ada.log_out().await.location(), Some("/auth/logged-out"));
        assert_eq!(saved.subject().await, None);
        assert_eq!(site.failures(), ["session.hook_failed"]);
        let told = format!("{:?}", site.events());
        assert!(told.contains("the table is gone") && told.contains("on_logout"));
        site.wait(1);
        ada.log_in("op", "ada").await;
        let everywhere = ada.post("/auth/logout", &[("everywhere", "1")]).await;
        assert_eq!(everywhere.location(), Some("/auth/logged-out"));
        assert_eq!(ada.subject().await, None);
        assert_eq!(site.failures(), ["session.hook_failed"; 2]);
        assert!(format!("{:?}", site.events()).contains("it panicked"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_out_hook_that_never_ends_is_not_waited_for() {
    fn endless() -> SiteBuilder {
        Site::builder().configure(|auth| auth.on_logout(|_| std::future::pending()))
    }
    for site in both_kinds_of(endless) {
        let mut ada = site.browser();
        ada.log_in("op", "ada").await;
        assert_eq!(ada.log_out().await.location(), Some("/auth/logged-out"));
        assert_eq!(site.failures(), ["session.hook_failed"]);
    }
}

/// A site whose app says this whenever tokens are renewed.
fn judging(verdict: fn() -> Result<RefreshVerdict, &'static str>) -> [Site; 2] {
    [Site::builder(), Site::builder().memory_sessions()].map(|builder| {
        builder
            .configure(move |auth| {
                auth.on_refresh(move |session| async move {
                    tokio::task::yield_now().await;
                    assert_eq!(session.identity().subject, "ada");
                    Ok(verdict()?)
                })
            })
            .build()
    })
}

#[tokio::test]
async fn the_app_sees_a_session_with_its_new_tokens_and_lets_it_go_on() {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    for builder in [Site::builder(), Site::builder().memory_sessions()] {
        let keep = seen.clone();
        let site = builder
            .configure(move |auth| {
                auth.on_refresh(move |session| {
                    let token = session.access_token().secret().clone();
                    keep.lock().unwrap().push(token);
                    async { Ok(RefreshVerdict::Keep) }
                })
            })
            .build();
        let mut ada = site.browser();
        ada.log_in("op", "ada").await;
        assert!(seen.lock().unwrap().is_empty(), "a login is no refresh");
        ada.post("/auth/refresh", &[]).await;
        let session = ada.session().await.unwrap();
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert_eq!(seen, [session.access_token().secret().clone()]);
    }
}

#[tokio::test]
async fn a_session_that_the_app_ends_at_a_refresh_is_over_and_its_tokens_are_given_back() {
    for site in judging(|| Ok(RefreshVerdict::End("the account is closed".to_owned()))) {
        let mut ada = site.browser();
        ada.log_in("op", "ada").await;
        let mut saved = ada.clone();
        let reply = ada.post("/auth/refresh", &[]).await;
        assert!(!crate::opens_session(&reply));
        assert!(!reply.body.contains("closed"));
        assert_eq!(ada.subject().await, None);
        assert_eq!(saved.subject().await, None);
        assert_eq!(site.failures(), ["session.ended_by_app"]);
        assert!(format!("{:?}", site.events()).contains("the account is closed"));
        settled().await;
        assert_eq!(site.calls("/revoke"), 1);
    }
}

#[tokio::test]
async fn a_refresh_hook_that_fails_ends_nothing() {
    for site in judging(|| Err("the table is gone")) {
        let mut ada = site.browser();
        ada.log_in("op", "ada").await;
        let reply = ada.post("/auth/refresh", &[]).await;
        assert_eq!(reply.location(), Some("/"));
        assert_eq!(ada.subject().await.as_deref(), Some("ada"));
        assert_eq!(site.failures(), ["session.hook_failed"]);
    }
}
