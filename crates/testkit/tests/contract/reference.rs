//! An adapter without a framework, straight on hyper, which can be told to get one thing wrong.

mod pages;

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use codegrant_web::{Auth, BODY_LIMIT, Login, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::runtime::Runtime;

use crate::sabotage::Sabotage;

/// The adapter and its app.
pub(crate) struct Reference {
    auth: Auth,
    sabotage: Option<Sabotage>,
    /// What an adapter must not have.
    last_user: Mutex<Option<String>>,
    last_login: Mutex<Option<Login>>,
    sessions: Mutex<HashMap<Vec<String>, String>>,
    one_at_a_time: tokio::sync::Mutex<()>,
}

type Answer = hyper::Response<Full<Bytes>>;

impl Reference {
    pub(crate) fn start(auth: Auth, listener: TcpListener, sabotage: Option<Sabotage>) -> Runtime {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let app = Arc::new(Self {
            auth,
            sabotage,
            last_user: Mutex::default(),
            last_login: Mutex::default(),
            sessions: Mutex::default(),
            one_at_a_time: tokio::sync::Mutex::default(),
        });
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let app = app.clone();
                let service = service_fn(move |request| {
                    let app = app.clone();
                    async move { Ok::<_, Infallible>(app.route(request).await) }
                });
                tokio::spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    let connection = server.serve_connection(TokioIo::new(stream), service);
                    let _closed = connection.await;
                });
            }
        });
        runtime
    }

    fn is(&self, fault: Sabotage) -> bool {
        self.sabotage == Some(fault)
    }

    async fn route(&self, request: hyper::Request<Incoming>) -> Answer {
        let _turn = if self.is(Sabotage::OneAtATime) {
            Some(self.one_at_a_time.lock().await)
        } else {
            None
        };
        let is_head = request.method() == "HEAD";
        let (parts, body) = request.into_parts();
        let base = if self.is(Sabotage::FixedBase) {
            "/auth"
        } else {
            self.auth.base()
        };
        let mut path = parts.uri.path().to_owned();
        if self.is(Sabotage::FoldsBase) && path.to_lowercase().starts_with(base) {
            path.replace_range(..base.len(), base);
        }
        let empty_rest = self.is(Sabotage::NeedsRest) && path == format!("{base}/");
        let mut answer = if let Some(refusal) = self.refusal(&parts) {
            refusal
        } else if path.starts_with(&format!("{base}/")) && !empty_rest {
            self.endpoint(parts, path, body).await
        } else {
            self.page(&parts).await
        };
        self.tell_who_logged_in(&mut answer);
        if is_head && !self.is(Sabotage::Http2AnswersHeadInFull) {
            // With HTTP/2 hyper sends what it is given.
            *answer.body_mut() = Full::default();
        }
        if self.is(Sabotage::ClosesConnections) {
            let close = hyper::header::HeaderValue::from_static("close");
            answer.headers_mut().insert("connection", close);
        }
        answer
    }

    /// Everything below the base path.
    async fn endpoint(&self, mut parts: Parts, path: String, body: Incoming) -> Answer {
        let mut method = parts.method.as_str().to_owned();
        let known = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"];
        match self.sabotage {
            Some(Sabotage::HeadAsGet) if method == "HEAD" => method = "GET".to_owned(),
            Some(Sabotage::AnswersOptions) if method == "OPTIONS" => return plain(204, ""),
            Some(Sabotage::Own405) if method != "GET" && method != "POST" => return plain(405, ""),
            Some(Sabotage::UnknownAsGet) if !known.contains(&&*method) => method = "GET".to_owned(),
            Some(Sabotage::CapitalsMethod) => method.make_ascii_uppercase(),
            Some(Sabotage::BelievesOverride) => {
                if let Some(name) = parts.headers.get("x-http-method-override") {
                    name.to_str().unwrap().clone_into(&mut method);
                }
            }
            _ => {}
        }
        let (path, query) = self.target(&parts, path);
        let body = self.body(&mut parts, body).await;
        let form = body.as_deref().unwrap_or_default();
        if self.is(Sabotage::BelievesFormMethod)
            && let Some(rest) = form.strip_prefix(b"_method=")
        {
            let name = rest.split(|byte| *byte == b'&').next().unwrap();
            method = String::from_utf8_lossy(name).to_ascii_uppercase();
        }
        let dropped = self.is(Sabotage::DropsPostedCallback) && path.contains("/callback/");
        let body = if dropped { Some(Vec::new()) } else { body };
        let fields = self.fields(&parts);
        let request = Request::new(&method, &path, query.as_deref(), fields);
        let request = request.with_body(body.as_deref());
        if self.is(Sabotage::HandlesTwice) {
            self.auth.handle(request.clone()).await;
        }
        let mut answer = self.auth.handle(request).await;
        if self.is(Sabotage::BelievesPrefix)
            && let Some(prefix) = parts.headers.get("x-forwarded-prefix")
        {
            let prefix = prefix.to_str().unwrap();
            let locations = answer.headers.iter_mut().filter(|(n, _)| *n == "location");
            locations.for_each(|(_, value)| value.insert_str(0, prefix));
        }
        self.write(answer)
    }

    fn target(&self, parts: &Parts, mut path: String) -> (String, Option<String>) {
        let mut query = parts.uri.query().map(str::to_owned);
        match self.sabotage {
            Some(Sabotage::DecodesPath) => path = decoded(&path),
            Some(Sabotage::TrimsSlash) => path = path.trim_end_matches('/').to_owned(),
            Some(Sabotage::MergesSlashes) => path = path.replace("//", "/"),
            Some(Sabotage::LowersPath) => path.make_ascii_lowercase(),
            Some(Sabotage::AbsoluteFormAsPath) if parts.uri.authority().is_some() => {
                path = parts.uri.to_string();
            }
            Some(Sabotage::TrimsQuery) => {
                query = query.map(|query| query.trim_matches(['?', '&']).to_owned());
            }
            Some(Sabotage::DecodesQuery) => query = query.map(|query| decoded(&query)),
            Some(Sabotage::KeepsLastParameter) => {
                let named = |part: &str| part.split('=').next().unwrap().to_owned();
                query = query.map(|query| {
                    let all: Vec<&str> = query.split('&').collect();
                    let later =
                        |at: usize| all[at + 1..].iter().any(|p| named(p) == named(all[at]));
                    let kept = (0..all.len()).filter(|at| !later(*at)).map(|at| all[at]);
                    kept.collect::<Vec<_>>().join("&")
                });
            }
            _ => {}
        }
        (path, query)
    }

    fn fields<'a>(&self, parts: &'a Parts) -> Vec<(&'a str, Vec<u8>)> {
        let names = parts.headers.keys().map(|name| name.as_str());
        let fields = names.flat_map(|name| {
            let values = self.values(parts, name).into_iter();
            values.map(move |value| (name, value.into_bytes()))
        });
        fields.collect()
    }

    fn values(&self, parts: &Parts, name: &str) -> Vec<String> {
        let lost = match self.sabotage {
            Some(Sabotage::LosesAccept) => name == "accept",
            Some(Sabotage::LosesOrigin) => name == "origin",
            Some(Sabotage::LosesSecFetch) => name.starts_with("sec-fetch"),
            _ => false,
        };
        let fields = parts.headers.get_all(name);
        let foreign = fields.iter().any(|value| value.to_str().is_err());
        if self.is(Sabotage::CrashesOnForeignBytes) {
            assert!(!foreign, "a crash that was asked for");
        }
        if lost || (foreign && self.is(Sabotage::ForeignBytesLoseAll)) {
            return Vec::new();
        }
        let counted = if self.is(Sabotage::ReadsFortyHeaders) {
            let counted = parts.headers.iter().take(40);
            counted.filter(|(held, _)| *held == name).count()
        } else {
            usize::MAX
        };
        let values = fields.iter().take(counted);
        let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let mut values: Vec<String> = values.map(Cow::into_owned).collect();
        match self.sabotage {
            Some(Sabotage::FirstValueOnly) if name != "cookie" => values.truncate(1),
            Some(Sabotage::FirstCookieField) if name == "cookie" => values.truncate(1),
            Some(Sabotage::Http2FirstCookieField)
                if name == "cookie" && parts.version == hyper::Version::HTTP_2 =>
            {
                values.truncate(1);
            }
            Some(Sabotage::GluesCookieFields) if name == "cookie" && values.len() > 1 => {
                values = vec![values.concat()];
            }
            Some(Sabotage::StopsAtOddCookie) if name == "cookie" => {
                let sound = |pair: &&str| !pair.contains('"') && pair.contains('=');
                values = values
                    .iter()
                    .map(|field| {
                        let pairs = field.split("; ").take_while(sound);
                        pairs.collect::<Vec<_>>().join("; ")
                    })
                    .collect();
            }
            _ => {}
        }
        values
    }

    /// Reads a body; `None` when it is too long or broke off.
    async fn body(&self, parts: &mut Parts, mut body: Incoming) -> Option<Vec<u8>> {
        let limit = match self.sabotage {
            Some(Sabotage::LowersLimit) => BODY_LIMIT - 1,
            Some(Sabotage::ReadsForEver) => usize::MAX,
            _ => BODY_LIMIT,
        };
        let form = parts.headers.get("content-type");
        let is_form = form.is_some_and(|kind| kind.as_bytes().ends_with(b"form-urlencoded"));
        if (self.is(Sabotage::FormsOnly) && !is_form)
            || (self.is(Sabotage::NeedsLength) && !parts.headers.contains_key("content-length"))
        {
            return Some(Vec::new());
        }
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return self.is(Sabotage::BelievesHalfBody).then_some(read);
            };
            if self.is(Sabotage::BelievesTrailers)
                && let Some(trailers) = frame.trailers_ref()
            {
                parts.headers.extend(trailers.clone());
            }
            read.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
            if read.len() > limit {
                read.truncate(limit);
                let second = parts.version == hyper::Version::HTTP_2;
                let cuts =
                    self.is(Sabotage::CutsBody) || (second && self.is(Sabotage::Http2CutsBody));
                return cuts.then_some(read);
            }
        }
        Some(read)
    }

    fn write(&self, mut answer: Response) -> Answer {
        match self.sabotage {
            Some(Sabotage::LosesPolicy) => {
                answer
                    .headers
                    .retain(|(name, _)| *name != "content-security-policy");
            }
            Some(Sabotage::AddsHeader) => {
                answer
                    .headers
                    .push(("x-powered-by", "an adapter".to_owned()));
            }
            Some(Sabotage::AddsCharset) => {
                let kinds = answer
                    .headers
                    .iter_mut()
                    .filter(|(n, _)| *n == "content-type");
                let plain = kinds.filter(|(_, value)| !value.contains("charset"));
                plain.for_each(|(_, value)| value.push_str("; charset=utf-8"));
            }
            Some(Sabotage::TrimsBody) => answer.body = answer.body.trim_ascii().to_vec(),
            Some(Sabotage::Redirects302) if answer.status == 303 => answer.status = 302,
            Some(Sabotage::ReversesSetCookies) => answer.headers.reverse(),
            Some(Sabotage::JoinsSetCookies) => {
                let is_cookie = |(name, _): &(&str, String)| *name == "set-cookie";
                let (cookies, mut others): (Vec<_>, Vec<_>) =
                    answer.headers.into_iter().partition(is_cookie);
                let joined: Vec<String> = cookies.into_iter().map(|(_, value)| value).collect();
                if !joined.is_empty() {
                    others.push(("set-cookie", joined.join(", ")));
                }
                answer.headers = others;
            }
            _ => {}
        }
        let mut response = hyper::Response::builder().status(answer.status);
        let headers = response.headers_mut().unwrap();
        for (name, value) in answer.headers {
            let value = hyper::header::HeaderValue::try_from(value).unwrap();
            if self.is(Sabotage::OverwritesSetCookie) {
                headers.insert(name, value);
            } else {
                headers.append(name, value);
            }
        }
        let mut response = response.body(Full::from(answer.body)).unwrap();
        if let Some(login) = answer.login
            && !self.is(Sabotage::LosesLogin)
        {
            response.extensions_mut().insert(login);
        }
        response
    }

    /// The app's own middleware, which sees a login end.
    fn tell_who_logged_in(&self, answer: &mut Answer) {
        let mut login = answer.extensions().get::<Login>().cloned();
        if self.is(Sabotage::RepeatsLogin) {
            let mut last = self.last_login.lock().unwrap();
            login = login.or_else(|| last.clone());
            (*last).clone_from(&login);
        }
        if let Some(login) = login {
            let subject = login.identity().subject.parse().unwrap();
            answer.headers_mut().insert("x-logged-in", subject);
        }
    }

    /// What the adapter refuses by itself, as it must not.
    fn refusal(&self, parts: &Parts) -> Option<Answer> {
        let second = parts.version == hyper::Version::HTTP_2;
        let named = |name: &str| parts.headers.contains_key(name);
        let host = parts.headers.get("host").map(|host| host.as_bytes());
        match self.sabotage {
            Some(Sabotage::RefusesHosts) if host.is_some_and(|host| host.starts_with(b"evil")) => {
                Some(plain(421, ""))
            }
            Some(Sabotage::RefusesExpectations) if named("expect") => Some(plain(417, "")),
            Some(Sabotage::RefusesCodings) if named("content-encoding") => Some(plain(415, "")),
            Some(Sabotage::RefusesLongTargets) if parts.uri.path().len() > 4096 => {
                Some(plain(414, ""))
            }
            Some(Sabotage::Http2NeedsHost) if second && !named("host") => Some(plain(400, "")),
            _ => None,
        }
    }
}

fn plain(status: u16, text: &str) -> Answer {
    let body = Full::from(text.to_owned());
    hyper::Response::builder()
        .status(status)
        .body(body)
        .unwrap()
}

/// Decodes percent signs, as an adapter must not.
fn decoded(text: &str) -> String {
    let pair = format!("k={}", text.replace('+', "%2B").replace('&', "%26"));
    let pairs = codegrant_core::form::parameters(&pair).unwrap_or_default();
    pairs
        .into_iter()
        .next()
        .map_or_else(|| text.to_owned(), |(_, value)| value)
}
