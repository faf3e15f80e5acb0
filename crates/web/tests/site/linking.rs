//! Adding a second identity to the account of a live session: by two yeses of the same person in the same session,
//! and by nothing that a link, a copied callback or an address in common could do.

pub(crate) mod codes;
mod refused;
mod stopped;
mod ways;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use codegrant_testkit::Site;
use codegrant_testkit::site::{AuthorizationUrl, Browser, Callback, Reply, SiteBuilder};
use codegrant_web::{Event, Link, LinkVerdict, Login, Verdict};

use crate::on_login::{Said, asking};
use crate::{opens_session, settled};

const PAGE: &str = "/auth/link/ev?return_to=%2Faccount";

/// A table of identities, each of one account, found by issuer and subject alone.
#[derive(Clone, Default)]
struct Accounts {
    owners: Arc<Mutex<HashMap<(String, String), String>>>,
    asked: Arc<Mutex<Vec<Link>>>,
}

impl Accounts {
    fn of(&self, login: &Login) -> Said {
        let mut table = self.owners.lock().unwrap();
        let next = format!("account {}", table.len() + 1);
        Ok(Verdict::AcceptAs(
            table.entry(key(login)).or_insert(next).clone(),
        ))
    }

    fn link(&self, link: &Link) -> LinkVerdict {
        self.asked.lock().unwrap().push(link.clone());
        let account = link.session().account().unwrap();
        let mut table = self.owners.lock().unwrap();
        let owner = table
            .entry(key(link.login()))
            .or_insert_with(|| account.to_owned());
        if owner == account {
            LinkVerdict::Linked
        } else {
            LinkVerdict::Conflict
        }
    }

    fn owner(&self, provider: &str, subject: &str) -> Option<String> {
        let issuer = format!("http://{provider}.localhost:9000");
        self.owners
            .lock()
            .unwrap()
            .get(&(issuer, subject.to_owned()))
            .cloned()
    }

    fn times_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn key(login: &Login) -> (String, String) {
    let (issuer, subject) = login.identity().key();
    (issuer.to_owned(), subject.to_owned())
}

fn with_accounts(builder: SiteBuilder, accounts: &Accounts) -> Site {
    let (of, link) = (accounts.clone(), accounts.clone());
    builder
        .two_providers()
        .configure(|auth| {
            asking(auth, move |login| of.of(login)).on_link(move |asked| {
                let link = link.clone();
                async move {
                    tokio::task::yield_now().await;
                    Ok(link.link(&asked))
                }
            })
        })
        .build()
}

/// An app with accounts, once with each kind of session.
fn both() -> [(Site, Accounts); 2] {
    [Site::builder(), Site::builder().memory_sessions()].map(|builder| {
        let accounts = Accounts::default();
        (with_accounts(builder, &accounts), accounts)
    })
}

/// Says the first yes, and stops before the provider.
async fn begin(browser: &mut Browser) -> AuthorizationUrl {
    let page = browser.get(PAGE).await;
    assert_eq!(page.status, 200);
    let away = browser.submit(&page, &[]).await;
    AuthorizationUrl::parse(away.location().unwrap())
}

/// Says the first yes and signs in, and stops before the callback.
async fn sign_in(browser: &mut Browser, subject: &str) -> Callback {
    let url = begin(browser).await;
    browser.at_provider(&url, subject)
}

/// Goes as far as the page that shows who came back.
async fn prove(browser: &mut Browser, subject: &str) -> Reply {
    let callback = sign_in(browser, subject).await;
    let back = browser.bring(&callback).await;
    assert_eq!(back.status, 303, "{}", back.body);
    browser.follow(&back).await
}

/// Does all of it.
async fn link(browser: &mut Browser, subject: &str) -> Reply {
    let page = prove(browser, subject).await;
    browser.submit(&page, &[]).await
}

/// A browser in which ada is logged in at the first provider.
async fn ada(site: &Site) -> Browser {
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    browser
}

fn last_failure(site: &Site) -> &'static str {
    site.failures().pop().unwrap()
}

/// What tells that nothing has changed for a session.
async fn state(browser: &mut Browser) -> (Option<String>, String) {
    let session = browser.session().await.unwrap();
    let account = session.account().map(str::to_owned);
    (account, session.access_token().secret().clone())
}

#[tokio::test]
async fn after_two_yeses_both_identities_lead_to_one_account() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let before = state(&mut browser).await;
        let page = prove(&mut browser, "grace").await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Grace Hopper") && page.body.contains("Ada Lovelace"));
        assert!(page.body.contains("Example EV") && page.body.contains("Example OP"));
        assert_eq!(
            accounts.owner("ev", "grace"),
            None,
            "not before the second yes"
        );

        let done = browser.submit(&page, &[]).await;
        assert_eq!((done.status, done.location()), (303, Some("/account")));
        assert_eq!(done.login, None, "nobody has logged in");
        assert_eq!(accounts.owner("ev", "grace"), before.0);
        assert_eq!(
            state(&mut browser).await,
            before,
            "the same account and tokens"
        );
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
        let linked = site
            .events()
            .into_iter()
            .find_map(|(_, event)| match event {
                Event::IdentityLinked {
                    provider, subject, ..
                } => Some((provider, subject)),
                _ => None,
            });
        assert_eq!(linked, Some(("ev".to_owned(), "grace".to_owned())));

        let mut elsewhere = site.browser();
        elsewhere.log_in("ev", "grace").await;
        assert_eq!(state(&mut elsewhere).await.0, before.0);
        assert_eq!(site.provider("ev").violations(), [""; 0]);
        assert_eq!(site.failures(), [""; 0]);
    }
}

