//! Back-channel log-out: who ends whose session, and who does not.

mod circumstances;

use codegrant_core::jose::{Algorithm, base64url};
use codegrant_testkit::Site;
use codegrant_testkit::site::{Reply, Visit};
use codegrant_testkit::world::{signing_key, stranger_key};
use codegrant_web::LogOutReason;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{Desk, EVENT, ours};

/// Asserts that a log-out was accepted, with nothing to tell one from another.
#[track_caller]
fn accepted(reply: &Reply) {
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert!(reply.set_cookies().is_empty());
}

/// Asserts that a log-out was refused, without a word why.
#[track_caller]
fn refused(reply: &Reply) {
    assert_eq!(reply.status, 400);
    assert_eq!(reply.body, "{\"error\":\"invalid_request\"}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert!(reply.set_cookies().is_empty());
}

// attack: LO-18 LO-23
#[tokio::test]
async fn a_session_id_ends_that_session_and_no_other() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        let mut at_home = desk.logged_in("ada").await;
        let mut grace = desk.logged_in("grace").await;
        let first = desk.session_id(0);
        for named in [
            vec![("sid", "nobody's")],
            vec![("sid", "nobody's"), ("sub", "ada")],
            vec![("sub", "nobody")],
        ] {
            accepted(&desk.deliver(&desk.token(&named)).await);
            desk.site.wait(1);
        }
        assert!(
            ada.session().await.is_some(),
            "another session of this person"
        );
        accepted(&desk.deliver(&desk.token(&[("sid", &first)])).await);
        assert!(ada.session().await.is_none());
        assert_eq!(ada.get("/orders").await.status, 303);
        assert!(at_home.session().await.is_some());
        assert!(grace.session().await.is_some());
        assert_eq!(desk.log_outs(), [LogOutReason::BackChannel; 4]);
        assert!(desk.site.failures().is_empty());
    }
}

#[tokio::test]
async fn a_person_alone_ends_all_their_sessions() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        let mut at_home = desk.logged_in("ada").await;
        let mut grace = desk.logged_in("grace").await;
        accepted(&desk.deliver(&desk.token(&[("sub", "ada")])).await);
        assert!(ada.session().await.is_none());
        assert!(at_home.session().await.is_none());
        assert!(grace.session().await.is_some());
    }
}

#[tokio::test]
async fn a_session_that_never_learned_the_providers_is_found_by_its_person() {
    for desk in Desk::both() {
        desk.site
            .provider("op")
            .inject(codegrant_testkit::Fault::NoSid);
        let site = &desk.site;
        site.behave();
        site.provider("op").inject(codegrant_testkit::Fault::NoSid);
        site.alter("/jwks", |answer| {
            let keys = answer.body["keys"].as_array_mut().unwrap();
            keys.push(ours().public_jwk());
        });
        let mut ada = site.browser();
        ada.log_in("op", "ada").await;
        assert_eq!(ada.subject().await.as_deref(), Some("ada"));
        accepted(&desk.deliver(&desk.token(&[("sid", "any")])).await);
        assert!(ada.session().await.is_some());
        site.wait(1);
        let token = desk.token(&[("sid", "any"), ("sub", "ada")]);
        accepted(&desk.deliver(&token).await);
        assert!(ada.session().await.is_none());
    }
}

// attack: LO-16
#[tokio::test]
async fn a_token_that_comes_again_ends_no_newer_session() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        let by_person = desk.token(&[("sub", "ada")]);
        accepted(&desk.deliver(&by_person).await);
        assert!(ada.session().await.is_none());
        desk.site.wait(10);
        let mut again = desk.logged_in("ada").await;
        refused(&desk.deliver(&by_person).await);
        assert!(again.session().await.is_some());

        let session = desk.session_id(1);
        let by_session = desk.token(&[("sid", &session)]);
        accepted(&desk.deliver(&by_session).await);
        assert!(again.session().await.is_none());
        refused(&desk.deliver(&by_session).await);
        assert_eq!(desk.site.failures(), ["logout_token.replayed"; 2]);
        desk.site.wait(400);
        refused(&desk.deliver(&by_session).await);
        assert_eq!(desk.site.failures().last(), Some(&"logout_token.stale"));
    }
}

