//! The whole tour in one process: a browser by values, the app, and the provider inside it.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use codegrant_web::pages::source_hash;
use tour::{Configuration, Tour};
use tower::ServiceExt as _;

const ORIGIN: &str = "http://localhost:3000";

/// A person with a browser, as far as these tests need one.
struct Browser {
    app: Router,
    cookies: BTreeMap<String, String>,
    /// Every address that was seen, with its query.
    history: Vec<String>,
}

struct Seen {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: String,
}

impl Browser {
    fn open() -> Self {
        Self::open_configured(&Configuration::default())
    }

    fn open_configured(configuration: &Configuration) -> Self {
        let tour = Tour::start(configuration).unwrap();
        Self {
            app: super::router(tour),
            cookies: BTreeMap::new(),
            history: Vec::new(),
        }
    }

    async fn send(&mut self, method: &str, target: &str, form: &str) -> Seen {
        let path = target.strip_prefix(ORIGIN).unwrap_or(target);
        self.history.push(path.to_owned());
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", "text/html")
            .header("cookie", cookies.join("; "));
        if method == "POST" {
            request = request
                .header("origin", ORIGIN)
                .header("content-type", "application/x-www-form-urlencoded");
        }
        let request = request.body(Body::from(form.to_owned())).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Seen {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Opens a page and goes wherever it leads.
    async fn get(&mut self, target: &str) -> Seen {
        let seen = self.send("GET", target, "").await;
        self.follow(seen).await
    }

    async fn post(&mut self, target: &str, form: &str) -> Seen {
        let seen = self.send("POST", target, form).await;
        self.follow(seen).await
    }

    async fn follow(&mut self, mut seen: Seen) -> Seen {
        while seen.status == StatusCode::SEE_OTHER || seen.status == StatusCode::FOUND {
            let to = seen.headers["location"].to_str().unwrap().to_owned();
            seen = self.send("GET", &to, "").await;
        }
        seen
    }

    /// Opens a page as a stranger, signs in, answers the consent page, and arrives.
    async fn log_in(&mut self, page: &str, who: &str, decision: &str) -> Seen {
        let sign_in = self.get(page).await;
        let form = format!("interaction={}&{who}", interaction(&sign_in.body));
        let consent = self.post("/auth/dev-provider/sign-in", &form).await;
        let form = format!(
            "interaction={}&decision={decision}",
            interaction(&consent.body)
        );
        self.post("/auth/dev-provider/consent", &form).await
    }
}

fn interaction(html: &str) -> &str {
    between(html, "name=\"interaction\" value=\"", "\"")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).expect(before).1;
    rest.split_once(after).expect(after).0
}

#[tokio::test]
async fn protected_page_leads_through_the_login_and_back() {
    let mut browser = Browser::open();
    let page = browser.log_in("/me", "user=ada", "allow").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(browser.history.last().unwrap(), "/me");
    assert!(
        page.body
            .contains("Hello, <bdi id=\"name\">Ada Lovelace</bdi>")
    );
    assert_eq!(between(&page.body, "id=\"subject\">", "<"), "ada");
}

#[tokio::test]
async fn first_page_offers_the_login_and_then_knows_the_user() {
    let mut browser = Browser::open();
    let stranger = browser.get("/").await.body;
    assert!(stranger.contains("href=\"/auth/login/dev?return_to=/me\""));
    browser.log_in("/me", "user=grace", "allow").await;
    let known = browser.get("/").await.body;
    assert!(known.contains("You are <bdi>Grace Hopper</bdi>"));
    assert!(!known.contains("id=\"log-in\""));
}

#[tokio::test]
async fn claims_stand_under_whoever_said_them() {
    let mut browser = Browser::open();
    let page = browser.log_in("/me", "user=ada", "allow").await.body;
    let id_token = between(&page, "id=\"id-token\"", "</table>");
    let userinfo = between(&page, "id=\"userinfo\"", "</table>");
    assert!(id_token.contains("auth_time") && !id_token.contains("ada@example.test"));
    assert!(userinfo.contains("ada@example.test") && !userinfo.contains("auth_time"));
}

#[tokio::test]
async fn unverified_address_is_called_no_more_than_claimed() {
    let mut browser = Browser::open();
    let page = browser.log_in("/me", "user=alan", "allow").await.body;
    assert!(page.contains("data-trust=\"claimed\"") && !page.contains("data-trust=\"verified\""));
}

#[tokio::test]
async fn api_answers_in_the_users_name() {
    let mut browser = Browser::open();
    let page = browser.log_in("/api-call", "user=ada", "allow").await.body;
    assert!(page.contains("GET http://localhost:3000/auth/dev-provider/api/me"));
    assert_eq!(between(&page, "id=\"status\">", "<"), "200");
    assert!(page.contains("Hello, Ada Lovelace!"));
}

#[tokio::test]
async fn token_goes_to_userinfo_where_no_api_is_meant_for_it() {
    let origin = "public_origin = \"http://localhost:3000\"\ndev_provider = true\n";
    let elsewhere = "[api]\nurl = \"http://localhost:9/\"\nprovider = \"another\"";
    for api in ["", elsewhere] {
        let configuration = Configuration::parse(&format!("{origin}{api}")).unwrap();
        let mut browser = Browser::open_configured(&configuration);
        let page = browser.log_in("/api-call", "user=ada", "allow").await.body;
        assert!(page.contains("GET http://localhost:3000/auth/dev-provider/userinfo"));
        assert_eq!(between(&page, "id=\"status\">", "<"), "200");
        assert!(page.contains("ada@example.test"));
    }
}

#[tokio::test]
async fn api_that_cannot_be_reached_is_said_so() {
    // Port 9 is discard: nobody listens there.
    let text = "public_origin = \"http://localhost:3000\"\ndev_provider = true\n\
                [api]\nurl = \"http://127.0.0.1:9/orders?key=hush\"";
    let mut browser = Browser::open_configured(&Configuration::parse(text).unwrap());
    let page = browser.log_in("/api-call", "user=ada", "allow").await.body;
    assert_eq!(between(&page, "id=\"status\">", "<"), "no answer");
    assert!(page.contains("http://127.0.0.1:9/orders") && !page.contains("hush"));
}

#[tokio::test]
async fn renewed_tokens_still_open_the_api() {
    let mut browser = Browser::open();
    browser.log_in("/me", "user=ada", "allow").await;
    let page = browser.post("/auth/refresh", "return_to=/api-call").await;
    assert_eq!(between(&page.body, "id=\"status\">", "<"), "200");
    let flow = browser.get("/flow").await.body;
    assert!(flow.contains("The tokens were renewed"));
    assert_eq!(between(&flow, "data-outcome=\"", "\""), "logged in");
}

#[tokio::test]
async fn log_out_ends_the_session() {
    let mut browser = Browser::open();
    browser.log_in("/me", "user=ada", "allow").await;
    let page = browser.post("/auth/logout", "return_to=/").await;
    assert!(page.body.contains("Nobody is logged in"));
    let protected = browser.send("GET", "/me", "").await;
    assert_eq!(protected.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn flow_page_tells_all_five_steps_and_no_secret() {
    let mut browser = Browser::open();
    browser.get("/").await;
    browser.log_in("/auth/login/dev", "user=ada", "allow").await;
    let page = browser.get("/flow").await.body;
    assert_eq!(page.matches("data-state=\"done\"").count(), 5);
    for told in [
        "GET /auth/login/dev",
        "code_challenge_method",
        "authorization_code",
        "/jwks",
        "/userinfo",
    ] {
        assert!(page.contains(told), "{told}");
    }
    let mut secrets: Vec<&str> = browser.cookies.values().map(String::as_str).collect();
    for name in ["?code=", "&state=", "&nonce=", "&code_challenge="] {
        let seen = browser
            .history
            .iter()
            .filter_map(|url| url.split_once(name));
        let values = seen.map(|(_, rest)| rest.split('&').next().unwrap());
        let before = secrets.len();
        secrets.extend(values);
        assert!(secrets.len() > before, "{name} was seen in no address");
    }
    for secret in secrets {
        assert!(!page.contains(secret), "{secret} stands on the page");
    }
}

#[tokio::test]
async fn cancelled_consent_is_explained_to_the_operator() {
    let mut browser = Browser::open();
    let refused = browser.log_in("/me", "user=ada", "deny").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let page = browser.get("/flow").await.body;
    let summary = between(&page, "id=\"summary\"", "</h2>");
    assert!(summary.contains("callback.denied"), "{summary}");
    assert!(page.contains("data-step=\"4\" data-state=\"failed\""));
    assert!(page.contains("data-step=\"5\" data-state=\"ahead\""));
    assert!(page.contains("<dt>Remedy</dt>"));
    // The reference on the error page finds the same login.
    let reference = between(&page, "id=\"reference\">", "<");
    assert!(refused.body.contains(reference));
    let found = browser.get(&format!("/flow/{reference}")).await;
    assert_eq!(found.status, StatusCode::OK);
}

#[tokio::test]
async fn second_callback_is_told_as_a_repetition() {
    let mut browser = Browser::open();
    browser.log_in("/me", "user=ada", "allow").await;
    let callback = browser.history.iter().rfind(|url| url.contains("?code="));
    let callback = callback.unwrap().clone();
    let page = browser.get(&callback).await;
    assert_eq!(page.status, StatusCode::OK);
    let flow = browser.get("/flow").await.body;
    assert!(flow.contains("id=\"repeated\""));
    assert_eq!(flow.matches("authorization_code").count(), 1);
}

#[tokio::test]
async fn unknown_addresses_get_a_page_that_leads_back() {
    let mut browser = Browser::open();
    for path in ["/nowhere", "/me/else", "/flow/0123456789ab"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.body.contains("href=\"/\""), "{path}");
    }
}

#[tokio::test]
async fn name_made_of_markup_is_shown_as_text() {
    let mut browser = Browser::open();
    let name = "name=%3Cscript%3Ealert%281%29%3C%2Fscript%3E%22%27%26";
    browser.log_in("/me", name, "allow").await;
    for path in ["/", "/me", "/api-call", "/flow"] {
        let page = browser.get(path).await.body;
        assert!(!page.contains("<script"), "{path}");
    }
    let page = browser.get("/me").await.body;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
}

#[tokio::test]
async fn every_page_allows_its_own_style_and_nothing_else() {
    let mut browser = Browser::open();
    browser.log_in("/me", "user=ada", "allow").await;
    for path in ["/", "/me", "/api-call", "/flow", "/nowhere"] {
        let page = browser.get(path).await;
        let header = |name| page.headers.get(name).unwrap().to_str().unwrap();
        let style = between(&page.body, "<style>", "</style>");
        let policy = format!(
            "default-src 'none'; style-src '{}'; base-uri 'none'; frame-ancestors 'none'",
            source_hash(style)
        );
        assert_eq!(header("content-security-policy"), policy, "{path}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert!(
            !page.body.contains(" style=") && !page.body.contains("<img"),
            "{path}"
        );
    }
}
