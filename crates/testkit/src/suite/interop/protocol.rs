//! The protocol beyond the usual login, against the certified provider: one test for each family, with several
//! clients side by side, each of which lives a whole life.

use codegrant_core::jose::{Algorithm, SigningKey};
use serde_json::{Value, json};

use super::clients::{Client, INITIAL_ACCESS_TOKEN, SECRET, arrange, arrange_with};
use super::meeting::Meeting;
use crate::suite::app::Plan;
use crate::suite::conformance::certificates::{Certificate, Certificates, SUBJECT};
use crate::suite::conformance::keys::client_pem;
use crate::suite::directory::Directory;
use crate::suite::visitor::{Visitor, saying, target_of};

/// FAPI 2.0, both profiles: pushed requests, assertions, proofs with nonces; signed requests and answers.
pub fn fapi_2_passes_login_api_refresh_and_log_out(binary: &str) {
    let key = format!(
        "authentication = \"private_key_jwt\"\nalgorithm = \"ES256\"\n{}",
        signing_key("ES256")
    );
    let clients = [
        Client::new("security-profile")
            .section(&format!("profile = \"fapi2\"\n{key}"))
            .registered(&json!({
                "fapi": true,
                "token_endpoint_auth_method": "private_key_jwt",
                "id_token_signed_response_alg": "ES256",
                "require_pushed_authorization_requests": true,
                "dpop_bound_access_tokens": true,
            })),
        Client::new("message-signing")
            .section(&format!(
                "profile = \"fapi2_message_signing\"\nresponse_algorithm = \"ES256\"\n{key}"
            ))
            .registered(&json!({
                "fapi": true,
                "token_endpoint_auth_method": "private_key_jwt",
                "id_token_signed_response_alg": "ES256",
                "authorization_signed_response_alg": "ES256",
                "request_object_signing_alg": "ES256",
                "require_pushed_authorization_requests": true,
                "require_signed_request_object": true,
                "dpop_bound_access_tokens": true,
            })),
    ];
    let features = ["dPoP", "fapi", "jwtResponseModes", "requestObjects"];
    let Some(mut meeting) = arrange(binary, &features, &clients) else {
        return;
    };
    for client in &clients {
        live(&mut meeting, client.id);
    }
    assert_eq!(refusals(&meeting), Vec::<String>::new());
    // Nobody came without a proof, and proofs without a nonce were made anew.
    assert!(
        meeting.provider.said().contains("use_dpop_nonce"),
        "{}",
        meeting.said()
    );
}

/// ID tokens and userinfo, encrypted for our key in every way that the provider knows too.
pub fn encrypted_id_tokens_and_userinfo_are_read(binary: &str) {
    let encrypted = |id, key, algorithm, encryption| {
        let pem = client_pem(key);
        let how = format!("{{ algorithm = \"{algorithm}\", encryption = \"{encryption}\" }}");
        Client::new(id)
            .with_secret("client_secret_basic")
            .section(&format!(
                "algorithm = \"RS256\"\nuserinfo_algorithm = \"RS256\"\ndecryption_key = '''\n{pem}'''\n\
                 id_token_encryption = {how}\nuserinfo_encryption = {how}\n"
            ))
            .registered(&json!({
                "id_token_encrypted_response_alg": algorithm,
                "id_token_encrypted_response_enc": encryption,
                "userinfo_signed_response_alg": "RS256",
                "userinfo_encrypted_response_alg": algorithm,
                "userinfo_encrypted_response_enc": encryption,
            }))
    };
    let clients = [
        encrypted("rsa", "RS256", "RSA-OAEP-256", "A256GCM"),
        encrypted("ec", "ES256", "ECDH-ES", "A128CBC-HS256"),
        encrypted("ec-128", "ES256", "ECDH-ES+A128KW", "A128GCM"),
        encrypted("ec-256", "ES256", "ECDH-ES+A256KW", "A256CBC-HS512"),
    ];
    let Some(mut meeting) = arrange(binary, &["encryption", "jwtUserinfo"], &clients) else {
        return;
    };
    for client in &clients {
        log_in(&mut meeting, client.id);
        meeting.refresh();
        meeting.log_out_at_provider();
    }
    assert_eq!(refusals(&meeting), Vec::<String>::new());
}

