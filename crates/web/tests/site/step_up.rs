//! An API asks for a stronger or a later sign-in (RFC 9470): there, back, and not for ever.

use codegrant_core::http::{HttpRequest, Method};
use codegrant_dev_provider::Settings;
use codegrant_testkit::site::{AuthorizationUrl, SiteBuilder, Visit};
use codegrant_testkit::{Fault, Site};
use codegrant_web::{Request, StepUp};

use crate::both_kinds_of;

const API: &str = "http://op.localhost:9000/api/me";

fn strong(settings: Settings) -> Settings {
    settings.with_acr_values(["gold", "silver", "strong", "weak"])
}

fn builder() -> SiteBuilder {
    Site::builder().provided(strong)
}

fn asked(reply_location: Option<&str>) -> String {
    reply_location.expect("it leads to a login").to_owned()
}

/// The request for `/accounts` as a page, with the cookie of the session.
fn page() -> Request<'static> {
    let headers = [
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("accept", "text/html"),
    ];
    let headers = headers.map(|(name, value)| (name, value.as_bytes()));
    Request::new("GET", "/accounts", Some("from=2027"), headers)
}

#[tokio::test]
async fn the_whole_loop_ends_at_the_page_with_a_session_that_the_api_accepts() {
    for site in both_kinds_of(builder) {
        let mut browser = site.browser();
        browser.log_in("op", "ada").await;
        site.wait(600);
        site.provider("op").inject(Fault::ApiStepUp);
        let session = browser.session().await.unwrap();
        let answer = site
            .auth()
            .call_api(&session, HttpRequest::new(Method::Get, API))
            .await
            .unwrap();
        let step_up = StepUp::of(&answer).expect("the api asks for another sign-in");
        assert!(!step_up.is_met_by(session.identity(), site.now()));

        let response = site.auth().step_up(&session, &step_up, page());
        let location = response.header("location").map(str::to_owned);
        let login = asked(location.as_deref());
        assert!(login.starts_with("/auth/login/op?return_to=%2Faccounts%3Ffrom%3D2027&step_up="));
        let reply = browser.visit(Visit::get(login).from_app()).await;
        let url = AuthorizationUrl::parse(&asked(reply.location()));
        assert_eq!(url.parameter("acr_values"), step_up.contexts().join(" "));
        assert_eq!(
            url.parameter("max_age"),
            step_up
                .age()
                .map_or_else(String::new, |age| age.to_string())
        );
        // Whoever else is signed in at the provider would be refused here.
        assert_eq!(url.parameter("login_hint"), "ada");

        site.behave();
        let callback = browser.at_provider(&url, "ada");
        let reply = browser.bring(&callback).await;
        assert_eq!(
            (reply.status, reply.location()),
            (303, Some("/accounts?from=2027")),
            "{:?}",
            site.failures()
        );
        let session = browser.session().await.unwrap();
        assert!(step_up.is_met_by(session.identity(), site.now()));
        let answer = site
            .auth()
            .call_api(&session, HttpRequest::new(Method::Get, API))
            .await
            .unwrap();
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn an_api_that_goes_on_asking_is_not_followed_round_and_round() {
    let site = builder().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    let session = browser.session().await.unwrap();
    let step_up = StepUp::new().max_age(300);
    let error = site
        .auth()
        .step_up_url(&session, &step_up, "/")
        .unwrap_err();
    assert_eq!(error.code().name, "session.step_up_repeated");
    assert_eq!(site.auth().step_up(&session, &step_up, page()).status, 500);
    assert_eq!(site.failures(), ["session.step_up_repeated"]);
    site.wait(31);
    assert!(
        site.auth().step_up_url(&session, &step_up, "/").is_ok(),
        "later it may make sense"
    );
}

#[tokio::test]
async fn somebody_else_cannot_step_up_for_the_user() {
    let site = builder().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.wait(600);
    let session = browser.session().await.unwrap();
    let url = site
        .auth()
        .step_up_url(&session, &StepUp::new().max_age(60), "/accounts")
        .unwrap();
    let reply = browser.visit(Visit::get(url).from_app()).await;
    let authorization = AuthorizationUrl::parse(&asked(reply.location()));
    let callback = browser.at_provider(&authorization, "grace");
    let refused = browser.bring(&callback).await;
    assert_eq!(refused.status, 403);
    // The way on is a question, or the provider would bring the same account back.
    let way_on = "/auth/login/op?return_to=%2Faccounts&amp;other_account=1";
    assert!(refused.body.contains(way_on), "{}", refused.body);
    assert_eq!(site.failures(), ["id_token.subject_mismatch"]);
    assert_eq!(
        browser.subject().await.as_deref(),
        Some("ada"),
        "the session stays"
    );
}

#[tokio::test]
async fn where_no_id_token_says_who_it_is_userinfo_does() {
    let site = Site::builder().oauth().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.wait(600);
    let session = browser.session().await.unwrap();
    let step_up = StepUp::new().max_age(60);
    let url = site.auth().step_up_url(&session, &step_up, "/accounts");
    let url = url.unwrap();
    for (subject, status) in [("grace", 403), ("ada", 303)] {
        let reply = browser.visit(Visit::get(url.clone()).from_app()).await;
        let authorization = AuthorizationUrl::parse(&asked(reply.location()));
        let callback = browser.at_provider(&authorization, subject);
        assert_eq!(browser.bring(&callback).await.status, status, "{subject}");
        assert_eq!(browser.subject().await.as_deref(), Some("ada"));
    }
    // Nothing here can say whether the sign-in was such a one, so that the API might ask for ever.
    let session = browser.session().await.unwrap();
    let error = site.auth().step_up_url(&session, &step_up, "/");
    assert_eq!(error.unwrap_err().code().name, "session.step_up_repeated");
}

#[tokio::test]
async fn a_link_of_anybody_elses_asks_for_nothing() {
    let site = builder().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.wait(600);
    let session = browser.session().await.unwrap();
    let own = site
        .auth()
        .step_up_url(&session, &StepUp::new().max_age(60), "/")
        .unwrap();
    let (_, sealed) = own.split_once("step_up=").unwrap();
    let forged = [
        "/auth/login/op?step_up=".to_owned(),
        "/auth/login/op?step_up=%7B%22m%22%3A0%7D".to_owned(),
        format!("/auth/login/op?step_up={}", &sealed[1..]),
        format!("/auth/login/op?step_up={sealed}&step_up={sealed}"),
    ];
    for target in forged {
        let reply = browser.visit(Visit::get(target.clone()).from_app()).await;
        let url = AuthorizationUrl::parse(&asked(reply.location()));
        let said = (url.parameter("max_age"), url.parameter("acr_values"));
        assert_eq!(said, (String::new(), String::new()), "{target}");
    }
    // Nor does it take away what the app asks for always.
    let strict = Site::builder()
        .provided(strong)
        .registered(|registration| registration.max_age(30).acr_values(["strong"]))
        .build();
    let mut browser = strict.browser();
    browser.log_in("op", "ada").await;
    strict.wait(600);
    let session = browser.session().await.unwrap();
    let lax = StepUp::new().max_age(9_000).acr_values(["weak"]);
    let url = strict.auth().step_up_url(&session, &lax, "/").unwrap();
    let reply = browser.visit(Visit::get(url).from_app()).await;
    let url = AuthorizationUrl::parse(&asked(reply.location()));
    assert_eq!(
        (url.parameter("max_age"), url.parameter("acr_values")),
        ("30".to_owned(), "strong".to_owned())
    );
}

#[tokio::test]
async fn a_script_is_told_where_to_send_the_user() {
    let site = builder().build();
    let mut browser = site.browser();
    browser.log_in("op", "ada").await;
    site.wait(600);
    let session = browser.session().await.unwrap();
    let request = Request::new(
        "POST",
        "/transfer",
        None,
        [("sec-fetch-mode", &b"cors"[..])],
    );
    let response = site
        .auth()
        .step_up(&session, &StepUp::new().acr_values(["strong"]), request);
    assert_eq!(response.status, 401);
    let body = String::from_utf8(response.body).unwrap();
    assert!(
        body.contains("login_required") && body.contains("/auth/login/op?step_up="),
        "{body}"
    );
}
