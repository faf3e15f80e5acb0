//! How large sessions are, what many of them cost, and what a list of many that are over costs: `cargo xtask bench`.
//!
//! `cargo bench -p codegrant-testkit --bench sizes -- --json` prints what depends on how much there is as lines of
//! JSON, for plots, and nothing else.

#![allow(clippy::print_stdout, reason = "the figures are what this is for")]

mod growth;

use std::sync::Arc;
use std::time::Instant;

use codegrant_core::Timestamp;
use codegrant_testkit::Site;
use codegrant_web::{
    Created, IndexKey, MemoryStore, Record, Request, Revocation, SessionKey, SessionStore,
};

/// How many sessions are put into memory to be weighed.
const SESSIONS: usize = 100_000;
/// How often a request is timed.
const REQUESTS: u32 = 20_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let json = std::env::args().any(|word| word == "--json");
    if json {
        return grown(true).await;
    }
    // Nothing that was weighed is given back: the next one would be weighed in the room that it left.
    let mut kept = Vec::new();
    for token_bytes in [None, Some(1_500)] {
        kept.push(sizes(token_bytes).await);
    }
    println!("\nsessions in memory");
    grown(false).await;
}

/// What depends on how much there is.
async fn grown(json: bool) {
    // What any store needs in a process is there before one is weighed.
    let (_, warm) = growth::grow(growth::COUNTS[0], 2, resident).await;
    let mut kept = vec![warm];
    for count in growth::COUNTS {
        let (growth, store) = growth::grow(count, 2, resident).await;
        if json {
            growth.print_json();
        } else {
            growth.print();
        }
        kept.push(store);
    }
    if !json {
        println!("\nwho is logged in, from a sealed cookie");
    }
    for revocations in [0, 1_000, 1_000_000] {
        among(revocations, json).await;
    }
}

/// What a browser and a store hold of one session.
async fn sizes(token_bytes: Option<usize>) -> MemoryStore {
    let sealed = site(token_bytes, Site::builder().build());
    let (cookies, _) = log_in(&sealed).await;
    let what = token_bytes.map_or("short opaque tokens".to_owned(), |bytes| {
        format!("one of its tokens of {bytes} bytes")
    });
    println!("\na session with an ID token, an access token and a refresh token: {what}");
    row(
        "sealed cookie with its attributes",
        bytes(&cookies),
        "bytes",
    );

    let store = Arc::new(MemoryStore::new(10));
    let given = store.clone();
    let stored = Site::builder().configure(|auth| auth.store(given)).build();
    let stored = site(token_bytes, stored);
    let (cookies, value) = log_in(&stored).await;
    row("cookie of a session in a store", bytes(&cookies), "bytes");
    // The id comes after the number of cookies that it is in.
    let key = SessionKey::of_id(&value[1..]);
    let loaded = store.load(&key, stored.now()).await;
    let record = loaded.expect("memory").expect("a record");
    row("its record, sealed", record.sealed.len(), "bytes");
    row("entries of the index", record.index.len(), "or more");
    let (taken, weighed) = weigh(&record).await;
    row("a session in memory", taken, "bytes");
    weighed
}

fn site(token_bytes: Option<usize>, site: Site) -> Site {
    if let Some(bytes) = token_bytes {
        site.alter("/token", move |answer| {
            // No hash in the ID token goes with this one.
            answer.set("refresh_token", "r".repeat(bytes));
        });
    }
    site
}

/// Logs in, and returns what is set of the session's cookie, and its value.
async fn log_in(site: &Site) -> (Vec<String>, String) {
    let reply = site.browser().log_in("op", "ada").await;
    let set = reply.set_cookies().into_iter().map(str::to_owned);
    let cookies: Vec<_> = set
        .filter(|cookie| {
            cookie
                .split('=')
                .next()
                .is_some_and(|name| name.contains("session"))
        })
        .collect();
    let first = cookies.first().expect("a session");
    let (_, value) = first
        .split(';')
        .next()
        .and_then(|pair| pair.split_once('='))
        .expect("a cookie");
    let value = value.to_owned();
    (cookies, value)
}

