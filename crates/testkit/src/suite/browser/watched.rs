//! Pages that watch the session at the provider (OpenID Connect Session Management 1.0): a page of the app, the
//! app's frame in it, the provider's frame in that one, and what they say to each other across origins.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use codegrant_core::Timestamp;
use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_core::provider::Provider;
use codegrant_dev_provider::{DevProvider, Feature};
use codegrant_web::{Auth, HttpClient, Registration, Request, Response, TransportError};

use crate::serve::system_time;
use crate::suite::scene::{CLIENT_SECRET, Scene, Twist};
use crate::suite::window::SwitchedOff;
use crate::suite::{PATIENCE, app, must};

/// What a page of the app asks for when its frame tells of a change.
const CHECK: &str = "/auth/login/house?silent=1";

/// Asks once more in the place of the app's frame, and waits for what the provider's frame answers.
const ASK: &str = r#"
const frame = document.getElementById("provider"), own = document.querySelector("script").dataset;
addEventListener("message", (event) => {
  // Whatever the app's frame does about the answer is done first.
  if (event.source === frame.contentWindow && event.origin === own.origin) setTimeout(done, 0, event.data);
});
frame.contentWindow.postMessage(own.message, own.origin);
"#;

const WATCHING: Twist = Twist {
    features: &[Feature::SessionManagement],
    keys: "session_management = true\n",
    ..Twist::USUAL
};

/// Somebody logs out at the provider in another tab; the page that stayed open asks what that means, and closes.
pub fn a_page_notices_that_its_user_has_logged_out_at_the_provider(binary: &str) {
    let twist = Twist {
        is_one_site: true,
        ..WATCHING
    };
    let Some(scene) = Scene::open(binary, twist) else {
        return;
    };
    scene.log_in();
    grow_older(&scene);
    scene.visit("/me?tab=1");
    scene.window.sees_heading("Hello, Ada Lovelace");
    assert_eq!(answer_of_the_frame(&scene), "unchanged");
    let page = scene.window.tab();
    scene.window.open_tab();
    scene.log_out_at_the_provider();
    scene.window.show(&page);
    // The provider asks whoever comes from a closed page.
    scene.window.sees_heading("Sign in");
    scene.app.logs(&["session.ended", "signed_out_at_provider"]);
    assert_eq!(questions(&scene.window.requested()), 1);
    // Whoever logs in now comes back to the page that noticed.
    scene.window.press_containing("Ada Lovelace");
    scene.window.sees_heading("Hello, Ada Lovelace");
    scene.is_at("/me?tab=1");
}

/// Where the provider's frame is kept from its cookies it tells of a change that is none. The question finds the
/// same person, who stays logged in, and after the second time the page is left in peace.
pub fn a_frame_without_its_cookies_logs_nobody_out(binary: &str) {
    let twist = Twist {
        switched_off: SwitchedOff::ThirdPartyCookies,
        ..WATCHING
    };
    let Some(scene) = Scene::open(binary, twist) else {
        return;
    };
    scene.visit("/");
    scene.window.press("Log in with House");
    scene.sign_in();
    // A session that has just begun is not asked about.
    is_asked_about(&scene);
    assert_eq!(scene.calls(Method::Get, "/authorize", ""), 1);
    grow_older(&scene);
    let before = scene.window.cookies_of("localhost");
    a_minute_passes(&scene);
    is_asked_about(&scene);
    assert_eq!(scene.calls(Method::Get, "/authorize", "prompt=none"), 1);
    assert_ne!(scene.window.cookies_of("localhost"), before);
    grow_older(&scene);
    a_minute_passes(&scene);
    assert_eq!(answer_of_the_frame(&scene), "changed");
    scene.window.sees_heading("Hello, Ada Lovelace");
    assert_eq!(questions(&scene.window.requested()), 0);
}

