//! The calls from the app to its providers: made as functions, recorded, scripted, held up.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use async_trait::async_trait;
use codegrant_core::http::{ClientCertificate, HttpRequest, HttpResponse};
use codegrant_dev_provider::DevProvider;
use codegrant_web::{HttpClient, TransportError};
use tokio::sync::Semaphore;

use super::Clock;
use crate::world::Answer;

type Instead = dyn Fn(&HttpRequest) -> Option<Result<HttpResponse, TransportError>> + Send + Sync;
type Change = dyn Fn(&mut Answer) + Send + Sync;

/// The network between the app and its providers.
pub(super) struct BackChannel {
    providers: Vec<Arc<DevProvider>>,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sent: Vec<HttpRequest>,
    scripts: Vec<Arc<Instead>>,
    changes: Vec<(String, Arc<Change>)>,
    gates: Vec<(String, Arc<Gate>)>,
}

impl BackChannel {
    pub(super) fn new(providers: Vec<Arc<DevProvider>>, clock: Clock) -> Self {
        Self {
            providers,
            clock,
            state: Mutex::default(),
        }
    }

    pub(super) fn sent(&self) -> Vec<HttpRequest> {
        self.state().sent.clone()
    }

    pub(super) fn script(
        &self,
        instead: impl Fn(&HttpRequest) -> Option<Result<HttpResponse, TransportError>>
        + Send
        + Sync
        + 'static,
    ) {
        self.state().scripts.push(Arc::new(instead));
    }

    pub(super) fn alter(
        &self,
        endpoint: &str,
        change: impl Fn(&mut Answer) + Send + Sync + 'static,
    ) {
        let change = (endpoint.to_owned(), Arc::new(change) as Arc<Change>);
        self.state().changes.push(change);
    }

    pub(super) fn behave(&self) {
        let mut state = self.state();
        state.scripts.clear();
        state.changes.clear();
    }

    pub(super) fn hold(&self, endpoint: &str) -> Held {
        let gate = Arc::new(Gate {
            arrived: Semaphore::new(0),
            open: Semaphore::new(0),
        });
        self.state().gates.push((endpoint.to_owned(), gate.clone()));
        Held { gate }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits where a test holds this endpoint up, and lets others go first in any case: a call that
    /// never yields would hide every race.
    async fn travel(&self, request: &HttpRequest) {
        let mut yielded = false;
        poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        let gates = self.state().gates.clone();
        for (endpoint, gate) in gates {
            if request.loggable_url().ends_with(&endpoint) {
                gate.pass().await;
            }
        }
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let (scripts, changes) = {
            let state = self.state();
            (state.scripts.clone(), state.changes.clone())
        };
        if let Some(answer) = scripts.iter().find_map(|script| script(request)) {
            return answer;
        }
        let home = self.providers.iter().find(|provider| {
            let rest = request.url.strip_prefix(provider.issuer());
            rest.is_some_and(|rest| rest.starts_with('/'))
        });
        let Some(provider) = home else {
            return Err(TransportError::Unreachable {
                url: request.loggable_url().to_owned(),
                reason: "nobody is at this address".to_owned(),
            });
        };
        let certificate = request.certificate.as_ref().map(ClientCertificate::leaf);
        let now = self.clock.now();
        let mut response = provider.handle_with_certificate(request, certificate, now);
        for (endpoint, change) in changes {
            if request.loggable_url().ends_with(&endpoint) {
                let mut answer = answer_of(&response);
                change(&mut answer);
                response = answer.response();
            }
        }
        Ok(response)
    }
}

/// Reads a response of JSON so that a test can alter it.
fn answer_of(response: &HttpResponse) -> Answer {
    let body = serde_json::from_slice(&response.body).unwrap_or_default();
    let mut answer = Answer::json(body);
    answer.status = response.status;
    answer.media_type = response.media_type().unwrap_or_default();
    let others = response.headers.iter();
    let others = others.filter(|(name, _)| name != "content-type");
    answer.headers = others.cloned().collect();
    answer
}

/// Gives the app its way to the back channel.
pub(super) struct ByValues(pub(super) Arc<BackChannel>);

#[async_trait]
impl HttpClient for ByValues {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.0.state().sent.push(request.clone());
        self.0.travel(&request).await;
        let response = self.0.answer(&request)?;
        if response.body.len() > request.limits.max_body {
            return Err(TransportError::TooLarge {
                url: request.loggable_url().to_owned(),
                limit: request.limits.max_body,
            });
        }
        Ok(response)
    }
}

/// Holds up every call to an endpoint until it is released or dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use codegrant_testkit::Site;
/// let site = Site::new();
/// let held = site.hold("/token");
/// let (mut browser, mut other) = (site.browser(), site.browser());
/// let (reply, ()) = tokio::join!(browser.log_in("op", "ada"), async {
///     held.reached().await;
///     assert_eq!(other.get("/").await.status, 200, "others are served meanwhile");
///     held.release();
/// });
/// assert_eq!(reply.status, 303);
/// # }
/// ```
#[must_use = "it lets calls through as soon as it is dropped"]
pub struct Held {
    gate: Arc<Gate>,
}

struct Gate {
    arrived: Semaphore,
    /// Never has a permit: it is closed when calls may pass.
    open: Semaphore,
}

impl Gate {
    async fn pass(&self) {
        self.arrived.add_permits(1);
        let _closed = self.open.acquire().await;
    }
}

impl Held {
    /// Waits until one more call stands before the gate.
    pub async fn reached(&self) {
        let permit = self.gate.arrived.acquire().await;
        permit.expect("this semaphore is never closed").forget();
    }

    /// Lets the calls through, those to come as well.
    pub fn release(self) {
        drop(self);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gate.open.close();
    }
}
