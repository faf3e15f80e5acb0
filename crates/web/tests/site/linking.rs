//! Adding a second identity to the account of a live session: by two yeses of the same person in the same session,
//! and by nothing that a link, a copied callback or an address in common could do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use codegrant_core::http::HttpResponse;
use codegrant_testkit::site::{AuthorizationUrl, Browser, Callback, Reply, SiteBuilder, Visit};
use codegrant_testkit::{Fault, Site};
use codegrant_web::{Event, Link, LinkVerdict, Login, Verdict};

use crate::on_login::{Said, asking};
use crate::{fixed_page, opens_session, refused, settled};

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

// attack: ST-18
#[tokio::test]
async fn no_address_that_somebody_is_led_to_begins_to_link() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let sent = site.sent().len();
        for target in [
            "/auth/link/ev",
            PAGE,
            "/auth/link/ev?confirm=1&link=1&provider=ev&silent=1",
        ] {
            for visit in [
                Visit::get(target).from_page("https://evil.example"),
                Visit::get(target).from_app(),
                Visit::get(target).with_header("sec-fetch-dest", "image"),
            ] {
                let page = browser.visit(visit).await;
                assert_eq!((page.status, page.location()), (200, None));
                assert_eq!(page.set_cookies(), [""; 0]);
            }
        }
        for method in ["PUT", "DELETE", "PATCH"] {
            assert_eq!(browser.visit(Visit::new(method, PAGE)).await.status, 405);
        }
        // A form of another site's, with the cookies that a careless browser would send.
        let forged = || Visit::post("/auth/link/ev", &[("return_to", "/account")]);
        let cookie = browser.cookies().iter();
        let cookie: Vec<String> = cookie
            .map(|one| format!("{}={}", one.name, one.value))
            .collect();
        for origin in ["https://evil.example", "https://other.app.example", "null"] {
            let visit = forged()
                .from_page("https://evil.example")
                .with_header("origin", origin);
            let visit = visit.with_header("cookie", cookie.join("; "));
            refused(&browser.visit(visit).await);
            assert_eq!(last_failure(&site), "request.wrong_origin");
        }
        assert_eq!(site.sent().len(), sent, "nothing was asked of a provider");
        assert!(browser.login_cookies().is_empty());

        // A login that another site starts, with whatever in its address, is a login and no more.
        let mut other = ada(&site).await;
        let forged = "/auth/login/ev?link=1&intent=link&confirm=1&account=account+1";
        let away = other
            .visit(Visit::get(forged).from_page("https://evil.example"))
            .await;
        let url = AuthorizationUrl::parse(away.location().unwrap());
        let callback = other.at_provider(&url, "grace");
        assert!(opens_session(&other.bring(&callback).await));
        assert_eq!(other.subject().await.as_deref(), Some("grace"));
        assert_ne!(accounts.owner("ev", "grace"), accounts.owner("op", "ada"));
        assert_eq!(accounts.times_asked(), 0);
    }
}

// attack: ST-19
#[tokio::test]
async fn a_callback_of_somebody_elses_link_links_nothing_here() {
    for (site, accounts) in both() {
        let mut attacker = site.browser();
        attacker.log_in("op", "grace").await;
        let callback = sign_in(&mut attacker, "grace").await;
        let mut victim = ada(&site).await;
        let before = state(&mut victim).await;
        let calls = site.calls("/token");

        let reply = victim.bring(&callback).await;
        refused(&reply);
        assert_eq!(last_failure(&site), "callback.transaction_unknown");

        // Even with the attacker's own cookie planted beside the victim's session.
        let name = attacker.login_cookies().pop().unwrap();
        victim.plant(&name, attacker.cookie(&name).unwrap());
        let reply = victim.bring(&callback).await;
        refused(&reply);
        assert_eq!(
            (reply.status, last_failure(&site)),
            (409, "link.session_changed")
        );
        assert_eq!(site.calls("/token"), calls, "the code goes nowhere");
        assert_eq!(state(&mut victim).await, before);
        assert!(victim.login_cookies().is_empty(), "it is used up");

        // And in a frame or an image it does not get that far.
        let framed = Visit::get(format!(
            "/auth/callback/ev?{}",
            callback.parameters.encoded()
        ));
        let framed = framed.with_header("sec-fetch-dest", "iframe");
        refused(&victim.visit(framed).await);
        assert_eq!(site.calls("/token"), calls);
        assert_eq!(accounts.owner("ev", "grace"), None);
        assert_eq!(accounts.times_asked(), 0);
    }
}

