//! ID tokens and userinfo as each client registered them: every algorithm, signed, encrypted, and both.

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::jose::{
    Algorithm, ContentEncryption, DecryptionKey, Jwe, Jws, KeyManagement, KeySet,
};
use codegrant_dev_provider::{ClientRegistration, Fault, Feature, Outbox};
use serde_json::{Value, json};

use crate::support::{
    CALLBACK, ISSUER, SECRET, World, browse, customised, json_of, parameter, part, redeem, settings,
};

fn keys(world: &World) -> KeySet {
    KeySet::parse(&world.get(&format!("{ISSUER}/jwks")).body).unwrap()
}

fn userinfo(world: &World, tokens: &Value) -> HttpResponse {
    let mut request = HttpRequest::new(Method::Get, format!("{ISSUER}/userinfo"));
    let token = tokens["access_token"].as_str().unwrap();
    request.set_header("authorization", format!("Bearer {token}"));
    world.provider.handle(&request, world.now.get())
}

fn body(response: &HttpResponse) -> String {
    String::from_utf8(response.body.clone()).unwrap()
}

fn registered(metadata: Value) -> World {
    World::with(customised(&[], metadata))
}

#[test]
fn each_client_gets_the_algorithm_that_it_registered() {
    for algorithm in [
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::EdDsa,
    ] {
        let world = registered(json!({
            "id_token_signed_response_alg": algorithm.as_str(),
            "userinfo_signed_response_alg": algorithm.as_str(),
        }));
        let tokens = redeem(&world, &browse(&world, "ada", &[]));
        let id_token = tokens["id_token"].as_str().unwrap();
        let verified = Jws::parse(id_token)
            .unwrap()
            .verify(&keys(&world), algorithm);
        let claims = verified.unwrap().claims().unwrap();
        let half_hash = algorithm.half_hash(tokens["access_token"].as_str().unwrap().as_bytes());
        assert_eq!(claims["at_hash"], half_hash, "{algorithm}");

        let answer = userinfo(&world, &tokens);
        assert_eq!(answer.media_type().as_deref(), Some("application/jwt"));
        let token = body(&answer);
        let verified = Jws::parse(&token).unwrap().verify(&keys(&world), algorithm);
        let claims = verified.unwrap().claims().unwrap();
        assert_eq!(claims["iss"], ISSUER);
        assert_eq!(claims["aud"], "app");
        assert_eq!(claims["sub"], "ada");
        assert_eq!(claims["email"], "ada@example.test");
    }
}

#[test]
fn rsa_keys_share_a_modulus_and_no_name() {
    let mut settings = settings().with_algorithm(Algorithm::Rs256);
    for (number, algorithm) in ["PS256", "RS512", "PS384"].iter().enumerate() {
        let client = ClientRegistration::any_on_loopback(format!("client-{number}"), None);
        let metadata = json!({ "id_token_signed_response_alg": algorithm });
        settings.clients.push(client.with_metadata(metadata));
    }
    let world = World::with(settings);
    let (_, set) = json_of(&world.get(&format!("{ISSUER}/jwks")));
    let keys = set["keys"].as_array().unwrap();
    let rsa: Vec<_> = keys.iter().filter(|key| key["kty"] == "RSA").collect();
    assert_eq!(rsa.len(), 4);
    assert!(rsa.iter().all(|key| key["n"] == rsa[0]["n"]));
    let mut names: Vec<_> = keys
        .iter()
        .map(|key| key["kid"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), keys.len());
}

#[test]
fn a_shared_secret_signs_where_it_is_registered() {
    let secret = "a secret of more than sixty-four bytes, which is what HS512 asks for.";
    for algorithm in Algorithm::SYMMETRIC {
        let mut settings = settings().with_algorithm(*algorithm);
        settings.clients[0] =
            ClientRegistration::new("app", Some(secret)).with_redirect_uri(CALLBACK);
        let world = World::with(settings);
        let answer = browse(&world, "ada", &[]);
        let code = parameter(&answer, "code").unwrap();
        let (status, tokens) = world.token(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", crate::support::VERIFIER),
            ("client_id", "app"),
            ("client_secret", secret),
        ]);
        assert_eq!(status, 200, "{tokens}");
        let token = tokens["id_token"].as_str().unwrap();
        let jws = Jws::parse(token).unwrap();
        assert!(
            jws.verify_with_secret(secret.as_bytes(), *algorithm)
                .is_ok()
        );
        assert_eq!(part(token, 0).get("kid"), None);
    }
}

