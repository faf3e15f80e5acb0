//! An OAuth 2.0 server of four lines that answers any code, remembers calls, and can be held up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use async_trait::async_trait;
use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::provider::{Endpoints, Path, Provider, UserMapping};
use codegrant_web::{HttpClient, TransportError};
use serde_json::json;
use tokio::sync::oneshot;

/// Calls the server; clones share what is remembered.
#[derive(Clone)]
pub(in crate::contract) struct ScriptedProvider(Arc<Mutex<Script>>);

struct Script {
    calls: Vec<HttpRequest>,
    user: String,
    access_token: String,
    held: Option<(mpsc::Sender<()>, oneshot::Receiver<()>)>,
}

/// Lets a call that was held up go on; dropping it does so, too.
pub(in crate::contract) struct Held {
    reached: mpsc::Receiver<()>,
    _release: oneshot::Sender<()>,
}

impl Held {
    /// Waits until the app has made the call.
    pub(in crate::contract) fn reached(&self) -> bool {
        let patience = std::time::Duration::from_secs(20);
        self.reached.recv_timeout(patience).is_ok()
    }
}

impl ScriptedProvider {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Script {
            calls: Vec::new(),
            user: "Jane Doe".to_owned(),
            access_token: "an-access-token".to_owned(),
            held: None,
        })))
    }

    /// Who signs in from now on.
    pub(in crate::contract) fn set_user(&self, name: &str) {
        name.clone_into(&mut self.script().user);
    }

    /// Makes sessions large from now on: a sealed one then needs several cookies.
    pub(in crate::contract) fn set_access_token(&self, token: String) {
        self.script().access_token = token;
    }

    /// Holds the next call up.
    pub(in crate::contract) fn hold(&self) -> Held {
        let (arrive, reached) = mpsc::channel();
        let (release, released) = oneshot::channel();
        self.script().held = Some((arrive, released));
        Held {
            reached,
            _release: release,
        }
    }

    /// Returns the calls so far, as text, oldest first.
    pub(in crate::contract) fn calls(&self) -> Vec<String> {
        let script = self.script();
        let calls = script.calls.iter().map(|call| {
            let headers = call.headers.iter().map(|(n, v)| format!("{n}: {v}"));
            let headers = headers.collect::<Vec<_>>().join("\n");
            let body = String::from_utf8_lossy(&call.body);
            format!("{} {}\n{headers}\n\n{body}", call.method.as_str(), call.url)
        });
        calls.collect()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the server's entry under an id.
pub(super) fn entry(id: &'static str) -> Provider {
    let endpoints = Endpoints {
        authorization: "https://op.example/authorize".into(),
        token: "https://op.example/token".into(),
        userinfo: "https://op.example/me".into(),
        revocation: None,
    };
    let user = UserMapping::new(Path::new("id")).name(Path::new("name"));
    Provider::oauth(id, "Example", endpoints, user)
}

#[async_trait]
impl HttpClient for ScriptedProvider {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let held = self.script().held.take();
        if let Some((arrive, released)) = held {
            let _nobody_waits = arrive.send(());
            let _dropped = released.await;
        }
        let mut script = self.script();
        let answer = if request.url.ends_with("/token") {
            json!({
                "access_token": script.access_token, "token_type": "Bearer", "expires_in": 3600,
                "refresh_token": "a-refresh-token",
            })
        } else {
            json!({ "id": 7, "name": script.user })
        };
        script.calls.push(request);
        Ok(HttpResponse::json(&answer))
    }
}
