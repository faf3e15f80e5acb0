//! What `MemoryStore` takes of memory and time, by how much is in it.

use std::time::{Duration, Instant};

use codegrant_core::{Timestamp, TransactionId};
use codegrant_web::{
    Created, IndexKey, MemoryStore, Record, Replaced, Revocation, SessionKey, SessionStore,
};

/// What is weighed and timed: these many of each.
pub(crate) const COUNTS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// How often an operation is timed.
const TIMES: usize = 1_000;
/// The bytes of the record itself, which are not counted.
const RECORD_BYTES: usize = 400;
const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const HOURS_12: i64 = 12 * 3600;

/// The figures of one store.
pub(crate) struct Growth {
    pub(crate) count: usize,
    /// What a session takes beside its record.
    pub(crate) session_bytes: usize,
    /// What a used transaction takes.
    pub(crate) transaction_bytes: usize,
    /// By operation: the median, which a busy machine does not move, and the longest.
    pub(crate) operations: Vec<(&'static str, Duration, Duration)>,
}

/// Fills a store as a day does, and asks it.
pub(crate) async fn grow(
    count: usize,
    entries: usize,
    held: fn() -> usize,
) -> (Growth, MemoryStore) {
    let store = MemoryStore::new(count + TIMES);
    let payload: Vec<u8> = vec![0x5a; RECORD_BYTES];
    let before = held();
    for number in 0..count {
        let _created = create(&store, number, count, entries, &payload).await;
    }
    let session_bytes = ((held() - before) / count).saturating_sub(RECORD_BYTES);
    let before = held();
    for number in 0..count {
        let transaction = TransactionId::of_state(&number.to_string());
        let until = spread(number, count, 600);
        assert_eq!(store.consume(transaction, until, NOW).await, Ok(true));
    }
    let transaction_bytes = (held() - before) / count;

    let mut operations = Vec::new();
    let mut timed = Timed::new();
    for number in count..count + TIMES {
        let until = spread(number, count, HOURS_12);
        let (key, record) = (key(number), record(number, entries, &payload, until));
        timed.begin();
        let created = store.create(&key, record, NOW).await;
        timed.end();
        assert_eq!(created, Ok(Created::Yes));
    }
    operations.push(timed.of("create"));
    let picked = |number: usize| number * 7919 % count;
    let mut timed = Timed::new();
    for number in 0..TIMES {
        let key = key(picked(number));
        timed.begin();
        let found = store.load(&key, NOW).await;
        timed.end();
        assert!(found.is_ok_and(|found| found.is_some()));
    }
    operations.push(timed.of("load"));
    let mut timed = Timed::new();
    for number in 0..TIMES {
        let number = picked(number);
        let (key, record) = (
            key(number),
            record(number, entries, &payload, NOW.plus(HOURS_12)),
        );
        timed.begin();
        let replaced = store.replace(&key, 0, record, NOW).await;
        timed.end();
        assert_eq!(replaced, Ok(Replaced::Yes));
    }
    operations.push(timed.of("replace"));
    let mut timed = Timed::new();
    for number in 0..TIMES {
        let entry = entry(picked(number), 0);
        timed.begin();
        let found = store.list(&entry, 10, NOW).await;
        timed.end();
        assert_eq!(found.map(|found| found.len()), Ok(1));
    }
    operations.push(timed.of("list"));
    let mut timed = Timed::new();
    for number in count..count + TIMES / 2 {
        let key = key(number);
        timed.begin();
        let deleted = store.delete(&key).await;
        timed.end();
        assert_eq!(deleted, Ok(()));
    }
    operations.push(timed.of("delete"));
    let mut timed = Timed::new();
    for number in count + TIMES / 2..count + TIMES {
        let entry = entry(number, 0);
        timed.begin();
        let ended = store.end_all(&entry, NOW, NOW).await;
        timed.end();
        assert_eq!(ended, Ok(1));
    }
    operations.push(timed.of("end_all"));
    let mut timed = Timed::new();
    for number in count..count + TIMES {
        let transaction = TransactionId::of_state(&number.to_string());
        timed.begin();
        let first = store.consume(transaction, NOW.plus(600), NOW).await;
        timed.end();
        assert_eq!(first, Ok(true));
    }
    operations.push(timed.of("consume"));
    let mut timed = Timed::new();
    for number in 0..TIMES {
        let revocation = Revocation {
            entry: entry(number, 0),
            issued_by: NOW,
            started_by: NOW,
            until: NOW.plus(HOURS_12),
        };
        timed.begin();
        let revoked = store.revoke(&revocation, NOW).await;
        timed.end();
        assert_eq!(revoked, Ok(()));
    }
    operations.push(timed.of("revoke"));
    let growth = Growth {
        count,
        session_bytes,
        transaction_bytes,
        operations,
    };
    (growth, store)
}

impl Growth {
    /// Prints it as one line of JSON.
    pub(crate) fn print_json(&self) {
        let times = self.operations.iter().map(|(name, median, longest)| {
            let (median, longest) = (median.as_nanos(), longest.as_nanos());
            format!(r#","{name}_ns":{median},"{name}_longest_ns":{longest}"#)
        });
        println!(
            r#"{{"what":"memory_store","sessions":{},"session_bytes":{},"transaction_bytes":{}{}}}"#,
            self.count,
            self.session_bytes,
            self.transaction_bytes,
            times.collect::<String>()
        );
    }

    /// Prints it for people.
    pub(crate) fn print(&self) {
        println!(
            "{:>9} sessions: {} bytes each beside the record, {} a used transaction",
            self.count, self.session_bytes, self.transaction_bytes
        );
        for (name, median, longest) in &self.operations {
            let (median, longest) = (median.as_secs_f64() * 1e6, longest.as_secs_f64() * 1e6);
            println!(
                "{:>9} {name:<10} {median:>8.2} µs, {longest:>9.1} µs at most",
                ""
            );
        }
    }
}

struct Timed {
    begin: Instant,
    all: Vec<Duration>,
}

impl Timed {
    fn new() -> Self {
        Self {
            begin: Instant::now(),
            all: Vec::with_capacity(TIMES),
        }
    }