#[test]
fn a_secret_that_is_too_short_signs_nothing() {
    let world = registered(json!({ "id_token_signed_response_alg": "HS256" }));
    let answer = browse(&world, "ada", &[]);
    let code = parameter(&answer, "code").unwrap();
    let (status, body) = world.token(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", crate::support::VERIFIER),
        ("client_id", "app"),
        ("client_secret", SECRET),
    ]);
    assert_eq!(
        (status, body["error"].as_str()),
        (500, Some("server_error"))
    );
}

const BOTH: [(KeyManagement, ContentEncryption); 4] = [
    (KeyManagement::RsaOaep256, ContentEncryption::A256Gcm),
    (KeyManagement::EcdhEs, ContentEncryption::A128Gcm),
    (KeyManagement::EcdhEsA128Kw, ContentEncryption::A128CbcHs256),
    (KeyManagement::EcdhEsA256Kw, ContentEncryption::A256CbcHs512),
];

#[test]
fn tokens_are_encrypted_to_the_key_that_the_client_registered() {
    for (management, content) in BOTH {
        let key = DecryptionKey::generate(management, Some("enc-1")).unwrap();
        let world = registered(json!({
            "jwks": { "keys": [key.public_jwk()] },
            "id_token_encrypted_response_alg": management.as_str(),
            "id_token_encrypted_response_enc": content.as_str(),
            "userinfo_signed_response_alg": "ES256",
            "userinfo_encrypted_response_alg": management.as_str(),
            "userinfo_encrypted_response_enc": content.as_str(),
        }));
        let tokens = redeem(&world, &browse(&world, "ada", &[]));
        let id_token = tokens["id_token"].as_str().unwrap().to_owned();
        let answer = body(&userinfo(&world, &tokens));
        for token in [id_token, answer] {
            assert_eq!(part(&token, 0)["cty"], "JWT");
            let jwe = Jwe::parse(&token).unwrap();
            let inner = jwe.decrypt(&[&key], management, content).unwrap();
            let inner = String::from_utf8(inner).unwrap();
            let verified = Jws::parse(&inner).unwrap();
            assert!(verified.verify(&keys(&world), Algorithm::Es256).is_ok());
        }
    }
}

#[test]
fn userinfo_may_be_encrypted_without_a_signature() {
    let (management, content) = (KeyManagement::EcdhEs, ContentEncryption::default());
    let key = DecryptionKey::generate(management, None).unwrap();
    let world = registered(json!({
        "jwks": { "keys": [key.public_jwk()] },
        "userinfo_encrypted_response_alg": management.as_str(),
    }));
    let tokens = redeem(&world, &browse(&world, "ada", &[]));
    let answer = userinfo(&world, &tokens);
    assert_eq!(answer.media_type().as_deref(), Some("application/jwt"));
    let token = body(&answer);
    assert_eq!(part(&token, 0).get("cty"), None);
    let claims = Jwe::parse(&token).unwrap();
    let claims = claims.decrypt(&[&key], management, content).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["sub"], "ada");
}

#[test]
fn a_key_is_fetched_from_the_address_that_the_client_registered() {
    let management = KeyManagement::EcdhEs;
    let key = DecryptionKey::generate(management, None).unwrap();
    let set = json!({ "keys": [key.public_jwk()] });
    let address = "http://localhost:3000/auth/jwks/dev";
    let metadata = json!({
        "jwks_uri": address,
        "id_token_encrypted_response_alg": management.as_str(),
        "userinfo_encrypted_response_alg": management.as_str(),
    });
    let outbox = Outbox::new(move |request: &HttpRequest| {
        assert_eq!(request.url, address);
        Some(HttpResponse::json(&set))
    });
    let world = World::with(customised(&[], metadata).with_outbox(outbox));
    let tokens = redeem(&world, &browse(&world, "ada", &[]));
    assert!(Jwe::looks_like(tokens["id_token"].as_str().unwrap()));
    assert!(Jwe::looks_like(&body(&userinfo(&world, &tokens))));
    assert_eq!(world.provider.deliveries().len(), 2);
}

