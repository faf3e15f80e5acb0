//! Clause 30: pages that want more than a login.

use codegrant_web::{Require, Rule};

use super::super::ask::Ask;
use super::super::stage::{Stage, mask_runs, same};
use super::super::wire::Answer;
use super::{Adapter, Broken};

/// What `/recent` wants: a sign-in of the last five minutes.
#[derive(Debug, Clone, Copy)]
pub struct Recent;

impl Rule for Recent {
    fn require() -> Require {
        Require::new().signed_in_within(300)
    }
}

/// What `/admin` wants: a role that nobody has.
#[derive(Debug, Clone, Copy)]
pub struct Admin;

impl Rule for Admin {
    fn require() -> Require {
        Require::new().role("admin")
    }
}

/// Clause 30: what a page wants beyond a login is web's to judge and to answer.
///
/// An adapter that does not say [`Adapter::guarding_pages`] keeps this clause unasked.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn pages_that_want_more_are_answered_alike(adapter: &Adapter) -> Result<(), Broken> {
    if !adapter.guards_pages {
        return Ok(());
    }
    let stage = Stage::usual(adapter)?;
    let session = stage.log_in()?;
    for ask in asks() {
        stage.compare_guarded(&ask)?;
    }
    for target in ["/recent?to=b%20c", "/fresh/page?a=b%26c", "/perhaps"] {
        stage.expect_page(
            &Ask::open(target).with_cookies(&session),
            "Hello, Jane Doe!",
        )?;
    }
    let form = Ask::submit("/recent", "a=b").with_cookies(&session);
    stage.expect_page(&form, "Hello, Jane Doe!")?;
    stage.expect_page(&Ask::open("/perhaps"), "Hello, stranger!")?;
    for late in [false, true] {
        if late {
            stage.wait(301);
            let perhaps = Ask::open("/perhaps").with_cookies(&session);
            stage.expect_page(&perhaps, "Hello, stranger!")?;
        }
        for ask in asks() {
            let ask = ask.with_cookies(&session);
            if late || ask.target.starts_with("/admin") {
                let answer = stage.compare_guarded(&ask)?;
                if answer.status == 200 {
                    return Err(Broken::new("web itself lets them in").at(&ask));
                }
            }
        }
    }
    stored(adapter)
}

/// A store that is down is 503, for an `Option` as well.
fn stored(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::stored(adapter)?;
    let session = stage.log_in()?;
    stage.app.store.switch_off();
    for target in ["/recent", "/admin", "/fresh/page", "/perhaps"] {
        let ask = Ask::open(target).with_cookies(&session);
        let answer = stage.compare_guarded(&ask)?;
        if answer.status != 503 {
            return Err(Broken::new("web itself does not say 503").at(&ask));
        }
    }
    stage.app.store.switch_on();
    let perhaps = Ask::open("/perhaps").with_cookies(&session);
    stage.expect_page(&perhaps, "Hello, Jane Doe!")
}

/// Persons and scripts at each of the pages; forms, with and without the page that they come from.
fn asks() -> Vec<Ask> {
    let targets = ["/recent?to=b%20c", "/admin?a=b", "/fresh/page?a=b%26c"];
    let persons = targets.into_iter().map(Ask::open);
    let scripts = targets.into_iter().map(|target| Ask::new("GET", target));
    let form = || Ask::submit("/recent", "a=b");
    let forms = [
        form(),
        form().with("referer", "http://localhost:3000/files/a?b=c%20d"),
        form().with("referer", "http://evil.example/files/a"),
        form().without("accept"),
    ];
    persons.chain(scripts).chain(forms).collect()
}

impl Stage {
    /// Asks the app for a guarded page, and compares the refusal with web's.
    fn compare_guarded(&self, ask: &Ask) -> Result<Answer, Broken> {
        let require = match ask.target.split('?').next() {
            Some("/admin") => Admin::require(),
            _ => Recent::require(),
        };
        let mut answer = self.ask(ask)?;
        let Some(mut expected) = self.not_admitted(ask, &require) else {
            return Err(Broken::new("web would show the page").at(ask));
        };
        // The way to another sign-in is sealed anew each time.
        let hidden = |body: &[u8]| mask_runs(&String::from_utf8_lossy(body)).into_bytes();
        expected.body = hidden(&expected.body);
        answer.body = hidden(&answer.body);
        same(ask, &expected, &answer)?;
        Ok(answer)
    }
}
