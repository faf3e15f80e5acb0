//! Clauses 22 to 26, and 28: whole logins.

use super::super::ask::Ask;
use super::super::stage::{LOGGED_IN, SESSION, Sessions, Setup, Stage, kept, mask_runs};
use super::{Adapter, Broken};

/// Clause 22: the endpoints stand below `Auth::base`, and nowhere else.
///
/// # Errors
///
/// The first answer that differs from web's, or anything of ours below `/auth`.
pub fn another_base_path_works(adapter: &Adapter) -> Result<(), Broken> {
    let base = "/account/sign-in_2";
    let setup = Setup {
        base,
        sessions: Sessions::Sealed,
    };
    let stage = Stage::start(adapter, setup)?;
    for rest in [
        "",
        "login",
        "login/op?return_to=%2Fa",
        "logout",
        "logged-out",
        "nothing/at/all",
    ] {
        stage.compare(&Ask::open(format!("{base}/{rest}")))?;
    }
    stage.compare(&Ask::submit(format!("{base}/logout"), "return_to=%2Fa"))?;
    stage.compare_refusal(&Ask::open("/?a=b"))?;
    for target in [
        "/auth/login",
        "/auth/login/op",
        "/account/login",
        "/sign-in_2/login",
    ] {
        stage.expect_nothing_of_ours(&Ask::open(target))?;
    }
    let pending = stage.begin("op")?;
    let answer = stage.compare(&pending.callback(base))?;
    let page = Ask::open("/").with_cookies(&kept(&answer.headers));
    stage.expect_page(&page, "Hello, Jane Doe!")
}

/// Clause 23: a whole login and log-out work, with the calls that web makes, once each.
///
/// # Errors
///
/// The first answer or call that differs from web's.
pub fn a_whole_login_works(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    let asked = stage.compare_refusal(&Ask::open("/files/a?b=c"))?;
    let to_login = asked.first("location").unwrap_or_default().to_owned();
    stage.compare(&Ask::open(to_login))?;
    let pending = stage.begin("op")?;
    let callback = pending.callback("/auth");
    let answer = stage.compare(&callback)?;
    let session = kept(&answer.headers);
    let page = Ask::open("/").with_cookies(&session);
    stage.expect_page(&page, "Hello, Jane Doe!")?;
    // The same callback once more: no error, and no call.
    stage.compare(&callback.with_cookies(&session))?;
    let refresh = Ask::submit("/auth/refresh", "return_to=%2Fa").with_cookies(&session);
    stage.compare(&refresh)?;
    let denied = stage.begin("op")?;
    let target = format!(
        "/auth/callback/op?error=access_denied&state={}",
        denied.state
    );
    stage.compare(&Ask::open(target).with_cookies(&denied.cookies))?;
    let answer = stage.compare(&Ask::submit("/auth/logout", "").with_cookies(&session))?;
    stage.compare_refusal(&Ask::open("/").with_cookies(&kept(&answer.headers)))?;

    let masked =
        |calls: Vec<String>| -> Vec<String> { calls.iter().map(|call| mask_runs(call)).collect() };
    let (made, expected) = (
        masked(stage.app.provider.calls()),
        masked(stage.twin.provider.calls()),
    );
    if made != expected {
        return Err(Broken::new(format!(
            "the provider was called {} times where web calls it {} times, or otherwise:\n{made:#?}",
            made.len(),
            expected.len()
        )));
    }
    Ok(())
}

/// Clause 24: sessions in a store begin and end through the app.
///
/// # Errors
///
/// A login that does not hold, or one that outlives its log-out.
pub fn sessions_in_a_store_work(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::stored(adapter)?;
    let pending = stage.begin("op")?;
    let callback = pending.callback("/auth");
    let session = kept(&stage.ask(&callback)?.headers);
    let page = Ask::open("/").with_cookies(&session);
    stage.expect_page(&page, "Hello, Jane Doe!")?;
    let again = stage.ask(&callback)?;
    if again.status < 400 || !kept(&again.headers).is_empty() {
        let text = format!("status {} for a callback that was copied", again.status);
        return Err(Broken::new(text).at(&callback));
    }
    let elsewhere = Ask::submit("/auth/logout", "")
        .without("origin")
        .with("origin", "https://evil.example")
        .with_cookies(&session);
    stage.ask(&elsewhere)?;
    stage.expect_page(&page, "Hello, Jane Doe!")?;
    let out = Ask::submit("/auth/logout", "").with_cookies(&session);
    let answer = stage.ask(&out)?;
    if answer.status != 303 {
        let text = format!("status {} for a log-out", answer.status);
        return Err(Broken::new(text).at(&out));
    }
    // The cookie is sent again all the same, as by whoever copied it.
    stage.compare_refusal(&page)?;
    Ok(())
}