// attack: ST-20
#[tokio::test]
async fn a_link_that_one_user_began_is_not_finished_by_another() {
    for (site, accounts) in both() {
        for now_here in ["grace", "ada"] {
            let mut browser = ada(&site).await;
            let callback = sign_in(&mut browser, "alan").await;
            // The same person logged in anew is another session: it did not ask.
            browser.log_in("op", now_here).await;
            let before = state(&mut browser).await;
            let calls = site.calls("/token");
            let reply = browser.bring(&callback).await;
            refused(&reply);
            assert_eq!(
                (reply.status, last_failure(&site)),
                (409, "link.session_changed")
            );
            assert!(
                reply
                    .body
                    .contains("href=\"/auth/link/ev?return_to=%2Faccount\"")
            );
            assert_eq!(site.calls("/token"), calls);
            assert_eq!(state(&mut browser).await, before);
        }
        assert_eq!(accounts.owner("ev", "alan"), None, "neither's");
    }
}

#[tokio::test]
async fn a_confirmation_of_one_user_is_not_given_by_another() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "alan").await;
        browser.log_in("op", "grace").await;
        let reply = browser.submit(&page, &[]).await;
        refused(&reply);
        assert_eq!(last_failure(&site), "link.session_changed");
        let again = browser.get(PAGE).await;
        assert!(
            !again.body.contains("Alan Turing"),
            "it is shown to nobody else"
        );
        assert_eq!(accounts.owner("ev", "alan"), None);
        assert_eq!(accounts.times_asked(), 0);
    }
}

#[tokio::test]
async fn who_logged_out_meanwhile_links_nothing_at_any_step() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let page = browser.get(PAGE).await;
        browser.log_out().await;
        let reply = browser.submit(&page, &[]).await;
        assert_eq!(reply.location(), Some("/auth/link/ev"));
        let reply = browser.follow(&reply).await;
        assert!(
            reply.location().unwrap().starts_with("/auth/login"),
            "{reply:?}"
        );

        let mut browser = ada(&site).await;
        let callback = sign_in(&mut browser, "grace").await;
        browser.log_out().await;
        let calls = site.calls("/token");
        refused(&browser.bring(&callback).await);
        assert_eq!(last_failure(&site), "link.session_changed");
        assert_eq!(site.calls("/token"), calls);

        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "grace").await;
        browser.log_out().await;
        let reply = browser.submit(&page, &[]).await;
        assert_eq!(reply.location(), Some("/auth/link/ev"));
        assert!(browser.session().await.is_none());
        assert_eq!(accounts.times_asked(), 0);
    }
}

#[tokio::test]
async fn who_logs_out_while_the_code_is_redeemed_links_nothing() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let callback = sign_in(&mut browser, "grace").await;
        let held = site.hold("ev.localhost:9000/token");
        let mut window = browser.clone();
        let bringing = tokio::spawn(async move { window.bring(&callback).await });
        held.reached().await;
        browser.log_out().await;
        held.release();
        let reply = bringing.await.unwrap();
        refused(&reply);
        assert_eq!(last_failure(&site), "link.session_changed");
        assert_eq!(accounts.times_asked(), 0);
    }
}

#[tokio::test]
async fn who_logs_out_while_the_app_is_asked_stays_logged_out() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    for builder in [Site::builder(), Site::builder().memory_sessions()] {
        let (arrived, open) = (Arc::new(tokio::sync::Notify::new()), gate.clone());
        let told = arrived.clone();
        let site = builder
            .two_providers()
            .configure(|auth| {
                auth.on_link(move |_| {
                    let (told, open) = (told.clone(), open.clone());
                    async move {
                        told.notify_one();
                        open.acquire().await?.forget();
                        Ok(LinkVerdict::Linked)
                    }
                })
            })
            .build();
        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "grace").await;
        let mut window = browser.clone();
        let submitting = tokio::spawn(async move {
            let reply = window.submit(&page, &[]).await;
            (reply, window)
        });
        arrived.notified().await;
        browser.log_out().await;
        gate.add_permits(1);
        let (reply, mut window) = submitting.await.unwrap();
        assert_eq!(reply.status, 303);
        assert!(!opens_session(&reply));
        assert!(window.session().await.is_none());
    }
}