// attack: LO-16
#[tokio::test]
async fn a_token_that_was_kept_back_ends_no_session_that_began_after_it() {
    for desk in Desk::both() {
        let by_person = desk.token(&[("sub", "ada")]);
        desk.site.wait(100);
        let mut ada = desk.logged_in("ada").await;
        accepted(&desk.deliver(&by_person).await);
        assert!(ada.session().await.is_some());
    }
}

// attack: LO-16
#[tokio::test]
async fn a_copy_reaches_no_later_login_in_the_same_session_of_the_provider() {
    for desk in Desk::both() {
        desk.always_in_session("one and the same");
        let mut ada = desk.logged_in("ada").await;
        let token = desk.token(&[("sid", "one and the same")]);
        accepted(&desk.deliver(&token).await);
        assert!(ada.session().await.is_none());
        desk.site.wait(10);
        let mut again = desk.logged_in("ada").await;
        refused(&desk.deliver(&token).await);
        assert!(again.session().await.is_some());
        desk.site.wait(1);
        let newer = desk.token(&[("sid", "one and the same")]);
        accepted(&desk.deliver(&newer).await);
        assert!(again.session().await.is_none());
    }
}

#[tokio::test]
async fn whoever_logs_in_after_a_log_out_stays_logged_in() {
    for desk in Desk::both() {
        let _first = desk.logged_in("ada").await;
        accepted(&desk.deliver(&desk.token(&[("sub", "ada")])).await);
        desk.site.wait(1);
        let mut ada = desk.logged_in("ada").await;
        assert!(ada.session().await.is_some());
        desk.site.wait(3600);
        assert!(ada.session().await.is_some());
    }
}

// attack: DO-07
#[tokio::test]
async fn what_was_not_proven_uses_no_tokens_name_up() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        let honest = desk.token(&[("sub", "ada")]);
        // Of the same name, and ever other ones, by somebody who has no key of the provider's.
        for number in 0..2_000 {
            let mut claims = desk.claims();
            claims.insert("sub".to_owned(), json!("ada"));
            if number > 0 {
                claims.insert("jti".to_owned(), json!(number.to_string()));
            }
            let payload = base64url::encode(json!(claims).to_string().as_bytes());
            refused(
                &desk
                    .deliver(&format!("eyJhbGciOiJFUzI1NiJ9.{payload}.AAAA"))
                    .await,
            );
        }
        accepted(&desk.deliver(&honest).await);
        assert!(ada.session().await.is_none());
    }
}

// attack: LO-07 LO-08 LO-09 LO-10 LO-11 LO-12 LO-15 LO-25 LK-12
#[tokio::test]
async fn nothing_but_a_sound_token_ends_a_session() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        let session = desk.session_id(0);
        let with = |claim: &str, value: Value| {
            let mut claims = desk.claims();
            claims.insert("sub".to_owned(), json!("ada"));
            claims.insert("sid".to_owned(), json!(session));
            match value {
                Value::Bool(false) => claims.remove(claim),
                value => claims.insert(claim.to_owned(), value),
            };
            ours().sign(None, &claims).unwrap()
        };
        let honest = desk.token(&[("sub", "ada"), ("sid", &session)]);
        let mut forged = vec![
            format!("eyJhbGciOiJub25lIn0.{}.", honest.split('.').nth(1).unwrap()),
            stranger_key(Algorithm::Es256, "the provider's log-outs")
                .sign(None, &desk.claims())
                .unwrap(),
            signing_key(Algorithm::Rs256, "k1")
                .sign(None, &desk.claims())
                .unwrap(),
            with("iss", json!("https://evil.example")),
            with("aud", json!("another")),
            with("aud", json!(["another"])),
            with("events", Value::Bool(false)),
            with("events", json!({ "http://other.example": {} })),
            with("events", json!([])),
            with("events", json!({ EVENT: 5 })),
            with("nonce", Value::Null),
            with("exp", json!(desk.site.now().minus(61).as_unix())),
            with("iat", json!(desk.site.now().minus(3600).as_unix())),
            with("jti", Value::Bool(false)),
        ];
        let mut neither = desk.claims();
        neither.remove("sub");
        forged.push(ours().sign(None, &neither).unwrap());
        for token in &forged {
            refused(&desk.deliver(token).await);
        }
        assert_eq!(desk.site.failures().len(), forged.len());
        assert!(ada.session().await.is_some());
        let told = format!("{:?}", desk.site.events());
        assert!(!told.contains(&session), "no session id stands in the log");
        accepted(&desk.deliver(&honest).await);
        assert!(ada.session().await.is_none());
    }
}

