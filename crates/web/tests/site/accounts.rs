//! Whom an app takes a login for, by the hook that its own table stands behind: what an attacker may hope
//! to be taken for, and is not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use codegrant_testkit::Site;
use codegrant_web::{Email, Login, Verdict};

use crate::on_login::{Said, asking, both_asking};
use crate::{opens_session, refused};

/// A table of accounts as `AuthBuilder::on_login` describes it: found by issuer and subject alone.
#[derive(Clone, Default)]
struct Accounts(Arc<Mutex<HashMap<(String, String), String>>>);

impl Accounts {
    fn of(&self, login: &Login) -> Said {
        let (issuer, subject) = login.identity().key();
        let mut table = self.0.lock().unwrap();
        let next = format!("account {}", table.len() + 1);
        let key = (issuer.to_owned(), subject.to_owned());
        Ok(Verdict::AcceptAs(table.entry(key).or_insert(next).clone()))
    }
}

async fn account(site: &Site, provider: &str, subject: &str) -> Option<String> {
    let mut browser = site.browser();
    browser.log_in(provider, subject).await;
    let session = browser.session().await?;
    session.account().map(str::to_owned)
}

// attack: AC-04
#[tokio::test]
async fn an_account_that_waits_with_the_victims_address_is_not_the_victims() {
    let accounts = Accounts::default();
    // Made by a form of the app, where anybody types any address.
    let made_by_form = ("a form".to_owned(), "ada@example.test".to_owned());
    let waiting = "the attacker's".to_owned();
    accounts
        .0
        .lock()
        .unwrap()
        .insert(made_by_form, waiting.clone());
    let site = Site::builder()
        .configure(move |auth| asking(auth, move |login| accounts.of(login)))
        .build();
    let victims = account(&site, "op", "ada").await.unwrap();
    assert_ne!(victims, waiting);
    assert_eq!(
        account(&site, "op", "ada").await,
        Some(victims),
        "and stays her own"
    );
}

// attack: AC-01 AC-06
#[tokio::test]
async fn neither_address_nor_name_nor_subject_alone_reaches_anothers_account() {
    let accounts = Accounts::default();
    let site = Site::builder()
        .two_providers()
        .configure(move |auth| asking(auth, move |login| accounts.of(login)))
        .build();
    let victims = account(&site, "op", "ada").await;
    // The same subject, name and address at another issuer; then another subject with all that she shows.
    assert_ne!(account(&site, "ev", "ada").await, victims);
    site.alter("/userinfo", |answer| {
        answer.set("email", "ada@example.test");
        answer.set("preferred_username", "ada");
        answer.set("name", "Ada Lovelace");
    });
    assert_ne!(account(&site, "op", "grace").await, victims);
    assert_eq!(account(&site, "op", "ada").await, victims);
}

/// Lets in whoever has a verified address of one domain.
fn of_the_corporation(login: &Login) -> Said {
    Ok(match &login.identity().email {
        Email::Verified(email) if email.domain() == "corp.example" => Verdict::Accept,
        other => Verdict::Refuse(format!("not of corp.example: {:?}", other.as_str())),
    })
}

// attack: AC-05 AC-09
#[tokio::test]
async fn a_rule_for_a_domain_lets_in_nobody_of_one_that_only_looks_like_it() {
    for (address, verified, welcome) in [
        ("ada@corp.example", true, true),
        ("ada@corp.example", false, false),
        ("ada@evil-corp.example", true, false),
        ("ada@corp.example.evil.example", true, false),
        ("ada@sub.corp.example", true, false),
        ("ada@evil.example,victim@corp.example", true, false),
        ("ada@corp.example@evil.example", true, false),
        ("ada@evil.example@corp.example", true, false),
        ("ada@evil.example\u{ff20}corp.example", true, false),
        ("ada@corp.example ", true, false),
        ("", true, false),
    ] {
        for site in both_asking(of_the_corporation) {
            site.alter("/userinfo", move |answer| {
                answer.set("email", address);
                answer.set("email_verified", verified);
            });
            let mut browser = site.browser();
            let reply = browser.log_in("op", "ada").await;
            assert_eq!(
                opens_session(&reply),
                welcome,
                "{address:?}, verified: {verified}"
            );
            assert_eq!(reply.login.is_some(), welcome);
        }
    }
}

/// Lets in whoever the provider says is of one organisation, in a claim that it signs or answers itself.
fn of_the_organisation(login: &Login) -> Said {
    Ok(match login.identity().claims.userinfo().get("hd") {
        Some(hosted) if hosted == "corp.example" => Verdict::Accept,
        Some(_) => Verdict::Refuse("of another organisation".to_owned()),
        None => Verdict::Refuse("of no organisation".to_owned()),
    })
}

// attack: AC-10
#[tokio::test]
async fn a_login_without_the_claim_that_the_app_requires_is_refused() {
    for said in [None, Some("evil.example"), Some(""), Some("corp.example")] {
        let site = Site::builder()
            .configure(|auth| asking(auth, of_the_organisation))
            .build();
        if let Some(said) = said {
            site.alter("/userinfo", move |answer| answer.set("hd", said));
        }
        let mut browser = site.browser();
        // What the browser brings along is nobody's word.
        let mut callback = browser.begin_and_sign_in("op", "ada").await;
        callback.parameters.set("hd", "corp.example");
        let reply = browser.bring(&callback).await;
        assert_eq!(
            opens_session(&reply),
            said == Some("corp.example"),
            "{said:?}"
        );
    }
}

// attack: LK-17
#[tokio::test]
async fn a_refusal_looks_the_same_whoever_it_is_and_whatever_the_reason() {
    let sites = both_asking(|login| {
        Ok(Verdict::Refuse(match login.identity().subject.as_str() {
            "ada" => "no account".to_owned(),
            _ => "an account that is locked since Monday".to_owned(),
        }))
    });
    for site in sites {
        let mut pages = Vec::new();
        for subject in ["ada", "grace"] {
            let reply = site.browser().log_in("op", subject).await;
            refused(&reply);
            let (id, _) = site.events().pop().unwrap();
            let names: Vec<String> = reply.headers.iter().map(|(name, _)| name.clone()).collect();
            pages.push((reply.status, names, reply.body.replace(&id, "")));
        }
        assert_eq!(pages[0], pages[1]);
    }
}
