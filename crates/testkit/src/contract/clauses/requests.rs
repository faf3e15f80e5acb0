//! Clauses 6 to 11: web decides about the request that was sent, and no other.

use super::super::ask::Ask;
use super::super::stage::Stage;
use super::{Adapter, Broken};

/// Clause 6: the path is taken as it stands in the request line.
///
/// Not decoded, not tidied, not folded to one case: a second spelling of an endpoint is no endpoint. What
/// does not begin with the base path and a slash, to the letter, is not web's, whatever a router makes of
/// it.
///
/// # Errors
///
/// The first answer that differs from web's, or anything of ours outside the base path.
pub fn paths_are_taken_as_written(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    for target in [
        "/auth/",
        "/auth//",
        "/auth/login/",
        "/auth//login",
        "/auth/login//op",
        "/auth/LOGIN",
        "/auth/login/OP",
        "/auth/login/op/",
        "/auth/login/op/more",
        "/auth/callback",
        "/auth/callback/op/?code=c&state=s",
        "/auth/callback/op//?code=c&state=s",
        "/auth/callback/%6fp?code=c&state=s",
        "/auth/callback/op%2F?code=c&state=s",
        "/auth/%6cogin",
        "/auth/login%2Fop",
        "/auth/login%3Freturn_to=%2Fa",
        "/auth/login%00",
        "/auth/login/op%20",
        "/auth/login;a=1",
        "/auth/login.html",
        "/auth/./login",
        "/auth/%2e/login",
        "/auth/../auth/login",
        "/auth/%2e%2e/auth/login",
        "/auth/login+op",
        "/auth/a/b/c/d/e/f/g/h",
    ] {
        stage.compare(&Ask::open(target))?;
    }
    for target in [
        "/auth",
        "//auth/login",
        "/AUTH/login",
        "/Auth/login",
        "/authentic/login",
        "/%61uth/login",
        "/auth%2Flogin",
        "/./auth/login",
        "/a/../auth/login",
        "/plain/../auth/login",
    ] {
        stage.expect_nothing_of_ours(&Ask::open(target))?;
    }
    Ok(())
}

/// Clause 7: the query is taken as it stands in the request line.
///
/// Empty, repeated and doubtful parameters are web's to judge: a framework that decodes or picks one of
/// them has judged already.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn queries_are_taken_as_written(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    for query in [
        "",
        "return_to",
        "return_to=",
        "return_to=%2Fa",
        "return_to=/a",
        "return_to=/a?b=c",
        "return_to=%2Fa%3Fb%3Dc%26d",
        "return_to=/a%26b",
        "return_to=/a+b",
        "return_to=/a%2Bb",
        "return_to=/a%20b",
        "return_to=/a%2520b",
        "return_to=/%C3%A4",
        "return_to=/%E4",
        "return_to=/a%",
        "return_to=/a%zz",
        "return_to=/a&return_to=/b",
        "return_to=/a&return_to=/a",
        "return_to=/a&",
        "&&return_to=/a&&",
        "return%5Fto=/a",
        "return_to[]=/a",
        "RETURN_TO=/a",
        "other=1;return_to=/a",
        "return_to=/a;b=c",
        "return_to=//evil.example",
        "return_to=https%3A%2F%2Fevil.example",
    ] {
        // These pages show what web made of it.
        stage.compare(&Ask::open(format!("/auth/login?{query}")))?;
        stage.compare(&Ask::open(format!("/auth/logout?{query}")))?;
        stage.compare(&Ask::open(format!("/auth/login/op?{query}")))?;
    }
    for query in [
        "code=c&code=d&state=s",
        "code=c&state=s&state=t",
        "code=&state=",
        "error=access_denied&error_description=%3Cscript%3E&state=s",
        "code=c&state=s&iss=https%3A%2F%2Fop.example",
    ] {
        stage.compare(&Ask::open(format!("/auth/callback/op?{query}")))?;
    }
    Ok(())
}

/// Clause 8: every header that web reads arrives, all values of it.
///
/// Each of them turns one answer into another.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn deciding_headers_arrive(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    let page = || Ask::new("GET", "/");
    for ask in [
        page(),
        page().with("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
        page().with("accept", "application/json"),
        page()
            .with("accept", "application/json")
            .with("accept", "text/html"),
        page().with("sec-fetch-mode", "navigate"),
        page()
            .with("sec-fetch-mode", "cors")
            .with("accept", "text/html"),
        page().with("accept", ""),
    ] {
        stage.compare_refusal(&ask)?;
    }
    let login = || Ask::open("/auth/login/op");
    for ask in [
        login(),
        login()
            .with("sec-fetch-mode", "navigate")
            .with("sec-fetch-dest", "document"),
        login().with("sec-fetch-mode", "no-cors"),
        login()
            .with("sec-fetch-mode", "navigate")
            .with("sec-fetch-dest", "iframe"),
        login().with("sec-purpose", "prefetch;prerender"),
        login().with("purpose", "prefetch"),
        login().with("sec-fetch-dest", "image"),
    ] {
        stage.compare(&ask)?;
    }
    let submit = || Ask::submit("/auth/logout", "return_to=%2Fa");
    let nowhere = || submit().without("origin");
    for ask in [
        submit(),
        nowhere(),
        nowhere().with("origin", "https://evil.example"),
        nowhere().with("origin", "null"),
        nowhere()
            .with("origin", "null")
            .with("sec-fetch-site", "same-origin"),
        nowhere().with("sec-fetch-site", "same-origin"),
        submit().with("sec-fetch-site", "cross-site"),
        submit().with("sec-fetch-site", "same-site"),
    ] {
        stage.compare(&ask)?;
    }
    Ok(())
}

