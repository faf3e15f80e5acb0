//! The error page: what is wrong with a request that cannot be sent back to its client.

use codegrant_core::http::HttpResponse;

use super::{escape, page};

/// Why a request ends here.
pub(crate) enum Problem {
    UnknownClient {
        client_id: String,
    },
    UnregisteredRedirect {
        client_id: String,
        redirect_uri: String,
    },
    Missing {
        name: &'static str,
    },
    Repeated {
        name: String,
    },
    /// The request object, or what stands for the request, is not what was agreed.
    Request {
        reason: &'static str,
    },
    ForeignHint,
    InteractionOver,
    NotFound {
        path: String,
    },
    MethodNotAllowed {
        method: &'static str,
    },
    NotLoopback,
}

/// Renders the page. Nobody is sent anywhere: an address that is not registered may be an attacker's
/// (RFC 6749 section 3.1.2.4).
pub(crate) fn error(status: u16, problem: &Problem) -> HttpResponse {
    let (title, sentence, facts) = problem.words();
    let facts: String = facts
        .iter()
        .map(|(name, value)| format!("<dt>{name}</dt><dd><code>{}</code></dd>\n", escape(value)))
        .collect();
    let facts = if facts.is_empty() {
        facts
    } else {
        format!("<dl>\n{facts}</dl>")
    };
    let main = format!("<h1>{title}</h1>\n<p>{sentence}</p>\n{facts}");
    page(status, title, &main)
}

impl Problem {
    pub(crate) const fn request(reason: &'static str) -> Self {
        Self::Request { reason }
    }

    /// Returns what is wrong, for a client that gets no page.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Request { reason } => reason,
            _ => "the client is unknown, or its request lacks something",
        }
    }

    fn words(&self) -> (&'static str, &'static str, Vec<(&'static str, &str)>) {
        match self {
            Self::UnknownClient { client_id } => (
                "Unknown client",
                "No client of this id is registered here. Compare it with the provider's settings.",
                vec![("client_id", client_id)],
            ),
            Self::UnregisteredRedirect {
                client_id,
                redirect_uri,
            } => (
                "Address not registered",
                "The app wants you to be sent to an address that is not registered for it, and so nobody was sent there. Both have to be the same, letter by letter.",
                vec![("client_id", client_id), ("address", redirect_uri)],
            ),
            Self::Missing { name } => (
                "Something is missing",
                "The request lacks a parameter without which it cannot be answered.",
                vec![("missing", name)],
            ),
            Self::Repeated { name } => (
                "A parameter stands twice",
                "Each parameter may stand once, so that there is no doubt which one counts.",
                vec![("twice", name)],
            ),
            Self::Request { reason } => (
                "This request cannot be read",
                "The app sent its request in a form that this provider, or what was agreed with the app, does not allow.",
                vec![("reason", reason)],
            ),
            Self::ForeignHint => (
                "Not a token of this provider",
                "The id_token_hint was not issued here, or not to this client. Nothing was logged out.",
                Vec::new(),
            ),
            Self::InteractionOver => (
                "This page is over",
                "It was answered already, or it waited too long, or the provider was started anew. Go back to the app and log in again.",
                Vec::new(),
            ),
            Self::NotFound { path } => (
                "Nothing here",
                "This provider has no such page.",
                vec![("path", path)],
            ),
            Self::MethodNotAllowed { method } => (
                "Wrong method",
                "This address takes another method.",
                vec![("method", method)],
            ),
            Self::NotLoopback => (
                "Loopback only",
                "A development provider answers to names of this machine alone, such as localhost and 127.0.0.1.",
                Vec::new(),
            ),
        }
    }
}
