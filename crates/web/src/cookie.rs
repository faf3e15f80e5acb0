//! Cookies: their names and attributes, and reading what a browser sends (RFC 6265).

use std::borrow::Cow;

use codegrant_core::PublicOrigin;

/// The most bytes of `Cookie` fields that are looked at; browsers stop long before.
const LIMIT: usize = 64 * 1024;

/// The base path that stands in no cookie's name.
pub(crate) const USUAL_BASE: &str = "/auth";

/// The most bytes one cookie's value gets: 4096 less its name and attributes.
pub(crate) const VALUE_LIMIT: usize = 3800;

/// How cookies of this app are named and which attributes they get.
///
/// On https they carry the `__Host-` prefix, which keeps other hosts of the same domain from planting
/// one. On loopback http no browser would keep such a cookie; there the port stands in the name, because
/// cookies do not tell the ports of one host apart.
#[derive(Debug, Clone)]
pub(crate) struct Cookies {
    prefix: String,
    secure: bool,
}

impl Cookies {
    /// Names them after the app: two apps of one origin have different bases.
    pub(crate) fn new(origin: &PublicOrigin, base: &str) -> Self {
        let base = if base == USUAL_BASE {
            String::new()
        } else {
            base.replace('/', "~")
        };
        let port = origin
            .port()
            .map(|port| port.to_string())
            .unwrap_or_default();
        let prefix = if origin.is_secure() {
            format!("__Host-codegrant{base}")
        } else {
            format!("codegrant{port}{base}")
        };
        Self {
            prefix,
            secure: origin.is_secure(),
        }
    }

    /// Returns the full name of a cookie.
    pub(crate) fn name(&self, part: &str) -> String {
        [&self.prefix, ".", part].concat()
    }

    /// Returns what `Set-Cookie` says to keep a cookie for so many seconds.
    pub(crate) fn keep(&self, name: &str, value: &str, seconds: i64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let seconds = seconds.to_string();
        let (path, site) = ("; Path=/; Max-Age=", "; HttpOnly; SameSite=Lax");
        [name, "=", value, path, &seconds, site, secure].concat()
    }

    /// Returns what `Set-Cookie` says to drop a cookie.
    pub(crate) fn drop(&self, name: &str) -> String {
        self.keep(name, "", 0)
    }
}

/// The cookies of one request, in the order received.
pub(crate) struct Jar<'a> {
    /// Nearly always the only field.
    first: &'a [u8],
    others: Vec<&'a [u8]>,
}

impl<'a> Jar<'a> {
    /// Takes all `Cookie` fields; more than 64 KiB of them count as none.
    ///
    /// They are read when somebody asks: most requests ask once.
    pub(crate) fn read(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut fields = fields.into_iter();
        let first = fields.next().unwrap_or_default();
        let others: Vec<&[u8]> = fields.collect();
        let bytes = first.len() + others.iter().map(|field| field.len()).sum::<usize>();
        if bytes > LIMIT {
            return Self {
                first: &[],
                others: Vec::new(),
            };
        }
        Self { first, others }
    }

    /// Returns every value under a name: a browser may hold several of different paths and hosts.
    ///
    /// One that is not UTF-8 is none of ours, but it has its place.
    pub(crate) fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'a str> + 'b {
        self.bytes(name)
            .map(|value| str::from_utf8(value).unwrap_or_default())
    }

    /// Returns the first value under a name.
    pub(crate) fn first(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    fn bytes<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'a [u8]> + 'b {
        let name = name.as_bytes();
        self.pairs()
            .filter_map(move |pair| pair.strip_prefix(name)?.strip_prefix(b"="))
    }

    /// Returns the names and values whose name starts so.
    pub(crate) fn starting<'b>(
        &'b self,
        prefix: &'b str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + 'b {
        self.pairs()
            .filter(move |pair| pair.starts_with(prefix.as_bytes()))
            .filter_map(|pair| str::from_utf8(pair).ok()?.split_once('='))
    }

    fn pairs<'b>(&'b self) -> impl Iterator<Item = &'a [u8]> + 'b {
        let fields = std::iter::once(&self.first).chain(&self.others);
        fields.flat_map(|field| Pairs(Some(field)))
    }
}

/// What stands between the semicolons of a field, without the space around it.
struct Pairs<'a>(Option<&'a [u8]>);

impl<'a> Iterator for Pairs<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.0?;
        let (pair, after) = match memchr::memchr(b';', rest) {
            Some(at) => (&rest[..at], Some(&rest[at + 1..])),
            None => (rest, None),
        };
        self.0 = after;
        Some(trimmed(pair))
    }
}

