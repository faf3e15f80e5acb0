//! The conformance suite: what the OpenID Foundation's suite does to a client, module by module, replayed.
//!
//! Each module is a row of data: how the provider behaves, how the client is registered, what the browser
//! does, every call that the provider has to see, in order, and how it ends. Whatever is not listed must not
//! happen: one call more is a failure. Besides, [`rules`] judges every request that arrives, as the suite
//! does. The app is the real tour of a framework, a process of its own; the provider is the development
//! provider behind a layer that gives it the suite's manners.
//!
//! A test prints one line for each module, `codegrant-conformance: PLAN | MODULE | VARIANT | RESULT`, which
//! `cargo xtask conformance` makes a table of.

mod calls;
pub(super) mod certificates;
mod client;
mod house;
pub(super) mod keys;
mod module;
mod modules;
mod plays;
mod rules;
mod run;
mod stage;
mod variant;

pub use module::TestPlan;
pub use run::run;

/// Makes the tests of the conformance suite, one for each plan, for the app whose binary is at a path.
///
/// To be called at the top of a test file: `conformance_suite!(env!("CARGO_BIN_EXE_tour-axum"));`
#[macro_export]
macro_rules! conformance_suite {
    ($binary:expr) => {
        $crate::conformance_suite! { $binary,
            basic Basic
            form_post FormPost
            config Config
            dynamic Dynamic
            third_party_login ThirdPartyLogin
            refresh Refresh
            rp_initiated_logout RpInitiatedLogout
            back_channel_logout BackChannelLogout
            front_channel_logout FrontChannelLogout
            session_management SessionManagement
            comprehensive Comprehensive
            fapi2_security_profile Fapi2SecurityProfile
            fapi2_message_signing Fapi2MessageSigning
        }
    };
    ($binary:expr, $($name:ident $plan:ident)+) => {
        $(
            #[test]
            fn $name() {
                use $crate::suite::conformance::{TestPlan, run};
                run(TestPlan::$plan, $binary);
            }
        )+
    };
}
