//! The app: its pages as they were, and the bridge from a login of codegrant's to a session of its own.

use codegrant_rocket::{Auth, AuthBuilder, Verdict, fairing, finished_login};
use rocket::fairing::{AdHoc, Fairing};
use rocket::form::Form;
use rocket::http::{CookieJar, Status};
use rocket::response::Redirect;
use rocket::response::content::RawHtml;
use rocket::{Build, FromForm, Rocket, State, get, post, routes};

use crate::sessions::Sessions;
use crate::users::{Member, Users};

/// Says which of the app's accounts a login belongs to; codegrant opens no session of its own.
pub(crate) fn hand_over(auth: AuthBuilder, users: &Users) -> AuthBuilder {
    let users = users.clone();
    auth.on_login(move |login| {
        let account = users.of_identity(login.identity()).to_string();
        async move { Ok(Verdict::HandOver(account)) }
    })
}

/// Puts the app together: its pages, codegrant's fairing, and the bridge.
pub(crate) fn rocket(auth: &Auth, users: Users) -> Rocket<Build> {
    pages(auth, users).attach(open_session())
}

pub(crate) fn pages(auth: &Auth, users: Users) -> Rocket<Build> {
    rocket::build()
        .manage(users)
        .manage(Sessions::new(auth.public_origin().is_secure()))
        .mount(
            "/",
            routes![home, stranger, account, ask_first, ask_who, log_in, log_out],
        )
        .attach(fairing(auth))
}

/// Opens the app's session when a login of codegrant's has ended well.
///
/// Rocket has already copied what was put into the jar when fairings see the response: the cookie is added
/// as a header.
fn open_session() -> impl Fairing {
    AdHoc::on_response("the app's session", |request, response| {
        Box::pin(async move {
            let account = finished_login(request).and_then(|login| login.account());
            let sessions = request.rocket().state::<Sessions>();
            if let (Some(account), Some(sessions)) = (account, sessions) {
                match sessions.begin(request.cookies(), account) {
                    Some(cookie) => response.adjoin_header(cookie),
                    None => response.set_status(Status::InternalServerError),
                }
            }
        })
    })
}

#[get("/")]
fn home(member: Member) -> String {
    format!("Hello, {}!", member.name)
}

#[get("/", rank = 2)]
fn stranger() -> &'static str {
    "Hello, stranger!"
}

#[get("/account")]
fn account(member: Member) -> RawHtml<String> {
    RawHtml(account_page(&member))
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

#[get("/account", rank = 2)]
fn ask_first() -> Redirect {
    Redirect::to("/login?next=%2Faccount")
}

/// The app's login page, with one more way in.
#[get("/login?<next>")]
fn ask_who(auth: &State<Auth>, next: Option<&str>) -> RawHtml<String> {
    let login = auth.login_url(None, next.unwrap_or("/account"));
    RawHtml(format!(
        "<form method=post><input name=name> <input name=password type=password> <button>Log in</button></form>\
         <p><a href=\"{login}\">Log in with another account</a>"
    ))
}

#[derive(FromForm)]
struct Credentials<'r> {
    name: &'r str,
    password: &'r str,
}

/// The app's login as it was before.
#[post("/login", data = "<given>")]
fn log_in(
    given: Form<Credentials<'_>>,
    users: &State<Users>,
    sessions: &State<Sessions>,
    jar: &CookieJar<'_>,
) -> Result<Redirect, Status> {
    let found = users.of_password(given.name, given.password);
    let member = found.ok_or(Status::Unauthorized)?;
    let session = sessions.begin(jar, &member.id.to_string());
    jar.add(session.ok_or(Status::InternalServerError)?);
    Ok(Redirect::to("/account"))
}

/// The app's log-out, which goes on to codegrant's: 307, so that the browser posts there as well.
#[post("/logout")]
fn log_out(auth: &State<Auth>, sessions: &State<Sessions>, jar: &CookieJar<'_>) -> Redirect {
    sessions.end(jar);
    Redirect::temporary(format!("{}/logout", auth.base()))
}
