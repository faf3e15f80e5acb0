//! Where a login may end: a path of this app, whatever was asked for (RFC 9700 section 4.11).

use codegrant_core::ReturnTo;
use codegrant_core::oauth2::url::Url;
use codegrant_testkit::World;

/// What a handler sees: the value as it stood in the query, and as one decoding leaves it.
fn parsed(target: &str) -> Vec<(String, String)> {
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
fn default_page(targets: &[&str]) {
    for target in targets {
        for (seen, kept) in parsed(target) {
            assert_eq!(kept, "/", "{seen:?} (of {target:?})");
        }
    }
}

/// Asserts what holds of every kept target: a browser that follows it stays on this origin.
#[track_caller]
fn stays_here(kept: &str) {
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

// attack: RD-04
#[test]
fn a_backslash_is_no_slash() {
    default_page(&[
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\\/evil.example",
        "/\\\\evil.example",
        "\\evil.example",
        "/x\\..\\..\\/evil.example",
        "/..\\/evil.example",
        "/x/\\evil.example",
        "https:\\\\evil.example",
        "https:/\\evil.example",
    ]);
}

// attack: RD-05
#[test]
fn slashes_behind_percent_escapes_are_slashes() {
    default_page(&[
        "%2f%2fevil.example",
        "%2F%2Fevil.example",
        "/%2fevil.example",
        "/%2Fevil.example",
        "/%5cevil.example",
        "/%5Cevil.example",
        "/%5c%5cevil.example",
        "%5c%5cevil.example",
        "/%252fevil.example",
        "/%252Fevil.example",
        "/%255cevil.example",
        "%252f%252fevil.example",
        "/%2f%2f/evil.example",
        "/%2e%2e%2f%2fevil.example",
        "/x/%2e%2e%2f/evil.example",
        "/x/..%2f/evil.example",
        "/x%2f..%2f%2fevil.example",
        "/%2%66evil.example",
        "/x%5c..%5c..%5c/evil.example",
        "https%3a%2f%2fevil.example",
    ]);
    // A slash inside a later segment is no way out.
    assert_eq!(
        ReturnTo::parse("/file/a%2fb", "/auth").as_str(),
        "/file/a%2fb"
    );
}

// attack: RD-06
#[test]
fn blanks_and_line_breaks_are_refused_in_every_disguise() {
    default_page(&[
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\n/evil.example",
        "/%09/evil.example",
        "/%0a/evil.example",
        "/%0d/evil.example",
        "/%0b/evil.example",
        "/%0c/evil.example",
        "/%00/evil.example",
        "/%7f/evil.example",
        "/%2509/evil.example",
        "/%250a/evil.example",
        "\t//evil.example",
        " //evil.example",
        "%20//evil.example",
        "%09//evil.example",
        "//evil.example ",
        "/%0d%0aLocation:https://evil.example",
        "/x%0d%0aSet-Cookie:a=b",
        "/x\r\nSet-Cookie: a=b",
        "/x\u{85}y",
        "/x\u{2028}y",
        "/ /evil.example",
        "/a b",
    ]);
    for kept in ["/%20//evil.example", "/a%20b", "/x?y=%0d%0aSet-Cookie:a=b"] {
        for (seen, kept) in parsed(kept) {
            stays_here(&kept);
            assert!(kept == "/" || kept == seen, "{seen:?} became {kept:?}");
        }
    }
}

// attack: RD-09
#[test]
fn look_alikes_of_a_slash_are_refused_and_never_folded() {
    for look_alike in [
        "\u{ff0f}", "\u{2215}", "\u{29f8}", "\u{2044}", "\u{ff3c}", "\u{3002}", "\u{ff0e}",
        "\u{ff61}", "\u{ff1a}", "\u{ff20}", "\u{2100}", "\u{2105}", "\u{fe68}", "\u{29f9}",
        "\u{2571}",
    ] {
        for target in [
            format!("/{look_alike}evil.example"),
            format!("{look_alike}{look_alike}evil.example"),
            format!("/{look_alike}{look_alike}evil.example"),
            format!("//evil{look_alike}example"),
            format!("/x{look_alike}"),
        ] {
            assert_eq!(
                ReturnTo::parse(&target, "/auth").as_str(),
                "/",
                "{target:?}"
            );
        }
        // Escaped it is a letter of a path like any other, and it stays escaped.
        let escaped: String = look_alike
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect();
        let target = format!("/{escaped}evil.example");
        let kept = ReturnTo::parse(&target, "/auth");
        assert_eq!(kept.as_str(), target);
        stays_here(kept.as_str());
    }
}

// attack: RD-10
#[test]
fn dot_segments_are_resolved_before_the_judgement() {
    default_page(&[
        "/x/..//evil.example",
        "/.//evil.example",
        "/..//evil.example",
        "/x/../..//evil.example",
        "/a/%2e%2e//evil.example",
        "/a/%2E%2e//evil.example",
        "/a/.%2e//evil.example",
        "/a/%2e.//evil.example",
        "/%2e//evil.example",
        "/a/b/../..//evil.example",
        "/a/%252e%252e//evil.example",
        "/.",
        "/..",
        "/../..",
    ]);
    assert_eq!(ReturnTo::parse("/a/../orders", "/auth").as_str(), "/orders");
    assert_eq!(ReturnTo::parse("/a/./b/%2e%2e/c", "/auth").as_str(), "/a/c");
    assert_eq!(ReturnTo::parse("/a//b", "/auth").as_str(), "/a//b");
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

// attack: RD-17
#[test]
fn a_malformed_target_is_the_default_page() {
    default_page(&[
        "%",
        "%zz",
        "/%",
        "/%z",
        "/%zz",
        "/%2",
        "/x%",
        "/x?%",
        "/x?y=%g0",
        "http://[::1",
        "//[::1",
        "a:b:c",
        "%00",
        "/%00",
        "/x%00y",
        "\0",
        "/\0",
        "/%ff",
        "/%c3%28",
        "/%ed%a0%80",
        "/%u0041",
        "/%%41",
        "/%+1",
        "://",
        ":",
        "[",
        "/\u{feff}",
        "/\u{202e}",
    ]);
    default_page(&["http://[::1]:99999999999/", "https://%zz/", "//\u{0}"]);
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

/// Every short target out of the characters that parsers disagree about.
#[test]
fn no_combination_of_awkward_characters_leaves_the_origin() {
    let alphabet = [
        "/", "\\", ".", "%2f", "%5c", "%2e", "%25", "%09", "@", ":", "?",
    ];
    let mut targets = vec![String::new()];
    for _ in 0..4 {
        let longer: Vec<String> = targets
            .iter()
            .flat_map(|head| alphabet.iter().map(move |tail| format!("{head}{tail}")))
            .collect();
        for target in &longer {
            for target in [format!("/{target}"), format!("{target}//evil.example")] {
                stays_here(ReturnTo::parse(&target, "/auth").as_str());
            }
        }
        targets = longer;
    }
}
