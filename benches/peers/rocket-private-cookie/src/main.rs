//! Rocket's private cookies, by the guide's chapter "Requests" and the repository's `examples/cookies`: a request guard
//! that reads the name out of one.

use std::env;

use rocket::http::{Cookie, CookieJar, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::{Config, Request, async_trait, get, launch, routes};

struct User(String);

#[async_trait]
impl<'r> FromRequest<'r> for User {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        match request.cookies().get_private("user") {
            Some(cookie) => Outcome::Success(Self(cookie.value().to_owned())),
            None => Outcome::Forward(Status::Unauthorized),
        }
    }
}

#[get("/page")]
fn page(user: User) -> String {
    format!("Hello, {}", user.0)
}

#[get("/seed")]
fn seed(cookies: &CookieJar<'_>) {
    cookies.add_private(Cookie::new("user", "Jane Doe"));
}

#[launch]
fn rocket() -> _ {
    let port = env::var("PORT").expect("a port");
    let config = Config::figment()
        .merge(("port", port.parse::<u16>().expect("a port")))
        .merge(("secret_key", [7; 64].as_slice()))
        .merge(("log_level", "off"));
    rocket::custom(config).mount("/", routes![page, seed])
}
