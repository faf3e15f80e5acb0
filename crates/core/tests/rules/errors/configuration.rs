//! Codes of settings that cannot work.

use codegrant_core::error::Code;
use codegrant_core::provider::{AuthenticationMethod, Path, Protocol, Provider, UserMapping};
use codegrant_core::{Client, Profile, PublicOrigin, RequestObject};

use super::Row;

/// The code of the one mistake in a registration.
fn registered(
    alter: impl FnOnce(&mut Provider),
    id: &str,
    change: fn(Client) -> Client,
) -> &'static Code {
    let mut provider = Provider::openid("op", "OP", "https://op.example");
    alter(&mut provider);
    let client = change(Client::new(provider, id, "https://app.example/cb").with_secret("s"));
    let mistakes = client.validate().unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    mistakes[0].code()
}

fn entry(alter: impl FnOnce(&mut Provider)) -> &'static Code {
    registered(alter, "app", |client| client)
}

pub(super) const CONFIGURATION: &[Row] = &[
    ("configuration.public_origin", || {
        PublicOrigin::parse("http://app.example")
            .unwrap_err()
            .code()
    }),
    ("configuration.provider_id", || {
        entry(|provider| provider.id = "O P".into())
    }),
    ("configuration.provider_address", || {
        registered(
            |provider| *provider = Provider::openid("op", "OP", "http://op.example"),
            "app",
            |client| client,
        )
    }),
    ("configuration.subject", || {
        entry(|provider| provider.user = UserMapping::new(Path::new("id ?? login")))
    }),
    ("configuration.issuer_empty", || {
        entry(|provider| {
            *provider = crate::wiki();
            if let Protocol::OAuth { issuer, .. } = &mut provider.protocol {
                *issuer = Some("".into());
            }
        })
    }),
    ("configuration.scope", || {
        entry(|provider| provider.scopes = vec!["openid".into(), "a b".into()].into())
    }),
    ("configuration.authorization_parameter", || {
        entry(|provider| {
            provider.authorization_parameters = vec![("state".into(), "x".into())].into();
        })
    }),
    ("configuration.client_id", || {
        registered(|_provider| {}, "", |client| client)
    }),
    ("configuration.client_secret", || {
        registered(
            |_provider| {},
            "app",
            |client| client.with_authentication(AuthenticationMethod::None),
        )
    }),
    ("configuration.client_secret_short", || {
        registered(
            |_provider| {},
            "app",
            |client| client.with_authentication(AuthenticationMethod::ClientSecretJwt),
        )
    }),
    ("configuration.signing_key", || {
        registered(
            |_provider| {},
            "app",
            |client| client.with_request_object(RequestObject::ByValue),
        )
    }),
    ("configuration.setting", || {
        registered(|_provider| {}, "app", |client| client.with_prompt("?"))
    }),
    ("configuration.profile", || {
        registered(
            |_provider| {},
            "app",
            |client| client.with_profile(Profile::Fapi2),
        )
    }),
    ("configuration.openid_scope", || {
        entry(|provider| provider.scopes = vec!["profile".into()].into())
    }),
];