/// Takes spaces and tabs away and nothing else: browsers strip no more of a name, and another name is not ours.
fn trimmed(mut pair: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = pair {
        pair = rest;
    }
    pair
}

/// The most cookies that one long value is split over: proxies refuse header lines above 8 KiB (nginx, by
/// default), and all cookies share one line.
const PIECES: usize = 2;

/// The longest value that can be split, in bytes.
pub(crate) const SPLIT_LIMIT: usize = PIECES * VALUE_LIMIT;

/// Splits a value over several cookies; `None` when it does not fit.
///
/// The first cookie's first character says how many there are.
pub(crate) fn split(name: &str, value: &str) -> Option<Vec<(String, String)>> {
    let count = value.len().div_ceil(VALUE_LIMIT);
    if !(1..=PIECES).contains(&count) {
        return None;
    }
    let marked = [&count.to_string(), value].concat();
    let (mut rest, mut room) = (marked.as_str(), 1 + VALUE_LIMIT);
    let named = pieces(name).take(count).map(|name| {
        // A sealed text is ASCII, so that it can be cut anywhere.
        let (piece, more) = rest.split_at_checked(rest.len().min(room))?;
        (rest, room) = (more, VALUE_LIMIT);
        Some((name, piece.to_owned()))
    });
    named.collect()
}

/// Joins what [`split`] made; `None` when a piece is missing. What was not split is not copied.
///
/// It is bytes, which nobody has looked at: what was opened lately is told by them.
pub(crate) fn join<'a>(jar: &Jar<'a>, name: &str) -> Option<Cow<'a, [u8]>> {
    let (count, first) = jar.bytes(name).next()?.split_first()?;
    let count = usize::from(count.checked_sub(b'0')?);
    if !(1..=PIECES).contains(&count) {
        return None;
    }
    let mut value = Cow::Borrowed(first);
    for at in 1..count {
        let piece = jar.bytes(&format!("{name}.{at}")).next()?;
        value.to_mut().extend_from_slice(piece);
    }
    Some(value)
}

/// Returns every name that a split value may stand under.
pub(crate) fn pieces(name: &str) -> impl Iterator<Item = String> {
    let name = name.to_owned();
    (0..PIECES).map(move |at| {
        if at == 0 {
            name.clone()
        } else {
            [&name, ".", &at.to_string()].concat()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(cookies: &[(String, String)]) -> Vec<String> {
        cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect()
    }

    fn jar(fields: &[String]) -> Jar<'_> {
        Jar::read(fields.iter().map(String::as_bytes))
    }

    #[test]
    fn a_long_value_survives_being_split_and_joined() {
        for length in [1, VALUE_LIMIT, VALUE_LIMIT + 1, SPLIT_LIMIT] {
            let value = "v".repeat(length);
            let fields = header(&split("name", &value).unwrap());
            assert_eq!(*join(&jar(&fields), "name").unwrap(), *value.as_bytes());
        }
        assert!(split("name", &"v".repeat(SPLIT_LIMIT + 1)).is_none());
    }

    #[test]
    fn a_value_that_was_not_split_is_not_copied() {
        let fields = header(&split("name", "value").unwrap());
        let joined = join(&jar(&fields), "name");
        assert!(
            matches!(joined, Some(Cow::Borrowed(b"value"))),
            "{joined:?}"
        );
    }

    #[test]
    fn the_first_of_several_cookies_of_a_name_counts_in_whichever_field_it_came() {
        let fields = [
            "a=1; name=1first".to_owned(),
            "name=1second; b=2".to_owned(),
        ];
        let jar = jar(&fields);
        assert_eq!(join(&jar, "name").as_deref(), Some(b"first".as_slice()));
        assert_eq!(jar.all("name").collect::<Vec<_>>(), ["1first", "1second"]);
    }

    #[test]
    fn a_missing_piece_means_no_cookie() {
        let fields = header(&split("name", &"v".repeat(VALUE_LIMIT + 1)).unwrap());
        assert!(join(&jar(&fields[..1]), "name").is_none());
    }

    // attack: CK-13
    #[test]
    fn a_forged_count_costs_nothing_and_finds_nothing() {
        for first in ["1000000000", "-1", "abc", "", "0", "9x", "é"] {
            let fields = [format!("name={first}")];
            let joined = join(&jar(&fields), "name");
            assert!(joined.is_none() || first == "1000000000", "{first}");
        }
        let flood = ["; ".repeat(32 * 1024), "; ".repeat(32 * 1024)];
        assert!(jar(&flood).first("name").is_none());
    }
}
