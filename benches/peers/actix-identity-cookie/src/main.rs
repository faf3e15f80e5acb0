//! actix-identity over `CookieSessionStore`, by its example `examples/identity.rs`, without the logger.

use std::env;
use std::error::Error;
use std::time::Duration;

use actix_identity::{Identity, IdentityMiddleware};
use actix_session::config::PersistentSession;
use actix_session::{SessionMiddleware, storage::CookieSessionStore};
use actix_web::cookie::Key;
use actix_web::{App, HttpMessage, HttpRequest, HttpResponse, HttpServer, Responder, get};

#[get("/page")]
async fn page(user: Option<Identity>) -> actix_web::Result<HttpResponse> {
    let Some(user) = user else {
        return Ok(HttpResponse::Unauthorized().finish());
    };
    Ok(HttpResponse::Ok().body(format!("Hello, {}", user.id()?)))
}

#[get("/seed")]
async fn seed(request: HttpRequest) -> actix_web::Result<impl Responder> {
    Identity::login(&request.extensions(), "Jane Doe".into())?;
    Ok(HttpResponse::Ok())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT")?.parse()?;
    let secret_key = Key::generate();
    let expiration = Duration::from_secs(24 * 60 * 60);
    let server = HttpServer::new(move || {
        let lifetime = expiration.try_into().expect("a day");
        let session = SessionMiddleware::builder(CookieSessionStore::default(), secret_key.clone())
            .cookie_secure(false)
            .session_lifecycle(PersistentSession::default().session_ttl(lifetime))
            .build();
        let identity = IdentityMiddleware::builder()
            .visit_deadline(Some(expiration))
            .build();
        App::new()
            .wrap(identity)
            .wrap(session)
            .service(page)
            .service(seed)
    });
    Ok(server.workers(1).bind(("127.0.0.1", port))?.run().await?)
}
