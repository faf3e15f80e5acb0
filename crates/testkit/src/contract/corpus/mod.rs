//! One list of ordinary and hostile requests, and what an app makes of each: the same for every framework.
//!
//! The [contract](super) asks whether an adapter is faithful to web. The corpus asks it of several hundred
//! requests in a row, whole logins among them, and writes down everything: status, headers, body, and the
//! calls that the app made to its provider. Two adapters that are faithful give two transcripts that are
//! equal to the byte.
//!
//! ```no_run
//! use codegrant_testkit::contract::{Adapter, corpus};
//! # fn start(auth: codegrant_web::Auth, listener: std::net::TcpListener) { let _ = (auth, listener); }
//! let replayed = corpus::replay(&Adapter::new(start))?;
//! assert_eq!(replayed.difference(&corpus::by_values()?), None);
//! # Ok::<(), codegrant_testkit::contract::Broken>(())
//! ```
//!
//! # What is masked
//!
//! States, nonces and sealed cookies are random: in `location`, in `set-cookie` and in the calls, each run
//! of twenty or more characters of base64url is replaced by its length, or by nothing in `set-cookie`, and
//! in a body the state by its name. Headers are sorted by name, because their order means nothing (RFC 9110 section 5.3); several
//! values of one keep theirs. Headers that a server adds by itself are left out, and so are all headers of
//! the app's own pages.
//!
//! # What a framework may refuse
//!
//! Some requests never reach an adapter: the server or the framework refuses them. The record then says
//! [`Outcome::Refused`], whichever status it was, as long as nothing of ours ran. This is allowed only for
//! entries that are marked so in the corpus, with the reason beside the mark, and [`Transcript::refused`]
//! names them.

mod entry;
mod list;
mod play;
mod transcript;
mod values;

use std::sync::OnceLock;

use super::http2::Http2;
use super::stage::Stage;
use super::{Adapter, Broken};

use play::Leeway;

pub(super) use entry::Spelling;
pub(super) use play::Asked;

pub use transcript::{Outcome, Record, Transcript};

/// Asks an adapter's app everything that is in the corpus, over HTTP/1.1.
///
/// # Errors
///
/// When no app can be started, or none listens. Whatever it answers is a record and no error.
pub fn replay(adapter: &Adapter) -> Result<Transcript, Broken> {
    let (sealed, stored) = (Stage::usual(adapter)?, Stage::stored(adapter)?);
    let entries = list::entries();
    play::through(
        &entries,
        Leeway::of(adapter),
        &mut play::Wire { stage: &sealed },
        &mut play::Wire { stage: &stored },
    )
}

/// Asks the same over HTTP/2, as far as it can be said there, all of it on one connection.
///
/// # Errors
///
/// When no app can be started, or it does not speak HTTP/2 without being asked in HTTP/1.1 first (prior
/// knowledge, RFC 9113 section 3.3).
pub fn replay_over_http2(adapter: &Adapter) -> Result<Transcript, Broken> {
    let (sealed, stored) = (Stage::usual(adapter)?, Stage::stored(adapter)?);
    let entries = speakable_in_http2();
    play::through(
        &entries,
        Leeway::of(adapter),
        &mut Http2::connect(&sealed)?,
        &mut Http2::connect(&stored)?,
    )
}

/// Returns what web says to all of it: the same requests by values, without a socket.
///
/// # Errors
///
/// When the login of the contract's app cannot be configured.
pub fn by_values() -> Result<Transcript, Broken> {
    values::transcript(&list::entries(), Leeway::NONE)
}

/// Returns what web says to those that can be said in HTTP/2.
///
/// # Errors
///
/// When the login of the contract's app cannot be configured.
pub fn by_values_over_http2() -> Result<Transcript, Broken> {
    values::transcript(&speakable_in_http2(), Leeway::NONE)
}

/// Compares what an adapter's app answers with what web says; the first difference is the error.
pub(super) fn compare(adapter: &Adapter) -> Result<(), Broken> {
    let expected = expected(Leeway::of(adapter))?;
    agreed(replay(adapter)?.difference_to_values(&expected))
}

/// The same over HTTP/2.
pub(super) fn compare_over_http2(adapter: &Adapter) -> Result<(), Broken> {
    let expected = values::transcript(&speakable_in_http2(), Leeway::of(adapter))?;
    agreed(replay_over_http2(adapter)?.difference_to_values(&expected))
}

fn agreed(difference: Option<String>) -> Result<(), Broken> {
    difference.map_or(Ok(()), |difference| Err(Broken::new(difference)))
}

/// What web says to the whole corpus, which many tests of one process compare with.
fn expected(leeway: Leeway) -> Result<Transcript, Broken> {
    static USUAL: OnceLock<Transcript> = OnceLock::new();
    if leeway != Leeway::NONE {
        return values::transcript(&list::entries(), leeway);
    }
    match USUAL.get() {
        Some(transcript) => Ok(transcript.clone()),
        None => {
            let transcript = values::transcript(&list::entries(), leeway)?;
            Ok(USUAL.get_or_init(|| transcript).clone())
        }
    }
}

/// Returns how many requests the corpus has, those of its logins included.
pub fn size() -> usize {
    list::entries().iter().map(|entry| entry.steps.len()).sum()
}

fn speakable_in_http2() -> Vec<entry::Entry> {
    let mut entries = list::entries();
    entries.retain(entry::Entry::is_speakable_in_http2);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corpus_has_hundreds_of_requests_under_different_names() {
        let entries = list::entries();
        let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert!(names.len() >= 150, "{} entries", names.len());
        assert!(size() > names.len());
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None);
    }

    #[test]
    fn web_says_the_same_twice() {
        let (once, again) = (by_values().unwrap(), by_values().unwrap());
        assert_eq!(once.difference(&again), None);
        assert_eq!(once, again);
    }

    #[test]
    fn what_is_said_in_http2_is_most_of_it() {
        let speakable: usize = speakable_in_http2().iter().map(|e| e.steps.len()).sum();
        assert!(speakable * 10 > size() * 7, "{speakable} of {}", size());
    }
}
