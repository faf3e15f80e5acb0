//! Pictures of every page a newcomer meets, for the documentation and for looking at.

use std::path::{Path, PathBuf};

use codegrant_dev_provider::{Fault, Feature};
use serde_json::json;

use crate::suite::must;
use crate::suite::scene::{Scene, Twist};
use crate::suite::window::{Look, SwitchedOff};

const DESKTOP: Look = Look {
    width: 1280,
    height: 800,
    is_phone: false,
    is_dark: false,
};
const PHONE: Look = Look {
    width: 390,
    height: 844,
    is_phone: true,
    is_dark: false,
};

/// Takes pictures of every page, where `CODEGRANT_SCREENSHOTS` asks for it.
///
/// With any value they go to `target/screenshots`, into a folder of the app's name: whole pages, in both
/// sizes, light and dark. With the value `documentation` the pictures in `docs/images` are taken as well:
/// light and as large as a window.
pub fn pages_are_pictured_for_the_documentation(binary: &str) {
    let Ok(wanted) = std::env::var("CODEGRANT_SCREENSHOTS") else {
        return;
    };
    let is_for_documentation = wanted == "documentation";
    let twist = Twist {
        has_two_providers: true,
        logs_out_at_provider: true,
        has_usual_ports: is_for_documentation,
        ..Twist::default()
    };
    let Some(scene) = Scene::open(binary, twist) else {
        return;
    };
    let album = Album::open(binary, is_for_documentation);
    scene.visit("/me");
    scene.window.sees_heading("Log in to the tour");
    album.picture(&scene, "login", Shown::InTheDocumentation);
    scene.visit("/");
    album.picture(&scene, "start", Shown::ToLookAt);
    scene.window.press("Log in with House");
    scene.window.sees_heading("Sign in");
    album.picture(&scene, "sign-in", Shown::InTheDocumentation);
    scene.window.press_containing("Ada Lovelace");
    scene.window.sees_heading("Allow the tour?");
    album.picture(&scene, "consent", Shown::InTheDocumentation);
    scene.window.press("Allow");
    scene.window.sees_heading("Hello, Ada Lovelace");
    album.picture(&scene, "me", Shown::InTheDocumentation);
    scene.visit("/");
    album.picture(&scene, "home", Shown::InTheDocumentation);
    scene.visit("/flow");
    album.picture(&scene, "flow", Shown::InTheDocumentation);
    scene.visit("/api-call");
    scene.window.sees("200");
    album.picture(&scene, "api-call", Shown::ToLookAt);
    scene.visit("/auth/sessions");
    scene.window.sees_heading("Where you are logged in");
    album.picture(&scene, "sessions", Shown::ToLookAt);
    scene.visit("/auth/logout");
    scene.window.sees_heading("Log out?");
    album.picture(&scene, "log-out", Shown::ToLookAt);
    scene.visit("/nowhere");
    album.picture(&scene, "not-found", Shown::ToLookAt);
    scene.visit("/auth/callback/house?code=made-up&state=made-up");
    album.picture(&scene, "unknown-login", Shown::ToLookAt);
    scene.visit("/me");
    scene.window.press("Log out");
    scene.window.sees_heading("You are logged out");
    album.picture(&scene, "logged-out", Shown::InTheDocumentation);
    scene.visit("/");
    scene.window.press("Log in with House");
    scene.window.press("Cancel and go back");
    scene.window.sees_heading("Login cancelled");
    album.picture(&scene, "cancelled", Shown::InTheDocumentation);
    scene.visit("/flow");
    album.picture(&scene, "flow-cancelled", Shown::ToLookAt);
}

