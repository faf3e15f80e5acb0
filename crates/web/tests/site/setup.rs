//! Configuration: every mistake at once, each with its remedy, and never a secret in the text.

use std::collections::HashMap;

use codegrant_core::provider::{GITHUB, GOOGLE, Provider};
use codegrant_testkit::Site;
use codegrant_web::{Auth, Lifetime, Registration, SetupError, SetupErrors};

pub(crate) const SECRET: &str = "thirty-two-bytes-of-secret-are-enough";

pub(crate) fn codes(refused: &SetupErrors) -> Vec<&'static str> {
    let mistakes = refused.mistakes().iter();
    mistakes.map(|mistake| mistake.code().name).collect()
}

#[test]
fn every_mistake_is_reported_at_once_with_its_remedy() {
    let broken = Provider::openid("No Good", "x", "http://op.example/?a=b").with_scopes(["a b"]);
    let refused = Auth::builder("http://app.example/path")
        .secret("short,also short")
        .base("auth/")
        .lifetime(Lifetime {
            absolute_seconds: 10,
            idle_seconds: 60,
        })
        .root_certificate("no certificate")
        .registration(Registration::new(broken, ""))
        .login_with(GITHUB, "id", "")
        .login_with(GITHUB, "id", "another secret")
        .build()
        .unwrap_err();
    assert_eq!(
        codes(&refused),
        [
            "configuration.base",
            "configuration.lifetime",
            "configuration.public_origin",
            "configuration.secret",
            "configuration.secret",
            "configuration.root_certificate",
            "configuration.provider_id",
            "configuration.scope",
            "configuration.provider_address",
            "configuration.client_id",
            "configuration.openid_scope",
            "configuration.client_secret",
            "configuration.provider_twice",
        ]
    );
    let text = refused.to_string();
    assert!(
        text.starts_with("the login cannot start: 13 mistakes\n"),
        "{text}"
    );
    for mistake in refused.mistakes() {
        assert!(text.contains(&mistake.to_string()), "{mistake}");
        assert!(text.contains(mistake.code().remedy), "{mistake}");
    }
    assert_eq!(
        format!("{refused:?}"),
        text,
        "readable when main returns it"
    );
    assert!(!text.contains("another secret") && !text.contains("also short"));
}

#[test]
fn one_mistake_is_one() {
    let refused = Auth::builder("http://localhost:3000").build().unwrap_err();
    assert_eq!(codes(&refused), ["configuration.no_provider"]);
    assert!(
        refused
            .to_string()
            .starts_with("the login cannot start: 1 mistake\n")
    );
    let refused = Auth::builder("https://app.example").build().unwrap_err();
    assert_eq!(
        codes(&refused),
        ["configuration.secret", "configuration.no_provider"],
        "neither hides the other"
    );
}

/// Configures from variables, as `Auth::from_env` does from the process's own.
pub(crate) fn environment(
    origin: &str,
    providers: impl IntoIterator<Item = Provider>,
    variables: &[(&str, &str)],
) -> Result<Auth, SetupErrors> {
    let held: HashMap<&str, &str> = variables.iter().copied().collect();
    let variable = |name: &str| held.get(name).map(|value| (*value).to_owned());
    Auth::builder(origin)
        .environment(providers, variable)
        .build()
}

