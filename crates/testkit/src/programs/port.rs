//! Ports for programs that are told which one to take.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that systems give to outgoing connections, so that none of those is in the way
/// between the moment a port is chosen and the moment it is taken.
const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

/// Returns a port of `127.0.0.1` on which nobody listens, and which this process gives out once.
pub(crate) fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Processes that run side by side begin at different places.
    let process = (std::process::id() % u32::from(COUNT / 100)) as u16 * 100;
    for _ in 0..COUNT {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + process.wrapping_add(given) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port on loopback");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once() {
        let mut ports: Vec<u16> = (0..20).map(|_| free_port()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 20);
    }
}
