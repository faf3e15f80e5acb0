//! The page that shows a login step by step.

use codegrant_web::pages::Escaped;

use super::document::{Frame, Place, table};
use crate::flow::{Aside, Exchange, Failure, FlowView, Progress, Step};
use crate::moment::{clock_time, duration, timestamp};
use crate::tour::Answer;

/// What the page shows.
pub(crate) struct FlowPage {
    /// The login in full.
    pub(crate) shown: Option<FlowView>,
    /// The logins to choose from, the latest first.
    pub(crate) listed: Vec<FlowView>,
    /// What else happened, the latest first.
    pub(crate) asides: Vec<Aside>,
    /// Whether everybody sees everything.
    pub(crate) on_loopback: bool,
}

/// Shows one login in full, and links to the others that are remembered.
pub(crate) fn flow(frame: &Frame<'_>, page: &FlowPage) -> Answer {
    let content = match &page.shown {
        None => format!(
            "<section class=\"card\" id=\"no-flow\">\n<h2>Nothing to show yet</h2>\n\
             <p>{} logged in since this app was started.</p>\n<div class=\"actions\">\
             <a class=\"button primary\" href=\"{}/login?return_to=/flow\">Log in and come back here</a></div>\n</section>\n",
            if page.on_loopback {
                "Nobody has"
            } else {
                "You have not"
            },
            frame.base()
        ),
        Some(view) => login(frame, view),
    };
    let others = others(frame, page);
    let who_sees = if page.on_loopback {
        "This is a demo on your own machine, so the page shows the last login of anybody, and also what only an \
         operator should read: the name, the cause and the remedy of an error."
    } else {
        "You see your own logins. A failed one is found by the reference of its error page, at \
         <code>/flow/{reference}</code>, with what only an operator should read: this is a demo."
    };
    let main = format!(
        "<div class=\"hero\"><h1>A login, step by step</h1>\n\
         <p class=\"lead\">What went between the browser, this app and the provider. Codes, tokens and everything \
         personal are replaced by their length.</p></div>\n{content}{others}\
         <p class=\"note\">{who_sees} The last 20 flows are remembered, in memory.</p>\n"
    );
    frame.page(200, Place::Flow, "A login, step by step", &main)
}

fn login(frame: &Frame<'_>, view: &FlowView) -> String {
    let steps: String = (1..)
        .zip(&view.steps)
        .map(|(number, held)| step(number, held))
        .collect();
    let session = view.account.as_ref().map_or_else(String::new, |account| {
        format!(
            "<p class=\"note\" id=\"account\">The session belongs to account <code>{}</code> at <code>{}</code>.</p>\n",
            Escaped(&account.subject),
            Escaped(&account.issuer)
        )
    });
    let repeated = if view.repeated > 0 {
        "<p class=\"note\" id=\"repeated\">Afterwards the browser sent the same callback again: a double click, a reload \
         or the back button. The code was not sent to the provider a second time.</p>\n"
    } else {
        ""
    };
    format!(
        "{}<ol class=\"steps\">\n{steps}</ol>\n{session}{repeated}",
        summary(frame, view)
    )
}

fn summary(frame: &Frame<'_>, view: &FlowView) -> String {
    let name = frame.provider_name(&view.provider);
    let (kind, word, heading) = match (view.failure(), &view.account) {
        (Some(failure), _) => (
            "bad",
            "ended early",
            format!(
                "Login with <bdi>{name}</bdi>: <code>{}</code>",
                Escaped(failure.code)
            ),
        ),
        (None, Some(account)) => (
            "good",
            "logged in",
            format!(
                "<code>{}</code> with <bdi>{name}</bdi>",
                Escaped(&account.subject)
            ),
        ),
        (None, None) => ("warn", "under way", format!("Login with <bdi>{name}</bdi>")),
    };
    let took = view
        .took
        .map_or_else(String::new, |took| format!("{} in all, ", duration(took)));
    let strip: String = (1..)
        .zip(&view.steps)
        .map(|(number, step)| cell(number, step))
        .collect();
    format!(
        "<section class=\"card\" id=\"summary\" data-outcome=\"{word}\">\n\
         <div class=\"line\"><h2>{heading}</h2><span class=\"badge {kind}\">{word}</span></div>\n\
         <p class=\"quiet\">{took}at {} UTC, reference <code id=\"reference\">{}</code></p>\n\
         <ol class=\"strip\">\n{strip}</ol>\n</section>\n",
        clock_time(timestamp(view.began)),
        Escaped(&view.id),
    )
}

