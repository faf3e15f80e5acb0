//! The operations of core, by values.

use std::hint::black_box;

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::{Algorithm, KeySet, SigningKey};
use codegrant_core::{
    AuthorizationOptions, AuthorizationResponse, Grant, Moment, ProviderMetadata, Seed, Step,
    Timestamp, Transaction, form,
};
use codegrant_testkit::World;
use codegrant_testkit::world::signing_key;
use serde_json::json;

use crate::count;

/// What the world's clock says.
const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// The secret that an ID token is signed with where the algorithm is symmetric.
const SECRET: &str = "a secret of the client, and of as many bytes as a hash";

/// Builds the authorization request and its transaction.
pub fn authorize() {
    let world = World::openid();
    let metadata = metadata(&world);
    count::perform(|| {
        black_box(start(&world, &metadata));
    });
}

/// Reads and judges a callback, and builds the token request.
pub fn callback() {
    let world = World::openid();
    let metadata = metadata(&world);
    let (url, transaction) = start(&world, &metadata);
    let query = answer(&url);
    count::perform(|| {
        let transaction = count::uncounted(|| transaction.clone());
        drop(black_box(redeem(&world, &metadata, transaction, &query)));
    });
}

/// Proves an ID token, from the token's text to a login: its key, its signature, its claims.
pub fn id_token(algorithm: Algorithm) {
    let mut world = World::openid_signed_with(algorithm);
    world.client = world.client.with_secret(SECRET);
    let metadata = metadata(&world);
    let (url, transaction) = start(&world, &metadata);
    let query = answer(&url);
    let published = signing_key(publishable(algorithm), "k1");
    let keys = json!({ "keys": [published.public_jwk()] });
    let keys = KeySet::parse(keys.to_string().as_bytes()).expect("a sound key set");
    let shared = SigningKey::from_secret(SECRET, algorithm);
    let signing = shared.as_ref().unwrap_or(&published);
    let tokens = tokens(signing, &parameter(&url, "nonce"));
    count::perform(|| {
        let mut grant = count::uncounted(|| {
            let asked = redeem(&world, &metadata, transaction.clone(), &query);
            granted(asked, tokens.clone())
        });
        assert!(!grant.lacks_key(&keys));
        let login = grant.identify(&keys).expect("a sound ID token");
        assert!(matches!(login, Step::Done(_)), "the token says it all");
        count::uncounted(|| drop(login));
    });
}

/// Checks the signature of that very ID token, and nothing else: what no ID token can cost less than.
pub fn signature_alone(algorithm: Algorithm) {
    let published = signing_key(algorithm, "k1");
    let jwk = published.public_jwk();
    let bytes = |name: &str| base64(jwk[name].as_str().expect("a text"));
    let key = match algorithm {
        Algorithm::Rs256 => RsaPublicKeyComponents {
            n: bytes("n"),
            e: bytes("e"),
        }
        .to_parsed_public_key(&signature::RSA_PKCS1_2048_8192_SHA256)
        .expect("a sound key"),
        Algorithm::Es256 => {
            let point = [vec![4], bytes("x"), bytes("y")].concat();
            ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).expect("a sound key")
        }
        Algorithm::EdDsa => {
            ParsedPublicKey::new(&signature::ED25519, bytes("x")).expect("a sound key")
        }
        other => unreachable!("{other} is not in the table"),
    };
    let nonce = "A".repeat(43);
    let token = signed(&published, &nonce);
    let (message, made) = token.rsplit_once('.').expect("three parts");
    let made = base64(made);
    count::perform(|| {
        let sound = key.verify_sig(black_box(message.as_bytes()), &made);
        assert!(black_box(sound).is_ok());
    });
}

fn base64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// Returns an algorithm whose key a provider publishes: secrets are not among them.
fn publishable(algorithm: Algorithm) -> Algorithm {
    match algorithm.is_symmetric() {
        true => Algorithm::Rs256,
        false => algorithm,
    }
}

fn moment() -> Moment {
    Moment::new(NOW, [7; Moment::BYTES])
}

fn metadata(world: &World) -> ProviderMetadata {
    let Step::Fetch(mut fetch) = world.client.discover().expect("a sound issuer") else {
        unreachable!("metadata is fetched");
    };
    let _request = fetch.take_request();
    let answered = fetch.resume(world.metadata.response());
    match answered.expect("sound metadata") {
        Step::Done(fetched) => fetched.value,
        Step::Fetch(_) => unreachable!("metadata is one request"),
    }
}

fn start(world: &World, metadata: &ProviderMetadata) -> (String, Transaction) {
    let seed = Seed::new([7; Seed::BYTES]);
    let options = AuthorizationOptions::default();
    let started = world.client.authorize(metadata, options, &seed, moment());
    let (request, transaction) = started
        .expect("a login starts")
        .finished()
        .expect("nothing is pushed");
    (request.url().to_owned(), transaction)
}

fn answer(url: &str) -> String {
    let state = parameter(url, "state");
    format!("code=SplxlOBeZQQYbYS6WxSbIA&state={state}&iss=https%3A%2F%2Fop.example")
}

fn redeem(
    world: &World,
    metadata: &ProviderMetadata,
    transaction: Transaction,
    query: &str,
) -> Step<Grant> {
    let response = AuthorizationResponse::parse(query).expect("a sound callback");
    let redeemed = world
        .client
        .redeem(metadata, transaction, response, moment());
    redeemed.expect("a token request")
}

fn signed(key: &SigningKey, nonce: &str) -> String {
    let claims = json!({
        "iss": "https://op.example", "sub": "248289761001", "aud": "app",
        "exp": NOW.plus(600).as_unix(), "iat": NOW.as_unix(), "nonce": nonce, "name": "Jane Doe",
        "preferred_username": "jane", "email": "jane@mail.example", "email_verified": true,
    });
    let claims = claims.as_object().expect("an object");
    key.sign(None, claims).expect("a signed token")
}

fn tokens(key: &SigningKey, nonce: &str) -> HttpResponse {
    HttpResponse::json(&json!({
        "access_token": "mF_9.B5f-4.1JqM", "token_type": "Bearer", "expires_in": 3600,
        "id_token": signed(key, nonce),
    }))
}

fn granted(asked: Step<Grant>, tokens: HttpResponse) -> Grant {
    let Step::Fetch(mut fetch) = asked else {
        unreachable!("tokens are fetched");
    };
    let _request = fetch.take_request();
    let granted = fetch.resume(tokens).expect("sound tokens");
    granted.finished().expect("one request")
}

fn parameter(url: &str, name: &str) -> String {
    let (_, query) = url.split_once('?').expect("a query");
    let found = form::parameters(query).expect("a sound query");
    let mut found = found.into_iter().filter(|(held, _)| held == name);
    found.next().expect("the parameter").1
}
