//! The provider that every peer logs in with: it says yes at once, and is fast.
//!
//! One listener is two providers, `/rs256` and `/es256`, which differ in how they sign. Whoever comes to the
//! authorization endpoint is Jane Doe and agrees. A code has its ID token, signed beforehand, and is good once. PKCE is taken and not
//! judged: this provider guards nothing, it only answers as one would.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use url::{Url, form_urlencoded};

use crate::http::{Message, read_message, write_all};

/// What a peer is registered as.
pub const CLIENT_ID: &str = "yardstick";
/// The secret that goes with it.
pub const CLIENT_SECRET: &str = "a-secret-of-some-forty-characters-in-all";
const NAME: &str = "Jane Doe";
const SUBJECT: &str = "248289761001";

/// A running provider.
#[derive(Clone)]
pub struct Stub(Rc<Inner>);

struct Inner {
    port: u16,
    rsa: RsaKeyPair,
    ecdsa: EcdsaKeyPair,
    random: SystemRandom,
    issued: RefCell<Issued>,
}

/// The codes that were given out and not yet redeemed, with their ID tokens.
#[derive(Default)]
struct Issued {
    count: u64,
    codes: HashMap<String, Grant>,
}

struct Grant {
    scope: String,
    /// Signed with the consent and not with the token request, which nobody shall wait for.
    id_token: Option<String>,
}

