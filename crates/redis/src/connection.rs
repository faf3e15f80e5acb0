//! The connection: every command has a deadline, and a connection that broke is made anew.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use codegrant_web::StoreError;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind};

use crate::scripts::Script;

/// How many commands may wait to be written.
const WAITING: usize = 1000;

/// The longest text of a server that goes into an error.
const TEXT_LIMIT: usize = 200;

/// A connection to a server or a cluster; cheap to clone.
#[derive(Clone)]
pub(crate) struct Connection {
    link: Link,
    deadline: Duration,
    /// Where the server is, for errors: no password.
    place: Arc<str>,
}

#[derive(Clone)]
enum Link {
    Own(Arc<Own>),
    /// The app's own, which heals by itself.
    Given(ConnectionManager),
    #[cfg(feature = "cluster")]
    Cluster(redis::cluster_async::ClusterConnection),
}

/// A connection that is replaced when it does not answer, also where the network says nothing.
struct Own {
    client: Client,
    deadline: Duration,
    current: Mutex<Current>,
}

#[derive(Clone)]
struct Current {
    number: u64,
    manager: ConnectionManager,
}

impl Connection {
    /// Connects, and asks whether anybody is there.
    pub(crate) async fn own(client: Client, deadline: Duration) -> Result<Self, StoreError> {
        let place = client.get_connection_info().addr().to_string();
        let failed = |error: &RedisError| failure(&place, "connect", error);
        let manager = manager(&client, deadline).map_err(|error| failed(&error))?;
        let own = Own {
            client,
            deadline,
            current: Mutex::new(Current { number: 0, manager }),
        };
        let connection = Self {
            link: Link::Own(Arc::new(own)),
            deadline,
            place: place.into(),
        };
        connection.greet().await?;
        Ok(connection)
    }

    /// Takes a connection of the app's own.
    pub(crate) fn given(manager: ConnectionManager, deadline: Duration) -> Self {
        Self {
            link: Link::Given(manager),
            deadline,
            place: "a given connection".into(),
        }
    }

    /// Connects to a cluster.
    #[cfg(feature = "cluster")]
    pub(crate) async fn cluster(
        client: redis::cluster::ClusterClient,
        deadline: Duration,
    ) -> Result<Self, StoreError> {
        let place = "a cluster";
        let connect = client.get_async_connection();
        let connection = match tokio::time::timeout(deadline, connect).await {
            Ok(connected) => connected.map_err(|error| failure(place, "connect", &error))?,
            Err(_) => return Err(too_late(place, "connect", deadline)),
        };
        let connection = Self {
            link: Link::Cluster(connection),
            deadline,
            place: place.into(),
        };
        connection.greet().await?;
        Ok(connection)
    }

    /// Sends a command, perhaps twice.
    ///
    /// # Errors
    ///
    /// What the server says, or that it does not say anything in time.
    pub(crate) async fn ask<T: FromRedisValue>(
        &self,
        what: &'static str,
        command: &Cmd,
    ) -> Result<T, StoreError> {
        self.twice(what, &Asked::Command(command)).await
    }

    /// Runs a script, perhaps twice: it has to know a second time from the first.
    ///
    /// # Errors
    ///
    /// What the server says, or that it does not say anything in time.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        what: &'static str,
        script: &Script,
        key: &str,
        arguments: &[&[u8]],
    ) -> Result<T, StoreError> {
        let asked = Asked::Script {
            script,
            key,
            arguments,
        };
        self.twice(what, &asked).await
    }

    /// Sends something within the deadline, and once more where the connection broke.
    async fn twice<T: FromRedisValue>(
        &self,
        what: &'static str,
        asked: &Asked<'_>,
    ) -> Result<T, StoreError> {
        let number = self.link.number();
        let answer = tokio::time::timeout(self.deadline, async {
            match asked.of(&self.link).await {
                Err(error) if is_broken(&error) => {
                    self.link.renew(number);
                    asked.of(&self.link).await
                }
                answered => answered,
            }
        });
        let Ok(answered) = answer.await else {
            self.link.renew(number);
            return Err(too_late(&self.place, what, self.deadline));
        };
        let failed = |error: RedisError| failure(&self.place, what, &error);
        let value = answered.map_err(|error| {
            if error.is_timeout() {
                self.link.renew(number);
            }
            failed(error)
        })?;
        T::from_redis_value(value).map_err(|error| failed(error.into()))
    }

    /// Asks whether anybody is there, and warns where the server throws keys away.
    async fn greet(&self) -> Result<(), StoreError> {
        let _: String = self.ask("connect", &redis::cmd("PING")).await?;
        #[cfg(feature = "cluster")]
        if matches!(self.link, Link::Cluster(_)) {
            return Ok(());
        }
        let mut information = redis::cmd("INFO");
        information.arg("memory");
        // A user without the right to ask works all the same.
        let told: Result<String, _> = self.ask("connect", &information).await;
        if let Ok(told) = told
            && let Some(policy) = evicting(&told)
        {
            tracing::warn!(
                server = %self.place,
                policy,
                "redis evicts keys when its memory is full: sessions, and what is over, would be lost; \
                 set maxmemory-policy to noeviction"
            );
        }
        Ok(())
    }
}

