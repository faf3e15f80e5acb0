//! What holds for every built-in page, whatever it is filled with.

mod each;

use super::document::source_hash;
use super::style::STYLE;
use super::*;

const HOSTILE: &str = "\"'><script src=//evil.example/x.js></script><b onload=x>&amp;";

/// Every built-in page, with `text` for whatever is text and `address` for whatever is an address.
fn every_page(text: &str, address: &str) -> Vec<Page> {
    let provider = ProviderLink {
        id: text,
        name: text,
        url: address,
    };
    let login = |providers, app_name| {
        DefaultPages.login(&LoginPage {
            providers,
            app_name,
            home: address,
        })
    };
    let error = |problem, retry, restart| {
        DefaultPages.error(&ErrorPage {
            problem,
            correlation_id: text,
            retry,
            restart,
            home: address,
        })
    };
    let mut pages = vec![
        login(vec![provider, provider], Some(text)),
        login(vec![], None),
        error(Problem::LoginUnknown, None, Some(address)),
        log_out_page(address, text, false),
        log_out_page(address, text, true),
        sessions_page(text, address, true),
        sessions_page(text, address, false),
        logged_out(address, false),
        link_page(text, address),
        confirm_link_page(text, address),
        logged_out(address, true),
        repost(address, &[(text, text)]),
    ];
    for problem in Problem::ALL {
        pages.push(error(*problem, Some(address), None));
        pages.push(error(*problem, None, None));
    }
    pages
}

fn log_out_page(action: &str, return_to: &str, everywhere: bool) -> Page {
    DefaultPages.log_out(&LogOutPage {
        action,
        return_to,
        everywhere,
        home: "/",
    })
}

fn sessions_page(text: &str, address: &str, is_shared: bool) -> Page {
    let now = Timestamp::from_unix(1_800_000_000);
    let line = |is_this_one| SessionLine {
        handle: text,
        device: text,
        provider: text,
        started_at: now.minus(7_200),
        last_seen: now.minus(300),
        is_this_one,
    };
    DefaultPages.sessions(&SessionsPage {
        sessions: vec![line(true), line(false)],
        lists_all: is_shared,
        everywhere: is_shared,
        action: address,
        now,
        home: address,
    })
}

fn account(text: &str) -> LinkedAccount<'_> {
    LinkedAccount {
        provider: text,
        name: Some(text),
        username: Some(text),
        email: None,
        subject: "7",
    }
}

fn link_page(text: &str, address: &str) -> Page {
    DefaultPages.link(&LinkPage {
        action: address,
        provider: text,
        user: account(text),
        return_to: address,
    })
}

fn confirm_link_page(text: &str, address: &str) -> Page {
    DefaultPages.confirm_link(&ConfirmLinkPage {
        action: address,
        confirm: text,
        user: account(text),
        account: account(text),
        return_to: address,
    })
}

fn error_page(retry: Option<&str>, restart: Option<&str>) -> String {
    let page = ErrorPage {
        problem: Problem::Cancelled,
        correlation_id: "c0ffee",
        retry,
        restart,
        home: "/home",
    };
    DefaultPages.error(&page).html
}

/// Everything that stands between `start` and the next `end`.
pub(super) fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start)
        .skip(1)
        .filter_map(|rest| rest.split_once(end).map(|(inside, _)| inside))
        .collect()
}

/// The page without what it is styled by.
fn unstyled(page: &Page) -> String {
    page.html.replace(STYLE, "")
}

fn logged_out(address: &str, is_back: bool) -> Page {
    DefaultPages.logged_out(&LoggedOutPage {
        login: address,
        home: address,
        is_back,
    })
}

#[test]
fn hostile_texts_come_out_escaped() {
    for page in every_page(HOSTILE, "/") {
        let html = unstyled(&page);
        assert!(!html.contains("<script src"), "{html}");
        assert!(!html.contains("<b onload"), "{html}");
        assert!(!html.contains("\"'>"), "{html}");
    }
    let login = &every_page(HOSTILE, "/")[0].html;
    assert_eq!(login.matches("&quot;&#39;&gt;&lt;script src").count(), 6);
    assert!(login.contains("&amp;amp;"), "an ampersand is not kept");
}

#[test]
fn hostile_addresses_become_the_root() {
    for address in [
        HOSTILE,
        "",
        "orders",
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\t/evil.example/",
        "/\n/evil.example/",
        " /orders",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "/x 0;url=//evil.example",
    ] {
        for page in every_page("", address) {
            let html = unstyled(&page);
            for attribute in ["href=\"", "action=\"", "content=\"0;url="] {
                for target in between(&html, attribute, "\"") {
                    assert_eq!(target, "/", "{address:?} in {attribute}");
                }
            }
        }
    }
}

#[test]
fn addresses_of_this_origin_are_kept() {
    let html = error_page(Some("/auth/login/a?return_to=%2Fx&b='1'"), None);
    assert!(html.contains("href=\"/auth/login/a?return_to=%2Fx&amp;b=&#39;1&#39;\""));
    assert!(html.contains("href=\"/home\""));
}

