//! Key sets that a client has to cope with, and keys that change at the worst moment.

use codegrant_core::jose::Algorithm;
use codegrant_dev_provider::{Fault, Feature};
use serde_json::Value;

use crate::support::{ISSUER, World, browse, json_of, part, redeem, settings};

fn published(world: &World) -> Vec<Value> {
    let (_, set) = json_of(&world.get(&format!("{ISSUER}/jwks")));
    set["keys"].as_array().unwrap().clone()
}

fn count(keys: &[Value], member: &str, value: &str) -> usize {
    keys.iter().filter(|key| key[member] == value).count()
}

#[test]
fn a_mixed_set_holds_what_clients_must_skip() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Es384] {
        let settings = settings().with_algorithm(algorithm);
        let world = World::with(settings.with_features([Feature::MixedKeys]));
        let keys = published(&world);
        assert!(keys.iter().all(|key| key.get("alg").is_none()));
        let signing: Vec<Value> = keys
            .iter()
            .filter(|key| key["use"] == "sig")
            .cloned()
            .collect();
        assert_eq!(count(&signing, "kty", "RSA"), 2, "{algorithm}");
        assert_eq!(count(&signing, "crv", "P-256"), 2, "{algorithm}");
        assert_eq!(count(&signing, "crv", "secp256k1"), 1, "{algorithm}");
        assert_eq!(count(&signing, "crv", "Ed25519"), 1, "{algorithm}");
        assert_eq!(count(&keys, "use", "enc"), 2, "{algorithm}");
        assert!(world.login_as("ada").is_ok(), "{algorithm}");
    }
}

#[test]
fn a_key_without_an_id_is_the_only_one_that_fits() {
    let world = World::with(settings().with_features([Feature::KeyWithoutId]));
    let keys = published(&world);
    assert!(keys.iter().all(|key| key.get("kid").is_none()));
    assert_eq!(count(&keys, "crv", "P-256"), 1);
    assert!(keys.len() > 2);
    let tokens = redeem(&world, &browse(&world, "ada", &[]));
    let header = part(tokens["id_token"].as_str().unwrap(), 0);
    assert_eq!(header.get("kid"), None);
    assert!(world.login_as("ada").is_ok());
}

#[test]
fn of_several_keys_without_ids_the_first_does_not_fit() {
    let world = World::with(settings().with_features([Feature::KeysWithoutIds]));
    let keys = published(&world);
    assert!(keys.iter().all(|key| key.get("kid").is_none()));
    assert_eq!(count(&keys, "crv", "P-256"), 3);
    assert_eq!(keys[0]["x"], "SX2vRDkrywdzLzNpnFlJK5_Eu2nPg_13J1zCYAkoyVM");
    // The core tries those that fit.
    assert!(world.login_as("ada").is_ok());
}

#[test]
fn the_path_of_the_keys_can_be_known_from_the_metadata_alone() {
    let world = World::with(settings().with_features([Feature::RandomKeysPath]));
    let url = format!("{ISSUER}/.well-known/openid-configuration");
    let (_, metadata) = json_of(&world.get(&url));
    let address = metadata["jwks_uri"].as_str().unwrap();
    assert!(address.len() > format!("{ISSUER}/jwks/").len() + 20);
    assert_eq!(world.get(address).status, 200);
    assert_eq!(world.get(&format!("{ISSUER}/jwks")).status, 404);
    assert!(world.login_as("ada").is_ok());
}

#[test]
fn every_algorithm_can_be_offered_none_among_them() {
    let world = World::with(settings().with_features([Feature::EveryAlgorithmOffered]));
    let url = format!("{ISSUER}/.well-known/openid-configuration");
    let (_, metadata) = json_of(&world.get(&url));
    let offered = &metadata["id_token_signing_alg_values_supported"];
    let names: Vec<&str> = offered
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    for name in ["ES256", "RS256", "PS512", "HS256", "none"] {
        assert!(names.contains(&name), "{name}");
    }
    assert!(world.login_as("ada").is_ok());
}

#[test]
fn keys_are_replaced_just_before_signing_or_at_each_request() {
    let world = World::new();
    let before = published(&world);
    world.provider.inject(Fault::KeysReplacedBeforeSigning);
    let tokens = redeem(&world, &browse(&world, "ada", &[]));
    let after = published(&world);
    let header = part(tokens["id_token"].as_str().unwrap(), 0);
    assert_eq!(header["kid"], after[0]["kid"]);
    assert!(before.iter().all(|key| !after.contains(key)));
    world.provider.heal();

    world.provider.inject(Fault::KeysReplacedAtAuthorization);
    let before = published(&world);
    let answer = browse(&world, "ada", &[("prompt", "login")]);
    let after = published(&world);
    assert!(before.iter().all(|key| !after.contains(key)));
    let tokens = redeem(&world, &answer);
    assert_eq!(published(&world), after);
    let header = part(tokens["id_token"].as_str().unwrap(), 0);
    assert_eq!(header["kid"], after[0]["kid"]);
}
