//! How an issuer is found: WebFinger, the two places of the metadata, and issuers that end with a slash.

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_dev_provider::{DevProvider, Fault, Feature, Settings};
use serde_json::json;
use url::form_urlencoded;

use crate::support::{ISSUER, START, World, json_of, settings};

const RELATION: &str = "http://openid.net/specs/connect/1.0/issuer";

fn get(provider: &DevProvider, url: &str) -> HttpResponse {
    provider.handle(&HttpRequest::new(Method::Get, url), START)
}

fn finger(provider: &DevProvider, fields: &[(&str, &str)]) -> HttpResponse {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(fields).finish();
    let url = format!("http://localhost:3000/.well-known/webfinger?{query}");
    get(provider, &url)
}

fn provider(issuer: &str, features: &[Feature]) -> DevProvider {
    let mut settings: Settings = settings().with_features(features.iter().copied());
    settings.issuer = issuer.to_owned();
    DevProvider::new(settings).unwrap()
}

#[test]
fn an_account_and_an_address_lead_to_the_issuer() {
    let provider = provider(ISSUER, &[Feature::Webfinger]);
    for resource in [
        "acct:ada@localhost:3000",
        "acct:ada@localhost",
        "acct:ada.some-test@x@localhost:3000",
        "https://localhost:3000/ada",
        "https://localhost/ada",
    ] {
        let answer = finger(&provider, &[("resource", resource), ("rel", RELATION)]);
        assert_eq!(answer.status, 200, "{resource}");
        assert_eq!(answer.media_type().as_deref(), Some("application/jrd+json"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let expected = json!({
            "subject": resource,
            "links": [{ "rel": RELATION, "href": ISSUER }],
        });
        assert_eq!(json_of(&answer).1, expected);
    }
    assert_eq!(provider.violations(), [""; 0]);
}

#[test]
fn other_hosts_and_other_forms_lead_nowhere_and_are_noted() {
    let provider = provider(ISSUER, &[Feature::Webfinger]);
    for resource in [
        "acct:ada@elsewhere.example",
        "acct:@localhost",
        "acct:localhost",
        "http://localhost:3000/ada",
        "https://elsewhere.example/ada",
        "mailto:ada@localhost",
        "ada@localhost",
    ] {
        let answer = finger(&provider, &[("resource", resource)]);
        assert_eq!(answer.status, 404, "{resource}");
    }
    assert_eq!(finger(&provider, &[("rel", RELATION)]).status, 400);
    assert_eq!(provider.violations().len(), 8);
}

#[test]
fn another_relation_gets_no_links() {
    let provider = provider(ISSUER, &[Feature::Webfinger]);
    let fields = [("resource", "acct:ada@localhost"), ("rel", "avatar")];
    assert_eq!(json_of(&finger(&provider, &fields)).1["links"], json!([]));
}

#[test]
fn webfinger_can_lie_and_redirect() {
    let provider = provider(ISSUER, &[Feature::Webfinger]);
    let ask = || {
        let answer = finger(&provider, &[("resource", "acct:ada@localhost")]);
        (answer.status, json_of(&answer).1)
    };
    provider.inject(Fault::WebfingerHttpIssuer);
    assert_eq!(ask().1["links"][0]["href"], "http://stranger.example");
    provider.heal();
    provider.inject(Fault::WebfingerOtherSubject);
    assert_eq!(ask().1["subject"], "acct:somebody-else@stranger.example");
    provider.heal();
    provider.inject(Fault::WebfingerNoIssuer);
    assert_eq!(ask().1["links"], json!([]));
    provider.heal();
    provider.inject(Fault::WebfingerRedirect);
    assert_eq!(ask().0, 307);
    provider.heal();
    provider.inject(Fault::WebfingerNotJson);
    assert_eq!(ask().1, json!(null));
}

#[test]
fn the_metadata_of_an_authorization_server_stands_before_its_path() {
    let features = [Feature::OauthMetadata];
    let inserted = "http://localhost:3000/.well-known/oauth-authorization-server";
    for (issuer, found, lost) in [
        (
            "http://localhost:3000/dev",
            vec!["/dev"],
            vec!["", "/", "/dev/", "/dev/x", "/de"],
        ),
        (
            "http://localhost:3000/dev/",
            vec!["/dev", "/dev/"],
            vec!["", "/dev//"],
        ),
        ("http://localhost:3000", vec!["", "/"], vec!["/dev"]),
        (
            "http://localhost:3000/a/b/",
            vec!["/a/b", "/a/b/"],
            vec!["/a"],
        ),
    ] {
        let provider = provider(issuer, &features);
        for path in found {
            let (status, metadata) = json_of(&get(&provider, &format!("{inserted}{path}")));
            assert_eq!(status, 200, "{issuer} {path}");
            assert_eq!(metadata["issuer"], issuer);
        }
        for path in lost {
            let answer = get(&provider, &format!("{inserted}{path}"));
            assert_eq!(answer.status, 404, "{issuer} {path}");
        }
    }
    let provider = provider(ISSUER, &features);
    provider.inject(Fault::DiscoveryOtherIssuer);
    let (_, metadata) = json_of(&get(&provider, &format!("{inserted}/dev")));
    assert_eq!(metadata["issuer"], "https://stranger.example");
}

#[test]
fn what_is_off_is_not_there() {
    let provider = provider(ISSUER, &[]);
    for url in [
        "http://localhost:3000/.well-known/webfinger?resource=acct:ada@localhost",
        "http://localhost:3000/.well-known/oauth-authorization-server/dev",
    ] {
        assert_eq!(get(&provider, url).status, 404, "{url}");
    }
}

#[test]
fn an_issuer_may_end_with_a_slash() {
    let mut settings = settings();
    settings.issuer = format!("{ISSUER}/");
    let world = World::with(settings);
    let login = world.login_as("ada").unwrap();
    assert_eq!(login.identity.issuer, format!("{ISSUER}/"));
    assert!(world.refresh(&login).is_ok());
    let metadata = format!("{ISSUER}/.well-known/openid-configuration");
    let (_, metadata) = json_of(&world.get(&metadata));
    assert_eq!(metadata["issuer"], format!("{ISSUER}/"));
    assert_eq!(metadata["token_endpoint"], format!("{ISSUER}/token"));
    let hint = login.id_token.unwrap().raw().to_owned();
    let url = format!("{ISSUER}/end_session?id_token_hint={hint}");
    assert_eq!(world.get(&url).status, 200);
    assert_eq!(world.provider.violations(), [""; 0]);
}

#[test]
fn a_provider_of_core_alone_says_nothing_of_what_came_later() {
    let world = World::with(settings().with_features([Feature::CoreOnly]));
    let metadata = format!("{ISSUER}/.well-known/openid-configuration");
    let (_, metadata) = json_of(&world.get(&metadata));
    for member in [
        "code_challenge_methods_supported",
        "authorization_response_iss_parameter_supported",
    ] {
        assert_eq!(metadata.get(member), None, "{member}");
    }
    let answer = crate::support::browse(&world, "ada", &[]);
    assert_eq!(crate::support::parameter(&answer, "iss"), None);
    assert!(world.login_as("ada").is_ok());
}
