//! Access tokens that are never stale, of two processes that share a store: one refreshes, both know.

use std::time::Duration;

use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_testkit::site::Browser;
use codegrant_testkit::{Fault, Site};
use tokio::task::JoinSet;

use crate::fresh::token;
use crate::nodes::{KINDS, Kind};
use crate::refresh::refreshes;
use crate::settled;

/// A user with a window at each of two processes, an hour later: the access token has expired.
async fn an_hour_later(kind: Kind) -> ([Site; 2], [Browser; 2], String) {
    let [first, second] = kind.nodes();
    let mut here = first.browser();
    here.log_in("op", "ada").await;
    let old = token(&mut here).await.body;
    first.wait(3600);
    let there = here.clone().at(&second);
    ([first, second], [here, there], old)
}

fn sent(nodes: &[Site; 2]) -> [usize; 2] {
    nodes.each_ref().map(refreshes)
}

// attack: RF-01
#[tokio::test(start_paused = true)]
async fn fifty_requests_at_two_processes_make_one_token_request() {
    for kind in KINDS {
        let (nodes, windows, old) = an_hour_later(kind).await;
        let mut asking = JoinSet::new();
        for number in 0..50 {
            let mut window = windows[number % 2].clone();
            asking.spawn(async move { token(&mut window).await });
        }
        let replies = asking.join_all().await;
        assert!(replies.iter().all(|reply| reply.status == 200), "{kind:?}");
        assert!(replies.iter().all(|reply| reply.body == replies[0].body));
        assert_ne!(replies[0].body, old);
        assert_eq!(sent(&nodes).iter().sum::<usize>(), 1, "{kind:?}");
        // And so it goes on, whichever process is asked.
        for turn in 0..6 {
            nodes[0].wait(3600);
            let mut window = windows[turn % 2].clone();
            assert_eq!(token(&mut window).await.status, 200, "{kind:?}");
        }
        assert_eq!(sent(&nodes).iter().sum::<usize>(), 7, "one for each expiry");
        assert!(nodes.iter().all(|site| site.failures().is_empty()));
    }
}

