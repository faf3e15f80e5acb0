//! The logout token as a container: whose signature, which algorithm, which encryption, and only one reading.

use std::sync::Arc;

use codegrant_core::jose::{
    Algorithm, ContentEncryption, DecryptionKey, Encryption, EncryptionKey, KeyManagement,
    SigningKey, base64url,
};
use codegrant_core::provider::Provider;
use codegrant_core::{Client, LogoutToken};
use codegrant_testkit::World;
use codegrant_testkit::world::{signing_key, stranger_key};
use serde_json::{Value, json};

use super::{Desk, code};

// attack: LO-07 LO-25
#[test]
fn an_unsigned_token_logs_nobody_out() {
    let desk = Desk::new();
    for alg in ["none", "None", "", "HS256"] {
        let header = base64url::encode(json!({ "alg": alg }).to_string().as_bytes());
        let claims = base64url::encode(Value::Object(desk.claims.clone()).to_string().as_bytes());
        for signature in ["", "c2lnbmVk"] {
            let judged = desk.judge(&format!("{header}.{claims}.{signature}"));
            let code = code(judged);
            assert!(
                ["id_token.algorithm_unsupported", "id_token.malformed"].contains(&code),
                "{alg:?} {signature:?}: {code}"
            );
        }
    }
}

// attack: LO-08 LO-25
#[test]
fn a_token_of_another_key_or_algorithm_logs_nobody_out() {
    let desk = Desk::new();
    let published = desk.signed(&signing_key(Algorithm::Es256, "k2"), None);
    assert_eq!(code(desk.judge(&published)), "id_token.algorithm_mismatch");
    let stranger = desk.signed(&stranger_key(Algorithm::Rs256, "k1"), None);
    assert_eq!(code(desk.judge(&stranger)), "id_token.bad_signature");
    let unknown = desk.signed(&stranger_key(Algorithm::Rs256, "k9"), None);
    assert_eq!(code(desk.judge(&unknown)), "id_token.unknown_key");
    let honest = desk.signed(&signing_key(Algorithm::Rs256, "k1"), None);
    let lacks = |token: &str| {
        let signed = LogoutToken::signed(token, &desk.client).unwrap();
        LogoutToken::lacks_key(&signed, &desk.client, &desk.metadata, &desk.keys)
    };
    assert_eq!(
        [&published, &stranger, &unknown, &honest].map(|token| lacks(token)),
        [false, true, true, false],
        "newer keys are worth a look"
    );
}

#[test]
fn claims_have_one_reading() {
    let desk = Desk::new();
    let claims = Value::Object(desk.claims.clone()).to_string();
    let twice = claims.replacen('{', "{\"sub\":\"somebody else\",", 1);
    for text in [twice.as_str(), "[]", "{"] {
        let key = signing_key(Algorithm::Rs256, "k1");
        let token = key.sign_raw(br#"{"alg":"RS256","kid":"k1"}"#, text.as_bytes());
        assert_eq!(
            code(desk.judge(&token.unwrap())),
            "logout_token.claims_json"
        );
    }
}

#[test]
fn a_token_may_be_encrypted_where_id_tokens_are_and_is_signed_in_any_case() {
    let registered = Encryption {
        algorithm: KeyManagement::EcdhEs,
        encryption: ContentEncryption::A256Gcm,
    };
    let key = Arc::new(DecryptionKey::generate(registered.algorithm, Some("enc")).unwrap());
    let mut desk = Desk::new();
    desk.client = desk
        .client
        .with_decryption_key(key.clone())
        .with_id_token_encryption(registered);
    let encrypted = |token: &str| {
        let (algorithm, encryption) = (registered.algorithm, registered.encryption);
        EncryptionKey::from_jwk(&key.public_jwk())
            .unwrap()
            .encrypt(token.as_bytes(), algorithm, encryption, Some("JWT"))
            .unwrap()
    };
    let signed = desk.signed(&signing_key(Algorithm::Rs256, "k1"), Some("logout+jwt"));
    desk.judge(&signed).unwrap();
    desk.judge(&encrypted(&signed)).unwrap();
    let forged = desk.signed(&stranger_key(Algorithm::Rs256, "k1"), None);
    assert_eq!(
        code(desk.judge(&encrypted(&forged))),
        "id_token.bad_signature"
    );
    let unsigned = Value::Object(desk.claims.clone()).to_string();
    assert!(desk.judge(&encrypted(&unsigned)).is_err());
    let mut damaged = encrypted(&signed);
    damaged.truncate(damaged.len() - 4);
    assert!(desk.judge(&damaged).is_err());
}

#[test]
fn a_token_under_the_secret_counts_where_that_is_registered() {
    const SECRET: &str = "a secret of the thirty-two bytes and more that HS256 asks for";
    let provider = Provider::openid("op", "OP", "https://op.example");
    let callback = "https://app.example/auth/callback/op";
    let client = Client::new(provider.with_algorithm(Algorithm::Hs256), "app", callback);
    let desk = Desk::of(World::new(client.with_secret(SECRET)));
    let by = |secret: &str| SigningKey::from_secret(secret, Algorithm::Hs256).unwrap();
    desk.judge(&desk.signed(&by(SECRET), None)).unwrap();
    let guessed = desk.signed(&by(&SECRET.replace('a', "b")), None);
    assert_eq!(code(desk.judge(&guessed)), "id_token.bad_signature");
    let published = desk.signed(&signing_key(Algorithm::Rs256, "k1"), None);
    assert_eq!(code(desk.judge(&published)), "id_token.algorithm_mismatch");
}

#[test]
fn an_encrypted_token_is_refused_where_nothing_is_encrypted() {
    let desk = Desk::new();
    assert_eq!(
        code(desk.judge("e30.e30.e30.e30.e30")),
        "id_token.encrypted"
    );
    for odd in ["", "a", "a.b", "....", "a.b.c.d"] {
        assert!(desk.judge(odd).is_err(), "{odd:?}");
    }
}
