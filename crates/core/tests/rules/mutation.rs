//! Valid inputs of every parser, broken at random: nothing panics, and nothing false comes out.
//!
//! The generator is seeded, so that a failure is found again.

use codegrant_core::error::Error;
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::{Jws, KeySet, json};
use codegrant_core::provider::Provider;
use codegrant_core::{AuthorizationResponse, Client, Login, PublicOrigin, ReturnTo};
use codegrant_testkit::World;
use codegrant_testkit::world::{PendingLogin, Script, drive};

/// Xorshift64 (Marsaglia 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }
}

/// What breaks parsers: separators, escapes, numbers at the edge, names that mean something.
const FRAGMENTS: &[&str] = &[
    "",
    "\0",
    "\n",
    "\r\n",
    "\t",
    " ",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{202e}",
    "\u{1f511}",
    "%",
    "%00",
    "%2f",
    "%5c",
    "%c3",
    "%zz",
    "+",
    "&",
    "=",
    ";",
    "&&",
    "?",
    "#",
    "/",
    "//",
    "\\\\",
    "..",
    "@",
    ":",
    "[",
    "]",
    "{",
    "}",
    "[[[[",
    "{}",
    "null",
    "true",
    "0",
    "-0",
    "-1",
    "1e300",
    "1e-300",
    "18446744073709551616",
    "9223372036854775807",
    "-9223372036854775808",
    "1.5",
    ".",
    "..",
    "=",
    "code=x",
    "&state=",
    "\"sub\":",
    "\"alg\":",
    "\"none\"",
    "\"keys\":[",
    ",",
    ",,",
    "eyJ",
    "AAAA",
    "-_",
    "localhost",
    "[::1]",
    "https://",
    "javascript:",
    "\"$serde_json::private::Number\":\"1\"",
];

/// Breaks bytes in one to four places.
fn broken(valid: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        let until = (at + random.below(8)).min(bytes.len());
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 => drop(bytes.drain(at..until)),
            2 => {
                let copied = bytes[at..until].to_vec();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, copied);
            }
            3 => bytes.truncate(at),
            4 => bytes.insert(at, random.next().to_le_bytes()[0]),
            _ => {
                let fragment = FRAGMENTS[random.below(FRAGMENTS.len())].bytes();
                bytes.splice(at..until, fragment);
            }
        }
    }
    bytes
}

/// Tries `count` broken forms of each valid one.
fn tried(seed: u64, count: usize, valid: &[String], mut parse: impl FnMut(&[u8])) {
    let mut random = Random(seed);
    for text in valid {
        parse(text.as_bytes());
        for _ in 0..count {
            parse(&broken(text.as_bytes(), &mut random));
        }
    }
}

/// Text parsers are only ever handed text.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A login in flight with what an honest provider would answer, to be finished many times.
fn flight() -> (World, PendingLogin, String, String) {
    let mut world = World::openid_signed_with(codegrant_core::jose::Algorithm::EdDsa);
    let pending = world.start();
    let mut token = String::new();
    let mut userinfo = String::new();
    let outcome = world.finish(pending.clone(), |script| {
        let signed = script.signed_id_token();
        script.token.set("id_token", signed);
        token = script.token.body.to_string();
        userinfo = script.userinfo.body.to_string();
    });
    assert_eq!(outcome.code(), None);
    (world, pending, token, userinfo)
}

/// Whatever an answer was broken into: it proves the same user, or it is an error with a code.
fn judged(result: &Result<Login, Error>) {
    match result {
        Ok(login) => assert_eq!(login.identity.key(), ("https://op.example", "248289761001")),
        Err(error) => {
            let shown = format!("{error} {error:?} {}", error.code());
            assert!(
                shown.len() < 16 * 1024 && !shown.contains("client-secret"),
                "{shown}"
            );
        }
    }
}

// attack: DO-08
#[test]
fn no_broken_callback_makes_the_parser_panic() {
    let valid = owned(&[
        "code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj&iss=https%3A%2F%2Fop.example",
        "error=access_denied&error_description=The+user%20said+no&state=af0ifjsldkj",
        "state=x&id_token=a.b.c&access_token=d&response=e",
    ]);
    tried(1, 40_000, &valid, |bytes| {
        if let Ok(response) = AuthorizationResponse::parse(&text(bytes)) {
            let _ = format!("{response:?} {:?}", response.state());
        }
    });
}

// attack: DO-08
#[test]
fn no_broken_callback_logs_in_with_another_state() {
    let (world, pending, ..) = flight();
    let state = pending.parameter("state");
    let query = format!("code=code-1&state={state}&iss=https%3A%2F%2Fop.example");
    tried(2, 2_000, &[query], |bytes| {
        let query = text(bytes);
        let parsed = AuthorizationResponse::parse(&query);
        let right = parsed.is_ok_and(|response| response.state() == Some(&state));
        let outcome = world.finish(pending.clone(), |script: &mut Script| {
            script.callback.replace(query);
        });
        judged(&outcome.result);
        assert!(right || outcome.result.is_err());
    });
}

// attack: DO-08
#[test]
fn no_broken_token_answer_makes_a_login_panic_or_name_somebody_else() {
    let (world, pending, token, _) = flight();
    tried(3, 2_000, &[token], |bytes| {
        let outcome = world.finish(pending.clone(), |script| {
            script.token.replace_body("application/json", bytes);
        });
        judged(&outcome.result);
    });
}

