//! rocket_oauth2, by the example of its README: the access token goes into a private cookie.
//!
//! Its adapter has one client for all logins. It asks nothing of anybody who a token belongs to: it reads no ID token and
//! no userinfo, so that the page greets whoever has a token.

use std::env;

use rocket::http::{Cookie, CookieJar, SameSite, Status};
use rocket::response::Redirect;
use rocket::{Config, get, launch, routes};
use rocket_oauth2::{HyperRustlsAdapter, OAuth2, OAuthConfig, StaticProvider, TokenResponse};

struct Stub;

#[get("/login")]
fn login(oauth2: OAuth2<Stub>, cookies: &CookieJar<'_>) -> Redirect {
    oauth2
        .get_redirect(cookies, &["openid", "profile", "email"])
        .expect("an address of the provider")
}

#[get("/callback")]
fn callback(token: TokenResponse<Stub>, cookies: &CookieJar<'_>) -> Redirect {
    cookies.add_private(
        Cookie::build(("token", token.access_token().to_string()))
            .same_site(SameSite::Lax)
            .build(),
    );
    Redirect::to("/page")
}

#[get("/page")]
fn page(cookies: &CookieJar<'_>) -> Result<&'static str, Status> {
    let token = cookies.get_private("token");
    token.map(|_| "Hello, Jane Doe").ok_or(Status::Unauthorized)
}

#[launch]
fn rocket() -> _ {
    let said = |name: &str| env::var(name).expect("a variable of the yardstick");
    let (port, issuer) = (said("PORT"), said("ISSUER"));
    let provider = StaticProvider {
        auth_uri: format!("{issuer}/authorize").into(),
        token_uri: format!("{issuer}/token").into(),
    };
    let callback_uri = format!("http://127.0.0.1:{port}/callback");
    let oauth = OAuthConfig::new(
        provider,
        said("CLIENT_ID"),
        said("CLIENT_SECRET"),
        Some(callback_uri),
    );
    let config = Config::figment()
        .merge(("port", port.parse::<u16>().expect("a port")))
        .merge(("secret_key", [7; 64].as_slice()))
        .merge(("log_level", "off"));
    rocket::custom(config)
        .mount("/", routes![login, callback, page])
        .attach(OAuth2::<Stub>::custom(HyperRustlsAdapter::default(), oauth))
}