/// What a login may ask for, each way of asking and of answering once: assertions under the secret, a signed
/// request in the address, one that is pushed without a profile, answers that are signed and posted,
/// fine-grained rights, single claims, the age of a sign-in.
pub fn requests_are_signed_pushed_and_precise(binary: &str) {
    let clients = [
        Client::new("secret-assertion")
            .section(&format!(
                "authentication = \"client_secret_jwt\"\nclient_secret = \"{SECRET}\"\n\
                 response_mode = \"form_post.jwt\"\nresponse_algorithm = \"PS256\"\n"
            ))
            .registered(&json!({
                "token_endpoint_auth_method": "client_secret_jwt",
                "client_secret": SECRET,
                "authorization_signed_response_alg": "PS256",
            })),
        Client::new("signed-request")
            .with_secret("client_secret_post")
            .section(&format!(
                "{}request_object = \"by_value\"\nmax_age = 600\n",
                signing_key("PS256")
            ))
            .registered(&json!({
                "request_object_signing_alg": "PS256",
                "require_signed_request_object": true,
                "require_auth_time": true,
            })),
        Client::new("precise")
            .with_secret("client_secret_basic")
            .section(
                "pushed_requests = true\n\
                 authorization_details = [{ type = \"payment\", amount = \"12.50\" }]\n\
                 claims = { id_token = { email = { essential = true } } }\n",
            )
            .registered(&json!({ "authorization_details_types": ["payment"] })),
    ];
    let features = [
        "claimsParameter",
        "jwtResponseModes",
        "requestObjects",
        "resourceIndicators",
        "richAuthorizationRequests",
    ];
    let Some(mut meeting) = arrange(binary, &features, &clients) else {
        return;
    };
    for client in &clients {
        live(&mut meeting, client.id);
    }
    meeting
        .provider
        .wait_for_line(&["authorization_details: ", "payment", "12.50"]);
    assert_eq!(refusals(&meeting), Vec::<String>::new());
}

/// Somebody signs out at the provider, whose server tells the app: one client's session by its id, another's
/// by the person.
pub fn a_sign_out_at_the_provider_ends_the_sessions_of_the_app(binary: &str) {
    let told = |id, by_session: bool| {
        Client::new(id)
            .with_secret("client_secret_basic")
            .section("backchannel_logout = true\n")
            .registered(&json!({
                "backchannel_logout_uri": format!("APP/auth/backchannel-logout/{id}"),
                "backchannel_logout_session_required": by_session,
            }))
    };
    let clients = [told("by-session", true), told("by-person", false)];
    let Some(mut meeting) = arrange(binary, &["backchannelLogout"], &clients) else {
        return;
    };
    // Two people: whoever signs in again within the second of the log-out is taken for who signed out.
    for (client, user) in clients.iter().zip(["ada", "grace"]) {
        meeting.user = user;
        let page = meeting.log_in(&format!("/auth/login/{}?return_to=/me", client.id));
        saying(page, 200, &[&format!("{user}@example.test")]);
        let somebody_else = meeting.visitor.clone();
        let elsewhere = format!("{}/session/end", meeting.provider.issuer);
        let question = meeting.visitor.browse(&elsewhere);
        saying(meeting.sign_out(&question), 303, &[]);
        meeting
            .provider
            .wait_for_line(&["backchannel.success", client.id]);
        // Whoever holds the cookie is a stranger from now on.
        for mut visitor in [meeting.visitor.clone(), somebody_else] {
            let stranger = visitor.get(&meeting.app.at("/me"));
            assert_ne!(stranger.status, 200, "{}: {}", client.id, meeting.said());
        }
        meeting.visitor = Visitor::default();
    }
    assert_eq!(refusals(&meeting), Vec::<String>::new());
}

/// The app registers itself, with a key and with a secret, and logs in with what it got.
pub fn the_app_registers_itself_and_logs_in(binary: &str) {
    let token = format!("register = true\ninitial_access_token = \"{INITIAL_ACCESS_TOKEN}\"\n");
    let clients = [
        Client::new("with-secret").section(&format!(
            "{token}algorithm = \"ES256\"\nbackchannel_logout = true\n"
        )),
        Client::new("with-key").section(&format!(
            "{token}{}authentication = \"private_key_jwt\"\nresponse_mode = \"form_post\"\n",
            signing_key("ES256")
        )),
    ];
    let features = [
        "backchannelLogout",
        "registration",
        "registrationManagement",
    ];
    let Some(mut meeting) = arrange(binary, &features, &clients) else {
        return;
    };
    for client in &clients {
        live(&mut meeting, client.id);
    }
    let said = meeting.provider.said();
    assert_eq!(
        said.matches("registration_create.success").count(),
        2,
        "{said}"
    );
    assert_eq!(refusals(&meeting), Vec::<String>::new());
}