    fn begin(&mut self) {
        self.begin = Instant::now();
    }

    fn end(&mut self) {
        self.all.push(self.begin.elapsed());
    }

    fn of(mut self, name: &'static str) -> (&'static str, Duration, Duration) {
        self.all.sort_unstable();
        let median = self.all[self.all.len() / 2];
        let longest = self.all.last().copied().unwrap_or_default();
        (name, median, longest)
    }
}

async fn create(
    store: &MemoryStore,
    number: usize,
    count: usize,
    entries: usize,
    payload: &[u8],
) -> Created {
    let record = record(number, entries, payload, spread(number, count, HOURS_12));
    let created = store.create(&key(number), record, NOW).await;
    created.unwrap_or(Created::No)
}

pub(crate) fn record(
    number: usize,
    entries: usize,
    payload: &[u8],
    expires_at: Timestamp,
) -> Record {
    Record {
        sealed: payload.into(),
        version: 0,
        expires_at,
        index: (0..entries).map(|part| entry(number, part)).collect(),
        issued_at: NOW,
    }
}

/// As if the logins came evenly over that time.
fn spread(number: usize, count: usize, seconds: i64) -> Timestamp {
    NOW.plus(1 + (number as i64 * seconds / count as i64).min(seconds))
}

pub(crate) fn key(number: usize) -> SessionKey {
    SessionKey::of_id(&number.to_string())
}

pub(crate) fn entry(number: usize, part: usize) -> IndexKey {
    let name = SessionKey::of_id(&format!("entry {part} of {number}"));
    IndexKey::new(format!("p8Yw2kQx{}", name.as_str()))
}
