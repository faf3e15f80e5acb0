//! OpenID Connect Discovery 1.0 section 2: from what a person types to an issuer.

use codegrant_core::Resource;
use codegrant_core::http::{HttpResponse, Reach};
use codegrant_testkit::world::drive;
use serde_json::{Value, json};

const RELATION: &str = "http://openid.net/specs/connect/1.0/issuer";

fn issuer(href: Value) -> Value {
    json!({"subject": "acct:jane@example.org", "links": [{"rel": RELATION, "href": href}]})
}

fn answered(response: HttpResponse) -> Result<String, &'static str> {
    let step = Resource::parse("jane@example.org").unwrap().find_issuer();
    drive(step, |_| response.clone()).map_err(|error| error.code().name)
}

#[test]
fn what_a_person_types_becomes_a_resource_and_a_host() {
    let host = |typed: &str| {
        let resource = Resource::parse(typed).unwrap();
        let mut url = String::new();
        let _ = drive(resource.find_issuer(), |request| {
            url.clone_from(&request.url);
            assert_eq!(request.reach, Reach::Public);
            HttpResponse::new(404)
        });
        let (host, query) = url.split_once("/.well-known/webfinger?").unwrap();
        let rel = "rel=http%3A%2F%2Fopenid.net%2Fspecs%2Fconnect%2F1.0%2Fissuer";
        assert!(
            query.starts_with("resource=") && query.ends_with(rel),
            "{query}"
        );
        (resource.as_str().to_owned(), host.to_owned())
    };
    for (typed, resource, asked) in [
        (
            "jane@example.org",
            "acct:jane@example.org",
            "https://example.org",
        ),
        (
            "acct:jane@example.org",
            "acct:jane@example.org",
            "https://example.org",
        ),
        (
            " jane@example.org ",
            "acct:jane@example.org",
            "https://example.org",
        ),
        (
            "acct:a.b+c@example.org:8443",
            "acct:a.b+c@example.org:8443",
            "https://example.org:8443",
        ),
        (
            "acct:jane%40corp.example@example.org",
            "acct:jane%40corp.example@example.org",
            "https://example.org",
        ),
        ("example.org", "https://example.org", "https://example.org"),
        (
            "example.org:8080",
            "https://example.org:8080",
            "https://example.org:8080",
        ),
        (
            "example.org/jane",
            "https://example.org/jane",
            "https://example.org",
        ),
        (
            "example.org/jane@work",
            "https://example.org/jane@work",
            "https://example.org",
        ),
        (
            "jane@example.org:8080",
            "https://jane@example.org:8080",
            "https://example.org:8080",
        ),
        (
            "https://example.org/jane#frag",
            "https://example.org/jane",
            "https://example.org",
        ),
        (
            "https://example.org:8443/a/b?c",
            "https://example.org:8443/a/b?c",
            "https://example.org:8443",
        ),
    ] {
        assert_eq!(
            host(typed),
            (resource.to_owned(), asked.to_owned()),
            "{typed}"
        );
    }
    let Ok(resource) = Resource::parse("a&b@example.org") else {
        panic!("an & is part of a name")
    };
    let _ = drive(resource.find_issuer(), |request| {
        assert!(
            request
                .url
                .contains("resource=acct%3Aa%26b%40example.org&rel="),
            "{}",
            request.url
        );
        HttpResponse::new(404)
    });
}

// attack: DS-05 DS-14
#[test]
fn what_names_no_public_host_is_asked_about_nowhere() {
    for typed in [
        "",
        " ",
        "@",
        "@jane",
        "=jane",
        "!jane",
        "jane@",
        "acct:",
        "acct:jane",
        "acct:@example.org",
        "acct:jane@example.org/path",
        "acct:a/b@example.org",
        "acct:a@b@example.org",
        "http://example.org/jane",
        "mailto:jane@example.org",
        "javascript:alert(1)",
        "ftp://example.org",
        "file:///etc/passwd",
        "a b@example.org",
        "jane@ex\u{e4}mple.org",
        "jane@example.org\r\nx",
        "jane@localhost",
        "jane@intranet",
        "localhost:6379",
        "127.0.0.1",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::ffff:127.0.0.1]/",
        "jane@app.localhost",
        "jane@[fd00::1]",
        "https://",
        "https:///jane",
    ] {
        let refused = Resource::parse(typed).unwrap_err();
        assert_eq!(refused.code().name, "webfinger.resource", "{typed:?}");
    }
    assert!(Resource::parse(&format!("{}@example.org", "x".repeat(501))).is_err());
}