#[tokio::test]
async fn while_one_process_refreshes_the_other_uses_what_is_good_still() {
    for kind in KINDS {
        let [first, second] = kind.nodes();
        let mut here = first.browser();
        here.log_in("op", "ada").await;
        let old = token(&mut here).await.body;
        first.wait(3550);
        let mut there = here.clone().at(&second);
        let held = first.hold("/token");
        let (renewed, ()) = tokio::join!(token(&mut here), async {
            held.reached().await;
            assert_eq!(token(&mut there).await.body, old, "{kind:?}");
            held.release();
        });
        assert_ne!(renewed.body, old);
        assert_eq!(token(&mut there).await.body, renewed.body);
        assert_eq!(sent(&[first, second]), [1, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_waits_longer_than_people_do_says_when_to_come_back() {
    for kind in KINDS {
        let (nodes, [mut here, mut there], _) = an_hour_later(kind).await;
        let held = nodes[0].hold("/token");
        let ((), reply) = tokio::join!(
            async {
                let reply = token(&mut here).await;
                assert_eq!(reply.status, 200);
            },
            async {
                held.reached().await;
                // The holder says that it lives, as the time passes.
                for _ in 0..10 {
                    nodes[0].wait(3);
                    tokio::time::sleep(Duration::from_secs(3)).await;
                }
                let reply = token(&mut there).await;
                held.release();
                reply
            }
        );
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (503, Some("1"))
        );
        assert_eq!(
            nodes[1].failures(),
            ["session.refresh_under_way"],
            "{kind:?}"
        );
        assert_eq!(sent(&nodes), [1, 0]);
        assert_eq!(token(&mut there).await.status, 200);
    }
}

// attack: RF-02
#[tokio::test]
async fn a_failure_is_remembered_by_all_processes() {
    for kind in KINDS {
        let (nodes, [mut here, mut there], _) = an_hour_later(kind).await;
        nodes[0].provider("op").inject(Fault::Down);
        assert_eq!(token(&mut here).await.status, 503);
        let reply = token(&mut there).await;
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (503, Some("5"))
        );
        assert_eq!(nodes[1].failures(), ["session.refresh_failed"], "{kind:?}");
        assert_eq!(sent(&nodes), [1, 0]);
        nodes[0].behave();
        nodes[0].wait(5);
        assert_eq!(token(&mut there).await.status, 200);
        assert_eq!(sent(&nodes), [1, 1]);
    }
}

// attack: RF-02
#[tokio::test(start_paused = true)]
async fn a_token_whose_sender_fell_silent_is_sent_by_nobody_else() {
    for kind in KINDS {
        let (nodes, [mut here, mut there], _) = an_hour_later(kind).await;
        let held = nodes[0].hold("/token");
        let mut asleep = here.clone();
        let asking = tokio::spawn(async move { token(&mut asleep).await });
        held.reached().await;
        // The clock goes on and the process does not.
        nodes[0].wait(11);
        let reply = token(&mut there).await;
        assert_eq!(reply.status, 401, "a login is the way on");
        assert_eq!(
            nodes[1].failures(),
            ["session.refresh_in_doubt"],
            "{kind:?}"
        );
        assert_eq!(there.get("/orders").await.status, 200, "the session stays");
        nodes[0].wait(30);
        assert_eq!(token(&mut there).await.status, 401, "not even later");
        assert_eq!(sent(&nodes), [1, 0]);
        // It was asleep, and not dead: what it brings is there for all.
        held.release();
        assert_eq!(asking.await.unwrap().status, 200);
        for window in [&mut here, &mut there] {
            assert_eq!(token(window).await.status, 200);
        }
        assert_eq!(sent(&nodes), [1, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_the_provider_leaves_as_it_is_is_sent_again_when_its_sender_fell_silent() {
    for kind in KINDS {
        let [first, second] = kind.nodes();
        first.provider("op").inject(Fault::RefreshNoNewToken);
        let mut here = first.browser();
        here.log_in("op", "ada").await;
        first.wait(3600);
        assert_eq!(token(&mut here).await.status, 200);
        first.wait(3600);
        let mut there = here.clone().at(&second);
        let held = first.hold("/token");
        let mut asleep = here.clone();
        let asking = tokio::spawn(async move { token(&mut asleep).await });
        held.reached().await;
        first.wait(11);
        assert_eq!(token(&mut there).await.status, 200, "{kind:?}");
        held.release();
        assert_eq!(asking.await.unwrap().status, 200);
        assert_eq!(sent(&[first, second]), [2, 1]);
    }
}

// attack: RF-12
#[tokio::test]
async fn a_refresh_that_a_log_out_elsewhere_overtakes_brings_nothing_back() {
    for kind in KINDS {
        let (nodes, [mut here, mut there], _) = an_hour_later(kind).await;
        let held = nodes[0].hold("/token");
        let (reply, ()) = tokio::join!(token(&mut here), async {
            held.reached().await;
            there.log_out().await;
            held.release();
        });
        assert_eq!(reply.status, 401, "{kind:?}");
        settled().await;
        let back = |site: &Site| site.calls("/revoke");
        assert_eq!(
            nodes.each_ref().map(back),
            [1, 1],
            "the new one here, the old one there"
        );
        kind.reach(&nodes[0]);
        for window in [&mut here, &mut there] {
            assert_eq!(window.subject().await, None, "{kind:?}");
        }
    }
}

// attack: RF-12
#[tokio::test]
async fn a_log_out_gives_back_the_newest_refresh_token_whoever_fetched_it() {
    for kind in KINDS {
        let (nodes, [mut here, mut there], _) = an_hour_later(kind).await;
        let given = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let keep = given.clone();
        nodes[0].alter("/token", move |answer| {
            let token = answer.body["refresh_token"].as_str().unwrap_or_default();
            token.clone_into(&mut keep.lock().unwrap());
        });
        assert_eq!(token(&mut here).await.status, 200);
        there.log_out().await;
        settled().await;
        let sent = nodes[1].sent();
        let revoked = sent
            .iter()
            .find(|request: &&HttpRequest| request.url.ends_with("/revoke"));
        let body = String::from_utf8_lossy(&revoked.unwrap().body).into_owned();
        let newest = codegrant_core::form::encode(&given.lock().unwrap());
        assert!(body.contains(&*newest), "{kind:?}");
    }
}

// attack: RF-02
#[tokio::test]
async fn a_refusal_is_believed_only_after_a_second_look_and_then_by_all() {
    for kind in KINDS {
        let (nodes, [mut here, mut there], _) = an_hour_later(kind).await;
        nodes[0].provider("op").inject(Fault::RefreshInvalidGrant);
        assert_eq!(token(&mut here).await.status, 401);
        assert_eq!(token(&mut there).await.status, 401);
        assert_eq!(sent(&nodes), [1, 0], "{kind:?}: it is not sent again");
        assert_eq!(nodes[1].failures(), ["session.no_refresh_token"]);
        assert_eq!(there.get("/orders").await.status, 200);
    }
}

// attack: RF-05 RF-06
#[tokio::test]
async fn tokens_of_somebody_else_end_the_session_at_all_processes() {
    for kind in KINDS {
        let (nodes, [mut here, mut there], _) = an_hour_later(kind).await;
        nodes[0].provider("op").inject(Fault::RefreshWrongSub);
        assert_eq!(token(&mut here).await.status, 401);
        kind.reach(&nodes[0]);
        for window in [&mut here, &mut there] {
            assert_eq!(window.subject().await, None, "{kind:?}");
        }
        assert_eq!(sent(&nodes), [1, 0]);
    }
}

#[tokio::test]
async fn a_process_that_began_with_the_cookie_alone_finds_what_another_fetched() {
    let (nodes, [mut here, there], _) = an_hour_later(Kind::Sealed).await;
    let renewed = token(&mut here).await.body;
    // Longer than a result is told: the tokens beside the cookie are the truth.
    nodes[0].wait(120);
    assert_eq!(token(&mut there.clone()).await.body, renewed);
    nodes[0].wait(3600);
    assert_eq!(token(&mut there.clone()).await.status, 200);
    assert_eq!(sent(&nodes), [1, 1]);
    assert!(nodes.iter().all(|site| site.failures().is_empty()));
    // The cookie follows where a response can set it.
    let mut window = there;
    window.post("/auth/refresh", &[]).await;
    let session = window.session().await.unwrap();
    let newest = token(&mut here).await.body;
    assert_eq!(session.access_token().secret(), &newest);
}

// attack: RF-03
#[tokio::test]
async fn a_provider_that_answers_without_tokens_costs_no_session() {
    for kind in KINDS {
        let (nodes, [mut here, mut there], _) = an_hour_later(kind).await;
        nodes[0].script(|request| {
            let asked = request.url.ends_with("/token");
            asked.then(|| Ok(HttpResponse::new(200)))
        });
        assert_eq!(token(&mut here).await.status, 503, "{kind:?}");
        assert_eq!(there.get("/orders").await.status, 200);
        nodes[0].wait(5);
        assert_eq!(token(&mut there).await.status, 200);
    }
}

/// Brings about one of the errors that a process tells of a refresh which is another's.
pub(crate) async fn told_elsewhere(code: &str) -> &'static str {
    let (nodes, [mut here, mut there], _) = an_hour_later(Kind::Stored).await;
    if code == "session.refresh_failed" {
        nodes[0].provider("op").inject(Fault::Down);
        token(&mut here).await;
        token(&mut there).await;
    } else {
        let held = nodes[0].hold("/token");
        let asking = tokio::spawn(async move { token(&mut here).await });
        held.reached().await;
        if code == "session.refresh_in_doubt" {
            nodes[0].wait(11);
        }
        tokio::time::pause();
        token(&mut there).await;
        tokio::time::resume();
        held.release();
        assert_eq!(asking.await.unwrap().status, 200);
    }
    nodes[1].failures().pop().unwrap_or("nothing was told")
}
