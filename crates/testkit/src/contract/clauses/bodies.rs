//! Clauses 12 to 15: bodies, whole, long and broken.

use codegrant_web::BODY_LIMIT;

use super::super::ask::Ask;
use super::super::stage::{Stage, same};
use super::{Adapter, Broken};

/// Returns a form of exactly so many bytes whose last parameter decides the answer.
fn form(length: usize) -> Vec<u8> {
    let end = "&return_to=%2Fthe%2Fend";
    let mut form = format!("pad={}", "p".repeat(length - "pad=".len() - end.len()));
    form.push_str(end);
    form.into_bytes()
}

/// Clause 12: a body up to the limit arrives whole, whatever its type says.
///
/// Web reads the bytes: a framework that parses, decompresses or checks the type has judged already.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn bodies_arrive_whole(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    for length in [100, 4096, 20_000, BODY_LIMIT - 1, BODY_LIMIT] {
        stage.compare(&Ask::submit("/auth/logout", form(length)))?;
    }
    let plain = || Ask::submit("/auth/logout", "return_to=%2Fa").without("content-type");
    for ask in [
        plain(),
        plain().with("content-type", "text/plain"),
        plain().with("content-type", "application/json"),
        plain().with("content-type", "multipart/form-data; boundary=b"),
        plain().with("content-type", "no type at all"),
        plain().with("content-encoding", "gzip"),
    ] {
        stage.compare(&ask)?;
    }
    for body in [
        &b""[..],
        b"return_to",
        b"return_to=%2Fa&return_to=%2Fb",
        b"return_to=%2Fa\r\n",
        b"return_to=/\xff",
        b"\0",
        b"{\"return_to\":\"/a\"}",
    ] {
        stage.compare(&Ask::submit("/auth/logout", body))?;
    }
    // A body where none is expected changes nothing.
    stage.compare(&Ask::open("/auth/logged-out").with_body("a=b"))?;
    stage.compare(&Ask::open("/auth/login").with_body("return_to=%2Fa"))?;
    Ok(())
}

/// Clause 13: a body in chunks is a body.
///
/// RFC 9112 section 7.1: there is no `Content-Length` then.
///
/// # Errors
///
/// The first answer that differs from web's.
pub fn chunked_bodies_are_bodies(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    for length in [100, 4096, BODY_LIMIT] {
        stage.compare(&Ask::submit("/auth/logout", form(length)).in_chunks())?;
    }
    stage.compare(&Ask::submit("/auth/logout", "").in_chunks())?;
    Ok(())
}

/// Clause 14: a body over the limit is 413, without waiting for its end.
///
/// # Errors
///
/// The first answer that differs from web's, or none.
pub fn long_bodies_are_refused(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::usual(adapter)?;
    for target in ["/auth/logout", "/auth/refresh", "/auth/callback/posting"] {
        let ask = Ask::submit(target, form(BODY_LIMIT + 1));
        stage.compare(&ask)?;
        stage.compare(&ask.in_chunks())?;
    }
    // One that never ends: the answer has to come before it.
    let ask = Ask::submit("/auth/logout", form(BODY_LIMIT + 1));
    let mut connection = stage.connect()?;
    connection.send(&ask.head(Some(1 << 30)));
    if !connection.send_until_answered(64 << 20)? {
        return Err(Broken::new("64 MiB are read without an answer").at(&ask));
    }
    let answer = connection.receive("POST");
    let answer = answer.map_err(|broken| broken.at(&ask))?;
    same(&ask, &stage.handled(&ask), &answer)
}

/// Clause 15: a body that breaks off does nothing.
///
/// Half a form is not a form. The connection is gone, so that it does not matter what is answered.
///
/// # Errors
///
/// A log-out that half a form brought about.
pub fn broken_bodies_do_nothing(adapter: &Adapter) -> Result<(), Broken> {
    let stage = Stage::stored(adapter)?;
    let session = stage.log_in()?;
    let whole = Ask::submit("/auth/logout", "return_to=%2Fa").with_cookies(&session);
    for chunked in [false, true] {
        let ask = if chunked {
            whole.clone().in_chunks()
        } else {
            whole.clone()
        };
        let mut connection = stage.connect()?;
        connection.send(&ask.head(Some(1000)));
        let begun = if chunked {
            &b"e\r\nreturn_to=%2Fa\r\n"[..]
        } else {
            &ask.body
        };
        connection.send(begun);
        connection.finish_sending();
        // Whatever comes: the request is over then.
        if let Ok(answer) = connection.receive("POST")
            && answer.status < 400
        {
            let text = format!("status {} for a body that broke off", answer.status);
            return Err(Broken::new(text).at(&ask));
        }
        let page = Ask::open("/").with_cookies(&session);
        stage.expect_page(&page, "Hello, Jane Doe!")?;
    }
    Ok(())
}
