//! Logging a user in inside a test, in `actix_web::test`'s own style.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service};
use actix_web::{App, web};
use codegrant_actix::test::{LoggedIn, TestUser};
use codegrant_actix::{AccessToken, MemoryStore, User, require_login, routes};
use codegrant_testkit::Site;

async fn me(user: User) -> String {
    let account = user.account().unwrap_or("none");
    format!("{user} {} {account}", user.identity().subject)
}

fn sites() -> [Site; 2] {
    let stored = Site::builder().configure(|auth| auth.store(MemoryStore::new(10)));
    [Site::new(), stored.build()]
}

#[actix_web::test]
async fn a_request_is_somebodys_after_one_call() {
    for site in sites() {
        let auth = site.auth();
        let guarded = web::scope("/guarded").wrap(require_login(auth));
        let app = App::new()
            .configure(routes(auth))
            .route("/me", web::get().to(me))
            .service(guarded.route("/me", web::get().to(me)));
        let app = init_service(app).await;
        for target in ["/me", "/guarded/me"] {
            let request = TestRequest::get().uri(target).logged_in(auth, "alice");
            let request = request.await.to_request();
            assert_eq!(call_and_read_body(&app, request).await, "alice alice none");

            let user = TestUser::new("7").name("Bob").account("17");
            let request = TestRequest::get().uri(target).logged_in(auth, user);
            let request = request.await.to_request();
            assert_eq!(call_and_read_body(&app, request).await, "Bob 7 17");
        }
    }
}

#[actix_web::test]
async fn other_cookies_of_the_request_stay() {
    let site = Site::new();
    let echo = async |request: actix_web::HttpRequest, user: User| {
        let fields = request.headers().get_all("cookie");
        let kept = fields.filter(|field| *field == "theme=dark").count();
        format!("{user} {kept}")
    };
    let app = App::new().configure(routes(site.auth()));
    let app = init_service(app.route("/", web::get().to(echo))).await;
    let request = TestRequest::get().insert_header(("cookie", "theme=dark"));
    let request = request.logged_in(site.auth(), "alice").await.to_request();
    assert_eq!(call_and_read_body(&app, request).await, "alice 1");
}

#[actix_web::test]
async fn a_session_of_another_app_is_nobodys() {
    let [site, other] = [Site::new(), Site::new()];
    let other = Site::builder()
        .beside(&other)
        .configure(|auth| auth.secret("another secret of another app altogether"))
        .build();
    let app = App::new().configure(routes(site.auth()));
    let app = init_service(app.route("/me", web::get().to(me))).await;
    let request = TestRequest::get()
        .uri("/me")
        .logged_in(other.auth(), "alice");
    let answer = call_service(&app, request.await.to_request()).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_handler_takes_a_token_that_is_good_and_nobody_gets_there_without_a_login() {
    for site in sites() {
        let auth = site.auth();
        let tell = async |token: AccessToken| {
            let subject = token.session().identity().subject.clone();
            format!("{subject} {}", token.access_token().secret())
        };
        let app = App::new().configure(routes(auth));
        let app = init_service(app.route("/token", web::get().to(tell))).await;
        let request = TestRequest::get()
            .uri("/token")
            .logged_in(auth, "ada")
            .await;
        let told = call_and_read_body(&app, request.to_request()).await;
        assert_eq!(told, "ada test-access-token");
        let nobody = TestRequest::get()
            .uri("/token")
            .insert_header(("accept", "text/html"));
        let refused = call_service(&app, nobody.to_request()).await;
        assert_eq!(refused.status(), StatusCode::SEE_OTHER);
        let login = "/auth/login?return_to=%2Ftoken";
        assert_eq!(refused.headers().get("location").unwrap(), login);
    }
}
