//! Turns: every peer is measured once in each round, in an order that moves on from round to round, so that a
//! machine that slows down slows all of them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

use crate::manifest::{Kind, Manifest, Peer, Table};
use crate::server::{Places, Server};
use crate::stub::Stub;
use crate::visitor::{Jar, Visitor, get, greets};

/// How many connections work at once: enough that the server is never idle.
const PAGES_AT_ONCE: usize = 8;
const LOGINS_AT_ONCE: usize = 4;

/// How long to go on.
#[derive(Debug, Clone, Copy)]
pub enum Amount {
    /// Until this time is over.
    For(Duration),
    /// So many units on each connection.
    Each(u64),
}

impl Amount {
    fn is_done(self, since: Instant, units: u64) -> bool {
        match self {
            Self::For(time) => since.elapsed() >= time,
            Self::Each(count) => units >= count,
        }
    }
}

/// What one turn of one peer cost.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Turn {
    pub round: usize,
    pub units: u64,
    /// Microseconds of processor time a unit.
    pub cpu: f64,
    /// Microseconds of waiting a unit: with all connections at work, and with whatever else the machine did.
    pub wall: f64,
    /// Instructions a unit outside of the kernel, where they were counted.
    pub instructions: Option<f64>,
}

/// What a peer came to.
#[derive(Debug)]
pub struct Row {
    pub peer: Peer,
    pub turns: Vec<Turn>,
    /// Instructions a unit outside of the kernel, where they were counted.
    pub instructions: Option<f64>,
    /// Why it is not measured, or was not to the end.
    pub missing: Option<String>,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    /// How long one turn takes, where it is not said by kind.
    pub slice: Option<Duration>,
}

impl Plan {
    /// Returns how long one turn of a peer of this kind takes.
    pub fn slice(self, kind: Kind) -> Duration {
        self.slice.unwrap_or(match kind {
            Kind::Rust => Duration::from_millis(500),
            // One unit takes ten to a hundred times as long there, and garbage is collected now and then.
            Kind::Node | Kind::Python => Duration::from_secs(2),
        })
    }
}

/// Measures everything that takes part in this table. What others are compared with is always measured.
pub async fn measure(
    table: Table,
    manifest: &Manifest,
    only: Option<&str>,
    plan: Plan,
    places: &Places,
    stub: &Stub,
) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut servers = Vec::new();
    for peer in chosen(table, manifest, only) {
        let started = Server::start(peer, places, stub).await;
        let mut row = Row {
            peer: peer.clone(),
            turns: Vec::new(),
            instructions: None,
            missing: None,
        };
        let mut server = None;
        match started {
            Ok(running) => server = Some(running),
            Err(reason) => row.missing = Some(reason),
        }
        rows.push(row);
        servers.push(server);
    }
    // The first turn of each is thrown away: it fills caches, and lets a just-in-time compiler work.
    for round in 0..=plan.rounds {
        for step in 0..rows.len() {
            let place = (step + round) % rows.len();
            let (row, Some(server)) = (&mut rows[place], &servers[place]) else {
                continue;
            };
            let amount = Amount::For(plan.slice(row.peer.kind));
            match turn(table, server, amount).await {
                Ok(turn) if round > 0 => row.turns.push(Turn { round, ..turn }),
                Ok(_) => {}
                Err(reason) => {
                    row.missing = Some(format!("{reason}; {}", server.last_words()));
                    servers[place] = None;
                }
            }
        }
    }
    rows
}

/// Returns what is asked for, and what that is compared with.
pub fn chosen<'a>(table: Table, manifest: &'a Manifest, only: Option<&'a str>) -> Vec<&'a Peer> {
    let asked: Vec<&Peer> = manifest.of(table, only).collect();
    let is_base = |peer: &Peer| match table {
        Table::Login => asked
            .iter()
            .any(|asking| crate::report::base(table, asking) == Some(peer.name.as_str())),
        _ => asked
            .iter()
            .any(|asking| asking.bare.as_deref() == Some(peer.name.as_str())),
    };
    let all = manifest.of(table, None);
    all.filter(|peer| asked.iter().any(|other| other.name == peer.name) || is_base(peer))
        .collect()
}

