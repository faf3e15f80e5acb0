//! The program around the tour, whatever its framework: arguments, the log, the signals, and how it ends.

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::Duration;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::configuration::{Configuration, StartError};
use crate::tour::Tour;

/// How long open connections may take to finish after the signal to stop.
const GRACE: Duration = Duration::from_secs(1);

/// The tour and where it listens: what a framework needs to serve it.
#[derive(Debug)]
pub struct Program {
    /// The pages, and the login behind them.
    pub tour: Tour,
    /// The address from the configuration.
    pub address: SocketAddr,
}

/// Runs the tour until it is told to stop: the whole of `main`.
///
/// `name` is the program's own, for its usage; `serve` answers requests, and ends soon after
/// [`told_to_stop`] does. The exit code is 2, with the reason on standard error, where it cannot start.
///
/// ```no_run
/// use tour::{Program, run, told_to_stop};
///
/// fn main() -> std::process::ExitCode {
///     run("tour-of-mine", async |program: Program| {
///         let listener = program.listen()?;
///         // Serve `program.tour` on the listener here.
///         told_to_stop().await;
///         drop(listener);
///         Ok(())
///     })
/// }
/// ```
pub fn run(name: &str, serve: impl AsyncFnOnce(Program) -> Result<(), Box<dyn Error>>) -> ExitCode {
    match run_named(name, serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell when nobody reads what is said last.
            let _closed = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

/// Waits for Ctrl-C, or for SIGTERM where there is such a thing.
pub async fn told_to_stop() {
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

impl Program {
    /// Takes the address, and says on standard output that the tour is there.
    ///
    /// # Errors
    ///
    /// When the address is taken or not this machine's, or standard output is closed.
    pub fn listen(&self) -> Result<TcpListener, Box<dyn Error>> {
        let listener = TcpListener::bind(self.address)
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(|error| self.cannot_listen(&error))?;
        self.announce()?;
        Ok(listener)
    }

    /// Says on standard output that the tour is there, for a framework that takes the address by itself.
    ///
    /// # Errors
    ///
    /// When standard output is closed.
    pub fn announce(&self) -> std::io::Result<()> {
        let origin = self.tour.auth().public_origin();
        let mut output = std::io::stdout();
        writeln!(output, "The tour is on {origin} (Ctrl-C stops it)")?;
        output.flush()
    }

    /// Makes the error for an address that cannot be taken.
    pub fn cannot_listen(&self, error: &std::io::Error) -> StartError {
        StartError::Listen {
            address: self.address,
            reason: error.to_string(),
        }
    }
}

fn run_named(
    name: &str,
    serve: impl AsyncFnOnce(Program) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    log_to_standard_error()?;
    let usage = format!("usage: {name} [--config FILE]");
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == "--help").is_some() {
        return Ok(writeln!(std::io::stdout(), "{usage}")?);
    }
    let mut configuration = match Configuration::from_arguments(arguments) {
        Err(error) if error.is_of_the_command_line() => {
            return Err(format!("{error}; {usage}").into());
        }
        read => read?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(configuration.find_issuers())?;
    let program = Program {
        tour: Tour::start(&configuration)?,
        address: configuration.listen(),
    };
    let ended = runtime.block_on(async {
        tokio::select! {
            served = serve(program) => served,
            () = async { told_to_stop().await; tokio::time::sleep(GRACE).await } => Ok(()),
        }
    });
    // What has not finished by now is not waited for.
    runtime.shutdown_background();
    ended
}

/// Shows warnings, or what `RUST_LOG` asks for: `level` or `target=level`, separated by commas.
fn log_to_standard_error() -> Result<(), Box<dyn Error>> {
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned());
    let filter: Targets = wanted
        .parse()
        .map_err(|error| format!("RUST_LOG is not understood: {error}"))?;
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init()?;
    Ok(())
}
