//! Every error code about what is signed under a secret or encrypted, each produced by what it stands for.

use codegrant_core::error::Code;
use codegrant_core::jose::{
    Algorithm, DecryptionKey, DecryptionKeyError, EncryptionKey, SigningKey,
};
use codegrant_testkit::World;
use codegrant_testkit::world::{Script, signing_key};
use serde_json::{Value, json};

use super::userinfo::{said, with_signed_userinfo};
use super::{
    REGISTERED, SECRET, decryption_key, encrypted, registered, sign_with_secret,
    with_encrypted_id_tokens, world_accepts,
};

/// The code of a login whose encrypted ID token is this text.
fn encrypted_as(text: impl FnOnce(&DecryptionKey, &Script) -> String) -> &'static Code {
    let (mut world, key) = with_encrypted_id_tokens();
    let outcome = world.login(|script| {
        let text = text(&key, script);
        script.token.set("id_token", text);
    });
    outcome.error().code()
}

/// The code of a login whose encrypted ID token has one more member in its header.
fn with_member(member: &str, value: Value) -> &'static Code {
    encrypted_as(|key, script| {
        let header = json!({"alg": "ECDH-ES", "enc": "A256GCM", member: value});
        let header = header.as_object().unwrap().clone();
        let public = EncryptionKey::from_jwk(&key.public_jwk()).unwrap();
        let (management, content) = (REGISTERED.algorithm, REGISTERED.encryption);
        let inner = script.signed_id_token();
        let token = public.encrypt_raw(inner.as_bytes(), management, content, header);
        token.unwrap()
    })
}

/// The code of a login whose signed userinfo is this.
fn userinfo_says(media_type: &str, body: String) -> &'static Code {
    let outcome = with_signed_userinfo().login(|script| {
        script.userinfo.replace_body(media_type, body);
    });
    outcome.error().code()
}

/// A private key that is too short, in PKCS#8.
fn weak_key() -> String {
    let all: Value = serde_json::from_str(include_str!("../../data/private_keys.json")).unwrap();
    all["pem"]["p8-weak"].as_str().unwrap().to_owned()
}

type Row = (&'static str, fn() -> &'static Code);

/// Every code that this file's rules have, for the table of all of them.
pub(crate) const CODES: &[Row] = &[
    ("id_token.secret_too_short", || {
        let client = registered(Algorithm::Hs256).with_secret("8-bytes!");
        let outcome =
            World::new(client).login(|script| sign_with_secret(script, SECRET, Algorithm::Hs256));
        outcome.error().code()
    }),
    ("encryption.missing", || {
        encrypted_as(|_, script| script.signed_id_token())
    }),
    ("encryption.malformed", || {
        encrypted_as(|_, _| "a.b.c.d.e".to_owned())
    }),
    ("encryption.too_large", || {
        encrypted_as(|_, _| "a".repeat(100 * 1024))
    }),
    ("encryption.extension", || with_member("zip", json!("DEF"))),
    ("encryption.not_nested", || {
        with_member("cty", json!("text/plain"))
    }),
    ("encryption.algorithm_mismatch", || {
        with_member("alg", json!("RSA1_5"))
    }),
    ("encryption.undecryptable", || {
        encrypted_as(|_, script| {
            encrypted(&decryption_key(), &script.signed_id_token(), Some("JWT"))
        })
    }),
    ("encryption.no_key", || {
        let client = registered(Algorithm::Rs256).with_id_token_encryption(REGISTERED);
        world_accepts(&mut World::new(client), &decryption_key())
            .error()
            .code()
    }),
    ("provider.userinfo_form", || {
        userinfo_says("application/json", "{}".to_owned())
    }),
    ("provider.userinfo_token", || {
        userinfo_says("application/jwt", "a.b.c".to_owned())
    }),
    ("provider.userinfo_claim", || {
        let mut claims = said();
        claims.insert("aud".to_owned(), "other".into());
        let token = signing_key(Algorithm::Rs256, "k1").sign(None, &claims);
        userinfo_says("application/jwt", token.unwrap())
    }),
    ("signing_key.unusable", || {
        SigningKey::from_pem("", None, None).unwrap_err().code()
    }),
    ("signing_key.weak", || {
        let weak = SigningKey::from_pem(&weak_key(), None, None);
        weak.unwrap_err().code()
    }),
    ("decryption_key.unusable", || {
        DecryptionKey::from_pem("", None).unwrap_err().code()
    }),
    ("decryption_key.weak", || {
        let weak = DecryptionKey::from_pem(&weak_key(), None);
        weak.unwrap_err().code()
    }),
    // No input makes a good key fail; the code is for a library that breaks.
    ("decryption_key.failed", || {
        DecryptionKeyError::Failed.code()
    }),
];
