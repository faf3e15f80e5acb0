//! What the log, the events, the pages and the headers may say, and what they never say.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use codegrant_core::form;
use codegrant_testkit::site::Visit;
use codegrant_testkit::{Fault, Site};
use codegrant_web::Event;
use tracing::Dispatch;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::{refused, settled};

/// Keeps what is written.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Keeps everything that is logged while the guard lives, at the most talkative level.
pub(crate) fn logged() -> (Kept, tracing::subscriber::DefaultGuard) {
    /// While there is one subscriber only, `tracing` asks the thread that comes to a log line first whether
    /// anybody wants it, and keeps the answer for all threads. Other tests want none; with a second
    /// subscriber it asks them all.
    static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(subscriber(std::io::sink)));
    LazyLock::force(&SECOND);
    let kept = Kept::default();
    let guard = tracing::subscriber::set_default(subscriber(kept.clone()));
    (kept, guard)
}

fn subscriber(
    writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) -> impl tracing::Subscriber + Send + Sync {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(writer)
        .finish()
}

/// Collects every secret of the token answers, and of what the app sent.
fn watch_tokens(site: &Site) -> Arc<Mutex<Vec<String>>> {
    let tokens: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = tokens.clone();
    site.alter("/token", move |answer| {
        for member in ["access_token", "refresh_token", "id_token"] {
            if let Some(token) = answer.body[member].as_str() {
                keep.lock().unwrap().push(token.to_owned());
            }
        }
    });
    tokens
}

/// Whatever must stand nowhere, in every spelling.
fn secrets_of(site: &Site, tokens: &Arc<Mutex<Vec<String>>>) -> Vec<String> {
    let mut secrets = tokens.lock().unwrap().clone();
    for secret in [
        "op: a client's secret & more",
        "a secret of a site that all tests know of",
    ] {
        secrets.push(secret.to_owned());
        secrets.push(form::encode(secret));
    }
    for request in site.sent() {
        let body = String::from_utf8(request.body.clone()).unwrap();
        let shown = ["grant_type", "redirect_uri", "token_type_hint"];
        let parameters = form::parameters(&body).unwrap().into_iter();
        secrets.extend(
            parameters
                .filter(|(name, _)| !shown.contains(&name.as_str()))
                .map(|p| p.1),
        );
        let header = request
            .header("authorization")
            .and_then(|value| value.split_once(' '));
        secrets.extend(header.map(|(_, value)| value.to_owned()));
    }
    secrets.sort();
    secrets.dedup();
    secrets
}

// attack: LK-07 LK-08 RF-13 LO-06
#[tokio::test]
async fn no_secret_is_logged_or_told_at_any_level() {
    for builder in [
        Site::builder().log_out_at_provider(),
        Site::builder().memory_sessions().form_post(),
        Site::builder().oauth(),
    ] {
        let (log, _guard) = logged();
        let site = builder.build();
        let tokens = watch_tokens(&site);
        let mut seen = Vec::new();
        let mut browser = site.browser();
        for fault in [
            None,
            Some(Fault::WrongNonce),
            Some(Fault::TokenErrorEchoesRequest),
            Some(Fault::TokenDuplicateMember),
            Some(Fault::TokenBrokenJson),
            Some(Fault::TokenScopeArray),
            Some(Fault::CallbackCodeAndError),
            Some(Fault::CallbackTokens),
            Some(Fault::UserinfoUnauthorized),
            Some(Fault::IdTokenEncrypted),
            Some(Fault::AlgNone),
            Some(Fault::RevocationServerError),
            Some(Fault::RefreshInvalidGrant),
        ] {
            if let Some(fault) = fault {
                site.provider("op").inject(fault);
            }
            let url = browser.begin_to("op", "/orders").await;
            seen.extend(["state", "nonce"].map(|name| url.parameter(name)));
            seen.extend(browser.cookies().iter().map(|cookie| cookie.value.clone()));
            let callback = browser.at_provider(&url, "ada");
            let mut altered = callback.clone();
            altered
                .parameters
                .set("state", &format!("{}~", callback.state()));
            let garbled = format!(
                "{}&code={}%zz",
                callback.parameters.encoded(),
                callback.code()
            );
            for parameters in [altered.parameters.encoded(), garbled] {
                let mut bad = callback.clone();
                bad.parameters.replace(parameters);
                browser.clone().bring(&bad).await;
            }
            browser.bring(&callback).await;
            browser.bring(&callback).await;
            seen.push(callback.state().to_owned());
            seen.push(callback.code().to_owned());
            seen.extend(browser.cookies().iter().map(|cookie| cookie.value.clone()));
            browser.post("/auth/refresh", &[]).await;
            browser.get("/orders").await;
            seen.extend(browser.cookies().iter().map(|cookie| cookie.value.clone()));
            browser.log_out().await;
            settled().await;
            site.provider("op").heal();
        }
        let told = format!("{:?}", site.events());
        let log = log.text();
        for event in [
            "login.started",
            "callback.received",
            "provider.called",
            "login.finished",
        ] {
            assert!(log.contains(event), "{event} is logged");
        }
        seen.extend(secrets_of(&site, &tokens));
        let secrets = seen.iter().filter(|secret| secret.len() >= 8);
        assert!(secrets.clone().count() > 100);
        for secret in secrets {
            assert!(!log.contains(secret), "logged: {secret}");
            assert!(!told.contains(secret), "told: {secret}");
        }
        let shown = format!("{:?} {:?}", browser.session().await, site.auth());
        assert!(!shown.contains("secret"));
    }
}

