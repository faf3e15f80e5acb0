//! Proofs of possession (RFC 9449), and tokens that are bound to a key or to a certificate.

use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::jose::{Algorithm, SigningKey};
use codegrant_dev_provider::{ClientRegistration, Fault, Feature};
use serde_json::{Value, json};

use crate::signer::{PARAMETERS, Signer, api, hash, proof, redemption, reference_url, rules};
use crate::support::{START, World, form, json_of, settings};

const DPOP: &[Feature] = &[Feature::Dpop, Feature::PushedRequests];
const NONCES: &[Feature] = &[Feature::Dpop, Feature::DpopNonces, Feature::PushedRequests];

fn bound() -> Value {
    json!({ "dpop_bound_access_tokens": true })
}

/// Redeems a fresh code with a proof, and returns the access token.
fn token(signer: &Signer, world: &World) -> String {
    let code = signer.code(world, &[]);
    let request = signer.request(world, "/token", &redemption(&code));
    let (status, body) = json_of(&signer.send(world, request, json!({})));
    assert_eq!((status, &body["token_type"]), (200, &json!("DPoP")));
    body["access_token"].as_str().unwrap().to_owned()
}

fn call_api(signer: &Signer, world: &World, token: &str, claims: Value) -> HttpResponse {
    let mut all = json!({ "ath": hash(token) });
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    signer.send(world, api("DPoP", token), all)
}

#[test]
fn a_bound_token_opens_the_api_with_a_proof_and_breaks_no_rule() {
    let signer = Signer::new();
    let world = signer.world(bound(), DPOP);
    let token = token(&signer, &world);
    assert_eq!(call_api(&signer, &world, &token, json!({})).status, 200);
    assert_eq!(rules(&world), [""; 0]);
}

#[test]
fn a_bound_token_is_worth_nothing_without_its_key() {
    let signer = Signer::new();
    let world = signer.world(bound(), DPOP);
    let token = token(&signer, &world);
    let send = |request: HttpRequest| world.provider.handle(&request, START);
    assert_eq!(send(api("Bearer", &token)).status, 401);
    let without = send(api("DPoP", &token));
    assert_eq!(without.status, 401);
    let challenge = without.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("DPoP ") && challenge.contains("algs=\"PS256 ES256 EdDSA"));
    let thief = Signer::new();
    let stolen = call_api(&thief, &world, &token, json!({}));
    assert_eq!(json_of(&stolen).1["error"], "invalid_token");
    assert_eq!(rules(&world), ["sender-constraint"; 3]);
    // And one that is not bound takes no proof.
    let plain = World::with(settings().with_features([Feature::Dpop]));
    let login = plain.login_as("ada").unwrap();
    let unbound = login.tokens.access_token.secret();
    assert_eq!(call_api(&signer, &plain, unbound, json!({})).status, 401);
}

#[test]
fn a_proof_speaks_of_one_request_with_one_token_once() {
    let signer = Signer::new();
    let world = signer.world(bound(), DPOP);
    let token = token(&signer, &world);
    let now = START.as_unix();
    for claims in [
        json!({ "htm": "POST" }),
        json!({ "htm": "get" }),
        json!({ "htu": "http://localhost:3000/dev/userinfo" }),
        json!({ "htu": "http://localhost:3000/dev/api/me?x=1" }),
        json!({ "iat": now - 301 }),
        json!({ "iat": now + 301 }),
        json!({ "iat": "now" }),
        json!({ "ath": "another" }),
        json!({ "ath": 1 }),
        json!({ "jti": 1 }),
    ] {
        let answer = call_api(&signer, &world, &token, claims.clone());
        assert_eq!(
            json_of(&answer).1["error"],
            "invalid_dpop_proof",
            "{claims}"
        );
    }
    let same = json!({ "jti": "the same" });
    assert_eq!(call_api(&signer, &world, &token, same.clone()).status, 200);
    assert_eq!(call_api(&signer, &world, &token, same).status, 401);
    // A query is not part of what it speaks of.
    let mut request = api("DPoP", &token);
    let claims = json!({ "ath": hash(&token) });
    let good = signer.proof(&request, START, claims);
    request.url += "?page=2";
    request.set_header("dpop", good);
    assert_eq!(world.provider.handle(&request, START).status, 200);
}

