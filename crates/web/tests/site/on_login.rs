//! The app's word on a login that was proved: whom it lets in, as whom, and what happens when it cannot say.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use codegrant_testkit::site::{AuthorizationUrl, Reply};
use codegrant_testkit::{Fault, Site, SwitchedStore};
use codegrant_web::{AuthBuilder, Event, Login, Verdict};

use crate::{fixed_page, opens_session, refused};

pub(crate) type Said = Result<Verdict, Box<dyn std::error::Error + Send + Sync>>;

/// A site of each kind of session whose app says this to every login.
pub(crate) fn both_asking(
    hook: impl Fn(&Login) -> Said + Clone + Send + Sync + 'static,
) -> [Site; 2] {
    [Site::builder(), Site::builder().memory_sessions()].map(|builder| {
        let hook = hook.clone();
        builder.configure(|auth| asking(auth, hook)).build()
    })
}

pub(crate) fn asking(
    auth: AuthBuilder,
    hook: impl Fn(&Login) -> Said + Send + Sync + 'static,
) -> AuthBuilder {
    auth.on_login(move |login| {
        let said = hook(&login);
        async move {
            // Whoever asks a database is not done at the first poll.
            tokio::task::yield_now().await;
            said
        }
    })
}

/// Counts how often the app is asked, and lets everybody in.
pub(crate) fn counting(verdict: Verdict) -> (Arc<AtomicUsize>, impl Fn(&Login) -> Said + Clone) {
    let asked = Arc::<AtomicUsize>::default();
    let count = asked.clone();
    let hook = move |_: &Login| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(verdict.clone())
    };
    (asked, hook)
}

fn account(reply: &Reply) -> Option<&str> {
    reply.login.as_ref()?.account()
}

/// The detail of the last failure, as the operator reads it.
fn detail(site: &Site) -> String {
    let mut failed = site
        .events()
        .into_iter()
        .filter_map(|(_, event)| match event {
            Event::Failed { detail, .. } => Some(detail),
            _ => None,
        });
    failed.next_back().unwrap()
}

#[tokio::test]
async fn a_login_comes_with_the_response_that_ends_it_and_with_no_other() {
    for site in crate::both_kinds() {
        let mut browser = site.browser();
        let start = browser.get("/auth/login/op").await;
        assert_eq!(start.login, None);
        let callback = browser.begin_and_sign_in("op", "ada").await;
        let reply = browser.bring(&callback).await;
        let login = reply.login.clone().unwrap();
        assert_eq!(login.identity().subject, "ada");
        assert_eq!(login.account(), None);
        let session = browser.session().await.unwrap();
        assert_eq!(
            login.access_token().secret(),
            session.access_token().secret()
        );
        assert_eq!(
            browser.bring(&callback).await.login,
            None,
            "a reload is no login"
        );
        assert_eq!(browser.get("/").await.login, None);
        assert_eq!(browser.post("/auth/refresh", &[]).await.login, None);
        assert_eq!(browser.log_out().await.login, None);
    }
}

#[tokio::test]
async fn the_app_is_asked_once_for_each_login_and_only_for_one_that_was_proved() {
    let (asked, hook) = counting(Verdict::Accept);
    for site in both_asking(hook) {
        asked.store(0, Ordering::SeqCst);
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in("op", "ada").await;
        let reply = browser.bring(&callback).await;
        assert!(opens_session(&reply));
        browser.bring(&callback).await;
        assert_eq!(asked.load(Ordering::SeqCst), 1, "a reload asks nobody");

        site.provider("op").inject(Fault::WrongNonce);
        refused(&site.browser().log_in("op", "ada").await);
        assert_eq!(asked.load(Ordering::SeqCst), 1, "nobody was proved");
    }
}

#[tokio::test]
async fn two_callbacks_of_one_login_at_one_instant_ask_the_app_once() {
    for verdict in [Verdict::Accept, Verdict::HandOver("7".to_owned())] {
        let (asked, hook) = counting(verdict);
        for site in both_asking(hook) {
            asked.store(0, Ordering::SeqCst);
            let mut browser = site.browser();
            let callback = browser.begin_and_sign_in("op", "ada").await;
            let mut second = browser.clone();
            let (first, second) = tokio::join!(browser.bring(&callback), second.bring(&callback));
            assert_eq!(asked.load(Ordering::SeqCst), 1);
            let logins = [&first, &second].map(|reply| usize::from(reply.login.is_some()));
            assert_eq!(logins.iter().sum::<usize>(), 1);
            assert_eq!(site.calls("/token"), 1);
        }
    }
}

