//! Pushed authorization requests (RFC 9126).

use codegrant_core::http::{HttpRequest, Method};
use codegrant_dev_provider::{ClientRegistration, Fault, Feature};
use serde_json::{Value, json};

use crate::signer::{PARAMETERS, Signer, front, redemption, reference_url, rules};
use crate::support::{START, VERIFIER, World, form, json_of, settings, text};

const PAR: &[Feature] = &[Feature::PushedRequests];

fn open(world: &World, url: &str) -> u16 {
    let request = HttpRequest::new(Method::Get, url);
    world.provider.handle(&request, world.now.get()).status
}

#[test]
fn a_pushed_request_leads_to_tokens_and_breaks_no_rule() {
    let signer = Signer::new();
    let world = signer.world(
        json!({ "require_pushed_authorization_requests": true }),
        PAR,
    );
    let pushed = signer.post(&world, "/par", PARAMETERS);
    let (status, body) = json_of(&pushed);
    assert_eq!(status, 201);
    assert_eq!(body["expires_in"], 90);
    assert_eq!(pushed.header("cache-control"), Some("no-store"));
    let code = signer.code_of(&world, &pushed);
    let tokens = json_of(&signer.post(&world, "/token", &redemption(&code)));
    assert_eq!(tokens.0, 200);
    assert_eq!(tokens.1["scope"], "openid profile");
    assert_eq!(rules(&world), [""; 0]);
}

#[test]
fn a_reference_is_good_once_for_its_client_and_for_a_while() {
    let signer = Signer::new();
    let world = signer.world(json!({}), PAR);
    let url = reference_url(&signer.post(&world, "/par", PARAMETERS));
    assert_eq!(open(&world, &url), 200);
    assert_eq!(open(&world, &url), 400);

    let url = reference_url(&signer.post(&world, "/par", PARAMETERS));
    assert_eq!(
        open(&world, &url.replace("client_id=signer", "client_id=app")),
        400
    );
    assert_eq!(open(&world, &url), 400, "nobody tries twice");

    let url = reference_url(&signer.post(&world, "/par", PARAMETERS));
    world.wait(90);
    assert_eq!(open(&world, &url), 400);
    assert_eq!(rules(&world), ["request-uri"; 4]);
}

#[test]
fn what_stands_beside_a_reference_does_not_count_and_is_noted() {
    let signer = Signer::new();
    let world = signer.world(json!({}), PAR);
    let url = reference_url(&signer.post(&world, "/par", PARAMETERS));
    let answer =
        world
            .provider
            .authorize_as(&format!("{url}&state=another&scope=openid"), "ada", START);
    let state = crate::support::parameter(&answer, "state");
    assert_eq!(state.as_deref(), Some("the-state"));
    let told = world.provider.violations();
    assert_eq!(told, ["beside-request-uri: state scope (at /authorize)"]);
}

#[test]
fn a_request_that_is_not_pushed_is_refused_where_it_has_to_be() {
    let signer = Signer::new();
    let mut plain = vec![("client_id", "signer")];
    plain.extend(PARAMETERS);
    let required = json!({ "require_pushed_authorization_requests": true });
    let world = signer.world(required, PAR);
    assert_eq!(open(&world, &front(&plain)), 400);
    assert_eq!(rules(&world), ["not-pushed"]);
    let everybody = [Feature::PushedRequests, Feature::RequirePushedRequests];
    let world = signer.world(json!({}), &everybody);
    assert_eq!(open(&world, &front(&plain)), 400);
    let world = signer.world(json!({}), PAR);
    assert_eq!(open(&world, &front(&plain)), 200);
}

