//! Queries: empty, repeated, doubtful and foreign parameters.

use super::super::super::ask::Ask;
use super::super::entry::{Entry, Mark, Step};
use super::one;

/// For the pages that show what web made of `return_to`.
const RETURN_TO: &[&str] = &[
    "",
    "?",
    "&",
    "&&",
    "=",
    "==",
    "=a",
    "return_to",
    "return_to=",
    "return_to==",
    "return_to=%2Fa",
    "return_to=/a",
    "return_to=/a?b=c",
    "return_to=/a%3Fb%3Dc%26d",
    "return_to=/a=b=c",
    "return_to=/a%26b",
    "return_to=/a+b",
    "return_to=/a%2Bb",
    "return_to=/a%20b",
    "return_to=/a%2520b",
    "return_to=/a%2fb%2Fc",
    "return_to=/%C3%A4",
    "return_to=/%c3%a4",
    "return_to=/%E4",
    "return_to=/%ff",
    "return_to=/a%00b",
    "return_to=/a%0d%0aset-cookie:%20a=b",
    "return_to=/a%",
    "return_to=/a%2",
    "return_to=/a%zz",
    "return_to=/a&return_to=/b",
    "return_to=/a&return_to=/a",
    "return_to=/a&return_to=",
    "return_to&return_to=/a",
    "return_to=/a&",
    "&&return_to=/a&&",
    "?return_to=/a",
    "return%5Fto=/a",
    "return%5fto=/a&return_to=/b",
    "return+to=/a",
    "return_to[]=/a",
    "return_to.x=/a",
    "RETURN_TO=/a",
    "other=1;return_to=/a",
    "return_to=/a;b=c",
    "return_to=//evil.example",
    "return_to=/%5Cevil.example",
    "return_to=/%09/evil.example",
    "return_to=https%3A%2F%2Fevil.example",
    "return_to=javascript:alert(1)",
    "return_to=/auth/login",
    "return_to=/auth/logout",
    "return_to=.",
    "return_to=a",
];

const NOT_IN_QUERIES: &[&str] = &[
    "return_to=/a|b",
    "return_to=/<b>",
    "return_to=/\"",
    "return_to=/{a}",
    "return_to=/\\evil.example",
    "return_to=/^`",
];

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for query in RETURN_TO {
        for page in ["login", "logout", "login/op"] {
            let target = format!("/auth/{page}?{query}");
            entries.push(one(format!("query {target}"), Ask::open(target)));
        }
    }
    for query in NOT_IN_QUERIES {
        let target = format!("/auth/login?{query}");
        let strict = Mark::Strict("no query may hold such characters (RFC 3986 section 3.4)");
        let step = Step::new(Ask::open(&*target)).may(strict);
        entries.push(one(format!("query {target}"), step));
    }
    for (name, length) in [("1 KB", 1 << 10), ("6 KB", 6 << 10)] {
        let long = "a".repeat(length);
        let ask = Ask::open(format!("/auth/login?return_to=/{long}"));
        entries.push(one(format!("a query of {name}"), ask));
        let ask = Ask::open(format!("/auth/login?{}return_to=/a", "&".repeat(length)));
        entries.push(one(format!("a query of {name} without parameters"), ask));
        let many = "a=b&".repeat(length / 4);
        let ask = Ask::open(format!("/auth/login?{many}return_to=/a"));
        entries.push(one(format!("a query of {name} of parameters"), ask));
    }
    entries
}
