//! The adapter contract itself: a faithful adapter keeps it, and each fault in a list is found.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod adapter;
mod guide;
mod reference;
mod sabotage;

use codegrant_testkit::contract::{Adapter, CLAUSES, corpus};

use reference::Reference;
use sabotage::Sabotage;

fn adapter(sabotage: Option<Sabotage>) -> Adapter {
    let adapter = Adapter::new(move |auth, listener| Reference::start(auth, listener, sabotage));
    adapter.serving_http2().guarding_pages()
}

#[test]
fn a_faithful_adapter_keeps_every_clause() {
    adapter(None).check();
}

#[test]
fn the_adapter_of_the_guide_keeps_every_clause() {
    Adapter::new(guide::start).serving_http2().check();
}

#[test]
fn the_adapter_of_the_guide_is_the_one_that_faults_are_seeded_into() {
    let text = include_str!("../../../../docs/guide/write-an-adapter.md");
    let code = include_str!("adapter.rs").split_once("\n\n").unwrap().1;
    assert!(
        text.contains(&format!("```rust\n{code}```")),
        "the guide shows another adapter"
    );
    let of_guide = corpus::replay(&Adapter::new(guide::start)).unwrap();
    let of_reference = corpus::replay(&adapter(None)).unwrap();
    assert_eq!(of_guide.difference(&of_reference), None);
    assert_eq!(of_guide, of_reference);
}

#[test]
fn a_difference_between_two_transcripts_names_the_request() {
    let faithful = corpus::replay(&adapter(None)).unwrap();
    let faulty = corpus::replay(&adapter(Some(Sabotage::BelievesTrailers))).unwrap();
    let difference = faithful.difference(&faulty).unwrap();
    assert!(
        difference.starts_with("a trailer that names an origin (POST /auth/logout"),
        "{difference}"
    );
    assert_eq!(faulty.difference(&faulty), None);
    assert!(
        faithful
            .to_string()
            .contains("a trailer that names an origin")
    );
}