#[test]
fn a_proof_shows_its_public_key_and_says_what_it_is() {
    let signer = Signer::new();
    let world = signer.world(bound(), DPOP);
    let request = form("/token", &[]);
    let claims = json!({ "jti": "1", "htm": "POST", "htu": request.url, "iat": START.as_unix() });
    let jwk = signer.key.public_jwk();
    let mut private = jwk.clone();
    private["d"] = json!("secret");
    let mut other = Signer::new().key.public_jwk();
    other["kid"] = Value::Null;
    for header in [
        json!({ "typ": "JWT", "alg": "ES256", "jwk": jwk }),
        json!({ "alg": "ES256", "jwk": jwk }),
        json!({ "typ": "dpop+jwt", "alg": "none", "jwk": jwk }),
        json!({ "typ": "dpop+jwt", "alg": "ES384", "jwk": jwk }),
        json!({ "typ": "dpop+jwt", "alg": "ES256" }),
        json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": private }),
        json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": other }),
        json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": { "kty": "oct", "k": "c2VjcmV0" } }),
    ] {
        let mut request = signer.request(&world, "/token", &redemption("no code"));
        let proof = signer
            .key
            .sign_raw(header.to_string().as_bytes(), claims.to_string().as_bytes());
        request.set_header("dpop", proof.unwrap());
        let answer = json_of(&world.provider.handle(&request, START));
        assert_eq!(answer.1["error"], "invalid_dpop_proof", "{header}");
    }
    let mut request = signer.request(&world, "/token", &redemption("no code"));
    let twice = signer.proof(&request, START, json!({}));
    request.headers.push(("dpop", twice.clone()));
    request.headers.push(("dpop", twice));
    let answer = json_of(&world.provider.handle(&request, START));
    assert_eq!(answer.1["error"], "invalid_dpop_proof");
}

#[test]
fn a_client_whose_tokens_are_bound_has_to_prove_and_no_hash_stands_in_that_proof() {
    let signer = Signer::new();
    let world = signer.world(bound(), DPOP);
    let code = signer.code(&world, &[]);
    let answer = json_of(&signer.post(&world, "/token", &redemption(&code)));
    assert_eq!(answer.1["error"], "invalid_dpop_proof");
    let request = signer.request(&world, "/token", &redemption(&code));
    let answer = json_of(&signer.send(&world, request, json!({ "ath": hash("a token") })));
    assert_eq!(answer.1["error"], "invalid_dpop_proof");
    // The code is still good: nothing was tried with it.
    let request = signer.request(&world, "/token", &redemption(&code));
    assert_eq!(signer.send(&world, request, json!({})).status, 200);
}

#[test]
fn a_code_is_good_for_the_key_that_the_request_was_pushed_with() {
    let signer = Signer::new();
    let world = signer.world(bound(), DPOP);
    let other = SigningKey::generate(Algorithm::EdDsa, None).unwrap();
    for by_proof in [true, false] {
        let thumbprint = other.thumbprint();
        let mut fields = PARAMETERS.to_vec();
        if !by_proof {
            fields.push(("dpop_jkt", &thumbprint));
        }
        let mut request = signer.request(&world, "/par", &fields);
        if by_proof {
            let unique = signer.unique();
            request.set_header("dpop", proof(&other, &unique, &request, START, json!({})));
        }
        let pushed = world.provider.handle(&request, START);
        let code = signer.code_of(&world, &pushed);
        let request = signer.request(&world, "/token", &redemption(&code));
        let answer = json_of(&signer.send(&world, request, json!({})));
        assert_eq!(answer.1["error"], "invalid_grant", "{by_proof}");

        let pushed = signer.post(&world, "/par", &fields);
        let code = signer.code_of(&world, &pushed);
        let mut request = signer.request(&world, "/token", &redemption(&code));
        let unique = signer.unique();
        request.set_header("dpop", proof(&other, &unique, &request, START, json!({})));
        assert_eq!(world.provider.handle(&request, START).status, 200);
    }
    let mut fields = PARAMETERS.to_vec();
    fields.push(("dpop_jkt", "another"));
    let request = signer.request(&world, "/par", &fields);
    assert_eq!(signer.send(&world, request, json!({})).status, 400);
}

