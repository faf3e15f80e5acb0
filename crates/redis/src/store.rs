//! The store: what a record, its entries and the scripts make together.

use std::collections::HashSet;

use async_trait::async_trait;
use codegrant_web::{
    Created, IndexKey, Position, Record, Replaced, Revocation, Revoked, SessionKey, SessionStore,
    StoreError, Timestamp, TransactionId,
};
use redis::Value;
use redis::aio::ConnectionManager;

use crate::builder::{DEADLINE, RedisStoreBuilder};
use crate::connection::Connection;
use crate::index::{self, Named, Names, each};
use crate::keys::Keys;
use crate::layout::{
    FORMAT, Nonce, Stored, entries, foreign, indexed_until, moment, nonce, time_to_live,
};
use crate::revocations;
use crate::scripts::{self, FOREIGN, Script};

/// Sessions in Redis or Valkey; cheap to clone.
///
/// Redis 5 or Valkey 7.2 and later. While the server is down, every call is an error within the deadline; when
/// it is back, the same value works again.
///
/// Whoever reads the server sees that there are sessions and when they end. Set `maxmemory-policy noeviction`,
/// and see docs/guide/stores.md for what a failover may lose.
#[derive(Clone)]
pub struct RedisStore {
    connection: Connection,
    keys: Keys,
}

impl RedisStore {
    /// Connects to a server: `redis://`, `rediss://` with TLS, or `redis+unix:///path`.
    ///
    /// # Errors
    ///
    /// When the URL is none, or the server does not answer within two seconds.
    pub async fn connect(url: impl Into<String>) -> Result<Self, StoreError> {
        Self::builder(url).connect().await
    }

    /// Begins with a server, for a prefix or a deadline of your own.
    pub fn builder(url: impl Into<String>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(vec![url.into()], false)
    }

    /// Begins with some nodes of a cluster, which know the others.
    #[cfg(feature = "cluster")]
    pub fn cluster<U: Into<String>>(urls: impl IntoIterator<Item = U>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(urls.into_iter().map(Into::into).collect(), true)
    }

    /// Takes the connection that the app has already, with the prefix `codegrant:`.
    ///
    /// It keeps its own timeouts where they are shorter. Unlike a connection of the store's own it is not made
    /// anew when the server falls silent without closing it.
    pub fn with_connection(connection: ConnectionManager) -> Self {
        Self {
            connection: Connection::given(connection, DEADLINE),
            keys: Keys::standard(),
        }
    }

    pub(crate) fn new(connection: Connection, keys: Keys) -> Self {
        Self { connection, keys }
    }

    async fn script(
        &self,
        what: &'static str,
        script: &Script,
        key: &str,
        arguments: &[&[u8]],
    ) -> Result<i64, StoreError> {
        match self.connection.run(what, script, key, arguments).await? {
            FOREIGN => Err(foreign()),
            answer => Ok(answer),
        }
    }

    /// Reads one record, whether or not it is over.
    async fn read(&self, key: &SessionKey) -> Result<Option<Stored>, StoreError> {
        let mut command = redis::cmd("GET");
        command.arg(self.keys.session(key));
        let bytes: Option<Vec<u8>> = self.connection.ask("load", &command).await?;
        bytes.map(|bytes| Stored::read(&bytes)).transpose()
    }

    async fn name(
        &self,
        key: &SessionKey,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Named, StoreError> {
        let named = Named {
            key: key.clone(),
            nonce: stored.nonce,
        };
        let (entries, until) = (&stored.record.index, stored.indexed_until);
        index::name(&self.connection, &self.keys, entries, &named, until, now).await?;
        Ok(named)
    }

    async fn forget(&self, entries: impl Iterator<Item = &IndexKey>, dead: &[Named]) {
        index::forget(&self.connection, &self.keys, entries, dead).await;
    }

    /// Compares and swaps once.
    async fn swap(
        &self,
        key: &SessionKey,
        expected: u64,
        stored: &Stored,
        indexed: Option<(Nonce, Timestamp)>,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        let lives = time_to_live(stored.record.expires_at, now).to_string();
        let length = entries(&stored.record.index)?.len().to_string();
        let indexed = indexed.map(|(nonce, until)| [nonce, moment(until)].concat());
        let indexed = indexed.unwrap_or_default();
        let (now, expected, new) = (moment(now), expected.to_be_bytes(), stored.write()?);
        let arguments: [&[u8]; 6] = [
            &now,
            &expected,
            &new,
            lives.as_bytes(),
            length.as_bytes(),
            &indexed,
        ];
        let (script, key) = (&*scripts::REPLACE, self.keys.session(key));
        let answer = self.connection.run("replace", script, &key, &arguments);
        match answer.await? {
            Value::Int(1) => Ok(Swapped::Yes),
            Value::Int(0) | Value::Nil => Ok(Swapped::No),
            Value::BulkString(held) => Ok(Swapped::NeedsEntries(Stored::read(&held)?)),
            _ => Err(foreign()),
        }
    }
}

/// What became of a change.
enum Swapped {
    Yes,
    No,
    /// The record that is there has other entries, or they would not last.
    NeedsEntries(Stored),
}

#[async_trait]
impl SessionStore for RedisStore {
    async fn create(
        &self,
        key: &SessionKey,
        record: Record,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let nonce = nonce();
        let stored = Stored {
            nonce,
            change: nonce,
            indexed_until: indexed_until(&record, now),
            record,
        };
        let bytes = stored.write()?;
        let named = self.name(key, &stored, now).await?;
        let lives = time_to_live(stored.record.expires_at, now).to_string();
        let arguments = [&moment(now)[..], &bytes, lives.as_bytes(), &stored.nonce];
        let script = &*scripts::CREATE;
        let session = self.keys.session(key);
        match self.script("create", script, &session, &arguments).await? {
            1 => Ok(Created::Yes),
            _ => {
                self.forget(stored.record.index.iter(), &[named]).await;
                Ok(Created::No)
            }
        }
    }

