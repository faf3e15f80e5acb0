//! `cargo xtask demo FRAMEWORK`: the tour app and the provider, on loopback, without an account anywhere.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::process::{Running, Temporary, cargo, temporary};
use crate::smoke::Site;
use crate::workspace::{Workspace, shown};

/// How long a program may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the app and the provider are, if nothing else is there.
const APP_PORT: u16 = 3000;
const PROVIDER_PORT: u16 = 4000;

/// The id under which the app knows the provider.
const PROVIDER: &str = "dev";

/// A program: its package and its name.
type Program = (&'static str, &'static str);

/// The provider's program.
const DEV_PROVIDER: Program = ("codegrant-testkit", "codegrant-dev-provider");

/// A framework that the tour app is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framework {
    Axum,
    Rocket,
    Actix,
}

impl Framework {
    /// Every framework, in the order in which they are told about.
    pub(crate) const ALL: [Self; 3] = [Self::Axum, Self::Rocket, Self::Actix];

    /// Returns the word by which it is asked for.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Rocket => "rocket",
            Self::Actix => "actix",
        }
    }

    /// Returns the package of its tour app, whose program has the same name.
    pub(crate) fn tour(self) -> &'static str {
        match self {
            Self::Axum => "tour-axum",
            Self::Rocket => "tour-rocket",
            Self::Actix => "tour-actix",
        }
    }

    fn app(self) -> Program {
        (self.tour(), self.tour())
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    framework: Framework,
    /// The app's port; none for the usual one.
    port: Option<u16>,
    /// Whether to log in once and stop.
    smoke: bool,
}

impl Options {
    /// Reads the words after `demo`.
    ///
    /// # Errors
    ///
    /// The word that is not understood, or that the framework is missing.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, String> {
        let (&word, words) = words.split_first().ok_or_else(choices)?;
        let mut known = Framework::ALL.into_iter();
        let framework = known.find(|known| known.word() == word);
        let mut options = Self {
            framework: framework.ok_or_else(choices)?,
            port: None,
            smoke: false,
        };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            match word {
                "--smoke" => options.smoke = true,
                "--port" => {
                    let port = words.next().and_then(|port| port.parse().ok());
                    options.port = Some(port.filter(|&p| p > 0).ok_or("--port needs a number")?);
                }
                other => return Err(format!("demo: {other} is not understood")),
            }
        }
        Ok(options)
    }
}

/// Builds both programs and runs the demo, until Ctrl-C or for one login.
///
/// # Errors
///
/// What went wrong, with what to read about it.
pub(crate) fn run(workspace: &Workspace, options: Options) -> Result<(), String> {
    let app = options.framework.app();
    let mut command = build(workspace, app)?;
    if Path::new(program(workspace, app).get_program()).exists() {
        command.arg("--quiet");
    } else {
        eprintln!("building the demo, which takes a few minutes the first time");
    }
    match Running::start(&mut command).and_then(Running::wait) {
        Ok(status) if status.success() => {}
        Ok(_) => return Err("the demo does not build".to_owned()),
        Err(error) => return Err(format!("cargo: {error}")),
    }
    if options.smoke {
        let mut told = String::new();
        let ports = [options.port.unwrap_or(APP_PORT), PROVIDER_PORT];
        let result = smoke(workspace, options.framework, Some(ports), &mut told);
        print!("{told}");
        result
    } else {
        let port = options.port.unwrap_or(APP_PORT);
        serve(workspace, options.framework, port)
    }
}

/// Starts both programs, as they were last built, logs in once, and adds to `told` what happened.
///
/// The app and the provider get the two `ports` if those are free, and any others if not.
///
/// # Errors
///
/// What went wrong, with what to read about it.
pub(crate) fn smoke(
    workspace: &Workspace,
    framework: Framework,
    ports: Option<[u16; 2]>,
    told: &mut String,
) -> Result<(), String> {
    let [port, provider] = ports.unwrap_or([0, 0]);
    let port = free_port(port)?;
    let relay = bind_or_any(provider)?;
    let issuer = format!("http://127.0.0.1:{}", port_of(&relay)?);
    let hidden = free_port(0)?;
    let _provider = start_provider(workspace, hidden, &issuer)?;
    let site = Site::new(&origin(port), PROVIDER, relay, on_loopback(hidden))?;
    let folder = temporary().map_err(|error| error.to_string())?;
    let _app = start_app(workspace, framework, &folder, port, &issuer)?;
    site.log_in_once(told)
}

