//! Logins and log-outs from one end to the other, and all that can come of a callback.

use super::super::super::ask::Ask;
use super::super::entry::{Cookies, Entry, Step};
use super::{back, begin, home, logged_in, one};

/// What the provider, or somebody else, sends the browser back with.
const CALLBACKS: &[&str] = &[
    "code=a-code&state={state}",
    "state={state}&code=a-code",
    "code=a-code&state={state}&extra=1&extra=2",
    "code=a%2Bcode%20&state={state}",
    "code=a+code&state={state}",
    "code=%C3%A4&state={state}",
    "code=%ff&state={state}",
    "code=&state={state}",
    "code&state={state}",
    "state={state}",
    "code=a-code",
    "code=a-code&state=",
    "code=a-code&state={state}x",
    "code=a-code&state=%00{state}",
    "code=a-code&STATE={state}",
    "code=a-code&state={state}&state={state}",
    "code=a-code&state={state}&state=other",
    "code=a-code&code=b-code&state={state}",
    "code=a-code&state={state}&iss=https%3A%2F%2Fop.example",
    "code=a-code&state={state}&iss=https%3A%2F%2Fevil.example",
    "code=a-code&state={state}&iss=a&iss=b",
    "code=a-code&state={state}&error=access_denied",
    "error=access_denied&state={state}",
    "error=access_denied&error_description=%3Cscript%3E&state={state}",
    "error=access_denied&error=server_error&state={state}",
    "error=temporarily_unavailable&state={state}",
    "error=login_required&error_uri=javascript:alert(1)&state={state}",
    "error=%0d%0aset-cookie:a=b&state={state}",
    "error=nonsense&state={state}",
    "error=access_denied",
    "error=&state={state}",
    "",
    "&",
    "code=a-code;state={state}",
    "?code=a-code&state={state}",
    "code=a-code&state={state}&",
];

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for query in CALLBACKS {
        let steps = [begin(), back(query), home()];
        entries.push(Entry::new(format!("callback {query:?}"), steps));
    }
    let good = "code=a-code&state={state}";
    let other = |target: &str| Step::new(Ask::open(format!("{target}?{good}")));
    for (name, last) in [
        ("at another provider", other("/auth/callback/posting")),
        ("at no provider", other("/auth/callback/nobody")),
        ("at the base path", other("/auth/")),
        ("without cookies", back(good).cookies(Cookies::Nothing)),
        ("with half a cookie", back(good).cookies(Cookies::CutShort)),
        (
            "with every cookie twice",
            back(good).cookies(Cookies::Twice),
        ),
        (
            "by HEAD",
            Ask::new("HEAD", format!("/auth/callback/op?{good}")).into(),
        ),
        ("by POST", Ask::submit("/auth/callback/op", good).into()),
        (
            "by POST with a query",
            Ask::submit(format!("/auth/callback/op?{good}"), "").into(),
        ),
        (
            "by a prefetch",
            Ask::open(format!("/auth/callback/op?{good}"))
                .with("sec-purpose", "prefetch")
                .into(),
        ),
        (
            "from another site",
            Ask::open(format!("/auth/callback/op?{good}"))
                .with("sec-fetch-site", "cross-site")
                .into(),
        ),
        (
            "with a body",
            Ask::open(format!("/auth/callback/op?{good}"))
                .with_body("code=other")
                .into(),
        ),
    ] {
        entries.push(Entry::new(
            format!("callback {name}"),
            [begin(), last, home()],
        ));
    }
    entries.extend(posted());
    for stored in [false, true] {
        let again = [begin(), back(good), back(good), home(), back(good)];
        let cold = [begin(), back(good), back(good).cookies(Cookies::Nothing)];
        let two = [
            begin(),
            begin(),
            back(good),
            home(),
            begin(),
            back(good),
            home(),
        ];
        let late = [
            begin(),
            back("error=access_denied&state={state}"),
            back(good),
            home(),
        ];
        let copied = [
            begin(),
            back(good),
            home(),
            back(good).cookies(Cookies::Copied),
        ];
        for (name, steps) in [
            ("the same callback again", &again[..]),
            ("a copied callback", &cold),
            ("a copied callback with its cookies", &copied),
            ("two logins at once", &two),
            ("a code after a refusal", &late),
        ] {
            let place = if stored { "a store" } else { "cookies" };
            let entry = Entry::new(format!("{name}, sessions in {place}"), steps.to_vec());
            entries.push(if stored { entry.stored() } else { entry });
        }
    }
    entries
}

