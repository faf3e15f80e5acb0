//! `User`, `Option<User>` and `Result<User, LoginRequired>` the way Rocket apps use them: ranks, catchers,
//! guards of the app's own, and the local client.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod access_token;
mod only;

use codegrant_rocket::test::{LoggedIn, TestUser};
use codegrant_rocket::{Auth, LoginRequired, User, fairing};
use codegrant_testkit::{Site, SwitchedStore};
use rocket::fairing::AdHoc;
use rocket::http::{Cookie, Header, Status};
use rocket::local::asynchronous::{Client, LocalRequest, LocalResponse};
use rocket::request::{FromRequest, Outcome};
use rocket::{Build, Request, Rocket, State, catch, catchers, get, post, routes};

#[get("/me")]
fn me(user: User) -> String {
    format!("Hello, {user}!")
}

#[get("/anybody")]
fn anybody(user: Option<User>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |user| user.to_string())
}

fn app(auth: &Auth) -> Rocket<Build> {
    let app = rocket::build().mount("/", routes![me, anybody]);
    app.mount("/area", routes![me]).attach(fairing(auth))
}

async fn client(app: Rocket<Build>) -> Client {
    Client::untracked(app).await.unwrap()
}

/// A page that somebody opens in a browser.
fn open<'c>(client: &'c Client, target: &'static str) -> LocalRequest<'c> {
    client
        .get(target)
        .header(Header::new("accept", "text/html"))
}

fn ada() -> TestUser {
    TestUser::new("ada").name("Ada Lovelace")
}

/// Everything that reaches the browser, but for the reference that differs each time.
async fn whole(response: LocalResponse<'_>) -> String {
    let mut lines = vec![response.status().to_string()];
    let headers = response.headers().iter().map(|header| header.to_string());
    lines.extend(headers);
    lines.sort();
    lines.push(response.into_string().await.unwrap_or_default());
    lines.join("\n")
}

#[rocket::async_test]
async fn a_user_tells_everything_that_the_session_holds() {
    #[get("/told")]
    fn told(user: User) -> String {
        let shown = format!("{user:?}");
        assert!(!shown.contains(user.access_token().secret().as_str()));
        let identity = user.identity();
        format!("{user} {} {}", identity.subject, identity.provider)
    }
    let site = Site::new();
    let client = client(app(site.auth()).mount("/", routes![told])).await;
    let answer = client.get("/told").logged_in(ada()).dispatch().await;
    assert_eq!(answer.into_string().await.unwrap(), "Ada Lovelace ada op");
}

#[rocket::async_test]
async fn a_stranger_is_sent_to_the_login_and_back_to_the_whole_path() {
    let site = Site::new();
    let client = client(app(site.auth())).await;
    let answer = open(&client, "/area/me?a=b").dispatch().await;
    assert_eq!(answer.status(), Status::SeeOther);
    let location = answer.headers().get_one("location");
    assert_eq!(location, Some("/auth/login?return_to=%2Farea%2Fme%3Fa%3Db"));
    let answer = client.get("/me").dispatch().await;
    assert_eq!(answer.status(), Status::Unauthorized);
    assert!(answer.headers().contains("www-authenticate"));
    let answer = client.get("/anybody").dispatch().await;
    assert_eq!(answer.into_string().await.unwrap(), "nobody");
}

// attack: LK-21
#[rocket::async_test]
async fn a_stranger_does_not_fall_through_to_a_route_of_a_higher_rank() {
    #[get("/me", rank = 100)]
    fn fallback() -> &'static str {
        "the fallback"
    }
    let site = Site::new();
    let client = client(app(site.auth()).mount("/", routes![fallback])).await;
    let answer = open(&client, "/me").dispatch().await;
    assert_eq!(answer.status(), Status::SeeOther);
}

#[catch(default)]
fn anything(status: Status, _request: &Request<'_>) -> (Status, String) {
    (Status::Ok, format!("the app's own words for {status}"))
}

#[catch(401)]
fn unauthorized() -> &'static str {
    "the app's own 401"
}

#[catch(597)]
fn unassigned() -> &'static str {
    "the app's own 597"
}

