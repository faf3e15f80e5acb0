//! The routes of the tour and what they hand to its pages.

use std::error::Error;
use std::io::Cursor;
use std::sync::Arc;

use codegrant_rocket::{AccessToken, Only, Session, User, fairing};
use rocket::config::{Ident, LogLevel};
use rocket::error::ErrorKind;
use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::response::Responder;
use rocket::{Config, Request, Response, State, catch, catchers, get, response, routes};
use tour::{Answer, Program, Recent, Tour};

/// A finished page on its way to the browser.
struct Page(Answer);

/// Serves the tour until it is told to stop, which Rocket hears by itself.
pub(crate) async fn serve(program: Program) -> Result<(), Box<dyn Error>> {
    // The tour has one configuration file, and it is not `Rocket.toml`; its log is everybody's.
    let config = Config {
        address: program.address.ip(),
        port: program.address.port(),
        ident: Ident::none(),
        log_level: LogLevel::Off,
        cli_colors: false,
        ..Config::default()
    };
    let program = Arc::new(program);
    let announced = program.clone();
    let ready = AdHoc::on_liftoff("say where the tour is", |rocket| {
        Box::pin(async move {
            if announced.announce().is_err() {
                rocket.shutdown().notify();
            }
        })
    });
    let app = rocket::custom(config)
        .attach(fairing(program.tour.auth()))
        .attach(ready)
        .manage(program.tour.clone())
        .mount("/", routes![home, me, recent, api_call, last_flow, flow])
        .register("/", catchers![not_found]);
    let ended = app.launch().await;
    ended.map(drop).map_err(|error| match error.kind() {
        ErrorKind::Bind(reason) => program.cannot_listen(reason).into(),
        other => other.to_string().into(),
    })
}

#[get("/")]
fn home(tour: &State<Tour>, user: Option<User>) -> Page {
    Page(tour.home(session(&user)))
}

#[get("/me")]
fn me(tour: &State<Tour>, user: User) -> Page {
    Page(tour.me(&user))
}

#[get("/recent")]
fn recent(tour: &State<Tour>, user: Only<Recent>) -> Page {
    Page(tour.recent(&user))
}

#[get("/api-call")]
async fn api_call(tour: &State<Tour>, token: AccessToken) -> Page {
    Page(tour.call_api(token.session()).await)
}

#[get("/flow")]
fn last_flow(tour: &State<Tour>, user: Option<User>) -> Page {
    Page(tour.flow(session(&user), None))
}

#[get("/flow/<id>")]
fn flow(tour: &State<Tour>, user: Option<User>, id: &str) -> Page {
    Page(tour.flow(session(&user), Some(id)))
}

#[catch(404)]
async fn not_found(request: &Request<'_>) -> Option<Page> {
    let tour = request.rocket().state::<Tour>()?;
    let user = request.guard::<User>().await.succeeded();
    Some(Page(tour.not_found(session(&user))))
}

fn session(user: &Option<User>) -> Option<&Session> {
    user.as_deref()
}

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let Self(answer) = self;
        let mut response = Response::build();
        response.status(Status::new(answer.status));
        for (name, value) in answer.headers {
            response.raw_header(name, value);
        }
        response.sized_body(answer.body.len(), Cursor::new(answer.body));
        response.ok()
    }
}
