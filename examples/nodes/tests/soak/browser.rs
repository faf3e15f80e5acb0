//! A browser as far as a login needs one: cookies, redirects, and the forms of the provider's pages.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::Method;
use url::form_urlencoded;

use crate::client::{Answer, Ask, Client, send};

/// How many addresses one login leads through at most, every reload among them.
const HOPS: usize = 60;

/// How long a person looks at an error before they reload.
const GLANCE: Duration = Duration::from_millis(100);

const PAGE: &str = "text/html";

/// The cookies of one site.
#[derive(Clone, Default)]
pub(crate) struct Jar(BTreeMap<String, String>);

impl Jar {
    /// Takes what an answer sets and what it removes.
    pub(crate) fn take(&mut self, answer: &Answer) {
        for line in &answer.set_cookies {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let over = attributes
                .split(';')
                .any(|attribute| attribute.trim().eq_ignore_ascii_case("max-age=0"));
            if over || value.is_empty() {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Returns them as a browser sends them.
    pub(crate) fn header(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(n, v)| format!("{n}={v}")).collect();
        pairs.join("; ")
    }

    /// Tells how many bytes the app's cookies take in each request.
    pub(crate) fn bytes(&self) -> usize {
        self.header().len()
    }

    fn has_session(&self) -> bool {
        self.0.keys().any(|name| name.contains("session"))
    }
}

/// A login that reached the browser: from here on the app may not forget it.
pub(crate) struct LoggedIn {
    pub(crate) cookies: Jar,
    /// The code that it was made of.
    pub(crate) code: String,
    /// How often something had to be asked for again on the way.
    pub(crate) reloads: usize,
}

/// Logs somebody in: to the app, through the provider's pages, and back.
///
/// # Errors
///
/// The page that stood in the way.
pub(crate) async fn log_in(
    client: &Client,
    origin: &str,
    issuer: &str,
    name: &str,
) -> Result<LoggedIn, String> {
    let (mut app, mut provider) = (Jar::default(), Jar::default());
    let start = format!("{origin}/auth/login/op");
    let mut next = (Method::GET, start.clone(), None::<String>);
    let (mut code, mut reloads) = (String::new(), 0);
    for _ in 0..HOPS {
        let (method, url, form) = next.clone();
        let at_app = url.starts_with(origin);
        let jar = if at_app { &mut app } else { &mut provider };
        let ask = Ask {
            method,
            url: &url,
            node: None,
            cookies: jar.header(),
            accept: PAGE,
            form,
        };
        if let Some(query) = callback_query(&url) {
            code = query;
        }
        let answer = match send(client, ask).await {
            Ok(answer) if answer.status < 500 => answer,
            // A node was killed, or the store is away: the person reloads.
            Ok(_) | Err(_) => {
                reloads += 1;
                tokio::time::sleep(GLANCE).await;
                continue;
            }
        };
        jar.take(&answer);
        if at_app && callback_query(&url).is_some() && app.has_session() {
            return Ok(LoggedIn {
                cookies: app,
                code,
                reloads,
            });
        }
        next = match (answer.status, &answer.location) {
            (303 | 302, Some(to)) => (Method::GET, absolute(to, &url), None),
            (200, _) if answer.body.contains(r#"name="decision" value="allow""#) => {
                let form = [
                    ("interaction", interaction(&answer.body)),
                    ("decision", "allow"),
                ];
                (
                    Method::POST,
                    format!("{issuer}/consent"),
                    Some(encoded(&form)),
                )
            }
            (200, _) if answer.body.contains(r#"name="name""#) => {
                let form = [("interaction", interaction(&answer.body)), ("name", name)];
                (
                    Method::POST,
                    format!("{issuer}/sign-in"),
                    Some(encoded(&form)),
                )
            }
            // The app says that this login came to nothing; its page has a link to begin anew.
            _ if at_app && callback_query(&url).is_some() => {
                reloads += 1;
                (Method::GET, start.clone(), None)
            }
            (status, _) => return Err(format!("{status} at {url}: {}", answer.body)),
        };
    }
    Err(format!("{name}: no login after {HOPS} addresses"))
}

/// Returns the code that an address hands to the app.
fn callback_query(url: &str) -> Option<String> {
    let (path, query) = url.split_once('?')?;
    if !path.contains("/auth/callback/") {
        return None;
    }
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let code = pairs.find(|(name, _)| name == "code")?;
    Some(code.1.into_owned())
}

fn absolute(location: &str, base: &str) -> String {
    let base = url::Url::parse(base).ok();
    let joined = base.and_then(|base| base.join(location).ok());
    joined.map_or_else(|| location.to_owned(), Into::into)
}

fn interaction(page: &str) -> &str {
    let rest = page.split_once(r#"name="interaction" value=""#);
    let found = rest.and_then(|(_, rest)| rest.split_once('"'));
    found.map_or("", |(id, _)| id)
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}