// attack: AC-08
#[tokio::test]
async fn an_identity_of_another_account_stays_there() {
    for (site, accounts) in both() {
        let mut other = site.browser();
        other.log_in("ev", "grace").await;
        let graces = accounts.owner("ev", "grace");
        let mut browser = ada(&site).await;
        let before = state(&mut browser).await;
        let reply = link(&mut browser, "grace").await;
        refused(&reply);
        assert_eq!((reply.status, last_failure(&site)), (403, "link.conflict"));
        assert_eq!(accounts.owner("ev", "grace"), graces);
        assert_eq!(state(&mut browser).await, before);
        assert_eq!(state(&mut other).await.0, graces);
        settled().await;
        assert_eq!(
            site.calls("/revoke"),
            0,
            "the other's tokens may hang on the same grant"
        );
    }
}

// attack: LK-17
#[tokio::test]
async fn a_conflict_looks_like_any_other_refusal() {
    for builder in [Site::builder(), Site::builder().memory_sessions()] {
        let site = builder
            .two_providers()
            .configure(|auth| {
                auth.on_link(|link| async move {
                    Ok(match link.login().identity().subject.as_str() {
                        "grace" => LinkVerdict::Conflict,
                        _ => LinkVerdict::Refuse("alan is locked since Monday".to_owned()),
                    })
                })
            })
            .build();
        let mut pages = Vec::new();
        for (subject, code) in [("grace", "link.conflict"), ("alan", "link.refused")] {
            let reply = link(&mut ada(&site).await, subject).await;
            fixed_page(&reply);
            assert!(!reply.body.contains("Monday"));
            let (id, event) = site.events().pop().unwrap();
            assert!(matches!(event, Event::Failed { code: said, .. } if said == code));
            let names: Vec<String> = reply.headers.iter().map(|(name, _)| name.clone()).collect();
            pages.push((reply.status, names, reply.body.replace(&id, "")));
        }
        assert_eq!(pages[0], pages[1]);
    }
}

// attack: AC-01 AC-04
#[tokio::test]
async fn an_address_in_common_joins_nothing() {
    for (site, accounts) in both() {
        // Both providers vouch for the same address.
        let mut one = ada(&site).await;
        let mut two = site.browser();
        two.log_in("ev", "ada").await;
        let address = |session: codegrant_web::Session| session.identity().email.clone();
        assert_eq!(
            address(one.session().await.unwrap()),
            address(two.session().await.unwrap())
        );
        assert_ne!(state(&mut one).await.0, state(&mut two).await.0);
        // And who wants to join them is told that they are two accounts.
        refused(&link(&mut one, "ada").await);
        assert_ne!(accounts.owner("op", "ada"), accounts.owner("ev", "ada"));
    }
}

#[tokio::test]
async fn ones_own_identity_is_not_added_again() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let before = state(&mut browser).await;
        let page = browser.get("/auth/link/op").await;
        let away = browser.submit(&page, &[]).await;
        let url = AuthorizationUrl::parse(away.location().unwrap());
        assert_eq!(
            url.parameter("prompt"),
            "select_account",
            "somebody chooses"
        );
        let callback = browser.at_provider(&url, "ada");
        let reply = browser.bring(&callback).await;
        refused(&reply);
        assert_eq!(
            (reply.status, last_failure(&site)),
            (409, "link.own_identity")
        );
        assert_eq!(state(&mut browser).await, before);
        assert_eq!(accounts.times_asked(), 0);
        // A second account at the same provider is another identity.
        let url = AuthorizationUrl::parse(browser.submit(&page, &[]).await.location().unwrap());
        let callback = browser.at_provider(&url, "grace");
        let back = browser.bring(&callback).await;
        let page = browser.follow(&back).await;
        assert_eq!(browser.submit(&page, &[]).await.status, 303);
        assert_eq!(accounts.owner("op", "grace"), before.0);
    }
}

#[tokio::test]
async fn a_confirmation_is_good_for_minutes() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "grace").await;
        site.wait(600);
        let reply = browser.submit(&page, &[]).await;
        refused(&reply);
        assert_eq!(
            (reply.status, last_failure(&site)),
            (400, "link.nothing_to_confirm")
        );
        assert!(
            reply.body.contains("href=\"/auth/link/ev"),
            "there is a way on"
        );
        assert_eq!(accounts.times_asked(), 0);
        assert_eq!(link(&mut browser, "grace").await.status, 303);
        assert_eq!(accounts.times_asked(), 1);
    }
}