#[rocket::async_test]
async fn no_catcher_of_the_app_edits_the_answer() {
    let site = Site::new();
    let with = |more: Rocket<Build>| async move {
        let client = client(more).await;
        let page = whole(open(&client, "/area/me?a=b").dispatch().await).await;
        let script = whole(client.get("/area/me").dispatch().await).await;
        [page, script]
    };
    let plain = with(app(site.auth())).await;
    assert!(plain[0].contains("location: /auth/login?"), "{plain:?}");
    for base in ["/", "/area", "/area/", "/area/me"] {
        let own = app(site.auth()).register(base, catchers![anything, unauthorized]);
        assert_eq!(with(own).await, plain, "{base}");
    }
    let later = AdHoc::on_ignite("catchers of another fairing", async |app: Rocket<Build>| {
        app.register("/area", catchers![anything])
    });
    assert_eq!(with(app(site.auth()).attach(later)).await, plain);
    // A catcher for the very status is no answer gone wrong: the app does not start.
    let own = app(site.auth()).register("/area", catchers![unassigned]);
    let refused = own.ignite().await.unwrap_err();
    assert!(refused.to_string().contains("collisions"), "{refused}");
}

#[rocket::async_test]
async fn catchers_of_the_app_still_catch_everything_else() {
    let site = Site::new();
    let client = client(app(site.auth()).register("/", catchers![anything])).await;
    let answer = client.get("/nowhere").dispatch().await;
    let text = answer.into_string().await.unwrap();
    assert_eq!(text, "the app's own words for 404 Not Found");
    let answer = client.get("/auth").dispatch().await;
    let text = answer.into_string().await.unwrap();
    assert_eq!(text, "the app's own words for 404 Not Found");
}

/// A guard of the app's own, built on ours.
struct Editor(User);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Editor {
    type Error = LoginRequired;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, LoginRequired> {
        let user = request.guard::<User>().await;
        user.and_then(|user| match user.identity().subject.as_str() {
            "ada" => Outcome::Success(Self(user)),
            _ => Outcome::Forward(Status::Forbidden),
        })
    }
}

#[get("/edit")]
fn edit(editor: Editor, user: User, maybe: Option<User>) -> String {
    format!("{} {user} {}", editor.0, maybe.unwrap())
}

#[rocket::async_test]
async fn a_guard_of_the_apps_own_asks_for_the_login_too() {
    let site = Site::new();
    let client = client(app(site.auth()).mount("/", routes![edit])).await;
    let answer = open(&client, "/edit").dispatch().await;
    let location = answer.headers().get_one("location");
    assert_eq!(location, Some("/auth/login?return_to=%2Fedit"));
    let answer = open(&client, "/edit").logged_in("bob").dispatch().await;
    assert_eq!(answer.status(), Status::Forbidden);
    let answer = open(&client, "/edit").logged_in("ada").dispatch().await;
    assert_eq!(answer.into_string().await.unwrap(), "ada ada ada");
}

#[rocket::async_test]
async fn all_guards_of_a_request_ask_the_store_once() {
    let store = SwitchedStore::new();
    let held = store.clone();
    let site = Site::builder()
        .configure(move |auth| auth.store(held))
        .build();
    let client = client(app(site.auth()).mount("/", routes![edit])).await;
    let answer = client.get("/edit").logged_in("ada").dispatch().await;
    assert_eq!(answer.status(), Status::Ok);
    assert_eq!(store.loads(), 1);
}

#[rocket::async_test]
async fn sessions_that_cannot_be_read_are_503_for_every_guard() {
    #[post("/comment")]
    fn comment(user: Result<User, LoginRequired>) -> Result<String, LoginRequired> {
        user.map(|user| user.to_string())
    }
    let store = SwitchedStore::new();
    let held = store.clone();
    let site = Site::builder()
        .configure(move |auth| auth.store(held))
        .build();
    let own = app(site.auth()).register("/", catchers![anything]);
    let client = client(own.mount("/", routes![edit, comment])).await;
    let ada = site.auth().test_cookie("ada").await;
    store.switch_off();
    for request in [
        client.get("/me"),
        client.get("/anybody"),
        client.get("/edit"),
        client.post("/comment"),
    ] {
        let target = request.uri().to_string();
        let request = request.header(Header::new("cookie", ada.clone()));
        let answer = request.dispatch().await;
        assert_eq!(answer.status(), Status::ServiceUnavailable, "{target}");
        assert_eq!(answer.headers().get_one("cache-control"), Some("no-store"));
        let page = answer.into_string().await.unwrap();
        assert!(page.contains("<html"), "{target}: {page}");
    }
    // One failure a request, however many of its guards ask.
    assert_eq!(site.failures().len(), 4);
    assert_eq!(store.loads(), 4);
}

