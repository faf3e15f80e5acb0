//! The routes of the tour and what they hand to its pages.

use std::error::Error;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use codegrant_axum::{AccessToken, Auth, Only, Session, User, routes};
use tokio::net::TcpListener;
use tour::{Answer, Program, Recent, Tour, told_to_stop};

#[derive(Clone)]
struct App(Tour);

impl FromRef<App> for Auth {
    fn from_ref(app: &App) -> Self {
        app.0.auth().clone()
    }
}

/// Serves the tour until it is told to stop.
pub(crate) async fn serve(program: Program) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::from_std(program.listen()?)?;
    let server = axum::serve(listener, router(program.tour));
    Ok(server.with_graceful_shutdown(told_to_stop()).await?)
}

fn router(tour: Tour) -> Router {
    let login = routes(tour.auth());
    Router::new()
        .route("/", get(home))
        .route("/me", get(me))
        .route("/recent", get(recent))
        .route("/api-call", get(api_call))
        .route("/flow", get(last_flow))
        .route("/flow/{id}", get(flow))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .merge(login)
        .with_state(App(tour))
}

async fn home(State(App(tour)): State<App>, user: Option<User>) -> Response {
    page(tour.home(session(&user)))
}

async fn me(State(App(tour)): State<App>, user: User) -> Response {
    page(tour.me(&user))
}

async fn recent(State(App(tour)): State<App>, user: Only<Recent>) -> Response {
    page(tour.recent(&user))
}

async fn api_call(State(App(tour)): State<App>, token: AccessToken) -> Response {
    page(tour.call_api(token.session()).await)
}

async fn last_flow(State(App(tour)): State<App>, user: Option<User>) -> Response {
    page(tour.flow(session(&user), None))
}

async fn flow(
    State(App(tour)): State<App>,
    Path(id): Path<String>,
    user: Option<User>,
) -> Response {
    page(tour.flow(session(&user), Some(&id)))
}

async fn not_found(State(App(tour)): State<App>, user: Option<User>) -> Response {
    page(tour.not_found(session(&user)))
}

fn session(user: &Option<User>) -> Option<&Session> {
    user.as_deref()
}

fn page(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).expect("a status of the tour is valid");
    for (name, value) in answer.headers {
        let value = HeaderValue::try_from(value).expect("a header of the tour is visible ASCII");
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
    response
}
