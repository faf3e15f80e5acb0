//! How records and revocations stand in files.

use codegrant_axum::{IndexKey, Record, Revocation, Timestamp};

/// A line of numbers and entries, and then the sealed bytes as they are.
pub(super) fn write_record(record: &Record) -> Vec<u8> {
    let entries = record.index.iter().map(|entry| hex(entry.as_str()));
    let line = format!(
        "{} {} {} {}\n",
        record.version,
        record.expires_at.as_unix(),
        record.issued_at.as_unix(),
        entries.collect::<Vec<_>>().join(" ")
    );
    [line.as_bytes(), &record.sealed].concat()
}

pub(super) fn read_record(bytes: &[u8]) -> Option<Record> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let mut words = str::from_utf8(&bytes[..end]).ok()?.split(' ');
    Some(Record {
        version: words.next()?.parse().ok()?,
        expires_at: Timestamp::from_unix(words.next()?.parse().ok()?),
        issued_at: Timestamp::from_unix(words.next()?.parse().ok()?),
        index: words
            .filter_map(from_hex)
            .filter(|entry| !entry.is_empty())
            .map(IndexKey::new)
            .collect(),
        sealed: bytes[end + 1..].into(),
    })
}

pub(super) fn line_of(revocation: &Revocation) -> String {
    let Revocation {
        entry,
        issued_by,
        started_by,
        until,
    } = revocation;
    let moments = [issued_by, started_by, until].map(|moment| moment.as_unix().to_string());
    format!("{} {}", hex(entry.as_str()), moments.join(" "))
}

pub(super) fn revocation_of(line: &str) -> Option<Revocation> {
    let mut words = line.split(' ');
    let entry = IndexKey::new(from_hex(words.next()?)?);
    let mut moment = || Some(Timestamp::from_unix(words.next()?.parse().ok()?));
    Some(Revocation {
        entry,
        issued_by: moment()?,
        started_by: moment()?,
        until: moment()?,
    })
}

/// A name for a file: letters that differ in case alone are one to some systems.
pub(super) fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn from_hex(text: &str) -> Option<String> {
    let byte = |at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}