#[test]
fn on_loopback_nothing_else_is_asked() {
    let resource = Resource::parse_on_loopback("acct:jane@localhost:9000").unwrap();
    let found = drive(resource.find_issuer(), |request| {
        assert!(
            request
                .url
                .starts_with("http://localhost:9000/.well-known/webfinger?"),
            "{}",
            request.url
        );
        assert_eq!(request.reach, Reach::Anywhere);
        HttpResponse::json(&issuer(json!("http://localhost:9000/op")))
    });
    assert_eq!(found.unwrap(), "http://localhost:9000/op");
    for other in [
        "jane@example.org",
        "https://example.org/",
        "https://10.0.0.1/",
    ] {
        assert!(Resource::parse_on_loopback(other).is_err(), "{other}");
    }
    assert_eq!(
        Resource::parse_on_loopback("https://localhost/j")
            .unwrap()
            .as_str(),
        "https://localhost/j"
    );
    assert!(Resource::parse_on_loopback("http://127.0.0.1:9000/jane").is_ok());
}

#[test]
fn the_link_to_an_issuer_is_found_among_others() {
    let answer = json!({
        "subject": "acct:jane@example.org",
        "aliases": ["https://example.org/jane"],
        "links": [
            {"rel": "http://webfinger.net/rel/avatar", "href": "http://example.org/jane.png"},
            {"rel": RELATION, "href": "https://op.example/realm"},
        ],
    });
    for media_type in ["application/jrd+json", "application/json; charset=utf-8"] {
        let response = HttpResponse::new(200)
            .with_header("content-type", media_type)
            .with_body(answer.to_string());
        assert_eq!(
            answered(response),
            Ok("https://op.example/realm".to_owned())
        );
    }
}

// attack: DS-14
#[test]
fn an_issuer_is_a_plain_https_address_and_a_redirect_is_not_followed() {
    for href in [
        "http://op.example",
        "https://op.example?x=1",
        "https://op.example#f",
        "https://u:p@op.example",
        "op.example",
        "",
        "javascript:alert(1)",
        "https://localhost",
        "https://10.0.0.1",
        "https://[::1]",
        "https://169.254.169.254",
        "https://intranet",
        "https:op.example",
        "http://localhost:9000",
    ] {
        let refused = answered(HttpResponse::json(&issuer(json!(href))));
        assert_eq!(refused, Err("webfinger.issuer_refused"), "{href}");
    }
    for status in [301, 302, 303, 307, 308] {
        let redirect = HttpResponse::new(status).with_header("location", "https://evil.example/");
        assert_eq!(answered(redirect), Err("provider.redirect"));
    }
    let two = json!({"links": [
        {"rel": RELATION, "href": "https://op.example"}, {"rel": RELATION, "href": "https://evil.example"},
    ]});
    assert_eq!(
        answered(HttpResponse::json(&two)),
        Err("webfinger.issuer_refused")
    );
}

// attack: DS-14
#[test]
fn an_answer_that_is_no_descriptor_names_no_issuer() {
    for (answer, code) in [
        (json!({}), "webfinger.no_issuer"),
        (json!({"links": []}), "webfinger.no_issuer"),
        (json!({"links": null}), "webfinger.no_issuer"),
        (
            json!({"links": [5, null, {"rel": "other", "href": "https://op.example"}]}),
            "webfinger.no_issuer",
        ),
        (json!({"links": {}}), "provider.member_type"),
        (
            json!({"links": [{"rel": RELATION}]}),
            "provider.member_type",
        ),
        (
            issuer(json!(["https://op.example"])),
            "provider.member_type",
        ),
    ] {
        assert_eq!(answered(HttpResponse::json(&answer)), Err(code), "{answer}");
    }
    for (response, code) in [
        (HttpResponse::new(404), "provider.status"),
        (
            HttpResponse::new(200).with_body("{}"),
            "provider.media_type",
        ),
        (
            HttpResponse::new(200)
                .with_header("content-type", "application/jrd+json")
                .with_body("[]"),
            "provider.json",
        ),
        (
            HttpResponse::new(200)
                .with_header("content-type", "application/jrd+json")
                .with_body(r#"{"links":[],"links":[]}"#),
            "provider.json",
        ),
    ] {
        assert_eq!(answered(response), Err(code));
    }
}
