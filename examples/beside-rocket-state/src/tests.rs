//! The journeys, in front of this app.

#[path = "../../beside-axum-login/src/tests/journeys/mod.rs"]
#[macro_use]
mod journeys;

use std::str::FromStr as _;

use codegrant_rocket::{User, Verdict};
use codegrant_testkit::Site;
use journeys::{App, Got, Sent, Variant};
use rocket::http::{Cookie, Header, Method};
use rocket::local::blocking::Client;

use crate::app::{pages, rocket};

journeys!(start);

#[rocket::get("/orders")]
fn orders(user: User) -> String {
    format!("Orders of account {}", user.account().unwrap_or_default())
}

fn start(variant: Variant) -> (Site, App) {
    let (site, users) = journeys::site(variant);
    let auth = site.auth().clone();
    let app = match variant {
        Variant::WithoutBridge => pages(&auth, users),
        Variant::BothSessions => rocket(&auth, users).mount("/", rocket::routes![orders]),
        _ => rocket(&auth, users),
    };
    let client = Client::untracked(app).unwrap();
    let send = move |sent: &Sent| {
        let method = Method::from_str(sent.method).unwrap();
        let mut request = client.req(method, sent.target.clone());
        for (name, value) in &sent.headers {
            request.add_header(Header::new(*name, value.clone()));
        }
        for (name, value) in &sent.cookies {
            request = request.cookie(Cookie::new(name.clone(), value.clone()));
        }
        let response = request.body(&sent.body).dispatch();
        let headers = response.headers().iter();
        let headers = headers.map(|header| {
            let name = header.name().as_str().to_ascii_lowercase();
            (name, header.value().to_owned())
        });
        Got {
            status: response.status().code,
            headers: headers.collect(),
            body: response.into_string().unwrap_or_default(),
        }
    };
    (site, Box::new(send))
}
