//! The least that a login in axum can cost: what no library can do without, and nothing else. Not an example to follow.
//!
//! `MODE=memory` looks a random cookie up in a map; `MODE=cookie` opens a cookie sealed with AES-256-GCM. The login is
//! two requests, one token call by a shared client of hyper, as codegrant has it, and one check of an RS256 or ES256
//! signature by a key that was parsed once: without state, nonce and PKCE.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use tokio::net::TcpListener;

const NAME: &str = "Jane Doe";

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Where sessions are.
enum Sessions {
    Memory(Mutex<HashMap<String, String>>),
    Cookie(LessSafeKey),
}

struct App {
    sessions: Sessions,
    http_client: HttpClient,
    key: Option<ParsedPublicKey>,
    issuer: String,
    /// The token request's body up to the code.
    token_request: String,
    authorize: String,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Claims {
    name: String,
}

#[derive(Deserialize)]
struct Callback {
    code: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT")?.parse()?;
    let (issuer, client) = (env::var("ISSUER")?, env::var("CLIENT_ID")?);
    let secret = env::var("CLIENT_SECRET")?;
    let back = format!("http%3A%2F%2F127.0.0.1%3A{port}%2Fcallback");
    let sessions = if env::var("MODE")? == "cookie" {
        let key = UnboundKey::new(&AES_256_GCM, &[7; 32])?;
        Sessions::Cookie(LessSafeKey::new(key))
    } else {
        Sessions::Memory(Mutex::default())
    };
    let connector = HttpsConnectorBuilder::new().try_with_platform_verifier()?;
    let connector = connector.https_or_http().enable_http1().build();
    let http_client = Client::builder(TokioExecutor::new()).build(connector);
    let keys = http_client.get(format!("{issuer}/jwks").parse()?).await?;
    let keys: Jwks = serde_json::from_slice(&keys.into_body().collect().await?.to_bytes())?;
    let app = App {
        sessions,
        key: keys.keys.first().and_then(parse_key),
        http_client,
        token_request: format!(
            "grant_type=authorization_code&client_id={client}&client_secret={secret}&redirect_uri={back}&code="
        ),
        authorize: format!(
            "{issuer}/authorize?response_type=code&client_id={client}&scope=openid&redirect_uri={back}"
        ),
        issuer,
    };
    let app = Router::new()
        .route("/page", get(page))
        .route("/seed", get(seed))
        .route("/login", get(login))
        .route("/callback", get(callback))
        .with_state(Arc::new(app));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    Ok(axum::serve(listener, app).await?)
}

async fn page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.name(&headers) {
        Some(name) => format!("Hello, {name}").into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn seed(State(app): State<Arc<App>>) -> Response {
    app.open(NAME)
}

async fn login(State(app): State<Arc<App>>) -> Response {
    (StatusCode::FOUND, [(LOCATION, app.authorize.clone())]).into_response()
}

async fn callback(State(app): State<Arc<App>>, Query(callback): Query<Callback>) -> Response {
    match app.redeem(&callback.code).await {
        Some(name) => app.open(&name),
        None => StatusCode::BAD_GATEWAY.into_response(),
    }
}

impl App {
    /// Returns who the cookie says it is.
    fn name(&self, headers: &HeaderMap) -> Option<String> {
        let cookies = headers.get(COOKIE)?.to_str().ok()?;
        let value = cookies
            .split("; ")
            .find_map(|cookie| cookie.strip_prefix("session="))?;
        match &self.sessions {
            Sessions::Memory(sessions) => sessions.lock().ok()?.get(value).cloned(),
            Sessions::Cookie(key) => {
                let mut sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
                let (nonce, sealed) = sealed.split_at_mut_checked(NONCE_LEN)?;
                let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
                let opened = key.open_in_place(nonce, Aad::empty(), sealed).ok()?;
                Some(str::from_utf8(opened).ok()?.to_owned())
            }
        }
    }

    /// Opens a session for this user.
    fn open(&self, name: &str) -> Response {
        let value = match &self.sessions {
            Sessions::Memory(sessions) => {
                let mut id = [0; 16];
                rand::fill(&mut id).expect("randomness");
                let id = URL_SAFE_NO_PAD.encode(id);
                let mut sessions = sessions.lock().expect("no panic under the lock");
                sessions.insert(id.clone(), name.to_owned());
                id
            }
            Sessions::Cookie(key) => {
                let mut nonce = [0; NONCE_LEN];
                rand::fill(&mut nonce).expect("randomness");
                let mut sealed = name.as_bytes().to_vec();
                let once = Nonce::assume_unique_for_key(nonce);
                key.seal_in_place_append_tag(once, Aad::empty(), &mut sealed)
                    .expect("a short name");
                URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat())
            }
        };
        let cookie = format!("session={value}; Path=/; HttpOnly; SameSite=Lax");
        let headers = [(SET_COOKIE, cookie), (LOCATION, "/page".to_owned())];
        (StatusCode::SEE_OTHER, headers).into_response()
    }

    /// Redeems a code and returns the name in the ID token, if its signature fits.
    async fn redeem(&self, code: &str) -> Option<String> {
        let request = Request::post(format!("{}/token", self.issuer))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(format!("{}{code}", self.token_request)));
        let answer = self.http_client.request(request.ok()?).await.ok()?;
        let answer = answer.into_body().collect().await.ok()?.to_bytes();
        let tokens: Tokens = serde_json::from_slice(&answer).ok()?;
        let (signed, signature) = tokens.id_token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.key
            .as_ref()?
            .verify_sig(signed.as_bytes(), &signature)
            .ok()?;
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
        Some(serde_json::from_slice::<Claims>(&claims).ok()?.name)
    }
}

fn parse_key(key: &Jwk) -> Option<ParsedPublicKey> {
    if let (Some(x), Some(y)) = (&key.x, &key.y) {
        let (x, y) = (
            URL_SAFE_NO_PAD.decode(x).ok()?,
            URL_SAFE_NO_PAD.decode(y).ok()?,
        );
        let point = [&[4][..], &x, &y].concat();
        return ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok();
    }
    let n = URL_SAFE_NO_PAD.decode(key.n.as_ref()?).ok()?;
    let e = URL_SAFE_NO_PAD.decode(key.e.as_ref()?).ok()?;
    let key = RsaPublicKeyComponents { n, e };
    key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()
}
