//! What was heard: one record for each request, masked, so that two of them can be compared.

use std::fmt;

use super::entry::Mark;

/// Everything that an app answered to the corpus, and every call that it made meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    pub(super) records: Vec<Record>,
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The entry of the corpus, and which of its requests, from one on.
    pub entry: String,
    /// The request, without its cookies and its body.
    pub request: String,
    /// The answer.
    pub outcome: Outcome,
    /// The calls that the app made to its provider before it answered: method, URL, headers, body.
    pub calls: Vec<String>,
    /// The status, or why no answer came: for a person; it makes no difference.
    pub(super) heard: String,
    pub(super) mark: Mark,
    /// Whether this app's framework may do what the mark says.
    pub(super) leeway: bool,
}

/// How a request was answered.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// With a response of ours.
    Answered {
        /// The status code.
        status: u16,
        /// Every header that is not the framework's own, sorted by name.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// With a page of the app's own, of which status and text count.
    Page {
        /// The status code.
        status: u16,
        /// The text.
        text: String,
    },
    /// As an address that nobody mounted: a status of 4xx and nothing of ours.
    Nobodys,
    /// Refused before the adapter: a status of 400 or more, or no answer, and nothing of ours.
    Refused,
}

impl Transcript {
    /// Names the first request that the other answered otherwise, and says how; `None` when all agree.
    ///
    /// A request that one of the two refused before the adapter counts as alike if the corpus allows that.
    /// So do cookies that are not UTF-8, where an adapter said that its framework drops them.
    pub fn difference(&self, other: &Self) -> Option<String> {
        self.differences(other).into_iter().next()
    }

    /// Names every request that the other answered otherwise, and says how.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        self.compare(other, Record::is_excused)
    }

    /// The same where what the framework drops is left out of the other already.
    pub(in crate::contract) fn difference_to_values(&self, values: &Self) -> Option<String> {
        let excuses = |record: &Record| record.is_excused() && record.outcome == Outcome::Refused;
        self.compare(values, excuses).into_iter().next()
    }

    fn compare(&self, other: &Self, excuses: impl Fn(&Record) -> bool) -> Vec<String> {
        if self.records.len() != other.records.len() {
            let (ours, theirs) = (self.records.len(), other.records.len());
            return vec![format!("{ours} records are not {theirs}")];
        }
        let pairs = self.records.iter().zip(&other.records);
        let differences = pairs.filter_map(|(ours, theirs)| {
            let difference = ours.difference(theirs);
            difference.filter(|_| !excuses(ours) && !excuses(theirs))
        });
        differences.collect()
    }

    /// Names every request that was refused before the adapter, though other frameworks let it through.
    pub fn refused(&self) -> Vec<&str> {
        let refused =
            |record: &&Record| record.outcome == Outcome::Refused && record.mark != Mark::Reaches;
        let records = self.records.iter().filter(refused);
        records.map(|record| record.entry.as_str()).collect()
    }

    /// Returns the records, in the order of the corpus.
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}

impl Record {
    fn difference(&self, other: &Self) -> Option<String> {
        let fail = |text: String| Some(format!("{} ({}): {text}", self.entry, self.request));
        if self.entry != other.entry || self.request != other.request {
            return fail(format!("is not {} ({})", other.entry, other.request));
        }
        if self.calls != other.calls {
            let (ours, theirs) = (self.calls.join("\n"), other.calls.join("\n"));
            return fail(format!("the calls are\n{ours}\nand\n{theirs}"));
        }
        if self.outcome == other.outcome {
            return None;
        }
        let difference = self.outcome.difference(&other.outcome);
        let refused = [&self.outcome, &other.outcome].contains(&&Outcome::Refused);
        if refused && self.heard != other.heard {
            return fail(format!("{difference}: {} and {}", self.heard, other.heard));
        }
        fail(difference)
    }

    /// Tells whether this is a refusal, or a loss, that the corpus allows to this framework.
    fn is_excused(&self) -> bool {
        let lost = self.mark == Mark::ForeignBytes;
        self.leeway && (lost || self.outcome == Outcome::Refused)
    }
}

impl Outcome {
    fn difference(&self, other: &Self) -> String {
        let (
            Self::Answered {
                status,
                headers,
                body,
            },
            Self::Answered {
                status: other_status,
                headers: other_headers,
                body: other_body,
            },
        ) = (self, other)
        else {
            return format!("{self:?} is not {other:?}");
        };
        if status != other_status {
            return format!("status {status} is not {other_status}");
        }
        let lacking = |these: &[(String, String)], those: &[(String, String)]| {
            let missing = these.iter().filter(|header| !those.contains(header));
            missing.cloned().collect::<Vec<_>>()
        };
        if headers != other_headers {
            let (ours, theirs) = (
                lacking(headers, other_headers),
                lacking(other_headers, headers),
            );
            return format!("headers {ours:?} are not {theirs:?}");
        }
        let at = body.iter().zip(other_body).take_while(|(a, b)| a == b);
        let (ours, theirs, at) = (body.len(), other_body.len(), at.count());
        format!("the bodies of {ours} and {theirs} bytes differ from byte {at} on")
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered {
                status,
                headers,
                body,
            } => {
                write!(f, "{status}")?;
                for (name, value) in headers {
                    write!(f, "\n  {name}: {value}")?;
                }
                write!(f, "\n  {} bytes: {:?}", body.len(), beginning(body))
            }
            Self::Page { status, text } => {
                let shown = beginning(text.as_bytes());
                write!(f, "a page of the app with status {status}: {shown:?}")
            }
            Self::Nobodys => f.write_str("nobody's address"),
            Self::Refused => f.write_str("refused before the adapter"),
        }
    }
}

fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(120).collect()
}

impl fmt::Display for Transcript {
    /// Writes all of it, for a person to read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for record in &self.records {
            writeln!(
                f,
                "{}\n{}\n{:?}",
                record.entry, record.request, record.outcome
            )?;
            for call in &record.calls {
                writeln!(f, "  calls {call}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