#[test]
fn a_refresh_token_of_a_public_client_is_bound_to_its_key() {
    let client = ClientRegistration::any_on_loopback("open", None);
    let world = World::with(settings().with_client(client).with_features(DPOP.to_vec()));
    let (signer, thief) = (Signer::new(), Signer::new());
    let mut fields = vec![("client_id", "open")];
    fields.extend(PARAMETERS);
    let pushed = world.provider.handle(&form("/par", &fields), START);
    let url = reference_url(&pushed).replace("client_id=signer", "client_id=open");
    let answer = world.provider.authorize_as(&url, "ada", START);
    let code = crate::support::parameter(&answer, "code").unwrap();
    let mut fields = redemption(&code);
    fields.push(("client_id", "open"));
    let tokens = json_of(&signer.send(&world, form("/token", &fields), json!({}))).1;
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", "open"),
    ];
    let stolen = thief.send(&world, form("/token", &refresh), json!({}));
    assert_eq!(json_of(&stolen).1["error"], "invalid_grant");
    let own = signer.send(&world, form("/token", &refresh), json!({}));
    assert_eq!(own.status, 200);
}

#[test]
fn nonces_are_asked_for_and_change_after_each_authorization_and_each_token() {
    let signer = Signer::new();
    let world = signer.world(bound(), NONCES);
    // Comes first without a nonce or with an old one, and then with the one that was given.
    let prove = |path: &str, fields: &[(&str, &str)], old: Option<&str>| {
        let request = signer.request(&world, path, fields);
        let claims = old.map_or(json!({}), |nonce| json!({ "nonce": nonce }));
        let asked = signer.send(&world, request, claims);
        assert_eq!(json_of(&asked).1["error"], "use_dpop_nonce", "{path}");
        assert_eq!(asked.status, 400);
        let nonce = asked.header("dpop-nonce").unwrap().to_owned();
        let request = signer.request(&world, path, fields);
        (
            signer.send(&world, request, json!({ "nonce": nonce })),
            nonce,
        )
    };
    let (pushed, nonce) = prove("/par", PARAMETERS, None);
    assert_eq!(pushed.status, 201);
    let code = signer.code_of(&world, &pushed);
    let (tokens, nonce) = prove("/token", &redemption(&code), Some(&nonce));
    let tokens = json_of(&tokens).1;
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let (tokens, _) = prove("/token", &refresh, Some(&nonce));
    let token = json_of(&tokens).1["access_token"]
        .as_str()
        .unwrap()
        .to_owned();

    let asked = call_api(&signer, &world, &token, json!({}));
    assert_eq!(asked.status, 401);
    let challenge = asked.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("DPoP ") && challenge.contains("error=\"use_dpop_nonce\""));
    let nonce = asked.header("dpop-nonce").unwrap();
    let answer = call_api(&signer, &world, &token, json!({ "nonce": nonce }));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("dpop-nonce"), None);
    assert_eq!(rules(&world), [""; 0]);
}

#[test]
fn a_proof_that_was_asked_for_a_nonce_is_spent() {
    let signer = Signer::new();
    let world = signer.world(bound(), NONCES);
    for expected in ["use_dpop_nonce", "invalid_dpop_proof"] {
        let request = signer.request(&world, "/token", &redemption("no code"));
        let answer = signer.send(&world, request, json!({ "jti": "the same" }));
        assert_eq!(json_of(&answer).1["error"], expected);
    }
}

#[test]
fn a_nonce_comes_along_with_answers_where_that_is_switched_on() {
    let signer = Signer::new();
    let mut features = NONCES.to_vec();
    features.push(Feature::DpopNoncesInAnswers);
    let world = signer.world(bound(), &features);
    let request = signer.request(&world, "/par", PARAMETERS);
    let asked = signer.send(&world, request, json!({}));
    let nonce = asked.header("dpop-nonce").unwrap().to_owned();
    let request = signer.request(&world, "/par", PARAMETERS);
    let pushed = signer.send(&world, request, json!({ "nonce": nonce }));
    assert!(pushed.header("dpop-nonce").is_some());
}