#[rocket::async_test]
async fn a_handler_may_look_at_the_refusal_itself() {
    #[get("/either")]
    fn either(user: Result<User, LoginRequired>) -> Result<String, (Status, LoginRequired)> {
        match user {
            Ok(user) => Ok(user.to_string()),
            Err(refusal) => Err((Status::ImATeapot, refusal)),
        }
    }
    let site = Site::new();
    let client = client(app(site.auth()).mount("/", routes![either])).await;
    let answer = client.get("/either").logged_in("ada").dispatch().await;
    assert_eq!(answer.into_string().await.unwrap(), "ada");
    let answer = open(&client, "/either").dispatch().await;
    assert_eq!(answer.status(), Status::ImATeapot);
    assert!(answer.headers().contains("location"));
}

#[rocket::async_test]
async fn a_guard_asked_by_hand_without_the_fairing_is_500_and_no_panic() {
    #[get("/by-hand")]
    fn by_hand(editor: Editor) -> String {
        editor.0.to_string()
    }
    let client = client(rocket::build().mount("/", routes![by_hand])).await;
    let answer = open(&client, "/by-hand").dispatch().await;
    assert_eq!(answer.status(), Status::InternalServerError);
}

#[rocket::async_test]
async fn the_auth_is_managed_state() {
    #[get("/link")]
    fn link(auth: &State<Auth>) -> String {
        auth.login_url(Some("op"), "/me")
    }
    let site = Site::new();
    for own in [
        app(site.auth()),
        app(site.auth()).manage(site.auth().clone()),
    ] {
        let client = client(own.mount("/", routes![link])).await;
        let answer = client.get("/link").dispatch().await;
        let text = answer.into_string().await.unwrap();
        assert_eq!(text, "/auth/login/op?return_to=%2Fme");
    }
}

#[rocket::async_test]
async fn a_tracked_client_keeps_a_login_in_its_jar() {
    let site = Site::new();
    let client = Client::tracked(app(site.auth())).await.unwrap();
    let pairs = site.auth().test_cookie("ada").await;
    let pairs = pairs.split("; ").map(|pair| pair.split_once('=').unwrap());
    let cookies: Vec<Cookie<'_>> = pairs.map(Cookie::from).collect();
    let answer = client.get("/me").cookies(cookies.clone()).dispatch().await;
    assert_eq!(answer.into_string().await.unwrap(), "Hello, ada!");
    // A login on the way is a cookie that the client keeps by itself.
    let begun = client.get("/auth/login/op").dispatch().await;
    assert_eq!(begun.status(), Status::SeeOther);
    assert_eq!(client.cookies().iter().count(), 1);
    let answer = client.get("/me").logged_in("grace").dispatch().await;
    assert_eq!(answer.into_string().await.unwrap(), "Hello, grace!");
    let answer = client.get("/me").dispatch().await;
    assert_eq!(answer.status(), Status::Unauthorized);
}

#[test]
fn a_blocking_client_logs_in_with_the_same_line() {
    let site = Site::builder().memory_sessions().build();
    let client = rocket::local::blocking::Client::tracked(app(site.auth())).unwrap();
    let answer = client.get("/me").logged_in(ada()).dispatch();
    assert_eq!(answer.into_string().unwrap(), "Hello, Ada Lovelace!");
    assert_eq!(client.get("/me").dispatch().status(), Status::Unauthorized);
}

#[rocket::async_test]
async fn a_fairing_that_asks_for_the_user_leaves_the_login_reachable_while_the_store_is_down() {
    let store = SwitchedStore::new();
    let held = store.clone();
    let site = Site::builder()
        .configure(move |auth| auth.store(held))
        .build();
    let ask = AdHoc::on_request("who is it", |request, _| {
        Box::pin(async move {
            let _who = request.guard::<User>().await;
        })
    });
    let client = client(app(site.auth()).attach(ask)).await;
    let ada = site.auth().test_cookie("ada").await;
    store.switch_off();
    for (target, status) in [
        ("/auth/nothing", Status::NotFound),
        ("/auth/logged-out", Status::Ok),
        ("/anybody", Status::ServiceUnavailable),
    ] {
        let request = open(&client, target).header(Header::new("cookie", ada.clone()));
        assert_eq!(request.dispatch().await.status(), status, "{target}");
    }
}
