//! One request and its answer, for display.

use std::time::Duration;

use codegrant_web::Event;

use crate::recorder::{Seen, Visit};

/// What was sent and what was received, in names and values that are masked already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What it is for, in a few words.
    pub purpose: &'static str,
    /// The request line: method and address.
    pub request: String,
    /// What was sent.
    pub sent: Vec<(String, String)>,
    /// The status, or what happened in its place.
    pub answer: Option<String>,
    /// What was received.
    pub received: Vec<(String, String)>,
    /// How long it took, where that was measured.
    pub took: Option<Duration>,
}

impl Exchange {
    pub(super) fn of_visit(visit: &Visit) -> Self {
        Self {
            purpose: "A page for everybody",
            request: format!("GET {}", visit.path),
            sent: Vec::new(),
            answer: Some("200, a page with a log-in button".to_owned()),
            received: Vec::new(),
            took: None,
        }
    }

    pub(super) fn of_click(path: &str, answer: &str) -> Self {
        Self {
            purpose: "The log-in button",
            request: format!("GET {path}"),
            sent: Vec::new(),
            answer: Some(answer.to_owned()),
            received: Vec::new(),
            took: None,
        }
    }

    pub(super) fn of_redirect(seen: &Seen) -> Option<Self> {
        let Event::LoginStarted {
            endpoint,
            parameters,
            ..
        } = &seen.event
        else {
            return None;
        };
        Some(Self {
            purpose: "The authorization request, which the browser carries",
            request: format!("GET {endpoint}"),
            sent: parameters.clone(),
            answer: None,
            received: Vec::new(),
            took: None,
        })
    }

    pub(super) fn of_callback(seen: &Seen, base: &str) -> Option<Self> {
        let Event::CallbackReceived {
            parameters,
            provider,
        } = &seen.event
        else {
            return None;
        };
        Some(Self {
            purpose: "The authorization response, which the browser carries",
            request: format!("to {base}/callback/{provider}"),
            sent: Vec::new(),
            answer: None,
            received: parameters.clone(),
            took: None,
        })
    }

    pub(super) fn of_call(seen: &Seen) -> Option<Self> {
        let purpose = Purpose::of(&seen.event)?;
        let Event::ProviderCalled {
            method,
            url,
            sent,
            outcome,
            received,
            microseconds,
            ..
        } = &seen.event
        else {
            return None;
        };
        Some(Self {
            purpose: purpose.in_words(),
            request: format!("{method} {url}"),
            sent: sent.clone(),
            answer: Some(match outcome {
                Ok(status) => status.to_string(),
                Err(reason) => format!("no answer: {reason}"),
            }),
            received: match purpose {
                Purpose::Metadata => told_in_full(received),
                _ => received.clone(),
            },
            took: Some(Duration::from_micros(*microseconds)),
        })
    }
}

/// Keeps what is shown in full: metadata has dozens of members that matter to other apps.
fn told_in_full(received: &[(String, String)]) -> Vec<(String, String)> {
    let (masked, mut told): (Vec<_>, Vec<_>) = received
        .iter()
        .cloned()
        .partition(|(_, value)| value.starts_with('['));
    if !masked.is_empty() {
        told.push(("…".to_owned(), format!("and {} more", masked.len())));
    }
    told
}

/// What a call to the provider is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Metadata,
    Token,
    Refresh,
    Revocation,
    Keys,
    Userinfo,
    Other,
}

impl Purpose {
    /// Reads it off the call: its parameters, and the shape of what came back.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let Event::ProviderCalled {
            url,
            sent,
            received,
            ..
        } = event
        else {
            return None;
        };
        let parameter = |wanted: &str| {
            let held = sent.iter().find(|(name, _)| name == wanted);
            held.map(|(_, value)| value.as_str())
        };
        let bearer = parameter("Authorization").is_some_and(|value| value.starts_with("Bearer"));
        Some(match parameter("grant_type") {
            Some("refresh_token") => Self::Refresh,
            Some(_) => Self::Token,
            None if url.ends_with("/.well-known/openid-configuration") => Self::Metadata,
            None if parameter("token").is_some() => Self::Revocation,
            None if bearer => Self::Userinfo,
            None if received.iter().any(|(name, _)| name == "keys") => Self::Keys,
            None => Self::Other,
        })
    }

    const fn in_words(self) -> &'static str {
        match self {
            Self::Metadata => "Where are your endpoints? (metadata, kept for later)",
            Self::Token => "A code for tokens (token endpoint)",
            Self::Refresh => "New tokens (token endpoint)",
            Self::Revocation => "This token is not needed any longer (revocation)",
            Self::Keys => "Which keys sign your ID tokens? (JWKS, kept for later)",
            Self::Userinfo => "Who is this? (userinfo, with the access token)",
            Self::Other => "A call to the provider",
        }
    }
}