// attack: DO-08 TP-05
#[test]
fn no_broken_id_token_names_somebody_else() {
    let (world, pending, token, _) = flight();
    let token: serde_json::Value = serde_json::from_str(&token).unwrap();
    let signed = token["id_token"].as_str().unwrap().to_owned();
    tried(4, 2_000, std::slice::from_ref(&signed), |bytes| {
        let token = text(bytes);
        let outcome = world.finish(pending.clone(), |script| {
            script.token.set("id_token", token.as_str());
        });
        judged(&outcome.result);
        assert!(
            outcome.result.is_err() || token == signed,
            "a second spelling of {signed}: {token}"
        );
    });
}

// attack: DO-08
#[test]
fn no_signed_claims_however_broken_make_a_login_panic() {
    let (world, pending, ..) = flight();
    let mut claims = String::new();
    world.finish(pending.clone(), |script| claims = script.claims.to_string());
    let header = r#"{"alg":"EdDSA","kid":"k1","typ":"JWT"}"#.to_owned();
    tried(5, 1_000, &[claims.clone()], |bytes| {
        let claims = text(bytes);
        let outcome = world.finish(pending.clone(), |script| {
            let token = script.signed_text(&script.header.to_string(), &claims);
            script.token.set("id_token", token);
            // Whom a provider signs for is its own affair; that it is somebody whole is ours.
            script.userinfo.status = 500;
        });
        assert!(outcome.result.is_err());
    });
    tried(6, 1_000, &[header], |bytes| {
        let header = text(bytes);
        let outcome = world.finish(pending.clone(), |script| {
            let token = script.signed_text(&header, &claims);
            script.token.set("id_token", token);
        });
        judged(&outcome.result);
    });
}

// attack: DO-08
#[test]
fn no_broken_userinfo_names_somebody_else() {
    let (world, pending, _, userinfo) = flight();
    tried(7, 1_000, &[userinfo], |bytes| {
        let outcome = world.finish(pending.clone(), |script| {
            script.userinfo.replace_body("application/json", bytes);
        });
        judged(&outcome.result);
    });
    let mut github = World::github();
    let pending = github.start();
    let user = github.userinfo.to_string();
    let emails = github.emails.to_string();
    tried(8, 500, &[user, emails], |bytes| {
        let outcome = github.finish(pending.clone(), |script| {
            if bytes.starts_with(b"[") {
                script.emails.replace_body("application/json", bytes);
            } else {
                script.userinfo.replace_body("application/json", bytes);
            }
        });
        if let Ok(login) = &outcome.result {
            assert!(!login.identity.subject.is_empty());
        }
    });
}

// attack: DO-08
#[test]
fn no_broken_metadata_makes_discovery_panic_or_leave_https() {
    let world = World::openid();
    let metadata = world.metadata.body.to_string();
    tried(9, 8_000, &[metadata], |bytes| {
        let step = world.client.discover().unwrap();
        let response = HttpResponse::new(200).with_header("content-type", "application/json");
        let Ok(found) = drive(step, |_| response.clone().with_body(bytes)) else {
            return;
        };
        let metadata = found.value;
        assert_eq!(metadata.issuer, "https://op.example");
        let optional = [
            &metadata.userinfo_endpoint,
            &metadata.jwks_uri,
            &metadata.end_session_endpoint,
        ];
        let endpoints = [&metadata.authorization_endpoint, &metadata.token_endpoint];
        for url in endpoints.into_iter().chain(optional.into_iter().flatten()) {
            assert!(url.to_ascii_lowercase().starts_with("https:"), "{url}");
        }
    });
}

// attack: DO-08
#[test]
fn no_broken_key_set_or_token_makes_the_parsers_panic() {
    let mut keys = String::new();
    let mut token = String::new();
    World::openid().login(|script| {
        keys = script.keys.body.to_string();
        token = script.signed_id_token();
    });
    tried(10, 12_000, &[keys, "{\"keys\":[]}".to_owned()], |bytes| {
        let _ = format!("{:?}", KeySet::parse(bytes));
        let _ = json::parse(bytes);
    });
    tried(11, 40_000, &[token], |bytes| {
        let _ = format!("{:?}", Jws::parse(&text(bytes)));
    });
}

// attack: DO-08 RD-17
#[test]
fn no_broken_target_leaves_the_origin() {
    let valid = owned(&[
        "/orders?page=2#top",
        "/a/../b/%2e%2e//c",
        "//evil.example/",
        "/%2f%5cevil.example",
    ]);
    tried(12, 20_000, &valid, |bytes| {
        let target = text(bytes);
        let kept = ReturnTo::parse(&target, "/auth");
        let kept = kept.as_str();
        let local = kept.starts_with('/') && !kept.starts_with("//") && !kept.contains('\\');
        assert!(
            local && kept.bytes().all(|byte| (0x21..=0x7e).contains(&byte)),
            "{target:?}: {kept:?}"
        );
        assert!(
            kept != "/auth" && !kept.starts_with("/auth/"),
            "{target:?}: {kept:?}"
        );
    });
}

// attack: DO-08
#[test]
fn no_broken_address_makes_the_configuration_panic() {
    let valid = owned(&[
        "https://app.example",
        "http://localhost:3000",
        "https://[2001:db8::1]:8443/realm",
    ]);
    tried(13, 8_000, &valid, |bytes| {
        let address = text(bytes);
        if let Ok(origin) = PublicOrigin::parse(&address) {
            assert!(origin.is_secure() || origin.is_loopback(), "{address:?}");
        }
        let provider = Provider::openid("op", "OP", address);
        let client = Client::new(provider, "app", "https://app.example/cb").with_secret("s");
        let _ = (client.validate(), client.discover().is_ok());
    });
}
