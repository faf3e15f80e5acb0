//! The routes of the tour and what they hand to its pages.

use std::error::Error;

use actix_web::guard::{Any, Get, Head};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Data, Path, ServiceConfig, route, to};
use actix_web::{App, HttpResponse, HttpServer, Route};
use codegrant_actix::{AccessToken, Only, Session, User, answer_store_errors, routes};
use tour::{Answer, Program, Recent, Tour, told_to_stop};

/// Serves the tour until it is told to stop.
pub(crate) async fn serve(program: Program) -> Result<(), Box<dyn Error>> {
    let listener = program.listen()?;
    let tour = program.tour;
    let app = move || {
        App::new()
            .wrap(answer_store_errors())
            .configure(pages(tour.clone()))
    };
    let server = HttpServer::new(app).shutdown_signal(told_to_stop());
    Ok(server.listen(listener)?.run().await?)
}

fn pages(tour: Tour) -> impl FnOnce(&mut ServiceConfig) {
    move |app| {
        app.configure(routes(tour.auth()))
            .app_data(Data::new(tour))
            .route("/", read().to(home))
            .route("/me", read().to(me))
            .route("/recent", read().to(recent))
            .route("/api-call", read().to(api_call))
            .route("/flow", read().to(last_flow))
            .route("/flow/{id}", read().to(flow))
            .default_service(to(not_found));
    }
}

async fn home(tour: Data<Tour>, user: Option<User>) -> HttpResponse {
    page(tour.home(session(&user)))
}

async fn me(tour: Data<Tour>, user: User) -> HttpResponse {
    page(tour.me(&user))
}

async fn recent(tour: Data<Tour>, user: Only<Recent>) -> HttpResponse {
    page(tour.recent(&user))
}

async fn api_call(tour: Data<Tour>, token: AccessToken) -> HttpResponse {
    page(tour.call_api(token.session()).await)
}

async fn last_flow(tour: Data<Tour>, user: Option<User>) -> HttpResponse {
    page(tour.flow(session(&user), None))
}

async fn flow(tour: Data<Tour>, id: Path<String>, user: Option<User>) -> HttpResponse {
    page(tour.flow(session(&user), Some(&id)))
}

async fn not_found(tour: Data<Tour>, user: Option<User>) -> HttpResponse {
    page(tour.not_found(session(&user)))
}

/// A route for `GET`, and for `HEAD`, which Actix-web leaves to the app.
fn read() -> Route {
    route().guard(Any(Get()).or(Head()))
}

fn session(user: &Option<User>) -> Option<&Session> {
    user.as_deref()
}

fn page(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).expect("a status of the tour is valid");
    let mut response = HttpResponse::with_body(status, answer.body);
    for (name, value) in answer.headers {
        let value = HeaderValue::try_from(value).expect("a header of the tour is visible ASCII");
        let name = HeaderName::from_static(name);
        response.headers_mut().insert(name, value);
    }
    response.map_into_boxed_body()
}
