//! A whole scope behind the login.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};
use codegrant_web::Auth;

use crate::{LoginRequired, User, translate};

/// What a middleware of ours gives: the app's answer, or web's.
pub(crate) type Answer<B> = ServiceResponse<EitherBody<B>>;

/// Lets only logged-in users into a scope, a resource or a whole app.
///
/// Whoever is not logged in gets what [`User`] answers, and nothing inside runs. A `User` of a handler
/// inside is the one that was let in, without a second question to a store. Around a whole app the login
/// itself stays open: it is answered here, and the app's own routes below [`Auth::base`] are never asked.
///
/// ```
/// use actix_web::{App, web};
/// use codegrant_actix::{Auth, User, provider::GITHUB, require_login, routes};
///
/// # let auth = Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret").build()?;
/// let admin = web::scope("/admin")
///     .wrap(require_login(&auth))
///     .route("/orders", web::get().to(async |user: User| format!("Orders, for {user}")));
/// App::new().configure(routes(&auth)).service(admin);
/// # Ok::<(), codegrant_actix::SetupErrors>(())
/// ```
pub fn require_login<S, B>(
    auth: &Auth,
) -> impl Transform<S, ServiceRequest, Response = Answer<B>, Error = Error, InitError = ()> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let auth = auth.clone();
    from_fn(move |request, next| admit(auth.clone(), request, next))
}

async fn admit<B: MessageBody + 'static>(
    auth: Auth,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<Answer<B>, Error> {
    if auth.serves(request.path()) {
        let (request, body) = request.into_parts();
        let answer = translate::answer(&auth, &request, body).await;
        return Ok(ServiceResponse::new(request, answer).map_into_right_body());
    }
    match find(&auth, request.request()).await.flatten() {
        Ok(user) => {
            request.extensions_mut().insert(Admitted(auth, user));
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(required) => {
            let answer = required.error_response();
            Ok(request.into_response(answer).map_into_right_body())
        }
    }
}

/// Who was let in, and by which login: an app may have two.
struct Admitted(Auth, User);

/// A user, or the answer to nobody; apart from these, what no `Option<User>` may hide.
pub(crate) type Found = Result<Result<User, LoginRequired>, LoginRequired>;

pub(crate) async fn find(auth: &Auth, request: &HttpRequest) -> Found {
    if let Some(Admitted(asked, user)) = request.extensions().get()
        && asked == auth
    {
        return Ok(Ok(user.clone()));
    }
    let asked = translate::request(request);
    match auth.identify(asked.clone()).await {
        Ok(Some(session)) => Ok(Ok(User(session))),
        Ok(None) if !translate::is_mounted(auth, request) => Err(LoginRequired::not_mounted()),
        Ok(None) => Ok(Err(LoginRequired(
            "nobody is logged in",
            auth.challenge(asked),
        ))),
        Err(error) => Err(LoginRequired(
            "sessions cannot be read",
            auth.refuse(&error),
        )),
    }
}
