//! The tour app without its framework: pages, the record of what happened, and configuration.
//!
//! [`Tour`] turns a session into a page, [`Recorder`] watches the login and keeps what it saw, and
//! [`Configuration`] reads the file that points the app at any provider. [`run`] is the program around them.
//! What is left to a framework is routes and a socket:
//!
//! ```
//! use tour::{Configuration, Tour};
//!
//! let tour = Tour::start(&Configuration::default())?;
//! let page = tour.home(None);
//! assert_eq!(page.status, 200);
//! assert!(page.body.contains("/auth/login/dev?return_to=/me"));
//! # Ok::<(), codegrant_web::SetupErrors>(())
//! ```
//!
//! | path | method of [`Tour`] | for whom |
//! |---|---|---|
//! | `/` | [`Tour::home`] | everybody |
//! | `/me` | [`Tour::me`] | logged-in users |
//! | `/api-call` | [`Tour::call_api`] | logged-in users |
//! | `/flow` and `/flow/{id}` | [`Tour::flow`] | everybody: this is a demo |
//! | anything else | [`Tour::not_found`] | everybody |

mod api_call;
mod configuration;
mod flow;
mod moment;
mod pages;
mod program;
mod recorder;
mod tour;

pub use api_call::{ApiCall, ApiOutcome};
pub use configuration::{Api, Configuration, StartError};
pub use flow::{Account, Aside, Exchange, Failure, FlowView, Progress, Step};
pub use moment::{clock_time, duration};
pub use program::{Program, run, told_to_stop};
pub use recorder::{Flow, Recorder, Seen, Visit};
pub use tour::{Answer, Recent, Tour};
