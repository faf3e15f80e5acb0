//! Finding a person's issuer by what they type (OpenID Connect Discovery 1.0 section 2, RFC 7033).

use serde_json::Value;
use url::{Host, Url};

use crate::address::is_inside;
use crate::answer;
use crate::error::{Error, ProviderError, Purpose, Quoted, WebFingerError};
use crate::form;
use crate::http::{HttpRequest, HttpResponse, Method, Reach};
use crate::jose::json;
use crate::metadata::issuer_url;
use crate::origin::is_loopback;
use crate::step::{Expect, Fetch, Step};

/// The relation of a link that leads to an issuer.
const ISSUER_RELATION: &str = "http://openid.net/specs/connect/1.0/issuer";

/// The longest identifier, in bytes.
const LONGEST: usize = 512;

/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// A person's identifier, in the form in which its host is asked about it.
///
/// A stranger typed it, and it decides where a request goes: so its host is on the public internet, or, with
/// [`Resource::parse_on_loopback`], on this machine and nowhere else.
///
/// ```
/// use codegrant_core::Resource;
/// assert_eq!(Resource::parse("jane@example.org")?.as_str(), "acct:jane@example.org");
/// assert_eq!(Resource::parse("example.org/jane")?.as_str(), "https://example.org/jane");
/// assert!(Resource::parse("http://example.org/jane").is_err());
/// assert!(Resource::parse("jane@localhost").is_err());
/// # Ok::<(), codegrant_core::error::WebFingerError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    text: String,
    /// Scheme and host of where it is asked about.
    origin: String,
    loopback: bool,
}

impl Resource {
    /// Reads what a person typed, in each of the ways of OpenID Connect Discovery 1.0 section 2.1.
    ///
    /// # Errors
    ///
    /// When it names no host, another scheme than `acct` and `https`, or a host that is not public.
    pub fn parse(typed: &str) -> Result<Self, WebFingerError> {
        Self::read(typed, false)
    }

    /// Reads an identifier whose host is this machine, for development and tests: asked by `http`, unless it
    /// says `https`.
    ///
    /// # Errors
    ///
    /// As for [`Resource::parse`], and for every other host.
    pub fn parse_on_loopback(typed: &str) -> Result<Self, WebFingerError> {
        Self::read(typed, true)
    }

    /// Returns the identifier with its scheme.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Asks the identifier's host for the issuer: one request.
    ///
    /// # Errors
    ///
    /// From the answer: a redirect, which is not followed, another status, broken JSON, no issuer, or one
    /// that is no plain https address.
    ///
    /// ```
    /// use codegrant_core::{Resource, Step, http::HttpResponse};
    /// use serde_json::json;
    /// let Step::Fetch(mut fetch) = Resource::parse("jane@example.org")?.find_issuer() else { unreachable!() };
    /// assert!(fetch.take_request().url.starts_with("https://example.org/.well-known/webfinger?resource="));
    /// let issuer = fetch.resume(HttpResponse::json(&json!({
    ///     "subject": "acct:jane@example.org",
    ///     "links": [{"rel": "http://openid.net/specs/connect/1.0/issuer", "href": "https://op.example"}],
    /// })))?;
    /// assert_eq!(issuer.finished().as_deref(), Some("https://op.example"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn find_issuer(&self) -> Step<String> {
        let url = format!(
            "{}/.well-known/webfinger?resource={}&rel={}",
            self.origin,
            form::encode(&self.text),
            form::encode(ISSUER_RELATION)
        );
        let mut request = HttpRequest::new(Method::Get, url);
        request.set_header("accept", "application/jrd+json, application/json");
        request.limits.max_body = ANSWER_LIMIT;
        if !self.loopback {
            request.reach = Reach::Public;
        }
        Step::Fetch(Fetch::new(
            request,
            ExpectDescriptor {
                resource: self.clone(),
            },
        ))
    }

    fn read(typed: &str, loopback: bool) -> Result<Self, WebFingerError> {
        let refuse = |reason| WebFingerError::Resource {
            value: Quoted::new(typed),
            reason,
        };
        let typed = typed.trim_matches(' ');
        if typed.len() > LONGEST {
            return Err(refuse("longer than any identifier"));
        }
        if !typed.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
            return Err(refuse(
                "it holds a space, a control character or something beyond ASCII",
            ));
        }
        if typed.starts_with(['=', '@', '!']) {
            return Err(refuse("XRIs are not supported"));
        }
        // Section 2.1.2 item 3: a fragment is dropped.
        let typed = typed.split('#').next().unwrap_or_default();
        let text = match scheme(typed) {
            Some("acct" | "https") => typed.to_owned(),
            Some("http") if loopback => typed.to_owned(),
            Some(_) => return Err(refuse("its scheme is neither acct nor https")),
            None if is_account(typed) => format!("acct:{typed}"),
            None => format!("https://{typed}"),
        };
        let usual = if loopback { "http" } else { "https" };
        let asked = match text.strip_prefix("acct:") {
            Some(account) => {
                let (user, host) = account
                    .rsplit_once('@')
                    .filter(|(user, host)| !user.is_empty() && !host.contains(['/', '?']))
                    .ok_or_else(|| refuse("an account is a name, @ and a host"))?;
                if user.contains(['/', '?', '@']) {
                    return Err(refuse(
                        "the name of the account holds a character that has to be escaped",
                    ));
                }
                format!("{usual}://{host}")
            }
            None => text.clone(),
        };
        let url = Url::parse(&asked).map_err(|_| refuse("it names no host"))?;
        let host = url.host().ok_or_else(|| refuse("it names no host"))?;
        let here = is_loopback(&host);
        if loopback && !here {
            return Err(refuse("its host is not this machine"));
        }
        if !loopback && (is_inside(&host) || !has_dot(&host)) {
            return Err(refuse("its host is not on the public internet"));
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            text,
            loopback,
        })
    }
}

