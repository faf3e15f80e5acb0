//! What is told about flows, by values.

use std::time::Duration;

use codegrant_web::{Event, LogOutReason};

use super::{Aside, FlowView, Progress};
use crate::recorder::{Flow, Seen};

const OP: &str = "https://op.example";

fn pairs(names: &[&str]) -> Vec<(String, String)> {
    let value = |name: &&str| ((*name).to_owned(), format!("{name}'s value"));
    names.iter().map(value).collect()
}

fn started() -> Event {
    Event::LoginStarted {
        provider: "op".to_owned(),
        endpoint: format!("{OP}/authorize"),
        parameters: pairs(&["response_type", "state"]),
    }
}

fn callback() -> Event {
    Event::CallbackReceived {
        provider: "op".to_owned(),
        parameters: pairs(&["code", "state"]),
    }
}

fn called(path: &str, sent: &[(&str, &str)], received: &[&str]) -> Event {
    let sent = sent.iter();
    Event::ProviderCalled {
        provider: "op".to_owned(),
        method: "GET",
        url: format!("{OP}{path}"),
        sent: sent
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        outcome: Ok(200),
        received: pairs(received),
        microseconds: 2000,
    }
}

fn metadata() -> Event {
    called("/.well-known/openid-configuration", &[], &["issuer"])
}

fn token(received: &[&str]) -> Event {
    called("/token", &[("grant_type", "authorization_code")], received)
}

fn finished() -> Event {
    Event::LoginFinished {
        provider: "op".to_owned(),
        issuer: OP.to_owned(),
        subject: "ada".to_owned(),
    }
}

fn failed(provider: Option<&str>, code: &'static str) -> Event {
    Event::Failed {
        provider: provider.map(str::to_owned),
        code,
        detail: "a is not b".to_owned(),
        cause: "the cause",
        remedy: "the remedy",
    }
}

/// Makes a flow whose events are ten milliseconds apart.
fn flow(events: impl IntoIterator<Item = Event>) -> Flow {
    let times = (100..).map(|hundredth| Duration::from_millis(hundredth * 10));
    Flow {
        id: "0123456789ab".to_owned(),
        visit: None,
        events: times
            .zip(events)
            .map(|(at, event)| Seen { at, event })
            .collect(),
    }
}

fn view(events: impl IntoIterator<Item = Event>) -> FlowView {
    FlowView::of(&flow(events), "/auth").unwrap()
}

/// Tells how far each step came, one letter each.
fn progress(view: &FlowView) -> String {
    let letter = |held: &super::Step| match held.progress {
        Progress::Done => 'd',
        Progress::Waiting => 'w',
        Progress::Failed(_) => 'f',
        Progress::Ahead => 'a',
        Progress::Unseen => 'u',
    };
    view.steps.iter().map(letter).collect()
}

#[test]
fn finished_login_has_five_steps_and_says_who_it_was() {
    let view = view([
        metadata(),
        started(),
        callback(),
        token(&["access_token", "id_token"]),
        called("/jwks", &[], &["keys"]),
        called(
            "/userinfo",
            &[("Authorization", "Bearer [9 characters]")],
            &["sub"],
        ),
        finished(),
    ]);
    assert_eq!(progress(&view), "ddddd");
    assert_eq!(view.account.unwrap().subject, "ada");
    let requests = |index: usize| -> Vec<&str> {
        let exchanges = view.steps[index].exchanges.iter();
        exchanges
            .map(|exchange| exchange.request.as_str())
            .collect()
    };
    assert_eq!(
        requests(1),
        [
            "GET /auth/login/op",
            "GET https://op.example/.well-known/openid-configuration"
        ]
    );
    assert_eq!(requests(2), ["GET https://op.example/authorize"]);
    assert_eq!(requests(3), ["to /auth/callback/op"]);
    assert_eq!(requests(4).len(), 3);
}

#[test]
fn times_begin_when_a_call_begins_and_not_when_it_is_seen() {
    let view = view([metadata(), started(), callback(), token(&[]), finished()]);
    let took: Vec<Option<u128>> = view
        .steps
        .iter()
        .map(|step| Some(step.took?.0.as_millis()))
        .collect();
    // The calls take 2 ms, and events are 10 ms apart.
    assert_eq!(took, [None, Some(12), Some(10), Some(8), Some(12)]);
    assert_eq!(view.took.unwrap().as_millis(), 42);
}

#[test]
fn login_waits_where_the_browser_is() {
    assert_eq!(progress(&view([started()])), "ddwaa");
    assert_eq!(progress(&view([started(), callback()])), "dddwa");
    assert_eq!(
        progress(&view([started(), callback(), token(&[])])),
        "ddddw"
    );
}

#[test]
fn failure_stands_at_the_step_that_it_ended() {
    let lost = failed(Some("op"), "transport.unreachable");
    let refused = failed(Some("op"), "callback.state_missing");
    assert_eq!(progress(&view([metadata(), lost.clone()])), "dfaaa");
    assert_eq!(progress(&view([started(), callback(), refused])), "dddfa");
    let ended = view([started(), callback(), token(&[]), lost]);
    assert_eq!(progress(&ended), "ddddf");
    assert_eq!(ended.failure().unwrap().remedy, "the remedy");
}

#[test]
fn callback_that_nobody_began_here_has_no_past() {
    let unknown = failed(Some("op"), "callback.transaction_unknown");
    let view = view([callback(), unknown]);
    assert_eq!(progress(&view), "uuufa");
    assert!(view.steps[1].exchanges.is_empty());
}

#[test]
fn id_token_is_spoken_of_only_where_there_is_one() {
    let with = view([started(), callback(), token(&["id_token"]), finished()]);
    let without = view([started(), callback(), token(&["access_token"]), finished()]);
    assert!(with.steps[4].checked.starts_with("The ID token is signed"));
    assert!(without.steps[4].checked.starts_with("There is no ID token"));
}

#[test]
fn callback_after_the_end_changes_nothing_but_the_count() {
    let again = failed(Some("op"), "callback.transaction_used");
    let view = view([
        started(),
        callback(),
        token(&[]),
        finished(),
        callback(),
        again,
    ]);
    assert_eq!(progress(&view), "ddddd");
    assert_eq!(view.repeated, 1);
    assert!(view.failure().is_none());
}

#[test]
fn refresh_and_log_out_are_told_beside_the_logins() {
    let refresh = called(
        "/token",
        &[("grant_type", "refresh_token")],
        &["access_token"],
    );
    let renewed = Event::TokensRefreshed {
        provider: "op".to_owned(),
    };
    let left = Event::LoggedOut {
        provider: Some("op".to_owned()),
        subject: None,
        account: None,
        reason: LogOutReason::User,
    };
    let refused = failed(None, "request.wrong_origin");
    for (events, what, calls) in [
        (vec![refresh, renewed], "The tokens were renewed", 1),
        (vec![left], "Somebody logged out", 0),
        (vec![refused], "A request was refused", 0),
    ] {
        let flow = flow(events);
        assert_eq!(FlowView::of(&flow, "/auth"), None, "{what}");
        let aside = Aside::of(&flow).unwrap();
        assert_eq!(aside.what, what);
        assert_eq!(aside.exchanges.len(), calls, "{what}");
    }
}

#[test]
fn metadata_shows_only_what_is_told_in_full() {
    let mut lookup = metadata();
    if let Event::ProviderCalled { received, .. } = &mut lookup {
        received.push(("claims_supported".to_owned(), "[130 characters]".to_owned()));
    }
    let view = view([lookup, started()]);
    let names: Vec<&str> = view.steps[1].exchanges[1]
        .received
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["issuer", "…"]);
}
