//! How the client proves itself at the token endpoint (RFC 6749 section 2.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use codegrant_core::Client;
use codegrant_core::error::Purpose;
use codegrant_core::provider::{AuthenticationMethod, Provider};
use codegrant_testkit::World;
use codegrant_testkit::world::Sent;

use crate::distinct;

// attack: TK-25
#[test]
fn a_token_request_authenticates_by_one_method() {
    use AuthenticationMethod::{ClientSecretBasic, ClientSecretPost};
    for method in [ClientSecretBasic, ClientSecretPost] {
        let mut world = World::openid();
        world.client = world.client.clone().with_authentication(method);
        let outcome = world.login(|_honest| {});
        let sent = outcome.sent(Purpose::Token);
        let form = distinct(sent.form());
        let in_body = ["client_id", "client_secret"].map(|name| form.contains_key(name));
        if method == ClientSecretBasic {
            assert_eq!(
                basic(sent),
                Some(("app".to_owned(), "client-secret".to_owned()))
            );
            assert_eq!(in_body, [false, false]);
        } else {
            assert_eq!(sent.request.header("authorization"), None);
            assert_eq!((form["client_id"].as_str(), in_body), ("app", [true, true]));
            assert_eq!(form["client_secret"], "client-secret");
        }
        for sent in &outcome.requests {
            assert!(
                !sent.request.url.contains("client-secret"),
                "{}",
                sent.purpose
            );
        }
    }
}

#[test]
fn a_public_client_names_itself_and_sends_no_secret() {
    let provider = Provider::openid("op", "OP", "https://op.example");
    let mut world = World::new(Client::new(provider, "spa", "https://app.example/cb"));
    let outcome = world.login(|_honest| {});
    let sent = outcome.sent(Purpose::Token);
    assert_eq!(sent.request.header("authorization"), None);
    let form = distinct(sent.form());
    assert_eq!(form["client_id"], "spa");
    assert!(!form.contains_key("client_secret"));
}

// attack: TK-24
#[test]
fn reserved_characters_survive_basic_authentication() {
    for (id, secret) in [
        ("a:b", "c:d"),
        ("100%", "%3A"),
        ("a b", " "),
        ("a+b", "+"),
        (
            "https://app.example/client?x=1&y=2",
            "p@ss/w\u{f6}rd=\"\u{1f511}\"",
        ),
        ("a\u{e9}", "~!*'();[]"),
    ] {
        let provider = Provider::openid("op", "OP", "https://op.example");
        let client = Client::new(provider, id, "https://app.example/cb").with_secret(secret);
        let outcome = World::new(client).login(|_honest| {});
        let (sent_id, sent_secret) = basic(outcome.sent(Purpose::Token)).unwrap();
        assert_eq!(
            (decoded(&sent_id).as_str(), decoded(&sent_secret).as_str()),
            (id, secret)
        );
    }
}

fn basic(sent: &Sent) -> Option<(String, String)> {
    let value = sent
        .request
        .header("authorization")?
        .strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
    let (id, secret) = text.split_once(':').unwrap();
    assert!(!secret.contains(':'), "more than two parts");
    Some((id.to_owned(), secret.to_owned()))
}

/// Decodes one form-encoded word by hand, apart from the code under test.
fn decoded(word: &str) -> String {
    let mut bytes = word.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'+' => b' ',
            b'%' => {
                let pair = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(plain).unwrap()
}
