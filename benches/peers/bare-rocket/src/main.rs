//! A page in Rocket, without a login: what every peer on Rocket is compared with.

use std::env;

use rocket::{Config, get, launch, routes};

#[get("/page")]
fn page() -> &'static str {
    "Hello, Jane Doe"
}

#[launch]
fn rocket() -> _ {
    let port = env::var("PORT").expect("a port");
    let config = Config::figment()
        .merge(("port", port.parse::<u16>().expect("a port")))
        .merge(("log_level", "off"));
    rocket::custom(config).mount("/", routes![page])
}
