//! Whole lives with providers that read the specifications in a way of their own.

use serde_json::{Value, json};

use super::meeting::Meeting;
use super::pages::PASSWORD;
use super::provider::{Provider, Software};
use crate::site::reply::Reply;
use crate::suite::app::Plan;
use crate::suite::visitor::{Visitor, saying, target_of};

/// Holds characters that `client_secret_basic` has to encode (RFC 6749 section 2.3.1).
const CLIENT_SECRET: &str = "s3cret: 100% \"known\" & + so=";

/// Holds none: Authlib takes the halves of `client_secret_basic` as they come, and decodes nothing.
const PLAIN_SECRET: &str = "s3cret-and-plain";
const WRONG_SECRET: &str = "another-secret";

/// Canaille, which Authlib is under: RS512 and PS256, `auth_time` as a fraction, no ID token on refresh.
pub fn canaille_passes_login_refresh_revocation_and_log_out(binary: &str) {
    let clients = [
        ("rs512", "client_secret_basic", "RS512"),
        ("ps256", "client_secret_post", "PS256"),
        ("eddsa", "none", "EdDSA"),
    ];
    let secret_of = |method: &str| match method {
        "none" => None,
        "client_secret_basic" => Some(PLAIN_SECRET),
        _ => Some(CLIENT_SECRET),
    };
    let registered = |app: &str, id: &str, method: &str, algorithm: &str| {
        let mut client = json!({
            "client_id": id,
            "client_name": id,
            "redirect_uris": [format!("{app}/auth/callback/{id}")],
            "post_logout_redirect_uris": [format!("{app}/auth/logged-out")],
            "token_endpoint_auth_method": method,
            "id_token_signed_response_alg": algorithm,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": ["openid", "profile", "email"],
        });
        if let Some(secret) = secret_of(method) {
            client["client_secret"] = json!(secret);
        }
        client
    };
    let plan = Plan::new().with_sessions_in_memory();
    let app = plan.origin();
    let mut known: Vec<Value> = clients
        .iter()
        .map(|(id, method, algorithm)| registered(&app, id, method, algorithm))
        .collect();
    known.push(registered(&app, "wrong", "client_secret_basic", "RS256"));
    let configuration = json!({
        "clients": known,
        "users": [{
            "user_name": "ada",
            "formatted_name": "Ada Lovelace",
            "family_name": "Lovelace",
            "emails": ["ada@example.test"],
            "password": PASSWORD,
        }],
    });
    let Some(provider) = Provider::start(Software::Canaille, &configuration) else {
        return;
    };
    let sections = clients.iter().map(|(id, method, algorithm)| {
        section(&provider.issuer, id, method, secret_of(method))
            + &format!("algorithm = \"{algorithm}\"\nlog_out_at_provider = true\n")
    });
    let wrong = section(
        &provider.issuer,
        "wrong",
        "client_secret_basic",
        Some(WRONG_SECRET),
    );
    let sections: String = sections.chain([wrong]).collect();
    let mut meeting = Meeting {
        app: plan.with_sections(&sections).start(binary),
        visitor: Visitor::default(),
        user: "ada",
        provider,
    };
    for (id, _, algorithm) in clients {
        // Its access tokens are JWTs that tell seconds apart and nothing else: a second refresh would bring what
        // the first one revoked, were it not for the salt of PS256.
        live(&mut meeting, id, if algorithm == "PS256" { 2 } else { 1 });
    }
    // It gets the tokens back.
    let revoked = meeting.provider.wait_for_line(&["POST /oauth/revoke"]);
    assert!(revoked.contains(" 200 "), "{revoked}");
    a_wrong_secret_is_told(&mut meeting);
}

