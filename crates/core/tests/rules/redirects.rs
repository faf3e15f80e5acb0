//! Where a login may end: a path of this app, whatever was asked for (RFC 9700 section 4.11).

use codegrant_core::ReturnTo;
use codegrant_core::oauth2::url::Url;
use codegrant_testkit::World;

/// What a handler sees: the value as it stood in the query, and as one decoding leaves it.
pub(crate) fn parsed(target: &str) -> Vec<(String, String)> {
    let decoded = decoded_once(target);
    [Some(target.to_owned()), decoded]
        .into_iter()
        .flatten()
        .map(|seen| {
            let kept = ReturnTo::parse(&seen, "/auth").as_str().to_owned();
            (seen, kept)
        })
        .collect()
}

fn decoded_once(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => {
                let pair = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(plain).ok()
}

/// Asserts that a target ends at the default page, encoded or not.
#[track_caller]
pub(crate) fn default_page(targets: &[&str]) {
    for target in targets {
        for (seen, kept) in parsed(target) {
            assert_eq!(kept, "/", "{seen:?} (of {target:?})");
        }
    }
}

/// Asserts what holds of every kept target: a browser that follows it stays on this origin.
#[track_caller]
pub(crate) fn stays_here(kept: &str) {
    assert!(
        kept.starts_with('/') && !kept.starts_with("//") && !kept.starts_with("/\\"),
        "{kept:?}"
    );
    assert!(
        kept.bytes()
            .all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'\\'),
        "{kept:?}"
    );
    let here = Url::parse("https://app.example/auth/callback/op?code=x").unwrap();
    assert_eq!(here.join(kept).unwrap().origin(), here.origin(), "{kept:?}");
    // A second reading changes nothing, so no later check can disagree.
    assert_eq!(ReturnTo::parse(kept, "/auth").as_str(), kept);
}

// attack: RD-01
#[test]
fn an_absolute_url_is_no_target() {
    default_page(&[
        "https://evil.example/",
        "https://evil.example",
        "http://evil.example/",
        "HTTPS://evil.example/",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "blob:https://app.example/x",
        "file:///etc/passwd",
        "mailto:a@evil.example",
        "view-source:https://evil.example",
        "about:blank",
    ]);
}

// attack: RD-02
#[test]
fn a_url_without_a_scheme_is_no_target() {
    default_page(&[
        "//evil.example/",
        "///evil.example/",
        "////evil.example",
        "//evil.example:443/x?y#z",
        "//user:password@evil.example/",
        "//[::1]/",
        "//",
        "//@evil.example",
        "evil.example",
        "evil.example/path",
        ".evil.example",
        "@evil.example",
        ":80",
        "?return_to=/x",
        "#top",
        ".",
        "..",
        "./orders",
        "../orders",
        "orders",
        "",
    ]);
}

// attack: RD-11
#[test]
fn our_own_host_is_named_by_a_path_alone() {
    default_page(&[
        "http://app.example/",
        "https://app.example/",
        "https://app.example",
        "https://app.example:8443/",
        "https://app.example:443/orders",
        "//app.example/orders",
        "https://app.invalid/",
        "//app.invalid/orders",
    ]);
}

// attack: RD-12
#[test]
fn a_host_that_looks_like_ours_is_no_target() {
    default_page(&[
        "https://app.example.evil.example/",
        "https://evil-app.example/",
        "https://xapp.example",
        "https://app.example@evil.example/",
        "https://app.example%2eevil.example/",
        "https://evil.example/https://app.example/",
        "https://evil.example?app.example",
        "https://evil.example#app.example",
    ]);
}

