//! Greets whoever logs in at the development provider: open <http://localhost:3000>.

use adapter_poem::{Auth, User, login};
use poem::{EndpointExt, Route, Server, get, handler, listener::TcpListener};

#[handler]
fn index(user: User) -> String {
    format!("Hello, {user}!")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let auth = Auth::dev("http://localhost:3000")?;
    let app = Route::new().at("/", get(index)).with(login(&auth));
    let listener = TcpListener::bind("127.0.0.1:3000");
    Ok(Server::new(listener).run(app).await?)
}
