//! Whole logins against the certified provider, one test for each thing that could be read differently.

use serde_json::{Value, json};

use super::meeting::{Meeting, submit_refresh};
use super::pages::consent;
use super::provider::{Provider, Software, users};
use crate::suite::app::{Entry, Plan};
use crate::suite::visitor::{Visitor, saying, target_of};

const CLIENT_ID: &str = "tour";

/// Holds characters that `client_secret_basic` has to encode (RFC 6749 section 2.3.1).
const CLIENT_SECRET: &str = "s3cret: 100% \"known\" & + so=";

/// How the client is registered with the provider.
struct Registration {
    algorithm: &'static str,
    /// The method by which the client authenticates, in the provider's words.
    method: &'static str,
    secret: Option<&'static str>,
    is_posting_answers: bool,
}

/// RS256 with `client_secret_basic`: what every provider offers.
pub fn rs256_and_client_secret_basic_pass_login_refresh_and_log_out(binary: &str) {
    pass_everything(binary, &Registration::with("RS256", "client_secret_basic"));
}

/// PS256 with `client_secret_post`.
pub fn ps256_and_client_secret_post_pass_login_refresh_and_log_out(binary: &str) {
    pass_everything(binary, &Registration::with("PS256", "client_secret_post"));
}

/// ES256 with a client that has no secret and proves itself by PKCE alone.
pub fn es256_and_a_public_client_pass_login_refresh_and_log_out(binary: &str) {
    let registration = Registration {
        secret: None,
        ..Registration::with("ES256", "none")
    };
    pass_everything(binary, &registration);
}

/// Ed25519 under its older name.
pub fn eddsa_and_client_secret_basic_pass_login_refresh_and_log_out(binary: &str) {
    pass_everything(binary, &Registration::with("EdDSA", "client_secret_basic"));
}

/// The provider posts its answer, and the app's own page posts it once more.
pub fn a_posted_answer_is_accepted(binary: &str) {
    let registration = Registration {
        is_posting_answers: true,
        ..Registration::with("ES256", "client_secret_basic")
    };
    let Some(mut meeting) = arrange(binary, &registration, registration.secret) else {
        return;
    };
    let asked = meeting
        .visitor
        .get(&meeting.app.at("/auth/login/op?return_to=/me"));
    let posting = saying(
        consent(&mut meeting.visitor, &meeting.provider, meeting.user, asked),
        200,
        &["name=\"code\""],
    );
    let again = saying(
        meeting.visitor.submit(&posting, "/auth/callback/op", &[]),
        200,
        &["name=\"code\""],
    );
    let done = meeting.visitor.submit(&again, "/auth/callback/op", &[]);
    assert_eq!(
        target_of(&done),
        Some(meeting.app.at("/me")),
        "{}",
        meeting.said()
    );
    saying(meeting.visitor.follow(done), 200, &["Ada Lovelace"]);
}

/// The provider's own cancel link, and then a login all the same.
pub fn a_cancelled_login_can_be_tried_again(binary: &str) {
    let registration = Registration::with("ES256", "client_secret_basic");
    let Some(mut meeting) = arrange(binary, &registration, registration.secret) else {
        return;
    };
    let sign_in = meeting
        .visitor
        .browse(&meeting.app.at("/auth/login/op?return_to=/me"));
    let cancelled = meeting.visitor.follow_link(&sign_in, "/abort");
    let cancelled = saying(
        meeting.visitor.follow(cancelled),
        403,
        &["Login cancelled", "Try again"],
    );
    let asked = meeting
        .visitor
        .follow_link(&cancelled, "/auth/login/op?return_to=%2Fme");
    let back = consent(&mut meeting.visitor, &meeting.provider, meeting.user, asked);
    saying(meeting.visitor.follow(back), 200, &["Ada Lovelace"]);
}

/// The user reads that it is not their fault, the operator what is.
pub fn a_wrong_client_secret_is_told_to_the_operator(binary: &str) {
    let registration = Registration::with("ES256", "client_secret_basic");
    let Some(mut meeting) = arrange(binary, &registration, Some("another secret")) else {
        return;
    };
    let page = meeting.log_in("/me");
    let page = saying(
        page,
        502,
        &["The provider could not log you in", "Try again"],
    );
    assert!(!page.body.contains("invalid_client"), "{}", page.body);
    let line = meeting
        .app
        .logs(&["request.failed", "provider.token_refused"]);
    assert!(line.contains("invalid_client"), "{line}");
    let logged = meeting.app.said();
    assert!(
        !logged.contains("another secret") && !logged.contains("another+secret"),
        "{logged}"
    );
}

