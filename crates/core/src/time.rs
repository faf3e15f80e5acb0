//! Time as an argument: seconds since the Unix epoch, with arithmetic that cannot overflow.

use serde::{Deserialize, Serialize};

/// A moment, in whole seconds since 1970-01-01T00:00:00Z.
///
/// Core reads no clock: whoever calls it says what time it is.
///
/// ```
/// use codegrant_core::Timestamp;
/// let start = Timestamp::from_unix(1_000);
/// assert_eq!(start.plus(600).seconds_since(start), 600);
/// assert_eq!(Timestamp::from_unix(i64::MAX).plus(1), Timestamp::from_unix(i64::MAX));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Makes a moment from seconds since the Unix epoch.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Returns the seconds since the Unix epoch.
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// Returns the moment that many seconds later, or the last one there is.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Returns the moment that many seconds earlier, or the first one there is.
    #[must_use]
    pub const fn minus(self, seconds: i64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// Returns how many seconds have passed since `earlier`; negative when `earlier` lies ahead.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