fn serve(workspace: &Workspace, framework: Framework, port: u16) -> Result<(), String> {
    if let Err(error) = TcpListener::bind(on_loopback(port)) {
        let (word, port_beside) = (framework.word(), port.wrapping_add(1));
        let other = format!("cargo xtask demo {word} --port {port_beside}");
        return Err(format!("port {port}: {error}; try {other}"));
    }
    let provider_port = free_port(PROVIDER_PORT)?;
    let issuer = format!("http://127.0.0.1:{provider_port}");
    let mut provider = start_provider(workspace, provider_port, &issuer)?;
    let folder = temporary().map_err(|error| error.to_string())?;
    let mut app = start_app(workspace, framework, &folder, port, &issuer)?;
    let (name, origin) = (framework.tour(), origin(port));
    println!("The tour app ({name}) is at {origin}: open it and log in.");
    println!("Its provider is at {issuer}: it plays Google or GitHub, with made-up people.");
    let log = log_of(workspace, framework.app());
    let log = shown(&workspace.root, &log);
    println!("What an error page has a reference for is in {log}.");
    println!("Nothing leaves this machine. Ctrl-C stops both.");
    loop {
        for (program, running) in [(framework.app(), &mut app), (DEV_PROVIDER, &mut provider)] {
            if running.ended().is_some() {
                return Err(format!(
                    "{} has ended: {}",
                    program.1,
                    last_words(workspace, program)
                ));
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Names the frameworks, for whoever named none or another.
fn choices() -> String {
    let choices = Framework::ALL.map(|known| format!("cargo xtask demo {}", known.word()));
    format!("demo: which one? {}", choices.join(", "))
}

/// Returns the command that builds an app and the provider.
///
/// # Errors
///
/// The program that the workspace does not have.
fn build(workspace: &Workspace, app: Program) -> Result<Command, String> {
    let mut command = cargo(&workspace.root);
    command.args(["build", "--locked"]);
    for (package, name) in [app, DEV_PROVIDER] {
        let packages = workspace.packages.iter().filter(|p| p.name == package);
        let mut targets = packages.flat_map(|package| &package.targets);
        let exists = targets.any(|t| t.name == name && t.kind.iter().any(|k| k == "bin"));
        if !exists {
            return Err(format!("the package {package} has no program {name}"));
        }
        command.args(["--package", package, "--bin", name]);
    }
    Ok(command)
}

fn start_provider(workspace: &Workspace, port: u16, issuer: &str) -> Result<Running, String> {
    let listen = on_loopback(port).to_string();
    let mut command = program(workspace, DEV_PROVIDER);
    command.args(["--listen", &listen, "--issuer", issuer]);
    start(workspace, DEV_PROVIDER, command)
}

fn start_app(
    workspace: &Workspace,
    framework: Framework,
    folder: &Temporary,
    port: u16,
    issuer: &str,
) -> Result<Running, String> {
    let file = folder.path().join("demo.toml");
    fs::write(&file, configuration(port, issuer))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    let mut command = program(workspace, framework.app());
    command.arg("--config").arg(file);
    start(workspace, framework.app(), command)
}

/// Writes the app's configuration, as anybody would write it for a provider of their own.
fn configuration(port: u16, issuer: &str) -> String {
    let app = origin(port);
    format!(
        "# Written by `cargo xtask demo`; docs/configuration.md describes every key.\n\
         listen = \"127.0.0.1:{port}\"\n\
         public_origin = \"{app}\"\n\
         app_name = \"the codegrant tour\"\n\n\
         [api]\n\
         url = \"{issuer}/api/me\"\n\n\
         [[provider]]\n\
         id = \"{PROVIDER}\"\n\
         name = \"the dev provider\"\n\
         issuer = \"{issuer}\"\n\
         client_id = \"tour\"\n\
         client_secret = \"tour-secret\"\n\n\
         # The same server once more, as if it knew OAuth 2.0 and no OpenID Connect.\n\
         [[provider]]\n\
         id = \"oauth\"\n\
         name = \"plain OAuth 2.0\"\n\
         client_id = \"tour\"\n\
         client_secret = \"tour-secret\"\n\
         scopes = [\"profile\", \"email\"]\n\n\
         [provider.endpoints]\n\
         authorization = \"{issuer}/authorize\"\n\
         token = \"{issuer}/token\"\n\
         userinfo = \"{issuer}/userinfo\"\n\n\
         [provider.user]\n\
         subject = \"sub\"\n\
         name = \"name\"\n"
    )
}

fn program(workspace: &Workspace, (_, name): Program) -> Command {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let mut command = Command::new(workspace.target.join("debug").join(file));
    command.current_dir(&workspace.root);
    command
}

fn log_of(workspace: &Workspace, (_, name): Program) -> PathBuf {
    workspace.log(&format!("demo-{name}"))
}

/// Starts a program and waits for the line by which it says that it answers.
///
/// That somebody answers at its port would not do: it may be another program, there before it.
fn start(workspace: &Workspace, which: Program, mut command: Command) -> Result<Running, String> {
    let name = which.1;
    let started = fs::create_dir_all(workspace.scratch())
        .and_then(|()| File::create(log_of(workspace, which)))
        .and_then(|log| {
            command.stdout(Stdio::piped()).stderr(log);
            Running::start(&mut command)
        });
    let mut running = started.map_err(|error| format!("{name}: {error}"))?;
    let (sender, lines) = mpsc::channel();
    if let Some(output) = running.take_output() {
        std::thread::spawn(move || {
            // Goes on reading when nobody listens any more, so that the program is never held up.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
    }
    match lines.recv_timeout(PATIENCE) {
        Ok(_ready) => Ok(running),
        Err(RecvTimeoutError::Timeout) => Err(format!("{name} does not say that it is ready")),
        Err(RecvTimeoutError::Disconnected) => Err(format!(
            "{name} has ended: {}",
            last_words(workspace, which)
        )),
    }
}

/// Returns the end of what a program printed, and where the rest is.
fn last_words(workspace: &Workspace, which: Program) -> String {
    let log = log_of(workspace, which);
    let text = fs::read_to_string(&log).unwrap_or_default();
    let lines = crate::tally::tail(&text, 20).join("\n");
    format!("{}\n{lines}", shown(&workspace.root, &log))
}

fn origin(port: u16) -> String {
    format!("http://localhost:{port}")
}

fn on_loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Listens on a port if it is free, or else on any.
fn bind_or_any(wanted: u16) -> Result<TcpListener, String> {
    TcpListener::bind(on_loopback(wanted))
        .or_else(|_| TcpListener::bind(on_loopback(0)))
        .map_err(|error| format!("no port is free: {error}"))
}

/// Returns a port if it is free now, or else any that is.
fn free_port(wanted: u16) -> Result<u16, String> {
    port_of(&bind_or_any(wanted)?)
}

fn port_of(listener: &TcpListener) -> Result<u16, String> {
    let address = listener.local_addr();
    address
        .map(|address| address.port())
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_any_order_and_nothing_else() {
        let options = Options::parse(&["rocket", "--port", "8080", "--smoke"]).unwrap();
        assert_eq!(options.framework, Framework::Rocket);
        assert_eq!((options.port, options.smoke), (Some(8080), true));
        assert_eq!(Options::parse(&["axum"]).unwrap().port, None);
        for words in [
            &["axum", "--port"][..],
            &["axum", "--port", "x"],
            &["axum", "--port", "0"],
            &["axum", "--smok"],
            &["axum", "rocket"],
        ] {
            assert!(Options::parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn demo_without_a_framework_that_is_known_names_all_of_them() {
        for words in [&[][..], &["--smoke"], &["poem"]] {
            let told = Options::parse(words).unwrap_err();
            for framework in Framework::ALL {
                let command = format!("cargo xtask demo {}", framework.word());
                assert!(told.contains(&command), "{told}");
            }
        }
    }

    #[test]
    fn taken_port_is_not_chosen() {
        let taken = TcpListener::bind(on_loopback(0)).unwrap();
        let port = port_of(&taken).unwrap();
        assert_ne!(free_port(port).unwrap(), port);
    }

    #[test]
    fn configuration_is_toml_with_two_providers() {
        let text = configuration(3000, "http://127.0.0.1:4000");
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(
            table["public_origin"].as_str(),
            Some("http://localhost:3000")
        );
        let providers = table["provider"].as_array().unwrap();
        let ids: Vec<_> = providers
            .iter()
            .map(|p| p["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["dev", "oauth"]);
    }
}
