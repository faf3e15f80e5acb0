//! `[[provider]]` sections beyond the usual: every key is read, keys come from files, and what cannot work is
//! told at once and without showing any of it.

use std::path::PathBuf;

use codegrant_core::jose::{Algorithm, SigningKey, base64url};
use codegrant_web::{Auth, SetupErrors};

use crate::setup::{SECRET, codes};

/// A folder of this test's own, with files in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("codegrant-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file and returns its path as TOML has it.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        format!("{:?}", path.to_str().unwrap())
    }

    fn absent(&self) -> String {
        format!("{:?}", self.0.join("absent").to_str().unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn pem(algorithm: Algorithm) -> String {
    let key = SigningKey::generate(algorithm, None).unwrap();
    let der = key.to_pkcs8().unwrap();
    let mut text = base64url::encode(der.as_bytes())
        .replace('-', "+")
        .replace('_', "/");
    text.push_str(&"=".repeat((4 - text.len() % 4) % 4));
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

fn entry(keys: &str) -> Result<Auth, SetupErrors> {
    Auth::from_toml(&format!(
        "public_origin = \"https://app.example\"\nsecret = {SECRET:?}\n\n[[provider]]\nid = \"op\"\n\
         issuer = \"https://op.example\"\nclient_id = \"app\"\n{keys}\n"
    ))
}

fn refused(keys: &str) -> SetupErrors {
    entry(keys).map(|_| ()).unwrap_err()
}

#[test]
fn every_key_is_read() {
    let folder = Folder::new("every-key");
    let key = folder.file("key.pem", &pem(Algorithm::Es256));
    let entries = [
        format!(
            "authentication = \"private_key_jwt\"\nsigning_key_file = {key}\nsigning_key_id = \"k1\"\n\
             signing_algorithm = \"ES256\"\ndpop = true\npushed_requests = true\n\
             request_object = \"by_value\"\nresponse_mode = \"form_post.jwt\"\n\
             response_algorithm = \"ES256\"\n"
        ),
        format!(
            "client_secret = \"a secret\"\nsigning_key_file = {key}\nrequest_object = \"by_reference\"\n\
             response_mode = \"query.jwt\"\n"
        ),
        "authentication = \"client_secret_jwt\"\nclient_secret = \"a secret of thirty-two bytes or more\"\n"
            .to_owned(),
        "client_secret = \"a secret\"\nacr_values = [\"gold\", \"silver\"]\nmax_age = 300\n\
         prompt = \"login\"\nui_locales = [\"de-CH\"]\nresources = [\"https://api.example/\"]\n\
         claims = { userinfo = { email = { essential = true } } }\n\
         authorization_details = [{ type = \"payment\", amount = 5 }]\n\
         backchannel_logout = true\nfrontchannel_logout = true\nsession_management = true\n\
         third_party_login = true\nlog_out_at_provider = true\n"
            .to_owned(),
        format!(
            "client_secret = \"a secret\"\ndecryption_key_file = {key}\n\
             id_token_encryption = {{ algorithm = \"ECDH-ES\", encryption = \"A256GCM\" }}\n\
             userinfo_encryption = {{ algorithm = \"ECDH-ES+A256KW\" }}\nuserinfo_algorithm = \"ES256\"\n"
        ),
        format!(
            "profile = \"fapi2\"\nauthentication = \"private_key_jwt\"\nsigning_key_file = {key}\n"
        ),
        format!(
            "profile = \"fapi2_message_signing\"\nauthentication = \"private_key_jwt\"\n\
             signing_key_file = {key}\n"
        ),
    ];
    for keys in entries {
        if let Err(mistakes) = entry(&keys) {
            panic!("{keys}\n{mistakes}");
        }
    }
}

#[test]
fn apple_needs_its_team_and_its_key() {
    let folder = Folder::new("apple");
    let key = folder.file("key.p8", &pem(Algorithm::Es256));
    let apple = |keys: &str| {
        Auth::from_toml(&format!(
            "public_origin = \"https://app.example\"\nsecret = {SECRET:?}\n\n[[provider]]\n\
             preset = \"apple\"\nclient_id = \"com.example.app\"\n{keys}\n"
        ))
    };
    let whole = format!("team_id = \"T1\"\nsigning_key_file = {key}\nsigning_key_id = \"K1\"");
    assert!(apple(&whole).is_ok());
    assert_eq!(
        codes(&apple("").unwrap_err()),
        ["configuration.signing_key", "configuration.setting"]
    );
}

#[tokio::test]
async fn a_key_of_rsa_signs_with_the_profiles_algorithm() {
    let folder = Folder::new("profile-key");
    let key = folder.file("key.pem", &pem(Algorithm::Rs256));
    let keys = format!("authentication = \"private_key_jwt\"\nsigning_key_file = {key}\n");
    assert!(entry(&keys).is_ok());
    assert!(entry(&format!("profile = \"fapi2\"\n{keys}")).is_ok());
    let told = refused(&format!(
        "profile = \"fapi2\"\nsigning_algorithm = \"RS256\"\n{keys}"
    ));
    assert_eq!(codes(&told), ["configuration.profile"]);
    assert!(told.to_string().contains("signing_key: use PS256"));
}

#[test]
fn a_key_that_cannot_be_used_is_one_mistake_that_shows_none_of_it() {
    let folder = Folder::new("bad-keys");
    let good = folder.file("good.pem", &pem(Algorithm::Es256));
    let secret_text = "s3cret-that-nobody-sees";
    let garbage = folder.file("garbage", secret_text);
    let damaged = folder.file(
        "damaged.pem",
        &pem(Algorithm::Es256).replace("MI", "s3cret"),
    );
    let by_key = "authentication = \"private_key_jwt\"\n";
    for (keys, code) in [
        (
            format!("{by_key}signing_key_file = {}", folder.absent()),
            "configuration.file",
        ),
        (
            format!("{by_key}signing_key_file = {garbage}"),
            "configuration.key",
        ),
        (
            format!("{by_key}signing_key_file = {damaged}"),
            "configuration.key",
        ),
        (
            format!("{by_key}signing_key = \"{{\\\"kty\\\": \\\"s3cret\\\"}}\""),
            "configuration.key",
        ),
        (
            format!("{by_key}signing_key_file = {good}\nsigning_algorithm = \"PS256\""),
            "configuration.key",
        ),
        (
            format!(
                "client_secret = \"s\"\ndecryption_key_file = {garbage}\n\
                 id_token_encryption = {{ algorithm = \"ECDH-ES\" }}"
            ),
            "configuration.key",
        ),
        (
            format!(
                "authentication = \"tls_client_auth\"\ncertificate_file = {garbage}\n\
                 certificate_key_file = {good}"
            ),
            "configuration.key",
        ),
        (
            format!(
                "authentication = \"tls_client_auth\"\ncertificate_file = {}\n\
                 certificate_key_file = {good}",
                folder.absent()
            ),
            "configuration.file",
        ),
    ] {
        let told = refused(&keys);
        assert_eq!(codes(&told), [code], "{keys}\n{told}");
        assert!(!told.to_string().contains("s3cret"), "{told}");
    }
}

// attack: FA-25
#[test]
fn weak_keys_are_refused() {
    let folder = Folder::new("weak-keys");
    // RSA with 1024 bits, made for this test alone.
    let weak = folder.file("weak.pem", include_str!("../data/rsa-1024.pem"));
    let told = refused(&format!(
        "authentication = \"private_key_jwt\"\nsigning_key_file = {weak}"
    ));
    assert_eq!(codes(&told), ["configuration.key"]);
    let told = refused("authentication = \"client_secret_jwt\"\nclient_secret = \"8 bytes!\"");
    assert_eq!(codes(&told), ["configuration.client_secret_short"]);
}

// attack: FA-26
#[test]
fn everything_that_does_not_fit_a_profile_is_told_at_once() {
    let told = refused(
        "profile = \"fapi2_message_signing\"\nclient_secret = \"a secret\"\nalgorithm = \"RS256\"\n\
         response_mode = \"query\"\npushed_requests = false\ndpop = false",
    );
    assert_eq!(
        codes(&told),
        [
            "configuration.profile",
            "configuration.profile",
            "configuration.signing_key",
            "configuration.profile",
            "configuration.profile",
            "configuration.profile",
        ]
    );
    let text = told.to_string();
    for change in [
        "pushed_requests = false: leave it out",
        "dpop = false: leave it out",
        "request_object needs a signing key",
        "authentication: use private_key_jwt",
        "algorithm: use PS256",
        "response_mode: leave it out",
    ] {
        assert!(text.contains(change), "{change} in {text}");
    }
}

#[test]
fn keys_that_mean_nothing_alone_are_told() {
    let folder = Folder::new("alone");
    let key = folder.file("key.pem", &pem(Algorithm::Es256));
    for (keys, setting) in [
        (
            "certificate_file = \"x\"".to_owned(),
            "certificate_key_file",
        ),
        (
            format!("certificate_key_file = {key}"),
            "certificate_file beside it",
        ),
        ("contacts = [\"a@b.example\"]".to_owned(), "register"),
        ("initial_access_token = \"t\"".to_owned(), "register"),
        ("team_id = \"T\"".to_owned(), "signed_secret"),
        (
            "response_algorithm = \"ES256\"".to_owned(),
            "query.jwt and form_post.jwt",
        ),
        ("prompt = \"none login\"".to_owned(), "none stands alone"),
        ("resources = [\"api\"]".to_owned(), "RFC 8707"),
        (
            "certificate_bound_access_tokens = true".to_owned(),
            "needs a certificate",
        ),
        (
            format!("signing_key_file = {key}"),
            "nothing uses the signing key",
        ),
        (
            format!("decryption_key_file = {key}"),
            "nothing is encrypted for it",
        ),
    ] {
        let told = refused(&format!("client_secret = \"a secret\"\n{keys}"));
        assert!(told.to_string().contains(setting), "{keys}\n{told}");
    }
}

#[test]
fn the_key_with_a_wrong_value_is_named() {
    for (keys, told) in [
        ("dpop = \"yes\"", "dpop: invalid type: string"),
        ("max_age = -1", "max_age: invalid value"),
        (
            "response_mode = \"fragment\"",
            "response_mode: unknown variant",
        ),
        (
            "authentication = \"private_key\"",
            "authentication: unknown variant",
        ),
        ("algorithm = \"ES255\"", "algorithm: unknown"),
        ("user = { subjct = \"id\" }", "user: unknown field `subjct`"),
    ] {
        let refused = refused(keys).to_string();
        assert!(refused.contains(told), "{keys}\n{refused}");
    }
}

#[test]
fn an_unknown_key_is_told_beside_all_that_are_known() {
    let told = refused("d_pop = true").to_string();
    for known in [
        "unknown field `d_pop`",
        "`issuer`",
        "`dpop`",
        "`client_id`",
        "`registration_file`",
    ] {
        assert!(told.contains(known), "{known} in {told}");
    }
}

#[test]
fn what_can_never_happen_at_a_provider_is_told() {
    let github = |keys: &str| {
        let text = format!(
            "public_origin = \"https://app.example\"\nsecret = {SECRET:?}\n\n[[provider]]\n\
             preset = \"github\"\n{keys}\n"
        );
        Auth::from_toml(&text)
            .map(|_| ())
            .map_err(|told| told.to_string())
    };
    let usual = "client_id = \"app\"\nclient_secret = \"a secret\"";
    assert_eq!(github(usual), Ok(()));
    for switch in [
        "backchannel_logout",
        "frontchannel_logout",
        "session_management",
    ] {
        let told = github(&format!("{usual}\n{switch} = true")).unwrap_err();
        assert!(
            told.contains(switch) && told.contains("ID tokens"),
            "{told}"
        );
    }
    let told = github("register = true").unwrap_err();
    assert!(told.contains("from an issuer's metadata only"), "{told}");
    for given in [
        "client_id = \"x\"",
        "client_secret = \"x\"",
        "client_secret_file = \"/dev/null\"",
    ] {
        let told = Auth::from_toml(&format!(
            "public_origin = \"https://app.example\"\nsecret = {SECRET:?}\n\n[[provider]]\nid = \"op\"\n\
             issuer = \"https://op.example\"\nregister = true\n{given}\n"
        ));
        let told = told.map(|_| ()).unwrap_err().to_string();
        assert!(told.contains("the provider gives out"), "{told}");
    }
}

#[test]
fn the_guide_to_fapi_has_entries_that_work() {
    let guide = include_str!("../../../../docs/guide/fapi.md");
    let folder = Folder::new("guide");
    let secret = folder.file("secret", SECRET);
    let key = folder.file("key.pem", &pem(Algorithm::Es256));
    let first = guide.split("```toml\n").nth(1).unwrap();
    let first = first.split("```").next().unwrap();
    let first = first
        .replace("\"/run/secrets/codegrant\"", &secret)
        .replace("\"/run/secrets/signing-key.pem\"", &key);
    if let Err(mistakes) = Auth::from_toml(&first) {
        panic!("{mistakes}");
    }
    let on_loopback = guide.split("```toml\npublic_origin").last().unwrap();
    let on_loopback = on_loopback.split("```").next().unwrap();
    let on_loopback = format!("public_origin{on_loopback}").replace("\"signing-key.pem\"", &key);
    if let Err(mistakes) = Auth::from_toml(&on_loopback) {
        panic!("{mistakes}");
    }
    // What the guide shows of an error is what one says.
    let wrong = first
        .replace(
            "authentication = \"private_key_jwt\"\n",
            "client_secret = \"s\"\n",
        )
        .replace(&format!("signing_key_file = {key}\n"), "")
        .replace("signing_algorithm = \"ES256\"\n", "")
        .replace("algorithm = \"ES256\"", "algorithm = \"RS256\"");
    let told = Auth::from_toml(&wrong).map(|_| ()).unwrap_err();
    for mistake in told.mistakes() {
        assert!(guide.contains(&mistake.to_string()), "{mistake}");
    }
    assert_eq!(told.mistakes().len(), 2);
}
