//! The app: what it says to each login, and its pages.

use std::error::Error;
use std::time::Duration;

use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use codegrant_axum::{
    Auth, AuthBuilder, Link, LinkVerdict, Login, Only, Require, Rule, User, Verdict, routes,
};
use codegrant_sqlx::sqlx;
use serde::Deserialize;
use tokio::time::timeout;

use crate::accounts::{Accounts, Added, Removed};
use crate::pages;

/// What the handlers share.
#[derive(Clone)]
struct App {
    auth: Auth,
    accounts: Accounts,
}

impl FromRef<App> for Auth {
    fn from_ref(app: &App) -> Self {
        app.auth.clone()
    }
}

impl FromRef<App> for Accounts {
    fn from_ref(app: &App) -> Self {
        app.accounts.clone()
    }
}

/// How long the database may take; the user waits meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);

type Said<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Has every login and every link judged by the tables.
pub(crate) fn judged_by(auth: AuthBuilder, accounts: &Accounts) -> AuthBuilder {
    let (of, added) = (accounts.clone(), accounts.clone());
    auth.on_login(move |login| {
        let accounts = of.clone();
        async move { timeout(PATIENCE, welcome(&accounts, &login)).await? }
    })
    .on_link(move |link| {
        let accounts = added.clone();
        async move { timeout(PATIENCE, join(&accounts, &link)).await? }
    })
}

async fn welcome(accounts: &Accounts, login: &Login) -> Said<Verdict> {
    let account = accounts.of(login.identity()).await?;
    let roles = accounts.roles(account).await?;
    Ok(Verdict::AcceptWithRoles(account.to_string(), roles))
}

async fn join(accounts: &Accounts, link: &Link) -> Said<LinkVerdict> {
    let account = link
        .session()
        .account()
        .ok_or("a session without an account")?;
    let added = accounts
        .add(account.parse()?, link.login().identity())
        .await?;
    Ok(match added {
        Added::Yes => LinkVerdict::Linked,
        Added::Taken => LinkVerdict::Conflict,
    })
}

/// Puts the app together.
pub(crate) fn router(auth: Auth, accounts: Accounts) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/account", get(account))
        .route("/account/remove", post(remove))
        .route("/admin", get(admin))
        .merge(routes(&auth))
        .with_state(App { auth, accounts })
}

async fn home(State(auth): State<Auth>, user: Option<User>) -> Html<String> {
    match user {
        Some(user) => pages::welcome(&user.to_string(), is_admin(&user)),
        None => pages::stranger(&auth.login_url(None, "/")),
    }
}

fn is_admin(user: &User) -> bool {
    user.roles().iter().any(|role| role == "admin")
}

/// How somebody logs in, and where to add another way.
async fn account(
    State(auth): State<Auth>,
    State(accounts): State<Accounts>,
    user: User,
) -> Result<Html<String>, Failed> {
    let identities = accounts.identities(number(&user)?).await?;
    let here = user.identity().key();
    Ok(pages::account(&auth, &user.to_string(), &identities, here))
}

/// Which identity a form is about.
#[derive(Debug, Deserialize)]
struct Which {
    issuer: String,
    subject: String,
}

/// Takes a way to log in away. The session's cookie is `SameSite=Lax`, so that no other site's form gets here.
async fn remove(
    State(auth): State<Auth>,
    State(accounts): State<Accounts>,
    user: User,
    Form(which): Form<Which>,
) -> Result<Response, Failed> {
    let removed = accounts.remove(number(&user)?, &which.issuer, &which.subject);
    Ok(match removed.await? {
        Removed::Yes => {
            // Whoever got in by it is not to stay: perhaps that is why it goes.
            auth.log_out_person(&which.issuer, &which.subject).await?;
            Redirect::to("/account").into_response()
        }
        Removed::NotThere => Redirect::to("/account").into_response(),
        Removed::Last => (StatusCode::CONFLICT, pages::last()).into_response(),
    })
}

/// What the admins' page wants.
struct Admin;

impl Rule for Admin {
    fn require() -> Require {
        Require::new().role("admin")
    }
}

async fn admin(
    State(accounts): State<Accounts>,
    user: Only<Admin>,
) -> Result<Html<String>, Failed> {
    Ok(pages::admin(&user.to_string(), &accounts.all().await?))
}

/// Returns the account's key in the app's table.
fn number(user: &User) -> Result<i64, Failed> {
    let account = user.account().and_then(|account| account.parse().ok());
    account.ok_or_else(|| Failed("a session without an account".to_owned()))
}

/// Something of the app's own does not work; people are told no more than that.
struct Failed(String);

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<codegrant_axum::Error> for Failed {
    fn from(error: codegrant_axum::Error) -> Self {
        Self(error.to_string())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        tracing::error!(reason = self.0, "a page failed");
        (StatusCode::SERVICE_UNAVAILABLE, pages::failed()).into_response()
    }
}
