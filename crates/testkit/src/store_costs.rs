//! What a store costs: how long each operation takes, with as many sessions in it as you like.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use codegrant_core::{Timestamp, TransactionId};
use codegrant_web::{
    Created, IndexKey, Record, Replaced, Revocation, SessionKey, SessionStore, StoreError,
};
use tokio::task::JoinSet;

/// How many callers ask at once.
const CALLERS: usize = 32;
/// How often each operation is timed.
const TIMES: usize = 500;

/// A store with many sessions in it, to be measured.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use codegrant_testkit::store_costs::Filled;
/// use codegrant_web::MemoryStore;
///
/// // A thousand sessions of 1,500 bytes each; a bounded store needs room for a thousand more.
/// let filled = Filled::new(MemoryStore::new(2_000), 1_000, 1_500).await;
/// let times = filled.times().await;
/// assert!(times.to_string().contains("load"));
/// # }
/// ```
#[derive(Debug)]
pub struct Filled<S> {
    store: Arc<S>,
    sessions: usize,
    bytes: usize,
    now: Timestamp,
}

/// How long each operation took.
#[derive(Debug, Clone)]
pub struct Times {
    /// The operation, and the mean of many calls, one after the other.
    pub each: Vec<(&'static str, Duration)>,
    /// How many sessions were loaded in a second by 32 callers at once.
    pub loads_per_second: f64,
}

impl<S: SessionStore> Filled<S> {
    /// Puts sessions into a store: so many, each of so many sealed bytes, with two entries of its own.
    ///
    /// # Panics
    ///
    /// When the store does not work.
    pub async fn new(store: S, sessions: usize, bytes: usize) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = since.map_or(0, |since| since.as_secs());
        let filled = Self {
            store: Arc::new(store),
            sessions,
            bytes,
            now: Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX)),
        };
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let (store, now) = (filled.store.clone(), filled.now);
            callers.spawn(async move {
                for number in (caller..sessions).step_by(CALLERS) {
                    create(&*store, number, bytes, now).await;
                }
            });
        }
        let _filled = callers.join_all().await;
        filled
    }

    /// Returns the store, for what only its own crate can ask.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Times every operation.
    ///
    /// # Panics
    ///
    /// When the store does not work.
    pub async fn times(&self) -> Times {
        let (store, now) = (&*self.store, self.now);
        let first = self.sessions;
        let until = now.plus(3600);
        let mut each = Vec::new();
        let begin = Instant::now();
        for number in first..first + TIMES {
            create(store, number, self.bytes, now).await;
        }
        each.push(("create", begin.elapsed()));
        let begin = Instant::now();
        for number in 0..TIMES {
            let found = done(store.load(&key(self.spread(number)), now).await);
            assert!(found.is_some(), "it was created");
        }
        each.push(("load", begin.elapsed()));
        let begin = Instant::now();
        for number in 0..TIMES {
            let number = self.spread(number);
            let change = Record {
                version: 1,
                ..record(number, self.bytes, now)
            };
            let changed = done(store.replace(&key(number), 0, change, now).await);
            assert_eq!(changed, Replaced::Yes, "nobody else changes it");
        }
        each.push(("replace", begin.elapsed()));
        let begin = Instant::now();
        for number in 0..TIMES {
            let found = done(store.list(&person(self.spread(number)), 10, now).await);
            assert_eq!(found.len(), 1, "one of each person");
        }
        each.push(("list", begin.elapsed()));
        let begin = Instant::now();
        for number in first..first + TIMES / 2 {
            done(store.delete(&key(number)).await);
        }
        each.push(("delete", begin.elapsed() * 2));
        let begin = Instant::now();
        for number in first + TIMES / 2..first + TIMES {
            assert_eq!(done(store.end_all(&person(number), now, now).await), 1);
        }
        each.push(("end_all", begin.elapsed() * 2));
        let begin = Instant::now();
        for number in 0..TIMES {
            let transaction = TransactionId::of_state(&name("state", number));
            assert!(
                done(store.consume(transaction, until, now).await),
                "it is new"
            );
        }
        each.push(("consume", begin.elapsed()));
        let begin = Instant::now();
        for number in 0..TIMES {
            let revocation = Revocation {
                entry: person(number),
                issued_by: now,
                started_by: now,
                until,
            };
            done(store.revoke(&revocation, now).await);
        }
        each.push(("revoke", begin.elapsed()));
        let position = self.read_all().await;
        let begin = Instant::now();
        for _ in 0..TIMES {
            let _nothing_new = done(store.revoked(Some(&position), now).await);
        }
        each.push(("revoked, nothing new", begin.elapsed()));
        for (_, time) in &mut each {
            *time /= TIMES as u32;
        }
        Times {
            each,
            loads_per_second: self.loads_per_second().await,
        }
    }

    async fn read_all(&self) -> codegrant_web::Position {
        let mut answer = done(self.store.revoked(None, self.now).await);
        while answer.more {
            answer = done(self.store.revoked(Some(&answer.position), self.now).await);
        }
        answer.position
    }

    async fn loads_per_second(&self) -> f64 {
        let mut callers = JoinSet::new();
        let begin = Instant::now();
        for caller in 0..CALLERS {
            let (store, now) = (self.store.clone(), self.now);
            let numbers: Vec<_> = (0..TIMES)
                .map(|n| self.spread(n * CALLERS + caller))
                .collect();
            callers.spawn(async move {
                for number in numbers {
                    let _found = done(store.load(&key(number), now).await);
                }
            });
        }
        let _loaded = callers.join_all().await;
        (TIMES * CALLERS) as f64 / begin.elapsed().as_secs_f64()
    }

    /// A session far from the last one that was asked for.
    fn spread(&self, number: usize) -> usize {
        number * 7919 % self.sessions
    }
}

/// Two columns, with microseconds.
impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, time) in &self.each {
            writeln!(f, "{name:<22} {:>9.1} µs", time.as_secs_f64() * 1e6)?;
        }
        write!(
            f,
            "{:<22} {:>9.0} /s",
            "load, 32 at once", self.loads_per_second
        )
    }
}

async fn create(store: &impl SessionStore, number: usize, bytes: usize, now: Timestamp) {
    let created = done(
        store
            .create(&key(number), record(number, bytes, now), now)
            .await,
    );
    assert_eq!(created, Created::Yes, "the store was empty");
}

fn record(number: usize, bytes: usize, now: Timestamp) -> Record {
    // Sealed bytes look like noise: nothing that a database compresses.
    let mut state = number as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    });
    Record {
        sealed: noise.take(bytes).collect(),
        version: 0,
        expires_at: now.plus(12 * 3600),
        index: vec![
            person(number),
            IndexKey::new(hash("provider's session", number)),
        ],
        issued_at: now,
    }
}

fn key(number: usize) -> SessionKey {
    SessionKey::of_id(&name("session", number))
}

fn person(number: usize) -> IndexKey {
    IndexKey::new(hash("person", number))
}

/// As long as a real entry.
fn hash(what: &str, number: usize) -> String {
    SessionKey::of_id(&name(what, number)).as_str().to_owned()
}

fn name(what: &str, number: usize) -> String {
    format!("{what} {number}")
}

fn done<T>(result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("the store works: {error}"))
}
