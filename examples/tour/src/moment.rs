//! Times and durations as people read them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codegrant_web::Timestamp;

/// Returns the system's time since the Unix epoch.
pub(crate) fn now() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// Returns the system's time in whole seconds.
pub(crate) fn timestamp(since_epoch: Duration) -> Timestamp {
    Timestamp::from_unix(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
}

/// Writes the time of day in UTC, `14:03:27`.
///
/// ```
/// use codegrant_web::Timestamp;
/// assert_eq!(tour::clock_time(Timestamp::from_unix(1_800_000_000)), "08:00:00");
/// ```
pub fn clock_time(at: Timestamp) -> String {
    let second = at.as_unix().rem_euclid(86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{hour:02}:{minute:02}:{second:02}")
}

/// Writes date and time in UTC, `2027-01-15 08:00:00 UTC`.
pub(crate) fn date_time(at: Timestamp) -> String {
    let (year, month, day) = civil(at.as_unix().div_euclid(86_400));
    format!("{year:04}-{month:02}-{day:02} {} UTC", clock_time(at))
}

/// Writes how far away a moment is: `in 59 minutes`, `3 hours ago`, `now`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.seconds_since(now);
    let (number, unit) = match seconds.unsigned_abs() {
        0 => return "now".to_owned(),
        few @ 1..=119 => (few, "second"),
        some @ 120..=7199 => (some / 60, "minute"),
        many @ 7200..=172_799 => (many / 3600, "hour"),
        more => (more / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    if seconds > 0 {
        format!("in {number} {unit}{plural}")
    } else {
        format!("{number} {unit}{plural} ago")
    }
}

/// Writes a duration with the unit that fits: `0.4 ms`, `12 ms`, `1.3 s`, `2 min 5 s`.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(tour::duration(Duration::from_micros(420)), "0.4 ms");
/// assert_eq!(tour::duration(Duration::from_millis(1349)), "1.3 s");
/// ```
pub fn duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    let seconds = duration.as_secs();
    match micros {
        0..100 => "<0.1 ms".to_owned(),
        100..10_000 => format!("{}.{} ms", micros / 1000, micros / 100 % 10),
        10_000..1_000_000 => format!("{} ms", micros / 1000),
        1_000_000..60_000_000 => format!("{seconds}.{} s", micros / 100_000 % 10),
        _ if seconds < 7200 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Turns days since 1970-01-01 into year, month and day of the proleptic Gregorian calendar.
///
/// Years begin in March here, so that the leap day is the last day of a year.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        let text = |seconds| date_time(Timestamp::from_unix(seconds));
        assert_eq!(text(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(text(951_782_399), "2000-02-28 23:59:59 UTC");
        assert_eq!(text(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(text(1_800_000_000), "2027-01-15 08:00:00 UTC");
        assert_eq!(text(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(text(4_107_542_399), "2100-02-28 23:59:59 UTC");
        assert_eq!(text(4_107_542_400), "2100-03-01 00:00:00 UTC");
    }

    #[test]
    fn no_moment_is_too_far_away() {
        for seconds in [i64::MIN, i64::MAX] {
            assert!(date_time(Timestamp::from_unix(seconds)).ends_with(" UTC"));
            assert!(!relative(Timestamp::from_unix(seconds), Timestamp::from_unix(1)).is_empty());
        }
    }

    #[test]
    fn distances_name_the_unit_that_fits() {
        let now = Timestamp::from_unix(1_000_000);
        assert_eq!(relative(now.plus(1), now), "in 1 second");
        assert_eq!(relative(now.plus(3599), now), "in 59 minutes");
        assert_eq!(relative(now.minus(7200), now), "2 hours ago");
        assert_eq!(relative(now.minus(86_400 * 3), now), "3 days ago");
        assert_eq!(relative(now, now), "now");
    }

    #[test]
    fn durations_never_lose_their_leading_digit() {
        let text = |micros| duration(Duration::from_micros(micros));
        assert_eq!(text(0), "<0.1 ms");
        assert_eq!(text(100), "0.1 ms");
        assert_eq!(text(9_999), "9.9 ms");
        assert_eq!(text(999_999), "999 ms");
        assert_eq!(text(125_000_000), "2 min 5 s");
        assert_eq!(text(7_260_000_000), "2 h 1 min");
    }
}