/// Clause 25: a posted callback works (OAuth 2.0 Form Post Response Mode).
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn posted_callbacks_work(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    let pending = stage.begin("posting")?;
    let form = format!("code=a%2Bcode&state={}", pending.state);
    // From the provider's site it comes without our cookie, and is posted again from our own page.
    let post = |form: &str| Ask::submit("/auth/callback/posting", form).without("origin");
    let foreign = post(&form).with("origin", "https://op.example");
    stage.compare(&foreign)?;
    stage.compare(&foreign.in_chunks())?;
    let again = post(&format!("{form}&codegrant_reposted=1")).with_cookies(&pending.cookies);
    let answer = stage.compare(&again)?;
    let page = Ask::open("/").with_cookies(&kept(&answer.headers));
    stage.expect_page(&page, "Hello, Jane Doe!")
}

/// Clause 26: a provider that takes its time holds up nobody else.
///
/// # Errors
///
/// Other requests are not answered while one login waits for its provider.
pub fn a_slow_provider_holds_nobody_up(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    let session = stage.log_in()?;
    let pending = stage.begin("op")?;
    let callback = pending.callback("/auth");
    let held = stage.app.provider.hold();
    let mut waiting = stage.connect()?;
    waiting.send(&callback.bytes());
    if !held.reached() {
        return Err(Broken::new("the provider is not called").at(&callback));
    }
    let others = || {
        for _ in 0..8 {
            stage.expect_page(&Ask::open("/plain"), "plain")?;
            stage.expect_page(&Ask::open("/").with_cookies(&session), "Hello, Jane Doe!")?;
            stage.compare(&Ask::open("/auth/login"))?;
            stage.compare(&Ask::open("/auth/login/op"))?;
        }
        Ok::<(), Broken>(())
    };
    let outcome = others();
    drop(held);
    outcome?;
    let answer = waiting
        .receive("GET")
        .map_err(|broken| broken.at(&callback))?;
    if answer.status != 303 {
        let text = format!("status {} after the provider answered", answer.status);
        return Err(Broken::new(text).at(&callback));
    }
    Ok(())
}

/// Clause 28: a login that ends well comes with its response, once.
///
/// An app that keeps its own users takes it there ([`Response::login`](codegrant_web::Response)), and opens
/// its own session: with a login too many somebody is logged in who is not, with one too few nobody is.
///
/// # Errors
///
/// A response whose login is missing, is another's, or should not be there.
pub fn a_finished_login_is_handed_on(adapter: &Adapter) -> Result<(), Broken> {
    let handed_over = Setup {
        sessions: Sessions::HandedOver,
        ..Setup::default()
    };
    for setup in [Setup::default(), handed_over] {
        let stage = Stage::start(adapter, setup)?;
        let pending = stage.begin("op")?;
        let callback = pending.callback("/auth");
        let answer = stage.compare(&callback)?;
        if answer.first(LOGGED_IN) != Some("7") {
            return Err(Broken::new("no login came with its response").at(&callback));
        }
        let session = kept(&answer.headers);
        let opened = session.iter().any(|cookie| cookie.starts_with(SESSION));
        if opened == (setup.sessions == Sessions::HandedOver) {
            return Err(Broken::new("a session of ours is open, or is not").at(&callback));
        }
        // The same callback once more, and everything else, ends no login.
        for ask in [
            callback.with_cookies(&session),
            Ask::open("/auth/login").with_cookies(&session),
            Ask::submit("/auth/refresh", "").with_cookies(&session),
            Ask::open("/auth/callback/op?error=access_denied&state=s"),
        ] {
            let answer = stage.compare(&ask)?;
            if answer.first(LOGGED_IN).is_some() {
                return Err(Broken::new("a login came that has not ended here").at(&ask));
            }
        }
        let page = Ask::open("/maybe").with_cookies(&session);
        if stage.ask(&page)?.first(LOGGED_IN).is_some() {
            return Err(Broken::new("a login came with a page").at(&page));
        }
    }
    Ok(())
}
