//! What the code of each room may name: no clock in core, no framework in web, no protocol in an adapter.

use super::source::{Named, Source};

/// What the code of a room must not name.
#[derive(Debug)]
struct Room {
    /// The folders of the room.
    folders: &'static [&'static str],
    /// Paths that no path may begin with.
    begin: &'static [&'static str],
    /// Names that may stand in no path.
    anywhere: &'static [&'static str],
    /// Texts that may stand nowhere outside tests, not even in a string; lower case.
    texts: &'static [&'static str],
    /// Why.
    why: &'static str,
    /// Words that one file may use all the same.
    except: &'static [(&'static str, &'static str)],
}

const ROOMS: &[Room] = &[
    Room {
        folders: &["crates/core/src", "crates/dev-provider/src"],
        begin: &[
            "std::env",
            "std::fs",
            "std::process",
            "std::thread",
            "std::time::Instant",
            "std::time::SystemTime",
            "async",
            "await",
            "hyper",
            "reqwest",
            "tokio",
        ],
        // An address is a value; what opens one is not.
        anywhere: &[
            "Instant",
            "SystemTime",
            "TcpListener",
            "TcpStream",
            "ToSocketAddrs",
            "UdpSocket",
        ],
        texts: &[],
        why: "it is sans-IO: time and every response are arguments",
        except: &[],
    },
    Room {
        folders: &["crates/core/src"],
        begin: &["getrandom", "rand"],
        anywhere: &[
            "SystemRandom",
            "OsRng",
            "new_random",
            "new_random_len",
            "new_random_sha256",
            "new_random_sha256_len",
        ],
        texts: &[],
        why: "randomness is an argument",
        // RSA-PSS and ECDSA need randomness of their own to sign, and aws-lc-rs asks for it so. To encrypt
        // takes a new key and a new vector for each token.
        except: &[
            ("SystemRandom", "crates/core/src/jose/signing.rs"),
            ("SystemRandom", "crates/core/src/jose/jwe/content.rs"),
        ],
    },
    Room {
        folders: &[
            "crates/core/src",
            "crates/web/src",
            "crates/testkit/src",
            "examples/tour/src",
        ],
        begin: &[
            "actix",
            "actix_web",
            "axum",
            "axum_core",
            "poem",
            "rocket",
            "tower",
            "warp",
        ],
        anywhere: &[],
        texts: &[],
        why: "only an adapter knows its framework",
        except: &[],
    },
    Room {
        folders: ADAPTERS,
        begin: &[
            "aws_lc_rs",
            "base64",
            "codegrant_core",
            "codegrant_dev_provider",
            "cookie",
            "hmac",
            "hyper",
            "oauth2",
            "reqwest",
            "ring",
            "sha2",
        ],
        anywhere: &["Cookie", "CookieJar", "SET_COOKIE"],
        texts: &["\"set-cookie\"", "\"cookie\""],
        why: "an adapter translates and decides nothing",
        except: &[
            // A test of an app sends the cookie of a session, whatever that holds.
            ("cookie", "crates/actix/src/test.rs"),
            ("\"cookie\"", "crates/actix/src/test.rs"),
            ("cookie", "crates/axum/src/test.rs"),
            ("\"cookie\"", "crates/axum/src/test.rs"),
            ("cookie", "crates/rocket/src/test.rs"),
            ("\"cookie\"", "crates/rocket/src/test.rs"),
            // Rocket's local client has a jar and no header.
            ("cookie", "crates/rocket/src/translate.rs"),
            ("\"cookie\"", "crates/rocket/src/translate.rs"),
        ],
    },
];

/// The folders of the adapters' sources.
pub(super) const ADAPTERS: &[&str] = &[
    "crates/axum/src",
    "crates/rocket/src",
    "crates/actix/src",
    "examples/adapter-poem/src",
];

/// Checks what every source names, outside its tests.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources {
        let rooms = ROOMS.iter();
        for room in rooms.filter(|room| room.folders.iter().any(|f| source.is_below(f))) {
            problems.extend(check_source(room, source));
        }
    }
    problems
}