// attack: RD-13
#[test]
fn a_login_ends_on_no_route_of_its_own() {
    default_page(&[
        "/auth",
        "/auth/",
        "/auth/login/op",
        "/auth/logout",
        "/auth/logout?x=y",
        "/auth?x",
        "/auth#x",
        "/auth/callback/op?code=x&state=y",
        "/auth//logout",
        "/x/../auth/logout",
        "/./auth/logout",
        "/%61uth/logout",
        "/a%75th/logout",
        "/auth%2flogout",
        "/auth%2Flogout",
        "/%61uth/logout",
        "/%2561uth/logout",
        "/%252561uth/logout",
        "/%2561uth/logout",
        "/auth/%2e/logout",
        "/x/%2e%2e/auth/logout",
        "/x%2f%2e%2e%2fauth/logout",
        "/orders/..%2fauth%2flogout",
    ]);
    for other in [
        "/authors",
        "/auth-help",
        "/AUTH/logout",
        "/x/auth/logout",
        "/authentication",
    ] {
        assert_eq!(ReturnTo::parse(other, "/auth").as_str(), other);
    }
    assert_eq!(ReturnTo::parse("/sso/login", "/sso").as_str(), "/");
    assert_eq!(ReturnTo::parse("/a/b/login", "/a/b").as_str(), "/");
    assert_eq!(ReturnTo::parse("/a/c", "/a/b").as_str(), "/a/c");
}

// attack: RD-14
#[test]
fn a_fragment_decides_nothing() {
    for (target, kept) in [
        ("/page#//evil.example", "/page"),
        ("/#@evil.example", "/"),
        ("/x#access_token=a", "/x"),
        ("/x?y#?z", "/x?y"),
        ("/#/../..//evil.example", "/"),
        ("/x#/auth", "/x"),
        ("/x#", "/x"),
    ] {
        assert_eq!(
            ReturnTo::parse(target, "/auth").as_str(),
            kept,
            "{target:?}"
        );
        stays_here(kept);
    }
    default_page(&["//evil.example#/orders", "/auth/logout#/orders"]);
}

// attack: RD-15
#[test]
fn a_target_is_short() {
    let of = |bytes: usize| "/".to_owned() + &"a".repeat(bytes - 1);
    assert_eq!(ReturnTo::parse(&of(1024), "/auth").as_str().len(), 1024);
    for bytes in [1025, 64 * 1024, 4 * 1024 * 1024] {
        assert_eq!(ReturnTo::parse(&of(bytes), "/auth").as_str(), "/");
        let query = format!("/?{}", "%20".repeat(bytes / 3));
        assert_eq!(ReturnTo::parse(&query, "/auth").as_str(), "/");
    }
}

// attack: RD-18
#[test]
fn a_target_at_the_callback_is_ignored() {
    let mut world = World::openid();
    world.options.return_to = ReturnTo::parse("/orders?page=2", "/auth");
    for name in ["return_to", "redirect_uri", "next", "url"] {
        let outcome = world.login(|script| script.callback.append(name, "//evil.example"));
        assert_eq!(outcome.value().return_to.as_str(), "/orders?page=2");
    }
}

#[test]
fn an_ordinary_target_is_kept() {
    for target in [
        "/",
        "/orders",
        "/orders/",
        "/orders?page=2&sort=-date",
        "/orders?next=https://evil.example/",
        "/search?q=%2F%2Fevil.example",
        "/caf%C3%A9",
        "/a+b/c,d;e=f/~g/(h)/@i/:j",
        "/100%25",
        "/?x",
        "/x?y=a%20b",
    ] {
        let kept = ReturnTo::parse(target, "/auth");
        assert_eq!(kept.as_str(), target);
        stays_here(kept.as_str());
    }
    assert_eq!(ReturnTo::default().as_str(), "/");
}

// attack: RD-15
#[test]
fn a_target_that_grows_past_the_limit_when_it_is_escaped_is_the_default() {
    let grows = format!("/{}", "\"".repeat(1_000));
    assert_eq!(ReturnTo::parse(&grows, "/auth").as_str(), "/");
    assert!(
        ReturnTo::parse(&format!("/{}", "a".repeat(1_000)), "/auth")
            .as_str()
            .len()
            > 1_000
    );
}

// attack: RD-01
#[test]
fn a_target_that_an_app_deserialises_is_read_like_any_other() {
    let read = |text: &str| serde_json::from_str::<ReturnTo>(text).unwrap();
    assert_eq!(read("\"https://evil.example/\"").as_str(), "/");
    assert_eq!(read("\"/orders\"").as_str(), "/orders");
}
