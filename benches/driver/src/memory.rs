//! Memory: how much a server grows with each session, and with each login that was begun and left.
//!
//! What is read is the memory that only this process has and has written to (`Private_Dirty` of `smaps_rollup`), with
//! what is swapped out: what an operator pays for, what the allocator keeps to itself included. A runtime that collects
//! its garbage late is charged for that.

use std::fs;
use std::rc::Rc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::manifest::{Manifest, Peer, SessionBy, Table};
use crate::report::{Versions, print_lines};
use crate::server::{Places, Server};
use crate::stub::Stub;
use crate::visitor::{Jar, Visitor};

const AT_ONCE: u32 = 4;
/// One in so many is done before the first reading, so that what a server needs in any case is not counted.
const BEFORE: u32 = 10;

/// What a visitor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    /// Comes to a session and keeps it.
    Session,
    /// Begins a login and is never seen again.
    Start,
}

/// Measures what takes part, prints it, and returns it.
pub async fn measure(
    manifest: &Manifest,
    only: Option<&str>,
    sessions: u32,
    places: &Places,
    stub: &Stub,
) -> Value {
    println!("\nmemory: bytes of the server's own, each the mean of {sessions}\n");
    let header = ["peer", "framework", "a session", "an abandoned start"];
    let mut lines = vec![header.map(str::to_owned)];
    let (mut rows, mut missing) = (Vec::new(), Vec::new());
    for peer in manifest.of(Table::Memory, only) {
        let session = growth(peer, Visit::Session, sessions, places, stub).await;
        let start = match peer.session {
            SessionBy::Login => Some(growth(peer, Visit::Start, sessions, places, stub).await),
            // It has no login that could be begun.
            SessionBy::Seed | SessionBy::None => None,
        };
        let cell = |grown: Option<&Result<i64, String>>| match grown {
            None => "-".to_owned(),
            Some(Ok(bytes)) => bytes.to_string(),
            Some(Err(_)) => "missing".to_owned(),
        };
        let cells = [cell(Some(&session)), cell(start.as_ref())];
        let [each_session, each_start] = cells;
        let (name, framework) = (peer.name.clone(), peer.framework.clone());
        lines.push([name, framework, each_session, each_start]);
        let failed = [
            session.as_ref().err(),
            start.as_ref().and_then(|it| it.as_ref().err()),
        ];
        let failed = failed.into_iter().flatten().next().cloned();
        if let Some(reason) = &failed {
            missing.push(format!("missing: {}: {reason}", peer.name));
        }
        rows.push(json!({
            "name": peer.name, "kind": peer.kind, "framework": peer.framework, "note": peer.note,
            "versions": Versions::read(&places.folder).map(|known| known.of(peer)).unwrap_or_default(),
            "session_bytes": session.ok(), "abandoned_start_bytes": start.and_then(Result::ok),
            "sessions": sessions, "missing": failed,
        }));
    }
    print_lines(&lines);
    for line in missing {
        println!("{line}");
    }
    rows.into()
}

/// Returns the bytes by which a fresh server grows with each visit.
async fn growth(
    peer: &Peer,
    visit: Visit,
    count: u32,
    places: &Places,
    stub: &Stub,
) -> Result<i64, String> {
    let server = Server::start(peer, places, stub).await?;
    visits(&server, visit, count / BEFORE).await?;
    let before = private(&server)?;
    visits(&server, visit, count).await?;
    let grown = i64::try_from(private(&server)?).unwrap_or(i64::MAX) - before as i64;
    Ok(grown / i64::from(count.max(1)))
}

async fn visits(server: &Server, visit: Visit, count: u32) -> Result<(), String> {
    let peer = Rc::new(server.peer.clone());
    let mut working = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (peer, port) = (peer.clone(), server.port);
        working.spawn_local(async move {
            let mut visitor = Visitor::new(port);
            for number in 0..count / AT_ONCE {
                match visit {
                    Visit::Start => drop(visitor.begin(&peer, &mut Jar::default()).await?),
                    Visit::Session => {
                        let mut jar = visitor.session(&peer).await?;
                        // That they are sessions is tried on a few: a page may be what costs memory.
                        if number == 0 {
                            visitor.page(&mut jar).await?;
                        }
                    }
                }
            }
            Ok::<(), String>(())
        });
    }
    while let Some(finished) = working.join_next().await {
        finished.map_err(|error| error.to_string())??;
    }
    Ok(())
}

/// Returns the bytes that the server's processes have to themselves.
fn private(server: &Server) -> Result<u64, String> {
    let mut sum = 0;
    for process in server.processes() {
        let path = format!("/proc/{process}/smaps_rollup");
        let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        sum += kilobytes(&text, "Private_Dirty:") + kilobytes(&text, "SwapPss:");
    }
    Ok(sum * 1024)
}

fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let figure = line.and_then(|rest| rest.split_whitespace().next());
    figure.and_then(|word| word.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilobytes_are_read_from_their_line() {
        let text = "Rss:  12 kB\nPrivate_Clean:  7 kB\nPrivate_Dirty:     1204 kB\n";
        assert_eq!(kilobytes(text, "Private_Dirty:"), 1204);
        assert_eq!(kilobytes(text, "SwapPss:"), 0);
    }
}
