//! The list itself, by family; each file is data.

mod bodies;
mod headers;
mod logins;
mod malformed;
mod methods;
mod pages;
mod paths;
mod queries;
mod spellings;

use super::super::ask::Ask;
use super::entry::{Entry, Step};

/// Returns the whole corpus, in the order in which it is played.
pub(super) fn entries() -> Vec<Entry> {
    let families = [
        methods::entries(),
        paths::entries(),
        queries::entries(),
        headers::entries(),
        bodies::entries(),
        spellings::entries(),
        pages::entries(),
        logins::entries(),
        logins::sessions(),
        malformed::entries(),
    ];
    families.into_iter().flatten().collect()
}

/// One entry of one request.
fn one(name: impl Into<String>, step: impl Into<Step>) -> Entry {
    Entry::new(name, [step.into()])
}

/// A login begins: the provider's answer to it is `{state}`.
fn begin() -> Step {
    Ask::open("/auth/login/op?return_to=%2Fa").into()
}

/// The provider sends the browser back with this query.
fn back(query: &str) -> Step {
    Ask::open(format!("/auth/callback/op?{query}")).into()
}

/// A whole login, to go on from.
fn logged_in() -> [Step; 2] {
    [begin(), back("code=a-code&state={state}")]
}

/// The page of whoever is logged in.
fn home() -> Step {
    Ask::open("/").into()
}
