//! What is signed: no bytes that a fuzzer invents are ever believed.

use std::sync::OnceLock;

use codegrant_core::jose::{
    Algorithm, ContentEncryption, DecryptionKey, Jwe, Jws, KeyManagement, KeySet, SigningKey,
};
use codegrant_core::{AuthorizationResponse, LogoutToken, ResponseMode};

use crate::World;
use crate::world::signing_key;

/// An ID token, held against real keys with every algorithm.
pub(super) fn id_token(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    for &algorithm in Algorithm::ASYMMETRIC {
        let verified = Jws::parse(text).map(|jws| jws.verify(keys(), algorithm));
        assert!(!matches!(verified, Ok(Ok(_))), "{text}");
    }
}

/// The body that a provider posts at a log-out: nobody is logged out by it.
pub(super) fn logout_token(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut world = World::openid();
    let metadata = world.start().metadata;
    let tokens = [LogoutToken::in_form(text).ok(), Some(text.to_owned())];
    for token in tokens.into_iter().flatten() {
        let Ok(signed) = LogoutToken::signed(&token, &world.client) else {
            continue;
        };
        let proved = LogoutToken::prove(&signed, &world.client, &metadata, keys(), world.now);
        assert!(proved.is_err(), "{text}");
    }
}

/// A callback with a signed response: none is ever opened.
pub(super) fn signed_response(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut world = World::openid();
    let metadata = world.start().metadata;
    let client = world
        .client
        .clone()
        .with_response_mode(ResponseMode::QueryJwt);
    for query in [text.to_owned(), format!("response={text}")] {
        let Ok(response) = AuthorizationResponse::parse(&query) else {
            continue;
        };
        // What is peeked at finds a transaction and proves nothing.
        let _state = response.state();
        let opened = client.open_response(&metadata, response, keys(), world.now);
        assert!(opened.is_err(), "{text}");
    }
}

/// An encrypted token: nothing that nobody encrypted for us opens.
pub(super) fn encrypted_token(input: &[u8]) {
    static KEYS: OnceLock<[DecryptionKey; 2]> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        [KeyManagement::EcdhEs, KeyManagement::RsaOaep256]
            .map(|algorithm| DecryptionKey::generate(algorithm, None).expect("a key"))
    });
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let keys: Vec<&DecryptionKey> = keys.iter().collect();
    for &management in KeyManagement::ALL {
        for &encryption in ContentEncryption::ALL {
            let opened = Jwe::parse(text).map(|jwe| jwe.decrypt(&keys, management, encryption));
            assert!(!matches!(opened, Ok(Ok(_))), "{text}");
        }
    }
}

/// A key file: read or refused, and what is refused is not shown.
pub(super) fn private_keys(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let _pem = SigningKey::from_pem(text, None, None);
    let _jwk = SigningKey::from_jwk(text);
    let _pem = DecryptionKey::from_pem(text, None);
    let _jwk = DecryptionKey::from_jwk(text);
}

fn keys() -> &'static KeySet {
    static KEYS: OnceLock<KeySet> = OnceLock::new();
    KEYS.get_or_init(|| {
        let algorithms = [
            Algorithm::Rs256,
            Algorithm::Ps256,
            Algorithm::Es256,
            Algorithm::EdDsa,
        ];
        let jwks: Vec<_> = algorithms
            .iter()
            .map(|&algorithm| signing_key(algorithm, algorithm.as_str()).public_jwk())
            .collect();
        let set = serde_json::json!({ "keys": jwks });
        KeySet::parse(set.to_string().as_bytes()).expect("a sound key set")
    })
}
