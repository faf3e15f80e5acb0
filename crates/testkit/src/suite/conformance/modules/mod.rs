//! The rows: every module of every plan that a client with `response_type=code` can be put through.

mod basic;
mod comprehensive;
mod config;
mod dynamic;
mod fapi;
mod log_out;
mod refresh;

use super::module::{Module, TestPlan};

/// Lists the modules of a plan, in each variant that is tried.
pub(super) fn of(plan: TestPlan) -> Vec<Module> {
    match plan {
        TestPlan::Basic => basic::modules(),
        TestPlan::FormPost => basic::by_form_post(),
        TestPlan::Config => config::modules(),
        TestPlan::Dynamic => dynamic::modules(),
        TestPlan::ThirdPartyLogin => dynamic::third_party_login(),
        TestPlan::Refresh => refresh::modules(),
        TestPlan::RpInitiatedLogout => log_out::by_the_app(),
        TestPlan::BackChannelLogout => log_out::by_back_channel(),
        TestPlan::FrontChannelLogout => log_out::by_front_channel(),
        TestPlan::SessionManagement => log_out::session_management(),
        TestPlan::Comprehensive => comprehensive::modules(),
        TestPlan::Fapi2SecurityProfile => fapi::security_profile(),
        TestPlan::Fapi2MessageSigning => fapi::message_signing(),
    }
}
