//! Signing keys: every algorithm, keys from outside, rotation.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use codegrant_core::AuthorizationOptions;
use codegrant_core::AuthorizationResponse;
use codegrant_core::jose::Algorithm;
use codegrant_dev_provider::{DevProvider, DevProviderError};

use crate::support::{ISSUER, World, callback_query, json_of, settings};

/// One RSA key for all tests, because making one takes a while.
static RSA: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'static> = pair.as_der().unwrap();
    der.as_ref().to_vec()
});

#[test]
fn logins_work_with_every_kind_of_key() {
    for algorithm in [
        Algorithm::Rs256,
        Algorithm::Ps256,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::EdDsa,
        Algorithm::Ed25519,
    ] {
        let mut settings = settings().with_algorithm(algorithm);
        if matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256) {
            settings = settings.with_key_pkcs8(RSA.clone());
        }
        let login = World::with(settings).login_as("ada").unwrap();
        assert_eq!(login.identity.subject, "ada", "{algorithm}");
    }
}

#[test]
fn a_key_of_another_kind_is_refused() {
    let settings = settings()
        .with_algorithm(Algorithm::Es256)
        .with_key_pkcs8(RSA.clone());
    let refused = DevProvider::new(settings).err();
    assert!(matches!(refused, Some(DevProviderError::Key(_))));
}

#[test]
fn after_a_rotation_the_old_key_stays_published_for_one_more_round() {
    let world = World::new();
    let key_ids = || -> Vec<String> {
        let (_, set) = json_of(&world.get(&format!("{ISSUER}/jwks")));
        let keys = set["keys"].as_array().unwrap();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = key_ids();
    let old_keys = world.keys().unwrap();
    world.provider.rotate_keys().unwrap();
    let second = key_ids();
    assert_eq!((first.len(), second.len()), (2, 3));
    assert_eq!(second[1], first[0]);
    assert!(!first.contains(&second[0]));

    // Whoever kept the old set notices, and the new one serves.
    let (url, transaction) = world.start(AuthorizationOptions::default()).unwrap();
    let answer = world.provider.authorize_as(&url, "ada", world.now.get());
    let response = AuthorizationResponse::parse(&callback_query(&answer)).unwrap();
    let metadata = world.metadata().unwrap();
    let redeemed = world
        .client
        .redeem(&metadata, transaction, response, world.moment());
    let mut grant = world.drive(redeemed.unwrap()).unwrap();
    assert!(grant.lacks_key(&old_keys));
    assert!(!grant.lacks_key(&world.keys().unwrap()));

    world.provider.rotate_keys().unwrap();
    assert!(!key_ids().contains(&first[0]));
    assert!(world.login_as("ada").is_ok());
}