#[test]
fn encryption_can_be_left_out_misdirected_and_altered() {
    let (management, content) = (KeyManagement::EcdhEs, ContentEncryption::default());
    let key = DecryptionKey::generate(management, None).unwrap();
    let world = registered(json!({
        "jwks": { "keys": [key.public_jwk()] },
        "id_token_encrypted_response_alg": management.as_str(),
    }));
    let token = || {
        let tokens = redeem(&world, &browse(&world, "ada", &[]));
        tokens["id_token"].as_str().unwrap().to_owned()
    };
    for fault in [Fault::EncryptedForAnother, Fault::EncryptedAltered] {
        world.provider.inject(fault);
        let token = token();
        let jwe = Jwe::parse(&token).unwrap();
        assert!(
            jwe.decrypt(&[&key], management, content).is_err(),
            "{fault}"
        );
        world.provider.heal();
    }
    world.provider.inject(Fault::NotEncrypted);
    assert!(!Jwe::looks_like(&token()));
}

#[test]
fn signed_userinfo_can_be_wrong_in_every_way() {
    let world = registered(json!({ "userinfo_signed_response_alg": "ES256" }));
    let tokens = redeem(&world, &browse(&world, "ada", &[]));
    let answer = || body(&userinfo(&world, &tokens));
    for (fault, claim, value) in [
        (
            Fault::UserinfoWrongIss,
            "iss",
            json!("https://stranger.example"),
        ),
        (Fault::UserinfoWrongAud, "aud", json!("another-client")),
        (Fault::UserinfoNoIss, "iss", json!(null)),
        (Fault::UserinfoNoAud, "aud", json!(null)),
        (Fault::UserinfoOtherSub, "sub", json!("somebody-else")),
    ] {
        world.provider.inject(fault);
        assert_eq!(part(&answer(), 1)[claim], value, "{fault}");
        world.provider.heal();
    }
    world.provider.inject(Fault::UserinfoAlgNone);
    assert!(answer().ends_with('.'));
    world.provider.heal();
    world.provider.inject(Fault::UserinfoOtherAlg);
    assert_eq!(part(&answer(), 0)["alg"], "EdDSA");
    world.provider.heal();
    world.provider.inject(Fault::UserinfoWrongSignature);
    let jws = answer();
    let jws = Jws::parse(&jws).unwrap();
    assert!(jws.verify(&keys(&world), Algorithm::Es256).is_err());
    world.provider.heal();
    world.provider.inject(Fault::UserinfoPlain);
    assert!(answer().starts_with('{'));
}

#[test]
fn claims_of_others_are_signed_or_stand_elsewhere() {
    let features = [Feature::AggregatedClaims, Feature::DistributedClaims];
    let world = World::with(customised(&features, json!({})));
    let tokens = redeem(&world, &browse(&world, "ada", &[]));
    let (_, claims) = json_of(&userinfo(&world, &tokens));
    let names = &claims["_claim_names"];
    assert_eq!(names["eye_color"], "aggregated");
    assert_eq!(names["credit_score"], "distributed");
    let sources = &claims["_claim_sources"];
    let token = sources["aggregated"]["JWT"].as_str().unwrap();
    let verified = Jws::parse(token)
        .unwrap()
        .verify(&keys(&world), Algorithm::Es256);
    assert_eq!(verified.unwrap().claims().unwrap()["eye_color"], "brown");

    let source = &sources["distributed"];
    let ask = |token: &str| {
        let mut request = HttpRequest::new(Method::Get, source["endpoint"].as_str().unwrap());
        request.set_header("authorization", format!("Bearer {token}"));
        world.provider.handle(&request, world.now.get())
    };
    let answer = ask(source["access_token"].as_str().unwrap());
    assert_eq!(answer.media_type().as_deref(), Some("application/jwt"));
    let token = body(&answer);
    let verified = Jws::parse(&token)
        .unwrap()
        .verify(&keys(&world), Algorithm::Es256);
    assert_eq!(verified.unwrap().claims().unwrap()["credit_score"], 650);
    // The token of userinfo itself opens nothing here.
    assert_eq!(ask(tokens["access_token"].as_str().unwrap()).status, 401);

    world.provider.inject(Fault::ClaimsOfOthersForged);
    let (_, claims) = json_of(&userinfo(&world, &tokens));
    let token = claims["_claim_sources"]["aggregated"]["JWT"]
        .as_str()
        .unwrap();
    let verified = Jws::parse(token)
        .unwrap()
        .verify(&keys(&world), Algorithm::Es256);
    assert!(verified.is_err());
}
