//! Users, their linked identities and their roles in PostgreSQL, and sessions beside them, in the same database.
//!
//! `DATABASE_URL=postgres://... cargo run -p accounts-postgres` runs with a provider inside the app, whose users
//! anybody may be; with `GITHUB_CLIENT_ID` and the like set, with GitHub and Google. `... -- grant 1 admin` gives
//! account 1 a role.

mod accounts;
mod app;
mod pages;

use std::error::Error;
use std::io::Write as _;
use std::time::Duration;

use accounts::Accounts;
use codegrant_axum::Auth;
use codegrant_axum::provider::{GITHUB, GOOGLE};
use codegrant_sqlx::PostgresStore;
use codegrant_sqlx::sqlx::PgPool;

const ORIGIN: &str = "http://localhost:3000";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = std::env::var("DATABASE_URL").map_err(|_| "DATABASE_URL is not set")?;
    let pool = PgPool::connect(&database).await?;
    let accounts = Accounts::new(pool.clone());
    accounts.migrate().await?;
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [command, account, role] = words.as_slice()
        && command == "grant"
    {
        return Ok(accounts.grant(account.parse()?, role).await?);
    }

    // Sessions beside the accounts, over the same pool.
    let sessions = PostgresStore::new(pool);
    sessions.migrate().await?;
    let _sweeper = sessions.sweep_every(Duration::from_secs(600));

    let auth = Auth::builder(ORIGIN).app_name("Orchard").store(sessions);
    let auth = match std::env::var("GITHUB_CLIENT_ID") {
        Ok(_) => auth.environment([GITHUB, GOOGLE], |name| std::env::var(name).ok()),
        Err(_) => auth.dev(),
    };
    let auth = app::judged_by(auth, &accounts).build()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    writeln!(std::io::stdout(), "{ORIGIN}/account")?;
    Ok(axum::serve(listener, app::router(auth, accounts)).await?)
}

#[cfg(test)]
mod tests;
