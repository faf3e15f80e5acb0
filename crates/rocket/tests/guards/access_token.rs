//! `AccessToken`: a guard that gives a token, or the answer for whoever has none.

use codegrant_rocket::AccessToken;
use codegrant_rocket::test::LoggedIn;
use codegrant_testkit::{Site, SwitchedStore};
use rocket::http::{Header, Status};
use rocket::{catchers, get, routes};

use crate::{ada, anything, app, client, open};

#[get("/token")]
fn token(token: AccessToken) -> String {
    let subject = &token.session().identity().subject;
    format!("{subject} {}", token.access_token().secret())
}

#[rocket::async_test]
async fn a_handler_takes_a_token_that_is_good_and_nobody_gets_there_without_a_login() {
    let site = Site::new();
    let client = client(app(site.auth()).mount("/", routes![token])).await;
    let request = client.get("/token").logged_in(ada());
    let told = request.dispatch().await.into_string().await;
    assert_eq!(told.as_deref(), Some("ada test-access-token"));
    let refused = open(&client, "/token").dispatch().await;
    assert_eq!(refused.status(), Status::SeeOther);
    let login = Some("/auth/login?return_to=%2Ftoken");
    assert_eq!(refused.headers().get_one("location"), login);
}

#[rocket::async_test]
async fn a_store_that_is_down_is_told_once_and_says_when_to_come_back() {
    let store = SwitchedStore::new();
    let held = store.clone();
    let site = Site::builder()
        .configure(move |auth| auth.store(held))
        .build();
    let own = app(site.auth()).register("/", catchers![anything]);
    let client = client(own.mount("/", routes![token])).await;
    let ada = site.auth().test_cookie("ada").await;
    store.switch_off();
    let request = client.get("/token").header(Header::new("cookie", ada));
    let answer = request.dispatch().await;
    assert_eq!(answer.status(), Status::ServiceUnavailable);
    assert_eq!(answer.headers().get_one("retry-after"), Some("5"));
    assert_eq!(site.failures(), ["store.unavailable"]);
}
