//! The codes of a configuration that is wrong.

use super::*;

pub(super) fn configuration() -> Vec<(&'static str, &'static str)> {
    let lifetime = Lifetime {
        absolute_seconds: 0,
        idle_seconds: 0,
    };
    let nobody = Auth::builder("http://localhost:3000");
    let absent = |name: &str| (name == "CODEGRANT_SECRET_FILE").then(|| "/nonexistent".to_owned());
    vec![
        (
            "configuration.root_certificate",
            mistake(app().root_certificate("-").build()),
        ),
        (
            "configuration.secret",
            mistake(app().secret("short").build()),
        ),
        ("configuration.no_provider", mistake(nobody.build())),
        (
            "configuration.provider_twice",
            mistake(app().login_with(GITHUB, "id", "s").build()),
        ),
        ("configuration.base", mistake(app().base("auth").build())),
        (
            "configuration.variable_missing",
            mistake(
                Auth::builder("http://localhost:3000")
                    .environment([GITHUB], |name| {
                        (name == "GITHUB_CLIENT_ID").then(|| "id".to_owned())
                    })
                    .build(),
            ),
        ),
        (
            "configuration.file",
            mistake(app().environment([], absent).build()),
        ),
        (
            "configuration.key",
            mistake(
                Auth::builder("http://localhost:3000")
                    .registration(
                        Registration::new(GITHUB, "id")
                            .secret("secret")
                            .request_object(RequestObject::ByValue)
                            .signing_key("no key"),
                    )
                    .build(),
            ),
        ),
        (
            "configuration.syntax",
            mistake(Auth::from_toml("public_origin = 7")),
        ),
        (
            "configuration.lifetime",
            mistake(app().lifetime(lifetime).build()),
        ),
        #[cfg(target_os = "linux")]
        (
            "configuration.http_client",
            known(&setup::without_root_certificates()),
        ),
        #[cfg(feature = "dev")]
        (
            "configuration.dev_on_public_origin",
            mistake(
                Auth::builder("https://app.example")
                    .secret("a secret that is long enough for a cookie")
                    .dev()
                    .build(),
            ),
        ),
    ]
}

/// Finds a code's own name.
fn known(name: &str) -> &'static str {
    let found = error_codes().find(|code| code.name == name);
    found.map_or_else(|| panic!("no code {name}"), |code| code.name)
}

/// Codes that this build, or this system, has no way to bring about.
pub(super) const ELSEWHERE: &[&str] = &[
    #[cfg(not(target_os = "linux"))]
    "configuration.http_client",
    #[cfg(not(feature = "dev"))]
    "configuration.dev_on_public_origin",
];
