//! The journeys, in front of this app.

#[path = "../../beside-axum-login/src/tests/journeys/mod.rs"]
#[macro_use]
mod journeys;

use actix_identity::IdentityMiddleware;
use actix_session::Session;
use actix_web::cookie::Key;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App as ActixApp, rt, web};
use codegrant_actix::{User, Verdict, routes};
use codegrant_testkit::Site;
use journeys::{App, Got, Sent, Variant};

use crate::app::{self, open_session, pages, sessions};

journeys!(start);
journeys!(start; basket_stays_with_its_owner);

async fn fill(session: Session) -> &'static str {
    session.insert("basket", "apples").unwrap();
    "filled"
}

async fn basket(session: Session) -> String {
    let held = session.get("basket").unwrap();
    held.unwrap_or_default()
}

fn start(variant: Variant) -> (Site, App) {
    let (site, users) = journeys::site(variant);
    let auth = site.auth().clone();
    let key = Key::generate();
    let orders =
        async |user: User| format!("Orders of account {}", user.account().unwrap_or_default());
    let app = ActixApp::new().configure(|config| {
        match variant {
            Variant::WithoutBridge => {
                let whole = web::scope("")
                    .configure(pages(&users))
                    .configure(routes(&auth));
                let whole = whole.wrap(IdentityMiddleware::default());
                config.service(whole.wrap(sessions(&auth, &key)));
            }
            Variant::WithBasket => {
                let whole = web::scope("")
                    .configure(pages(&users))
                    .route("/basket/fill", web::get().to(fill))
                    .route("/basket", web::get().to(basket))
                    .configure(routes(&auth))
                    .wrap(from_fn(open_session))
                    .wrap(IdentityMiddleware::default());
                config.service(whole.wrap(sessions(&auth, &key)));
            }
            Variant::BothSessions => {
                let moved = web::scope("/orders").configure(routes(&auth));
                config.service(moved.route("", web::get().to(orders)));
                config.service(app::site(&auth, &users, &key));
            }
            _ => {
                config.service(app::site(&auth, &users, &key));
            }
        };
    });
    let system = rt::System::new();
    let app = system.block_on(init_service(app));
    let send = move |sent: &Sent| {
        let cookies = sent
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let method = Method::from_bytes(sent.method.as_bytes()).unwrap();
        let mut request = TestRequest::with_uri(&sent.target)
            .method(method)
            .append_header(("cookie", cookies.collect::<Vec<_>>().join("; ")))
            .set_payload(sent.body.clone());
        for header in &sent.headers {
            request = request.append_header((header.0, header.1.as_str()));
        }
        system.block_on(async {
            let response = call_service(&app, request.to_request()).await;
            let headers = response.headers().iter();
            let headers =
                headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
            Got {
                status: response.status().as_u16(),
                headers: headers.collect(),
                body: String::from_utf8(read_body(response).await.to_vec()).unwrap(),
            }
        })
    };
    (site, Box::new(send))
}