#[test]
fn clauses_are_numbered_from_one_without_gaps() {
    let numbers: Vec<u32> = CLAUSES.iter().map(|clause| clause.number).collect();
    let expected: Vec<u32> = (1..).take(CLAUSES.len()).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn the_guide_lists_every_clause_in_the_same_words() {
    let guide = include_str!("../../../../docs/guide/write-an-adapter.md");
    let mut rows = guide.lines().filter(|line| {
        let number = line
            .strip_prefix("| ")
            .and_then(|rest| rest.split(' ').next());
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    });
    for clause in CLAUSES {
        let row = rows.next().unwrap_or_default();
        let expected = format!("| {} | {} |", clause.number, clause.rule);
        assert!(
            row.starts_with(&expected),
            "{row} where the contract says {expected}"
        );
    }
    assert_eq!(rows.next(), None);
    let count = format!("breaks 1 of {} clauses", CLAUSES.len());
    assert!(guide.contains(&count), "{count}");
}

/// Holds an adapter with this fault to the clause that is meant to find it.
fn assert_found(sabotage: Sabotage) {
    let number = sabotage.breaks();
    let clause = CLAUSES.iter().find(|clause| clause.number == number);
    let outcome = (clause.unwrap().check)(&adapter(Some(sabotage)));
    assert!(
        outcome.is_err(),
        "clause {number} does not find {sabotage:?}"
    );
}

macro_rules! each_fault_is_found {
    ($($name:ident $fault:ident,)*) => {
        $(
            #[test]
            fn $name() {
                assert_found(Sabotage::$fault);
            }
        )*

        #[test]
        fn every_fault_has_a_test() {
            let tested = [$(Sabotage::$fault,)*];
            assert_eq!(tested, Sabotage::ALL);
        }
    };
}

each_fault_is_found! {
    a_lost_header_is_found LosesPolicy,
    an_added_header_is_found AddsHeader,
    a_body_changed_on_the_way_is_found TrimsBody,
    a_redirect_of_another_kind_is_found Redirects302,
    an_overwritten_set_cookie_is_found OverwritesSetCookie,
    joined_set_cookies_are_found JoinsSetCookies,
    set_cookies_in_another_order_are_found ReversesSetCookies,
    a_connection_closed_early_is_found ClosesConnections,
    head_as_get_is_found HeadAsGet,
    options_answered_alone_is_found AnswersOptions,
    a_405_of_its_own_is_found Own405,
    an_unknown_method_as_get_is_found UnknownAsGet,
    a_method_in_capitals_is_found CapitalsMethod,
    a_decoded_path_is_found DecodesPath,
    a_trimmed_slash_is_found TrimsSlash,
    merged_slashes_are_found MergesSlashes,
    a_path_in_lower_case_is_found LowersPath,
    a_base_path_in_any_case_is_found FoldsBase,
    a_base_path_without_its_empty_rest_is_found NeedsRest,
    a_decoded_query_is_found DecodesQuery,
    a_query_with_the_last_parameter_only_is_found KeepsLastParameter,
    a_lost_accept_is_found LosesAccept,
    a_lost_origin_is_found LosesOrigin,
    a_lost_sec_fetch_site_is_found LosesSecFetch,
    a_lost_second_value_is_found FirstValueOnly,
    a_lost_second_cookie_field_is_found FirstCookieField,
    a_crash_on_foreign_bytes_is_found CrashesOnForeignBytes,
    a_cookie_lost_over_foreign_bytes_is_found ForeignBytesLoseAll,
    a_target_in_absolute_form_taken_for_a_path_is_found AbsoluteFormAsPath,
    a_forwarded_prefix_that_is_believed_is_found BelievesPrefix,
    a_method_that_is_overridden_is_found BelievesOverride,
    a_host_that_is_refused_is_found RefusesHosts,
    a_lower_limit_is_found LowersLimit,
    a_body_of_another_type_that_is_dropped_is_found FormsOnly,
    a_coding_that_is_refused_is_found RefusesCodings,
    a_body_without_length_that_is_dropped_is_found NeedsLength,
    a_body_cut_at_the_limit_is_found CutsBody,
    a_body_without_limit_is_found ReadsForEver,
    half_a_body_taken_for_a_whole_is_found BelievesHalfBody,
    a_remembered_user_is_found RemembersUser,
    a_handler_that_runs_anyway_is_found RunsAnyway,
    a_redirect_for_scripts_is_found AlwaysRedirects,
    an_added_charset_is_found AddsCharset,
    a_challenge_without_the_query_is_found ChallengeLosesQuery,
    a_challenge_for_the_inner_path_is_found ChallengeLosesNest,
    an_optional_user_who_must_log_in_is_found OptionalInsists,
    a_store_asked_for_every_page_is_found IdentifiesEverywhere,
    an_optional_user_who_is_a_stranger_is_found StoreErrorIsStranger,
    a_store_error_as_500_is_found StoreErrorIs500,
    a_fixed_base_path_is_found FixedBase,
    a_request_handled_twice_is_found HandlesTwice,
    a_session_kept_in_the_adapter_is_found CachesSessions,
    a_posted_callback_that_is_dropped_is_found DropsPostedCallback,
    requests_one_at_a_time_are_found OneAtATime,
    a_method_out_of_a_form_is_found BelievesFormMethod,
    a_tidied_query_is_found TrimsQuery,
    a_long_target_that_is_refused_is_found RefusesLongTargets,
    a_header_behind_many_that_is_lost_is_found ReadsFortyHeaders,
    an_expectation_that_is_refused_is_found RefusesExpectations,
    a_header_out_of_a_trailer_is_found BelievesTrailers,
    cookie_fields_glued_together_are_found GluesCookieFields,
    cookies_lost_behind_an_odd_one_are_found StopsAtOddCookie,
    a_login_that_is_not_handed_on_is_found LosesLogin,
    a_login_that_is_handed_on_twice_is_found RepeatsLogin,
    a_second_cookie_field_lost_over_http2_is_found Http2FirstCookieField,
    a_host_that_http2_does_not_send_is_found Http2NeedsHost,
    a_body_cut_over_http2_is_found Http2CutsBody,
    a_body_behind_head_over_http2_is_found Http2AnswersHeadInFull,
    a_guard_that_forgets_its_rule_is_found GuardForgetsRule,
    a_guard_that_asks_for_another_login_is_found GuardAsksForLogin,
    an_optional_guard_that_insists_is_found OptionalGuardInsists,
}