#[tokio::test]
async fn who_stays_too_long_at_the_provider_is_led_back_to_the_page_that_asks() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let before = state(&mut browser).await;
        let callback = sign_in(&mut browser, "grace").await;
        site.wait(601);
        let reply = browser.bring(&callback).await;
        refused(&reply);
        assert_eq!(last_failure(&site), "callback.expired");
        assert_eq!(reply.refresh(), None, "it does not start again as a login");
        assert!(
            reply
                .body
                .contains("href=\"/auth/link/ev?return_to=%2Faccount\"")
        );
        assert_eq!(state(&mut browser).await, before);
        assert_eq!(accounts.times_asked(), 0);
    }
}

#[tokio::test]
async fn who_cancels_or_fails_at_the_provider_is_logged_in_as_before() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let before = state(&mut browser).await;
        let url = begin(&mut browser).await;
        let callback = browser.cancel_at_provider(&url).await;
        let reply = browser.bring(&callback).await;
        refused(&reply);
        assert_eq!(last_failure(&site), "callback.denied");
        assert!(
            reply
                .body
                .contains("href=\"/auth/link/ev?return_to=%2Faccount\"")
        );
        assert_eq!(reply.refresh(), None);

        for status in [400, 502] {
            let callback = sign_in(&mut browser, "grace").await;
            site.provider("ev").inject(Fault::WrongNonce);
            if status == 502 {
                site.script(|request| {
                    let token = request.url.ends_with("/token");
                    token.then(|| Ok(HttpResponse::new(503)))
                });
            }
            let reply = browser.bring(&callback).await;
            assert_eq!(reply.status, status);
            fixed_page(&reply);
            assert!(
                reply
                    .body
                    .contains("href=\"/auth/link/ev?return_to=%2Faccount\"")
            );
            site.behave();
        }
        assert_eq!(state(&mut browser).await, before);
        assert_eq!(accounts.times_asked(), 0);
    }
}

#[tokio::test]
async fn a_double_click_asks_the_app_once() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "grace").await;
        let mut window = browser.clone();
        let (first, second) = tokio::join!(browser.submit(&page, &[]), window.submit(&page, &[]));
        assert_eq!((first.status, second.status), (303, 303));
        assert_eq!(accounts.times_asked(), 1);
        // One cookie jar sees both answers; whichever came last, the session is there.
        let done = [&first, &second]
            .into_iter()
            .filter(|reply| opens_session(reply));
        assert_eq!(done.count(), 1);
        let winner = if opens_session(&first) {
            &mut browser
        } else {
            &mut window
        };
        assert_eq!(winner.subject().await.as_deref(), Some("ada"));
        // And a click that comes after it all leads on.
        let third = winner.submit(&page, &[]).await;
        assert_eq!((third.status, third.location()), (303, Some("/account")));
        assert_eq!(accounts.times_asked(), 1);
        assert_eq!(site.failures(), [""; 0]);
    }
}

#[tokio::test]
async fn the_back_button_finds_no_dead_end() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let callback = sign_in(&mut browser, "grace").await;
        let back = browser.bring(&callback).await;
        let again = browser.bring(&callback).await;
        assert_eq!(
            (again.status, again.location()),
            (303, back.location()),
            "a reload"
        );
        let page = browser.follow(&again).await;
        browser.submit(&page, &[]).await;
        let again = browser.bring(&callback).await;
        assert_eq!((again.status, again.location()), (303, Some("/account")));
        assert_eq!(site.calls("ev.localhost:9000/token"), 1);
        assert_eq!(accounts.times_asked(), 1);
    }
}

#[tokio::test]
async fn of_two_tabs_each_confirms_what_it_shows() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let first = prove(&mut browser, "grace").await;
        let second = prove_again(&mut browser, "alan").await;
        let reply = browser.submit(&first, &[]).await;
        refused(&reply);
        assert_eq!(last_failure(&site), "link.nothing_to_confirm");
        assert_eq!(
            accounts.times_asked(),
            0,
            "neither the one shown nor the one that waits"
        );
        assert_eq!(browser.submit(&second, &[]).await.status, 303);
        assert_eq!(accounts.owner("ev", "alan"), accounts.owner("op", "ada"));
        assert_eq!(accounts.owner("ev", "grace"), None);
    }
}