#[tokio::test]
async fn the_app_sees_who_asks_and_who_was_proved_and_their_tokens_go_back() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        link(&mut browser, "grace").await;
        settled().await;
        let asked = accounts.asked.lock().unwrap().clone();
        let [link] = &asked[..] else {
            panic!("asked {} times", asked.len())
        };
        assert_eq!(link.session().identity().subject, "ada");
        assert_eq!(link.login().identity().subject, "grace");
        assert_eq!(
            link.login().identity().name.as_deref(),
            Some("Grace Hopper")
        );
        let session = browser.session().await.unwrap();
        assert_ne!(
            link.login().access_token().secret(),
            session.access_token().secret()
        );
        assert!(!format!("{link:?}").contains(link.login().access_token().secret()));
        assert_eq!(site.calls("ev.localhost:9000/revoke"), 1);
        assert_eq!(site.calls("op.localhost:9000/revoke"), 0);
    }
}

// attack: CK-02
#[tokio::test]
async fn the_session_gets_a_new_id_and_the_old_one_is_nobodys() {
    for (site, _) in both() {
        let mut browser = ada(&site).await;
        let mut copied = browser.clone();
        let stored = copied.cookie(&copied.session_cookies()[0]).unwrap().len() < 100;
        let old = copied
            .cookie(&copied.session_cookies()[0])
            .unwrap()
            .to_owned();
        let done = link(&mut browser, "grace").await;
        assert!(opens_session(&done));
        assert_ne!(browser.cookie(&browser.session_cookies()[0]).unwrap(), old);
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
        // A sealed cookie is the session itself, and a copy of it is good until the session is ended.
        assert_eq!(copied.session().await.is_none(), stored);
        browser.log_out().await;
        assert!(copied.session().await.is_none());
    }
}

#[tokio::test]
async fn the_session_that_was_linked_refreshes_and_logs_out_as_before() {
    for (site, _) in both() {
        let mut browser = ada(&site).await;
        let ends = browser.session().await.unwrap().ends_at();
        site.wait(100);
        link(&mut browser, "grace").await;
        assert_eq!(
            browser.session().await.unwrap().ends_at(),
            ends,
            "no longer life"
        );
        let old = state(&mut browser).await;
        assert_eq!(browser.post("/auth/refresh", &[]).await.status, 303);
        let new = state(&mut browser).await;
        assert_eq!(new.0, old.0);
        assert_ne!(new.1, old.1);
        browser.log_out().await;
        assert!(browser.session().await.is_none());
    }
}

#[tokio::test]
async fn a_login_to_link_opens_no_session_and_asks_for_no_login_of_the_app() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let callback = sign_in(&mut browser, "grace").await;
        let back = browser.bring(&callback).await;
        assert!(!opens_session(&back));
        assert_eq!(back.login, None);
        assert_eq!(
            accounts.owner("ev", "grace"),
            None,
            "on_login would have made one"
        );
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    }
}

#[tokio::test]
async fn tokens_that_wait_stay_where_those_of_the_session_are() {
    for ((site, _), sealed) in both().into_iter().zip([true, false]) {
        let mut browser = ada(&site).await;
        prove(&mut browser, "grace").await;
        let waiting = browser
            .cookies()
            .iter()
            .find(|cookie| cookie.name.contains(".link.ev"));
        assert_eq!(waiting.unwrap().value.len() > 400, sealed);
    }
}

// attack: LK-13
#[tokio::test]
async fn the_pages_that_ask_are_framed_by_nobody_and_kept_nowhere() {
    for (site, _) in both() {
        let mut browser = ada(&site).await;
        for page in [browser.get(PAGE).await, prove(&mut browser, "grace").await] {
            assert_eq!(page.header("x-frame-options"), Some("DENY"));
            let policy = page.header("content-security-policy").unwrap();
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("script-src"));
            assert_eq!(page.header("cache-control"), Some("no-store"));
        }
    }
}

#[tokio::test]
async fn what_a_provider_calls_people_is_text() {
    for (site, _) in both() {
        let hostile = "<script>alert(1)</script>\" autofocus onfocus=\"x";
        let mut browser = ada(&site).await;
        site.alter("/userinfo", move |answer| {
            answer.set("name", hostile);
            answer.set("email", hostile);
        });
        let page = prove(&mut browser, "grace").await;
        assert!(page.body.contains("&lt;script&gt;alert(1)"));
        assert!(!page.body.contains("<script>") && !page.body.contains("\" autofocus"));
    }
}
