//! The pages of the tour: values in, HTML out.
//!
//! They work without JavaScript, load nothing, and name no other origin. One script there is, and one frame: on
//! pages that watch the session at the provider, where the configuration asks for that.

mod api_call;
mod document;
mod flow;
mod home;
mod me;
mod not_found;
mod recent;
mod style;
mod watch;

pub(crate) use api_call::api_call;
pub(crate) use document::Frame;
pub(crate) use flow::{FlowPage, flow};
pub(crate) use home::home;
pub(crate) use me::me;
pub(crate) use not_found::not_found;
pub(crate) use recent::recent;
