//! Finding an issuer by a person's identifier: what can be wrong with either.

use super::{Code, Quoted};

crate::codes! {
    RESOURCE = "webfinger.resource",
        "what the person typed is no identifier that names a host of the public internet",
        "show the form again; an identifier looks like jane@example.org or https://example.org/jane";
    NO_ISSUER = "webfinger.no_issuer",
        "the host answers and names no issuer for this identifier",
        "offer the person another way to log in";
    ISSUER = "webfinger.issuer_refused",
        "the issuer that the host names is no plain https address of the public internet",
        "treat the host as broken or hostile; nobody is sent there";
}

/// Why no issuer was found (OpenID Connect Discovery 1.0 section 2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebFingerError {
    /// What was typed.
    #[error("identifier {value}: {reason}")]
    Resource {
        /// What was typed.
        value: Quoted,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No link to an issuer.
    #[error("no issuer for {resource}")]
    NoIssuer {
        /// The identifier, in full form.
        resource: Quoted,
    },
    /// The issuer's address.
    #[error("issuer {href} of {resource}: {reason}")]
    Issuer {
        /// The identifier, in full form.
        resource: Quoted,
        /// What the host answered.
        href: Quoted,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl WebFingerError {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Resource { .. } => &RESOURCE,
            Self::NoIssuer { .. } => &NO_ISSUER,
            Self::Issuer { .. } => &ISSUER,
        }
    }
}
