//! A whole scope behind the login, for all users or some.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};
use codegrant_web::{Auth, FreshToken, Require};

use crate::{LoginRequired, User, refusal, translate};

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
    require(auth, Require::new())
}

/// Lets only users who have what is wanted into a scope, a resource or a whole app.
///
/// It stands and behaves as [`require_login`] does; everybody else gets what [`Only`](crate::Only) answers.
///
/// ```
/// use actix_web::{App, web};
/// use codegrant_actix::{Auth, Require, User, provider::GITHUB, require, routes};
///
/// # let auth = Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret").build()?;
/// let admin = web::scope("/admin")
///     .wrap(require(&auth, Require::new().role("admin")))
///     .route("/orders", web::get().to(async |user: User| format!("Orders, for {user}")));
/// App::new().configure(routes(&auth)).service(admin);
/// # Ok::<(), codegrant_actix::SetupErrors>(())
/// ```
pub fn require<S, B>(
    auth: &Auth,
    require: Require,
) -> impl Transform<S, ServiceRequest, Response = Answer<B>, Error = Error, InitError = ()> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let auth = auth.clone();
    from_fn(move |request, next| admit(auth.clone(), require.clone(), request, next))
}

async fn admit<B: MessageBody + 'static>(
    auth: Auth,
    require: Require,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<Answer<B>, Error> {
    if auth.serves(request.path()) {
        let (request, body) = request.into_parts();
        let answer = translate::answer(&auth, &request, body).await;
        return Ok(ServiceResponse::new(request, answer).map_into_right_body());
    }
    match find(&auth, request.request(), &require).await.flatten() {
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

/// Returns the user of a request if they have what is wanted; what no `Option` may hide goes to the middleware.
pub(crate) async fn extract(request: HttpRequest, require: Require) -> Result<User, LoginRequired> {
    let found = match request.app_data::<Data<Auth>>() {
        Some(auth) => find(auth, &request, &require).await,
        None => Err(LoginRequired::not_mounted()),
    };
    match found {
        Ok(found) => found,
        Err(required) => Err(refusal::hand_over(required, request).await),
    }
}

/// Returns the access token of whoever is there, good now.
pub(crate) async fn fresh_token(request: HttpRequest) -> Result<FreshToken, LoginRequired> {
    let auth = request.app_data::<Data<Auth>>();
    let auth = auth.ok_or_else(LoginRequired::not_mounted)?;
    let token = auth.fresh_token(translate::request(&request)).await;
    token.map_err(|refusal| LoginRequired("there is no token that is good", refusal.into()))
}

/// A user, or the answer to whoever is not let in; apart from these, what no `Option<User>` may hide.
type Found = Result<Result<User, LoginRequired>, LoginRequired>;

async fn find(auth: &Auth, request: &HttpRequest, require: &Require) -> Found {
    let found = user(auth, request).await?;
    Ok(found.and_then(|user| {
        let held = auth.hold_to(&user, require, || translate::request(request));
        let lacks = |refusal| LoginRequired("the user has not what the page wants", refusal);
        held.map_err(lacks).map(|()| user)
    }))
}

async fn user(auth: &Auth, request: &HttpRequest) -> Found {
    if let Some(Admitted(asked, user)) = request.extensions().get()
        && asked == auth
    {
        return Ok(Ok(user.clone()));
    }
    match auth.identify(translate::request(request)).await {
        Ok(Some(session)) => Ok(Ok(User(session))),
        Ok(None) if !translate::is_mounted(auth, request) => Err(LoginRequired::not_mounted()),
        Ok(None) => Ok(Err(LoginRequired(
            "nobody is logged in",
            auth.challenge(translate::request(request)).into(),
        ))),
        Err(error) => Err(LoginRequired(
            "sessions cannot be read",
            auth.refuse(&error).into(),
        )),
    }
}
