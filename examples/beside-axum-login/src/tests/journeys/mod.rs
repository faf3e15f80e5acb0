//! What people do with an app that has sessions of its own and a login of codegrant's: the same for all three.

mod browser;

use std::collections::BTreeMap;

use browser::{Browser, Cookie, From, LOG_OUT};
use codegrant_testkit::Site;

use super::Verdict;
use crate::app::hand_over;
use crate::users::Users;

/// An app in one process: a request goes in, a response comes out.
pub(super) type App = Box<dyn Fn(&Sent) -> Got>;

/// The example, or what somebody makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    AsItIs,
    /// The middleware that opens the app's session was forgotten.
    WithoutBridge,
    /// `on_login` refuses everybody.
    Refusing,
    /// Both sessions open, and `/orders` has moved to codegrant's `User`.
    BothSessions,
    /// The app's session holds a basket: `/basket/fill` fills it and `/basket` shows it.
    WithBasket,
}

/// Makes the app in front of the [`site`] of a variant.
pub(super) type Start = fn(Variant) -> (Site, App);

pub(super) struct Sent {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) cookies: Vec<(String, String)>,
    pub(super) body: String,
}

pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// Makes two providers, `op` and `ev`, and the accounts: `mary` and `ada@example.test` have 0 and 1, with the
/// password `secret`.
pub(super) fn site(variant: Variant) -> (Site, Users) {
    let users = Users::default();
    users.add("mary", Some("secret"));
    users.add("ada@example.test", Some("secret"));
    let judged = users.clone();
    let site = Site::builder().two_providers().log_out_at_provider();
    let site = site.configure(move |auth| match variant {
        Variant::Refusing => {
            auth.on_login(async |_| Ok(Verdict::Refuse("nobody is let in".into())))
        }
        Variant::BothSessions => auth.on_login(move |login| {
            let account = judged.of_identity(login.identity()).to_string();
            async move { Ok(Verdict::AcceptAs(account)) }
        }),
        _ => hand_over(auth, &judged),
    });
    (site.build(), users)
}

/// Makes a test of every journey, for the app that `$start` starts.
macro_rules! journeys {
    ($start:path) => {
        journeys!($start;
            login_ends_in_the_apps_own_session_and_in_none_of_codegrants
            first_page_after_the_login_knows_the_user
            same_identity_is_the_same_account_and_another_is_another
            same_subject_at_another_issuer_is_another_account
            member_with_a_password_keeps_the_account_and_nobody_gets_it_by_a_login
            old_login_goes_on_as_before
            log_out_of_the_app_logs_out
            log_out_needs_a_form_of_the_app
            session_is_a_new_one_after_the_login
            session_that_somebody_else_began_is_not_taken_over
            callback_that_comes_twice_changes_nothing
            cancelled_login_opens_nothing
            refused_login_opens_nothing_and_leaves_the_present_session
            forgotten_bridge_opens_nothing
            one_route_moves_while_the_others_stay
        );
    };
    ($start:path; $($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                journeys::$name($start);
            }
        )+
    };
}

const STRANGER: &str = "Hello, stranger!";

pub(super) fn login_ends_in_the_apps_own_session_and_in_none_of_codegrants(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    let asked = browser.get("/account");
    assert!(asked.path.starts_with("/login?next="), "{}", asked.path);
    browser.log_in("ada");
    assert_eq!(browser.greeting(), "Hello, Ada Lovelace!");
    assert_eq!(browser.get("/account").body, "Account 2 (Ada Lovelace)");
    assert!(!browser.has_session_of_codegrant());
    let held = browser.of_app();
    assert_eq!(held.len(), 1, "one session, and it is the app's");
    let attributes = &held.values().next().unwrap().attributes;
    for told in ["httponly", "samesite=lax", "secure", "path=/"] {
        assert!(attributes.contains(told), "{told} is not in {attributes}");
    }
}

pub(super) fn first_page_after_the_login_knows_the_user(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    let page = browser.log_in("ada");
    assert_eq!((page.path.as_str(), page.status), ("/account", 200));
    assert_eq!(page.body, "Account 2 (Ada Lovelace)");
}

pub(super) fn same_identity_is_the_same_account_and_another_is_another(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    for (subject, account) in [
        ("ada", "Account 2 (Ada Lovelace)"),
        ("grace", "Account 3 (Grace Hopper)"),
        ("ada", "Account 2 (Ada Lovelace)"),
    ] {
        assert_eq!(browser.log_in(subject).body, account);
        browser.post("/logout", "");
    }
}

pub(super) fn same_subject_at_another_issuer_is_another_account(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    assert_eq!(
        browser.log_in_at("op", "ada").body,
        "Account 2 (Ada Lovelace)"
    );
    browser.post("/logout", "");
    assert_eq!(
        browser.log_in_at("ev", "ada").body,
        "Account 3 (Ada Lovelace)"
    );
}

pub(super) fn member_with_a_password_keeps_the_account_and_nobody_gets_it_by_a_login(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    // The provider says that Ada's address is the one by which somebody has been a member for long.
    let page = browser.log_in("ada");
    assert_eq!(page.body, "Account 2 (Ada Lovelace)");
    browser.post("/logout", "");
    let member = browser.post("/login", "name=ada%40example.test&password=secret");
    assert_eq!(member.body, "Account 1 (ada@example.test)");
}

pub(super) fn old_login_goes_on_as_before(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    assert_eq!(browser.log_in_by_password().body, "Account 0 (mary)");
    assert_eq!(browser.greeting(), "Hello, mary!");
    let mut wrong = Browser::open(start, Variant::AsItIs);
    let refused = wrong.post("/login", "name=mary&password=guess");
    assert_eq!(refused.status, 401);
    assert_eq!(wrong.greeting(), STRANGER);
}

