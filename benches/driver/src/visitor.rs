//! A visitor with a browser's manners: keeps cookies, follows to the provider and back.

use cookie::{Cookie, time::OffsetDateTime};
use url::Url;

use crate::http::{Connection, Message};
use crate::manifest::{Peer, SessionBy};

/// How often a visitor is sent on before giving up.
const MOST_REDIRECTS: usize = 5;

/// The cookies of one visitor at one server.
#[derive(Debug, Clone, Default)]
pub struct Jar(Vec<Kept>);

#[derive(Debug, Clone)]
struct Kept {
    name: String,
    value: String,
    path: String,
}

impl Jar {
    /// Takes what a response sets and removes.
    pub fn take(&mut self, response: &Message) {
        for line in response.all("set-cookie") {
            let Ok(cookie) = Cookie::parse(line.to_owned()) else {
                continue;
            };
            let path = cookie.path().unwrap_or("/").to_owned();
            self.0
                .retain(|kept| kept.name != cookie.name() || kept.path != path);
            let past = cookie
                .expires_datetime()
                .is_some_and(|end| end <= OffsetDateTime::now_utc());
            let over = cookie.max_age().map_or(past, |age| !age.is_positive());
            if !over {
                let (name, value) = (cookie.name().to_owned(), cookie.value().to_owned());
                self.0.push(Kept { name, value, path });
            }
        }
    }

    /// Returns these cookies with one letter in the middle of each changed.
    pub fn forged(&self) -> Self {
        let mut forged = self.clone();
        for kept in &mut forged.0 {
            let half = kept.value.chars().count() / 2;
            let letters = kept.value.chars().enumerate();
            let change = |(place, letter)| match letter {
                'A' if place == half => 'B',
                _ if place == half => 'A',
                letter => letter,
            };
            kept.value = letters.map(change).collect();
        }
        forged
    }

    /// Returns what goes with a request for this path.
    pub fn header(&self, path: &str) -> String {
        let below = |kept: &&Kept| {
            path.strip_prefix(kept.path.trim_end_matches('/'))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        };
        let sent = self
            .0
            .iter()
            .filter(below)
            .map(|kept| format!("{}={}", kept.name, kept.value));
        sent.collect::<Vec<_>>().join("; ")
    }
}

/// Writes a `GET` for this path, as a browser that follows a link.
pub fn get(port: u16, target: &str, jar: &Jar) -> Vec<u8> {
    let cookies = jar.header(target);
    let cookies = if cookies.is_empty() {
        cookies
    } else {
        format!("cookie: {cookies}\r\n")
    };
    format!("GET {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept: text/html\r\n{cookies}\r\n")
        .into_bytes()
}

/// A connection to a peer, and one to the provider.
#[derive(Debug)]
pub struct Visitor {
    pub peer: Connection,
    provider: Option<Connection>,
}

impl Visitor {
    /// Makes one for the server at this port.
    pub fn new(port: u16) -> Self {
        Self {
            peer: Connection::new(port),
            provider: None,
        }
    }

    /// Comes to a session in the way the peer has.
    ///
    /// # Errors
    ///
    /// What went wrong, with the answer that was unexpected.
    pub async fn session(&mut self, peer: &Peer) -> Result<Jar, String> {
        match peer.session {
            SessionBy::None => Ok(Jar::default()),
            SessionBy::Login => self.log_in(peer).await,
            SessionBy::Seed => {
                let mut jar = Jar::default();
                let answer = self.ask("/seed", &mut jar).await?;
                if answer.status() >= 400 {
                    Err(told("/seed", &answer))
                } else {
                    Ok(jar)
                }
            }
        }
    }

    /// Asks for a login and leaves it there: returns the provider's URL that the visitor was sent to.
    ///
    /// # Errors
    ///
    /// The server did not send anybody to a provider.
    pub async fn begin(&mut self, peer: &Peer, jar: &mut Jar) -> Result<Url, String> {
        let mut target = peer.login.clone();
        for _ in 0..MOST_REDIRECTS {
            let answer = self.ask(&target, jar).await?;
            let to = self.location(&target, &answer)?;
            if to.port() != Some(self.peer.port()) {
                return Ok(to);
            }
            target = path_and_query(&to);
        }
        Err(format!("{} redirects in circles", peer.login))
    }

    /// Logs in: to the login, to the provider, and back with a code. It ends with the answer to the code.
    ///
    /// # Errors
    ///
    /// A step was not answered by a redirect.
    pub async fn log_in(&mut self, peer: &Peer) -> Result<Jar, String> {
        let mut jar = Jar::default();
        let authorize = self.begin(peer, &mut jar).await?;
        let target = self.consent(&authorize).await?;
        self.come_back(&target, &mut jar).await?;
        Ok(jar)
    }

    /// Agrees at the provider: returns where that sends the visitor with a code.
    ///
    /// # Errors
    ///
    /// It sends nobody anywhere.
    pub async fn consent(&mut self, authorize: &Url) -> Result<String, String> {
        let port = authorize.port().ok_or("the provider's URL has no port")?;
        let provider = self.provider.get_or_insert_with(|| Connection::new(port));
        let request = get(port, &path_and_query(authorize), &Jar::default());
        let consented = provider
            .send(&request)
            .await
            .map_err(|error| format!("the provider: {error}"))?;
        let callback = self.location("the provider", &consented)?;
        Ok(path_and_query(&callback))
    }

