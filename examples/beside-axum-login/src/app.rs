//! The app: its pages as they were, and the bridge from a login of codegrant's to a session of axum-login's.

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder, AuthSession};
use axum_login::{login_required, tower_sessions};
use codegrant_axum::{Auth, AuthBuilder, Login, Verdict};
use serde::Deserialize;
use tower_sessions::cookie::SameSite;
use tower_sessions::{MemoryStore, SessionManagerLayer};

use crate::users::{Credentials, Member, Users};

type Visit = AuthSession<Users>;

/// Says which of the app's accounts a login belongs to; codegrant opens no session of its own.
pub(crate) fn hand_over(auth: AuthBuilder, users: &Users) -> AuthBuilder {
    let users = users.clone();
    auth.on_login(move |login| {
        let account = users.of_identity(login.identity()).to_string();
        async move { Ok(Verdict::HandOver(account)) }
    })
}

/// Puts the app together: its pages, codegrant's routes with the bridge, and axum-login around all of it.
pub(crate) fn router(auth: &Auth, users: &Users) -> Router {
    let login = codegrant_axum::routes(auth).layer(from_fn(open_session));
    pages(auth).merge(login).layer(sessions(auth, users))
}

/// Opens the app's session when a login of codegrant's has ended well.
pub(crate) async fn open_session(mut visit: Visit, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let login = response.extensions_mut().remove::<Login>();
    let account = login.as_ref().and_then(|login| login.account());
    let Some(member) = account.and_then(|id| visit.backend.of_id(id)) else {
        return response;
    };
    match begin(&mut visit, &member).await {
        Ok(()) => response,
        Err(failed) => failed.into_response(),
    }
}

/// Logs a member in, in a session whose id nobody knows.
///
/// `login` gives the session a new id only where it holds no login, and a session that `logout` has emptied
/// gets its old id again within the same request. Somebody may have logged in as themselves and left that
/// session in this browser, and closed their account since, so that nobody seems to be there: it must not
/// become this member's.
async fn begin(visit: &mut Visit, member: &Member) -> Result<(), StatusCode> {
    if visit.user.is_some() {
        visit.session.clear().await;
    }
    visit.session.cycle_id().await.map_err(failed)?;
    visit.login(member).await.map_err(failed)
}

fn failed<E>(_: E) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

pub(crate) fn sessions(auth: &Auth, users: &Users) -> AuthManagerLayer<Users, MemoryStore> {
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        // The default is `Strict`: a browser that comes back from a provider would show the first page
        // without this cookie, as if nobody had logged in.
        .with_same_site(SameSite::Lax)
        .with_secure(auth.public_origin().is_secure());
    AuthManagerLayerBuilder::new(users.clone(), sessions).build()
}

pub(crate) fn pages(auth: &Auth) -> Router {
    Router::new()
        .route("/account", get(account))
        .route_layer(login_required!(Users, login_url = "/login"))
        .route("/", get(home))
        .route("/login", get(ask_who).post(log_in))
        .route("/logout", post(log_out))
        .with_state(auth.clone())
}

async fn home(visit: Visit) -> String {
    let name = visit.user.map(|member| member.name);
    format!("Hello, {}!", name.as_deref().unwrap_or("stranger"))
}

async fn account(visit: Visit) -> Html<String> {
    Html(visit.user.as_ref().map(account_page).unwrap_or_default())
}

/// The account and a way out; a name may be anything.
fn account_page(member: &Member) -> String {
    let name = member.name.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "Account {} ({name})\
         <form method=post action=/logout><button>Log out</button></form>",
        member.id
    )
}

#[derive(Deserialize)]
struct Asked {
    next: Option<String>,
}

/// The app's login page, with one more way in.
async fn ask_who(State(auth): State<Auth>, Query(asked): Query<Asked>) -> Html<String> {
    let login = auth.login_url(None, asked.next.as_deref().unwrap_or("/account"));
    Html(format!(
        "<form method=post><input name=name> <input name=password type=password> <button>Log in</button></form>\
         <p><a href=\"{login}\">Log in with another account</a>"
    ))
}

/// The app's login as it was before.
async fn log_in(mut visit: Visit, Form(given): Form<Credentials>) -> Result<Redirect, StatusCode> {
    let found = visit.authenticate(given).await.map_err(failed)?;
    let member = found.ok_or(StatusCode::UNAUTHORIZED)?;
    begin(&mut visit, &member).await?;
    Ok(Redirect::to("/account"))
}

/// The app's log-out, which goes on to codegrant's: 307, so that the browser posts there as well.
async fn log_out(State(auth): State<Auth>, mut visit: Visit) -> Result<Redirect, StatusCode> {
    visit.logout().await.map_err(failed)?;
    Ok(Redirect::temporary(&format!("{}/logout", auth.base())))
}
