//! The app: its pages as they were, and the bridge from a login of codegrant's to actix-identity.

use actix_identity::{Identity, IdentityExt, IdentityMiddleware};
use actix_session::storage::CookieSessionStore;
use actix_session::{SessionExt, SessionMiddleware};
use actix_web::body::MessageBody;
use actix_web::cookie::{Key, SameSite};
use actix_web::dev::{HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::error::ErrorUnauthorized;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, Form, Html, Query, Redirect, ServiceConfig};
use actix_web::{Either, Error, HttpMessage, HttpRequest};
use codegrant_actix::{Auth, AuthBuilder, Login, Verdict, routes};
use serde::Deserialize;

use crate::users::{Member, Users};

/// Says which of the app's accounts a login belongs to; codegrant opens no session of its own.
pub(crate) fn hand_over(auth: AuthBuilder, users: &Users) -> AuthBuilder {
    let users = users.clone();
    auth.on_login(move |login| {
        let account = users.of_identity(login.identity()).to_string();
        async move { Ok(Verdict::HandOver(account)) }
    })
}

/// Puts the app together: its pages, codegrant's routes, the bridge, and actix-identity around all of it.
pub(crate) fn site(auth: &Auth, users: &Users, key: &Key) -> impl HttpServiceFactory + 'static {
    web::scope("")
        .configure(pages(users))
        .configure(routes(auth))
        // The last is the outermost: the bridge finds the session that the other two have made.
        .wrap(from_fn(open_session))
        .wrap(IdentityMiddleware::default())
        .wrap(sessions(auth, key))
}

/// Opens the app's session when a login of codegrant's has ended well.
pub(crate) async fn open_session(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let login = response.response_mut().extensions_mut().remove::<Login>();
    if let Some(account) = login.as_ref().and_then(|login| login.account()) {
        begin(response.request(), account)?;
    }
    Ok(response)
}

/// Logs a member in; what the session held for somebody else goes.
fn begin(request: &HttpRequest, account: &str) -> Result<(), Error> {
    if request.get_identity().is_ok() {
        request.get_session().clear();
    }
    // Also gives the session a new id, in a store where it has one.
    Identity::login(&request.extensions(), account.to_owned())?;
    Ok(())
}

pub(crate) fn sessions(auth: &Auth, key: &Key) -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), key.clone())
        // The default. With `Strict`, a browser that comes back from a provider would show the first page
        // without this cookie, as if nobody had logged in.
        .cookie_same_site(SameSite::Lax)
        .cookie_secure(auth.public_origin().is_secure())
        .build()
}

pub(crate) fn pages(users: &Users) -> impl FnOnce(&mut ServiceConfig) {
    let users = Data::new(users.clone());
    move |app| {
        let login = web::resource("/login");
        app.app_data(users)
            .route("/", web::get().to(home))
            .route("/account", web::get().to(account))
            .service(login.get(ask_who).post(log_in))
            .route("/logout", web::post().to(log_out));
    }
}

fn member(identity: Option<Identity>, users: &Users) -> Option<Member> {
    users.of_id(&identity?.id().ok()?)
}

async fn home(identity: Option<Identity>, users: Data<Users>) -> String {
    let name = member(identity, &users).map(|member| member.name);
    format!("Hello, {}!", name.as_deref().unwrap_or("stranger"))
}

async fn account(identity: Option<Identity>, users: Data<Users>) -> Either<Html, Redirect> {
    match member(identity, &users) {
        Some(member) => Either::Left(Html::new(account_page(&member))),
        None => Either::Right(Redirect::to("/login?next=%2Faccount").see_other()),
    }
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
async fn ask_who(auth: Data<Auth>, asked: Query<Asked>) -> Html {
    let login = auth.login_url(None, asked.next.as_deref().unwrap_or("/account"));
    Html::new(format!(
        "<form method=post><input name=name> <input name=password type=password> <button>Log in</button></form>\
         <p><a href=\"{login}\">Log in with another account</a>"
    ))
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

/// The app's login as it was before.
async fn log_in(
    request: HttpRequest,
    users: Data<Users>,
    given: Form<Credentials>,
) -> Result<Redirect, Error> {
    let found = users.of_password(&given.name, &given.password);
    let member = found.ok_or_else(|| ErrorUnauthorized("no such member"))?;
    begin(&request, &member.id.to_string())?;
    Ok(Redirect::to("/account").see_other())
}

/// The app's log-out, which goes on to codegrant's: 307, so that the browser posts there as well.
async fn log_out(auth: Data<Auth>, identity: Option<Identity>) -> Redirect {
    if let Some(identity) = identity {
        identity.logout();
    }
    Redirect::to(format!("{}/logout", auth.base())).temporary()
}
