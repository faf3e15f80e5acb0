//! The browser suite: what a person does with the tour, in headless Chromium.
//!
//! Every function takes the path of an app's binary and is one test.

mod asked;
mod detours;
mod ended;
mod journeys;
mod pictures;
mod watched;

pub use asked::*;
pub use detours::*;
pub use ended::*;
pub use journeys::*;
pub use pictures::{pages_are_pictured_for_the_documentation, rarer_pages_are_pictured};
pub use watched::*;

/// Makes the tests of the browser suite for the app whose binary is at a path.
///
/// To be called at the top of a test file: `browser_suite!(env!("CARGO_BIN_EXE_tour-axum"));`
#[macro_export]
macro_rules! browser_suite {
    ($binary:expr) => {
        $crate::suite_tests! {
            browser, $binary,
            a_person_logs_in_and_is_greeted_by_name
            the_login_leads_back_to_the_page_that_was_asked_for
            the_session_survives_reloads_and_new_tabs
            two_tabs_log_in_side_by_side_and_finish_in_the_other_order
            the_api_is_called_with_the_users_access_token
            tokens_are_renewed_without_the_user
            the_flow_page_shows_five_steps_and_no_secret
            a_person_chooses_between_two_providers
            a_login_works_without_scripts
            a_provider_that_posts_its_answer_works_with_lax_cookies
            a_posted_answer_works_without_scripts
            after_a_log_out_the_back_button_shows_nothing_private
            a_log_out_at_the_provider_comes_back_and_forgets_the_user
            the_back_button_after_a_login_is_no_dead_end
            a_callback_opened_twice_leads_to_where_the_user_is
            a_callback_copied_to_somebody_else_logs_nobody_in
            a_cancelled_login_explains_itself_and_works_the_second_time
            a_wrong_address_gets_a_page_with_a_way_back
            a_login_whose_cookie_is_lost_starts_again_by_itself_once
            a_login_begun_under_another_host_name_ends_under_the_right_one
            a_browser_without_cookies_gets_an_explanation_and_no_loop
            a_login_with_signed_messages_lives_a_whole_life
            an_api_that_wants_a_stronger_sign_in_gets_one
            a_page_that_wants_a_recent_sign_in_gets_one
            a_question_without_words_that_finds_nobody_goes_on
            a_link_and_a_form_of_another_site_start_a_login
            the_providers_log_out_page_ends_the_session_in_a_frame
            a_log_out_that_no_address_can_hold_is_posted
            every_page_that_posts_itself_works_without_scripts
            a_page_notices_that_its_user_has_logged_out_at_the_provider
            a_frame_without_its_cookies_logs_nobody_out
            pages_are_pictured_for_the_documentation
            rarer_pages_are_pictured
        }
    };
}