/// Waits until the page has asked what a change means and is there again, with a frame that hears of the change
/// once more and keeps that to itself.
fn is_asked_about(scene: &Scene) {
    let frame = scene.app.at("/auth/session/house");
    let mut requested = Vec::new();
    let begun = Instant::now();
    let comes_back = |requested: &[String]| {
        let asked = requested.iter().position(|url| url.contains(CHECK));
        asked.is_some_and(|asked| requested[asked..].contains(&frame))
    };
    while !comes_back(&requested) {
        assert!(begun.elapsed() < PATIENCE, "the page does not ask");
        requested.extend(scene.window.requested());
    }
    assert_eq!(answer_of_the_frame(scene), "changed");
    scene.window.sees_heading("Hello, Ada Lovelace");
    scene.is_at("/me");
    requested.extend(scene.window.requested());
    assert_eq!(questions(&requested), 1, "{requested:?}");
}

/// Returns how often pages have asked.
fn questions(requested: &[String]) -> usize {
    requested.iter().filter(|url| url.contains(CHECK)).count()
}

/// Loads the page as if the last report had been long ago.
fn a_minute_passes(scene: &Scene) {
    scene
        .window
        .run("sessionStorage.setItem('codegrant.session.house.at', '0')");
    scene.window.reload();
}

/// Asks the provider's frame from within the app's, where only the app's frame can.
fn answer_of_the_frame(scene: &Scene) -> String {
    scene.window.enter_frame("//iframe[@title='Session']");
    let answer = scene.window.wait_for(ASK);
    scene.window.leave_frames();
    answer.as_str().unwrap_or_default().to_owned()
}

/// Puts a session in the place of the browser's that began a minute ago, as if the login had been then.
///
/// It is a login by values: the app's origin and secret, the same provider, and the browser's cookies there.
fn grow_older(scene: &Scene) {
    let at = system_time().plus(-60);
    let provider = scene.provider.clone();
    let registration = Registration::new(
        Provider::openid("house", "House", provider.issuer().to_owned()),
        "tour",
    );
    let auth = Auth::builder(scene.app.at(""))
        .secret(app::secret())
        .registration(registration.secret(CLIENT_SECRET).session_management())
        .http_client(ByValues { provider, at })
        .clock(move || at)
        .build();
    let auth = must("a login by values", auth);
    let (path, query) = ("/auth/login/house", "return_to=%2Fme");
    let leaving = answer(&auth, path, query, "");
    let mut request = HttpRequest::new(Method::Get, target(&leaving));
    let issuer = scene.provider.issuer();
    let host = if issuer.contains("//localhost") {
        "localhost"
    } else {
        "127.0.0.1"
    };
    request.set_header("cookie", scene.window.cookies_of(host));
    let coming_back = scene.provider.handle(&request, at);
    let callback = coming_back.header("location").unwrap_or_default();
    let (_, query) = callback.split_once('?').unwrap_or_default();
    let cookies: Vec<String> = set_cookies(&leaving)
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let arrived = answer(&auth, "/auth/callback/house", query, &cookies.join("; "));
    assert_eq!(target(&arrived), "/me", "{callback}");
    for (name, value) in set_cookies(&arrived).filter(|(_, value)| !value.is_empty()) {
        scene.window.put_cookie(&scene.app.at("/"), name, value);
    }
}

fn answer(auth: &Auth, path: &str, query: &str, cookies: &str) -> Response {
    let fields = [("cookie", cookies.as_bytes())];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let handled = auth.handle(Request::new("GET", path, Some(query), fields));
    must("runtime", runtime).block_on(handled)
}

fn target(response: &Response) -> &str {
    response.header("location").unwrap_or_default()
}

fn set_cookies(response: &Response) -> impl Iterator<Item = (&str, &str)> {
    let fields = response
        .headers
        .iter()
        .filter(|(name, _)| *name == "set-cookie");
    fields.filter_map(|(_, value)| value.split(';').next()?.split_once('='))
}

/// Takes an app's requests to a provider, at one time.
struct ByValues {
    provider: Arc<DevProvider>,
    at: Timestamp,
}

#[async_trait]
impl HttpClient for ByValues {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        Ok(self.provider.handle(&request, self.at))
    }
}