#[test]
fn a_bad_request_is_refused_before_a_browser_carries_it() {
    let signer = Signer::new();
    let world = signer.world(json!({}), PAR);
    for (change, error) in [
        (
            ("redirect_uri", "http://localhost:3000/other"),
            "invalid_request",
        ),
        (("redirect_uri", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "nothing"), "invalid_scope"),
        (("request_uri", "urn:another"), "invalid_request"),
        (("request", "e30.e30."), "request_not_supported"),
    ] {
        let mut fields = PARAMETERS.to_vec();
        fields.retain(|(name, _)| *name != change.0);
        fields.push(change);
        let answer = json_of(&signer.post(&world, "/par", &fields));
        assert_eq!(
            (answer.0, &answer.1["error"]),
            (400, &json!(error)),
            "{change:?}"
        );
    }
    let unknown = world.provider.handle(&form("/par", PARAMETERS), START);
    assert_eq!(json_of(&unknown).1["error"], "invalid_request");
    let stranger = [("client_id", "signer")];
    let unauthenticated = world.provider.handle(&form("/par", &stranger), START);
    assert_eq!(json_of(&unauthenticated).1["error"], "invalid_client");
    let off = signer.world(json!({}), &[]);
    assert_eq!(signer.post(&off, "/par", PARAMETERS).status, 404);
}

#[test]
fn a_public_client_pushes_as_well() {
    let client = ClientRegistration::any_on_loopback("open", None);
    let world = World::with(settings().with_client(client).with_features(PAR.to_vec()));
    let mut fields = vec![("client_id", "open")];
    fields.extend(PARAMETERS);
    let pushed = world.provider.handle(&form("/par", &fields), START);
    let url = reference_url(&pushed).replace("client_id=signer", "client_id=open");
    let answer = world.provider.authorize_as(&url, "ada", START);
    let code = crate::support::parameter(&answer, "code").unwrap();
    let mut fields = redemption(&code);
    fields.push(("client_id", "open"));
    assert_eq!(world.token(&fields).0, 200);
}

#[test]
fn a_verifier_that_serves_twice_is_noted() {
    let signer = Signer::new();
    let world = signer.world(json!({}), PAR);
    for _ in 0..2 {
        let code = signer.code(&world, &[]);
        assert_eq!(
            signer.post(&world, "/token", &redemption(&code)).status,
            200
        );
    }
    assert_eq!(rules(&world), ["code-verifier"]);
    assert!(!world.provider.violations()[0].contains(VERIFIER));
}

#[test]
fn each_fault_of_a_pushed_request_shows_in_its_answer() {
    let signer = Signer::new();
    let world = signer.world(json!({}), PAR);
    let push = |fault| {
        world.provider.inject(fault);
        let answer = signer.post(&world, "/par", PARAMETERS);
        world.provider.heal();
        answer
    };
    let reference = |fault| json_of(&push(fault)).1["request_uri"].clone();
    assert_eq!(push(Fault::ParStatus200).status, 200);
    assert_eq!(push(Fault::ParServerError).status, 500);
    assert_eq!(push(Fault::ParRedirect).status, 307);
    assert!(text(&push(Fault::ParHtml)).starts_with("<!doctype"));
    let refused = json_of(&push(Fault::ParInvalidRequest));
    assert_eq!(
        (refused.0, &refused.1["error"]),
        (400, &json!("invalid_request"))
    );
    assert_eq!(reference(Fault::ParNoRequestUri), Value::Null);
    assert_eq!(reference(Fault::ParRequestUriNumber), json!(42));
    let hostile = reference(Fault::ParHostileRequestUri);
    assert!(hostile.as_str().unwrap().contains("\r\n"));
    assert!(reference(Fault::ParHugeRequestUri).as_str().unwrap().len() > 200_000);
    let lifetime = |fault| json_of(&push(fault)).1["expires_in"].clone();
    assert_eq!(lifetime(Fault::ParNoExpiresIn), Value::Null);
    assert_eq!(lifetime(Fault::ParZeroExpiresIn), json!(0));
}

#[test]
fn a_redirect_address_counts_from_the_pushed_request_on() {
    let signer = Signer::new();
    let world = signer.world(json!({}), PAR);
    let code = signer.code(&world, &[]);
    let mut fields = redemption(&code);
    fields.retain(|(name, _)| *name != "redirect_uri");
    fields.push(("redirect_uri", "http://localhost:3000/other"));
    assert_eq!(
        json_of(&signer.post(&world, "/token", &fields)).1["error"],
        "invalid_grant"
    );
}