// attack: LK-01 LK-03
#[tokio::test]
async fn a_strangers_text_is_logged_escaped_and_cut_and_shown_to_nobody() {
    let (log, _guard) = logged();
    let site = Site::new();
    for description in [
        "<script>alert(document.cookie)</script>",
        "x\r\n2026-01-01 INFO codegrant: login.finished subject=root",
        "\u{1b}[2J\u{1b}[31mred\u{7}",
        "\u{202e}\u{2028}\u{0}",
        &"long ".repeat(4_000),
    ] {
        let mut browser = site.browser();
        let mut callback = browser.begin_and_sign_in("op", "ada").await;
        callback.parameters.remove("code");
        callback.parameters.set("error", "server_error");
        callback.parameters.set("error_description", description);
        let reply = browser.bring(&callback).await;
        refused(&reply);
        let shown: String = description.chars().take(4).collect();
        assert!(!reply.body.contains(&shown), "{description:?}");
    }
    let log = log.text();
    for line in log.lines() {
        assert!(line.len() < 2_000, "{} bytes in a line", line.len());
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(line.contains("codegrant"), "a line of our own: {line}");
    }
    assert!(!log.contains('\u{202e}'));
    assert_eq!(log.matches("callback.provider_error").count(), 5);
}

#[tokio::test]
async fn an_observer_sees_each_step_with_its_secrets_masked() {
    let site = Site::new();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    browser.post("/auth/refresh", &[]).await;
    browser.log_out().await;
    settled().await;
    let names: Vec<&str> = site
        .events()
        .iter()
        .map(|(_, event)| match event {
            Event::LoginStarted { .. } => "started",
            Event::CallbackReceived { .. } => "received",
            Event::ProviderCalled { .. } => "called",
            Event::LoginFinished { .. } => "finished",
            Event::TokensRefreshed { .. } => "refreshed",
            Event::LoggedOut { .. } => "out",
            _ => "other",
        })
        .collect();
    assert_eq!(
        names,
        [
            "called",
            "started",
            "received",
            "called",
            "called",
            "called",
            "finished",
            "called",
            "refreshed",
            "out",
            "called"
        ]
    );
    let token_call = site
        .events()
        .into_iter()
        .find_map(|(_, event)| match event {
            Event::ProviderCalled {
                url,
                sent,
                received,
                outcome,
                ..
            } if url.ends_with("/token") => Some((sent, received, outcome)),
            _ => None,
        });
    let (sent, received, outcome) = token_call.unwrap();
    assert_eq!(outcome, Ok(200));
    let shown = |pairs: &[(String, String)], name: &str| {
        let found = pairs.iter().find(|(held, _)| held == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    assert_eq!(shown(&sent, "grant_type"), "authorization_code");
    assert_eq!(shown(&sent, "code_verifier"), "[43 characters]");
    assert!(shown(&sent, "Authorization").starts_with("Basic ["));
    assert_eq!(shown(&received, "token_type"), "Bearer");
    assert_eq!(shown(&received, "access_token"), "[43 characters]");
}

// attack: LK-06
#[tokio::test]
async fn an_address_in_an_error_has_no_query() {
    let (log, _guard) = logged();
    let site = Site::new();
    site.alter("openid-configuration", |metadata| {
        metadata.set(
            "token_endpoint",
            "http://nobody.localhost:9000/token?key=s3cret-in-the-query",
        );
        metadata.set(
            "jwks_uri",
            "http://nobody.localhost:9000/jwks?key=s3cret-in-the-query",
        );
    });
    let reply = site.browser().log_in("op", "ada").await;
    assert_eq!(reply.status, 503);
    let details = site
        .events()
        .into_iter()
        .filter_map(|(_, event)| match event {
            Event::Failed { detail, .. } => Some(detail),
            Event::ProviderCalled { url, outcome, .. } => Some(format!("{url} {outcome:?}")),
            _ => None,
        });
    let details: Vec<String> = details.collect();
    assert!(
        details
            .iter()
            .any(|detail| detail.contains("http://nobody.localhost:9000/token"))
    );
    assert!(
        !details
            .iter()
            .any(|detail| detail.contains("s3cret-in-the-query"))
    );
    assert!(!log.text().contains("s3cret-in-the-query"));
    let visit = Visit::get("/auth/login/op?return_to=/x?token=s3cret-in-the-query");
    site.browser().visit(visit).await;
    assert!(!log.text().contains("s3cret-in-the-query"));
}
