//! Configuration in files: what is read, where a mistake is, and that no secret is quoted.

use codegrant_core::provider::GITHUB;
use codegrant_web::{Auth, AuthBuilder, Configuration, SetupErrors};

use crate::NO_HEADERS;
use crate::setup::{SECRET, codes, environment};

#[test]
fn secrets_are_read_from_files() {
    let folder = std::env::temp_dir().join(format!("codegrant-setup-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (secret, client) = (
        file("secret", &format!("{SECRET}\n")),
        file("client", " s3cret \n"),
    );
    let absent = folder.join("absent").to_str().unwrap().to_owned();
    let with = |secret: &str, client: &str| {
        let variables = [
            ("GITHUB_CLIENT_ID", "id"),
            ("GITHUB_CLIENT_SECRET_FILE", client),
            ("CODEGRANT_SECRET_FILE", secret),
        ];
        environment("https://app.example", [GITHUB], &variables)
    };
    assert!(with(&secret, &client).is_ok());
    let refused = with(&absent, &client).unwrap_err();
    assert_eq!(codes(&refused), ["configuration.file"]);
    assert!(refused.to_string().contains(&absent));

    let toml = |secret: &str, root: &str| {
        Auth::from_toml(&format!(
            "public_origin = \"https://app.example\"\nsecret_file = {secret:?}\n{root}\n\
             [[provider]]\npreset = \"github\"\nclient_id = \"id\"\nclient_secret_file = {client:?}\n"
        ))
    };
    assert!(toml(&secret, "").is_ok());
    let refused = toml(&absent, &format!("root_certificate = {absent:?}")).unwrap_err();
    assert_eq!(codes(&refused), ["configuration.file"; 2]);
    let refused = toml(&secret, &format!("root_certificate = {secret:?}")).unwrap_err();
    assert_eq!(codes(&refused), ["configuration.root_certificate"]);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_says_where_its_mistake_is_and_quotes_no_secret() {
    let head = "public_origin = \"https://app.example\"\nsecret = \"s3cret-of-the-file-that-nobody-sees\"\n";
    let entry = "[[provider]]\npreset = \"github\"\nclient_id = \"id\"\nclient_secret = \"s3cret-at-github\"\n";
    assert!(Auth::from_toml(&format!("{head}{entry}")).is_ok());
    for (text, hint) in [
        (format!("{head}colour = \"blue\"\n{entry}"), "colour"),
        (format!("{head}{entry}colour = \"blue\"\n"), "colour"),
        (
            format!("{head}{entry}response_mode = \"fragment\"\n"),
            "fragment",
        ),
        (format!("{head}base = 7\n{entry}"), "integer"),
        (
            format!("{head}{entry}client_secret = \"s3cret-again\"\n"),
            "duplicate",
        ),
        (format!("{head}[session]\nkind = \"disk\"\n{entry}"), "disk"),
        (
            format!("{head}[[provider]]\npreset = \"github\"\n"),
            "client_id",
        ),
        (
            format!("{head}[[provider]]\npreset = \"nobody\"\nclient_id = \"id\"\n"),
            "nobody",
        ),
        (
            format!("{head}[[provider]]\nclient_id = \"id\"\n"),
            "preset",
        ),
        (
            format!("{head}{entry}client_secret = \"s3cret-unclosed\n"),
            "",
        ),
        ("secret = \"s3cret-alone\"".to_owned(), "public_origin"),
        ("= s3cret".to_owned(), ""),
    ] {
        let refused = Auth::from_toml(&text).unwrap_err();
        assert_eq!(codes(&refused), ["configuration.syntax"], "{text}");
        let told = refused.to_string();
        assert!(told.contains(hint), "{hint} in {told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}

#[tokio::test]
async fn a_file_configures_everything_that_it_names() {
    let auth = Auth::from_toml(
        r#"
        public_origin = "http://localhost:3000"
        base = "/account"
        home = "/start"
        app_name = "Orchard"

        [session]
        kind = "memory"
        capacity = 5
        absolute_seconds = 100
        idle_seconds = 50

        [[provider]]
        preset = "github"
        client_id = "at-github"
        client_secret = "a secret"

        [[provider]]
        id = "wiki"
        name = "Wiki"
        client_id = "at-the-wiki"
        client_secret = "a secret"
        scopes = ["read"]
        endpoints.authorization = "https://wiki.example/oauth/authorize"
        endpoints.token = "https://wiki.example/oauth/token"
        endpoints.userinfo = "https://wiki.example/api/me"
        user.subject = "id"
        "#,
    )
    .unwrap();
    assert_eq!(auth.base(), "/account");
    let page = |path: &'static str| {
        let request = codegrant_web::Request::new("GET", path, None, NO_HEADERS);
        auth.handle(request)
    };
    let login = String::from_utf8(page("/account/login").await.body).unwrap();
    assert!(login.contains("Log in to Orchard") && login.contains("href=\"/start\""));
    let started = page("/account/login/wiki").await;
    let url = codegrant_testkit::site::AuthorizationUrl::parse(started.header("location").unwrap());
    assert_eq!(url.endpoint(), "https://wiki.example/oauth/authorize");
    assert_eq!(url.parameter("client_id"), "at-the-wiki");
    assert_eq!(url.parameter("scope"), "read");
    assert_eq!(
        url.parameter("redirect_uri"),
        "http://localhost:3000/account/callback/wiki"
    );
}

fn read(json: &str) -> Result<Auth, SetupErrors> {
    let configuration: Configuration = serde_json::from_str(json).unwrap();
    AuthBuilder::from_configuration(configuration)?.build()
}

#[test]
fn the_configuration_is_a_part_of_an_apps_own() {
    let auth = read(
        r#"{
            "public_origin": "http://localhost:3000",
            "base": "/account",
            "session": { "kind": "memory", "absolute_seconds": 100 },
            "provider": [
                { "preset": "github", "client_id": "id", "client_secret": "secret" },
                { "id": "staff", "name": "Staff", "issuer": "https://staff.example",
                  "client_id": "id", "client_secret": "secret" }
            ]
        }"#,
    );
    assert_eq!(auth.unwrap().base(), "/account");
}

#[test]
fn a_part_of_an_apps_own_configuration_quotes_no_secret() {
    for (json, hint) in [
        (r#""s3cret""#, "string"),
        (r"{}", "public_origin"),
        (
            r#"{ "public_origin": "http://localhost:3000", "secret": ["s3cret"] }"#,
            "sequence",
        ),
        (
            r#"{ "public_origin": "http://localhost:3000", "colour": "s3cret" }"#,
            "colour",
        ),
        (
            r#"{ "public_origin": "http://localhost:3000", "provider": "s3cret" }"#,
            "string",
        ),
        (
            r#"{ "public_origin": "http://localhost:3000",
                 "provider": [{ "preset": "github", "client_id": "id", "client_secret": 53 }] }"#,
            "integer",
        ),
    ] {
        let refused = read(json).unwrap_err();
        assert_eq!(codes(&refused), ["configuration.syntax"], "{json}");
        let told = refused.to_string();
        assert!(told.contains(hint), "{hint} in {told}");
        assert!(!told.contains("s3cret") && !told.contains("53"), "{told}");
        let configuration: Configuration = serde_json::from_str(json).unwrap();
        assert!(!format!("{configuration:?}").contains("s3cret"));
    }
}

#[test]
fn relative_paths_start_where_the_file_is() {
    let folder = std::env::temp_dir().join(format!("codegrant-beside-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("sealing"), SECRET).unwrap();
    std::fs::write(folder.join("github"), "s3cret").unwrap();
    let configuration: Configuration = serde_json::from_str(
        r#"{
            "public_origin": "https://app.example",
            "secret_file": "sealing",
            "provider": [{ "preset": "github", "client_id": "id", "client_secret_file": "github" }]
        }"#,
    )
    .unwrap();
    let build = |configuration| AuthBuilder::from_configuration(configuration)?.build();
    let elsewhere = build(configuration.clone()).unwrap_err();
    let files = ["configuration.file", "configuration.file"];
    assert_eq!(codes(&elsewhere)[..2], files);
    assert!(build(configuration.in_directory(&folder)).is_ok());
    std::fs::remove_dir_all(&folder).unwrap();
}
