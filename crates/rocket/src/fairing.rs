//! What is attached to an app: the login's routes, and the answers that guards cannot give.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use codegrant_web::{Auth, AuthBuilder, Configuration, Login, SetupErrors};
use rocket::fairing::{self, AdHoc, Fairing, Info, Kind};
use rocket::figment::Figment;
use rocket::form::Form;
use rocket::http::Method::{self, Connect, Delete, Get, Head, Options, Patch, Post, Put, Trace};
use rocket::http::Status;
use rocket::route::{self, Outcome, Route};
use rocket::{Build, Catcher, Data, Request, Response, Rocket};

use crate::guard::{Kept, REFUSED, refused};
use crate::translate;

/// Makes the fairing that the login needs: everything below [`Auth::base`], and the guards' answers.
///
/// Attach it once. Launch is refused when it is attached twice, and when a handler takes a
/// [`User`](crate::User) without it.
pub fn fairing(auth: &Auth) -> impl Fairing + use<> {
    let auth = auth.clone();
    Mount(Box::new(move |_| Ok(auth.clone())))
}

/// Makes the fairing of a login that `Rocket.toml` configures, under the key `codegrant`.
///
/// Profiles and `ROCKET_CODEGRANT` are Rocket's own; `docs/configuration.md` lists the keys. Relative paths
/// start at the file's directory. Launch is refused with a list of all mistakes, each with its remedy.
///
/// ```no_run
/// let app = rocket::build().attach(codegrant_rocket::fairing_from_config());
/// # let _ = app;
/// ```
pub fn fairing_from_config() -> impl Fairing {
    fairing_from_config_with(|auth| auth)
}

/// Makes the fairing of [`fairing_from_config`] with more that is set in code: a store, pages, a hook.
///
/// ```no_run
/// use codegrant_rocket::{Verdict, fairing_from_config_with};
///
/// let app = rocket::build().attach(fairing_from_config_with(|auth| {
///     auth.on_login(async |login| Ok(Verdict::AcceptAs(login.identity().subject.clone())))
/// }));
/// # let _ = app;
/// ```
pub fn fairing_from_config_with<F>(set: F) -> impl Fairing
where
    F: Fn(AuthBuilder) -> AuthBuilder + Send + Sync + 'static,
{
    Mount(Box::new(move |figment| {
        let read: Configuration = figment.extract_inner("codegrant").unwrap_or_default();
        let sources = figment.find_metadata("codegrant").into_iter();
        let mut sources = sources.chain(figment.metadata());
        let file = sources.find_map(|held| held.source.as_ref()?.file_path());
        let directory = file.and_then(|file| file.parent()).unwrap_or("".as_ref());
        set(AuthBuilder::from_configuration(
            read.in_directory(directory),
        )?)
        .build()
    }))
}

/// Returns the login that ends well with the response to this request, for a fairing of the app.
///
/// With [`Verdict::HandOver`](crate::Verdict::HandOver) this is where the app opens a session of its own.
///
/// ```
/// use rocket::fairing::AdHoc;
///
/// let tell = AdHoc::on_response("who has just logged in", |request, response| {
///     Box::pin(async move {
///         if let Some(login) = codegrant_rocket::finished_login(request) {
///             response.set_raw_header("x-account", login.account().unwrap_or("new").to_owned());
///         }
///     })
/// });
/// # let _ = tell;
/// ```
pub fn finished_login<'r>(request: &'r Request<'_>) -> Option<&'r Login> {
    request.local_cache(Finished::default).0.get()
}

/// The login that came with a response, kept with the request.
#[derive(Default)]
struct Finished(OnceLock<Login>);

/// The `Auth` that guards ask, which only the fairing can put there.
pub(crate) struct Attached(pub(crate) Auth);

type Source = dyn Fn(&Figment) -> Result<Auth, SetupErrors> + Send + Sync;

struct Mount(Box<Source>);

const METHODS: [Method; 9] = [Connect, Delete, Get, Head, Options, Patch, Post, Put, Trace];

#[rocket::async_trait]
impl Fairing for Mount {
    fn info(&self) -> Info {
        Info {
            name: "codegrant: login",
            kind: Kind::Ignite | Kind::Request | Kind::Response,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        if rocket.state::<Attached>().is_some() {
            tracing::error!(target: "codegrant", "the login is attached twice: attach one fairing");
            return Err(rocket);
        }
        let auth = match self.0(rocket.figment()) {
            Ok(auth) => auth,
            Err(mistakes) => {
                let profile = rocket.figment().profile();
                tracing::error!(target: "codegrant", %profile, "{mistakes}");
                return Err(rocket);
            }
        };
        // Before every rank that an app writes: the paths below the base are for `Auth` to answer.
        let routes = METHODS.map(|method| Route::ranked(isize::MIN, method, "/<_..>", endpoint));
        let rocket = rocket.mount(auth.base(), routes.to_vec());
        let rocket = match rocket.state::<Auth>() {
            Some(_) => rocket,
            None => rocket.manage(auth.clone()),
        };
        // Attached here, it runs after all others, and sees the catchers that they register.
        let catchers = AdHoc::on_ignite("codegrant: refusals", async |rocket| catch(rocket));
        Ok(rocket.manage(Attached(auth)).attach(catchers))
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        #[cfg(feature = "test")]
        crate::test::log_in(request).await;
        // Rocket takes the method out of a form's first field, `_method`; web takes it as it was sent.
        let form = request.content_type().is_some_and(|kind| kind.is_form());
        if form && request.method() != Post && addressed(request).is_some() {
            let begun = std::str::from_utf8(data.peek("_method=delete".len()).await);
            let field = begun.ok().and_then(|begun| Form::values(begun).next());
            let named = field.filter(|field| field.name == "_method");
            if named.and_then(|field| field.value.parse().ok()) == Some(request.method()) {
                request.set_method(Post);
            }
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        // Rocket makes `None` of every guard that fails: the handler of an `Option<User>` has run.
        if let Some(answer) = request.local_cache(Kept::default).unknown.get()
            && addressed(request).is_none()
        {
            *response = translate::response(answer.clone());
        }
    }
}

/// Returns the `Auth` if the target as it was sent is below its base; Rocket matches it decoded and tidied.
fn addressed<'r>(request: &'r Request<'_>) -> Option<&'r Auth> {
    let Attached(auth) = request.rocket().state()?;
    auth.serves(request.uri().path().as_str()).then_some(auth)
}

fn endpoint<'r>(request: &'r Request<'_>, data: Data<'r>) -> route::BoxFuture<'r> {
    Box::pin(async move {
        let Some(auth) = addressed(request) else {
            return Outcome::forward(data, Status::NotFound);
        };
        let read = translate::body(data);
        let body = auth.body(request.method().as_str(), read).await;
        let asked = translate::request(request).with_body(body.as_deref());
        let mut answer = auth.handle(asked).await;
        if let Some(login) = answer.login.take() {
            request
                .local_cache(Finished::default)
                .0
                .get_or_init(|| login);
        }
        Outcome::Success(translate::response(answer))
    })
}

/// Registers the catcher of refusals wherever there is another, so that none of the app's comes first:
/// Rocket takes the one with the longest base, and then one with a code before a default.
fn catch(rocket: Rocket<Build>) -> Rocket<Build> {
    let bases = rocket.catchers().map(|held| held.base.to_string());
    let bases: BTreeSet<String> = bases.chain(["/".to_owned()]).collect();
    bases.into_iter().fold(rocket, |rocket, base| {
        let mut catcher = Catcher::new(REFUSED.code, refused);
        catcher.name = Some("login required".into());
        rocket.register(base, vec![catcher])
    })
}