/// Clause 9: cookies split over several fields are all read.
///
/// HTTP/2 may split them (RFC 9113 section 8.2.3), and what joins them again may be missing.
///
/// # Errors
///
/// A user who is not recognised, or a login that does not end.
pub fn cookies_of_all_fields_are_read(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    stage.twin.provider.set_access_token("t".repeat(5000));
    let session = stage.log_in()?;
    if session.len() < 2 {
        return Err(Broken::new("a large session is in one cookie"));
    }
    for reversed in [false, true] {
        let mut fields = session.clone();
        fields.insert(0, "theme=dark; lang=de".to_owned());
        fields.push("last=1".to_owned());
        if reversed {
            fields.reverse();
        }
        let ask = fields.iter().fold(Ask::open("/"), |ask, field| {
            ask.with("cookie", field.as_str())
        });
        stage.expect_page(&ask, "Hello, Jane Doe!")?;
    }
    let pending = stage.begin("op")?;
    let callback = pending.callback("/auth").without("cookie");
    let callback = callback.with("cookie", "theme=dark");
    let callback = pending
        .cookies
        .iter()
        .fold(callback, |ask, cookie| ask.with("cookie", cookie.as_str()));
    let answer = stage.ask(&callback)?;
    if answer.status != 303 {
        let text = format!("status {} at the end of a login", answer.status);
        return Err(Broken::new(text).at(&callback));
    }
    Ok(())
}

/// Clause 10: bytes that are not UTF-8 are replaced and break nothing.
///
/// A header may hold them (obs-text, RFC 9110 section 5.5), and old cookies of other apps do. They share one
/// field with ours: whoever drops the field logs the user out. Where the framework itself is the one, the
/// adapter says [`Adapter::dropping_foreign_fields`], and only bytes in fields of their own are sent.
///
/// # Errors
///
/// An answer that differs from the one without those bytes, or none.
pub fn foreign_bytes_do_no_harm(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    let session = stage.log_in()?;
    let foreign = || {
        Ask::open("/")
            .with("cookie", &b"name=J\xf6rg"[..])
            .with("x-name", &b"\xff\xfe"[..])
            .with("referer", "http://localhost:3000/ä".as_bytes())
    };
    stage.expect_page(&foreign().with_cookies(&session), "Hello, Jane Doe!")?;
    stage.compare_refusal(&foreign())?;
    let mut others = vec!["name=Jörg ✓".as_bytes()];
    if !adapter.drops_foreign_fields {
        others.extend([&b"name=J\xf6rg"[..], b"\xff", b"a=\xc3"]);
    }
    for other in others {
        let field = [other, b"; ", session.join("; ").as_bytes()].concat();
        let ask = Ask::open("/").with("cookie", field);
        stage.expect_page(&ask, "Hello, Jane Doe!")?;
    }
    let foreign = |ask: Ask| {
        ask.with("accept", &b"\xff"[..])
            .with("origin", &b"\xe9"[..])
    };
    stage.compare_refusal(&foreign(Ask::new("GET", "/")))?;
    stage.compare(&foreign(Ask::new("POST", "/auth/logout")))?;
    // A target that is not ASCII is no target (RFC 9112 section 3.2): a refusal, by whomever, and no more.
    for target in [
        "/auth/login/ö",
        "/auth/login/op?return_to=/ö",
        "/auth/callback/op?code=ö&state=s",
    ] {
        let ask = Ask::open(target);
        let answer = stage.ask(&ask)?;
        if answer.status >= 500 {
            let text = format!("status {}", answer.status);
            return Err(Broken::new(text).at(&ask));
        }
    }
    Ok(())
}

/// Clause 11: neither `Host` nor a target in absolute form changes an answer.
///
/// Where browsers reach the app is configured; what a request says of it is up to its sender.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn the_host_changes_nothing(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    for target in [
        "/auth/login/op?return_to=%2Fa",
        "/auth/login",
        "/auth/nothing",
    ] {
        stage.compare(&Ask::open(target).with("host", "evil.example"))?;
        stage.compare(
            &Ask::open(target)
                .with("host", "evil.example:1")
                .with("x-forwarded-host", "a"),
        )?;
        let forwarded = Ask::open(target)
            .with("x-forwarded-host", "evil.example")
            .with("x-forwarded-proto", "https")
            .with("x-forwarded-prefix", "/evil")
            .with("x-http-method-override", "DELETE")
            .with("x-original-url", "/auth/logout")
            .with("forwarded", "host=evil.example;proto=https");
        stage.compare(&forwarded)?;
        let absolute = format!("http://evil.example{target}");
        stage.compare(&Ask::open(absolute).with("host", "evil.example"))?;
    }
    let absolute = Ask::open("http://evil.example/files/a?b=c").with("host", "evil.example");
    stage.compare_refusal(&absolute)?;
    Ok(())
}
