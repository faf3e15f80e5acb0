//! What a client is registered to receive: ID tokens under a secret, or encrypted. Whatever else comes logs
//! nobody in.

mod codes;
mod userinfo;

use std::sync::Arc;

use codegrant_core::error::Purpose;
use codegrant_core::jose::{
    Algorithm, ContentEncryption, DecryptionKey, Encryption, EncryptionKey, KeyManagement,
    SigningKey,
};
use codegrant_core::provider::Provider;
use codegrant_core::{Client, Login};
use codegrant_testkit::World;
use codegrant_testkit::world::{Outcome, Script, signing_key, stranger_key};
use serde_json::{Map, Value, json};

use crate::refused_at_the_id_token;

pub(crate) use codes::CODES;

/// A secret that is long enough for every symmetric algorithm.
const SECRET: &str = "a-secret-of-sixty-four-bytes-that-the-provider-issued-to-the-app";

const REGISTERED: Encryption = Encryption {
    algorithm: KeyManagement::EcdhEs,
    encryption: ContentEncryption::A256Gcm,
};

fn registered(algorithm: Algorithm) -> Client {
    let provider = Provider::openid("op", "Example OP", "https://op.example");
    let callback = "https://app.example/auth/callback/op";
    Client::new(provider.with_algorithm(algorithm), "app", callback).with_secret(SECRET)
}

fn decryption_key() -> Arc<DecryptionKey> {
    Arc::new(DecryptionKey::generate(REGISTERED.algorithm, Some("enc")).unwrap())
}

/// Encrypts for the client, as the provider does.
fn encrypted(key: &DecryptionKey, plaintext: &str, content_type: Option<&str>) -> String {
    let Encryption {
        algorithm,
        encryption,
    } = REGISTERED;
    EncryptionKey::from_jwk(&key.public_jwk())
        .unwrap()
        .encrypt(plaintext.as_bytes(), algorithm, encryption, content_type)
        .unwrap()
}

/// Has the ID token signed under the secret.
fn sign_with_secret(script: &mut Script, secret: &str, algorithm: Algorithm) {
    let access_token = script.token.body["access_token"].as_str().unwrap();
    let hash = algorithm.half_hash(access_token.as_bytes());
    script.claims.set("at_hash", hash);
    script.header.remove("kid");
    script.sign_with(SigningKey::from_secret(secret, algorithm).unwrap());
}

#[test]
fn an_id_token_under_the_registered_secret_logs_in() {
    for &algorithm in Algorithm::SYMMETRIC {
        let outcome = World::new(registered(algorithm))
            .login(|script| sign_with_secret(script, SECRET, algorithm));
        assert_eq!(outcome.code(), None, "{algorithm}");
    }
}

#[test]
fn another_secret_or_another_algorithm_logs_nobody_in() {
    let other = SECRET.replace("app", "foe");
    for &algorithm in Algorithm::SYMMETRIC {
        let mut world = World::new(registered(algorithm));
        let forged = world.login(|script| sign_with_secret(script, &other, algorithm));
        refused_at_the_id_token(&forged, "id_token.bad_signature");
        for &foreign in Algorithm::SYMMETRIC {
            if foreign != algorithm {
                let outcome = world.login(|script| sign_with_secret(script, SECRET, foreign));
                refused_at_the_id_token(&outcome, "id_token.algorithm_mismatch");
            }
        }
        // The provider's published key, which would do for anybody who registered nothing.
        let outcome = world.login(|script| {
            script.sign_with(signing_key(Algorithm::Rs256, "k1"));
        });
        refused_at_the_id_token(&outcome, "id_token.algorithm_mismatch");
        let wrong = world.login(|script| {
            sign_with_secret(script, SECRET, algorithm);
            script.claims.set("at_hash", "77QmUPtjPfzWtF2AnpK9RQ");
        });
        refused_at_the_id_token(&wrong, "id_token.access_token_hash");
    }
}

// attack: JW-04
#[test]
fn the_right_secret_logs_nobody_in_where_a_public_key_is_registered() {
    for &algorithm in Algorithm::SYMMETRIC {
        let outcome = World::new(registered(Algorithm::Rs256))
            .login(|script| sign_with_secret(script, SECRET, algorithm));
        refused_at_the_id_token(&outcome, "id_token.algorithm_unsupported");
    }
}

