//! The tour suite: what the pages say and how the program behaves, over plain HTTP.
//!
//! The app runs with the provider inside it, so that nothing is needed but its binary. Every function takes
//! the path of that binary and is one test.

mod pages;
mod program;
mod tourist;

pub use pages::*;
pub use program::*;

/// Makes the tests of the tour suite for the app whose binary is at a path.
///
/// To be called at the top of a test file: `tour_suite!(env!("CARGO_BIN_EXE_tour-axum"));`
#[macro_export]
macro_rules! tour_suite {
    ($binary:expr) => {
        $crate::suite_tests! {
            tour, $binary,
            a_protected_page_leads_through_the_login_and_back
            the_first_page_offers_the_login_and_then_knows_the_user
            claims_stand_under_whoever_said_them
            an_unverified_address_is_called_no_more_than_claimed
            the_api_answers_in_the_users_name
            the_token_goes_to_userinfo_where_no_api_is_meant_for_it
            an_api_that_cannot_be_reached_is_said_so
            renewed_tokens_still_open_the_api
            a_log_out_ends_the_session
            the_flow_page_tells_all_five_steps_and_no_secret
            a_cancelled_consent_is_explained_to_the_operator
            a_second_callback_is_told_as_a_repetition
            unknown_addresses_get_a_page_that_leads_back
            pages_are_read_and_nothing_else
            a_name_made_of_markup_is_shown_as_text
            every_page_allows_its_own_style_and_nothing_else
            a_program_that_is_asked_says_how_it_is_called
            a_wrong_command_line_is_refused_with_the_usage
            mistakes_in_the_configuration_are_refused_all_at_once
            an_address_that_is_taken_is_named
            a_signal_ends_the_program_well_in_spite_of_open_connections
            settings_of_the_framework_move_nothing
        }
    };
}