fn cell(number: usize, step: &Step) -> String {
    let state = state(step);
    let took = match (&step.progress, step.took) {
        (Progress::Failed(_), _) => "ended here".to_owned(),
        (Progress::Waiting, _) => "waiting".to_owned(),
        (Progress::Ahead, _) => "not reached".to_owned(),
        (Progress::Unseen, _) => "not seen".to_owned(),
        (Progress::Done, Some((took, _))) => duration(took),
        (Progress::Done, None) => "done".to_owned(),
    };
    format!(
        "<li class=\"{state}\"><a href=\"#step-{number}\"><span class=\"number\" aria-hidden=\"true\">{number}</span>\
         <span>{}</span></a><span class=\"took\">{took}</span></li>\n",
        step.short,
    )
}

const fn state(step: &Step) -> &'static str {
    match step.progress {
        Progress::Done => "done",
        Progress::Waiting => "waiting",
        Progress::Failed(_) => "failed",
        Progress::Ahead => "ahead",
        Progress::Unseen => "unseen",
    }
}

fn step(number: usize, step: &Step) -> String {
    let state = state(step);
    let took = step.took.map_or_else(String::new, |(took, on)| {
        format!(
            "<span class=\"took\">{} <span>{on}</span></span>",
            duration(took)
        )
    });
    let exchanges: String = step.exchanges.iter().map(exchange).collect();
    let checked = step.checked;
    let end = match &step.progress {
        Progress::Unseen => "<p class=\"checked\">This app did not see it. Either nobody began this login here, or the app \
                             was restarted since.</p>\n"
            .to_owned(),
        Progress::Failed(failure) => failed(failure),
        Progress::Done => format!("<p class=\"checked\"><strong>Checked.</strong> {checked}</p>\n"),
        Progress::Waiting | Progress::Ahead => {
            format!("<p class=\"checked\"><strong>To be checked.</strong> {checked}</p>\n")
        }
    };
    format!(
        "<li class=\"step {state}\" id=\"step-{number}\" data-step=\"{number}\" data-state=\"{state}\">\n\
         <div class=\"number\" aria-hidden=\"true\">{number}</div>\n<div class=\"card\">\n\
         <div class=\"line\"><h2>{title}</h2>{took}</div>\n<p class=\"between\">{between}</p>\n{exchanges}{end}</div>\n</li>\n",
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
        "<div class=\"failure\">\n<p><strong><code>{}</code></strong></p>\n<dl>\n\
         <dt>What</dt><dd>{}</dd>\n<dt>Cause</dt><dd>{}</dd>\n<dt>Remedy</dt><dd>{}</dd>\n</dl>\n</div>\n",
        Escaped(failure.code),
        Escaped(&failure.detail),
        Escaped(failure.cause),
        Escaped(failure.remedy),
    )
}

fn others(frame: &Frame<'_>, page: &FlowPage) -> String {
    let shown = page.shown.as_ref().map(|view| view.id.as_str());
    let logins: String = page
        .listed
        .iter()
        .filter(|view| Some(view.id.as_str()) != shown)
        .map(|view| listed(frame, view))
        .collect();
    let asides: String = page.asides.iter().map(aside).collect();
    let section = |title: &str, content: &str| {
        if content.is_empty() {
            return String::new();
        }
        format!("<section>\n<h2>{title}</h2>\n{content}</section>\n")
    };
    let logins = if logins.is_empty() {
        logins
    } else {
        format!("<ul class=\"plain\">\n{logins}</ul>\n")
    };
    section("Other logins", &logins) + &section("What else happened", &asides)
}

fn listed(frame: &Frame<'_>, view: &FlowView) -> String {
    let outcome = match (view.failure(), &view.account) {
        (Some(failure), _) => format!("ended early, <code>{}</code>", Escaped(failure.code)),
        (None, Some(account)) => format!("<code>{}</code> logged in", Escaped(&account.subject)),
        (None, None) => "under way".to_owned(),
    };
    format!(
        "<li><a href=\"/flow/{id}\">{at} UTC</a> with {provider}: {outcome}</li>\n",
        id = Escaped(&view.id),
        at = clock_time(timestamp(view.began)),
        provider = frame.provider_name(&view.provider),
    )
}

fn aside(aside: &Aside) -> String {
    let exchanges: String = aside.exchanges.iter().map(exchange).collect();
    let failure = aside.failure.as_ref().map_or_else(String::new, failed);
    format!(
        "<details class=\"card\"><summary>{what} <span class=\"quiet\">at {at} UTC</span></summary>\n{exchanges}{failure}\
         <p class=\"note\">Reference <code>{id}</code></p>\n</details>\n",
        what = aside.what,
        at = clock_time(timestamp(aside.at)),
        id = Escaped(&aside.id),
    )
}