/// A stolen copy of the session makes the provider end the grant; a login is the way on for both.
pub fn a_refresh_token_used_by_two_ends_the_grant_and_leads_to_a_login(binary: &str) {
    let registration = Registration::with("ES256", "client_secret_basic");
    let Some(mut meeting) = arrange(binary, &registration, registration.secret) else {
        return;
    };
    saying(meeting.log_in("/me"), 200, &["Ada Lovelace"]);
    let mut copy = meeting.visitor.clone();
    let renewed = submit_refresh(&mut meeting.visitor, &meeting.app);
    assert_eq!(target_of(&renewed), Some(meeting.app.at("/me")));
    // For a minute the app would answer the copy from memory, as two tabs of one browser need it.
    meeting.app.restart();
    for visitor in [&mut copy, &mut meeting.visitor] {
        let refused = submit_refresh(visitor, &meeting.app);
        let target = target_of(&refused).unwrap_or_default();
        assert!(
            target.starts_with(&meeting.app.at("/auth/login?return_to=")),
            "{target}"
        );
    }
    meeting
        .app
        .logs(&["provider.token_refused", "invalid_grant"]);
}

/// A full login, userinfo, a call with the token, two refreshes, a log-out at the provider, a new login.
fn pass_everything(binary: &str, registration: &Registration) {
    let Some(mut meeting) = arrange(binary, registration, registration.secret) else {
        return;
    };
    let issuer = meeting.provider.issuer.clone();
    // Issuer and subject are the account; the rest is at userinfo only.
    let me = saying(
        meeting.log_in("/me"),
        200,
        &[
            "Hello, <bdi id=\"name\">Ada Lovelace",
            &issuer,
            "ada@example.test",
        ],
    );
    saying(me, 200, &["data-trust=\"verified\"", "offline_access"]);
    meeting.call_the_api();
    for _ in 0..2 {
        // The provider rotates: the second one works with what the first one brought.
        meeting.refresh();
        meeting.call_the_api();
    }
    meeting.log_out_at_provider();
    let closed = meeting.visitor.browse(&meeting.app.at("/me"));
    // Both ends have forgotten who was there.
    saying(closed, 200, &["name=\"prompt\" value=\"login\""]);
    saying(meeting.log_in("/me"), 200, &["Ada Lovelace"]);
}

impl Registration {
    fn with(algorithm: &'static str, method: &'static str) -> Self {
        Self {
            algorithm,
            method,
            secret: Some(CLIENT_SECRET),
            is_posting_answers: false,
        }
    }

    fn configuration(&self, origin: &str) -> Value {
        let mut client = json!({
            "client_id": CLIENT_ID,
            "redirect_uris": [format!("{origin}/auth/callback/op")],
            "post_logout_redirect_uris": [format!("{origin}/auth/logged-out")],
            "token_endpoint_auth_method": self.method,
            "id_token_signed_response_alg": self.algorithm,
        });
        if let Some(secret) = self.secret {
            client["client_secret"] = json!(secret);
        }
        json!({ "clients": [client], "users": users(), "signing_algs": [self.algorithm] })
    }
}

/// Starts provider and app; the app knows this secret, which may be a wrong one.
fn arrange(
    binary: &str,
    registration: &Registration,
    secret: Option<&'static str>,
) -> Option<Meeting> {
    let plan = Plan::new();
    let provider = Provider::start(
        Software::OidcProvider,
        &registration.configuration(&plan.origin()),
    )?;
    let entry = Entry {
        client_secret: secret,
        authentication: Some(registration.method),
        algorithm: Some(registration.algorithm),
        scopes: &["openid", "profile", "email", "offline_access"],
        // Without it this provider strikes `offline_access`, as it may (OpenID Connect Core 1.0
        // section 11).
        parameters: &[("prompt", "consent")],
        is_posting_answers: registration.is_posting_answers,
        logs_out_at_provider: true,
        ..Entry::new("op", "the certified provider", &provider.issuer, CLIENT_ID)
    };
    Some(Meeting {
        app: plan.with_provider(entry).start(binary),
        visitor: Visitor::default(),
        user: "ada",
        provider,
    })
}
