//! The page that shows a login step by step.

use std::fmt::Write as _;

use codegrant_web::Auth;
use codegrant_web::pages::Escaped;

use super::document::{Frame, Place, table};
use crate::flow::{Exchange, Failure, FlowView, Progress, Step};
use crate::moment::{clock_time, duration, timestamp};
use crate::tour::Answer;

/// Shows one login, and links to the others that are remembered.
pub(crate) fn flow(
    frame: &Frame<'_>,
    auth: &Auth,
    shown: Option<&FlowView>,
    all: &[FlowView],
) -> Answer {
    let mut main = String::from(
        "<div class=\"hero\"><h1>A login, step by step</h1>\n\
         <p class=\"lead\">What went between your browser, this app and the provider. Codes, tokens and everything \
         else that is secret or personal are replaced by their length.</p></div>\n",
    );
    match shown {
        None => {
            let base = Escaped(frame.base);
            let written = write!(
                main,
                "<section class=\"card\" id=\"no-flow\">\n<h2>Nothing to show yet</h2>\n\
                 <p>Nobody has logged in since this app was started.</p>\n<div class=\"actions row\">\
                 <a class=\"button primary\" href=\"{base}/login?return_to=/flow\">Log in and come back here</a></div>\n</section>\n"
            );
            written.expect("writing to a string does not fail");
        }
        Some(view) => {
            main.push_str(&summary(auth, view));
            main.push_str("<ol class=\"steps\">\n");
            for (index, held) in view.steps.iter().enumerate() {
                main.push_str(&step(index, held));
            }
            main.push_str("</ol>\n");
            if view.repeated > 0 {
                main.push_str(
                    "<p class=\"note\">Afterwards the browser sent the same callback again (a double click, a reload \
                     or the back button). The code was not sent a second time.</p>\n",
                );
            }
            main.push_str(&others(view, all));
        }
    }
    main.push_str(
        "<p class=\"note\">Because this is a demo on your own machine, the page shows the last login of anybody, and \
         also what only an operator should read: the name, the cause and the remedy of an error. It remembers 20 \
         flows, in memory.</p>\n",
    );
    frame.page(200, Place::Flow, "A login, step by step", &main)
}

fn summary(auth: &Auth, view: &FlowView) -> String {
    let provider = auth.providers().find(|held| held.id == view.provider);
    let name = provider.map_or(view.provider.as_str(), |provider| provider.name.as_ref());
    let (kind, word, text) = match (view.failure(), &view.account) {
        (Some(failure), _) => (
            "bad",
            "ended early",
            format!("<code>{}</code>", failure.code),
        ),
        (None, Some(account)) => (
            "good",
            "logged in",
            format!("as <code>{}</code>", Escaped(&account.subject)),
        ),
        (None, None) => (
            "warn",
            "under way",
            "waiting for the browser to come back".to_owned(),
        ),
    };
    let took = view.took.map_or_else(String::new, |took| {
        format!(", {} from click to end", duration(took))
    });
    format!(
        "<section class=\"card summary\" id=\"summary\" data-outcome=\"{word}\">\n\
         <h2><span class=\"badge {kind}\">{word}</span> with <bdi>{}</bdi> {text}</h2>\n\
         <p class=\"quiet\">{} UTC{took}. Reference <code id=\"reference\">{}</code></p>\n</section>\n",
        Escaped(name),
        clock_time(timestamp(view.began)),
        Escaped(&view.id),
    )
}

fn step(index: usize, step: &Step) -> String {
    let (state, word) = match &step.progress {
        Progress::Done => ("done", ""),
        Progress::Waiting => ("waiting", "waiting"),
        Progress::Failed(_) => ("failed", "ended here"),
        Progress::Ahead => ("ahead", "not reached"),
    };
    let word = if word.is_empty() {
        String::new()
    } else {
        format!(" <span class=\"badge\">{word}</span>")
    };
    let took = step.took.map_or_else(String::new, |(took, on)| {
        format!(
            "<span class=\"took\">{} <span>{on}</span></span>",
            duration(took)
        )
    });
    let exchanges: String = step.exchanges.iter().map(exchange).collect();
    let end = match &step.progress {
        Progress::Failed(failure) => failed(failure),
        Progress::Done => format!(
            "<p class=\"checked\"><strong>Checked.</strong> {}</p>\n",
            step.checked
        ),
        Progress::Waiting | Progress::Ahead => {
            format!(
                "<p class=\"checked\"><strong>To be checked.</strong> {}</p>\n",
                step.checked
            )
        }
    };
    format!(
        "<li class=\"step {state}\" data-step=\"{number}\" data-state=\"{state}\">\n\
         <div class=\"number\" aria-hidden=\"true\">{number}</div>\n<div class=\"card\">\n\
         <div class=\"line\"><h2>{title}{word}</h2>{took}</div>\n<p class=\"between\">{between}</p>\n{exchanges}{end}</div>\n</li>\n",
        number = index + 1,
        title = step.title,
        between = step.between,
    )
}

fn exchange(exchange: &Exchange) -> String {
    let took = exchange.took.map_or_else(String::new, |took| {
        format!("<span class=\"took\">{}</span>", duration(took))
    });
    let answer = exchange
        .answer
        .as_deref()
        .map_or_else(String::new, |answer| {
            let kind = match answer.bytes().next() {
                Some(b'2' | b'3') => "good",
                _ => "bad",
            };
            format!("<p class=\"answer {kind}\">→ {}</p>\n", Escaped(answer))
        });
    format!(
        "<div class=\"exchange\">\n<div class=\"line\"><h3>{}</h3>{took}</div>\n\
         <p class=\"request\"><code>{}</code></p>\n{}{answer}{}</div>\n",
        exchange.purpose,
        Escaped(&exchange.request),
        pairs("Sent", &exchange.sent),
        pairs("Received", &exchange.received),
    )
}

fn pairs(caption: &str, held: &[(String, String)]) -> String {
    if held.is_empty() {
        return String::new();
    }
    let rows: Vec<(&str, &str)> = held
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    table(caption, &rows)
}

fn failed(failure: &Failure) -> String {
    format!(
        "<div class=\"failure\" id=\"failure\">\n<p><strong><code>{}</code></strong></p>\n<dl>\n\
         <dt>What</dt><dd>{}</dd>\n<dt>Cause</dt><dd>{}</dd>\n<dt>Remedy</dt><dd>{}</dd>\n</dl>\n</div>\n",
        Escaped(failure.code),
        Escaped(&failure.detail),
        Escaped(failure.cause),
        Escaped(failure.remedy),
    )
}

fn others(shown: &FlowView, all: &[FlowView]) -> String {
    let links: String = all
        .iter()
        .filter(|view| view.id != shown.id)
        .map(|view| {
            let outcome = match (view.failure(), &view.account) {
                (Some(failure), _) => failure.code.to_owned(),
                (None, Some(_)) => "logged in".to_owned(),
                (None, None) => "under way".to_owned(),
            };
            format!(
                "<li><a href=\"/flow/{id}\">{at} UTC</a> {provider}: {outcome}</li>\n",
                id = Escaped(&view.id),
                at = clock_time(timestamp(view.began)),
                provider = Escaped(&view.provider),
                outcome = Escaped(&outcome),
            )
        })
        .collect();
    if links.is_empty() {
        return String::new();
    }
    format!("<section>\n<h2>Earlier logins</h2>\n<ul class=\"plain\">\n{links}</ul>\n</section>\n")
}