/// Measures one peer once.
///
/// # Errors
///
/// A request failed, or the server is gone.
pub async fn turn(table: Table, server: &Server, amount: Amount) -> Result<Turn, String> {
    match table {
        Table::Login => logins(server, amount).await,
        _ => pages(server, amount).await,
    }
}

/// Asks for the page of a logged-in user.
async fn pages(server: &Server, amount: Amount) -> Result<Turn, String> {
    let mut visitors: Vec<Visitor> = (0..PAGES_AT_ONCE)
        .map(|_| Visitor::new(server.port))
        .collect();
    let jar = visitors[0].session(&server.peer).await?;
    visitors[0].is_turned_away(&server.peer, &jar).await?;
    let request: Rc<[u8]> = get(server.port, "/page", &jar).into();
    // Opens the connections, and sees that the session is one.
    for visitor in &mut visitors {
        visitor.page(&mut jar.clone()).await?;
    }
    let work = |mut visitor: Visitor, begun: Instant| {
        let request = request.clone();
        async move {
            let mut units = 0;
            while !amount.is_done(begun, units) {
                let answer = visitor.peer.send(&request).await;
                greets(&answer.map_err(|error| format!("/page: {error}"))?)?;
                units += 1;
            }
            Ok(units)
        }
    };
    let (turn, units) = counted(server, visitors, work).await?;
    Ok(turn.of(units.iter().sum()))
}

/// Logs one fresh visitor in after the other. Afterwards each of them sees the page.
async fn logins(server: &Server, amount: Amount) -> Result<Turn, String> {
    let visitors: Vec<Visitor> = (0..LOGINS_AT_ONCE)
        .map(|_| Visitor::new(server.port))
        .collect();
    let work = |mut visitor: Visitor, begun: Instant| {
        let peer = server.peer.clone();
        async move {
            let mut jars = Vec::new();
            while !amount.is_done(begun, jars.len() as u64) {
                jars.push(visitor.log_in(&peer).await?);
            }
            Ok(jars)
        }
    };
    let (turn, jars) = counted(server, visitors, work).await?;
    let mut jars: Vec<Jar> = jars.into_iter().flatten().collect();
    let mut visitor = Visitor::new(server.port);
    for jar in &mut jars {
        visitor.page(jar).await?;
    }
    if let Some(jar) = jars.last() {
        visitor.is_turned_away(&server.peer, jar).await?;
    }
    Ok(turn.of(jars.len() as u64))
}

/// Lets all visitors work at once, and reads the server's books before and after.
async fn counted<T: 'static, F>(
    server: &Server,
    visitors: Vec<Visitor>,
    work: impl Fn(Visitor, Instant) -> F,
) -> Result<(Spent, Vec<T>), String>
where
    F: Future<Output = Result<T, String>> + 'static,
{
    let before = server.used()?;
    let begun = Instant::now();
    let mut working = JoinSet::new();
    for visitor in visitors {
        working.spawn_local(work(visitor, begun));
    }
    let mut done = Vec::new();
    while let Some(finished) = working.join_next().await {
        done.push(finished.map_err(|error| error.to_string())??);
    }
    let wall = begun.elapsed();
    let after = server.used()?;
    let spent = Spent {
        cpu: Duration::from_nanos(after.since(&before)),
        wall,
        instructions: after.instructions_since(&before),
    };
    Ok((spent, done))
}

/// What all units of a turn took together.
struct Spent {
    cpu: Duration,
    wall: Duration,
    instructions: Option<u64>,
}

impl Spent {
    fn of(&self, units: u64) -> Turn {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / units.max(1) as f64;
        let (cpu, wall) = (each(self.cpu), each(self.wall));
        let instructions = self.instructions;
        let instructions = instructions.map(|count| count as f64 / units.max(1) as f64);
        Turn {
            round: 0,
            units,
            cpu,
            wall,
            instructions,
        }
    }
}
