//! The provider's side: what it answered to a request of ours.

use super::quoted::described;
use super::{Code, Quoted};
use crate::jose::{JsonError, JweError, JwsError, KeySetError};

crate::codes! {
    REDIRECT = "provider.redirect",
        "an endpoint answered with a redirect, which is never followed: the code, the secret or the token would go along",
        "configure the endpoint's final address";
    STATUS = "provider.status",
        "an endpoint answered with an error status and nothing that explains it",
        "look at the provider's status page and logs; the user tries again";
    MEDIA_TYPE = "provider.media_type",
        "an endpoint answered with something else than JSON: an error page, a captive portal, or a wrong address",
        "open the address by hand; a provider that answers in forms needs the quirk token_form_encoded";
    JSON = "provider.json",
        "an endpoint's JSON is broken, repeats a member or is nested too deeply",
        "report it to the provider; nothing in it was believed";
    FORM = "provider.form",
        "a form-encoded answer repeats a member",
        "report it to the provider; nothing in it was believed";
    MEMBER_MISSING = "provider.member_missing",
        "the answer lacks a member that has to be there",
        "compare the answer with the provider's documentation; for an OAuth provider check `user` in its entry";
    MEMBER_TYPE = "provider.member_type",
        "a member of the answer has another type than the specification gives it",
        "if the provider's documentation shows it so, its entry needs a quirk";
    TOKEN_REFUSED = "provider.token_refused",
        "the token endpoint refused and says why: invalid_client is a wrong id, secret, key or method; invalid_grant a code that was used, expired, or sent with another redirect_uri",
        "compare client id, secret or key, authentication method and callback with what is registered at the provider";
    REQUEST_REFUSED = "provider.request_refused",
        "the provider refused a pushed authorization request and says why: invalid_client is a wrong id, key or method; invalid_request a parameter that it does not take",
        "compare client id, authentication method, scopes and callback with what is registered at the provider; with a key of ours, whether it can fetch {base}/jwks/{id}";
    TOKEN_TYPE = "provider.token_type",
        "the access token is of another type than this client uses: DPoP where `dpop` or a FAPI profile binds it to a key, else Bearer",
        "have the provider issue the type that is expected to this client; an unbound token is never taken for a bound one";
    SUBJECT = "provider.subject_mismatch",
        "userinfo speaks of another account than the ID token (OpenID Connect Core 1.0 section 5.3.2)",
        "treat it as an attack or a broken provider; nobody was logged in";
    ISSUER = "discovery.issuer_mismatch",
        "the metadata names another issuer than the configured one; often only a trailing slash differs",
        "configure the issuer exactly as the metadata writes it";
    ENDPOINT = "discovery.endpoint_refused",
        "an address in the metadata is not acceptable: no https, a private network, or a parameter that belongs to us",
        "correct the provider's metadata, or list the endpoints in the provider's entry";
    ALGORITHM = "discovery.algorithm_not_offered",
        "the provider does not sign ID tokens with the algorithm that this client is set to",
        "set `algorithm` in the provider's entry to the one that the client is registered for";
    AUTHENTICATION = "discovery.authentication_not_offered",
        "the provider does not accept the client authentication method that is configured",
        "set `authentication` to the method that the client is registered for";
    NOT_OFFERED = "discovery.not_offered",
        "the provider's metadata does not list what a setting of this client needs",
        "compare the named list with the client's settings and with its registration at the provider";
    PROFILE = "discovery.profile_not_supported",
        "the provider's metadata lacks what the security profile of this client requires",
        "have the provider switch it on, or choose another profile";
    KEYS = "provider.keys",
        "the provider's key set is unreadable or too large",
        "open the jwks_uri by hand; logins go on as soon as it is in order";
    USERINFO_FORM = "provider.userinfo_form",
        "userinfo came signed or encrypted in another way than the one configured, or plain where it should be signed",
        "set userinfo_algorithm and userinfo_encryption to what is registered for this client at the provider, or leave them out where nothing is";
    USERINFO_TOKEN = "provider.userinfo_token",
        "the signature of a userinfo answer is refused",
        "compare userinfo_algorithm with what is registered at the provider (userinfo_signed_response_alg), and its keys at jwks_uri with the key id; if they fit, treat the answer as forged";
    USERINFO_CLAIM = "provider.userinfo_claim",
        "a signed userinfo answer was made by another issuer, for another client, or for a time that is over",
        "treat it as an attack or a broken provider; nobody was logged in";
    NOT_BUILT = "provider.request_not_built",
        "a request to the provider could not be built from its address",
        "check the addresses in the provider's entry";
    PROOF = "provider.proof_not_signed",
        "the key that tokens are bound to could not be made, or what was kept of it is no key (RFC 9449)",
        "the user logs in again; if it happens to everybody, look at what the crypto library runs on";
    NONCE_MISSING = "provider.nonce_missing",
        "a server asks for a proof with a nonce and sends no usable one along (RFC 9449 section 8)",
        "report it to the provider, or to whoever runs the API";
    NONCE_REFUSED = "provider.nonce_refused",
        "a server asks for a nonce again after it got the one that it had just sent: usually several nodes that do not share them",
        "report it to the provider, or to whoever runs the API; nothing is tried a third time";
    ENDPOINT_MISSING = "discovery.endpoint_missing",
        "something was asked for that this provider's metadata has no endpoint for",
        "compare with the provider's documentation; it may have to be switched on there";
}

