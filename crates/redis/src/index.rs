//! The set of an entry: which records it may find. What it names is judged by the records themselves.

use codegrant_web::{IndexKey, SessionKey, StoreError, Timestamp};
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::keys::Keys;
use crate::layout::{Nonce, SLACK, time_to_live};
use crate::scripts;

/// How many commands are under way at once.
pub(crate) const AT_ONCE: usize = 128;

/// How many names are read at once, about.
const PAGE: usize = 500;

/// The largest whole number that a score can be.
const SCORE_LIMIT: i64 = 1 << 53;

/// What a set says of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) key: SessionKey,
    pub(crate) nonce: Nonce,
}

impl Named {
    fn bytes(&self) -> Vec<u8> {
        [&self.nonce[..], self.key.as_str().as_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (nonce, key) = bytes.split_first_chunk::<8>()?;
        Some(Self {
            key: SessionKey::new(str::from_utf8(key).ok()?),
            nonce: *nonce,
        })
    }
}

/// Names a record in the sets of some entries; each of them does, once this has returned.
///
/// # Errors
///
/// When the server does not work.
pub(crate) async fn name(
    connection: &Connection,
    keys: &Keys,
    entries: &[IndexKey],
    named: &Named,
    until: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let score = |at: Timestamp| {
        let seconds = at.as_unix().clamp(-SCORE_LIMIT, SCORE_LIMIT);
        seconds.to_string().into_bytes()
    };
    let milliseconds = time_to_live(until.plus(SLACK), now).to_string();
    let arguments = [
        score(now.minus(SLACK)),
        score(until),
        named.bytes(),
        milliseconds.into_bytes(),
    ];
    let sets = entries.iter().map(|entry| keys.index(entry));
    let written = each(sets.collect(), |set| {
        let (connection, arguments) = (connection.clone(), arguments.clone());
        async move {
            let arguments = arguments.each_ref().map(Vec::as_slice);
            let run = connection.run::<i64>("index", &scripts::INDEX, &set, &arguments);
            run.await
        }
    });
    written
        .await
        .into_iter()
        .try_for_each(|done| done.map(drop))
}

/// Takes the name of a record that is dead out of the sets of some entries, if the server can be reached: it
/// goes by itself otherwise.
pub(crate) async fn forget(
    connection: &Connection,
    keys: &Keys,
    entries: impl Iterator<Item = &IndexKey>,
    dead: &[Named],
) {
    if dead.is_empty() {
        return;
    }
    let names: Vec<Vec<u8>> = dead.iter().map(Named::bytes).collect();
    let sets = entries.map(|entry| keys.index(entry)).collect();
    let removed = each(sets, |set| {
        let mut command = redis::cmd("ZREM");
        command.arg(set).arg(&names);
        let connection = connection.clone();
        async move { connection.ask::<i64>("index", &command).await }
    });
    removed.await;
}

/// Goes through the set of an entry: whatever is in it all the time comes at least once.
pub(crate) struct Names {
    set: String,
    cursor: u64,
    ended: bool,
}

impl Names {
    pub(crate) fn of(keys: &Keys, entry: &IndexKey) -> Self {
        Self {
            set: keys.index(entry),
            cursor: 0,
            ended: false,
        }
    }

    /// Reads some more of them; nothing at the end.
    ///
    /// # Errors
    ///
    /// When the server does not work.
    pub(crate) async fn next(
        &mut self,
        connection: &Connection,
    ) -> Result<Option<Vec<Named>>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let mut command = redis::cmd("ZSCAN");
        command.arg(&self.set).arg(self.cursor);
        command.arg("COUNT").arg(PAGE);
        let (cursor, found): (u64, Vec<Vec<u8>>) = connection.ask("index", &command).await?;
        self.cursor = cursor;
        self.ended = cursor == 0;
        // Each name has its score behind it.
        let names = found.iter().step_by(2);
        Ok(Some(names.filter_map(|name| Named::read(name)).collect()))
    }
}

/// Does something for each of many, some of them at once, and returns what came of it in any order.
pub(crate) async fn each<I, T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    items: Vec<I>,
    act: impl Fn(I) -> F,
) -> Vec<T> {
    let mut done = Vec::with_capacity(items.len());
    let mut items = items.into_iter();
    // One alone, which is most, needs no task.
    if items.len() == 1
        && let Some(item) = items.next()
    {
        done.push(act(item).await);
        return done;
    }
    let mut tasks = JoinSet::new();
    for item in items.by_ref().take(AT_ONCE) {
        tasks.spawn(act(item));
    }
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(result) => done.push(result),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
        if let Some(item) = items.next() {
            tasks.spawn(act(item));
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_comes_back_as_it_was_written_and_a_foreign_one_is_none() {
        let named = Named {
            key: SessionKey::of_id("an id"),
            nonce: *b"\0\x01\xff45678",
        };
        assert_eq!(Named::read(&named.bytes()), Some(named));
        assert_eq!(Named::read(b"short"), None);
        assert_eq!(Named::read(b"12345678\xff"), None);
    }

    #[tokio::test]
    async fn each_of_many_is_done_once() {
        for count in [0_u32, 1, 2, 1000] {
            let mut done = each((0..count).collect(), |n| async move { n }).await;
            done.sort_unstable();
            assert_eq!(done, (0..count).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn slower_of_two_changes_does_not_make_an_entry_end_sooner() {
        let Some(server) = codegrant_testkit::servers::RedisServer::shared() else {
            return;
        };
        let client = redis::Client::open(server.url()).unwrap();
        let patience = std::time::Duration::from_secs(20);
        let connection = Connection::own(client, patience).await.unwrap();
        let (keys, now) = (Keys::standard(), Timestamp::from_unix(1_800_000_000));
        let entry = IndexKey::new(SessionKey::of_id("a person").as_str());
        let named = Named {
            key: SessionKey::of_id("an id"),
            nonce: *b"12345678",
        };
        for (seconds, lasts) in [(60, 60), (7200, 7200), (600, 7200)] {
            let entries = std::slice::from_ref(&entry);
            let until = now.plus(seconds);
            let done = name(&connection, &keys, entries, &named, until, now).await;
            done.unwrap();
            let mut command = redis::cmd("ZSCORE");
            command.arg(keys.index(&entry)).arg(named.bytes());
            let score: i64 = connection.ask("index", &command).await.unwrap();
            assert_eq!(score, now.plus(lasts).as_unix());
        }
    }
}
