//! Two providers: whose answer it is, whose endpoints, whose account (RFC 9700 section 4.4, RFC 9207).

use codegrant_core::provider::Provider;
use codegrant_testkit::Site;
use codegrant_web::Registration;

use crate::refused;

// attack: MX-02 MX-03
#[tokio::test]
async fn a_wrong_or_missing_issuer_is_refused_before_the_code_is_sent() {
    for (issuer, code) in [
        (None, "callback.issuer_missing"),
        (Some(""), "callback.issuer_mismatch"),
        (Some("http://ev.localhost:9000"), "callback.issuer_mismatch"),
        (
            Some("http://op.localhost:9000/"),
            "callback.issuer_mismatch",
        ),
        (Some("HTTP://op.localhost:9000"), "callback.issuer_mismatch"),
        (
            Some("https://op.localhost:9000"),
            "callback.issuer_mismatch",
        ),
    ] {
        // An error of somebody else's is believed no more than a code.
        for error in [false, true] {
            let site = Site::builder().two_providers().build();
            let mut browser = site.browser();
            let mut callback = browser.begin_and_sign_in("op", "ada").await;
            callback.parameters.remove("iss");
            if let Some(issuer) = issuer {
                callback.parameters.set("iss", issuer);
            }
            if error {
                callback.parameters.remove("code");
                callback.parameters.set("error", "access_denied");
            }
            let reply = browser.bring(&callback).await;
            refused(&reply);
            assert_eq!(reply.status, 400);
            assert_eq!(site.failures(), [code], "{issuer:?}");
            assert_eq!(site.calls("/token"), 0);
            assert_eq!(browser.subject().await, None);
        }
    }
}

// attack: MX-05
#[tokio::test]
async fn an_issuer_that_nobody_promised_is_compared_all_the_same() {
    for (issuer, fine) in [
        (Some("http://op.localhost:9000"), true),
        (Some("http://ev.localhost:9000"), false),
        (None, true),
    ] {
        let site = Site::new();
        site.alter("openid-configuration", |metadata| {
            metadata.remove("authorization_response_iss_parameter_supported");
        });
        let mut browser = site.browser();
        let mut callback = browser.begin_and_sign_in("op", "ada").await;
        callback.parameters.remove("iss");
        if let Some(issuer) = issuer {
            callback.parameters.set("iss", issuer);
        }
        browser.bring(&callback).await;
        assert_eq!(browser.subject().await.is_some(), fine, "{issuer:?}");
        assert_eq!(site.calls("/token"), usize::from(fine));
    }
}

// attack: MX-07
#[tokio::test]
async fn two_issuers_are_refused_whichever_comes_first() {
    for order in [["op", "ev"], ["ev", "op"], ["op", "op"]] {
        let site = Site::builder().two_providers().build();
        let mut browser = site.browser();
        let mut callback = browser.begin_and_sign_in("op", "ada").await;
        callback.parameters.remove("iss");
        for id in order {
            callback
                .parameters
                .append("iss", site.provider(id).issuer());
        }
        refused(&browser.bring(&callback).await);
        assert_eq!(site.failures(), ["callback.duplicate_parameter"]);
        assert_eq!(site.calls("/token"), 0);
    }
}

// attack: MX-08 TP-03
#[tokio::test]
async fn every_provider_has_a_callback_of_its_own() {
    let site = Site::builder().two_providers().build();
    let mut browser = site.browser();
    for id in ["op", "ev"] {
        let url = browser.begin(id).await;
        assert_eq!(
            url.parameter("redirect_uri"),
            format!("https://app.example/auth/callback/{id}")
        );
    }
    let again = Provider::openid("op", "Another", "https://other.example");
    let refused = Site::builder()
        .configure(|auth| auth.registration(Registration::new(again, "app").secret("s")))
        .try_build()
        .unwrap_err();
    let codes: Vec<&str> = refused
        .mistakes()
        .iter()
        .map(|mistake| mistake.code().name)
        .collect();
    assert_eq!(codes, ["configuration.provider_twice"]);
}