// attack: AC-01
#[tokio::test]
async fn an_account_is_whom_the_app_names_and_stays_so_when_tokens_are_renewed() {
    let sites = both_asking(|login| {
        let (issuer, subject) = login.identity().key();
        Ok(Verdict::AcceptAs(format!("row of {subject} at {issuer}")))
    });
    for site in sites {
        let issuer = site.provider("op").issuer().to_owned();
        let mut browser = site.browser();
        let reply = browser.log_in("op", "ada").await;
        let expected = format!("row of ada at {issuer}");
        assert_eq!(account(&reply), Some(expected.as_str()));
        let session = browser.session().await.unwrap();
        assert_eq!(session.account(), Some(expected.as_str()));

        let old = session.access_token().secret().clone();
        browser.post("/auth/refresh", &[]).await;
        let session = browser.session().await.unwrap();
        assert_ne!(*session.access_token().secret(), old);
        assert_eq!(session.account(), Some(expected.as_str()));
    }
}

#[tokio::test]
async fn any_text_is_an_account() {
    for odd in [
        "",
        "\0\r\n; Set-Cookie: a=b",
        "\"'><script>",
        "Zoë \u{202e}\u{10ffff}",
        "%2e%2e/",
    ] {
        for site in both_asking(move |_| Ok(Verdict::AcceptAs(odd.to_owned()))) {
            let mut browser = site.browser();
            let reply = browser.log_in("op", "ada").await;
            assert_eq!(
                reply.set_cookies().len(),
                2,
                "a session and the end of the login"
            );
            let visible = |cookie: &&str| cookie.bytes().all(|byte| (0x20..0x7f).contains(&byte));
            assert!(reply.set_cookies().iter().all(visible));
            assert_eq!(browser.session().await.unwrap().account(), Some(odd));
        }
    }
}

#[tokio::test]
async fn an_account_that_fits_no_cookie_logs_nobody_in() {
    let site = Site::builder()
        .configure(|auth| asking(auth, |_| Ok(Verdict::AcceptAs("x".repeat(20_000)))))
        .build();
    let mut browser = site.browser();
    let reply = browser.log_in("op", "ada").await;
    assert_eq!((reply.status, &reply.login), (500, &None));
    fixed_page(&reply);
    assert_eq!(site.failures(), ["session.too_large"]);
}

#[tokio::test]
async fn an_account_that_is_refused_reads_no_reason_and_may_choose_another() {
    const REASON: &str = "grace is not a member of the organisation orchard";
    let sites = both_asking(|login| {
        Ok(match login.identity().subject.as_str() {
            "grace" => Verdict::Refuse(REASON.to_owned()),
            _ => Verdict::Accept,
        })
    });
    for site in sites {
        let mut browser = site.browser();
        let url = browser.begin_to("op", "/orders?page=2").await;
        let callback = browser.at_provider(&url, "grace");
        let reply = browser.bring(&callback).await;
        assert_eq!((reply.status, &reply.login), (403, &None));
        refused(&reply);
        assert_eq!(reply.refresh(), None, "no loop");
        assert!(browser.login_cookies().is_empty(), "the login is over");
        for word in ["grace", "member", "orchard", "hook"] {
            let shown = reply.body.to_ascii_lowercase();
            assert!(!shown.contains(word), "the page says {word}");
        }
        assert_eq!(site.failures(), ["login.refused"]);
        assert!(detail(&site).contains(REASON), "{}", detail(&site));

        assert!(reply.body.contains("Use another account"));
        // The provider would give the same account again unless it is told to ask.
        let other = "/auth/login?return_to=%2Forders%3Fpage%3D2&other_account=1";
        assert!(
            reply.body.contains(&other.replace('&', "&amp;")),
            "{}",
            reply.body
        );
        let there = browser.get(other).await;
        let there = browser.follow(&there).await;
        let asked = AuthorizationUrl::parse(there.location().unwrap());
        assert!(asked.as_str().contains("prompt=select_account"));
        let callback = browser.at_provider(&asked, "ada");
        let reply = browser.bring(&callback).await;
        assert_eq!(reply.location(), Some("/orders?page=2"));
        assert!(!browser.begin("op").await.as_str().contains("prompt="));
    }
}

