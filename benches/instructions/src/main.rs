//! Performs the hot operations of a login one by one, each many times: `cargo xtask bench --instructions`.
//!
//! Run under callgrind with `--toggle-collect` and `--dump-after` for `count::counted`, it leaves one profile for each
//! operation; what `count::uncounted` took is still to be subtracted. It prints the operations' names in the same order,
//! with how often each was performed.
//!
//! After `--times` it prints how long each takes, in rounds: `cargo xtask bench --times`.

mod count;
mod proof;
mod site;

use std::time::Duration;

use codegrant_core::jose::Algorithm;

/// How often every operation is timed, in turns: what a machine does besides falls on all of them.
const ROUNDS: usize = 7;

/// An operation: it prepares what it needs, and performs itself through [`count::counted`].
struct Operation {
    name: String,
    perform: Box<dyn Fn()>,
}

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let timed = words.first().is_some_and(|word| word == "--times");
    if timed {
        words.remove(0);
    }
    let mut operations = operations();
    operations.retain(|operation| {
        words.is_empty() || words.iter().any(|word| operation.name.contains(word))
    });
    if timed {
        return times(&operations);
    }
    for operation in operations {
        (operation.perform)();
        println!("{} {}", count::TIMES, operation.name);
    }
}

/// Prints the microseconds of each operation: the median of the rounds, the fastest and the slowest.
fn times(operations: &[Operation]) {
    let mut times = vec![Vec::new(); operations.len()];
    for _ in 0..ROUNDS {
        for (operation, times) in operations.iter().zip(&mut times) {
            times.push(count::timed(&operation.perform));
        }
    }
    let microseconds = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "{:<28} {:>8} {:>8} {:>8}",
        "operation", "us", "fastest", "slowest"
    );
    for (operation, mut times) in operations.iter().zip(times) {
        times.sort_unstable();
        let [median, fastest, slowest] = [times[ROUNDS / 2], times[0], times[ROUNDS - 1]];
        println!(
            "{:<28} {:>8.2} {:>8.2} {:>8.2}",
            operation.name,
            microseconds(median),
            microseconds(fastest),
            microseconds(slowest)
        );
    }
}

fn operations() -> Vec<Operation> {
    let operation = |name: &str, perform: fn()| Operation {
        name: name.to_owned(),
        perform: Box::new(perform),
    };
    let mut operations = vec![
        operation("session by cookie", site::session_by_cookie),
        operation("session by memory", site::session_by_memory),
        operation("first session by cookie", site::first_session_by_cookie),
        operation("first session by memory", site::first_session_by_memory),
        operation("challenge", site::challenge),
        operation("authorize", proof::authorize),
        operation("start of a login", site::start_of_a_login),
        operation("callback by values", proof::callback),
        operation("whole callback", site::whole_callback),
    ];
    let bare = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
    operations.extend(bare.map(|algorithm| Operation {
        name: format!("signature {algorithm} alone"),
        perform: Box::new(move || proof::signature_alone(algorithm)),
    }));
    let algorithms = [
        Algorithm::Rs256,
        Algorithm::Ps256,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::EdDsa,
        Algorithm::Hs256,
    ];
    operations.extend(algorithms.map(|algorithm| Operation {
        name: format!("id token {algorithm}"),
        perform: Box::new(move || proof::id_token(algorithm)),
    }));
    operations
}