// attack: MX-09 MX-11
#[tokio::test]
async fn the_secret_of_one_provider_never_reaches_another() {
    let site = Site::builder().two_providers().build();
    // The honest provider's answer is delivered to the callback of the other one and the reverse.
    for (started, answered) in [("op", "ev"), ("ev", "op")] {
        let mut browser = site.browser();
        let callback = browser.begin_and_sign_in(started, "ada").await;
        let crossed = callback.clone().at(answered);
        refused(&browser.bring(&crossed).await);
    }
    assert_eq!(site.calls("/token"), 0);
    for (id, other) in [("op", "ev"), ("ev", "op")] {
        site.browser().log_in(id, "ada").await;
        let theirs = site.provider(other).requests();
        let leaked = theirs.iter().any(|request| {
            let sent = format!("{} {:?} {}", request.query, request.headers, request.body);
            sent.contains(&format!("{id}%3A+a+client"))
        });
        assert!(!leaked, "{other} saw the secret for {id}");
    }
}

// attack: MX-11
#[tokio::test]
async fn a_token_endpoint_on_another_host_is_called_where_the_issuer_says() {
    let site = Site::new();
    site.alter("openid-configuration", |metadata| {
        metadata.set("token_endpoint", "http://tokens.localhost:9000/token");
    });
    site.browser().log_in("op", "ada").await;
    assert_eq!(site.calls("tokens.localhost:9000/token"), 1);
    assert_eq!(site.calls("op.localhost:9000/token"), 0);
    assert_eq!(site.failures(), ["transport.unreachable"]);
}

// attack: MX-12 MX-13
#[tokio::test]
async fn nobody_is_sent_to_an_endpoint_that_is_not_acceptable() {
    for endpoint in [
        "javascript:alert(1)",
        "data:text/html,hello",
        "file:///etc/passwd",
        "http://op.example/authorize",
        "//op.localhost:9000/authorize",
        "/authorize",
        "",
        "http://op.localhost:9000/authorize\r\nSet-Cookie: a=b",
        "http://op.localhost:9000/authorize#fragment",
        "http://op.localhost:9000/authorize?state=theirs",
        "http://op.localhost:9000/authorize?client_id=theirs",
        "http://op.localhost:9000/authorize?%73tate=theirs",
        "http://user:password@op.localhost:9000/authorize",
    ] {
        let site = Site::new();
        site.alter("openid-configuration", move |metadata| {
            metadata.set("authorization_endpoint", endpoint);
        });
        let mut browser = site.browser();
        let reply = browser.get("/auth/login/op").await;
        assert_eq!((reply.status, reply.location()), (502, None), "{endpoint}");
        assert!(reply.set_cookies().is_empty());
        assert_eq!(
            site.failures(),
            ["discovery.endpoint_refused"],
            "{endpoint}"
        );
    }
    let site = Site::new();
    site.alter("openid-configuration", |metadata| {
        metadata.set(
            "authorization_endpoint",
            "http://op.localhost:9000/authorize?tenant=7",
        );
    });
    let url = site.browser().begin("op").await;
    assert_eq!(
        url.parameter("tenant"),
        "7",
        "what is not the protocol's is kept"
    );
    assert_eq!(url.parameter("client_id"), "app");
}

// attack: MX-14 AC-01
#[tokio::test]
async fn the_same_subject_and_address_elsewhere_is_somebody_else() {
    let site = Site::builder().two_providers().build();
    let mut keys = Vec::new();
    for id in ["op", "ev"] {
        let mut browser = site.browser();
        browser.log_in(id, "ada").await;
        let session = browser.session().await.unwrap();
        let identity = session.identity();
        assert_eq!(identity.email.as_str(), Some("ada@example.test"));
        assert_eq!(identity.subject, "ada");
        assert_eq!(identity.issuer, site.provider(id).issuer());
        keys.push((identity.key().0.to_owned(), identity.key().1.to_owned()));
    }
    assert_ne!(keys[0], keys[1]);
}

// attack: MX-17 AC-10
#[test]
fn a_claim_that_names_the_source_counts_from_the_signed_token_only() {
    let mut world = codegrant_testkit::World::openid();
    let outcome = world.login(|script| {
        script.claims.set("tid", "tenant-7");
        script.userinfo.set("hd", "corp.example");
    });
    let claims = &outcome.identity().claims;
    assert_eq!(
        claims.id_token().get("tid").and_then(|tid| tid.as_str()),
        Some("tenant-7")
    );
    assert_eq!(claims.id_token().get("hd"), None, "nobody signed it");
    assert_eq!(claims.userinfo().get("tid"), None);
}
