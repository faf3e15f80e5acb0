//! The interop suite: the tour against providers that nobody here wrote: the certified `oidc-provider`, and two
//! that read the specifications in a way of their own.
//!
//! Every function takes the path of an app's binary and is one test.

mod cases;
mod clients;
mod meeting;
mod others;
mod pages;
mod protocol;
mod provider;

pub use cases::*;
pub use others::*;
pub use protocol::*;

/// Makes the tests of the interop suite for the app whose binary is at a path.
///
/// To be called at the top of a test file: `interop_suite!(env!("CARGO_BIN_EXE_tour-axum"));`
#[macro_export]
macro_rules! interop_suite {
    ($binary:expr) => {
        $crate::suite_tests! {
            interop, $binary,
            rs256_and_client_secret_basic_pass_login_refresh_and_log_out
            ps256_and_client_secret_post_pass_login_refresh_and_log_out
            es256_and_a_public_client_pass_login_refresh_and_log_out
            eddsa_and_client_secret_basic_pass_login_refresh_and_log_out
            a_posted_answer_is_accepted
            a_cancelled_login_can_be_tried_again
            a_wrong_client_secret_is_told_to_the_operator
            a_refresh_token_used_by_two_ends_the_grant_and_leads_to_a_login
            fapi_2_passes_login_api_refresh_and_log_out
            encrypted_id_tokens_and_userinfo_are_read
            requests_are_signed_pushed_and_precise
            a_sign_out_at_the_provider_ends_the_sessions_of_the_app
            the_app_registers_itself_and_logs_in
            certificates_authenticate_and_bind_tokens
            canaille_passes_login_refresh_revocation_and_log_out
            django_oauth_toolkit_passes_login_refresh_revocation_and_log_out
        }
    };
}
