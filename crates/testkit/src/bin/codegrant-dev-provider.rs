//! The development provider as a program of its own: `codegrant-dev-provider --help`.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use codegrant_dev_provider::{ClientRegistration, DevProvider, Fault, Feature, Settings};
use codegrant_testkit::Loopback;

const HELP: &str = "\
Serves an OpenID Provider for development: users to choose from, no accounts, this machine only.

codegrant-dev-provider [OPTION]...

  --listen ADDRESS:PORT            where to listen, on loopback (127.0.0.1:4000; port 0 takes a free one)
  --issuer URL                     the issuer identifier (http://localhost:PORT)
  --client ID:SECRET[:REDIRECT]    an app that may ask for logins; repeat for several; an empty SECRET
                                   makes a public client; without REDIRECT any callback on loopback will
                                   do (tour:tour-secret)
  --feature NAME                   do this besides the plain code flow; repeat for several; `--feature list`
                                   names them
  --settings FILE                  read settings in JSON: algorithm, features, clients by their registered
                                   metadata, scopes and more
  --fault NAME                     misbehave in this way; repeat for several; `--fault list` names them
  --access-token-seconds SECONDS   how long an access token lives (3600)
  --help                           show this text
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(mistake) => {
            let _closed = writeln!(std::io::stderr(), "codegrant-dev-provider: {mistake}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let options = match Asked::parse(arguments)? {
        Asked::Text(text) => return say(&text),
        Asked::Serve(options) => options,
    };
    let loopback = Loopback::bind_to(options.listen)
        .map_err(|error| format!("--listen {}: {error}", options.listen))?;
    let issuer = options.issuer.unwrap_or_else(|| loopback.origin());
    let mut seed = [0; 32];
    aws_lc_rs::rand::fill(&mut seed).map_err(|_| "the system gives no random bytes".to_owned())?;
    let mut settings = match &options.settings {
        Some(text) => Settings::from_json(issuer, seed, text)
            .map_err(|error| format!("--settings: {error}"))?,
        None => Settings::new(issuer, seed),
    };
    settings.clients.extend(options.clients);
    if settings.clients.is_empty() {
        settings.clients.push(client("tour:tour-secret")?);
    }
    settings = settings
        .with_features(options.features)
        .with_outbox(codegrant_testkit::outbox());
    if let Some(seconds) = options.access_token_seconds {
        settings.access_token_lifetime = seconds;
    }
    let provider = DevProvider::new(settings).map_err(|error| error.to_string())?;
    for fault in options.faults {
        provider.inject(fault);
    }
    let provider = Arc::new(provider);
    let address = loopback.address();
    let served = loopback.serve_provider(provider.clone());
    say(&format!(
        "{} is ready, listening on {address}\n",
        provider.issuer()
    ))?;
    served.wait();
    Ok(())
}

/// What the arguments ask for.
#[derive(Debug)]
enum Asked {
    Text(String),
    Serve(Options),
}

#[derive(Debug)]
struct Options {
    listen: SocketAddr,
    issuer: Option<String>,
    clients: Vec<ClientRegistration>,
    features: Vec<Feature>,
    /// The text of a settings file.
    settings: Option<String>,
    faults: Vec<Fault>,
    access_token_seconds: Option<i64>,
}

impl Asked {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Options {
            listen: ([127, 0, 0, 1], 4000).into(),
            issuer: None,
            clients: Vec::new(),
            features: Vec::new(),
            settings: None,
            faults: Vec::new(),
            access_token_seconds: None,
        };
        let mut arguments = arguments.iter();
        while let Some(name) = arguments.next() {
            if name == "--help" {
                return Ok(Self::Text(HELP.to_owned()));
            }
            let mut value = || arguments.next().ok_or(format!("{name} needs a value"));
            match name.as_str() {
                "--listen" => {
                    let value = value()?;
                    options.listen = value
                        .parse()
                        .map_err(|_| format!("--listen {value}: not an address and port"))?;
                }
                "--issuer" => options.issuer = Some(value()?.clone()),
                "--settings" => {
                    let path = value()?;
                    let text = std::fs::read_to_string(path);
                    options.settings = Some(text.map_err(|error| format!("{path}: {error}"))?);
                }
                "--feature" => match value()?.as_str() {
                    "list" => return Ok(Self::Text(features())),
                    name => options.features.push(name.parse().map_err(|error| {
                        format!("--feature: {error}; `--feature list` names them")
                    })?),
                },
                "--client" => options.clients.push(client(value()?)?),
                "--fault" => {
                    match value()?.as_str() {
                        "list" => return Ok(Self::Text(faults())),
                        name => options.faults.push(name.parse().map_err(|error| {
                            format!("--fault: {error}; `--fault list` names them")
                        })?),
                    }
                }
                "--access-token-seconds" => {
                    let value = value()?;
                    let seconds = value.parse().ok().filter(|seconds| *seconds > 0);
                    options.access_token_seconds = Some(seconds.ok_or_else(|| {
                        format!("--access-token-seconds {value}: not a number above 0")
                    })?);
                }
                other => return Err(format!("{other} is unknown; see --help")),
            }
        }
        Ok(Self::Serve(options))
    }
}

/// Reads `ID:SECRET[:REDIRECT]`.
fn client(written: &str) -> Result<ClientRegistration, String> {
    let mut parts = written.splitn(3, ':');
    let (Some(id), Some(secret)) = (parts.next().filter(|id| !id.is_empty()), parts.next()) else {
        // Whatever stands there may be a secret: it is not repeated.
        return Err("--client: not of the form ID:SECRET[:REDIRECT]".to_owned());
    };
    let secret = Some(secret).filter(|secret| !secret.is_empty());
    Ok(match parts.next() {
        None => ClientRegistration::any_on_loopback(id, secret),
        Some(uri) => ClientRegistration::new(id, secret).with_redirect_uri(uri),
    })
}

fn features() -> String {
    Feature::ALL
        .iter()
        .map(|feature| format!("{feature}\n"))
        .collect()
}

fn faults() -> String {
    Fault::ALL
        .iter()
        .map(|fault| format!("{fault}\n"))
        .collect()
}

/// Prints and flushes: whoever started us reads the line through a pipe.
fn say(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())
}