    async fn load(&self, key: &SessionKey, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let record = self.read(key).await?.map(|stored| stored.record);
        Ok(record.filter(|record| now < record.expires_at))
    }

    async fn replace(
        &self,
        key: &SessionKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let mut stored = Stored {
            nonce: Nonce::default(),
            change: nonce(),
            indexed_until: indexed_until(&record, now),
            record,
        };
        let held = match self.swap(key, expected, &stored, None, now).await? {
            Swapped::Yes => return Ok(Replaced::Yes),
            Swapped::No => return Ok(Replaced::No),
            Swapped::NeedsEntries(held) => held,
        };
        stored.nonce = held.nonce;
        let named = self.name(key, &stored, now).await?;
        let indexed = Some((held.nonce, stored.indexed_until));
        let swapped = self.swap(key, expected, &stored, indexed, now).await?;
        // Where the change is not written, another one may have been that has these entries: they stay.
        if !matches!(swapped, Swapped::Yes) {
            return Ok(Replaced::No);
        }
        let left = held.record.index.iter();
        let left = left.filter(|entry| !stored.record.index.contains(entry));
        self.forget(left, &[named]).await;
        Ok(Replaced::Yes)
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        let session = self.keys.session(key);
        let script = &*scripts::DELETE;
        let run = self.connection.run("delete", script, &session, &[]);
        let held: Option<Vec<u8>> = run.await?;
        // What cannot be read is gone all the same, and its entries go by themselves.
        if let Some(Ok(dead)) = held.map(|held| Stored::read(&held)) {
            let named = Named {
                key: key.clone(),
                nonce: dead.nonce,
            };
            self.forget(dead.record.index.iter(), &[named]).await;
        }
        Ok(())
    }

    async fn end_all(
        &self,
        entry: &IndexKey,
        issued_by: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut names = Names::of(&self.keys, entry);
        let (mut count, mut failed) = (0, None);
        while let Some(found) = names.next(&self.connection).await? {
            let ended = each(found, |named| {
                let (store, entry) = (self.clone(), entry.clone());
                async move {
                    let session = store.keys.session(&named.key);
                    let (now, issued_by) = (moment(now), moment(issued_by));
                    let arguments = [
                        &now[..],
                        &issued_by,
                        entry.as_str().as_bytes(),
                        &named.nonce,
                    ];
                    let script = &*scripts::END;
                    let ended = store.script("end_all", script, &session, &arguments);
                    (ended.await, named)
                }
            });
            let mut dead = Vec::new();
            for (answer, named) in ended.await {
                match answer {
                    Ok(0) => {}
                    Ok(answer) => {
                        count += 1;
                        dead.extend((answer == 1).then_some(named));
                    }
                    // The others are ended nevertheless.
                    Err(error) => failed = Some(error),
                }
            }
            self.forget([entry].into_iter(), &dead).await;
        }
        failed.map_or(Ok(count), Err)
    }

    async fn list(
        &self,
        entry: &IndexKey,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(SessionKey, Record)>, StoreError> {
        let mut names = Names::of(&self.keys, entry);
        let (mut listed, mut seen) = (Vec::new(), HashSet::new());
        while listed.len() < limit
            && let Some(found) = names.next(&self.connection).await?
        {
            let read = each(found, |named| {
                let store = self.clone();
                async move { (store.read(&named.key).await, named.key) }
            });
            for (record, key) in read.await {
                let Some(Stored { record, .. }) = record? else {
                    continue;
                };
                let found = now < record.expires_at && record.index.contains(entry);
                if found && seen.insert(key.clone()) {
                    listed.push((key, record));
                }
            }
        }
        listed.truncate(limit);
        Ok(listed)
    }

    async fn revoke(&self, revocation: &Revocation, now: Timestamp) -> Result<(), StoreError> {
        let key = self.keys.revocations();
        revocations::add(&self.connection, &key, revocation, now).await
    }

    async fn revoked(
        &self,
        after: Option<&Position>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let key = self.keys.revocations();
        revocations::read(&self.connection, &key, after, now).await
    }

    async fn consume(
        &self,
        transaction: TransactionId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = self.keys.transaction(transaction);
        let mark = [&[FORMAT][..], &moment(until), &nonce()].concat();
        let lives = time_to_live(until, now).to_string();
        let arguments = [&moment(now)[..], &mark, lives.as_bytes()];
        let script = &*scripts::CONSUME;
        Ok(self.script("consume", script, &key, &arguments).await? == 1)
    }
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