#[test]
fn each_fault_of_a_nonce_shows_in_the_answer_that_asks_for_it() {
    let signer = Signer::new();
    let world = signer.world(bound(), NONCES);
    let ask = |fault, claims| {
        world.provider.inject(fault);
        let request = signer.request(&world, "/token", &redemption("no code"));
        let answer = signer.send(&world, request, claims);
        world.provider.heal();
        assert_eq!(json_of(&answer).1["error"], "use_dpop_nonce", "{fault}");
        let headers = answer.headers.into_iter();
        let nonces = headers.filter(|(name, _)| name == "dpop-nonce");
        nonces.map(|(_, nonce)| nonce).collect::<Vec<_>>()
    };
    let nonce = ask(Fault::DpopNonceForever, json!({})).remove(0);
    assert_eq!(
        ask(Fault::DpopNonceForever, json!({ "nonce": nonce })),
        [nonce]
    );
    assert_eq!(ask(Fault::DpopNonceMissing, json!({})), [""; 0]);
    assert_eq!(ask(Fault::DpopNonceTwice, json!({})).len(), 2);
    assert_eq!(ask(Fault::DpopNonceHuge, json!({}))[0].len(), 20_000);
    assert!(ask(Fault::DpopNonceOddCharacters, json!({}))[0].contains('"'));
}

#[test]
fn schemes_and_types_may_be_written_in_any_case() {
    let signer = Signer::new();
    let world = signer.world(bound(), DPOP);
    world.provider.inject(Fault::DpopSchemeOtherCase);
    let refused = world.provider.handle(&api("DPoP", "no token"), START);
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .starts_with("dPoP ")
    );
    for (fault, expected) in [
        (Fault::TokenTypeOtherCase, "dpOp"),
        (Fault::TokenTypeBearer, "Bearer"),
    ] {
        world.provider.heal();
        let code = signer.code(&world, &[]);
        world.provider.inject(fault);
        let request = signer.request(&world, "/token", &redemption(&code));
        let body = json_of(&signer.send(&world, request, json!({}))).1;
        assert_eq!(body["token_type"], expected);
    }
}

#[test]
fn a_token_is_bound_to_the_certificate_of_its_connection() {
    let signer = Signer::new();
    let metadata = json!({ "tls_client_certificate_bound_access_tokens": true });
    let features = [Feature::CertificateBoundTokens, Feature::PushedRequests];
    let world = signer.world(metadata, &features);
    let code = signer.code(&world, &[]);
    let own: &[u8] = b"own";
    let redeem = |certificate| {
        let request = signer.request(&world, "/token", &redemption(&code));
        let provider = &world.provider;
        json_of(&provider.handle_with_certificate(&request, certificate, START)).1
    };
    assert_eq!(redeem(None)["error"], "invalid_request");
    let body = redeem(Some(own));
    assert_eq!(body["token_type"], "Bearer");
    let token = body["access_token"].as_str().unwrap();
    let call = |certificate| {
        let request = api("Bearer", token);
        let provider = &world.provider;
        provider
            .handle_with_certificate(&request, certificate, START)
            .status
    };
    assert_eq!(call(Some(own)), 200);
    assert_eq!(call(Some(b"another")), 401);
    assert_eq!(call(None), 401);
    let expected = [
        "client-certificate",
        "sender-constraint",
        "sender-constraint",
    ];
    assert_eq!(rules(&world), expected);
}

#[test]
fn a_token_stands_in_one_place_and_never_in_an_address() {
    let world = World::new();
    let login = world.login_as("ada").unwrap();
    let token = login.tokens.access_token.secret();
    let mut request = api("Bearer", "");
    request.headers.clear();
    request.url += &format!("?access_token={token}");
    assert_eq!(world.provider.handle(&request, START).status, 401);
    let mut request = form("/userinfo", &[("access_token", token)]);
    assert_eq!(world.provider.handle(&request, START).status, 200);
    request.set_header("authorization", format!("Bearer {token}"));
    assert_eq!(world.provider.handle(&request, START).status, 400);
    assert_eq!(rules(&world)[..], ["token-in-query", "token-twice"]);
}
