//! Clauses 27 and 29: everything at once.

use super::super::corpus;
use super::{Adapter, Broken};

/// Clause 27: the [`corpus`](super::super::corpus) is answered as by values, with the same calls.
///
/// Several hundred requests that no other clause names, whole logins among them.
///
/// # Errors
///
/// The first answer, or outbound call, that differs from web's.
pub fn the_corpus_is_answered_alike(adapter: &Adapter) -> Result<(), Broken> {
    corpus::compare(adapter)
}

/// Clause 29: the corpus is answered the same over HTTP/2, where the framework serves it.
///
/// Cookies arrive in several fields there, the host in `:authority`, a body without a length, and many
/// requests on one connection (RFC 9113 sections 8.2.3 and 8.3.1). An adapter that does not say
/// [`Adapter::serving_http2`] keeps this clause unasked.
///
/// # Errors
///
/// The first answer, or outbound call, that differs from web's.
pub fn the_corpus_is_answered_alike_over_http2(adapter: &Adapter) -> Result<(), Broken> {
    if !adapter.serves_http2 {
        return Ok(());
    }
    corpus::compare_over_http2(adapter)
}
