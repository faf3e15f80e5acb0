//! What our pages hold and what they keep to themselves.

use codegrant_testkit::{Fault, Site};
use codegrant_web::Event;

use crate::{both_kinds, provider_failed};

// attack: LK-04
#[tokio::test]
async fn the_browser_gets_a_reference_and_the_log_the_cause() {
    for site in both_kinds() {
        site.provider("op").inject(Fault::DiscoveryOtherIssuer);
        let reply = site.browser().get("/auth/login/op").await;
        provider_failed(&reply);
        let (correlation_id, event) = site.events().pop().unwrap();
        let Event::Failed { detail, .. } = event else {
            panic!("the failure is the last event");
        };
        assert!(
            reply
                .body
                .contains(&format!("<code>{correlation_id}</code>"))
        );
        assert!(detail.contains("issuer"));
        for word in ["issuer", "discovery", "mismatch", "localhost", "op."] {
            assert!(!reply.body.contains(word), "{word}");
        }
        assert_eq!(reply.location(), None);
    }
}

#[tokio::test]
async fn all_events_of_a_login_carry_one_reference() {
    let site = Site::new();
    let mut browser = site.browser();
    let mut callback = browser.begin_and_sign_in("op", "ada").await;
    callback.parameters.set("iss", "https://evil.example");
    let reply = browser.bring(&callback).await;
    let events = site.events();
    let of_login: Vec<&String> = events
        .iter()
        .filter(|(_, event)| !matches!(event, Event::ProviderCalled { .. }))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(of_login.len(), 3, "started, received, failed");
    assert!(of_login.iter().all(|id| *id == of_login[0]));
    assert!(reply.body.contains(of_login[0]));
    assert!(
        !callback.state().contains(of_login[0]),
        "it tells nothing of the state"
    );
}

// attack: LK-16
#[tokio::test]
async fn no_claim_reaches_a_header() {
    for site in both_kinds() {
        site.alter("/userinfo", |answer| {
            answer.set("email", "ada@example.test\r\nSet-Cookie: a=b");
            answer.set("name", "Ada\r\nLocation: https://evil.example/");
            answer.set("preferred_username", "x-marks-the-header");
        });
        let mut browser = site.browser();
        let mut replies = vec![browser.log_in("op", "ada").await];
        replies.push(browser.get("/auth/logout").await);
        replies.push(browser.log_out().await);
        for reply in replies {
            for (name, value) in &reply.headers {
                for part in ["evil", "a=b", "x-marks"] {
                    assert!(!value.contains(part), "{name}");
                }
            }
        }
    }
}

// attack: LK-18
#[tokio::test]
async fn whatever_is_posted_again_is_posted_as_it_was() {
    let site = Site::builder().form_post().build();
    let mut browser = site.browser();
    let hostile = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;";
    let mut callback = browser.begin_and_sign_in("op", "ada").await;
    callback.parameters.set("code", hostile);
    callback
        .parameters
        .append("x\"><script>y</script>", hostile);
    let page = browser.bring_once(&callback).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.body.matches("<script>").count(), 1, "our own");
    assert!(!page.body.contains("<img") && !page.body.contains("alert(1)</script>\""));
    let (_, fields) = page.form().unwrap();
    assert!(fields.contains(&("code".to_owned(), hostile.to_owned())));
    assert!(fields.contains(&("x\"><script>y</script>".to_owned(), hostile.to_owned())));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe-inline"));
}
