//! A function behind a loopback socket, and the development provider as a program.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use codegrant_core::http::HttpResponse;
use codegrant_core::jose::Algorithm;
use codegrant_dev_provider::{ClientRegistration, DevProvider, Fault, Settings};
use codegrant_testkit::serve::BODY_LIMIT;
use codegrant_testkit::{Loopback, Served};
use serde_json::{Value, json};

/// Sends one request as it stands and reads until the server closes.
fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

fn request(address: SocketAddr, head: &str, body: &str) -> String {
    exchange(
        address,
        &format!("{head}\r\nConnection: close\r\n\r\n{body}"),
    )
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

fn json(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// Serves what it was asked.
fn mirror() -> Served {
    Served::start(|request| {
        let headers: Vec<_> = request.headers.iter().map(|(n, v)| json!([n, v])).collect();
        HttpResponse::json(&json!({
            "method": request.method.as_str(),
            "url": request.url,
            "headers": headers,
            "body": String::from_utf8_lossy(&request.body),
        }))
        .with_header("set-cookie", "a=1")
        .with_header("set-cookie", "b=2")
    })
    .unwrap()
}

#[test]
fn the_function_sees_the_request_and_its_answer_arrives() {
    let served = mirror();
    let answer = request(
        served.address(),
        "POST /token?a=%20b HTTP/1.1\r\nHost: localhost:9\r\nAuthorization: Basic eA==\r\n\
         Cookie: a\r\nCookie: b\r\nX-Other: c\r\nContent-Length: 4",
        "k=v&",
    );
    assert_eq!(status(&answer), "200");
    assert!(
        answer.contains("set-cookie: a=1\r\nset-cookie: b=2\r\n"),
        "{answer}"
    );
    let seen = json(&answer);
    assert_eq!(seen["method"], "POST");
    assert_eq!(seen["url"], "http://localhost:9/token?a=%20b");
    assert_eq!(seen["body"], "k=v&");
    let headers = json!([
        ["authorization", "Basic eA=="],
        ["cookie", "a"],
        ["cookie", "b"]
    ]);
    assert_eq!(seen["headers"], headers);
}

#[test]
fn head_is_a_get_without_a_body_and_other_methods_are_refused() {
    let served = mirror();
    let head = request(served.address(), "HEAD / HTTP/1.1\r\nHost: localhost", "");
    assert_eq!(status(&head), "200");
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    for method in ["TRACE", "OPTIONS", "BREW"] {
        let answer = request(
            served.address(),
            &format!("{method} / HTTP/1.1\r\nHost: localhost"),
            "",
        );
        assert_eq!(status(&answer), "405");
        assert!(
            answer.contains("allow: GET, HEAD, POST, PUT, PATCH, DELETE\r\n"),
            "{answer}"
        );
    }
}

#[test]
fn a_request_without_one_sound_host_is_refused() {
    let served = mirror();
    for hosts in ["X-None: 1", "Host: a\r\nHost: b", "Host: a/b?c", "Host: "] {
        let answer = request(served.address(), &format!("GET / HTTP/1.1\r\n{hosts}"), "");
        assert_eq!(status(&answer), "400", "{hosts}");
    }
}

#[test]
fn a_target_in_absolute_form_wins_over_the_host() {
    let served = mirror();
    let head = "GET http://other.example/x HTTP/1.1\r\nHost: localhost";
    assert_eq!(
        json(&request(served.address(), head, ""))["url"],
        "http://other.example/x"
    );
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let served = mirror();
    let head = |length| format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}");
    let whole = request(served.address(), &head(BODY_LIMIT), &"b".repeat(BODY_LIMIT));
    assert_eq!(status(&whole), "200");
    let over = request(
        served.address(),
        &head(BODY_LIMIT + 1),
        &"b".repeat(BODY_LIMIT + 1),
    );
    assert_eq!(status(&over), "413");
}

#[test]
fn a_panic_in_the_function_is_status_500_and_the_next_request_works() {
    let served = Served::start(|request| {
        assert!(!request.url.ends_with("/panic"), "asked to");
        HttpResponse::new(204)
    })
    .unwrap();
    let of = |path: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost");
        status(&request(served.address(), &head, "")).to_owned()
    };
    assert_eq!(of("/panic"), "500");
    assert_eq!(of("/"), "204");
}

#[test]
fn the_port_is_free_again_when_it_is_dropped() {
    let served = mirror();
    let address = served.address();
    drop(served);
    Loopback::bind_to(address).unwrap();
}

#[test]
fn only_loopback_addresses_are_bound() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let error = Loopback::bind_to(address.parse().unwrap()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{address}");
    }
}

#[test]
fn a_dev_provider_serves_its_metadata_and_remembers_the_call() {
    let loopback = Loopback::bind().unwrap();
    let settings = Settings::new(loopback.origin(), [7; 32])
        .with_algorithm(Algorithm::Es256)
        .with_client(ClientRegistration::any_on_loopback("app", Some("secret")));
    let provider = Arc::new(DevProvider::new(settings).unwrap());
    let served = loopback.serve_provider(provider.clone());
    let host = served.origin().strip_prefix("http://").unwrap();
    let head = format!("GET /.well-known/openid-configuration HTTP/1.1\r\nHost: {host}");
    let metadata = json(&request(served.address(), &head, ""));
    assert_eq!(metadata["issuer"], served.origin());
    assert_eq!(provider.requests().len(), 1);
    provider.inject(Fault::Down);
    assert_eq!(status(&request(served.address(), &head, "")), "503");
}

