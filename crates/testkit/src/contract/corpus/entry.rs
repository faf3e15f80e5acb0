//! What the corpus is made of: entries of one or more requests, as data.

use super::super::ask::Ask;

/// One line of the corpus: requests that a browser sends one after the other, keeping its cookies.
#[derive(Clone)]
pub(super) struct Entry {
    /// What a difference is reported under.
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
    /// Whether the app keeps its sessions in a store, and not in sealed cookies.
    pub(super) stored: bool,
}

/// One request, and how it is sent.
#[derive(Clone)]
pub(super) struct Step {
    /// The request by values; `{state}` stands for the state of the last login that began.
    pub(super) ask: Ask,
    pub(super) spelling: Spelling,
    pub(super) cookies: Cookies,
    pub(super) mark: Mark,
}

/// How a request is written on the wire.
#[derive(Clone)]
pub(in crate::contract) enum Spelling {
    /// As everybody writes it.
    Usual,
    /// As these bytes of HTTP/1.1, which mean the same; `{cookie}` stands for the cookies.
    Bytes(Vec<u8>),
    /// As these bytes, which no server may take for a request: nothing of ours runs.
    Malformed(Vec<u8>),
    /// As its head, with a length of its own, and nothing behind the body that is there. The answer
    /// must not wait for more.
    Declaring(usize),
    /// The same, and then the connection is closed: nothing of ours runs.
    BrokenOff(usize),
}

/// Which cookies go along.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cookies {
    /// None.
    Nothing,
    /// All that the entry has been given so far, in one field.
    Jar,
    /// Those that were taken back since as well: somebody copied them.
    Copied,
    /// All of the jar behind those of another app, each in a field of its own (RFC 9113 section 8.2.3).
    Split,
    /// The same from the last to the first, with those of another app around them.
    Reversed,
    /// All of them twice in one field.
    Twice,
    /// In two fields, cut in the middle of a value.
    Halved,
    /// Without the last ten characters.
    CutShort,
    /// Behind a cookie whose value is not UTF-8, in one field.
    BesideBytes,
    /// Behind a cookie whose value is UTF-8 and not ASCII, in one field.
    BesideUtf8,
    /// Behind cookies of other apps, quoted, empty and without a name.
    BesideOdd,
}

/// What may keep a request from the adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing.
    Reaches,
    /// A framework that knows no such method.
    UnknownMethod,
    /// A framework that drops header fields that are not UTF-8.
    ForeignBytes,
    /// A server or router that is stricter than most, for this reason.
    Strict(&'static str),
}

impl Entry {
    pub(super) fn new(name: impl Into<String>, steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            name: name.into(),
            steps: steps.into_iter().collect(),
            stored: false,
        }
    }

    /// Plays in the app whose sessions are in a store.
    pub(super) fn stored(mut self) -> Self {
        self.stored = true;
        self
    }

    /// Tells whether HTTP/2 has words for it: other spellings are HTTP/1.1's alone.
    pub(super) fn is_speakable_in_http2(&self) -> bool {
        let usual = |step: &Step| matches!(step.spelling, Spelling::Usual);
        // What the client's own parser refuses does not come to the wire.
        let target = |step: &Step| step.ask.target.bytes().all(|byte| byte.is_ascii_graphic());
        self.steps.iter().all(|step| usual(step) && target(step))
    }
}

impl Step {
    pub(super) fn new(ask: Ask) -> Self {
        Self {
            ask,
            spelling: Spelling::Usual,
            cookies: Cookies::Jar,
            mark: Mark::Reaches,
        }
    }

    pub(super) fn spelled(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    pub(super) fn cookies(mut self, cookies: Cookies) -> Self {
        self.cookies = cookies;
        self
    }

    /// Says what may keep it from the adapter.
    pub(super) fn may(mut self, mark: Mark) -> Self {
        self.mark = mark;
        self
    }
}

impl From<Ask> for Step {
    fn from(ask: Ask) -> Self {
        Self::new(ask)
    }
}

impl Cookies {
    /// Adds the cookies of a jar to a request.
    pub(super) fn add(self, ask: Ask, jar: &[String]) -> Ask {
        if jar.is_empty() || self == Self::Nothing {
            return ask;
        }
        let all = jar.join("; ");
        let beside = |other: &[u8]| [other, b"; ", all.as_bytes()].concat();
        let split = |ask: Ask, jar: Vec<&String>| {
            jar.into_iter()
                .fold(ask, |ask, cookie| ask.with("cookie", cookie.as_str()))
        };
        match self {
            Self::Nothing => ask,
            Self::Jar | Self::Copied => ask.with("cookie", all),
            Self::Split => split(ask.with("cookie", "a=b; c=d"), jar.iter().collect()),
            Self::Reversed => split(ask.with("cookie", "a=b"), jar.iter().rev().collect())
                .with("cookie", "last=1"),
            Self::Twice => ask.with("cookie", format!("{all}; {all}")),
            Self::Halved => {
                let (first, second) = all.split_at(all.len() / 2);
                ask.with("cookie", first).with("cookie", second)
            }
            Self::CutShort => ask.with("cookie", &all[..all.len().saturating_sub(10)]),
            Self::BesideBytes => ask.with("cookie", beside(b"name=J\xf6rg")),
            Self::BesideUtf8 => ask.with("cookie", beside("name=Jörg ✓".as_bytes())),
            Self::BesideOdd => ask.with("cookie", beside(b"a=\"b c\"; =d; e; ; f=g=h;;i=%zz")),
        }
    }
}