    /// Comes back from the provider with a code, and has a session with the answer.
    ///
    /// # Errors
    ///
    /// The server does not want the code.
    pub async fn come_back(&mut self, target: &str, jar: &mut Jar) -> Result<(), String> {
        let answer = self.ask(target, jar).await?;
        if answer.status() >= 400 {
            Err(told(target, &answer))
        } else {
            Ok(())
        }
    }

    /// Asks for the page, which greets whoever has a session.
    ///
    /// # Errors
    ///
    /// It does not.
    pub async fn page(&mut self, jar: &mut Jar) -> Result<(), String> {
        let answer = self.ask("/page", jar).await?;
        greets(&answer)
    }

    /// Sees that the page greets neither a stranger nor somebody with a session that was tampered with.
    ///
    /// # Errors
    ///
    /// It does, although it wants a session.
    pub async fn is_turned_away(&mut self, peer: &Peer, jar: &Jar) -> Result<(), String> {
        if peer.session == SessionBy::None {
            return Ok(());
        }
        for (who, mut jar) in [("a stranger", Jar::default()), ("a forger", jar.forged())] {
            let answer = self.ask("/page", &mut jar).await?;
            if greets(&answer).is_ok() {
                return Err(format!("/page greets {who}"));
            }
        }
        Ok(())
    }

    async fn ask(&mut self, target: &str, jar: &mut Jar) -> Result<Message, String> {
        let request = get(self.peer.port(), target, jar);
        let answer = self
            .peer
            .send(&request)
            .await
            .map_err(|error| format!("{target}: {error}"))?;
        jar.take(&answer);
        Ok(answer)
    }

    fn location(&self, from: &str, answer: &Message) -> Result<Url, String> {
        let here = Url::parse(&format!("http://127.0.0.1:{}{}", self.peer.port(), "/"))
            .map_err(|error| error.to_string())?;
        let to = answer
            .header("location")
            .filter(|_| (300..400).contains(&answer.status()));
        let to = to.ok_or_else(|| told(from, answer))?;
        here.join(to).map_err(|error| format!("{to}: {error}"))
    }
}

/// Checks that this is the page, as a logged-in user sees it.
///
/// # Errors
///
/// It is something else.
pub fn greets(answer: &Message) -> Result<(), String> {
    let greeted = answer.status() == 200 && answer.body.starts_with(b"Hello, ");
    if greeted {
        Ok(())
    } else {
        Err(told("/page", answer))
    }
}

fn path_and_query(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// Says how a server answered, shortened.
fn told(target: &str, answer: &Message) -> String {
    let target = target.split('?').next().unwrap_or("");
    let body: String = String::from_utf8_lossy(&answer.body)
        .chars()
        .take(120)
        .collect();
    format!(
        "{target}: {} {}",
        answer.status(),
        body.trim().replace('\n', " ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(lines: &[&str]) -> Message {
        let headers = lines
            .iter()
            .map(|line| ("set-cookie".to_owned(), (*line).to_owned()));
        Message {
            headers: headers.collect(),
            ..Message::default()
        }
    }

    #[test]
    fn cookie_goes_back_to_its_path_and_below() {
        let mut jar = Jar::default();
        jar.take(&setting(&[
            "a=1; Path=/",
            "b=2; Path=/auth/callback",
            "c=3",
        ]));
        assert_eq!(jar.header("/page"), "a=1; c=3");
        assert_eq!(jar.header("/auth/callback?code=x"), "a=1; b=2; c=3");
        assert_eq!(jar.header("/auth/callback/stub"), "a=1; b=2; c=3");
        assert_eq!(jar.header("/auth/callbacks"), "a=1; c=3");
    }

    #[test]
    fn cookie_that_is_set_again_replaces_the_first_one_and_one_that_is_over_is_gone() {
        let mut jar = Jar::default();
        jar.take(&setting(&["a=1; Path=/", "b=2; Path=/"]));
        jar.take(&setting(&["a=3; Path=/", "b=; Path=/; Max-Age=0"]));
        assert_eq!(jar.header("/"), "a=3");
        jar.take(&setting(&[
            "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        ]));
        assert_eq!(jar.header("/"), "");
    }

    #[test]
    fn forged_cookie_differs_in_one_letter() {
        let mut jar = Jar::default();
        jar.take(&setting(&["a=xyz; Path=/", "b=CAD; Path=/"]));
        assert_eq!(jar.forged().header("/"), "a=xAz; b=CBD");
    }

    #[test]
    fn page_of_a_stranger_is_no_greeting() {
        let answer = |start: &str, body: &str| Message {
            start: start.to_owned(),
            body: body.as_bytes().to_vec(),
            ..Message::default()
        };
        assert!(greets(&answer("HTTP/1.1 200 OK", "Hello, Jane Doe")).is_ok());
        assert!(greets(&answer("HTTP/1.1 200 OK", "Log in")).is_err());
        assert!(greets(&answer("HTTP/1.1 401 Unauthorized", "Hello, stranger")).is_err());
    }
}
