//! What is refused before an app starts, what the operator is told then, and what `Rocket.toml` says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use codegrant_rocket::test::LoggedIn;
use codegrant_rocket::{Auth, MemoryStore, User, Verdict};
use codegrant_rocket::{fairing, fairing_from_config, fairing_from_config_with};
use codegrant_testkit::Site;
use rocket::error::ErrorKind;
use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use rocket::figment::providers::{Format, Serialized, Toml};
use rocket::local::asynchronous::Client;
use rocket::{Build, Config, Ignite, Rocket, State, get, routes};

#[get("/me")]
fn me(user: User) -> String {
    user.to_string()
}

#[get("/anybody")]
fn anybody(user: Option<User>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |user| user.to_string())
}

/// What the operator reads.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Ignites an app; its refusal, and what was logged meanwhile.
async fn ignited(app: Rocket<Build>) -> (Result<Rocket<Ignite>, rocket::Error>, String) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone());
    let guard = tracing::subscriber::set_default(subscriber.finish());
    let outcome = app.ignite().await;
    drop(guard);
    let told = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    (outcome, told)
}

#[tokio::test]
async fn a_guard_without_the_fairing_refuses_launch_and_names_the_fix() {
    for routes in [routes![me], routes![anybody]] {
        let (outcome, told) = ignited(rocket::build().mount("/", routes)).await;
        let refused = outcome.unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::SentinelAborts(aborts) if aborts.len() == 1));
        let remedy = ".attach(codegrant_rocket::fairing(&auth))";
        assert!(
            told.contains(remedy) && told.contains("setup.not_mounted"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn managing_the_auth_alone_is_not_enough() {
    let site = Site::new();
    let app = rocket::build().manage(site.auth().clone());
    let (outcome, _) = ignited(app.mount("/", routes![me])).await;
    let refused = outcome.unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::SentinelAborts(_)));
}

#[tokio::test]
async fn an_app_that_asks_for_nobody_starts_without_the_fairing() {
    let (outcome, told) = ignited(rocket::build()).await;
    assert!(outcome.is_ok());
    assert_eq!(told, "");
}

#[tokio::test]
async fn attaching_the_login_twice_refuses_launch_and_says_so() {
    let site = Site::new();
    let app = rocket::build().attach(fairing(site.auth()));
    let (outcome, told) = ignited(app.attach(fairing(site.auth()))).await;
    let refused = outcome.unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::FailedFairings(failed) if failed.len() == 1));
    assert!(told.contains("attached twice"), "{told}");
}

/// An app with this for its `Rocket.toml`.
fn configured(toml: &str, profile: &'static str) -> Rocket<Build> {
    let figment = Figment::from(Config::debug_default()).merge(Toml::string(toml).nested());
    rocket::custom(figment.select(profile)).mount("/", routes![me, link])
}

#[get("/link")]
fn link(auth: &State<Auth>) -> String {
    format!("{} {}", auth.public_origin(), auth.login_url(None, "/"))
}

async fn linked(app: Rocket<Build>) -> String {
    let client = Client::untracked(app).await.unwrap();
    let answer = client.get("/link").dispatch().await;
    answer.into_string().await.unwrap()
}

const PROFILES: &str = r#"
    [default.codegrant]
    public_origin = "http://localhost:8000"
    base = "/account"

    [[default.codegrant.provider]]
    preset = "github"
    client_id = "id"
    client_secret = "secret"

    [release.codegrant]
    public_origin = "https://app.example"
    secret = "a secret of the release that is long enough"
"#;

#[tokio::test]
async fn each_profile_has_its_own_configuration() {
    let debug = configured(PROFILES, "debug").attach(fairing_from_config());
    assert_eq!(linked(debug).await, "http://localhost:8000 /account/login");
    let release = configured(PROFILES, "release").attach(fairing_from_config());
    assert_eq!(linked(release).await, "https://app.example /account/login");
}

