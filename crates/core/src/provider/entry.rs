//! A provider as it is written in a configuration file.

use serde::Deserialize;

use super::{
    AuthenticationMethod, EmailTrust, Endpoints, List, Protocol, Provider, Quirk, Text,
    UserMapping, preset,
};
use crate::jose::Algorithm;

/// One of three: a `preset`, an OpenID Connect `issuer`, or the `endpoints` of an OAuth 2.0 server.
///
/// Whatever else is written replaces what the preset or the protocol says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    id: Option<Text>,
    name: Option<Text>,
    preset: Option<String>,
    issuer: Option<Text>,
    metadata: Option<Metadata>,
    userinfo: Option<Text>,
    issuer_aliases: Option<List<Text>>,
    algorithm: Option<Algorithm>,
    endpoints: Option<Endpoints>,
    scopes: Option<List<Text>>,
    authorization_parameters: Option<List<(Text, Text)>>,
    user: Option<UserMapping>,
    email_trust: Option<EmailTrust>,
    authentication: Option<AuthenticationMethod>,
    quirks: Option<List<Quirk>>,
    public_only: Option<bool>,
}

/// Which document an `issuer` publishes about itself.
#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Metadata {
    /// OpenID Connect Discovery 1.0: ID tokens prove the user.
    #[default]
    Openid,
    /// RFC 8414: the userinfo answer does.
    Oauth,
}

impl TryFrom<Entry> for Provider {
    type Error = String;

    fn try_from(entry: Entry) -> Result<Self, String> {
        let named = || {
            let id = entry
                .id
                .clone()
                .ok_or("a provider without `preset` needs an `id`")?;
            let name = entry.name.clone().unwrap_or_else(|| id.clone());
            Ok::<_, String>((id, name))
        };
        let published = entry.metadata.unwrap_or_default();
        if entry.userinfo.is_some() && !matches!(published, Metadata::Oauth) {
            return Err("`userinfo` goes with `metadata = \"oauth\"`".to_owned());
        }
        let mut provider = match (entry.preset, entry.issuer, entry.endpoints) {
            (Some(name), None, None) => {
                let known: Vec<&str> = super::PRESETS
                    .iter()
                    .map(|known| known.id.as_ref())
                    .collect();
                preset(&name)
                    .ok_or_else(|| format!("preset `{name}` is not one of {}", known.join(", ")))?
            }
            (None, Some(issuer), None) if matches!(published, Metadata::Oauth) => {
                let (id, name) = named()?;
                let user = entry.user.clone().ok_or(
                    "a provider with `metadata = \"oauth\"` needs `user.subject`: where in its answer the account stands",
                )?;
                let mut provider = Self::oauth_issuer(id, name, issuer.clone(), user);
                let userinfo = entry.userinfo;
                provider.protocol = Protocol::OAuthIssuer { issuer, userinfo };
                provider
            }
            (None, Some(issuer), None) => {
                let (id, name) = named()?;
                Self::openid(id, name, issuer)
            }
            (None, issuer, Some(endpoints)) => {
                let (id, name) = named()?;
                let user = entry.user.clone().ok_or(
                    "a provider with `endpoints` needs `user.subject`: where in its answer the account stands",
                )?;
                let mut provider = Self::oauth(id, name, endpoints.clone(), user);
                provider.protocol = Protocol::OAuth { issuer, endpoints };
                provider
            }
            _ => return Err("a provider has one of `preset`, `issuer` and `endpoints`".to_owned()),
        };
        if let Protocol::OpenId {
            issuer_aliases,
            algorithm,
            ..
        } = &mut provider.protocol
        {
            replace(issuer_aliases, entry.issuer_aliases);
            *algorithm = entry.algorithm.or(*algorithm);
        }
        replace(&mut provider.id, entry.id);
        replace(&mut provider.name, entry.name);
        replace(&mut provider.scopes, entry.scopes);
        replace(
            &mut provider.authorization_parameters,
            entry.authorization_parameters,
        );
        replace(&mut provider.user, entry.user);
        replace(&mut provider.email_trust, entry.email_trust);
        replace(&mut provider.authentication, entry.authentication);
        replace(&mut provider.quirks, entry.quirks);
        replace(&mut provider.public_only, entry.public_only);
        Ok(provider)
    }
}

fn replace<T>(held: &mut T, written: Option<T>) {
    if let Some(written) = written {
        *held = written;
    }
}