#[test]
fn no_page_names_another_host() {
    for page in every_page("x", "/") {
        for foreign in ["//", "http:", "https:", "url(", "@import", "src="] {
            assert!(!page.html.contains(foreign), "{foreign} in {}", page.html);
        }
    }
}

#[test]
fn source_hash_is_in_plain_base64() {
    // The value that openssl computes; it holds both signs in which the two alphabets differ.
    assert_eq!(
        source_hash("alert('Hello, world.');"),
        "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
    );
}

#[test]
fn policy_allows_what_is_inline_and_nothing_else() {
    for page in every_page(HOSTILE, "/") {
        let style = between(&page.html, "<style>", "</style>");
        let script = between(&page.html, "<script>", "</script>");
        assert_eq!(style, [STYLE]);
        let mut expected = vec!["default-src 'none'".to_owned()];
        if let [script] = script[..] {
            expected.push(format!("script-src '{}'", source_hash(script)));
        }
        expected.push(format!("style-src '{}'", source_hash(STYLE)));
        if !script.is_empty() {
            expected.push("form-action 'self'".to_owned());
        }
        expected.push("base-uri 'none'".to_owned());
        expected.push("frame-ancestors 'none'".to_owned());
        assert_eq!(page.content_security_policy, expected.join("; "));
    }
}

/// A hash allows neither of them: they would silently do nothing.
#[test]
fn no_page_has_a_style_or_event_attribute() {
    for page in every_page("x", "/") {
        let html = unstyled(&page);
        assert!(!html.contains(" style="), "{html}");
        for rest in html.split(" on").skip(1) {
            let after = rest.trim_start_matches(|char: char| char.is_ascii_lowercase());
            assert!(!after.starts_with('='), "on{rest}");
        }
    }
}

#[test]
fn only_the_page_that_posts_itself_has_a_script() {
    let pages = every_page("x", "/");
    let scripts = pages.iter().filter(|page| page.html.contains("<script"));
    assert_eq!(scripts.count(), 1);
}

#[test]
fn a_page_of_text_may_do_nothing() {
    assert_eq!(
        Page::new(String::new()).content_security_policy,
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
}

#[test]
fn every_page_has_a_language_a_title_and_one_heading() {
    for page in every_page("x", "/") {
        let html = &page.html;
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"));
        assert!(html.find("<meta charset=\"utf-8\">") < Some(1024));
        let title = between(html, "<title>", "</title>");
        assert_eq!(title.len(), 1);
        assert_eq!(title, between(html, "<h1>", "</h1>"));
        assert!(!title[0].is_empty());
    }
}

#[test]
fn every_page_has_a_way_on() {
    for page in every_page("x", "/") {
        let ways = page.html.matches("href=").count() + page.html.matches("<button").count();
        assert!(ways > 0, "{}", page.html);
    }
}

#[test]
fn every_problem_says_what_it_is_and_how_to_find_it() {
    let mut titles = std::collections::HashSet::new();
    for problem in Problem::ALL {
        let page = DefaultPages.error(&ErrorPage {
            problem: *problem,
            correlation_id: "c0ffee",
            retry: None,
            restart: None,
            home: "/",
        });
        assert!(page.html.contains(problem.title()));
        assert!(page.html.contains(problem.sentence()));
        assert!(page.html.contains("<code>c0ffee</code>"));
        assert!(problem.sentence().ends_with('.') && !problem.title().ends_with('.'));
        assert!((400..600).contains(&problem.status()));
        assert!(
            titles.insert(problem.title()),
            "{problem:?} has no title of its own"
        );
    }
}

#[test]
fn status_tells_whose_side_the_problem_is_on() {
    for problem in Problem::ALL {
        let ours = matches!(
            problem,
            Problem::ProviderUnavailable
                | Problem::ProviderFailed
                | Problem::Unavailable
                | Problem::Internal
        );
        assert_eq!(problem.status() >= 500, ours, "{problem:?}");
    }
}

#[test]
fn every_form_posts_and_sends_its_origin() {
    for page in every_page("x", "/") {
        let has_form = page.html.contains("<form");
        let sends_origin = "<meta name=\"referrer\" content=\"same-origin\">";
        assert_eq!(page.html.contains(sends_origin), has_form, "{}", page.html);
        assert_eq!(page.html.contains("method=\"post\""), has_form);
        assert_eq!(page.html.contains("<button"), has_form);
    }
}

#[test]
fn replacing_one_page_keeps_the_others() {
    struct Ours;
    impl Pages for Ours {
        fn logged_out(&self, _: &LoggedOutPage<'_>) -> Page {
            Page::new("bye".to_owned())
        }
    }
    let ours: Box<dyn Pages> = Box::new(Ours);
    let logged_out = LoggedOutPage {
        login: "/",
        home: "/",
        is_back: false,
    };
    let log_out = LogOutPage {
        action: "/",
        return_to: "/",
        everywhere: false,
        home: "/",
    };
    assert_eq!(ours.logged_out(&logged_out).html, "bye");
    assert_eq!(ours.log_out(&log_out), DefaultPages.log_out(&log_out));
}