#[tokio::test]
async fn what_stands_above_the_file_wins() {
    let above = Serialized::global("codegrant.base", "/sign-in");
    let figment = Figment::from(Config::debug_default());
    let figment = figment.merge(Toml::string(PROFILES).nested()).merge(above);
    let app = rocket::custom(figment).mount("/", routes![link]);
    let app = app.attach(fairing_from_config());
    assert_eq!(linked(app).await, "http://localhost:8000 /sign-in/login");
}

#[tokio::test]
async fn all_mistakes_of_the_file_are_told_at_once_and_no_secret() {
    let mistaken = r#"
        [release.codegrant]
        public_origin = "http://app.example"
        base = "auth"
        secret = "s3cret"

        [[release.codegrant.provider]]
        preset = "github"
        client_id = "id"
        client_secret_file = "/nowhere/s3cret-file"
    "#;
    let (outcome, told) =
        ignited(configured(mistaken, "release").attach(fairing_from_config())).await;
    let refused = outcome.unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::FailedFairings(_)));
    for part in [
        "4 mistakes",
        "configuration.base",
        "configuration.secret",
        "configuration.file",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert!(told.contains("profile=release"), "{told}");
    assert_eq!(told.matches("remedy: ").count(), 4, "{told}");
    assert!(!told.contains("s3cret\""), "{told}");
}

#[tokio::test]
async fn a_file_without_the_section_is_a_mistake() {
    for toml in [
        "",
        "[default]\ncodegrant = \"s3cret\"",
        "[default.codegrant]\ncolour = 1",
    ] {
        let app = configured(toml, "debug").attach(fairing_from_config());
        let (outcome, told) = ignited(app).await;
        assert!(
            outcome
                .map(drop)
                .map_err(|refused| drop(refused.to_string()))
                .is_err()
        );
        assert!(told.contains("configuration.syntax"), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}

#[tokio::test]
async fn relative_paths_start_where_the_file_is() {
    let name = format!("codegrant-rocket-{}", std::process::id());
    let folder: PathBuf = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("github"), "a secret").unwrap();
    let file = folder.join("Rocket.toml");
    let text = PROFILES.replace(
        "client_secret = \"secret\"",
        "client_secret_file = \"github\"",
    );
    std::fs::write(&file, text).unwrap();
    let figment = Figment::from(Config::debug_default());
    let figment = figment.merge(Toml::file(&file).nested());
    for above in [false, true] {
        let figment = match above {
            // As the environment does: then the file is not the last that wrote into the section.
            true => figment
                .clone()
                .merge(Serialized::global("codegrant.app_name", "Orders")),
            false => figment.clone(),
        };
        let app = rocket::custom(figment).mount("/", routes![link]);
        let app = app.attach(fairing_from_config());
        assert_eq!(linked(app).await, "http://localhost:8000 /account/login");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn what_a_file_cannot_say_is_set_in_code() {
    let store = Arc::new(MemoryStore::new(10));
    let app = configured(PROFILES, "debug").attach(fairing_from_config_with(move |auth| {
        let auth = auth.store(store.clone()).base("/code");
        auth.on_login(async |_| Ok(Verdict::Accept))
    }));
    let client = Client::untracked(app).await.unwrap();
    let answer = client.get("/me").logged_in("ada").dispatch().await;
    assert_eq!(answer.into_string().await.unwrap(), "ada");
    let auth: &Auth = client.rocket().state().unwrap();
    assert_eq!(auth.base(), "/code");
    // A session in a store is a short cookie.
    assert!(auth.test_cookie("ada").await.len() < 200);
}

#[tokio::test]
async fn an_app_may_attach_it_while_it_ignites() {
    let site = Site::new();
    let auth = site.auth().clone();
    let stage = AdHoc::on_ignite("log in", async move |app: Rocket<Build>| {
        app.attach(fairing(&auth)).mount("/", routes![me])
    });
    let client = Client::untracked(rocket::build().attach(stage))
        .await
        .unwrap();
    let answer = client.get("/me").logged_in("ada").dispatch().await;
    assert_eq!(answer.into_string().await.unwrap(), "ada");
}
