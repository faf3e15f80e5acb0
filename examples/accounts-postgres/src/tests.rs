//! The app in front of a throw-away PostgreSQL and two providers.

mod browser;

use browser::Browser;
use codegrant_sqlx::PostgresStore;
use codegrant_sqlx::sqlx::PgPool;
use codegrant_testkit::Site;
use codegrant_testkit::servers::PostgresServer;

use crate::accounts::Accounts;
use crate::app::{judged_by, router};

/// The app, its tables and its providers `op` and `ev`.
struct Orchard {
    site: Site,
    accounts: Accounts,
    app: axum::Router,
}

impl Orchard {
    /// Starts the app over an empty database; `None` where PostgreSQL is not installed, which is said.
    async fn start() -> Option<Self> {
        let database = PostgresServer::shared()?.new_database();
        let pool = PgPool::connect(&database).await.unwrap();
        let accounts = Accounts::new(pool.clone());
        // As two processes would that start at once.
        let (one, two) = tokio::join!(accounts.migrate(), accounts.migrate());
        one.and(two).unwrap();
        let sessions = PostgresStore::new(pool);
        sessions.migrate().await.unwrap();
        let judged = accounts.clone();
        let site = Site::builder().two_providers();
        let site = site.configure(move |auth| judged_by(auth.store(sessions), &judged));
        let site = site.build();
        let app = router(site.auth().clone(), accounts.clone());
        Some(Self {
            site,
            accounts,
            app,
        })
    }

    fn browser(&self) -> Browser {
        Browser::new(self.site.clone(), self.app.clone())
    }

    async fn logged_in(&self, provider: &str, subject: &str) -> Browser {
        let mut browser = self.browser();
        browser.log_in(provider, subject).await;
        browser
    }

    fn issuer(&self, provider: &str) -> String {
        self.site.provider(provider).issuer().to_owned()
    }
}

#[test]
fn guide_shows_what_the_example_does() {
    let words = |text: &str| text.split_whitespace().collect::<String>();
    let example = words(include_str!("app.rs"));
    let guide = include_str!("../../../docs/guide/accounts.md");
    let blocks: Vec<&str> = guide.split("```rs\n").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let (code, _) = block.split_once("```").unwrap();
        assert!(example.contains(&words(code)), "the example lacks {code}");
    }
}

/// Makes a test that passes where there is no PostgreSQL, and says so.
macro_rules! orchard {
    ($name:ident) => {
        let Some($name) = Orchard::start().await else {
            return;
        };
    };
}