#[tokio::test]
async fn a_refusal_leaves_whoever_is_logged_in_as_they_are() {
    let sites = both_asking(|login| {
        Ok(match login.identity().subject.as_str() {
            "grace" => Verdict::Refuse("no".to_owned()),
            subject => Verdict::AcceptAs(subject.to_owned()),
        })
    });
    for site in sites {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        let before = browser.cookies().to_vec();
        let callback = browser.begin_and_sign_in("op", "grace").await;
        refused(&browser.bring(&callback).await);
        assert_eq!(browser.cookies(), before);
        assert_eq!(browser.session().await.unwrap().account(), Some("ada"));

        // The same answer brought again opens nothing either.
        let reply = browser.bring(&callback).await;
        refused(&reply);
        assert_eq!(
            (reply.login, browser.subject().await.as_deref()),
            (None, Some("ada"))
        );
    }
}

#[derive(Debug)]
struct NoTable(std::io::Error);

impl std::fmt::Display for NoTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("accounts cannot be read")
    }
}

impl std::error::Error for NoTable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test]
async fn an_app_that_cannot_tell_logs_nobody_in_and_tells_its_operator_why() {
    let sites = both_asking(|_| Err(NoTable(std::io::Error::other("disk on fire")).into()));
    for site in sites {
        let mut browser = site.browser();
        let reply = browser.log_in("op", "ada").await;
        assert_eq!((reply.status, &reply.login), (500, &None));
        fixed_page(&reply);
        assert!(browser.login_cookies().is_empty() && browser.session().await.is_none());
        assert_eq!(site.failures(), ["login.hook_failed"]);
        let detail = detail(&site);
        assert!(
            detail.contains("accounts cannot be read: disk on fire"),
            "{detail}"
        );
        for word in ["accounts", "disk", "hook"] {
            assert!(!reply.body.contains(word), "the page says {word}");
        }
    }
}

#[tokio::test]
async fn a_panic_of_the_app_ends_one_login_and_no_other() {
    let sites = both_asking(|login| match login.identity().subject.as_str() {
        "grace" => panic!("the panic of a test"),
        _ => Ok(Verdict::Accept),
    });
    for site in sites {
        let mut browser = site.browser();
        let reply = browser.log_in("op", "grace").await;
        assert_eq!((reply.status, &reply.login), (500, &None));
        assert!(browser.login_cookies().is_empty() && browser.session().await.is_none());
        assert_eq!(site.failures(), ["login.hook_failed"]);
        assert!(opens_session(&browser.log_in("op", "ada").await));
    }
}

#[tokio::test]
async fn a_panic_between_two_waits_is_caught_as_well() {
    let site = Site::builder()
        .configure(|auth| {
            auth.on_login(|login| async move {
                tokio::task::yield_now().await;
                assert_eq!(login.identity().subject, "ada", "the panic of a test");
                Ok(Verdict::Accept)
            })
        })
        .build();
    assert_eq!(site.browser().log_in("op", "grace").await.status, 500);
    assert_eq!(site.browser().log_in("op", "ada").await.status, 303);
}

#[tokio::test]
async fn a_store_that_fails_after_the_apps_yes_hands_no_login_on() {
    for verdict in [
        Verdict::Accept,
        Verdict::AcceptAs("7".to_owned()),
        Verdict::HandOver("7".to_owned()),
    ] {
        let store = SwitchedStore::new();
        let (kept, breaking) = (store.clone(), store.clone());
        let site = Site::builder()
            .configure(move |auth| {
                asking(auth.store(kept), move |login| {
                    if login.identity().subject == "grace" {
                        breaking.switch_off();
                    }
                    Ok(verdict.clone())
                })
            })
            .build();
        let mut browser = site.browser();
        // What a hand-over has to end stands in the store.
        browser.plant("__Host-codegrant.session", "1an-older-session");
        let reply = browser.log_in("op", "grace").await;
        assert_eq!((reply.status, &reply.login), (503, &None));
        assert!(!opens_session(&reply) && browser.login_cookies().is_empty());
        assert_eq!(site.failures(), ["store.unavailable"]);
    }
}