/// The program, stopped when the test ends.
struct Program {
    child: Child,
    output: BufReader<ChildStdout>,
    line: String,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_codegrant-dev-provider"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        Self {
            child,
            output,
            line,
        }
    }

    fn address(&self) -> SocketAddr {
        self.line
            .trim_end()
            .rsplit(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    }

    fn get(&self, host: &str, path: &str) -> String {
        request(
            self.address(),
            &format!("GET {path} HTTP/1.1\r\nHost: {host}"),
            "",
        )
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "it prints one line and no more");
    }
}

/// Runs the program where it is expected to end by itself; returns whether it succeeded and all it said.
fn ended(arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_codegrant-dev-provider"));
    let output = command.args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn the_program_says_where_it_is_and_serves_there() {
    let program = Program::start(&[]);
    let issuer = format!("http://localhost:{}", program.address().port());
    assert_eq!(
        program.line,
        format!("{issuer} is ready, listening on {}\n", program.address())
    );
    let answer = program.get(
        &program.address().to_string(),
        "/.well-known/openid-configuration",
    );
    assert_eq!(json(&answer)["issuer"], issuer);
    let login = "/authorize?client_id=tour&response_type=code&scope=openid&code_challenge_method=S256\
                 &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&nonce=n&state=s\
                 &redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fauth%2Fcallback%2Fdev";
    assert!(program.get("localhost", login).contains("Ada Lovelace"));
}

#[test]
fn the_program_takes_an_issuer_clients_and_faults() {
    let program = Program::start(&[
        "--issuer",
        "http://127.0.0.1:1/op",
        "--client",
        "mine:secret:http://localhost:3000/back",
        "--fault",
        "discovery-other-issuer",
        "--fault",
        "jwks-empty",
    ]);
    assert!(
        program.line.starts_with("http://127.0.0.1:1/op is ready"),
        "{}",
        program.line
    );
    let metadata = program.get("localhost", "/op/.well-known/openid-configuration");
    assert_ne!(json(&metadata)["issuer"], "http://127.0.0.1:1/op");
    assert_eq!(
        json(&program.get("localhost", "/op/jwks"))["keys"],
        json!([])
    );
    let other = "/op/authorize?client_id=mine&response_type=code&scope=openid\
                 &redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fother";
    assert_eq!(status(&program.get("localhost", other)), "400");
}

#[test]
fn a_page_whose_name_was_bent_to_loopback_gets_nothing() {
    let program = Program::start(&[]);
    for host in ["evil.example", "localhost.evil.example", "169.254.169.254"] {
        let answer = program.get(host, "/.well-known/openid-configuration");
        assert_eq!(status(&answer), "421", "{host}");
        assert!(!answer.contains("authorization_endpoint"));
    }
}

#[test]
fn the_program_refuses_to_be_reached_from_elsewhere() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let (success, said) = ended(&["--listen", listen]);
        assert!(!success && said.contains("is not on loopback"), "{said}");
    }
    let public = ["--listen", "127.0.0.1:0", "--issuer", "https://op.example"];
    let (success, said) = ended(&public);
    assert!(!success && said.contains("https://op.example"), "{said}");
}

#[test]
fn the_program_explains_its_options_and_every_mistake() {
    let (success, help) = ended(&["--help"]);
    assert!(success && help.contains("--access-token-seconds"));
    let (success, faults) = ended(&["--fault", "list"]);
    assert!(success && faults.lines().count() == Fault::ALL.len());
    for (arguments, expected) in [
        (["--fault", "nonsense"], "nonsense"),
        (["--access-token-seconds", "0"], "not a number above 0"),
        (["--listen", "4000"], "not an address and port"),
        (["--clients", "a:b"], "--clients is unknown"),
    ] {
        let (success, said) = ended(&arguments);
        assert!(!success && said.contains(expected), "{arguments:?}: {said}");
    }
    let (success, said) = ended(&["--client", "a-secret-without-an-id"]);
    assert!(!success && said.contains("ID:SECRET"), "{said}");
    assert!(!said.contains("a-secret"), "a secret stays unsaid");
    assert!(ended(&["--issuer"]).1.contains("--issuer needs a value"));
}

#[test]
fn the_program_takes_features_and_a_settings_file() {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/dev-provider-settings.json");
    let settings = json!({
        "algorithm": "ES256",
        "features": ["pushed-requests"],
        "clients": [{ "client_id": "signer", "token_endpoint_auth_method": "private_key_jwt" }],
    });
    std::fs::write(path, settings.to_string()).unwrap();
    let program = Program::start(&["--settings", path, "--feature", "dpop"]);
    let metadata = json(&program.get("localhost", "/.well-known/openid-configuration"));
    let issuer = metadata["issuer"].as_str().unwrap();
    let pushed = &metadata["pushed_authorization_request_endpoint"];
    assert_eq!(*pushed, format!("{issuer}/par"));
    assert!(metadata["dpop_signing_alg_values_supported"].is_array());
    let methods = metadata["token_endpoint_auth_methods_supported"].to_string();
    assert!(methods.contains("private_key_jwt"), "{methods}");

    let (succeeded, said) = ended(&["--feature", "list"]);
    assert!(succeeded && said.contains("pushed-requests\n"));
    std::fs::write(path, r#"{"colour":"red"}"#).unwrap();
    for (arguments, expected) in [
        (["--feature", "nothing"], "unknown feature \"nothing\""),
        (["--settings", path], "there is no setting \"colour\""),
        (["--settings", "/nowhere.json"], "/nowhere.json: "),
    ] {
        let (succeeded, said) = ended(&arguments);
        assert!(!succeeded && said.contains(expected), "{said}");
    }
}
