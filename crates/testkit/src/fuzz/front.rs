//! What a browser or an operator hands over: callbacks, landing pages, cookies, configuration.

use std::sync::OnceLock;

use codegrant_core::provider::GITHUB;
use codegrant_core::{AuthorizationResponse, PublicOrigin, ReturnTo, ThirdPartyLogin};
use codegrant_web::{Auth, Request};

use super::documents::drive;
use crate::World;

/// The query of a callback: read, and held against a login that waits for another answer.
pub(super) fn callback_parameters(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let Ok(response) = AuthorizationResponse::parse(text) else {
        return;
    };
    let mut world = World::openid();
    let pending = world.start();
    let state = response.state().map(str::to_owned);
    let redeemed = world.client.redeem(
        &pending.metadata,
        pending.transaction.clone(),
        response,
        world.moment(),
    );
    // Nobody guesses 256 bits: without the very state no request leaves.
    if redeemed.is_ok() {
        assert_eq!(state.as_deref(), Some(pending.parameter("state").as_str()));
    }
}

/// Where a login is asked to end: always a path of this app, outside the login itself.
pub(super) fn return_to(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let to = ReturnTo::parse(text, "/auth");
    let to = to.as_str();
    let origin = codegrant_core::oauth2::url::Url::parse("https://app.example/").expect("a URL");
    let landed = origin.join(to).expect("what is kept is a path");
    assert_eq!(
        landed.origin(),
        origin.origin(),
        "{text:?} leads to {landed}"
    );
    assert!(to.starts_with('/') && !to.starts_with("//"), "{to:?}");
    assert!(to.bytes().all(|byte| byte.is_ascii_graphic()), "{to:?}");
    assert!(!landed.path().starts_with("/auth/"), "{to:?}");
}

/// The request of a third party: it leads nowhere but into this app.
pub(super) fn third_party_login(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let origin = PublicOrigin::parse("https://app.example").expect("an origin");
    let asked = ThirdPartyLogin::parse(text);
    if let Some(to) = asked.return_to(&origin, "/auth") {
        let base = codegrant_core::oauth2::url::Url::parse("https://app.example/").expect("a URL");
        let landed = base.join(to.as_str()).expect("what is kept is a path");
        assert_eq!(landed.origin(), base.origin(), "{text:?}");
    }
    if let Some(hint) = asked.login_hint() {
        assert!(!hint.contains(char::is_control), "{hint:?}");
    }
}

/// The `Cookie` header: whatever stands in it, nobody is logged in by it.
pub(super) fn cookies(input: &[u8]) {
    static AUTH: OnceLock<Auth> = OnceLock::new();
    let auth = AUTH.get_or_init(|| {
        Auth::builder("http://localhost:3000")
            .login_with(GITHUB, "id", "secret")
            .secret("a secret of at least thirty-two bytes")
            .http_client(NoNetwork)
            .build()
            .expect("a sound configuration")
    });
    let request = |path| Request::new("GET", path, Some("code=c&state=s"), [("cookie", input)]);
    let identified = drive(auth.identify(request("/")));
    assert!(identified.expect("no store can fail").is_none());
    let answer = drive(auth.handle(request("/auth/callback/github")));
    assert!(matches!(answer.status, 303 | 400), "{}", answer.status);
}

/// A configuration file: refused or accepted, and a mistake never quotes a secret.
pub(super) fn toml_entry(input: &[u8]) {
    const SECRET: &str = "s3cr3t-that-no-message-shows";
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let file = format!(
        "public_origin = \"http://localhost:3000\"\n[[provider]]\nclient_secret = \"{SECRET}\"\n{text}\n"
    );
    if let Err(mistakes) = codegrant_web::AuthBuilder::from_toml(&file)
        .and_then(|builder| builder.http_client(NoNetwork).build())
    {
        let shown = format!("{mistakes} {mistakes:?}");
        assert!(!shown.contains(SECRET) || text.contains(SECRET), "{shown}");
    }
}

/// A network on which nothing answers.
struct NoNetwork;

#[async_trait::async_trait]
impl codegrant_web::HttpClient for NoNetwork {
    async fn send(
        &self,
        request: codegrant_core::http::HttpRequest,
    ) -> Result<codegrant_core::http::HttpResponse, codegrant_web::TransportError> {
        Err(codegrant_web::TransportError::Unreachable {
            url: request.loggable_url().to_owned(),
            reason: "there is no network".to_owned(),
        })
    }
}
