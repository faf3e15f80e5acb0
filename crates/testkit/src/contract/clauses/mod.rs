//! The clauses, by number; each is a function that can be run on its own.

mod answers;
mod bodies;
mod corpus;
mod guards;
mod logins;
mod requests;
mod users;

pub use answers::{
    answers_arrive_as_made, connections_carry_on, methods_reach_web, set_cookies_stay_apart,
    unknown_methods_reach_web,
};
pub use bodies::{
    bodies_arrive_whole, broken_bodies_do_nothing, chunked_bodies_are_bodies,
    long_bodies_are_refused,
};
pub use corpus::{the_corpus_is_answered_alike, the_corpus_is_answered_alike_over_http2};
pub use guards::{Admin, Recent, pages_that_want_more_are_answered_alike};
pub use logins::{
    a_finished_login_is_handed_on, a_slow_provider_holds_nobody_up, a_whole_login_works,
    another_base_path_works, posted_callbacks_work, sessions_in_a_store_work,
};
pub use requests::{
    cookies_of_all_fields_are_read, deciding_headers_arrive, foreign_bytes_do_no_harm,
    paths_are_taken_as_written, queries_are_taken_as_written, the_host_changes_nothing,
};
pub use users::{
    a_store_that_is_down_is_no_log_out, an_optional_user_lets_everybody_in,
    nobody_is_asked_to_log_in, public_pages_ask_nobody, return_to_is_the_page_as_written,
    users_are_greeted,
};

use super::{Adapter, Broken, Clause};

macro_rules! clauses {
    ($($number:literal $check:ident $rule:literal,)*) => {
        /// Lists every clause, in order.
        pub const CLAUSES: &[Clause] = &[$(Clause { number: $number, rule: $rule, check: $check },)*];
    };
}

clauses! {
    1 answers_arrive_as_made "status, headers and body arrive as web made them",
    2 set_cookies_stay_apart "several Set-Cookie stay several, in order",
    3 connections_carry_on "one connection carries several requests, also sent ahead",
    4 methods_reach_web "every method reaches web, which answers 405 with Allow",
    5 unknown_methods_reach_web "methods that nobody has heard of are no exception",
    6 paths_are_taken_as_written "the path is taken as it stands in the request line",
    7 queries_are_taken_as_written "the query is taken as it stands in the request line",
    8 deciding_headers_arrive "every header that web reads arrives, all values of it",
    9 cookies_of_all_fields_are_read "cookies split over several fields are all read",
    10 foreign_bytes_do_no_harm "bytes that are not UTF-8 are replaced and break nothing",
    11 the_host_changes_nothing "neither Host nor a target in absolute form changes an answer",
    12 bodies_arrive_whole "a body up to the limit arrives whole, whatever its type",
    13 chunked_bodies_are_bodies "a body in chunks is a body",
    14 long_bodies_are_refused "a body over the limit is 413 without waiting for its end",
    15 broken_bodies_do_nothing "a body that breaks off does nothing",
    16 users_are_greeted "User and Option<User> are whoever is logged in with this request",
    17 nobody_is_asked_to_log_in "without a login User answers web's challenge and nothing runs",
    18 return_to_is_the_page_as_written "the challenge leads back to the page as it was asked for",
    19 an_optional_user_lets_everybody_in "Option<User> lets everybody in",
    20 public_pages_ask_nobody "a handler without User asks no store",
    21 a_store_that_is_down_is_no_log_out "a store that is down is 503, for Option<User> as well",
    22 another_base_path_works "the endpoints stand below Auth::base, and nowhere else",
    23 a_whole_login_works "a whole login and log-out work, with the calls that web makes",
    24 sessions_in_a_store_work "sessions in a store begin and end through the app",
    25 posted_callbacks_work "a posted callback works",
    26 a_slow_provider_holds_nobody_up "a provider that takes its time holds up nobody else",
    27 the_corpus_is_answered_alike "the corpus is answered as by values, with the same calls",
    28 a_finished_login_is_handed_on "a login that ends well comes with its response, once",
    29 the_corpus_is_answered_alike_over_http2 "the corpus is answered the same over HTTP/2, where it is served",
    30 pages_that_want_more_are_answered_alike "pages that want more than a login are answered as web judges",
}
