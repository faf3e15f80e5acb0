//! The providers that are known by name.

use std::borrow::Cow::Borrowed;

use crate::client::ResponseMode;

use super::{
    AuthenticationMethod, EmailTrust, Endpoints, Path, Protocol, Provider, Quirk, Text, UserMapping,
};

pub(super) const OPENID_SCOPES: &[Text] =
    &[Borrowed("openid"), Borrowed("profile"), Borrowed("email")];

const GOOGLE_ALIASES: &[Text] = &[Borrowed("accounts.google.com")];
const GITHUB_SCOPES: &[Text] = &[Borrowed("read:user"), Borrowed("user:email")];
const GITHUB_QUIRKS: &[Quirk] = &[
    Quirk::ScopeComma,
    Quirk::EmailsEndpoint(Borrowed("https://api.github.com/user/emails")),
];
const FACEBOOK_SCOPES: &[Text] = &[Borrowed("public_profile"), Borrowed("email")];
const FACEBOOK_QUIRKS: &[Quirk] = &[Quirk::ErrorObject, Quirk::AppSecretProof];
const APPLE_SCOPES: &[Text] = &[Borrowed("openid"), Borrowed("email")];
const APPLE_QUIRKS: &[Quirk] = &[Quirk::SignedSecret, Quirk::VerifiedString];

/// Google, by OpenID Connect. Its ID tokens name the issuer with and without `https://`.
pub const GOOGLE: Provider = Provider {
    id: Borrowed("google"),
    name: Borrowed("Google"),
    protocol: Protocol::OpenId {
        issuer: Borrowed("https://accounts.google.com"),
        issuer_aliases: Borrowed(GOOGLE_ALIASES),
        algorithm: None,
    },
    scopes: Borrowed(OPENID_SCOPES),
    authorization_parameters: Borrowed(&[]),
    user: UserMapping::OPENID,
    email_trust: EmailTrust::VerifiedMember,
    authentication: AuthenticationMethod::ClientSecretBasic,
    response_mode: ResponseMode::Query,
    quirks: Borrowed(&[]),
    public_only: false,
};

/// GitHub, by OAuth 2.0. The account is the numeric `id`; a login name can change hands.
///
/// Its public profile may hide the address, so that `/user/emails` is asked as well. Since 2026 its
/// callback carries `iss` (RFC 9207) though no metadata says so; errors come with status 200.
pub const GITHUB: Provider = Provider {
    id: Borrowed("github"),
    name: Borrowed("GitHub"),
    protocol: Protocol::OAuth {
        issuer: Some(Borrowed("https://github.com/login/oauth")),
        endpoints: Endpoints {
            authorization: Borrowed("https://github.com/login/oauth/authorize"),
            token: Borrowed("https://github.com/login/oauth/access_token"),
            userinfo: Borrowed("https://api.github.com/user"),
            revocation: None,
        },
    },
    scopes: Borrowed(GITHUB_SCOPES),
    authorization_parameters: Borrowed(&[]),
    user: UserMapping {
        subject: Path::new("id"),
        name: Path::new("name ?? login"),
        username: Path::new("login"),
        email: Path::new("email"),
        email_verified: Path::new("email_verified"),
        picture: Path::new("avatar_url"),
    },
    email_trust: EmailTrust::VerifiedMember,
    authentication: AuthenticationMethod::ClientSecretPost,
    response_mode: ResponseMode::Query,
    quirks: Borrowed(GITHUB_QUIRKS),
    public_only: false,
};

/// Facebook, by OAuth 2.0, Graph API v24.0. The account is an id of this app's own.
///
/// An address may be absent, and none counts as verified: Facebook does not say.
pub const FACEBOOK: Provider = Provider {
    id: Borrowed("facebook"),
    name: Borrowed("Facebook"),
    protocol: Protocol::OAuth {
        issuer: Some(Borrowed("https://www.facebook.com")),
        endpoints: Endpoints {
            authorization: Borrowed("https://www.facebook.com/v24.0/dialog/oauth"),
            token: Borrowed("https://graph.facebook.com/v24.0/oauth/access_token"),
            userinfo: Borrowed("https://graph.facebook.com/v24.0/me?fields=id,name,email,picture"),
            revocation: None,
        },
    },
    scopes: Borrowed(FACEBOOK_SCOPES),
    authorization_parameters: Borrowed(&[]),
    user: UserMapping {
        subject: Path::new("id"),
        name: Path::new("name"),
        username: Path::new(""),
        email: Path::new("email"),
        email_verified: Path::new(""),
        picture: Path::new("picture.data.url"),
    },
    email_trust: EmailTrust::Never,
    authentication: AuthenticationMethod::ClientSecretPost,
    response_mode: ResponseMode::Query,
    quirks: Borrowed(FACEBOOK_QUIRKS),
    public_only: false,
};

/// Apple, by OpenID Connect. It has no userinfo endpoint and no fixed secret.
///
/// Each request carries a secret that the developer's key signs, so that a registration needs `team_id` and
/// a signing key with its key id. Responses are posted, which Apple wants as soon as a scope is asked for.
/// The person's name is not read: Apple sends it once, beside the answer and without a signature.
pub const APPLE: Provider = Provider {
    id: Borrowed("apple"),
    name: Borrowed("Apple"),
    protocol: Protocol::OpenId {
        issuer: Borrowed("https://appleid.apple.com"),
        issuer_aliases: Borrowed(&[]),
        algorithm: None,
    },
    scopes: Borrowed(APPLE_SCOPES),
    authorization_parameters: Borrowed(&[]),
    user: UserMapping::OPENID,
    email_trust: EmailTrust::VerifiedMember,
    authentication: AuthenticationMethod::ClientSecretPost,
    response_mode: ResponseMode::FormPost,
    quirks: Borrowed(APPLE_QUIRKS),
    public_only: false,
};

/// Every preset, for a configuration that names one.
pub const PRESETS: &[Provider] = &[GOOGLE, GITHUB, FACEBOOK, APPLE];

/// Returns the preset of that id.
pub fn preset(id: &str) -> Option<Provider> {
    PRESETS.iter().find(|provider| provider.id == id).cloned()
}
