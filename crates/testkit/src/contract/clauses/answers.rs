//! Clauses 1 to 5: what web answers arrives as it was made.

use super::super::ask::Ask;
use super::super::stage::{COOKIES, Stage, kept, same};
use super::super::wire::Connection;
use super::{Adapter, Broken};

/// Clause 1: status, headers and body arrive as web made them.
///
/// Asks every endpoint in every ordinary way. The login page is longer than any buffer on the way and not
/// ASCII.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn answers_arrive_as_made(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    for target in [
        "/auth/login",
        "/auth/login?return_to=%2Fa%3Fb%3D1",
        "/auth/login/op",
        "/auth/login/posting?return_to=%2Fa",
        "/auth/login/nobody",
        "/auth/logout",
        "/auth/logout?return_to=%2Fa",
        "/auth/logged-out",
        "/auth/callback/op",
        "/auth/callback/op?error=access_denied&state=unknown",
        "/auth/callback/nobody?code=c",
        "/auth/nothing",
    ] {
        stage.compare(&Ask::open(target))?;
    }
    for ask in [
        Ask::submit("/auth/logout", "return_to=%2Fa"),
        Ask::submit("/auth/logout", ""),
        Ask::submit("/auth/logout", "return_to=%2Fa").without("origin"),
        Ask::submit("/auth/refresh", "return_to=%2Fa"),
        Ask::submit("/auth/callback/posting", "code=c&state=s"),
    ] {
        stage.compare(&ask)?;
    }
    Ok(())
}

/// Clause 2: several `Set-Cookie` stay several, in order.
///
/// They cannot be joined by commas, unlike other headers (RFC 6265 section 3).
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn set_cookies_stay_apart(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    // Too many logins on the way: the oldest are dropped.
    let old = (10..30).map(|at| format!("{COOKIES}login.{at}=old"));
    let cookies: Vec<String> = old.collect();
    let answer = stage.compare(&Ask::open("/auth/login/op").with_cookies(&cookies))?;
    let dropped = answer.all("set-cookie").count() - 1;
    if dropped < 10 {
        return Err(Broken::new(format!("{dropped} old logins are dropped")));
    }
    // A session that needs several cookies, and a transaction that ends.
    let large = "t".repeat(5000);
    stage.app.provider.set_access_token(large.clone());
    stage.twin.provider.set_access_token(large);
    let pending = stage.begin("op")?;
    let answer = stage.compare(&pending.callback("/auth"))?;
    let session = kept(&answer.headers);
    if session.len() < 2 {
        return Err(Broken::new(format!("{} cookies are kept", session.len())));
    }
    let submitted = Ask::submit("/auth/logout", "").with_cookies(&session);
    stage.compare(&submitted)?;
    Ok(())
}

/// Clause 3: one connection carries several requests, also sent ahead of the answers.
///
/// RFC 9112 sections 9.3 and 9.3.2.
///
/// # Errors
///
/// The first answer that is missing, in the wrong place, or differs from web's.
pub fn connections_carry_on(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    let asks = [
        Ask::open("/auth/logged-out"),
        Ask::open("/auth/login"),
        Ask::new("DELETE", "/auth/login"),
        Ask::submit("/auth/logout", "return_to=%2Fa"),
        Ask::new("HEAD", "/auth/login"),
        Ask::submit("/auth/logout", "return_to=%2Fb").in_chunks(),
        Ask::open("/auth/nothing"),
        Ask::open("/auth/logout"),
    ];
    let receive = |connection: &mut Connection, ask: &Ask| -> Result<(), Broken> {
        let answer = connection.receive(&ask.method);
        let answer = answer.map_err(|broken| broken.at(ask))?;
        same(ask, &stage.handled(ask), &answer)
    };
    let mut connection = stage.connect()?;
    for ask in &asks {
        connection.send(&ask.bytes());
        receive(&mut connection, ask)?;
    }
    let mut connection = stage.connect()?;
    let ahead: Vec<u8> = asks.iter().flat_map(Ask::bytes).collect();
    connection.send(&ahead);
    for ask in &asks {
        receive(&mut connection, ask)?;
    }
    Ok(())
}

/// The endpoints, each with a method that is not theirs.
const ENDPOINTS: [(&str, &str); 8] = [
    ("/auth/login", "POST"),
    ("/auth/login/op", "POST"),
    ("/auth/callback/op?code=c&state=s", "POST"),
    ("/auth/callback/posting?code=c&state=s", "GET"),
    ("/auth/logout", "PUT"),
    ("/auth/logged-out", "POST"),
    ("/auth/refresh", "GET"),
    ("/auth/nothing", "POST"),
];

/// Clause 4: every method reaches web, which answers 405 with `Allow`.
///
/// `HEAD` is not turned into `GET`, and `OPTIONS` is not answered by the framework: a login that begins
/// must be one that somebody asked for.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn methods_reach_web(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    for (target, wrong) in ENDPOINTS {
        for method in [wrong, "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"] {
            let ask = Ask::new(method, target).with("accept", "text/html");
            stage.compare(&ask)?;
        }
    }
    Ok(())
}

/// Clause 5: methods that nobody has heard of are no exception.
///
/// Methods are case-sensitive (RFC 9110 section 9.1), so that `get` is one of them. Where the framework
/// refuses them by itself, nothing of ours may come back.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn unknown_methods_reach_web(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    for (target, _) in ENDPOINTS {
        for method in ["BREW", "PROPFIND", "get", "GETTING"] {
            let ask = Ask::new(method, target).with("accept", "text/html");
            if !adapter.refuses_unknown_methods {
                stage.compare(&ask)?;
                continue;
            }
            let answer = stage.ask(&ask)?;
            let refused = matches!(answer.status, 400 | 404 | 405 | 501);
            if !refused || answer.first("set-cookie").is_some() {
                let text = format!("status {} is no refusal", answer.status);
                return Err(Broken::new(text).at(&ask));
            }
        }
    }
    Ok(())
}
