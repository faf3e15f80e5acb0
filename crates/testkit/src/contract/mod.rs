//! The adapter contract: what every framework's adapter must do alike, checked over loopback.
//!
//! An adapter copies a request into strings, asks [`Auth`], and copies the answer back. Whether it copies
//! faithfully is seen from outside: a small app is started on a socket, asked, and compared with what the
//! same `Auth` says to the same request by values. `docs/guide/write-an-adapter.md` lists the clauses.
//!
//! # The app
//!
//! | route | handler |
//! |---|---|
//! | `GET /`, `POST /` | needs `User`, answers `Hello, {user}!` |
//! | `GET /files/{rest of the path}` | the same |
//! | `GET /nested/page` | the same, mounted the way the framework nests routers or scopes |
//! | `GET /maybe` | takes `Option<User>`, answers `Hello, {user}!` or `Hello, stranger!` |
//! | `GET /plain` | takes nothing, answers `plain` |
//! | below [`Auth::base`] | the adapter's routes |
//!
//! An adapter that has `Only` has four more, whose rules are [`Recent`] and [`Admin`]:
//!
//! | route | handler |
//! |---|---|
//! | `GET /recent`, `POST /recent` | takes `Only<Recent>`, answers `Hello, {user}!` |
//! | `GET /admin` | takes `Only<Admin>`, answers the same |
//! | `GET /perhaps` | takes `Option<Only<Recent>>`, answers `Hello, {user}!` or `Hello, stranger!` |
//! | `GET /fresh/page` | stands behind the guard `require` with what `Recent` wants, or takes `Only<Recent>` |
//!
//! Handlers answer with status 200 and the text alone. There is no other route.
//!
//! One middleware of the framework's own kind (a fairing, `from_fn`) stands around all of it: where a
//! [`Login`](codegrant_web::Login) came with a response, it writes the login's subject into the response
//! header `x-logged-in`. This is what an app does that opens a session of its own.
//!
//! ```
//! use codegrant_testkit::contract::{Adapter, CLAUSES};
//! use std::net::TcpListener;
//!
//! // Starts the app on the listener; what it returns is dropped when the app is to stop.
//! fn start(auth: codegrant_web::Auth, listener: TcpListener) -> TcpListener {
//!     let _ = auth; // a real one serves `listener`
//!     listener
//! }
//!
//! let adapter = Adapter::new(start);
//! // A test says `adapter.check()`.
//! assert_eq!(CLAUSES[0].number, 1);
//! # let _ = adapter;
//! ```

mod ask;
pub mod clauses;
pub mod corpus;
mod http2;
mod stage;
mod wire;

use std::any::Any;
use std::fmt;
use std::net::TcpListener;

use codegrant_web::Auth;

pub use clauses::{Admin, CLAUSES, Recent};

/// Compiles the code of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/guide/write-an-adapter.md")]
struct Guide;

type Start = dyn Fn(Auth, TcpListener) -> Box<dyn Any> + Send + Sync;

/// An adapter under test: how to start the app of the contract with it.
pub struct Adapter {
    start: Box<Start>,
    refuses_unknown_methods: bool,
    drops_foreign_fields: bool,
    serves_http2: bool,
    guards_pages: bool,
}

impl Adapter {
    /// Makes an adapter from what starts its app.
    ///
    /// The function gets the `Auth` to use and a listener that is bound to a free port of `127.0.0.1`. It
    /// returns at once; dropping its result stops the app. A framework that insists on binding by itself
    /// drops the listener and binds the same address.
    pub fn new<R: 'static>(start: impl Fn(Auth, TcpListener) -> R + Send + Sync + 'static) -> Self {
        Self {
            start: Box::new(move |auth, listener| Box::new(start(auth, listener))),
            refuses_unknown_methods: false,
            drops_foreign_fields: false,
            serves_http2: false,
            guards_pages: false,
        }
    }

    /// Returns the adapter of a framework that itself refuses methods it has never heard of.
    #[must_use]
    pub fn refusing_unknown_methods(mut self) -> Self {
        self.refuses_unknown_methods = true;
        self
    }

    /// Returns the adapter of a framework that itself drops header fields that are not UTF-8.
    ///
    /// A session is lost to it as long as another cookie of the same browser is not UTF-8.
    #[must_use]
    pub fn dropping_foreign_fields(mut self) -> Self {
        self.drops_foreign_fields = true;
        self
    }

    /// Returns the adapter of an app that also speaks HTTP/2 on its plain socket, without being asked in
    /// HTTP/1.1 first (prior knowledge, RFC 9113 section 3.3).
    ///
    /// Where the framework serves no HTTP/2, the clauses about it are not checked.
    #[must_use]
    pub fn serving_http2(mut self) -> Self {
        self.serves_http2 = true;
        self
    }

    /// Returns the adapter with an extractor and a guard for pages that want more than a login, and whose app
    /// has such pages.
    ///
    /// Where there are none, clause 30 is not checked.
    #[must_use]
    pub fn guarding_pages(mut self) -> Self {
        self.guards_pages = true;
        self
    }

    /// Holds the adapter to every clause.
    ///
    /// Not to be called inside an async runtime: it blocks.
    ///
    /// # Panics
    ///
    /// With one line for each clause that is broken, its number first.
    pub fn check(&self) {
        let broken = self.broken();
        let lines: Vec<String> = broken
            .iter()
            .map(|(clause, broken)| format!("clause {} ({}): {broken}", clause.number, clause.rule))
            .collect();
        assert!(
            lines.is_empty(),
            "the adapter breaks {} of {} clauses\n{}",
            lines.len(),
            CLAUSES.len(),
            lines.join("\n")
        );
    }

    /// Returns every clause that is broken, and how.
    pub fn broken(&self) -> Vec<(Clause, Broken)> {
        let checked = CLAUSES.iter().map(|clause| (*clause, (clause.check)(self)));
        checked
            .filter_map(|(clause, outcome)| Some((clause, outcome.err()?)))
            .collect()
    }
}

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapter")
            .field("refuses_unknown_methods", &self.refuses_unknown_methods)
            .field("drops_foreign_fields", &self.drops_foreign_fields)
            .field("serves_http2", &self.serves_http2)
            .field("guards_pages", &self.guards_pages)
            .finish_non_exhaustive()
    }
}

/// One rule of the contract.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Clause {
    /// Its number, which stands in failures and in the guide.
    pub number: u32,
    /// What it demands, in one sentence.
    pub rule: &'static str,
    /// Checks it.
    pub check: fn(&Adapter) -> Result<(), Broken>,
}

/// How a clause is broken: the request, what came, and what should have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(String);

impl Broken {
    fn new(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }

    fn at(self, request: &ask::Ask) -> Self {
        Self(format!("{request}: {}", self.0))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
