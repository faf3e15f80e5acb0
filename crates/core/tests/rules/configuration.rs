//! Settings that cannot work, each found before anybody is sent anywhere.

use codegrant_core::jose::Algorithm;
use codegrant_core::provider::{AuthenticationMethod, GOOGLE, PRESETS, Provider, Quirk};
use codegrant_core::{Client, PublicOrigin};

use codegrant_testkit::world::signing_key;

use crate::wiki;

fn codes(client: &Client) -> Vec<&'static str> {
    let mistakes = client.validate().err().unwrap_or_default();
    mistakes.iter().map(|mistake| mistake.code().name).collect()
}

// attack: PX-04
#[test]
fn a_public_origin_is_https_or_loopback() {
    for good in [
        "https://app.example",
        "https://app.example/",
        "https://app.example:8443",
        "https://10.0.0.1",
        "https://[2001:db8::1]",
        "http://localhost",
        "http://localhost:3000",
        "http://app.localhost:3000",
        "http://127.0.0.1:3000",
        "http://127.8.9.1",
        "http://[::1]:3000",
    ] {
        assert!(PublicOrigin::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "http://app.example",
        "http://localhost.evil.example",
        "http://evil-localhost",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1",
        "http://192.168.1.1",
        "http://0.0.0.0:3000",
        "http://[::]:3000",
        "https://app.example/app",
        "https://app.example//",
        "https://app.example?x",
        "https://app.example?",
        "https://app.example#x",
        "https://user@app.example",
        "https://user:password@app.example",
        "https://",
        "https://:443",
        "app.example",
        "//app.example",
        "ftp://app.example",
        "file:///",
        "javascript:alert(1)",
        "https://app.example:99999",
        "https://[::1",
        "",
        "*",
        "null",
    ] {
        let error = PublicOrigin::parse(bad).unwrap_err();
        assert_eq!(error.code().name, "configuration.public_origin", "{bad}");
    }
}

#[test]
fn a_public_origin_is_written_as_a_browser_writes_it() {
    for (text, written, port) in [
        ("https://APP.example:443/", "https://app.example", None),
        ("http://localhost:80", "http://localhost", None),
        (
            "https://app.example:8443",
            "https://app.example:8443",
            Some(8443),
        ),
        (
            "https://b\u{fc}cher.example",
            "https://xn--bcher-kva.example",
            None,
        ),
        ("http://0x7f.1:3000", "http://127.0.0.1:3000", Some(3000)),
    ] {
        let origin = PublicOrigin::parse(text).unwrap();
        assert_eq!((origin.as_str(), origin.port()), (written, port));
        assert_eq!(origin.is_secure(), written.starts_with("https"));
        assert_eq!(origin.to_string(), written);
    }
}

#[test]
fn every_mistake_of_a_registration_is_told_at_once() {
    let mut provider = Provider::openid("Not An Id", "OP", "http://op.example?x");
    provider.scopes = vec!["a b".into(), "\"".into(), "profile".into()].into();
    provider.authorization_parameters = vec![("client_id".into(), "x".into())].into();
    let client = Client::new(provider, "", "https://app.example/cb")
        .with_authentication(AuthenticationMethod::ClientSecretPost);
    assert_eq!(
        codes(&client),
        [
            "configuration.provider_id",
            "configuration.scope",
            "configuration.scope",
            "configuration.authorization_parameter",
            "configuration.provider_address",
            "configuration.client_id",
            "configuration.client_secret",
            "configuration.openid_scope",
        ]
    );
}

#[test]
fn every_preset_is_in_order() {
    for preset in PRESETS {
        let client = Client::new(preset.clone(), "app", "https://app.example/cb");
        let signs = preset.quirks.contains(&Quirk::SignedSecret);
        let whole = if signs {
            let key = signing_key(Algorithm::Es256, "k1");
            client.clone().with_signing_key(key).with_team_id("T1")
        } else {
            assert_eq!(client.authentication(), AuthenticationMethod::None);
            client.clone().with_secret("s")
        };
        assert_eq!(codes(&whole), [""; 0], "{}", preset.id);
        assert_eq!(whole.authentication(), preset.authentication);
    }
}

#[test]
fn a_secret_goes_with_a_method_that_needs_one() {
    use AuthenticationMethod::{ClientSecretBasic, ClientSecretPost, None};
    let mistake = ["configuration.client_secret"];
    for (method, secret, wrong) in [
        (ClientSecretBasic, "s", false),
        (ClientSecretPost, "s", false),
        (None, "", false),
        (ClientSecretBasic, "", true),
        (ClientSecretPost, "", true),
        (None, "s", true),
    ] {
        let client = Client::new(GOOGLE, "app", "https://app.example/cb")
            .with_secret(secret)
            .with_authentication(method);
        assert_eq!(
            codes(&client),
            mistake[..usize::from(wrong)],
            "{method:?} {secret:?}"
        );
    }
    let shown = |client: Client| client.validate().unwrap_err()[0].to_string();
    let bare = Client::new(GOOGLE, "app", "https://app.example/cb");
    let missing = shown(bare.clone().with_authentication(ClientSecretPost));
    assert!(
        missing.ends_with("client_secret_post with no secret"),
        "{missing}"
    );
    let needless = shown(bare.with_secret("s").with_authentication(None));
    assert!(needless.ends_with("none with a secret"), "{needless}");
}

#[test]
fn endpoints_of_an_entry_are_held_to_the_same_rules_as_metadata() {
    for bad in [
        "http://wiki.example/x",
        "javascript:alert(1)",
        "/x",
        "",
        "https://u:p@wiki.example/",
        "https://wiki.example/#x",
    ] {
        for member in ["authorization", "token", "userinfo", "revocation"] {
            let mut provider = wiki();
            let codegrant_core::provider::Protocol::OAuth { endpoints, .. } =
                &mut provider.protocol
            else {
                panic!();
            };
            match member {
                "authorization" => endpoints.authorization = bad.into(),
                "token" => endpoints.token = bad.into(),
                "userinfo" => endpoints.userinfo = bad.into(),
                _ => endpoints.revocation = Some(bad.into()),
            }
            let client = Client::new(provider, "app", "https://app.example/cb").with_secret("s");
            assert_eq!(
                codes(&client),
                ["configuration.provider_address"],
                "{member} {bad:?}"
            );
            assert!(client.discover().is_err());
        }
    }
    let mut provider = wiki();
    if let codegrant_core::provider::Protocol::OAuth { endpoints, .. } = &mut provider.protocol {
        endpoints.authorization = "https://wiki.example/authorize?state=fixed".into();
    }
    assert!(provider.validate().is_err());
}

#[test]
fn a_provider_id_fits_into_a_path() {
    for good in ["a", "op-2", "0", &"a".repeat(32)] {
        assert!(wiki().with_id(good.to_owned()).validate().is_ok(), "{good}");
    }
    for bad in [
        "",
        "A",
        "a b",
        "a/b",
        "..",
        "a_b",
        "\u{e9}",
        "<script>",
        "a\n",
        &"a".repeat(33),
    ] {
        assert!(wiki().with_id(bad.to_owned()).validate().is_err(), "{bad}");
    }
}

#[test]
fn a_client_shows_no_secret() {
    let client = Client::new(GOOGLE, "app", "https://app.example/cb").with_secret("s3cret");
    assert!(!format!("{client:?}").contains("s3cret"));
}
