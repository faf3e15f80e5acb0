//! The app behind the login: a page for everybody and pages for users, spoken to by values.

use codegrant_core::http::{HttpRequest, HttpResponse, Method};
use codegrant_web::{Login, Request, Require, Response};

use super::Site;

/// A request as it reaches the app or a provider.
pub(super) struct Incoming<'a> {
    pub(super) method: &'a str,
    /// As it stands in the request line, up to the question mark.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: &'a [u8],
}

/// A response in nobody's types.
pub(super) struct Outgoing {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) login: Option<Login>,
}

impl Site {
    /// Answers like an app with an adapter.
    pub(super) async fn answer(&self, incoming: &Incoming<'_>) -> Outgoing {
        let auth = self.auth();
        let request = incoming.request();
        let rest = incoming.path.strip_prefix(auth.base());
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return copied(auth.handle(request).await);
        }
        if incoming.path == "/token" {
            return match auth.fresh_token(request).await {
                Ok(token) => page(token.access_token().secret().clone()),
                Err(refused) => copied(refused),
            };
        }
        let user = match incoming.path {
            "/" => auth
                .identify(request)
                .await
                .map_err(|error| auth.refuse(&error)),
            path => {
                let mut guarded = self.0.guarded.iter();
                let require = match guarded.find(|(held, _)| *held == path) {
                    Some((_, require)) => require.clone(),
                    None => Require::new(),
                };
                auth.admit(request, &require).await.map(Some)
            }
        };
        match user {
            Ok(Some(session)) => page(format!("Hello, {}!", session.identity())),
            Ok(None) => page("Hello, stranger!".to_owned()),
            Err(refused) => copied(refused),
        }
    }

    /// Answers like a provider; `None` when nobody is at that address.
    pub(super) fn answer_of_provider(
        &self,
        url: &str,
        incoming: &Incoming<'_>,
    ) -> Option<Outgoing> {
        let mut providers = self.0.providers.iter();
        let (_, provider) = providers.find(|(_, provider)| {
            let rest = url.strip_prefix(provider.issuer());
            rest.is_some_and(|rest| rest.starts_with('/'))
        })?;
        let method = match incoming.method {
            "POST" => Method::Post,
            _ => Method::Get,
        };
        let mut request = HttpRequest::new(method, url);
        for name in codegrant_dev_provider::REQUEST_HEADERS {
            if let Some((_, value)) = incoming.headers.iter().find(|(held, _)| held == name) {
                request.set_header(name, value.as_str());
            }
        }
        request.body = incoming.body.to_vec();
        let HttpResponse {
            status,
            headers,
            body,
            ..
        } = provider.handle(&request, self.now());
        Some(Outgoing {
            status,
            headers,
            body,
            login: None,
        })
    }
}

impl Incoming<'_> {
    fn request(&self) -> Request<'_> {
        let fields = self.headers.iter();
        let fields = fields.map(|(name, value)| (name, value.as_bytes()));
        Request::new(self.method, self.path, self.query, fields).with_body(Some(self.body))
    }
}

fn page(text: String) -> Outgoing {
    let plain = ("content-type".to_owned(), "text/plain".to_owned());
    Outgoing {
        status: 200,
        headers: vec![plain],
        body: text.into_bytes(),
        login: None,
    }
}

fn copied(response: Response) -> Outgoing {
    let headers = response.headers.into_iter();
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    Outgoing {
        status: response.status,
        headers: headers.collect(),
        body: response.body,
        login: response.login,
    }
}
