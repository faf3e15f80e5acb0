//! The app of the contract.

use std::any::Any;
use std::net::TcpListener;

use adapter_poem::{Auth, Login, User, login};
use poem::http::HeaderValue;
use poem::listener::TcpAcceptor;
use poem::{EndpointExt, Response, Route, Server, get, handler};
use tokio::runtime::Runtime;

/// Serves the app until what it returns is dropped.
pub(crate) fn start(auth: Auth, listener: TcpListener) -> impl Any {
    let app = Route::new()
        .at("/", get(greet).post(greet))
        .at("/files/*rest", get(greet))
        .nest("/nested", Route::new().at("/page", get(greet)))
        .at("/maybe", get(greet_anybody))
        .at("/plain", get(plain))
        .with(login(&auth))
        .and_then(tell_who_logged_in);
    let runtime = Runtime::new().unwrap();
    listener.set_nonblocking(true).unwrap();
    runtime.spawn(async move {
        let acceptor = TcpAcceptor::from_std(listener).unwrap();
        Server::new_with_acceptor(acceptor).run(app).await.unwrap();
    });
    runtime
}

#[handler]
fn greet(user: User) -> String {
    format!("Hello, {user}!")
}

#[handler]
fn greet_anybody(user: Option<User>) -> String {
    let name = user.map_or_else(|| "stranger".to_owned(), |user| user.to_string());
    format!("Hello, {name}!")
}

#[handler]
fn plain() -> &'static str {
    "plain"
}

/// A middleware of the app's own, which sees a login end.
async fn tell_who_logged_in(mut response: Response) -> poem::Result<Response> {
    let subject = response.data::<Login>();
    let subject = subject.map(|login| HeaderValue::from_str(&login.identity().subject));
    if let Some(subject) = subject {
        response
            .headers_mut()
            .insert("x-logged-in", subject.unwrap());
    }
    Ok(response)
}