/// Returns the scheme that a text begins with; `host:port` has none.
fn scheme(typed: &str) -> Option<&str> {
    let (before, after) = typed.split_once(':')?;
    let is_port = || {
        let port = after.split(['/', '?']).next().unwrap_or_default();
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    };
    (!before.contains(['@', '/', '?', '.', '[']) && !is_port()).then_some(before)
}

/// Tells whether a text without scheme is a name and a host, and nothing else.
fn is_account(typed: &str) -> bool {
    let account = typed.split_once('@');
    account.is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains([':', '/', '?'])
    }) && !typed.contains(['/', '?'])
}

/// A name of one word is some machine in the operator's own network.
fn has_dot(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.trim_end_matches('.').contains('.'),
        _ => true,
    }
}

struct ExpectDescriptor {
    resource: Resource,
}

impl Expect<String> for ExpectDescriptor {
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<String>, Error> {
        answer::succeeded(Purpose::WebFinger, &response)?;
        let accepted = ["application/jrd+json", "application/json"];
        answer::is_json(Purpose::WebFinger, &response, &accepted)?;
        let descriptor = json::object(&response.body).map_err(|source| ProviderError::Json {
            purpose: Purpose::WebFinger,
            source,
        })?;
        // RFC 7033 section 4.4.1: the subject may be another name of the same, so it is not compared.
        let links = match descriptor.get("links") {
            None | Some(Value::Null) => &[],
            Some(Value::Array(links)) => links.as_slice(),
            Some(_) => return Err(wrong("links", "a list of objects").into()),
        };
        let resource = || Quoted::new(&self.resource.text);
        let is_issuer = |link: &&Value| link.get("rel").is_some_and(|rel| rel == ISSUER_RELATION);
        let mut issuers = links.iter().filter(is_issuer);
        let link = issuers.next().ok_or_else(|| WebFingerError::NoIssuer {
            resource: resource(),
        })?;
        let href = link.get("href").and_then(Value::as_str);
        let href = href.ok_or_else(|| wrong("href", "a string"))?;
        let refuse = |reason| WebFingerError::Issuer {
            resource: resource(),
            href: Quoted::new(href),
            reason,
        };
        if issuers.any(|other| other.get("href") != link.get("href")) {
            return Err(refuse("the host names several").into());
        }
        let issuer = issuer_url(href).map_err(|(_, _, reason)| refuse(reason))?;
        let host = issuer.host().ok_or_else(|| refuse("it names no host"))?;
        if (is_inside(&host) || !has_dot(&host)) && !self.resource.loopback {
            return Err(refuse("it points into a private network").into());
        }
        Ok(Step::Done(href.to_owned()))
    }
}

fn wrong(member: &'static str, expected: &'static str) -> ProviderError {
    ProviderError::MemberType {
        purpose: Purpose::WebFinger,
        member,
        expected,
    }
}
