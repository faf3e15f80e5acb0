//! Foreign targets in the disguises that parsers disagree about: escapes, backslashes, dots, look-alikes.

use codegrant_core::ReturnTo;

use crate::redirects::{default_page, parsed, stays_here};

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
