//! Performs the hot operations of a login one by one, each many times: `cargo xtask bench --instructions`.
//!
//! Run under callgrind with `--toggle-collect` and `--dump-after` for `count::counted`, it leaves one profile for each
//! operation; what `count::uncounted` took is still to be subtracted. It prints the operations' names in the same order,
//! with how often each was performed.

mod count;
mod proof;
mod site;

use codegrant_core::jose::Algorithm;

/// An operation: it prepares what it needs, and performs itself through [`count::counted`].
struct Operation {
    name: String,
    perform: Box<dyn Fn()>,
}

fn main() {
    let asked = std::env::args().nth(1).unwrap_or_default();
    for operation in operations() {
        if operation.name.contains(&asked) {
            (operation.perform)();
            println!("{} {}", count::TIMES, operation.name);
        }
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