/// What a request to the provider was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// OpenID Connect Discovery 1.0.
    Metadata,
    /// The signing keys.
    Keys,
    /// RFC 6749 section 3.2.
    Token,
    /// OpenID Connect Core 1.0 section 5.3.
    Userinfo,
    /// A provider's own list of addresses.
    Emails,
    /// RFC 7009.
    Revocation,
    /// RFC 9126.
    PushedRequest,
    /// RFC 7662.
    Introspection,
    /// RFC 7591 and RFC 7592.
    Registration,
    /// RFC 7033.
    WebFinger,
    /// An API of the provider's that an access token opens.
    Api,
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Metadata => "metadata",
            Self::Keys => "keys",
            Self::Token => "token",
            Self::Userinfo => "userinfo",
            Self::Emails => "emails",
            Self::Revocation => "revocation",
            Self::PushedRequest => "pushed authorization request",
            Self::Introspection => "introspection",
            Self::Registration => "registration",
            Self::WebFinger => "webfinger",
            Self::Api => "api",
        })
    }
}

/// Why a provider's answer is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// A redirect, never followed (RFC 9700 section 4.12).
    #[error("{purpose} endpoint redirects with status {status}")]
    Redirect {
        /// What was asked.
        purpose: Purpose,
        /// The status.
        status: u16,
    },
    /// An unexpected status without an explanation.
    #[error("{purpose} endpoint answers with status {status}, expected 200")]
    Status {
        /// What was asked.
        purpose: Purpose,
        /// The status.
        status: u16,
    },
    /// Another media type than the specification's.
    #[error("{purpose} endpoint answers with {received}, expected {expected}")]
    MediaType {
        /// What was asked.
        purpose: Purpose,
        /// The specification's type.
        expected: &'static str,
        /// What was received.
        received: Quoted,
    },
    /// Not strict JSON.
    #[error("{purpose} endpoint's json is refused: {source}")]
    Json {
        /// What was asked.
        purpose: Purpose,
        /// What is wrong with it, without any of its values.
        source: JsonError,
    },
    /// A form with a member twice.
    #[error("{purpose} endpoint's form repeats a member")]
    FormRepeats {
        /// What was asked.
        purpose: Purpose,
    },
    /// A member is missing.
    #[error("{purpose} endpoint's answer lacks {member}")]
    MemberMissing {
        /// What was asked.
        purpose: Purpose,
        /// The member.
        member: &'static str,
    },
    /// A member has the wrong type or size.
    #[error("{purpose} endpoint's {member} is not {expected}")]
    MemberType {
        /// What was asked.
        purpose: Purpose,
        /// The member.
        member: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The token endpoint's own error (RFC 6749 section 5.2).
    #[error("token endpoint says {error}{}", described(description))]
    TokenRefused {
        /// Whether the error is `invalid_grant`: the code or refresh token is worth nothing.
        grant_ended: bool,
        /// The provider's error.
        error: Quoted,
        /// The provider's description, with our secrets blotted out.
        description: Option<Quoted>,
    },
    /// The error of the endpoint for pushed requests (RFC 9126 section 2.3).
    #[error("pushed request endpoint says {error}{}", described(description))]
    RequestRefused {
        /// The provider's error.
        error: Quoted,
        /// The provider's description, with what we sent blotted out.
        description: Option<Quoted>,
    },
    /// A token type other than the one in use.
    #[error("token type is {received}, expected {expected}")]
    TokenType {
        /// What we use.
        expected: &'static str,
        /// What was received.
        received: Quoted,
    },
    /// Two documents about two accounts.
    #[error("userinfo's sub is {userinfo}, the id token's {id_token}")]
    SubjectMismatch {
        /// The proven account.
        id_token: Quoted,
        /// The other one.
        userinfo: Quoted,
    },
    /// The metadata's issuer (OpenID Connect Discovery 1.0 section 4.3).
    #[error(
        "metadata's issuer is {received}, configured \"{configured}\"{}",
        slash(configured, received)
    )]
    IssuerMismatch {
        /// The configured issuer.
        configured: String,
        /// The metadata's.
        received: Quoted,
    },
    /// An address that must not be used.
    #[error("{member} {url} is refused: {reason}")]
    Endpoint {
        /// The member of the metadata.
        member: &'static str,
        /// The address.
        url: Quoted,
        /// What is wrong with it.
        reason: String,
    },
    /// The registered signature algorithm is not among those offered.
    #[error("algorithm {wanted} is not among {offered}")]
    AlgorithmNotOffered {
        /// What the client is set to.
        wanted: &'static str,
        /// What the provider offers.
        offered: Quoted,
    },
    /// The configured authentication method is not among those offered.
    #[error("authentication method {configured} is not among {offered}")]
    AuthenticationNotOffered {
        /// What the client is set to.
        configured: &'static str,
        /// What the provider offers.
        offered: Quoted,
    },
    /// What a setting needs is not among what the metadata lists.
    #[error("{wanted} is not among {member}: {offered}")]
    NotOffered {
        /// The member of the metadata.
        member: &'static str,
        /// What the client is set to.
        wanted: &'static str,
        /// What the provider offers.
        offered: Quoted,
    },
    /// What a security profile requires and the provider does not offer.
    #[error("profile {profile} needs {lacking}, which the metadata lacks")]
    ProfileNotSupported {
        /// The profile.
        profile: &'static str,
        /// The member of the metadata.
        lacking: &'static str,
    },
    /// The key set is refused.
    #[error("key set refused: {0}")]
    Keys(#[source] KeySetError),
    /// A proof of possession could not be made (RFC 9449 section 4).
    #[error("proof of possession could not be signed")]
    ProofNotSigned,
    /// A nonce was asked for, and there is none (RFC 9449 section 8).
    #[error("{url} asks for a nonce and sends no usable one")]
    NonceMissing {
        /// The address without its query.
        url: Quoted,
    },
    /// A nonce was asked for twice (RFC 9449 section 8).
    #[error("{url} asks for a nonce again")]
    NonceRefused {
        /// The address without its query.
        url: Quoted,
    },
    /// There is no such endpoint.
    #[error("the provider has no {purpose} endpoint")]
    EndpointMissing {
        /// What it would be for.
        purpose: Purpose,
    },
    /// Userinfo in another form than the registered one.
    #[error("userinfo is {received}, expected {expected}")]
    UserinfoForm {
        /// What is registered.
        expected: &'static str,
        /// What was received.
        received: &'static str,
    },
    /// The signature of userinfo.
    #[error("userinfo refused: {0}")]
    UserinfoToken(#[source] JwsError),
    /// The encryption of userinfo.
    #[error("userinfo refused: {0}")]
    UserinfoEncryption(#[source] JweError),
    /// A claim of signed userinfo (OpenID Connect Core 1.0 section 5.3.2).
    #[error("userinfo's {claim} is {received}, expected {expected}")]
    UserinfoClaim {
        /// The claim.
        claim: &'static str,
        /// What it should be.
        expected: String,
        /// What was received.
        received: Quoted,
    },
    /// A request could not be built.
    #[error("request could not be built")]
    RequestNotBuilt,
}

/// Says so when two issuers differ by a trailing slash only, because the eye does not see it.
fn slash(configured: &str, received: &Quoted) -> &'static str {
    let other = match configured.strip_suffix('/') {
        Some(without) => without.to_owned(),
        None => format!("{configured}/"),
    };
    if Quoted::new(&other) == *received {
        " (only the trailing slash differs)"
    } else {
        ""
    }
}

impl ProviderError {
    /// Returns the stable name with the likely cause and the remedy.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Redirect { .. } => &REDIRECT,
            Self::Status { .. } => &STATUS,
            Self::MediaType { .. } => &MEDIA_TYPE,
            Self::Json { .. } => &JSON,
            Self::FormRepeats { .. } => &FORM,
            Self::MemberMissing { .. } => &MEMBER_MISSING,
            Self::MemberType { .. } => &MEMBER_TYPE,
            Self::TokenRefused { .. } => &TOKEN_REFUSED,
            Self::RequestRefused { .. } => &REQUEST_REFUSED,
            Self::TokenType { .. } => &TOKEN_TYPE,
            Self::SubjectMismatch { .. } => &SUBJECT,
            Self::IssuerMismatch { .. } => &ISSUER,
            Self::Endpoint { .. } => &ENDPOINT,
            Self::AlgorithmNotOffered { .. } => &ALGORITHM,
            Self::AuthenticationNotOffered { .. } => &AUTHENTICATION,
            Self::NotOffered { .. } => &NOT_OFFERED,
            Self::ProfileNotSupported { .. } => &PROFILE,
            Self::Keys(_) => &KEYS,
            Self::UserinfoForm { .. } => &USERINFO_FORM,
            Self::UserinfoToken(_) => &USERINFO_TOKEN,
            Self::UserinfoEncryption(error) => error.code(),
            Self::UserinfoClaim { .. } => &USERINFO_CLAIM,
            Self::RequestNotBuilt => &NOT_BUILT,
            Self::ProofNotSigned => &PROOF,
            Self::NonceMissing { .. } => &NONCE_MISSING,
            Self::NonceRefused { .. } => &NONCE_REFUSED,
            Self::EndpointMissing { .. } => &ENDPOINT_MISSING,
        }
    }
}