fn bytes(cookies: &[String]) -> usize {
    cookies.iter().map(String::len).sum()
}

/// Returns how many bytes of memory one session takes among many, by what the process takes of the system.
async fn weigh(record: &Record) -> (usize, MemoryStore) {
    let store = MemoryStore::new(SESSIONS);
    let now = record.issued_at;
    let before = resident();
    for number in 0..SESSIONS {
        let entry = |part: usize| {
            let name = format!("entry {part} of {number}");
            IndexKey::new(SessionKey::of_id(&name).as_str())
        };
        let record = Record {
            index: (0..record.index.len()).map(entry).collect(),
            ..record.clone()
        };
        let key = SessionKey::of_id(&number.to_string());
        let created = store.create(&key, record, now).await;
        assert_eq!(created, Ok(Created::Yes));
    }
    let taken = resident().saturating_sub(before) / SESSIONS;
    (taken, store)
}

/// What a request costs in a process that knows of so many sessions that are over.
async fn among(revocations: u32, json: bool) {
    let store = Arc::new(MemoryStore::new(2_000_000));
    let given = store.clone();
    let site = Site::builder().configure(|auth| auth.revocation_index(given));
    let site = site.build();
    for number in 0..revocations {
        // As real ones are: a part that all those of one issuer have, and a hash.
        let name = SessionKey::of_id(&format!("somebody else {number}"));
        let revocation = Revocation {
            entry: IndexKey::new(format!("p8Yw2kQx{}", name.as_str())),
            issued_by: site.now(),
            started_by: Timestamp::from_unix(i64::MAX),
            until: site.now().plus(12 * 3600),
        };
        store.revoke(&revocation, site.now()).await.expect("memory");
    }
    let (cookies, _) = log_in(&site).await;
    let pairs: Vec<_> = cookies
        .iter()
        .filter_map(|cookie| cookie.split(';').next())
        .collect();
    let header = pairs.join("; ");
    let identify = async || {
        let request = Request::new("GET", "/", None, [("cookie", header.as_bytes())]);
        let found = site.auth().identify(request).await;
        found.expect("a store").expect("a session");
    };
    // What was read at the login is too old, so that the first request reads what is new since: nothing.
    site.wait(5);
    identify().await;
    let begin = Instant::now();
    for _ in 0..REQUESTS {
        identify().await;
    }
    let each = begin.elapsed() / REQUESTS;
    let each = each.as_secs_f64() * 1e6;
    if !json {
        println!("{revocations:>9} are over: {each:>6.1} µs a request");
    }
    // The first one leaves the room that its answer took while it was read, and the second is weighed without.
    let mut processes = Vec::new();
    for at in 0..2 {
        let before = resident();
        let begin = Instant::now();
        let given = store.clone();
        let process = Site::builder().configure(|auth| auth.revocation_index(given));
        let process = process.beside(&site).build();
        let request = Request::new("GET", "/", None, [("cookie", header.as_bytes())]);
        let found = process.auth().identify(request).await;
        found.expect("a store").expect("a session");
        let (time, taken) = (begin.elapsed(), resident().saturating_sub(before));
        processes.push(process);
        if at > 0 {
            let (time, megabytes) = (time.as_secs_f64() * 1e3, taken as f64 / 1e6);
            if json {
                println!(
                    r#"{{"what":"revocation_index","endings":{revocations},"request_us":{each:.2},"start_ms":{time:.1},"bytes":{taken}}}"#
                );
            } else {
                println!(
                    "{:>9} a process that starts: {time:.1} ms, {megabytes:.1} MB",
                    ""
                );
            }
        }
    }
}

fn row(what: &str, number: usize, unit: &str) {
    println!("{what:<34} {number:>9} {unit}");
}

/// Returns how much memory this process has of the system; none is known where there is no `/proc`.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| {
        line.trim()
            .trim_end_matches(" kB")
            .trim()
            .parse::<usize>()
            .ok()
    });
    kilobytes.unwrap_or(0) * 1024
}