// attack: AC-01 AC-04 AC-06
#[tokio::test]
async fn an_account_is_found_by_issuer_and_subject_and_by_nothing_else() {
    orchard!(orchard);
    let first = orchard.logged_in("op", "ada").await.account().await;
    assert_eq!(orchard.logged_in("op", "ada").await.account().await, first);
    // The same subject, name and verified address at another issuer.
    assert_ne!(orchard.logged_in("ev", "ada").await.account().await, first);
    orchard.site.alter("/userinfo", |answer| {
        answer.set("email", "ada@example.test");
        answer.set("name", "Ada Lovelace");
    });
    assert_ne!(
        orchard.logged_in("op", "grace").await.account().await,
        first
    );
    assert_eq!(orchard.accounts.all().await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_logins_at_one_moment_make_one_account() {
    orchard!(orchard);
    let mut all = Vec::new();
    for _ in 0..8 {
        let mut browser = orchard.browser();
        let callback = browser.sign_in("op", "ada").await;
        all.push(tokio::spawn(async move {
            browser.follow(&callback).await;
            browser.account().await
        }));
    }
    let mut accounts = Vec::new();
    for one in all {
        accounts.push(one.await.unwrap());
    }
    accounts.dedup();
    assert_eq!(accounts.len(), 1);
    let listed = orchard.accounts.all().await.unwrap();
    assert_eq!((listed.len(), listed[0].identities), (1, 1));
}

#[tokio::test]
async fn an_added_identity_leads_to_the_same_account() {
    orchard!(orchard);
    let mut browser = orchard.logged_in("op", "ada").await;
    let account = browser.account().await;
    let page = browser.link("ev", "grace").await;
    assert_eq!((page.path.as_str(), page.status), ("/account", 200));
    assert!(page.body.contains("Grace Hopper") && page.body.contains("Ada Lovelace"));
    assert_eq!(browser.account().await, account);
    assert_eq!(
        orchard.logged_in("ev", "grace").await.account().await,
        account
    );
    // Once more does no harm.
    browser.link("ev", "grace").await;
    assert_eq!(orchard.accounts.identities(account).await.unwrap().len(), 2);
}

// attack: AC-08
#[tokio::test]
async fn an_identity_of_another_account_stays_there() {
    orchard!(orchard);
    let graces = orchard.logged_in("ev", "grace").await.account().await;
    let mut browser = orchard.logged_in("op", "ada").await;
    let page = browser.link("ev", "grace").await;
    assert_eq!(page.status, 403);
    assert_eq!(
        orchard.logged_in("ev", "grace").await.account().await,
        graces
    );
    let adas = browser.account().await;
    assert_eq!(orchard.accounts.identities(adas).await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_got_in_by_an_identity_that_was_removed_is_out() {
    orchard!(orchard);
    let mut browser = orchard.logged_in("op", "ada").await;
    browser.link("ev", "grace").await;
    let elsewhere = orchard.logged_in("ev", "grace").await;
    let page = browser.remove(&orchard.issuer("ev"), "grace").await;
    assert_eq!((page.path.as_str(), page.status), ("/account", 200));
    assert!(!elsewhere.is_logged_in().await);
    assert!(browser.is_logged_in().await);
    // And whoever logs in with it from then on gets an account of its own.
    orchard.site.wait(1);
    let account = browser.account().await;
    assert_ne!(
        orchard.logged_in("ev", "grace").await.account().await,
        account
    );
}

#[tokio::test]
async fn the_last_identity_stays() {
    orchard!(orchard);
    let mut browser = orchard.logged_in("op", "ada").await;
    let page = browser.remove(&orchard.issuer("op"), "ada").await;
    assert_eq!(page.status, 409);
    assert!(browser.is_logged_in().await);

    // Nor do two windows remove one of two each.
    browser.link("ev", "grace").await;
    let account = browser.account().await;
    let (op, ev) = (orchard.issuer("op"), orchard.issuer("ev"));
    let (one, two) = tokio::join!(
        orchard.accounts.remove(account, &op, "ada"),
        orchard.accounts.remove(account, &ev, "grace")
    );
    assert_ne!(one.unwrap(), two.unwrap());
    assert_eq!(orchard.accounts.identities(account).await.unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_removes_anothers_identity() {
    orchard!(orchard);
    let other = orchard.logged_in("ev", "grace").await;
    let mut browser = orchard.logged_in("op", "ada").await;
    browser.link("op", "alan").await;
    browser.remove(&orchard.issuer("ev"), "grace").await;
    assert!(other.is_logged_in().await);
    let graces = other.account().await;
    assert_eq!(orchard.accounts.identities(graces).await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_an_admin_sees_all_accounts_and_from_the_next_login_on() {
    orchard!(orchard);
    let mut browser = orchard.logged_in("op", "ada").await;
    assert_eq!(browser.get("/admin").await.status, 403);
    let account = browser.account().await;
    orchard.accounts.grant(account, "admin").await.unwrap();
    orchard.accounts.grant(account, "admin").await.unwrap();
    assert_eq!(browser.get("/admin").await.status, 403);
    browser.log_in("op", "ada").await;
    let page = browser.get("/admin").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("admin</td>"));
    assert!(browser.get("/").await.body.contains("href=\"/admin\""));
    // A second identity is the same account, and may do the same.
    browser.link("ev", "grace").await;
    let mut other = orchard.logged_in("ev", "grace").await;
    assert_eq!(other.get("/admin").await.status, 200);
}

#[tokio::test]
async fn sessions_are_listed_for_the_account_whichever_identity_opened_them() {
    orchard!(orchard);
    let mut browser = orchard.logged_in("op", "ada").await;
    browser.link("ev", "grace").await;
    orchard.logged_in("ev", "grace").await;
    assert_eq!(browser.get("/auth/sessions").await.status, 200);
    let session = browser.session().await.unwrap();
    let listed = orchard.site.auth().sessions(&session).await.unwrap();
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn what_a_provider_calls_people_is_text_on_every_page() {
    orchard!(orchard);
    orchard.site.alter("/userinfo", |answer| {
        answer.set("name", "<script>alert(1)</script>\u{0}\" onload=\"x");
    });
    let mut browser = orchard.logged_in("op", "ada").await;
    let account = browser.account().await;
    orchard.accounts.grant(account, "admin").await.unwrap();
    browser.log_in("op", "ada").await;
    for path in ["/", "/account", "/admin"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("&lt;script&gt;alert(1)"), "{path}");
        assert!(!page.body.contains("<script>") && !page.body.contains("\" onload"));
    }
}
