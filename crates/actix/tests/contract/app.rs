//! The contract's app in Actix-web.

use std::any::Any;
use std::net::TcpListener;
use std::thread::JoinHandle;

use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpServer, rt, web};
use codegrant_actix::{Auth, Login, Only, Rule, User, answer_store_errors, require, routes};
use codegrant_testkit::contract::{Admin, Recent};

/// Serves the contract's app until what it returns is dropped.
pub(crate) fn start(auth: Auth, listener: TcpListener) -> impl Any {
    let app = move || {
        App::new()
            .wrap(answer_store_errors())
            .wrap(from_fn(tell_who_logged_in))
            .configure(routes(&auth))
            .service(
                web::resource("/")
                    .route(web::get().to(greet))
                    .route(web::post().to(greet)),
            )
            .route("/files/{rest:.*}", web::get().to(greet))
            .service(web::scope("/nested").route("/page", web::get().to(greet)))
            .route("/maybe", web::get().to(greet_anybody))
            .route("/plain", web::get().to(async || "plain"))
            .service(
                web::resource("/recent")
                    .route(web::get().to(greet_recent))
                    .route(web::post().to(greet_recent)),
            )
            .route("/admin", web::get().to(greet_admin))
            .route("/perhaps", web::get().to(greet_whoever_is_recent))
            .service(
                web::scope("/fresh")
                    .wrap(require(&auth, Recent::require()))
                    .route("/page", web::get().to(greet)),
            )
    };
    let server = HttpServer::new(app)
        .workers(2)
        .disable_signals()
        .shutdown_timeout(0)
        .listen(listener)
        .expect("the listener is bound")
        .run();
    let handle = server.handle();
    let thread = std::thread::spawn(move || rt::System::new().block_on(server));
    Running {
        handle,
        thread: Some(thread),
    }
}

struct Running {
    handle: ServerHandle,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The command is sent at once; the future only waits for the end.
        drop(self.handle.stop(false));
        self.thread.take().map(JoinHandle::join);
    }
}

async fn greet(user: User) -> String {
    format!("Hello, {user}!")
}

async fn greet_anybody(user: Option<User>) -> String {
    let name = user.map_or_else(|| "stranger".to_owned(), |user| user.to_string());
    format!("Hello, {name}!")
}

async fn greet_recent(user: Only<Recent>) -> String {
    format!("Hello, {user}!")
}

async fn greet_admin(user: Only<Admin>) -> String {
    format!("Hello, {user}!")
}

async fn greet_whoever_is_recent(user: Option<Only<Recent>>) -> String {
    let name = user.map_or_else(|| "stranger".to_owned(), |user| user.to_string());
    format!("Hello, {name}!")
}

async fn tell_who_logged_in(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let login = response.response().extensions().get::<Login>().cloned();
    if let Some(login) = login {
        let subject =
            HeaderValue::from_str(&login.identity().subject).expect("a subject of a test");
        let name = HeaderName::from_static("x-logged-in");
        response.headers_mut().insert(name, subject);
    }
    Ok(response)
}
