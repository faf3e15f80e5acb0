//! The app's own pages: for nobody, and for whoever is logged in.

use super::super::super::ask::Ask;
use super::super::entry::{Cookies, Entry, Mark, Step};
use super::{home, logged_in, one};

/// The challenge leads back to them as they were asked for.
const TARGETS: &[&str] = &[
    "/",
    "/?",
    "/??",
    "/?a=b",
    "/?a=b&a=c&&d",
    "/?=",
    "/?return_to=%2Fx",
    "/?q=a%20b%26c+d",
    "/?q=%ff%00",
    "/files/a",
    "/files/a/b/c/d",
    "/files/a%2Fb?c=%2F",
    "/files/a%2fb",
    "/files/a%20b",
    "/files/a+b",
    "/files/%C3%A4?%C3%A4=%E4",
    "/files/%61",
    "/files/%2561",
    "/files/A/b;c=d/e,f",
    "/files/a%3Fb%23c",
    "/files/a:b@c",
    "/files/a!$&'()*",
    "/files/~a",
    "/files/auth/login",
    "/nested/page",
    "/nested/page?",
    "/nested/page?a=b%26c",
    "/maybe",
    "/maybe?a=b",
    "/plain",
    "/plain?a=b",
];

/// Routers differ in what they take for a page: some tidy a path up or look into its escapes first.
const ROUTED: &[&str] = &[
    "/files/../plain",
    "/files/./a",
    "/files/%2e%2e/plain",
    "/files/a//b",
    "/files/a/",
    "/files/%00",
    "/files/%ff",
    "/files/a|b",
    "/files/\"",
];

/// What is no page, to the letter.
const NOT_PAGES: &[&str] = &[
    "/Plain",
    "/PLAIN",
    "/plain.html",
    "/plainer",
    "/nested",
    "/page",
    "/nested/page/more",
    "/nested%2Fpage",
    "/file/a",
];

pub(super) fn entries() -> Vec<Entry> {
    let routed = Mark::Strict("a router may have no such page");
    let mut entries = Vec::new();
    for target in TARGETS {
        for (who, ask) in [
            ("a person", Ask::open(*target)),
            ("a script", Ask::new("GET", *target)),
        ] {
            entries.push(one(format!("{who} asks for {target}"), ask));
        }
    }
    for target in ROUTED {
        let step = Step::new(Ask::open(*target)).may(routed);
        entries.push(one(format!("a person asks for {target}"), step));
    }
    for target in NOT_PAGES {
        entries.push(one(
            format!("a person asks for {target}"),
            Ask::open(*target),
        ));
    }
    let mut steps = logged_in().to_vec();
    steps.extend(TARGETS.iter().map(|target| Step::new(Ask::open(*target))));
    entries.push(Entry::new("a user goes everywhere", steps));
    let mut steps = logged_in().to_vec();
    steps.extend(
        TARGETS
            .iter()
            .map(|target| Step::new(Ask::new("GET", *target))),
    );
    entries.push(Entry::new("a user's script goes everywhere", steps).stored());

    let form = || Ask::submit("/", "a=b&return_to=%2Fx");
    for (name, ask) in [
        ("a form for a guarded page", form()),
        (
            "a script's post to a guarded page",
            form().without("accept"),
        ),
        ("a form in chunks for a guarded page", form().in_chunks()),
        ("an empty form for a guarded page", Ask::submit("/", "")),
        (
            "a form from elsewhere for a guarded page",
            form().with("origin", "http://evil.example"),
        ),
        (
            "a large form for a guarded page",
            Ask::submit("/", "p".repeat(100_000)),
        ),
    ] {
        entries.push(one(name, ask.clone()));
        let mut steps = logged_in().to_vec();
        steps.extend([ask.into(), home()]);
        entries.push(Entry::new(format!("{name}, by a user"), steps));
    }
    entries.extend(cookies());
    entries
}

/// Sessions, with the cookie cut, split, doubled or among others.
fn cookies() -> Vec<Entry> {
    let mut entries = Vec::new();
    for (name, cookies) in [
        ("each in a field of its own", Cookies::Split),
        ("the last first", Cookies::Reversed),
        ("twice", Cookies::Twice),
        ("cut in half", Cookies::Halved),
        ("without their end", Cookies::CutShort),
        ("beside one that is not UTF-8", Cookies::BesideBytes),
        ("beside one that is not ASCII", Cookies::BesideUtf8),
        ("beside odd ones", Cookies::BesideOdd),
        ("left at home", Cookies::Nothing),
    ] {
        for stored in [false, true] {
            let mut steps = logged_in().to_vec();
            for target in ["/", "/maybe", "/nested/page?a=b", "/plain"] {
                steps.push(Ask::open(target).into());
            }
            steps.push(Ask::submit("/auth/logout", "return_to=%2Fa").into());
            for step in steps.iter_mut().skip(1) {
                step.cookies = cookies;
                if cookies == Cookies::BesideBytes {
                    step.mark = Mark::ForeignBytes;
                }
            }
            let place = if stored { "a store" } else { "cookies" };
            let entry = Entry::new(format!("cookies {name}, sessions in {place}"), steps);
            entries.push(if stored { entry.stored() } else { entry });
        }
    }
    for value in [
        "",
        "1",
        "1forged",
        "9AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "\"\"",
        "%00",
        "a b",
    ] {
        let cookie = format!("codegrant3000.session={value}");
        for target in ["/", "/maybe", "/auth/logged-out"] {
            let ask = Ask::open(target).with("cookie", cookie.as_str());
            entries.push(one(format!("a session that is {value:?} at {target}"), ask));
        }
    }
    let names = [
        "codegrant3000.session",
        "Codegrant3000.session",
        "codegrant3000.session ",
        "codegrant.session",
        "__Host-codegrant.session",
        "codegrant3000.login.",
        "$Version",
    ];
    for name in names {
        let ask = Ask::open("/maybe").with("cookie", format!("{name}=1x; {name}=1y"));
        entries.push(one(format!("two cookies that are called {name:?}"), ask));
    }
    let many: Vec<String> = (0..200).map(|at| format!("c{at}={at}")).collect();
    entries.push(one(
        "two hundred cookies",
        Ask::open("/maybe").with_cookies(&many),
    ));
    let old: Vec<String> = (10..40)
        .map(|at| format!("codegrant3000.login.{at}=old"))
        .collect();
    entries.push(one(
        "thirty logins on the way",
        Ask::open("/auth/login/op").with_cookies(&old),
    ));
    entries
}
