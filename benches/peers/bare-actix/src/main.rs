//! A page in Actix-web, without a login: what every peer on Actix-web is compared with.

use std::env;
use std::error::Error;

use actix_web::{App, HttpServer, get};

#[get("/page")]
async fn page() -> &'static str {
    "Hello, Jane Doe"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT")?.parse()?;
    let server = HttpServer::new(|| App::new().service(page)).workers(1);
    Ok(server.bind(("127.0.0.1", port))?.run().await?)
}
