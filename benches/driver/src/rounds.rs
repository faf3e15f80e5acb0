//! Turns: every peer is measured once in each round, in an order that moves on from round to round, so that a
//! machine that slows down slows all of them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;
use url::Url;

use crate::manifest::{Kind, Manifest, Peer, Table};
use crate::server::{Places, Server};
use crate::stub::Stub;
use crate::visitor::{Jar, Visitor, get, greets};

/// How many connections work at once: enough that the server is never idle.
const PAGES_AT_ONCE: usize = 8;
const LOGINS_AT_ONCE: usize = 4;
/// How many logins each of these connections has under way.
const BATCH: u64 = 16;

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
    pub fn slice(self, table: Table, kind: Kind) -> Duration {
        let by_kind = match (kind, table) {
            // Most of a login's time is the provider's.
            (Kind::Rust, Table::Login) => Duration::from_secs(1),
            (Kind::Rust, _) => Duration::from_millis(500),
            // One unit takes ten to a hundred times as long there, and garbage is collected now and then.
            (Kind::Node | Kind::Python, _) => Duration::from_secs(2),
        };
        self.slice.unwrap_or(by_kind)
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
            let amount = Amount::For(plan.slice(table, row.peer.kind));
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

/// Logs fresh visitors in, a batch at a time. Afterwards each of them sees the page.
///
/// All of a batch begin, then all agree at the provider, then all come back: a signature costs the provider ten times what
/// a login costs the server, which would otherwise sit idle between any two of them.
async fn logins(server: &Server, amount: Amount) -> Result<Turn, String> {
    let mut travellers: Vec<Traveller> = (0..LOGINS_AT_ONCE)
        .map(|_| Traveller::new(server))
        .collect();
    let begun = Instant::now();
    let mut all = Spent::default();
    let mut each = 0;
    while !amount.is_done(begun, each) {
        let batch = match amount {
            Amount::For(_) => BATCH,
            Amount::Each(count) => BATCH.min(count - each),
        };
        each += batch;
        let begin = |traveller: Traveller, _| traveller.begin(batch);
        let (spent, done) = counted(server, travellers, begin).await?;
        all.add(&spent);
        travellers = done;
        for traveller in &mut travellers {
            traveller.consent().await?;
        }
        let come_back = |traveller: Traveller, _| traveller.come_back();
        let (spent, done) = counted(server, travellers, come_back).await?;
        all.add(&spent);
        travellers = done;
    }
    let mut jars: Vec<Jar> = travellers.into_iter().flat_map(|it| it.home).collect();
    let mut visitor = Visitor::new(server.port);
    for jar in &mut jars {
        visitor.page(jar).await?;
    }
    if let Some(jar) = jars.last() {
        visitor.is_turned_away(&server.peer, jar).await?;
    }
    Ok(all.of(jars.len() as u64))
}

/// A connection over which visitors log in, and how far each of them is.
struct Traveller {
    visitor: Visitor,
    peer: Peer,
    /// Those who were sent to the provider, and where to.
    sent: Vec<(Jar, Url)>,
    /// Those who agreed there, and where they come back to.
    agreed: Vec<(Jar, String)>,
    /// Those who are logged in.
    home: Vec<Jar>,
}

impl Traveller {
    fn new(server: &Server) -> Self {
        Self {
            visitor: Visitor::new(server.port),
            peer: server.peer.clone(),
            sent: Vec::new(),
            agreed: Vec::new(),
            home: Vec::new(),
        }
    }

    async fn begin(mut self, count: u64) -> Result<Self, String> {
        for _ in 0..count {
            let mut jar = Jar::default();
            let provider = self.visitor.begin(&self.peer, &mut jar).await?;
            self.sent.push((jar, provider));
        }
        Ok(self)
    }

    async fn consent(&mut self) -> Result<(), String> {
        for (jar, provider) in self.sent.drain(..) {
            self.agreed
                .push((jar, self.visitor.consent(&provider).await?));
        }
        Ok(())
    }

    async fn come_back(mut self) -> Result<Self, String> {
        for (mut jar, target) in self.agreed.drain(..) {
            self.visitor.come_back(&target, &mut jar).await?;
            self.home.push(jar);
        }
        Ok(self)
    }
}

/// Lets all visitors work at once, and reads the server's books before and after.
async fn counted<V, T: 'static, F>(
    server: &Server,
    visitors: Vec<V>,
    work: impl Fn(V, Instant) -> F,
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
#[derive(Debug, Default)]
struct Spent {
    cpu: Duration,
    wall: Duration,
    instructions: Option<u64>,
}

impl Spent {
    fn add(&mut self, more: &Self) {
        self.cpu += more.cpu;
        self.wall += more.wall;
        if let Some(count) = more.instructions {
            self.instructions = Some(self.instructions.unwrap_or(0) + count);
        }
    }

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
