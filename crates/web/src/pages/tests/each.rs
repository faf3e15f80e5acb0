//! What single pages say and offer.

use super::*;

#[test]
fn who_is_to_be_added_is_shown_by_all_that_tells_accounts_apart() {
    let page = |name, username, email| {
        DefaultPages
            .confirm_link(&ConfirmLinkPage {
                action: "/auth/link/op",
                confirm: "c0ffee",
                user: account("Ada"),
                account: LinkedAccount {
                    provider: "Orchard",
                    name,
                    username,
                    email,
                    subject: "248289761001",
                },
                return_to: "/account",
            })
            .html
    };
    for (name, username, email, shown) in [
        (
            Some("Grace"),
            None,
            Some("g@op.example"),
            ["Grace", "g@op.example"],
        ),
        (Some("Grace"), Some("grace"), None, ["Grace", "grace"]),
        (Some("Grace"), None, None, ["Grace", "248289761001"]),
        (
            None,
            None,
            Some("g@op.example"),
            ["g@op.example", "248289761001"],
        ),
    ] {
        let html = page(name, username, email);
        let card = between(&html, "<dd>", "</dd>")[0];
        let said = between(card, "<bdi>", "</bdi>");
        assert_eq!(said, [shown[0], shown[1], "Orchard"]);
    }
    let long = "x".repeat(5_000);
    assert!(page(Some(&long), None, Some("a\u{202e}\r\n@b")).len() < 8_000);
}

#[test]
fn only_who_has_not_been_at_the_provider_is_sent_there() {
    let says = |is_back| logged_out("/", is_back).html.contains("may still know you");
    assert!(says(false) && !says(true));
}

#[test]
fn try_again_is_offered_only_where_it_makes_sense() {
    assert!(error_page(Some("/again"), None).contains("href=\"/again\">Try again</a>"));
    let without = error_page(None, None);
    assert!(!without.contains("Try again"));
    assert!(without.contains("href=\"/home\">Go back to the app</a>"));
}

#[test]
fn restart_goes_on_by_itself_and_by_hand() {
    let html = error_page(None, Some("/auth/login/a?b=1&c=2"));
    let refresh = "<meta http-equiv=\"refresh\" content=\"0;url=/auth/login/a?b=1&amp;c=2\">";
    assert!(html.contains(refresh), "{html}");
    assert!(html.contains("href=\"/auth/login/a?b=1&amp;c=2\">Continue</a>"));
}

#[test]
fn an_error_without_restart_stays() {
    assert!(!error_page(Some("/again"), None).contains("http-equiv"));
}

#[test]
fn log_out_posts_where_to_return() {
    let html = log_out_page("/auth/logout", "/a?b=1&c=2", true).html;
    assert!(html.contains("method=\"post\" action=\"/auth/logout\""));
    assert!(html.contains("name=\"return_to\" value=\"/a?b=1&amp;c=2\""));
}

#[test]
fn a_log_out_everywhere_is_offered_only_where_it_is_kept() {
    for (is_shared, times) in [(true, 1), (false, 0)] {
        let asked = log_out_page("/auth/logout", "/", is_shared).html;
        assert_eq!(asked.matches("name=\"everywhere\"").count(), times);
        let listed = sessions_page("x", "/auth/sessions", is_shared).html;
        assert_eq!(listed.matches("name=\"all\"").count(), times);
        assert_eq!(listed.contains("are not listed"), !is_shared);
    }
}

#[test]
fn each_session_has_a_form_that_ends_it() {
    let html = sessions_page("a<b", "/auth/sessions", true).html;
    let handles = between(&html, "name=\"handle\" value=\"", "\"");
    assert_eq!(handles, ["a&lt;b"; 2]);
    assert_eq!(html.matches("action=\"/auth/sessions\"").count(), 3);
    let said = between(&html, "<small>", "</small>");
    assert_eq!(
        (said[0], said[2]),
        ("This device, now", "Last seen 5 minutes ago")
    );
    assert!(
        html.contains("aria-label=\"Log out: a&lt;b\"")
            && html.contains("aria-label=\"End: a&lt;b\"")
    );
}

#[test]
fn login_lists_the_providers_in_order_as_links() {
    let page = DefaultPages.login(&LoginPage {
        providers: [("b", "Beta"), ("a", "Alpha")]
            .map(|(id, name)| ProviderLink {
                id,
                name,
                url: "/auth/login/x",
            })
            .to_vec(),
        app_name: Some("Orchard"),
        home: "/",
    });
    assert_eq!(between(&page.html, "<bdi>", "</bdi>"), ["Beta", "Alpha"]);
    assert_eq!(between(&page.html, "data-provider=\"", "\""), ["b", "a"]);
    assert_eq!(page.html.matches("href=\"/auth/login/x\"").count(), 2);
    assert!(page.html.contains("<h1>Log in to Orchard</h1>"));
}

#[test]
fn a_name_of_any_script_gets_one_sign() {
    for (name, sign) in [
        ("google", "G"),
        ("  (corp)", "C"),
        ("\u{fc}ber", "\u{dc}"),
        ("\u{df}", "S"),
        ("\u{65e5}\u{672c}", "\u{65e5}"),
        ("4all", "4"),
        ("<>", "\u{2022}"),
        ("", "\u{2022}"),
    ] {
        let html = &every_page(name, "/")[0].html;
        let signs = between(html, "<text x=\"16\" y=\"16\">", "</text>");
        assert_eq!(signs, [sign, sign], "{name:?}");
    }
}

#[test]
fn repost_keeps_every_field_in_order() {
    let page = repost(
        "/auth/callback/a",
        &[("code", "a\"b"), ("state", "<s>"), ("state", "t")],
    );
    assert_eq!(
        between(&page.html, "<input type=\"hidden\" ", ">\n"),
        [
            "name=\"code\" value=\"a&quot;b\"",
            "name=\"state\" value=\"&lt;s&gt;\"",
            "name=\"state\" value=\"t\"",
        ]
    );
    assert!(page.html.contains("action=\"/auth/callback/a\""));
}
