//! What is attached to an app: the login's routes, and the answers that guards cannot give.

use std::sync::OnceLock;

use codegrant_web::{Auth, Login};
use rocket::catcher::{self, Catcher};
use rocket::fairing::{Fairing, Info, Kind, Result as Ignition};
use rocket::form::Form;
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Build, Data, Request, Response, Rocket};

use crate::guard::{REFUSED, Unknown, refusal};
use crate::translate;

/// Makes the fairing that the login needs: it serves everything below [`Auth::base`], and lets the guards
/// answer.
///
/// Attach it once. Launch is refused when it is attached twice, and when a handler takes a
/// [`User`](crate::User) without it.
pub fn fairing(auth: &Auth) -> impl Fairing {
    Mount(auth.clone())
}

struct Mount(Auth);

/// Returns the login that ends well with the response to this request, for a fairing of the app.
///
/// With [`Verdict::HandOver`](crate::Verdict::HandOver) this is where the app opens a session of its own.
///
/// ```
/// use rocket::fairing::AdHoc;
///
/// let greet = AdHoc::on_response("first page after a login", |request, response| {
///     Box::pin(async move {
///         if let Some(login) = codegrant_rocket::finished_login(request) {
///             response.set_raw_header("x-account", login.account().unwrap_or("new").to_owned());
///         }
///     })
/// });
/// # let _ = greet;
/// ```
pub fn finished_login<'r>(request: &'r Request<'_>) -> Option<&'r Login> {
    request.local_cache(Finished::default).0.get()
}

/// The login that came with a response, kept with the request.
#[derive(Default)]
struct Finished(OnceLock<Login>);

/// The `Auth` that guards ask, which only the fairing can put there.
pub(crate) struct Attached(pub(crate) Auth);

/// Answers what is below the base.
#[derive(Clone)]
struct Endpoint(Auth);

/// Before every rank that an app writes, because the paths below the base are for `Auth` to answer.
const FIRST: isize = isize::MIN;

const METHODS: [Method; 9] = [
    Method::Get,
    Method::Head,
    Method::Post,
    Method::Put,
    Method::Delete,
    Method::Connect,
    Method::Options,
    Method::Trace,
    Method::Patch,
];

#[rocket::async_trait]
impl Fairing for Mount {
    fn info(&self) -> Info {
        Info {
            name: "codegrant: login",
            kind: Kind::Ignite | Kind::Request | Kind::Response,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> Ignition {
        let auth = self.0.clone();
        if rocket.state::<Attached>().is_some() {
            return Err(rocket);
        }
        let endpoint = |method| Route::ranked(FIRST, method, "/<_..>", Endpoint(auth.clone()));
        let rocket = rocket
            .mount(auth.base(), METHODS.map(endpoint).to_vec())
            // Runs after all that is attached so far, and so sees the catchers of other fairings.
            .attach(Catchers);
        let rocket = match rocket.state::<Auth>() {
            Some(_) => rocket,
            None => rocket.manage(auth.clone()),
        };
        Ok(rocket.manage(Attached(auth)))
    }

    /// Gives a form's method back, which Rocket takes out of its first field, `_method`.
    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        let form = request.content_type().is_some_and(|kind| kind.is_form());
        if !form || !is_below_base(&self.0, request) {
            return;
        }
        let begun = data.peek("_method=delete".len()).await;
        let field = std::str::from_utf8(begun).ok();
        let field = field.and_then(|begun| Form::values(begun).next());
        let named = field.filter(|field| field.name == "_method");
        if named.and_then(|field| field.value.parse().ok()) == Some(request.method()) {
            request.set_method(Method::Post);
        }
    }

    /// Answers for `Option<User>` when nobody can tell who is there: a handler has taken it for nobody.
    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if let Some(answer) = request.local_cache(Unknown::default).0.get() {
            *response = translate::response(answer.clone());
        }
    }
}

/// Tells whether the target as it was sent is below the base; Rocket matches what it decoded and tidied.
fn is_below_base(auth: &Auth, request: &Request<'_>) -> bool {
    let path = request.uri().path().as_str();
    let rest = path.strip_prefix(auth.base());
    rest.is_some_and(|rest| rest.starts_with('/'))
}

#[rocket::async_trait]
impl Handler for Endpoint {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        if !is_below_base(&self.0, request) {
            return Outcome::forward(data, Status::NotFound);
        }
        let body = translate::body(data).await;
        let asked = translate::request(request).with_body(body.as_deref());
        let mut answer = self.0.handle(asked).await;
        if let Some(login) = answer.login.take() {
            request
                .local_cache(Finished::default)
                .0
                .get_or_init(|| login);
        }
        Outcome::Success(translate::response(answer))
    }
}

/// Registers a catcher for refusals wherever there is another, so that none of the app's comes first.
struct Catchers;

#[rocket::async_trait]
impl Fairing for Catchers {
    fn info(&self) -> Info {
        Info {
            name: "codegrant: refusals",
            kind: Kind::Ignite,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> Ignition {
        // Rocket takes the catcher with the longest base, and then the one with a code before a default.
        let mut bases: Vec<String> = rocket
            .catchers()
            .map(|held| held.base.to_string())
            .collect();
        bases.push("/".to_owned());
        bases.sort();
        bases.dedup();
        let refuse = |rocket: Rocket<Build>, base: String| {
            rocket.register(base, vec![Catcher::new(REFUSED.code, answer_refusal)])
        };
        Ok(bases.into_iter().fold(rocket, refuse))
    }
}

fn answer_refusal<'r>(_: Status, request: &'r Request<'_>) -> catcher::BoxFuture<'r> {
    Box::pin(async move {
        let refused = refusal(request).await;
        refused.ok_or(Status::InternalServerError)
    })
}