/// What is asked.
enum Asked<'a> {
    Command(&'a Cmd),
    Script {
        script: &'a Script,
        key: &'a str,
        arguments: &'a [&'a [u8]],
    },
}

impl Asked<'_> {
    async fn of(&self, link: &Link) -> RedisResult<redis::Value> {
        match self {
            Self::Command(command) => link.send(command).await,
            Self::Script { script, .. } => {
                let answered = link.send(&self.command("EVALSHA", &script.hash)).await;
                let unknown = ErrorKind::Server(ServerErrorKind::NoScript);
                match answered {
                    Err(error) if error.kind() == unknown => {
                        link.send(&self.command("EVAL", &script.code)).await
                    }
                    answered => answered,
                }
            }
        }
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        if let Self::Script { key, arguments, .. } = self {
            command.arg(script).arg(1).arg(*key).arg(*arguments);
        }
        command
    }
}

impl Link {
    async fn send(&self, command: &Cmd) -> RedisResult<redis::Value> {
        match self {
            Self::Own(own) => {
                let mut manager = own.current().manager;
                command.query_async(&mut manager).await
            }
            Self::Given(manager) => command.query_async(&mut manager.clone()).await,
            #[cfg(feature = "cluster")]
            Self::Cluster(connection) => command.query_async(&mut connection.clone()).await,
        }
    }

    /// Tells which connection is in use.
    fn number(&self) -> u64 {
        match self {
            Self::Own(own) => own.current().number,
            _ => 0,
        }
    }

    /// Puts a new connection in the place of that one, unless somebody did. It connects when it is used.
    fn renew(&self, number: u64) {
        let Self::Own(own) = self else {
            return;
        };
        let mut current = own.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.number == number
            && let Ok(manager) = manager(&own.client, own.deadline)
        {
            let number = number.wrapping_add(1);
            *current = Current { number, manager };
        }
    }
}

impl Own {
    fn current(&self) -> Current {
        let current = self.current.lock();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Makes a connection that connects when it is used, once and not over and over: that is for [`Connection`] to
/// say.
fn manager(client: &Client, deadline: Duration) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(deadline))
        .set_response_timeout(Some(deadline))
        .set_pipeline_buffer_size(WAITING);
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

/// Whether a new connection may do what this one did not.
fn is_broken(error: &RedisError) -> bool {
    // After a failover the server at hand may have become a replica.
    let is_replica = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
    is_replica || (error.is_io_error() && !error.is_timeout())
}

fn too_late(place: &str, what: &str, deadline: Duration) -> StoreError {
    StoreError {
        reason: format!(
            "redis at {place}: {what}: no answer within {} ms",
            deadline.as_millis()
        ),
    }
}

pub(crate) fn failure(place: &str, what: &str, error: &RedisError) -> StoreError {
    StoreError {
        reason: format!("redis at {place}: {what}: {}", cleaned(&error.to_string())),
    }
}

/// Makes a server's text fit for a log. Servers that do not know a command repeat what came with it, which
/// may be a password.
fn cleaned(text: &str) -> String {
    let text = text.split("with args beginning with").next().unwrap_or("");
    let shown = text.chars().take(TEXT_LIMIT);
    let shown: String = shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    shown.trim_end_matches([' ', ',']).to_owned()
}

/// Finds the policy by which keys that are not over are thrown away, if there is one.
fn evicting(information: &str) -> Option<&str> {
    let value = |name: &str| {
        let mut lines = information.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    };
    let policy = value("maxmemory_policy")?.trim();
    (policy != "noeviction").then_some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    // attack: LK-03 LK-06
    #[test]
    fn text_of_a_server_is_one_short_line_without_the_arguments_that_it_repeats() {
        let said =
            "ERR unknown command `HELLO`, with args beginning with: `3` `AUTH` `app` `secret`";
        assert_eq!(cleaned(said), "ERR unknown command `HELLO`");
        assert_eq!(
            cleaned("one\r\n2026 INFO admin\u{1b}[2J"),
            "one  2026 INFO admin [2J"
        );
        assert_eq!(cleaned(&"x".repeat(10_000)).len(), TEXT_LIMIT);
    }

    #[test]
    fn server_that_throws_keys_away_is_told_from_one_that_does_not() {
        let told = "# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n";
        assert_eq!(evicting(told), Some("allkeys-lru"));
        assert_eq!(evicting(&told.replace("allkeys-lru", "noeviction")), None);
        assert_eq!(evicting("# Memory"), None);
    }
}
