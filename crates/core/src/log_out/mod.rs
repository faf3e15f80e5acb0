//! Log-out, in the three ways in which OpenID Connect tells of it.
//!
//! ```text
//!   the user, here       Client::log_out ──▶ LogOutRequest ──▶ the provider's log-out page
//!   the provider's server  ── LogoutToken ──▶  sessions by (issuer, sid) or (issuer, sub)
//!   the provider's page    ── FrontChannelLogout ──▶  the session by (issuer, sid)
//! ```

mod front_channel;
mod logout_token;
mod request;

pub use front_channel::FrontChannelLogout;
pub use logout_token::LogoutToken;
pub use request::{LogOutOptions, LogOutRequest};

use crate::id_token::{IdToken, moment};
use crate::time::Timestamp;

/// The longest session id that is kept, in bytes.
const SESSION_ID_LIMIT: usize = 512;

/// What a log-out at the provider will name a login by.
impl IdToken {
    /// Returns the provider's session, if it said one (OpenID Connect Back-Channel Logout 1.0 section 2.1).
    ///
    /// One that is empty or longer than 512 bytes counts as none.
    pub fn session_id(&self) -> Option<&str> {
        let sid = self.claims().get("sid")?.as_str()?;
        (1..=SESSION_ID_LIMIT).contains(&sid.len()).then_some(sid)
    }

    /// Returns when it was issued, by the provider's clock.
    pub fn issued_at(&self) -> Option<Timestamp> {
        moment(self.claims(), "iat").ok().flatten()
    }
}
