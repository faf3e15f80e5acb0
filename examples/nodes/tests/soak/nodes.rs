//! The processes of the app: started, killed without warning, and restarted one after the other.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::proxy::Addresses;

/// How long a node may take to start or to drain.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two attempts to start one.
const AGAIN: Duration = Duration::from_millis(200);

/// Returns where a node listens first, at a port that is free.
///
/// Where loopback has more than one address each node has its own, so that nobody else on this machine gets its
/// port in the moment in which it is away, as a listener or as the near end of a connection.
fn first_address(node: usize) -> SocketAddr {
    let last = u8::try_from(node % 250).unwrap_or(0) + 1;
    let own = cfg!(target_os = "linux");
    let address = if own {
        [127, 0, 1, last]
    } else {
        [127, 0, 0, 1]
    };
    SocketAddr::from((address, 0))
}

/// A node was killed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kill {
    pub(crate) node: usize,
    pub(crate) at: Instant,
}

/// All nodes.
pub(crate) struct Nodes {
    variables: Vec<(&'static str, String)>,
    /// What a node that starts now seals and opens sessions with.
    secrets: Mutex<String>,
    log: PathBuf,
    nodes: Vec<tokio::sync::Mutex<Option<Child>>>,
    addresses: Addresses,
    kills: Mutex<Vec<Kill>>,
}

impl Nodes {
    /// Starts so many; each writes what an operator should know to the file `log`.
    pub(crate) async fn start(
        count: usize,
        variables: Vec<(&'static str, String)>,
        secrets: &str,
        log: PathBuf,
        addresses: Addresses,
    ) -> Self {
        let nodes = Self {
            variables,
            secrets: Mutex::new(secrets.to_owned()),
            log,
            nodes: (0..count).map(|_| tokio::sync::Mutex::default()).collect(),
            addresses,
            kills: Mutex::default(),
        };
        for node in 0..count {
            let mut child = nodes.nodes[node].lock().await;
            *child = Some(nodes.run(node, first_address(node)).await);
        }
        nodes
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns where they listen.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.all()
    }

    fn secrets(&self) -> String {
        let held = self.secrets.lock();
        held.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_kill(&self, node: usize) {
        let mut kills = self.kills.lock().unwrap_or_else(PoisonError::into_inner);
        kills.push(Kill {
            node,
            at: Instant::now(),
        });
    }

    /// Starts a node and waits until it listens, as often as that takes: whoever watches over processes starts
    /// one again that found its store away.
    async fn run(&self, node: usize, at: SocketAddr) -> Child {
        let deadline = Instant::now() + PATIENCE;
        let mut at = at;
        loop {
            let mut child = self.spawn(node, at);
            let output = child.stdout.take().expect("it is piped");
            let mut lines = BufReader::new(output).lines();
            let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
            let line = line.expect("the node takes too long").ok().flatten();
            let address = line
                .as_deref()
                .and_then(|line| line.strip_prefix("listening on "));
            if let Some(address) = address.and_then(|address| address.parse().ok()) {
                self.addresses.set(node, address);
                return child;
            }
            let log = self.log.display();
            assert!(
                Instant::now() < deadline,
                "node {node} does not start; see {log}"
            );
            if Instant::now() + PATIENCE / 2 > deadline {
                // Its port has become somebody's outgoing connection meanwhile.
                at.set_port(0);
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    fn spawn(&self, node: usize, at: SocketAddr) -> Child {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&self.log);
        let mut command = Command::new(env!("CARGO_BIN_EXE_nodes"));
        command
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .env("NODES_LISTEN", at.to_string())
            .env("NODES_NAME", node.to_string())
            .env("NODES_UNTIL_INPUT_ENDS", "1")
            .env("CODEGRANT_SECRET", self.secrets())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.expect("the log can be written"))
            .kill_on_drop(true);
        command.spawn().expect("the node's program is built")
    }

    /// Kills a node without warning and starts it again.
    pub(crate) async fn kill(&self, node: usize) {
        let mut held = self.nodes[node].lock().await;
        let at = self.addresses.all()[node];
        if let Some(mut child) = held.take() {
            self.note_kill(node);
            child.kill().await.expect("it is a child of this process");
        }
        *held = Some(self.run(node, at).await);
    }

    /// Restarts all nodes with other secrets, one after the other, each when it has answered what was under way.
    pub(crate) async fn restart_with(&self, secrets: &str) {
        *self.secrets.lock().unwrap_or_else(PoisonError::into_inner) = secrets.to_owned();
        for node in 0..self.nodes.len() {
            let mut held = self.nodes[node].lock().await;
            let at = self.addresses.all()[node];
            if let Some(mut child) = held.take() {
                drop(child.stdin.take());
                let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
                ended.expect("the node drains in time").expect("it ends");
            }
            *held = Some(self.run(node, at).await);
        }
    }

    /// Returns when nodes were killed.
    pub(crate) fn kills(&self) -> Vec<Kill> {
        self.kills
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
