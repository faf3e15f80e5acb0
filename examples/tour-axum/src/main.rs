//! The tour app on axum: log in, see who you are, and watch how it works.
//!
//! Without arguments it runs with a provider inside itself, on <http://localhost:3000>. `--config FILE`
//! points it at any provider; `docs/configuration.md` describes the file. What an operator should know goes
//! to standard error; `RUST_LOG=codegrant=debug` says more.

mod app;

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use tour::{Configuration, Tour, USAGE};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How long open connections may take to finish after the signal to stop.
const GRACE: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell when nobody reads what is said last.
            let _closed = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    log_to_standard_error()?;
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == "--help").is_some() {
        return Ok(writeln!(std::io::stdout(), "{USAGE}")?);
    }
    let configuration = Configuration::from_arguments(arguments)?;
    let tour = Tour::start(&configuration)?;
    let address = configuration.listen();
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let origin = tour.auth().public_origin().clone();
    let server = axum::serve(listener, app::router(tour)).with_graceful_shutdown(told_to_stop());
    writeln!(
        std::io::stdout(),
        "The tour is on {origin} (Ctrl-C stops it)"
    )?;
    tokio::select! {
        served = server => served?,
        () = async { told_to_stop().await; tokio::time::sleep(GRACE).await } => {}
    }
    Ok(())
}

/// Shows warnings, or what `RUST_LOG` asks for: `level` or `target=level`, separated by commas.
fn log_to_standard_error() -> Result<(), Box<dyn Error>> {
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned());
    let filter: Targets = wanted
        .parse()
        .map_err(|error| format!("RUST_LOG is not understood: {error}"))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .init();
    Ok(())
}

/// Waits for Ctrl-C, or for SIGTERM where there is such a thing.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _cannot_listen = tokio::signal::ctrl_c().await;
}