/// An app of django-oauth-toolkit, which oauthlib is under: an issuer with a path, slashes at the ends, a
/// `Bearer` token that rotates; as an OpenID Provider, and as an OAuth 2.0 server with metadata of its own.
pub fn django_oauth_toolkit_passes_login_refresh_revocation_and_log_out(binary: &str) {
    let registered = |app: &str, id: &str, is_public: bool| {
        json!({
            "client_id": id,
            "client_secret": CLIENT_SECRET,
            "name": id,
            "redirect_uris": format!("{app}/auth/callback/{id}"),
            "post_logout_redirect_uris": format!("{app}/auth/logged-out"),
            "client_type": if is_public { "public" } else { "confidential" },
            "authorization_grant_type": "authorization-code",
            "algorithm": "RS256",
        })
    };
    let plan = Plan::new().with_sessions_in_memory();
    let app = plan.origin();
    let configuration = json!({
        "clients": [
            registered(&app, "openid", false),
            registered(&app, "public", true),
            registered(&app, "oauth", false),
            registered(&app, "wrong", false),
        ],
        "users": [{
            "username": "ada",
            "first_name": "Ada",
            "last_name": "Lovelace",
            "email": "ada@example.test",
            "password": PASSWORD,
        }],
    });
    let Some(provider) = Provider::start(Software::DjangoOauthToolkit, &configuration) else {
        return;
    };
    let issuer = &provider.issuer;
    let known = Some(CLIENT_SECRET);
    let sections = [
        section(issuer, "openid", "client_secret_basic", known) + "log_out_at_provider = true\n",
        section(issuer, "public", "none", None) + "log_out_at_provider = true\n",
        section(issuer, "oauth", "client_secret_post", known)
            + &format!(
                "metadata = \"oauth\"\nuserinfo = \"{issuer}/userinfo/\"\n\
                 user = {{ subject = \"sub\", name = \"name\", email = \"email\" }}\n"
            ),
        section(issuer, "wrong", "client_secret_basic", Some(WRONG_SECRET)),
    ];
    let mut meeting = Meeting {
        app: plan.with_sections(&sections.concat()).start(binary),
        visitor: Visitor::default(),
        user: "ada",
        provider,
    };
    for id in ["openid", "public", "oauth"] {
        live(&mut meeting, id, 2);
    }
    // The third gave its tokens back, to an endpoint that stands in the metadata of RFC 8414 alone.
    let revoked = meeting.provider.wait_for_line(&["POST /o/revoke_token/"]);
    assert!(revoked.contains(" 200 "), "{revoked}");
    a_wrong_secret_is_told(&mut meeting);
}

/// A login, calls with its tokens, refreshes, a log-out: nobody is there any longer.
fn live(meeting: &mut Meeting, id: &str, refreshes: usize) {
    let page = log_in(meeting, id);
    assert_eq!(page.status, 200, "{id}: {}\n{}", page.body, meeting.said());
    let issuer = meeting.provider.issuer.clone();
    saying(page, 200, &["Ada Lovelace", "ada@example.test", &issuer]);
    meeting.call_the_api();
    for _ in 0..refreshes {
        // Both rotate: the second one works with what the first one brought.
        meeting.refresh();
        meeting.call_the_api();
    }
    let me = meeting.visitor.browse(&meeting.app.at("/me"));
    let out = meeting.visitor.submit(&me, "/auth/logout", &[]);
    let page = meeting.visitor.follow(out);
    if page.url.starts_with(&issuer) {
        let back = meeting.sign_out(&page);
        let page = meeting.visitor.follow(back);
        let back = meeting.app.at("/auth/logged-out");
        assert!(page.url.starts_with(&back), "{id}: {}", meeting.said());
        saying(page, 200, &["You are logged out"]);
    }
    let stranger = meeting.visitor.get(&meeting.app.at("/me"));
    assert!(target_of(&stranger).is_some(), "{id}: {}", stranger.body);
    // Two people in turn, as far as the provider can tell.
    meeting.visitor = Visitor::default();
}

/// The user reads that it is not their fault, the operator what is.
fn a_wrong_secret_is_told(meeting: &mut Meeting) {
    let page = log_in(meeting, "wrong");
    let page = saying(page, 502, &["The provider could not log you in"]);
    assert!(!page.body.contains("invalid_client"), "{}", page.body);
    let told = ["provider.token_refused", "invalid_client"];
    assert!(!meeting.app.logs(&told).contains(WRONG_SECRET));
}

fn log_in(meeting: &mut Meeting, id: &str) -> Reply {
    meeting.log_in(&format!("/auth/login/{id}?return_to=/me"))
}

/// Writes the section of a client whose id is that of the provider in the app.
fn section(issuer: &str, id: &str, method: &str, secret: Option<&str>) -> String {
    let secret = secret.map(|secret| format!("client_secret = {secret:?}\n"));
    format!(
        "\n[[provider]]\nid = \"{id}\"\nclient_id = \"{id}\"\nissuer = \"{issuer}\"\n\
         scopes = [\"openid\", \"profile\", \"email\"]\nauthentication = \"{method}\"\n{}",
        secret.unwrap_or_default()
    )
}
