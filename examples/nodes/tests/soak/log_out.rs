//! Log-outs, and how long any node goes on letting somebody in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::driver::{Driver, Said, Visitor};
use crate::plan::Kind;

/// Between two looks at one node.
const LOOK: Duration = Duration::from_millis(50);

/// What a busy machine may add to the bound that the documentation states.
const ALLOWANCE: Duration = Duration::from_secs(2);

/// How late log-outs were effective.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Late {
    pub(crate) log_outs: usize,
    /// The latest request that any node let in, counted from the log-out's answer.
    pub(crate) longest: Duration,
}

impl Late {
    fn and(self, other: Self) -> Self {
        Self {
            log_outs: self.log_outs + other.log_outs,
            longest: self.longest.max(other.longest),
        }
    }
}

/// How many log-outs are watched at the same time.
const AT_ONCE: usize = 5;

/// Logs persons out everywhere, each from one of three browsers.
pub(crate) async fn everywhere(driver: &Arc<Driver>, nodes: &[SocketAddr]) -> Late {
    some(driver, nodes, driver.plan.everywhere, "Everywhere", 3).await
}

/// Logs some sessions out by the button.
pub(crate) async fn alone(driver: &Arc<Driver>, nodes: &[SocketAddr]) -> Late {
    some(driver, nodes, driver.plan.alone, "Alone", 1).await
}

async fn some(
    driver: &Arc<Driver>,
    nodes: &[SocketAddr],
    persons: usize,
    called: &str,
    browsers: usize,
) -> Late {
    let mut late = Late::default();
    let numbers: Vec<usize> = (0..persons).collect();
    for numbers in numbers.chunks(AT_ONCE) {
        let ends = numbers.iter().map(|number| {
            let (driver, nodes) = (driver.clone(), nodes.to_vec());
            let name = format!("{called} {number}");
            tokio::spawn(async move { one(&driver, &nodes, &name, browsers).await })
        });
        for end in ends.collect::<Vec<_>>() {
            late = late.and(end.await.expect("a log-out does not panic"));
        }
    }
    late
}

/// Logs one person in with some browsers, and out with the first of them.
async fn one(driver: &Arc<Driver>, nodes: &[SocketAddr], name: &str, browsers: usize) -> Late {
    let mut sessions = Vec::new();
    for _ in 0..browsers {
        sessions.extend(driver.log_in(name).await);
    }
    let Some(first) = sessions.first().cloned() else {
        return Late::default();
    };
    let way = match browsers {
        1 => ("/auth/logout", ""),
        _ => ("/auth/sessions", "all=1"),
    };
    end(driver, nodes, &first, way, &sessions).await
}

/// Ends sessions, and asks every node directly until none of them lets anybody in.
async fn end(
    driver: &Arc<Driver>,
    nodes: &[SocketAddr],
    by: &Arc<Visitor>,
    (path, form): (&str, &str),
    sessions: &[Arc<Visitor>],
) -> Late {
    // Every node has seen them, so that whatever it remembers of a session it remembers here.
    let mut everywhere = Vec::new();
    for node in nodes {
        everywhere.extend(sessions.iter().map(|session| (*node, session.clone())));
    }
    for (node, session) in &everywhere {
        if let said @ (Said::Out | Said::Else(_)) = driver.ask(session, "/", Some(*node)).await {
            driver
                .findings
                .wrong(format!("{} before its log-out: {said:?}", session.name));
        }
    }
    // The browser that keeps its cookies is the worst case: a copy of them.
    for session in sessions {
        session.end();
    }
    if let Err(why) = driver.post(by, path, form).await {
        driver.findings.wrong(format!("{path}: {why}"));
    }
    let from = Instant::now();
    let bound = driver.plan.kind.bound() + ALLOWANCE;
    let watched: Vec<_> = everywhere
        .into_iter()
        .map(|(node, session)| {
            let driver = driver.clone();
            tokio::spawn(async move { watch(&driver, node, &session, from, bound).await })
        })
        .collect();
    let mut longest = Duration::ZERO;
    for watch in watched {
        longest = longest.max(watch.await.expect("a watch does not panic"));
    }
    if longest > bound {
        driver
            .findings
            .wrong(format!("{}: let in {longest:?} after {path}", by.name));
    }
    Late {
        log_outs: 1,
        longest,
    }
}

/// Returns when this node let the session in last, counted from the log-out.
async fn watch(
    driver: &Driver,
    node: SocketAddr,
    session: &Visitor,
    from: Instant,
    bound: Duration,
) -> Duration {
    // Where the store answers every request there is nothing to wait for; otherwise a node that has refused
    // may not let in again.
    let needed = if driver.plan.kind == Kind::Store {
        2
    } else {
        5
    };
    let (mut longest, mut refused) = (Duration::ZERO, 0);
    while refused < needed && from.elapsed() < bound * 4 {
        let asked = from.elapsed();
        match driver.ask(session, "/", Some(node)).await {
            Said::In => (longest, refused) = (asked, 0),
            Said::Out => refused += 1,
            // It is being restarted.
            Said::Away(_) => {}
            said => driver
                .findings
                .wrong(format!("{} after its log-out: {said:?}", session.name)),
        }
        tokio::time::sleep(LOOK).await;
    }
    longest
}