/// Callbacks that the provider has the browser post (OAuth 2.0 Form Post Response Mode).
fn posted() -> Vec<Entry> {
    let begin = || Step::new(Ask::open("/auth/login/posting?return_to=%2Fa"));
    let post = |form: &str| Ask::submit("/auth/callback/posting", form).without("origin");
    let good = "code=a%2Bcode&state={state}";
    let own = format!("{good}&codegrant_reposted=1");
    let mut entries = Vec::new();
    for (name, step) in [
        (
            "from the provider",
            Step::new(post(good).with("origin", "https://op.example")),
        ),
        ("in chunks", Step::new(post(good).in_chunks())),
        (
            "without cookies",
            Step::new(post(good)).cookies(Cookies::Nothing),
        ),
        (
            "from our own page",
            post(&own).with("origin", "http://localhost:3000").into(),
        ),
        ("from our own page in chunks", post(&own).in_chunks().into()),
        (
            "from our own page without cookies",
            Step::new(post(&own)).cookies(Cookies::Nothing),
        ),
        (
            "with an error",
            post("error=access_denied&state={state}&codegrant_reposted=1").into(),
        ),
        (
            "with a user's name",
            post(&format!("{own}&user=%7B%22name%22%3A1%7D")).into(),
        ),
        (
            "with markup",
            post("code=%22%3E%3Cscript%3E&state={state}").into(),
        ),
        ("with two states", post(&format!("{own}&state=b")).into()),
        ("without a state", post("code=c").into()),
        ("with nothing", post("").into()),
        (
            "by GET",
            Ask::open(format!("/auth/callback/posting?{good}")).into(),
        ),
        ("of no type", post(&own).without("content-type").into()),
    ] {
        entries.push(Entry::new(
            format!("posted callback {name}"),
            [begin(), step, home()],
        ));
    }
    entries
}

/// What becomes of a session, with sealed cookies and with a store.
pub(super) fn sessions() -> Vec<Entry> {
    let out = |form: &str| Ask::submit("/auth/logout", form);
    let refresh = |form: &str| Ask::submit("/auth/refresh", form);
    let mut entries = Vec::new();
    for stored in [false, true] {
        let tails: Vec<(&str, Vec<Step>)> = vec![
            ("log-out", vec![out("return_to=%2Fa").into(), home()]),
            (
                "log-out twice",
                vec![out("").into(), out("").into(), home()],
            ),
            (
                "log-out, but somebody copied the cookie",
                vec![
                    home(),
                    out("").into(),
                    home().cookies(Cookies::Copied),
                    Step::new(refresh("")).cookies(Cookies::Copied),
                ],
            ),
            (
                "log-out asked for",
                vec![Ask::open("/auth/logout?return_to=%2Fa").into(), home()],
            ),
            (
                "log-out by HEAD",
                vec![Ask::new("HEAD", "/auth/logout").into(), home()],
            ),
            (
                "log-out by PUT",
                vec![Ask::new("PUT", "/auth/logout").into(), home()],
            ),
            (
                "log-out from elsewhere",
                vec![
                    out("")
                        .without("origin")
                        .with("origin", "http://evil.example")
                        .into(),
                    home(),
                ],
            ),
            (
                "log-out from nowhere",
                vec![out("").without("origin").into(), home()],
            ),
            (
                "log-out in chunks",
                vec![out("return_to=%2Fa").in_chunks().into(), home()],
            ),
            (
                "log-out that is too long",
                vec![out(&"p".repeat(70_000)).into(), home()],
            ),
            (
                "log-out by a script",
                vec![out("").without("accept").into(), home()],
            ),
            ("refresh", vec![refresh("return_to=%2Fa").into(), home()]),
            (
                "refresh twice",
                vec![refresh("").into(), refresh("").into(), home()],
            ),
            (
                "refresh by GET",
                vec![Ask::open("/auth/refresh").into(), home()],
            ),
            (
                "refresh by a script",
                vec![refresh("").without("accept").into(), home()],
            ),
            (
                "refresh from elsewhere",
                vec![
                    refresh("")
                        .without("origin")
                        .with("origin", "http://evil.example")
                        .into(),
                    home(),
                ],
            ),
            (
                "refresh towards another site",
                vec![refresh("return_to=%2F%2Fevil.example").into(), home()],
            ),
            (
                "another login",
                vec![begin(), back("code=b-code&state={state}"), home()],
            ),
            (
                "the login page",
                vec![Ask::open("/auth/login?return_to=%2Fa").into(), home()],
            ),
            (
                "a login that is refused",
                vec![begin(), back("error=access_denied&state={state}"), home()],
            ),
            (
                "a log-out between start and end",
                vec![
                    begin(),
                    out("").into(),
                    back("code=b-code&state={state}"),
                    home(),
                ],
            ),
        ];
        for (name, tail) in tails {
            let place = if stored { "a store" } else { "cookies" };
            let steps = logged_in().into_iter().chain(tail);
            let entry = Entry::new(format!("{name}, sessions in {place}"), steps);
            entries.push(if stored { entry.stored() } else { entry });
        }
    }
    entries.push(one("log-out of nobody", out("return_to=%2Fa")));
    entries.push(one("refresh of nobody", refresh("return_to=%2Fa")));
    entries.push(one(
        "a script's refresh of nobody",
        refresh("").without("accept"),
    ));
    entries
}