// attack: LO-17
#[tokio::test]
async fn the_id_token_of_a_session_does_not_end_it() {
    let desk = Desk::new(Site::builder());
    let id_token = Arc::new(std::sync::Mutex::new(String::new()));
    let seen = id_token.clone();
    desk.site.alter("/token", move |answer| {
        *seen.lock().unwrap() = answer.body["id_token"].as_str().unwrap().to_owned();
    });
    let mut ada = desk.logged_in("ada").await;
    let token = id_token.lock().unwrap().clone();
    refused(&desk.deliver(&token).await);
    assert_eq!(desk.site.failures(), ["logout_token.no_logout_event"]);
    assert!(ada.session().await.is_some());
}

// attack: LO-22
#[tokio::test]
async fn only_a_form_that_is_posted_counts() {
    let desk = Desk::new(Site::builder().memory_sessions());
    let mut ada = desk.logged_in("ada").await;
    let token = desk.token(&[("sub", "ada")]);
    for form in [
        String::new(),
        format!("{{\"logout_token\":\"{token}\"}}"),
        format!("logout_token={token}&logout_token={token}"),
        "logout_token=".to_owned(),
        format!("LOGOUT_TOKEN={token}"),
        "\u{fffd}".to_owned(),
    ] {
        refused(&desk.send(&form).await);
    }
    let mut provider = desk.site.browser();
    let target = format!("/auth/backchannel-logout/op?logout_token={token}");
    let got = provider.get(&target).await;
    assert_eq!((got.status, got.header("allow")), (405, Some("POST")));
    let posted = provider.visit(Visit::new("POST", target)).await;
    assert_eq!(posted.status, 400, "a token in the query is none");
    let huge = format!("logout_token={token}&x={}", "x".repeat(5 * 1024 * 1024));
    assert_eq!(desk.send(&huge).await.status, 413);
    assert!(ada.session().await.is_some());
    accepted(&desk.deliver(&token).await);
    assert!(ada.session().await.is_none());
}

// attack: LO-23
#[tokio::test]
async fn no_cookie_and_no_origin_matter() {
    for desk in Desk::both() {
        let mut ada = desk.logged_in("ada").await;
        let mut grace = desk.logged_in("grace").await;
        let form = format!("logout_token={}", desk.token(&[("sub", "ada")]));
        let visit = Visit::new("POST", "/auth/backchannel-logout/op")
            .with_body(form)
            .from_page("https://elsewhere.example")
            .with_header("cookie", "__Host-codegrant.session=1garbage");
        accepted(&grace.visit(visit).await);
        assert!(ada.session().await.is_none());
        assert!(grace.session().await.is_some());
    }
}

// attack: LO-21 LO-26
#[tokio::test]
async fn nobody_learns_who_is_logged_in() {
    for desk in Desk::both() {
        let _ada = desk.logged_in("ada").await;
        let known = desk.deliver(&desk.token(&[("sub", "ada")])).await;
        desk.site.wait(1);
        let gone = desk.deliver(&desk.token(&[("sub", "ada")])).await;
        desk.site.wait(1);
        let unknown = desk.deliver(&desk.token(&[("sub", "nobody")])).await;
        accepted(&known);
        assert_eq!(known.headers, unknown.headers);
        assert_eq!(known.headers, gone.headers);
        let one = desk.deliver("a.b.c").await;
        let other = desk.deliver(&desk.token(&[("aud", "another")])).await;
        refused(&one);
        assert_eq!((&one.headers, &one.body), (&other.headers, &other.body));
    }
}

#[tokio::test]
async fn nothing_is_there_where_it_is_not_registered() {
    let site = Site::new();
    for path in ["backchannel-logout", "frontchannel-logout", "session"] {
        let visit = Visit::new("POST", format!("/auth/{path}/op"));
        assert_eq!(site.browser().visit(visit).await.status, 404, "{path}");
        let target = format!("/auth/{path}/op?iss=a&sid=b");
        assert_eq!(site.browser().get(&target).await.status, 404, "{path}");
    }
    let desk = Desk::new(Site::builder());
    let nobody = Visit::new("POST", "/auth/backchannel-logout/nobody");
    assert_eq!(desk.site.browser().visit(nobody).await.status, 404);
}