fn check_source(room: &Room, source: &Source) -> Vec<String> {
    let mut problems = Vec::new();
    for Named { line, path } in source.named() {
        if let Some(word) = forbidden(room, source, &path) {
            let Source { path: file, .. } = source;
            problems.push(format!("{file}:{line}: names {word}: {}", room.why));
        }
    }
    let tests = source.tests().to_ascii_lowercase();
    let text = source.text.to_ascii_lowercase();
    for word in room.texts {
        let is_used = text.matches(word).count() > tests.matches(word).count();
        if is_used && !excused(room, source, word) {
            problems.push(format!("{}: spells {word}: {}", source.path, room.why));
        }
    }
    problems
}

/// Returns the word of a path that the room must not name.
fn forbidden(room: &Room, source: &Source, path: &str) -> Option<&'static str> {
    let begins = |word: &&&str| {
        let rest = path.strip_prefix(**word);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let stands = |word: &&&str| path.split("::").any(|part| part == **word);
    let begin = room.begin.iter().find(begins);
    let word = begin.or_else(|| room.anywhere.iter().find(stands))?;
    (!excused(room, source, word)).then_some(word)
}

fn excused(room: &Room, source: &Source, word: &str) -> bool {
    room.except.contains(&(word, source.path.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> Vec<String> {
        check(&[Source::new(path, text)])
    }

    #[test]
    fn clock_randomness_and_io_in_core_are_refused() {
        for (code, word) in [
            ("use std::time::SystemTime;", "std::time::SystemTime"),
            ("let now = time::Instant::now();", "Instant"),
            ("use std::{fs, io};", "std::fs"),
            (
                "use std::{\n    collections::BTreeMap,\n    env,\n};",
                "std::env",
            ),
            ("std::net::TcpStream::connect(a)", "TcpStream"),
            ("pub async fn a() {}", "async"),
            ("a.await", "await"),
            ("rand::random::<u8>()", "rand"),
            ("oauth2::CsrfToken::new_random()", "new_random"),
            ("use aws_lc_rs::rand::SystemRandom;", "SystemRandom"),
        ] {
            let problems = told("crates/core/src/a.rs", code);
            assert_eq!(problems.len(), 1, "{code}: {problems:?}");
            assert!(
                problems[0].contains(&format!("names {word}:")),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn one_file_of_core_may_sign_with_randomness() {
        let code = "use aws_lc_rs::rand::SystemRandom;";
        assert_eq!(told("crates/core/src/jose/signing.rs", code), [""; 0]);
        assert_eq!(told("crates/core/src/jose/key.rs", code).len(), 1);
    }

    #[test]
    fn cookie_is_named_where_an_adapter_logs_a_test_in_and_nowhere_else() {
        let code = "let cookie = 1;\nrequest.header(\"cookie\", cookie)";
        assert_eq!(told("crates/actix/src/test.rs", code), [""; 0]);
        assert!(!told("crates/actix/src/translate.rs", code).is_empty());
        let jar = "use rocket::http::CookieJar;";
        assert_eq!(told("crates/rocket/src/translate.rs", jar).len(), 1);
    }

    #[test]
    fn prose_tests_and_longer_names_are_left_alone() {
        let code = "//! No `SystemTime` here.\nuse std::time::Duration;\nstruct Instantly;\n\
            #[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        assert_eq!(told("crates/core/src/a.rs", code), [""; 0]);
        assert_eq!(told("crates/core/tests/a.rs", "use std::fs;"), [""; 0]);
        assert_eq!(told("crates/web/src/a.rs", "use std::fs;"), [""; 0]);
    }

    #[test]
    fn framework_outside_its_adapter_is_refused() {
        for path in ["crates/web/src/a.rs", "crates/testkit/src/a.rs"] {
            assert_eq!(
                told(path, "use axum::Router;"),
                [format!(
                    "{path}:1: names axum: only an adapter knows its framework"
                )]
            );
        }
        assert_eq!(told("crates/axum/src/a.rs", "use axum::Router;"), [""; 0]);
    }

    #[test]
    fn adapter_that_knows_the_protocol_is_refused() {
        for code in [
            "use codegrant_core::Client;",
            "use aws_lc_rs::digest;",
            "headers.get(axum::http::header::SET_COOKIE)",
            "use axum_extra::extract::CookieJar;",
            "headers.get(\"Set-Cookie\")",
        ] {
            assert_eq!(told("crates/axum/src/a.rs", code).len(), 1, "{code}");
        }
        let test = "#[cfg(test)]\nmod tests {\n    const A: &str = \"set-cookie\";\n}\n";
        assert_eq!(told("crates/axum/src/a.rs", test), [""; 0]);
    }
}