#[test]
fn a_refreshed_id_token_is_held_to_the_same_registration() {
    let algorithm = Algorithm::Hs256;
    let key = decryption_key();
    let client = registered(algorithm)
        .with_decryption_key(key.clone())
        .with_id_token_encryption(REGISTERED);
    let mut world = World::new(client);
    let encrypt = |script: &mut Script| {
        sign_with_secret(script, SECRET, algorithm);
        let token = encrypted(&key, &script.signed_id_token(), Some("JWT"));
        script.token.set("id_token", token);
    };
    let login = world.login(encrypt).result.unwrap();
    assert_eq!(world.refresh(&login, encrypt).code(), None);
    let plain = world.refresh(&login, |script| sign_with_secret(script, SECRET, algorithm));
    assert_eq!(plain.code(), Some("encryption.missing"));
}

// attack: FA-25
#[test]
fn a_secret_too_short_for_the_registered_algorithm_is_a_mistake() {
    for (algorithm, least) in [
        (Algorithm::Hs256, 32),
        (Algorithm::Hs384, 48),
        (Algorithm::Hs512, 64),
    ] {
        let mistakes = |client: Client| -> Vec<String> {
            let mistakes = client.validate().err().unwrap_or_default();
            mistakes.iter().map(ToString::to_string).collect()
        };
        assert!(mistakes(registered(algorithm).with_secret("s".repeat(least))).is_empty());
        for secret in ["8-bytes!".to_owned(), "s".repeat(least - 1)] {
            for client in [
                registered(algorithm),
                registered(Algorithm::Rs256).with_userinfo_algorithm(algorithm),
            ] {
                let found = mistakes(client.with_secret(&secret));
                assert_eq!(found.len(), 1, "{found:?}");
                assert!(found[0].contains("too short"), "{found:?}");
                assert!(!found[0].contains(&secret), "{found:?}");
            }
        }
    }
    let callback = "https://app.example/auth/callback/op";
    let provider = Provider::openid("op", "Example OP", "https://op.example");
    let public = Client::new(provider.with_algorithm(Algorithm::Hs256), "app", callback);
    let mistakes = public.validate().unwrap_err();
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].to_string().contains("there is none"));
}

#[test]
fn encryption_and_its_key_are_configured_together() {
    let client = || registered(Algorithm::Rs256);
    let rsa = Encryption {
        algorithm: KeyManagement::RsaOaep256,
        encryption: ContentEncryption::A128Gcm,
    };
    for (client, setting) in [
        (
            client().with_id_token_encryption(REGISTERED),
            "id_token_encryption",
        ),
        (
            client().with_userinfo_encryption(REGISTERED),
            "userinfo_encryption",
        ),
        (
            client()
                .with_decryption_key(decryption_key())
                .with_id_token_encryption(rsa),
            "id_token_encryption",
        ),
        (
            client().with_decryption_key(decryption_key()),
            "decryption_key",
        ),
    ] {
        let mistakes = client.validate().unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert_eq!(mistakes[0].code().name, "configuration.setting");
        assert!(mistakes[0].to_string().contains(setting), "{mistakes:?}");
    }
    let whole = client()
        .with_decryption_key(decryption_key())
        .with_id_token_encryption(REGISTERED);
    assert!(whole.validate().is_ok());
}

#[test]
fn encrypted_id_tokens_are_refused_at_a_provider_that_sends_none() {
    let callback = "https://app.example/auth/callback/github";
    let client = Client::new(codegrant_core::provider::GITHUB, "app", callback)
        .with_secret("client-secret")
        .with_decryption_key(decryption_key())
        .with_id_token_encryption(REGISTERED);
    let mistakes = client.validate().unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].to_string().contains("id_token_encryption"));
}

/// The world of a client whose ID tokens are encrypted.
fn with_encrypted_id_tokens() -> (World, Arc<DecryptionKey>) {
    let key = decryption_key();
    let client = registered(Algorithm::Rs256)
        .with_decryption_key(key.clone())
        .with_id_token_encryption(REGISTERED);
    (World::new(client), key)
}

#[test]
fn an_encrypted_id_token_logs_in_where_that_is_registered() {
    let (mut world, key) = with_encrypted_id_tokens();
    let mut inner = String::new();
    let outcome = world.login(|script| {
        inner = script.signed_id_token();
        script
            .token
            .set("id_token", encrypted(&key, &inner, Some("JWT")));
    });
    let login = outcome.result.unwrap();
    // What `id_token_hint` wants is the signed token inside.
    assert_eq!(login.id_token.unwrap().raw(), inner);
}

#[test]
fn an_id_token_in_the_clear_logs_nobody_in_where_encryption_is_registered() {
    let (mut world, _) = with_encrypted_id_tokens();
    let outcome = world.login(|_honest| {});
    refused_at_the_id_token(&outcome, "encryption.missing");
    assert!(!outcome.called(Purpose::Keys));
}

