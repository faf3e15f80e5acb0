//! The little of a certificate that has to be known before it is used (RFC 5280 section 4.1): from when to
//! when it is valid, and which key it is for. Nothing here believes a certificate.

use crate::time::Timestamp;

/// What a certificate says.
pub(super) struct Certificate<'a> {
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    /// The bits of `subjectPublicKey`.
    pub(super) public_key: &'a [u8],
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Reads a certificate in DER; `None` for anything else.
pub(super) fn read(der: &[u8]) -> Option<Certificate<'_>> {
    let (certificate, rest) = tagged(der, SEQUENCE)?;
    if !rest.is_empty() {
        return None;
    }
    let (mut body, _) = tagged(certificate, SEQUENCE)?;
    if body.first() == Some(&VERSION) {
        body = element(body)?.2;
    }
    // Serial number, signature algorithm, issuer.
    for _ in 0..3 {
        body = element(body)?.2;
    }
    let (validity, body) = tagged(body, SEQUENCE)?;
    let (_, _subject, body) = element(body)?;
    let (public_key, _) = tagged(body, SEQUENCE)?;
    let (_, _algorithm, key) = element(public_key)?;
    let (bits, _) = tagged(key, BIT_STRING)?;
    let (not_before, rest) = time(validity)?;
    let (not_after, _) = time(rest)?;
    Some(Certificate {
        not_before,
        not_after,
        public_key: bits.strip_prefix(&[0])?,
    })
}

/// Reads a time, of which RFC 5280 section 4.1.2.5 allows two spellings, both in UTC with seconds.
fn time(der: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (tag, text, rest) = element(der)?;
    let (year, text) = match tag {
        UTC_TIME => {
            let (year, text) = digits(text, 2)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, text)
        }
        GENERALIZED_TIME => digits(text, 4)?,
        _ => return None,
    };
    let (month, text) = digits(text, 2)?;
    let (day, text) = digits(text, 2)?;
    let (hour, text) = digits(text, 2)?;
    let (minute, text) = digits(text, 2)?;
    let (second, text) = digits(text, 2)?;
    let sound = (1..=12).contains(&month) && (1..=31).contains(&day) && text == b"Z";
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    sound.then_some((Timestamp::from_unix(seconds), rest))
}

fn digits(text: &[u8], count: usize) -> Option<(i64, &[u8])> {
    let (number, rest) = text.split_at_checked(count)?;
    let value = number.iter().try_fold(0, |sum, byte| {
        let digit = char::from(*byte).to_digit(10)?;
        Some(sum * 10 + i64::from(digit))
    })?;
    Some((value, rest))
}

/// Counts the days from 1970-01-01 to a day of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March put the leap day at their end.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

fn tagged(der: &[u8], expected: u8) -> Option<(&[u8], &[u8])> {
    let (tag, contents, rest) = element(der)?;
    (tag == expected).then_some((contents, rest))
}

/// Splits DER into the tag and the contents of its first element, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let octets = usize::from(first & 0x7f);
    let (length, rest) = match first {
        0..=0x7f => (octets, rest),
        0x81..=0x83 => {
            let (long, rest) = rest.split_at_checked(octets)?;
            let join = |sum, octet: &u8| sum << 8 | usize::from(*octet);
            (long.iter().fold(0, join), rest)
        }
        _ => return None,
    };
    let (contents, after) = rest.split_at_checked(length)?;
    Some((tag, contents, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_years_and_centuries() {
        for (date, expected) in [
            ((1970, 1, 1), 0),
            ((1969, 12, 31), -1),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((2027, 1, 15), 20_833),
            ((2100, 3, 1), 47_541),
        ] {
            assert_eq!(days(date.0, date.1, date.2), expected, "{date:?}");
        }
    }

    #[test]
    fn both_spellings_of_a_time_are_read_and_no_third_one() {
        let read = |tag: u8, text: &str| {
            let mut der = vec![tag, u8::try_from(text.len()).unwrap()];
            der.extend(text.as_bytes());
            time(&der).map(|(at, _)| at.as_unix())
        };
        assert_eq!(read(UTC_TIME, "270115080000Z"), Some(1_800_000_000));
        assert_eq!(
            read(GENERALIZED_TIME, "20270115080000Z"),
            Some(1_800_000_000)
        );
        assert_eq!(read(UTC_TIME, "500101000000Z"), Some(-631_152_000));
        for (tag, text) in [
            (UTC_TIME, "2701150800Z"),
            (UTC_TIME, "270115080000+0100"),
            (UTC_TIME, "27011508000-Z"),
            (UTC_TIME, "271315080000Z"),
            (UTC_TIME, "270100080000Z"),
            (GENERALIZED_TIME, "20270115080000.5Z"),
            (0x04, "270115080000Z"),
        ] {
            assert_eq!(read(tag, text), None, "{text}");
        }
    }

    #[test]
    fn what_is_cut_short_is_no_certificate() {
        for der in [
            &[][..],
            &[0x30],
            &[0x30, 0x82],
            &[0x30, 0x84, 0, 0, 0, 0],
            &[0x30, 0x03, 0x30, 0x05, 0x00],
            &[0x30, 0xff],
        ] {
            assert!(read(der).is_none(), "{der:?}");
        }
    }
}