pub(super) fn log_out_of_the_app_logs_out(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    browser.log_in("ada");
    let account = browser.send("GET", "/account", "", From::App);
    assert!(account.body.ends_with(LOG_OUT), "{}", account.body);
    let page = browser.post("/logout", "");
    assert_eq!((page.path.as_str(), page.status), ("/auth/logged-out", 200));
    assert_eq!(browser.greeting(), STRANGER);
    assert_eq!(browser.get("/account").path, "/login?next=%2Faccount");
}

pub(super) fn log_out_needs_a_form_of_the_app(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    browser.log_in("ada");
    browser.go("POST", "/logout", "", From::Elsewhere);
    browser.go("GET", "/logout", "", From::Elsewhere);
    assert_eq!(browser.greeting(), "Hello, Ada Lovelace!");
}

pub(super) fn session_is_a_new_one_after_the_login(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    let page = browser.log_in("ada");
    assert_eq!(page.body, "Account 2 (Ada Lovelace)");
    let first = browser.of_app();
    browser.log_in("ada");
    for (name, cookie) in browser.of_app() {
        assert_ne!(cookie.value, first[&name].value);
    }
}

pub(super) fn session_that_somebody_else_began_is_not_taken_over(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    browser.log_in_by_password();
    let marys = browser.of_app();
    assert_eq!(browser.log_in("ada").body, "Account 2 (Ada Lovelace)");
    // Whoever gave this browser its first session still holds it.
    browser.cookies = marys;
    assert_ne!(browser.greeting(), "Hello, Ada Lovelace!");
}

pub(super) fn callback_that_comes_twice_changes_nothing(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    let callback = browser.sign_in("op", "ada");
    browser.go("GET", &callback, "", From::Elsewhere);
    let before = browser.of_app();
    let page = browser.go("GET", &callback, "", From::Elsewhere);
    assert_eq!(page.body, "Account 2 (Ada Lovelace)");
    let values = |held: BTreeMap<String, Cookie>| -> Vec<String> {
        held.into_values().map(|cookie| cookie.value).collect()
    };
    assert_eq!(values(browser.of_app()), values(before));
    // After a log-out the same callback brings nobody back.
    browser.post("/logout", "");
    browser.go("GET", &callback, "", From::Elsewhere);
    assert_eq!(browser.greeting(), STRANGER);
}

pub(super) fn cancelled_login_opens_nothing(start: Start) {
    let mut browser = Browser::open(start, Variant::AsItIs);
    let callback = browser.sign_in("op", "ada");
    let (address, query) = callback.split_once('?').unwrap();
    let kept = query.split('&').filter(|pair| !pair.starts_with("code="));
    let kept: Vec<&str> = kept.collect();
    let denied = format!("{address}?error=access_denied&{}", kept.join("&"));
    let page = browser.go("GET", &denied, "", From::Elsewhere);
    assert_eq!(page.status, 403);
    assert_eq!(browser.of_app().len(), 0);
    assert_eq!(browser.greeting(), STRANGER);
}

pub(super) fn refused_login_opens_nothing_and_leaves_the_present_session(start: Start) {
    let mut browser = Browser::open(start, Variant::Refusing);
    assert_eq!(browser.log_in("ada").status, 403);
    assert_eq!(browser.of_app().len(), 0);
    browser.log_in_by_password();
    assert_eq!(browser.log_in("ada").status, 403);
    assert_eq!(browser.greeting(), "Hello, mary!");
    assert!(!browser.has_session_of_codegrant());
}

pub(super) fn forgotten_bridge_opens_nothing(start: Start) {
    let mut browser = Browser::open(start, Variant::WithoutBridge);
    let page = browser.log_in("ada");
    assert_eq!(page.path, "/login?next=%2Faccount");
    assert_eq!(browser.of_app().len(), 0);
    assert!(!browser.has_session_of_codegrant());
    assert_eq!(browser.greeting(), STRANGER);
}

pub(super) fn one_route_moves_while_the_others_stay(start: Start) {
    let mut browser = Browser::open(start, Variant::BothSessions);
    let page = browser.log_in("ada");
    assert_eq!(page.body, "Account 2 (Ada Lovelace)");
    assert_eq!(browser.get("/orders").body, "Orders of account 2");
    assert!(browser.has_session_of_codegrant());
    // The log-out of the app ends both, and goes on to the provider.
    let page = browser.post("/logout", "");
    let leads_to = page.leads_to.unwrap_or_default();
    assert!(
        leads_to.starts_with("http://op.localhost:9000/"),
        "{leads_to}"
    );
    assert!(!browser.has_session_of_codegrant());
    assert_eq!(browser.greeting(), STRANGER);
    let asked = browser.send("GET", "/orders", "", From::App);
    assert_eq!(asked.status, 303);
}

/// For apps whose sessions hold more than who it is.
#[allow(dead_code, reason = "not every app has such sessions")]
pub(super) fn basket_stays_with_its_owner(start: Start) {
    let mut browser = Browser::open(start, Variant::WithBasket);
    browser.get("/basket/fill");
    assert_eq!(browser.log_in("ada").body, "Account 2 (Ada Lovelace)");
    assert_eq!(browser.get("/basket").body, "apples");
    // Without a log-out in between.
    assert_eq!(browser.log_in("grace").body, "Account 3 (Grace Hopper)");
    assert_eq!(browser.get("/basket").body, "");
}
