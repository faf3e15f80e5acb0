//! OpenID Connect Core 1.0 section 4: what a third party may say when it sends a browser to log in.

use codegrant_core::{PublicOrigin, ThirdPartyLogin};

fn to(encoded: &str) -> Option<String> {
    let origin = PublicOrigin::parse("https://app.example").unwrap();
    let asked = ThirdPartyLogin::parse(encoded);
    asked.return_to(&origin, "/auth").map(|to| to.to_string())
}

// attack: DS-11
#[test]
fn only_the_issuer_of_the_address_is_accepted_and_that_to_the_byte() {
    let is_for = |encoded: &str| ThirdPartyLogin::parse(encoded).is_for("https://op.example");
    assert!(is_for("iss=https://op.example"));
    assert!(is_for("x=y&iss=https%3A%2F%2Fop.example"));
    assert!(
        !ThirdPartyLogin::parse("iss=").is_for(""),
        "no entry is for no issuer"
    );
    for other in [
        "",
        "iss=",
        "iss=https://op.example/",
        "iss=https://OP.example",
        "iss=https://evil.example",
        "iss=http://op.example",
        "iss=https://op.example&iss=https://op.example",
        "iss=https://op.example&iss=https://evil.example",
        "ISS=https://op.example",
    ] {
        assert!(!is_for(other), "{other}");
    }
}

// attack: DS-12
#[test]
fn a_hint_is_short_and_holds_no_control_character() {
    let hint = |encoded: &str| {
        ThirdPartyLogin::parse(encoded)
            .login_hint()
            .map(str::to_owned)
    };
    assert_eq!(
        hint("login_hint=jane%40example.org").as_deref(),
        Some("jane@example.org")
    );
    assert_eq!(
        hint("login_hint=J%C3%BCrgen").as_deref(),
        Some("J\u{fc}rgen")
    );
    let longest = "x".repeat(256);
    assert_eq!(
        hint(&format!("login_hint={longest}")),
        Some(longest.clone())
    );
    for unsound in [
        "".to_owned(),
        "login_hint=".to_owned(),
        "login_hint=%0d%0aSet-Cookie:x".to_owned(),
        "login_hint=a%00b".to_owned(),
        "login_hint=a%7fb".to_owned(),
        "login_hint=a%C2%85b".to_owned(),
        "login_hint=%ff".to_owned(),
        "login_hint=a&login_hint=b".to_owned(),
        format!("login_hint={longest}x"),
    ] {
        assert_eq!(hint(&unsound), None, "{unsound}");
    }
}

// attack: DS-12
#[test]
fn the_user_comes_back_to_a_page_of_this_app_or_to_where_it_starts() {
    assert_eq!(
        to("target_link_uri=https%3A%2F%2Fapp.example%2Forders%3Fpage%3D2").as_deref(),
        Some("/orders?page=2")
    );
    assert_eq!(
        to("target_link_uri=https://app.example/").as_deref(),
        Some("/")
    );
    // A page of the login's own becomes the start, as for every login.
    assert_eq!(
        to("target_link_uri=https://app.example/auth/logout").as_deref(),
        Some("/")
    );
    for foreign in [
        "https://evil.example/orders",
        "https://app.example.evil.example/",
        "https://app.example@evil.example/",
        "https://app.example:444/orders",
        "http://app.example/orders",
        "//app.example/orders",
        "/orders",
        "https://app.example\\@evil.example/",
        "https://app.example",
        "javascript:alert(1)",
    ] {
        assert_eq!(to(&format!("target_link_uri={foreign}")), None, "{foreign}");
    }
    let path = to("target_link_uri=https://app.example//evil.example").unwrap();
    assert!(!path.starts_with("//"), "{path}");
    assert_eq!(
        to("target_link_uri=https://app.example/a&target_link_uri=https://app.example/b"),
        None
    );
}