/// Goes to the page that shows who came back, in a browser where somebody waits already.
async fn prove_again(browser: &mut Browser, subject: &str) -> Reply {
    let away = browser
        .post("/auth/link/ev", &[("return_to", "/account")])
        .await;
    let url = AuthorizationUrl::parse(away.location().unwrap());
    let callback = browser.at_provider(&url, subject);
    let back = browser.bring(&callback).await;
    browser.follow(&back).await
}

#[tokio::test]
async fn who_came_back_as_somebody_else_may_choose_again() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let page = prove(&mut browser, "alan").await;
        assert!(page.body.contains("Use another account"));
        let page = prove_again(&mut browser, "grace").await;
        browser.submit(&page, &[]).await;
        assert_eq!(accounts.owner("ev", "alan"), None);
        assert_eq!(accounts.owner("ev", "grace"), accounts.owner("op", "ada"));
    }
}

#[tokio::test]
async fn two_logins_to_link_at_two_providers_do_not_disturb_each_other() {
    for (site, accounts) in both() {
        let mut browser = ada(&site).await;
        let at_ev = prove(&mut browser, "grace").await;
        let page = browser.get("/auth/link/op").await;
        let away = browser.submit(&page, &[]).await;
        let url = AuthorizationUrl::parse(away.location().unwrap());
        let callback = browser.at_provider(&url, "alan");
        let back = browser.bring(&callback).await;
        let at_op = browser.follow(&back).await;
        assert_eq!(browser.submit(&at_ev, &[]).await.status, 303);
        assert_eq!(browser.submit(&at_op, &[]).await.status, 303);
        assert_eq!(accounts.owner("op", "alan"), accounts.owner("ev", "grace"));
        assert_eq!(accounts.owner("op", "alan"), accounts.owner("op", "ada"));
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

#[tokio::test]
async fn without_a_hook_there_is_no_such_page() {
    for site in crate::both_kinds() {
        let mut browser = ada(&site).await;
        assert_eq!(browser.get("/auth/link/op").await.status, 404);
        assert_eq!(browser.post("/auth/link/op", &[]).await.status, 404);
    }
    for (site, _) in both() {
        let mut browser = ada(&site).await;
        assert_eq!(browser.get("/auth/link/nobody").await.status, 404);
    }
}

#[tokio::test]
async fn who_is_not_logged_in_is_asked_to_log_in_first() {
    for (site, _) in both() {
        let reply = site.browser().get(PAGE).await;
        assert!(reply.location().unwrap().starts_with("/auth/login"));
        let script = Visit::post("/auth/link/ev", &[]).with_header("sec-fetch-mode", "cors");
        assert_eq!(site.browser().visit(script).await.status, 401);
        assert_eq!(site.sent().len(), 0);
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

#[tokio::test]
async fn a_hook_that_cannot_tell_links_nothing_and_logs_nobody_out() {
    for builder in [Site::builder(), Site::builder().memory_sessions()] {
        let site = builder
            .two_providers()
            .configure(|auth| {
                auth.on_link(|link| async move {
                    let alan = link.login().identity().subject == "alan";
                    assert!(!alan, "alan is more than this hook can bear");
                    Err("the database is gone".into())
                })
            })
            .build();
        let mut browser = ada(&site).await;
        let before = state(&mut browser).await;
        for subject in ["grace", "alan"] {
            let reply = link(&mut browser, subject).await;
            assert_eq!(
                (reply.status, last_failure(&site)),
                (500, "link.hook_failed")
            );
            fixed_page(&reply);
            assert!(!reply.body.contains("database"));
            assert_eq!(state(&mut browser).await, before);
        }
    }
}

#[tokio::test]
async fn a_process_beside_finishes_what_another_began() {
    let store = Arc::new(codegrant_web::MemoryStore::new(1_000));
    let accounts = Accounts::default();
    let shared = store.clone();
    let one = with_accounts(
        Site::builder().configure(|auth| auth.store(shared)),
        &accounts,
    );
    let beside = Site::builder()
        .beside(&one)
        .configure(|auth| auth.store(store));
    let two = with_accounts(beside, &accounts);
    let mut browser = ada(&one).await;
    let callback = sign_in(&mut browser, "grace").await;
    let mut browser = browser.at(&two);
    let back = browser.bring(&callback).await;
    let mut browser = browser.at(&one);
    let page = browser.follow(&back).await;
    // One click at each.
    let (mut here, mut there) = (browser.clone(), browser.at(&two));
    let (first, second) = tokio::join!(here.submit(&page, &[]), there.submit(&page, &[]));
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(accounts.times_asked(), 1);
}