impl Stub {
    /// Makes keys, listens on a free port, and answers from then on in the current runtime.
    ///
    /// # Errors
    ///
    /// There is no port, or no key.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let unspecified = |_| io::Error::other("a key could not be made");
        let stub = Self(Rc::new(Inner {
            port: listener.local_addr()?.port(),
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).map_err(unspecified)?,
            ecdsa: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(unspecified)?,
            random: SystemRandom::new(),
            issued: RefCell::default(),
        }));
        let listening = stub.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(listening.clone().converse(stream));
            }
        });
        Ok(stub)
    }

    /// Returns the issuer that signs with this algorithm.
    pub fn issuer(&self, algorithm: &str) -> String {
        format!(
            "http://127.0.0.1:{}/{}",
            self.0.port,
            algorithm.to_lowercase()
        )
    }

    /// Answers the requests of one connection.
    async fn converse(self, mut stream: TcpStream) {
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let mut buffer = Vec::new();
        while let Ok(Some(request)) = read_message(&mut stream, &mut buffer).await {
            let answer = self.answer(&request);
            if write_all(&mut stream, &answer).await.is_err() {
                return;
            }
        }
    }

    fn answer(&self, request: &Message) -> Vec<u8> {
        let mut words = request.start.split(' ');
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let Ok(url) = Url::parse(&format!("http://127.0.0.1:{}{target}", self.0.port)) else {
            return problem("400 Bad Request", "invalid_request");
        };
        let path = url.path().trim_start_matches('/');
        let (algorithm, endpoint) = path.split_once('/').unwrap_or((path, ""));
        if !matches!(algorithm, "rs256" | "es256") {
            return problem("404 Not Found", "no_such_issuer");
        }
        match (method, endpoint) {
            ("GET", ".well-known/openid-configuration") => self.metadata(algorithm),
            ("GET", "jwks") => self.keys(algorithm),
            ("GET", "authorize") => self.authorize(algorithm, &url),
            ("POST", "token") => self.token(&request.body),
            ("GET" | "POST", "userinfo") => document(&json!({
                "sub": SUBJECT, "id": 248_289_761_001_u64, "login": "jane", "name": NAME, "email": "jane@mail.example",
                "email_verified": true, "picture": "https://pictures.example/jane.png",
            })),
            _ => problem("404 Not Found", "no_such_endpoint"),
        }
    }

    fn metadata(&self, algorithm: &str) -> Vec<u8> {
        let issuer = self.issuer(algorithm);
        document(&json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [algorithm.to_uppercase()],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile", "email"],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "name", "email", "email_verified"],
        }))
    }

    fn keys(&self, algorithm: &str) -> Vec<u8> {
        let mut key = if algorithm == "es256" {
            let point = self.0.ecdsa.public_key().as_ref();
            let (x, y) = point[1..].split_at(32);
            json!({ "kty": "EC", "crv": "P-256", "kid": "es256", "x": encode(x), "y": encode(y) })
        } else {
            let public = self.0.rsa.public_key();
            let n = public.modulus().big_endian_without_leading_zero();
            let e = public.exponent().big_endian_without_leading_zero();
            json!({ "kty": "RSA", "kid": "rs256", "n": encode(n), "e": encode(e) })
        };
        key["use"] = "sig".into();
        key["alg"] = algorithm.to_uppercase().into();
        document(&json!({ "keys": [key] }))
    }

    /// Consents for Jane Doe and sends her back with a code.
    fn authorize(&self, algorithm: &str, url: &Url) -> Vec<u8> {
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let said = |name: &str| asked.get(name).cloned();
        let Some(Ok(mut back)) = said("redirect_uri").map(|uri| Url::parse(&uri)) else {
            return problem("400 Bad Request", "invalid_request");
        };
        let mut issued = self.0.issued.borrow_mut();
        issued.count += 1;
        // As long as a real provider's, and as hard to guess as this one needs.
        let code = format!(
            "{:032x}{:08x}",
            issued.count,
            issued.count.wrapping_mul(2_654_435_761) as u32
        );
        let scope = said("scope").unwrap_or_default();
        let is_openid = scope.split(' ').any(|scope| scope == "openid");
        let id_token = is_openid.then(|| {
            let client_id = said("client_id").unwrap_or_default();
            self.id_token(algorithm, &client_id, said("nonce"))
        });
        let grant = Grant { scope, id_token };
        issued.codes.insert(code.clone(), grant);
        back.query_pairs_mut().append_pair("code", &code);
        if let Some(state) = said("state") {
            back.query_pairs_mut().append_pair("state", &state);
        }
        format!("HTTP/1.1 302 Found\r\nlocation: {back}\r\ncontent-length: 0\r\n\r\n").into_bytes()
    }

    fn token(&self, body: &[u8]) -> Vec<u8> {
        let asked: HashMap<_, _> = form_urlencoded::parse(body).into_owned().collect();
        let grant = asked
            .get("code")
            .and_then(|code| self.0.issued.borrow_mut().codes.remove(code));
        let Some(grant) = grant else {
            return problem("400 Bad Request", "invalid_grant");
        };
        let mut answer = json!({
            "access_token": "an-access-token-of-some-forty-characters", "token_type": "Bearer", "expires_in": 3600,
            "scope": grant.scope,
        });
        if let Some(id_token) = grant.id_token {
            answer["id_token"] = id_token.into();
        }
        document(&answer)
    }

    fn id_token(&self, algorithm: &str, client_id: &str, nonce: Option<String>) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let mut claims = json!({
            "iss": self.issuer(algorithm), "sub": SUBJECT, "aud": client_id, "exp": now + 3600, "iat": now,
            "auth_time": now, "name": NAME, "email": "jane@mail.example", "email_verified": true,
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        let header = json!({ "alg": algorithm.to_uppercase(), "kid": algorithm, "typ": "JWT" });
        let signed = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(claims.to_string())
        );
        let signature = if algorithm == "es256" {
            let signature = self.0.ecdsa.sign(&self.0.random, signed.as_bytes());
            encode(signature.expect("a key of its own"))
        } else {
            let mut signature = vec![0; self.0.rsa.public_modulus_len()];
            let done = self.0.rsa.sign(
                &RSA_PKCS1_SHA256,
                &self.0.random,
                signed.as_bytes(),
                &mut signature,
            );
            done.expect("a key of its own");
            encode(signature)
        };
        format!("{signed}.{signature}")
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn document(value: &Value) -> Vec<u8> {
    response("200 OK", value)
}

fn problem(status: &str, error: &str) -> Vec<u8> {
    response(status, &json!({ "error": error }))
}

fn response(status: &str, value: &Value) -> Vec<u8> {
    let body = value.to_string();
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}