// attack: JW-45
#[test]
fn an_encrypted_id_token_logs_nobody_in_where_none_is_registered() {
    let key = decryption_key();
    let outcome = World::new(registered(Algorithm::Rs256)).login(|script| {
        let token = encrypted(&key, &script.signed_id_token(), Some("JWT"));
        script.token.set("id_token", token);
    });
    refused_at_the_id_token(&outcome, "id_token.encrypted");
}

// attack: JW-46
#[test]
fn encryption_around_anything_but_the_registered_signature_proves_nothing() {
    let (mut world, key) = with_encrypted_id_tokens();
    let unsigned = |script: &Script| {
        let none = json!({"alg": "none"}).to_string();
        let token = script.signed_text(&none, &script.claims.to_string());
        let (signed, _) = token.rsplit_once('.').unwrap();
        format!("{signed}.")
    };
    type Inner<'a> = &'a dyn Fn(&mut Script) -> String;
    let cases: [(Inner<'_>, &str); 5] = [
        (&|script| script.claims.to_string(), "id_token.malformed"),
        (&|script| unsigned(script), "id_token.algorithm_unsupported"),
        (
            &|script| {
                script.sign_with(stranger_key(Algorithm::Rs256, "k1"));
                script.signed_id_token()
            },
            "id_token.bad_signature",
        ),
        (
            &|script| {
                script.sign_with(signing_key(Algorithm::Es256, "k1"));
                script.signed_id_token()
            },
            "id_token.algorithm_mismatch",
        ),
        (
            &|script| encrypted(&key, &script.signed_id_token(), Some("JWT")),
            "id_token.encrypted",
        ),
    ];
    for (inner, code) in cases {
        let outcome = world.login(|script| {
            let inner = inner(script);
            script
                .token
                .set("id_token", encrypted(&key, &inner, Some("JWT")));
        });
        refused_at_the_id_token(&outcome, code);
    }
}

// attack: JW-47 JW-48
#[test]
fn another_encryption_than_the_registered_one_logs_nobody_in() {
    let (mut world, key) = with_encrypted_id_tokens();
    let public = EncryptionKey::from_jwk(&key.public_jwk()).unwrap();
    let mut refused = |alg: &str, enc: &str, more: Value, code: &str| {
        let outcome = world.login(|script| {
            let mut header = Map::new();
            header.insert("alg".to_owned(), alg.into());
            header.insert("enc".to_owned(), enc.into());
            header.extend(more.as_object().unwrap().clone());
            let (management, content) = (REGISTERED.algorithm, REGISTERED.encryption);
            let inner = script.signed_id_token();
            let token = public.encrypt_raw(inner.as_bytes(), management, content, header);
            script.token.set("id_token", token.unwrap());
        });
        refused_at_the_id_token(&outcome, code);
    };
    let mismatch = "encryption.algorithm_mismatch";
    refused("ECDH-ES+A128KW", "A256GCM", json!({}), mismatch);
    refused("ECDH-ES", "A128GCM", json!({}), mismatch);
    refused("RSA1_5", "A256GCM", json!({}), mismatch);
    refused("dir", "A256GCM", json!({}), mismatch);
    let huge = json!({"p2c": 2_147_483_647_u32, "p2s": "AA"});
    refused("PBES2-HS256+A128KW", "A256GCM", huge, mismatch);
    let (zip, crit) = (json!({"zip": "DEF"}), json!({"crit": ["exp"]}));
    refused("ECDH-ES", "A256GCM", zip, "encryption.extension");
    refused("ECDH-ES", "A256GCM", crit, "encryption.extension");
    let text = json!({"cty": "text/plain"});
    refused("ECDH-ES", "A256GCM", text, "encryption.not_nested");
    // Under that very header, and for the registered algorithms, the same token logs in.
    let whole = world_accepts(&mut world, &key);
    assert_eq!(whole.code(), None);
}

fn world_accepts(world: &mut World, key: &DecryptionKey) -> Outcome<Login> {
    world.login(|script| {
        let token = encrypted(key, &script.signed_id_token(), None);
        script.token.set("id_token", token);
    })
}

#[test]
fn a_token_for_somebody_elses_key_logs_nobody_in() {
    let (mut world, _) = with_encrypted_id_tokens();
    let theirs = decryption_key();
    let outcome = world_accepts(&mut world, &theirs);
    refused_at_the_id_token(&outcome, "encryption.undecryptable");
}

#[test]
fn an_old_decryption_key_serves_beside_the_new_one() {
    let (old, new) = (decryption_key(), decryption_key());
    let client = registered(Algorithm::Rs256)
        .with_decryption_key(new.clone())
        .with_decryption_key(old.clone())
        .with_id_token_encryption(REGISTERED);
    let mut world = World::new(client);
    assert_eq!(world_accepts(&mut world, &old).code(), None);
    assert_eq!(world_accepts(&mut world, &new).code(), None);
}
