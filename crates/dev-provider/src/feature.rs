//! What a provider can do beyond the plain code flow, by name: nothing of it is on by itself.

use std::fmt;
use std::str::FromStr;

macro_rules! features {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Something that a provider can do and does not do by itself.
        ///
        /// Written and read by its name in kebab case. What is off is neither offered in the metadata nor
        /// answered.
        ///
        /// ```
        /// use codegrant_dev_provider::Feature;
        /// assert_eq!("pushed-requests".parse(), Ok(Feature::PushedRequests));
        /// assert_eq!(Feature::PushedRequests.name(), "pushed-requests");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Feature {
            $($(#[$doc])* $variant,)*
        }

        impl Feature {
            /// Lists every feature.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

features! {
    /// Pushed authorization requests, at `/par` (RFC 9126).
    PushedRequests = "pushed-requests",
    /// Nothing but pushed authorization requests, from every client (RFC 9126 section 5).
    RequirePushedRequests = "require-pushed-requests",
    /// Signed request objects: by value, pushed and by reference (RFC 9101).
    RequestObjects = "request-objects",
    /// Authorization responses as a JWT: `query.jwt`, `form_post.jwt` and `jwt` (JARM).
    ResponseObjects = "response-objects",
    /// Tokens that are bound to a key of the client (RFC 9449).
    Dpop = "dpop",
    /// Proofs must hold a nonce, which changes after each authorization and each token (RFC 9449 section 8).
    DpopNonces = "dpop-nonces",
    /// Every answer to a proof brings the next nonce along (RFC 9449 section 8.2).
    DpopNoncesInAnswers = "dpop-nonces-in-answers",
    /// Tokens that are bound to the client's certificate (RFC 8705 section 3).
    CertificateBoundTokens = "certificate-bound-tokens",
    /// Token introspection, at `/introspect` (RFC 7662).
    Introspection = "introspection",
    /// Token exchange (RFC 8693).
    TokenExchange = "token-exchange",
    /// Tokens for a client itself (RFC 6749 section 4.4).
    ClientCredentials = "client-credentials",
    /// Rich authorization requests (RFC 9396).
    AuthorizationDetails = "authorization-details",
    /// Resource indicators (RFC 8707).
    ResourceIndicators = "resource-indicators",

    /// Logout tokens to each client's `backchannel_logout_uri` (OpenID Connect Back-Channel Logout 1.0).
    BackChannelLogOut = "back-channel-log-out",
    /// A frame for each client's `frontchannel_logout_uri` (OpenID Connect Front-Channel Logout 1.0).
    FrontChannelLogOut = "front-channel-log-out",
    /// `session_state` and the frame that compares it (OpenID Connect Session Management 1.0).
    SessionManagement = "session-management",
    /// Every `sid` has 35 characters, with punctuation and a space among them.
    PunctuatedSessionIds = "punctuated-session-ids",
    /// `sid` stands in the address of a front-channel log-out as it is, not percent-encoded.
    UnencodedSessionIds = "unencoded-session-ids",

    /// Clients register themselves, at `/register` (RFC 7591), and manage what they registered (RFC 7592).
    DynamicRegistration = "dynamic-registration",
    /// Ids and secrets of registered clients, and refresh tokens, hold every odd character that they may.
    OddCharacters = "odd-characters",
    /// The issuer of an account, at `/.well-known/webfinger` of the issuer's origin (RFC 7033).
    Webfinger = "webfinger",
    /// The metadata also where RFC 8414 section 3 puts it: the well-known path before the issuer's own.
    OauthMetadata = "oauth-metadata",
    /// Nothing of what came after OpenID Connect Core: no `iss` in authorization responses, and no word of
    /// it and of PKCE in the metadata.
    CoreOnly = "core-only",

    /// The published set holds keys of many kinds, also unsupported ones and ones for encryption, without `alg`.
    MixedKeys = "mixed-keys",
    /// No key has a `kid`, and one published key fits.
    KeyWithoutId = "key-without-id",
    /// No key has a `kid`, and three published keys could fit.
    KeysWithoutIds = "keys-without-ids",
    /// The key set stands at a path that nobody can guess.
    RandomKeysPath = "random-keys-path",
    /// The metadata offers every signature algorithm there is, `none` among them.
    EveryAlgorithmOffered = "every-algorithm-offered",

    /// The parameter `claims` (OpenID Connect Core 1.0 section 5.5).
    ClaimsParameter = "claims-parameter",
    /// Userinfo holds a signed claim of another issuer (OpenID Connect Core 1.0 section 5.6.2.1).
    AggregatedClaims = "aggregated-claims",
    /// Userinfo says where to ask for another claim, at `/claims` (OpenID Connect Core 1.0 section 5.6.2.2).
    DistributedClaims = "distributed-claims",
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Feature {
    type Err = UnknownFeature;

    fn from_str(name: &str) -> Result<Self, UnknownFeature> {
        let found = Self::ALL.iter().find(|feature| feature.name() == name);
        found.copied().ok_or_else(|| UnknownFeature {
            name: name.to_owned(),
        })
    }
}

/// A name that no feature has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown feature {name:?}")]
pub struct UnknownFeature {
    name: String,
}
