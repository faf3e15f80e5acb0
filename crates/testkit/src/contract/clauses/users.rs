//! Clauses 16 to 21: `User` and `Option<User>` in a handler's arguments.

use super::super::ask::Ask;
use super::super::stage::{COOKIES, Stage, same};
use super::{Adapter, Broken};

/// The pages that need a login.
const PROTECTED: [&str; 4] = ["/", "/files/a", "/files/a/b?c=d", "/nested/page"];

/// Clause 16: `User` and `Option<User>` are whoever is logged in with this very request.
///
/// Nothing is remembered from one request to the next, on the same connection neither.
///
/// # Errors
///
/// A page that greets somebody else, or nobody.
pub fn users_are_greeted(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    let jane = stage.log_in()?;
    stage.twin.provider.set_user("Jörg ✓ <b>");
    let other = stage.log_in()?;
    let mut connection = stage.connect()?;
    for (cookies, name) in [
        (&jane, "Jane Doe"),
        (&other, "Jörg ✓ <b>"),
        (&jane, "Jane Doe"),
    ] {
        let text = format!("Hello, {name}!");
        for target in PROTECTED.into_iter().chain(["/maybe"]) {
            let ask = Ask::open(target).with_cookies(cookies);
            stage.expect_page(&ask, &text)?;
            stage.expect_page(&Ask::new("GET", target).with_cookies(cookies), &text)?;
            connection.send(&ask.bytes());
            let answer = connection
                .receive("GET")
                .map_err(|broken| broken.at(&ask))?;
            if answer.body != text.as_bytes() {
                let text = format!("somebody else than {name} is greeted");
                return Err(Broken::new(text).at(&ask));
            }
        }
        stage.expect_page(&Ask::submit("/", "a=b").with_cookies(cookies), &text)?;
        // The next one on the same connection brings no cookie.
        let ask = Ask::open("/");
        connection.send(&ask.bytes());
        let answer = connection
            .receive("GET")
            .map_err(|broken| broken.at(&ask))?;
        if answer.status == 200 {
            return Err(Broken::new("the last user is greeted again").at(&ask));
        }
    }
    Ok(())
}

/// Clause 17: without a login `User` answers web's challenge and the handler does not run.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn nobody_is_asked_to_log_in(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    let session = stage.log_in()?;
    let name = format!("{COOKIES}session");
    let forged = [
        format!("{name}="),
        format!("{name}=1forged"),
        format!("{name}=9{}", "A".repeat(100)),
        format!("other{name}={}", session.concat()),
        session.concat().replace("session=1", "session=1A"),
        session.concat().to_ascii_lowercase(),
    ];
    for target in PROTECTED {
        stage.compare_refusal(&Ask::open(target))?;
        stage.compare_refusal(&Ask::new("GET", target))?;
        stage.compare_refusal(&Ask::new("GET", target).with("sec-fetch-mode", "cors"))?;
        for cookie in &forged {
            stage.compare_refusal(&Ask::open(target).with("cookie", cookie.as_str()))?;
        }
    }
    stage.compare_refusal(&Ask::submit("/", "a=b"))?;
    stage.compare_refusal(&Ask::submit("/", "a=b").without("accept"))?;
    stage.wait(24 * 3600);
    stage.compare_refusal(&Ask::open("/").with_cookies(&session))?;
    Ok(())
}

/// Clause 18: the challenge leads back to the page as it was asked for.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn return_to_is_the_page_as_written(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    for target in [
        "/?",
        "/?a=b",
        "/?a=b&a=c&&d",
        "/?return_to=%2Fx",
        "/?q=a%20b%26c+d",
        "/files/a%2Fb?c=%2F",
        "/files/a%20b",
        "/files/a+b",
        "/files/%C3%A4?%C3%A4=%E4",
        "/files/A/b;c=d/e,f",
        "/files/a%3Fb%23c",
        "/nested/page",
        "/nested/page?a=b%26c",
    ] {
        stage.compare_refusal(&Ask::open(target))?;
        stage.compare_refusal(&Ask::new("GET", target))?;
    }
    Ok(())
}

/// Clause 19: `Option<User>` lets everybody in.
///
/// # Errors
///
/// A page that is not shown.
pub fn an_optional_user_lets_everybody_in(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    let session = stage.log_in()?;
    let page = || Ask::open("/maybe?a=b");
    stage.expect_page(&page(), "Hello, stranger!")?;
    stage.expect_page(&Ask::new("GET", "/maybe"), "Hello, stranger!")?;
    let forged = format!("{COOKIES}session=1forged");
    stage.expect_page(&page().with("cookie", forged), "Hello, stranger!")?;
    stage.expect_page(&page().with_cookies(&session), "Hello, Jane Doe!")?;
    stage.wait(24 * 3600);
    stage.expect_page(&page().with_cookies(&session), "Hello, stranger!")
}

/// Clause 20: a handler without `User` asks no store.
///
/// # Errors
///
/// A public page that is not shown, or whose request was looked up.
pub fn public_pages_ask_nobody(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::stored(adapter)?;
    let session = stage.log_in()?;
    let before = stage.app.store.asked();
    let page = Ask::open("/plain").with_cookies(&session);
    stage.expect_page(&page, "plain")?;
    stage.expect_page(&Ask::new("GET", "/plain"), "plain")?;
    if stage.app.store.asked() != before {
        return Err(Broken::new("the session store was asked").at(&page));
    }
    stage.app.store.switch_off();
    stage.expect_page(&page, "plain")
}

/// Clause 21: a store that is down is 503, for `Option<User>` as well.
///
/// Nobody is logged out by it, and nobody counts as a stranger.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn a_store_that_is_down_is_no_log_out(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::stored(adapter)?;
    let session = stage.log_in()?;
    let page = |target: &str| Ask::open(target).with_cookies(&session);
    stage.expect_page(&page("/"), "Hello, Jane Doe!")?;
    stage.app.store.switch_off();
    for target in PROTECTED {
        let answer = stage.compare_refusal(&page(target))?;
        if answer.status != 503 {
            return Err(Broken::new("web itself does not say 503").at(&page(target)));
        }
    }
    // What web says to a page that needs a login, it says to one that does not insist.
    let expected = stage.challenged(&page("/maybe"));
    let expected =
        expected.ok_or_else(|| Broken::new("web finds a user in a store that is down"))?;
    same(&page("/maybe"), &expected, &stage.ask(&page("/maybe"))?)?;
    // Without a session there is nothing to look up.
    stage.expect_page(&Ask::open("/maybe"), "Hello, stranger!")?;
    stage.app.store.switch_on();
    stage.expect_page(&page("/"), "Hello, Jane Doe!")?;
    stage.expect_page(&page("/maybe"), "Hello, Jane Doe!")
}
