//! One request, as bytes for the app and as a value for web: both from the same description.

use codegrant_web::Request;

/// A request that a clause makes.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) method: String,
    /// The target as it stands in the request line.
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    chunked: bool,
}

impl Ask {
    /// Makes a request without headers of its own.
    pub(super) fn new(method: &str, target: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
            chunked: false,
        }
    }

    /// Opens a page as a person does.
    pub(super) fn open(target: impl Into<String>) -> Self {
        Self::new("GET", target).with("accept", "text/html")
    }

    /// Sends a form as a page of the app's own origin does.
    pub(super) fn submit(target: impl Into<String>, form: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", target)
            .with("accept", "text/html")
            .with("origin", super::stage::ORIGIN)
            .with("content-type", "application/x-www-form-urlencoded")
            .with_body(form)
    }

    /// Adds a header field; the name is given in lower case and sent with capitals.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Leaves out every field of that name.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(held, _)| *held != name);
        self
    }

    pub(super) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds all cookies in one field, as browsers do with HTTP/1.1.
    pub(super) fn with_cookies(self, cookies: &[String]) -> Self {
        if cookies.is_empty() {
            return self;
        }
        self.with("cookie", cookies.join("; "))
    }

    /// Fills in what an earlier answer said, wherever `placeholder` stands.
    pub(super) fn filled(mut self, placeholder: &str, text: &str) -> Self {
        self.target = self.target.replace(placeholder, text);
        if let Ok(body) = std::str::from_utf8(&self.body) {
            self.body = body.replace(placeholder, text).into_bytes();
        }
        self
    }

    /// Sends the body in chunks (RFC 9112 section 7.1).
    pub(super) fn in_chunks(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Writes the head; `host` is left out where the request has one of its own.
    pub(super) fn head(&self, length: Option<usize>) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        if !self.headers.iter().any(|(name, _)| *name == "host") {
            bytes.extend_from_slice(b"Host: localhost:3000\r\n");
        }
        for (name, value) in &self.headers {
            bytes.extend_from_slice(capitals(name).as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        match length {
            _ if self.chunked => bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            Some(length) => {
                bytes.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
            }
            None => {}
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    /// Writes the whole request.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let has_length = !self.body.is_empty() || self.method == "POST";
        let mut bytes = self.head(has_length.then_some(self.body.len()));
        if self.chunked {
            // Chunks of an odd size, so that no boundary of theirs is one of the text's.
            for chunk in self.body.chunks(1009) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }

    /// Makes the same request as web sees it.
    pub(super) fn value(&self) -> Request<'_> {
        let (path, query) = match self.origin_form().split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.origin_form(), None),
        };
        let fields = self.headers.iter();
        let fields = fields.map(|(name, value)| (*name, value.as_slice()));
        Request::new(&self.method, path, query, fields).with_body(Some(&self.body))
    }

    /// Returns the target without scheme and host (RFC 9112 section 3.2).
    pub(super) fn origin_form(&self) -> &str {
        let Some(rest) = self.target.strip_prefix("http://") else {
            return &self.target;
        };
        rest.find('/').map_or("/", |at| &rest[at..])
    }
}

impl std::fmt::Display for Ask {
    /// Names the request in a failure: without its cookies and its body.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, shortened(&self.target))?;
        for (name, value) in &self.headers {
            if *name != "cookie" {
                let value = String::from_utf8_lossy(value);
                write!(f, " [{name}: {}]", shortened(&value))?;
            }
        }
        if !self.body.is_empty() {
            let how = if self.chunked { " in chunks" } else { "" };
            write!(f, " with {} bytes{how}", self.body.len())?;
        }
        Ok(())
    }
}

/// Leaves the middle of a long text out.
fn shortened(text: &str) -> String {
    let length = text.chars().count();
    if length <= 200 {
        return text.to_owned();
    }
    let first: String = text.chars().take(100).collect();
    let last: String = text.chars().skip(length - 20).collect();
    format!("{first}..{last} ({} bytes)", text.len())
}

/// Writes `sec-fetch-mode` as `Sec-Fetch-Mode`: the case of a name means nothing (RFC 9110 section 5.1).
fn capitals(name: &str) -> String {
    let parts = name.split('-').map(|part| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    parts.collect::<Vec<_>>().join("-")
}