/// Takes pictures of the pages that only some logins have, to look at, where `CODEGRANT_SCREENSHOTS` asks for
/// pictures: those that post themselves, of log-out at the provider, and of what is refused.
pub fn rarer_pages_are_pictured(binary: &str) {
    if std::env::var_os("CODEGRANT_SCREENSHOTS").is_none() {
        return;
    }
    let Some(scene) = Scene::open(binary, SILENT) else {
        return;
    };
    let album = Album::open(binary, false);
    let picture = |name| album.picture(&scene, name, Shown::ToLookAt);
    let visit_provider = |path: &str| {
        scene
            .window
            .visit(&format!("{}{path}", scene.provider.issuer()));
    };
    scene.visit("/auth/initiate/house?iss=http://127.0.0.1:1");
    picture("not-for-this-issuer");
    visit_provider("/end_session");
    picture("provider-log-out-of-nobody");
    visit_provider("/end_session?id_token_hint=made-up");
    picture("provider-foreign-hint");
    visit_provider("/authorize?client_id=nobody");
    picture("provider-unknown-client");
    scene.visit("/");
    scene.window.press("Log in with House");
    scene.sign_in();
    scene.window.sees_heading("Going back to the app");
    picture("provider-posts");
    scene.window.press("Continue");
    scene.window.sees("Your login continues by itself");
    picture("posted-login");
    scene.window.press("Continue");
    scene.window.sees_heading("Hello, Ada Lovelace");
    scene.visit("/flow");
    picture("flow-of-signed-messages");
    visit_provider("/end_session");
    picture("provider-log-out");
    scene.window.press("Stay signed in");
    scene.window.sees_heading("You are still signed in");
    picture("provider-stayed");
    scene.visit("/me");
    scene.window.press("Log out");
    scene.window.sees("Your log-out continues at the provider");
    picture("posted-log-out");
    scene.window.press("Continue");
    scene.window.sees("log you out as well");
    picture("provider-log-out-in-frames");
    scene.window.press("Continue");
    scene.window.sees("Log in again");
    picture("logged-out-everywhere");
    scene.window.press("Log in again");
    scene.window.press_containing("Ada Lovelace");
    go_back(&scene);
    scene.window.sees("You are Ada Lovelace");
    scene.provider.inject(Fault::ApiStepUp);
    scene.visit("/api-call");
    picture("step-up");
    scene.window.press("Sign in again for this");
    scene.window.fill("name", "Somebody Else");
    picture("step-up-sign-in");
    scene.window.press_containing("Continue");
    scene.window.press("Allow");
    go_back(&scene);
    scene.window.sees_heading("That is another account");
    picture("step-up-of-somebody-else");
}

/// Presses the buttons of the two pages that post an answer.
fn go_back(scene: &Scene) {
    scene.window.sees_heading("Going back to the app");
    scene.window.press("Continue");
    scene.window.sees("Your login continues by itself");
    scene.window.press("Continue");
}

/// A browser that runs no scripts stays on the pages that post themselves.
const SILENT: Twist = Twist {
    switched_off: SwitchedOff::Scripts,
    has_key: true,
    has_long_id_tokens: true,
    logs_out_at_provider: true,
    features: &[
        Feature::PushedRequests,
        Feature::RequestObjects,
        Feature::ResponseObjects,
        Feature::Dpop,
        Feature::FrontChannelLogOut,
    ],
    keys: "profile = \"fapi2_message_signing\"\nresponse_mode = \"form_post.jwt\"\n\
           third_party_login = true\nfrontchannel_logout = true\n",
    registered: Some(|app| {
        json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": format!("{app}/auth/jwks/house"),
            "dpop_bound_access_tokens": true,
            "frontchannel_logout_uri": format!("{app}/auth/frontchannel-logout/house"),
            "frontchannel_logout_session_required": true,
        })
    }),
    ..Twist::USUAL
};

/// Whether a page stands in the documentation or is only looked at by whoever changes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    InTheDocumentation,
    ToLookAt,
}

/// The folders that pictures go to.
struct Album {
    documentation: Option<PathBuf>,
    to_look_at: PathBuf,
}

impl Album {
    fn open(binary: &str, is_for_documentation: bool) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let app = Path::new(binary).file_stem().unwrap_or_default();
        let album = Self {
            documentation: is_for_documentation.then(|| root.join("docs/images")),
            to_look_at: root.join("target/screenshots").join(app),
        };
        for folder in album.documentation.iter().chain([&album.to_look_at]) {
            must("folder of pictures", std::fs::create_dir_all(folder));
        }
        album
    }

    fn picture(&self, scene: &Scene, name: &str, shown: Shown) {
        for (size, look) in [("desktop", DESKTOP), ("phone", PHONE)] {
            for (scheme, is_dark) in [("dark", true), ("light", false)] {
                scene.window.look(Look { is_dark, ..look });
                let path = self.to_look_at.join(format!("{name}-{size}-{scheme}.png"));
                scene.window.picture(&path, true);
            }
        }
        scene.window.look(DESKTOP);
        if let (Some(folder), Shown::InTheDocumentation) = (&self.documentation, shown) {
            let path = folder.join(format!("{name}.png"));
            scene.window.picture(&path, false);
        }
    }
}