#[test]
fn variables_that_are_missing_are_all_named() {
    let corp = Provider::openid("corp-sso", "Corp", "https://sso.corp.example");
    let refused = environment(
        "https://app.example",
        [GITHUB, GOOGLE, corp.clone()],
        &[
            ("GITHUB_CLIENT_ID", "id"),
            ("GOOGLE_CLIENT_SECRET", "s3cret"),
        ],
    )
    .unwrap_err();
    let missing: Vec<String> = refused
        .mistakes()
        .iter()
        .filter_map(|mistake| match mistake {
            SetupError::VariableMissing { name } => Some(name.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        missing,
        [
            "GITHUB_CLIENT_SECRET",
            "GOOGLE_CLIENT_ID",
            "CORP_SSO_CLIENT_ID",
            "CORP_SSO_CLIENT_SECRET"
        ]
    );
    assert!(
        codes(&refused).contains(&"configuration.secret"),
        "CODEGRANT_SECRET too"
    );
    assert!(!refused.to_string().contains("s3cret"));

    let auth = environment(
        "https://app.example",
        [corp],
        &[
            ("CORP_SSO_CLIENT_ID", "id"),
            ("CORP_SSO_CLIENT_SECRET", "s3cret"),
            ("CODEGRANT_SECRET", SECRET),
        ],
    )
    .unwrap();
    assert!(!format!("{auth:?}").contains("s3cret"));
}

#[test]
fn a_secret_is_needed_everywhere_but_on_loopback() {
    let built = |origin: &str, secret: Option<&str>| {
        let auth = Auth::builder(origin).login_with(GITHUB, "id", "secret");
        secret
            .into_iter()
            .fold(auth, |auth, secret| auth.secret(secret))
            .build()
    };
    assert!(built("http://localhost:3000", None).is_ok());
    assert!(built("https://localhost", None).is_ok());
    for empty in [None, Some(""), Some("  ")] {
        let refused = built("https://app.example", empty).unwrap_err();
        assert_eq!(refused.mistakes(), [SetupError::Secret { length: None }]);
    }
    for (short, length) in [("x", 1), (&SECRET[..31], 31), (" short ", 5)] {
        let refused = built("http://localhost:3000", Some(short)).unwrap_err();
        assert_eq!(
            refused.mistakes(),
            [SetupError::Secret {
                length: Some(length)
            }]
        );
    }
    assert!(built("https://app.example", Some(&SECRET[..32])).is_ok());
    let two = format!("{SECRET}, {SECRET}2");
    assert!(built("https://app.example", Some(&two)).is_ok());
}

#[test]
fn a_base_is_a_plain_path() {
    for base in ["/auth", "/a/b", "/login-here_2"] {
        let site = Site::builder()
            .configure(move |auth| auth.base(base))
            .try_build();
        assert_eq!(site.unwrap().auth().base(), base);
    }
    for base in [
        "", "/", "auth", "/auth/", "//auth", "/a//b", "/../x", "/a b", "/%61", "/a?b", "/a#b",
    ] {
        let refused = Site::builder()
            .configure(move |auth| auth.base(base))
            .try_build();
        assert_eq!(
            codes(&refused.unwrap_err()),
            ["configuration.base"],
            "{base}"
        );
    }
}

#[test]
fn a_lifetime_is_positive_and_idle_is_the_shorter() {
    for (absolute_seconds, idle_seconds, fine) in [
        (60, 60, true),
        (60, 1, true),
        (60, 61, false),
        (60, 0, false),
        (0, 0, false),
        (-1, -1, false),
        (i64::MAX, i64::MAX, true),
        (i64::MIN, i64::MIN, false),
    ] {
        let lifetime = Lifetime {
            absolute_seconds,
            idle_seconds,
        };
        let site = Site::builder()
            .configure(move |auth| auth.lifetime(lifetime))
            .try_build();
        let told = site.err().map(|refused| codes(&refused));
        assert_eq!(told.is_none(), fine, "{lifetime:?}");
        assert!(told.is_none_or(|told| told == ["configuration.lifetime"]));
    }
}

/// Builds with the system's root certificates taken away, in a process of its own: what the TLS library
/// reads is the environment, which all tests of a process share. Returns the code that came of it.
#[cfg(target_os = "linux")]
pub(crate) fn without_root_certificates() -> String {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "setup::a_system_without_root_certificates_is_a_mistake",
            "--nocapture",
        ])
        .env("SSL_CERT_FILE", "/nonexistent")
        .env("SSL_CERT_DIR", "/nonexistent")
        .env(CHILD, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, code) = told
        .split_once("the code is ")
        .unwrap_or_else(|| panic!("{told}"));
    code.lines().next().unwrap().to_owned()
}

/// Tells the child process that it is one.
#[cfg(target_os = "linux")]
const CHILD: &str = "CODEGRANT_WITHOUT_ROOTS";

#[cfg(target_os = "linux")]
#[test]
#[allow(clippy::print_stdout, reason = "the parent process reads it")]
fn a_system_without_root_certificates_is_a_mistake() {
    if std::env::var_os(CHILD).is_none() {
        assert_eq!(without_root_certificates(), "configuration.http_client");
        return;
    }
    let auth = Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret");
    println!(
        "the code is {}",
        codes(&auth.build().unwrap_err()).join(" ")
    );
}

#[cfg(feature = "dev")]
#[tokio::test]
async fn the_provider_inside_the_app_is_for_loopback() {
    let refused = Auth::dev("https://app.example").unwrap_err();
    assert!(codes(&refused).contains(&"configuration.dev_on_public_origin"));
    let auth = Auth::dev("http://localhost:3000").unwrap();
    let get = |path: &'static str| {
        let request = codegrant_web::Request::new("GET", path, None, crate::NO_HEADERS);
        auth.handle(request)
    };
    assert_eq!(
        get("/auth/login").await.header("location"),
        Some("/auth/login/dev")
    );
    let started = get("/auth/login/dev").await;
    let location = started.header("location").unwrap();
    assert!(
        location.starts_with("http://localhost:3000/auth/dev-provider/authorize?"),
        "{location}"
    );
    let page = get("/auth/dev-provider/.well-known/openid-configuration").await;
    assert_eq!(page.status, 200);
    assert_eq!(get("/auth/dev-provider-not").await.status, 404);
}