/// Client certificates (RFC 8705), one of an authority and one that is registered itself: they authenticate, and
/// every token is bound to them.
pub fn certificates_authenticate_and_bind_tokens(binary: &str) {
    let made = Certificates::of_this_run();
    let directory = Directory::new();
    let path = |name: &str| directory.path().join(name);
    directory.write("root.pem", &made.root);
    let certified = |id, authentication: &str, held: &Certificate| {
        let [certificate, key] = held.files();
        directory.write(&format!("{id}.pem"), &certificate);
        directory.write(&format!("{id}.key"), &key);
        let [certificate, key] = ["pem", "key"].map(|kind| path(&format!("{id}.{kind}")));
        Client::new(id)
            .section(&format!(
                "profile = \"fapi2\"\nauthentication = \"{authentication}\"\nalgorithm = \"ES256\"\n\
                 certificate_file = {certificate:?}\ncertificate_key_file = {key:?}\n\
                 certificate_bound_access_tokens = true\n"
            ))
            .registered(&json!({
                "fapi": true,
                "token_endpoint_auth_method": authentication,
                "id_token_signed_response_alg": "ES256",
                "require_pushed_authorization_requests": true,
                "tls_client_certificate_bound_access_tokens": true,
            }))
    };
    let clients = [
        certified("of-an-authority", "tls_client_auth", &made.signed)
            .registered(&json!({ "tls_client_auth_subject_dn": SUBJECT })),
        certified(
            "self-signed",
            "self_signed_tls_client_auth",
            &made.self_signed,
        )
        .registered(&json!({ "jwks": { "keys": [key_of(&made.self_signed)] } })),
    ];
    let [certificate, key] = made.provider.files();
    let tls = json!({ "certificate": certificate, "key": key, "authority": made.root });
    let more = json!({ "tls": tls });
    let plan = Plan::new().with_root_certificate(&path("root.pem"));
    let features = ["fapi", "mTLS"];
    let Some(mut meeting) = arrange_with(plan, binary, &features, &clients, &more) else {
        return;
    };
    for client in &clients {
        live(&mut meeting, client.id);
    }
    assert_eq!(refusals(&meeting), Vec::<String>::new());
}

/// Describes a client's own certificate as it is registered (RFC 8705 section 2.2.2).
fn key_of(held: &Certificate) -> Value {
    let key = SigningKey::from_pkcs8(&held.key, Algorithm::Es256, "self-signed");
    let mut jwk = key.expect("a key on P-256").public_jwk();
    jwk["x5t#S256"] = held.registered()["x5t#S256"].clone();
    jwk
}

/// Logs in through one of the clients.
fn log_in(meeting: &mut Meeting, id: &str) {
    let page = meeting.log_in(&format!("/auth/login/{id}?return_to=/me"));
    assert_eq!(page.status, 200, "{id}: {}\n{}", page.body, meeting.said());
    let issuer = meeting.provider.issuer.clone();
    saying(page, 200, &["Ada Lovelace", "ada@example.test", &issuer]);
}

/// A login, a call with the token, a refresh, a call with the new one, a log-out: nobody is there any longer,
/// and a copy of the session cannot renew its tokens.
fn live(meeting: &mut Meeting, id: &str) {
    log_in(meeting, id);
    meeting.call_the_api();
    meeting.refresh();
    meeting.call_the_api();
    let mut copy = meeting.visitor.clone();
    meeting.log_out_at_provider();
    let stranger = copy.get(&meeting.app.at("/me"));
    assert_ne!(target_of(&stranger), None, "{id}: {}", stranger.body);
}

/// Returns what the provider refused, but for proofs that lacked its nonce: those are made anew.
fn refusals(meeting: &Meeting) -> Vec<String> {
    let said = meeting.provider.said();
    said.lines()
        .filter(|line| line.contains(".error: ") || line.starts_with("Error"))
        .filter(|line| !line.contains("use_dpop_nonce"))
        .map(str::to_owned)
        .collect()
}

/// Writes the keys of a section whose client signs; the key is made once in a process.
fn signing_key(algorithm: &str) -> String {
    format!(
        "signing_key = '''\n{}'''\nsigning_algorithm = \"{algorithm}\"\n",
        client_pem(algorithm)
    )
}
