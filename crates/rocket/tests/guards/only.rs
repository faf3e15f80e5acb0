//! `Only<R>` beside other guards: the one that ends the request answers, and no other is heard of.

use codegrant_rocket::test::LoggedIn;
use codegrant_rocket::{Auth, LoginRequired, Only, Require, Rule};
use codegrant_testkit::Site;
use rocket::http::Status;
use rocket::{Build, Rocket, get, routes};

use super::{ada, app, client, open};

struct Admin;

impl Rule for Admin {
    fn require() -> Require {
        Require::new().role("admin")
    }
}

struct Strong;

impl Rule for Strong {
    fn require() -> Require {
        Require::new().acr("gold")
    }
}

#[get("/both")]
fn both(_admin: Option<Only<Admin>>, user: Only<Strong>) -> String {
    format!("Hello, {user}!")
}

#[get("/maybe-admin")]
fn maybe_admin(admin: Option<Only<Admin>>) -> &'static str {
    admin.map_or("somebody", |_| "admin")
}

#[get("/admin?<preview>")]
fn admin(user: Result<Only<Admin>, LoginRequired>, preview: bool) -> Result<String, LoginRequired> {
    match user {
        Err(_) if preview => Ok("a preview".to_owned()),
        user => Ok(format!("Hello, {}!", user?)),
    }
}

fn guarded(auth: &Auth) -> Rocket<Build> {
    app(auth).mount("/", routes![both, maybe_admin, admin])
}

#[rocket::async_test]
async fn of_several_guards_the_one_that_ends_the_request_answers() {
    let site = Site::new();
    let client = client(guarded(site.auth())).await;
    let answer = open(&client, "/both").logged_in(ada()).dispatch().await;
    assert_eq!(answer.status(), Status::SeeOther);
    let location = answer.headers().get_one("location").unwrap();
    assert!(location.contains("step_up="), "{location}");
    // The one that was only asked has told nobody.
    assert_eq!(site.failures(), [""; 0]);
}

#[rocket::async_test]
async fn an_optional_guard_is_none_without_a_line_in_the_log() {
    let site = Site::new();
    let client = client(guarded(site.auth())).await;
    for (user, said) in [(ada(), "somebody"), (ada().roles(["admin"]), "admin")] {
        let answer = open(&client, "/maybe-admin")
            .logged_in(user)
            .dispatch()
            .await;
        assert_eq!(answer.into_string().await.unwrap(), said);
    }
    let answer = open(&client, "/maybe-admin").dispatch().await;
    assert_eq!(answer.into_string().await.unwrap(), "somebody");
    assert_eq!(site.failures(), [""; 0]);
}

#[rocket::async_test]
async fn a_handler_may_decide_and_return_the_refusal_which_is_then_heard_of_once() {
    let site = Site::new();
    let client = client(guarded(site.auth())).await;
    let preview = open(&client, "/admin?preview=true").logged_in(ada());
    assert_eq!(preview.dispatch().await.status(), Status::Ok);
    assert_eq!(site.failures(), [""; 0]);
    let answer = open(&client, "/admin").logged_in(ada()).dispatch().await;
    assert_eq!(answer.status(), Status::Forbidden);
    assert_eq!(site.failures(), ["request.forbidden"]);
}
