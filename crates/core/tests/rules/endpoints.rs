//! The addresses in a provider's metadata: which are used, and which nobody is ever sent to.

use codegrant_core::Client;
use codegrant_core::provider::Provider;
use codegrant_testkit::World;
use serde_json::json;

use crate::metadata::{ENDPOINTS, issuer, set_up_refused, told};

// attack: DS-04 MX-12
#[test]
fn an_endpoint_needs_https() {
    for member in ENDPOINTS {
        for url in [
            "http://op.example/x",
            "http://localhost/x",
            "http://127.0.0.1:8080/x",
            "HTTP://op.example/x",
            "ftp://op.example/x",
            "ws://op.example/x",
            "javascript:alert(1)",
            "JavaScript://op.example/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "https:",
            "https://",
            "//op.example/x",
            "/authorize",
            "op.example/x",
            "",
            "https://op.example/a\r\nX: y",
            "https://op.example/a\tb",
            "https://op.example/a b",
            " https://op.example/x",
            "https://op.example/\u{e9}",
            "https://\u{43e}p.example/x",
            "https://op.example\\@evil.example/x\0",
            "https://user:password@op.example/x",
            "https://user@op.example/x",
            "https://op.example:99999/x",
            "https://[::1/x",
            "https://op.example/x#fragment",
            "https://op.example/x#",
        ] {
            let outcome = told(|metadata| metadata.set(member, url));
            assert_eq!(
                outcome.code(),
                Some("discovery.endpoint_refused"),
                "{member} {url:?}"
            );
            set_up_refused(&outcome, "discovery.endpoint_refused");
        }
    }
}

// attack: DS-05
#[test]
fn an_endpoint_leads_into_no_private_network() {
    for member in ENDPOINTS {
        for host in [
            "169.254.169.254",
            "[::1]",
            "localhost:6379",
            "LOCALHOST",
            "x.localhost",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "127.1",
            "127.0.0.53",
            "0",
            "0.0.0.0",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "2130706433",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[0:0:0:0:0:ffff:a9fe:a9fe]",
            "[::]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd12:3456::1]",
            "[ff02::1]",
            "100.64.0.1",
            "100.127.255.255",
            "224.0.0.1",
            "255.255.255.255",
            "%31%32%37.0.0.1",
            "localhost.",
            "x.localhost.",
            "192.0.0.8",
            "198.18.0.1",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[fec0::1]",
            "[2001:0:102:304::80ff:fffe]",
            "[::ffff:0:127.0.0.1]",
        ] {
            let url = format!("https://{host}/");
            let outcome = told(|metadata| metadata.set(member, url));
            assert_eq!(
                outcome.code(),
                Some("discovery.endpoint_refused"),
                "{member} {host}"
            );
        }
    }
    for host in [
        "172.32.0.1",
        "100.128.0.1",
        "11.0.0.1",
        "accounts.op.example",
        "localhost.example",
    ] {
        let url = format!("https://{host}/jwks");
        assert_eq!(
            told(|metadata| metadata.set("jwks_uri", url)).code(),
            None,
            "{host}"
        );
    }
}

#[test]
fn a_provider_inside_the_network_may_name_its_own_host_and_no_other() {
    let mut world = issuer("https://10.0.0.5");
    assert_eq!(world.login(|_honest| {}).code(), None);
    world.metadata.set("jwks_uri", "https://10.0.0.6/jwks");
    assert_eq!(
        world.login(|_honest| {}).code(),
        Some("discovery.endpoint_refused")
    );
}

#[test]
fn a_provider_on_loopback_is_reached_by_http() {
    for loopback in [
        "http://localhost:8080",
        "http://127.0.0.1:9000/realm",
        "http://[::1]:9000",
    ] {
        let mut world = issuer(loopback);
        assert_eq!(world.login(|_honest| {}).code(), None, "{loopback}");
        world
            .metadata
            .set("token_endpoint", "http://op.example/token");
        assert_eq!(
            world.login(|_honest| {}).code(),
            Some("discovery.endpoint_refused")
        );
    }
}

// attack: MX-13
#[test]
fn an_authorization_endpoint_with_parameters_of_ours_is_refused() {
    for query in [
        "client_id=evil",
        "state=fixed",
        "x=1&redirect_uri=https://evil.example/",
        "response_type=token",
        "scope=admin",
        "nonce=n",
        "code_challenge=c",
        "code_challenge_method=plain",
        "response_mode=fragment",
        "request=a.b.c",
        "request_uri=https://evil.example/",
        "%73tate=fixed",
        "state",
        "client_secret=x",
    ] {
        let url = format!("https://op.example/authorize?{query}");
        let outcome = told(|metadata| metadata.set("authorization_endpoint", url));
        set_up_refused(&outcome, "discovery.endpoint_refused");
    }
    let mut world = World::openid();
    world.metadata.set(
        "authorization_endpoint",
        "https://op.example/authorize?tenant=a%20b&x",
    );
    let pending = world.start();
    assert!(
        pending
            .request
            .url()
            .starts_with("https://op.example/authorize?tenant=a%20b&x&")
    );
    assert_eq!(pending.parameter("tenant"), "a b");
}

#[test]
fn a_parameter_of_this_login_is_never_sent_twice() {
    for (query, set) in [
        ("prompt=none", "prompt"),
        ("max_age=0", "max_age"),
        ("acr_values=x", "acr_values"),
    ] {
        let mut world = World::openid();
        world.metadata.set(
            "authorization_endpoint",
            format!("https://op.example/authorize?{query}"),
        );
        assert_eq!(
            world.login(|script| script.claims.remove("at_hash")).code(),
            None,
            "{query} alone"
        );
        match set {
            "prompt" => world.options.prompt = Some("login".to_owned()),
            "max_age" => world.options.max_age = Some(60),
            _ => world.options.acr_values = vec!["phr".to_owned()],
        }
        set_up_refused(&world.login(|_honest| {}), "discovery.endpoint_refused");
    }
    let mut twice = World::openid();
    twice.metadata.set(
        "authorization_endpoint",
        "https://op.example/authorize?a=1&a=2",
    );
    set_up_refused(&twice.login(|_honest| {}), "discovery.endpoint_refused");
}

// attack: DS-05 LO-30
#[test]
fn an_address_that_parsers_mend_or_that_says_something_in_a_policy_is_refused() {
    for url in [
        "https:op.example/x",
        "https:x",
        r"https:\\op.example\x",
        "https:/op.example/x",
        "https://*/x",
        "https://*.example/x",
        "https://op.example;sandbox/x",
        "https://op.example,x/x",
        "https://op.example'x/x",
    ] {
        for member in ["check_session_iframe", "end_session_endpoint", "jwks_uri"] {
            let outcome = told(|metadata| metadata.set(member, url));
            assert_eq!(outcome.code(), Some("discovery.endpoint_refused"), "{url}");
        }
        for metadata in ["openid", "oauth"] {
            let entry = json!({
                "id": "op", "issuer": url, "metadata": metadata, "user": {"subject": "id"},
            });
            let provider: Provider = serde_json::from_value(entry).unwrap();
            let client = Client::new(provider, "app", "https://app.example/cb").with_secret("s");
            assert!(client.validate().is_err(), "{url}");
            assert!(client.discover().is_err(), "{url}");
        }
    }
    for host in [
        "sign_in.op.example",
        "xn--bcher-kva.example",
        "[2606:4700::1111]:8443",
    ] {
        let url = format!("https://{host}/check");
        assert_eq!(
            told(|metadata| metadata.set("check_session_iframe", url)).code(),
            None
        );
    }
}
