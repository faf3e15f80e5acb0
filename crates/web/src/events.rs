//! What happens, for operators and for whoever wants to watch a flow: never a secret in it.
//!
//! Every event also goes to `tracing` under the target `codegrant`, with a stable `event` name.

mod masked;

use std::sync::Arc;
use std::time::Duration;

use codegrant_core::error::{CallbackError, Error as CoreError};
use codegrant_core::http::{HttpRequest, HttpResponse};

use crate::error::{Error, LinkError, LoginError, NOT_MOUNTED};
use crate::hooks::LoggedOut;
use crate::http_client::TransportError;
use crate::outbound::Content;
use masked::{hidden, masked, members};

/// Watches the flow; give one to `AuthBuilder::observer`.
pub trait Observer: Send + Sync + 'static {
    /// Takes one event. `correlation_id` is the same for all events of one login, and stands on the error
    /// page.
    fn observe(&self, correlation_id: &str, event: Event);
}

/// One thing that happened; values that are secrets are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The browser was sent to the provider (RFC 6749 section 4.1.1).
    LoginStarted {
        /// The provider's id.
        provider: String,
        /// The authorization endpoint.
        endpoint: String,
        /// What was sent along.
        parameters: Vec<(String, String)>,
    },
    /// The browser came back (RFC 6749 section 4.1.2).
    CallbackReceived {
        /// The provider's id.
        provider: String,
        /// What it brought.
        parameters: Vec<(String, String)>,
    },
    /// A request to the provider ended.
    ProviderCalled {
        /// The provider's id.
        provider: String,
        /// `GET` or `POST`.
        method: &'static str,
        /// The address without its query.
        url: String,
        /// What was sent in query and form, and how the client authenticated; to an API, only the latter.
        sent: Vec<(String, String)>,
        /// The status, or why there is none.
        outcome: Result<u16, String>,
        /// What was received: the members of a JSON object; nothing of what an API answers.
        received: Vec<(String, String)>,
        /// How long it took, in microseconds.
        microseconds: u64,
    },
    /// Somebody logged in.
    LoginFinished {
        /// The provider's id.
        provider: String,
        /// The issuer.
        issuer: String,
        /// The account at the issuer.
        subject: String,
    },
    /// Somebody who is logged in added an identity to their account.
    IdentityLinked {
        /// The provider's id.
        provider: String,
        /// The issuer.
        issuer: String,
        /// The account at the issuer.
        subject: String,
    },
    /// A request failed.
    Failed {
        /// The provider's id, if it is known.
        provider: Option<String>,
        /// The stable name of the error.
        code: &'static str,
        /// Both sides of what did not match.
        detail: String,
        /// What most likely happened.
        cause: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Tokens were fetched anew.
    TokensRefreshed {
        /// The provider's id.
        provider: String,
    },
    /// A session was ended, or all that a provider named; there may have been none.
    LoggedOut {
        /// The provider's id; `None` where the app ended whatever an account has.
        provider: Option<String>,
        /// The person at the issuer, where the log-out names one.
        subject: Option<String>,
        /// The app's own key for the account, where it is known.
        account: Option<String>,
        /// Who ended it.
        reason: LogOutReason,
    },
    /// A browser came back from the provider's log-out page, or from elsewhere with a state.
    ReturnedFromLogOut {
        /// The provider's id; `None` where this browser has no log-out under way.
        provider: Option<String>,
        /// Whether it brought the state that was sent along.
        verified: bool,
    },
}

/// Who ended a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogOutReason {
    /// The user, by the app's own form.
    User,
    /// The user, from another device.
    OtherDevice,
    /// The user, on all devices.
    Everywhere,
    /// The app itself: all sessions of an account or a person.
    App,
    /// The provider's server, by a logout token.
    BackChannel,
    /// The provider's log-out page, in the user's browser.
    FrontChannel,
    /// The provider, which knows nobody any longer when it is asked silently.
    SignedOutAtProvider,
}

impl LogOutReason {
    /// Returns its name as the log has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::OtherDevice => "other_device",
            Self::Everywhere => "everywhere",
            Self::App => "app",
            Self::BackChannel => "back_channel",
            Self::FrontChannel => "front_channel",
            Self::SignedOutAtProvider => "signed_out_at_provider",
        }
    }
}

/// Where events go.
#[derive(Clone, Default)]
pub(crate) struct Events(pub(crate) Option<Arc<dyn Observer>>);

impl Events {
    fn tell(&self, correlation_id: &str, event: impl FnOnce() -> Event) {
        if let Some(observer) = &self.0 {
            observer.observe(correlation_id, event());
        }
    }

    pub(crate) fn login_started(&self, id: &str, provider: &str, url: &str) {
        tracing::info!(target: "codegrant", event = "login.started", correlation_id = id, provider);
        self.tell(id, || {
            let (endpoint, query) = url.split_once('?').unwrap_or((url, ""));
            Event::LoginStarted {
                provider: provider.to_owned(),
                endpoint: endpoint.to_owned(),
                parameters: masked(query),
            }
        });
    }

    pub(crate) fn callback_received(&self, id: &str, provider: &str, parameters: &str) {
        tracing::debug!(target: "codegrant", event = "callback.received", correlation_id = id, provider);
        self.tell(id, || Event::CallbackReceived {
            provider: provider.to_owned(),
            parameters: masked(parameters),
        });
    }

    /// Takes down what may be told of a request, before it is sent.
    pub(crate) fn provider_call(&self, request: &HttpRequest, content: Content) -> Call {
        Call {
            method: request.method.as_str(),
            url: request.loggable_url().to_owned(),
            sent: self.0.as_ref().map(|_| sent(request, content)),
            content,
        }
    }

    pub(crate) fn provider_called(
        &self,
        id: &str,
        provider: &str,
        call: Call,
        answer: Result<&HttpResponse, &TransportError>,
        took: Duration,
    ) {
        let Call {
            method,
            url,
            sent,
            content,
        } = call;
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        match answer {
            Ok(response) => tracing::debug!(
                target: "codegrant", event = "provider.called", correlation_id = id, provider, method, url,
                status = response.status, microseconds
            ),
            Err(reason) => tracing::warn!(
                target: "codegrant", event = "provider.unreachable", correlation_id = id, provider, method,
                url, %reason, microseconds
            ),
        }
        self.tell(id, || Event::ProviderCalled {
            provider: provider.to_owned(),
            method,
            url,
            sent: sent.unwrap_or_default(),
            received: match answer {
                Ok(response) if content == Content::Protocol => members(response),
                _ => Vec::new(),
            },
            outcome: answer
                .map(|response| response.status)
                .map_err(ToString::to_string),
            microseconds,
        });
    }

    pub(crate) fn login_finished(&self, id: &str, identity: &codegrant_core::Identity) {
        tracing::info!(
            target: "codegrant", event = "login.finished", correlation_id = id,
            provider = identity.provider, issuer = identity.issuer, subject = identity.subject
        );
        self.tell(id, || Event::LoginFinished {
            provider: identity.provider.clone(),
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
        });
    }

    pub(crate) fn linked(&self, id: &str, identity: &codegrant_core::Identity) {
        tracing::info!(
            target: "codegrant", event = "identity.linked", correlation_id = id,
            provider = identity.provider, issuer = identity.issuer, subject = identity.subject
        );
        self.tell(id, || Event::IdentityLinked {
            provider: identity.provider.clone(),
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
        });
    }

    pub(crate) fn undeclared_issuer(&self, id: &str, provider: &str, issuer: &str) {
        tracing::warn!(
            target: "codegrant", event = "callback.undeclared_issuer", correlation_id = id, provider, issuer,
            remedy = "declare it as `issuer` in the provider's entry, so that it is compared"
        );
    }

    pub(crate) fn not_mounted(&self, base: &str) {
        tracing::error!(
            target: "codegrant", event = "setup.not_mounted", base,
            code = NOT_MOUNTED.name, cause = NOT_MOUNTED.cause,
            remedy = "mount the login's routes in the app; the page of docs/start for its framework shows where"
        );
    }

    pub(crate) fn handed_over_again(&self, id: &str, provider: &str) {
        tracing::warn!(
            target: "codegrant", event = "login.handed_over_again", correlation_id = id, provider,
            remedy = "open a session of your own where the response carries the `Login`; a page that asks for \
                      our `User` sees nobody after a hand-over"
        );
    }

    pub(crate) fn failed(&self, id: &str, provider: Option<&str>, error: &Error) {
        let code = error.code();
        let detail = with_causes(error);
        // What a user chose or a stranger tried is no warning.
        match error {
            Error::Protocol(CoreError::Callback(CallbackError::Denied { .. })) => tracing::info!(
                target: "codegrant", event = "login.denied", correlation_id = id, provider, detail
            ),
            Error::Login(LoginError::Refused { .. }) => tracing::info!(
                target: "codegrant", event = "login.refused", correlation_id = id, provider,
                code = code.name, detail, remedy = code.remedy
            ),
            Error::Link(
                LinkError::OwnIdentity | LinkError::Conflict | LinkError::Refused { .. },
            ) => tracing::info!(
                target: "codegrant", event = "identity.not_linked", correlation_id = id, provider,
                code = code.name, detail, remedy = code.remedy
            ),
            Error::Request(_) => tracing::info!(
                target: "codegrant", event = "request.refused", correlation_id = id, provider,
                code = code.name, detail, remedy = code.remedy
            ),
            _ => tracing::warn!(
                target: "codegrant", event = "request.failed", correlation_id = id, provider,
                code = code.name, detail, cause = code.cause, remedy = code.remedy
            ),
        }
        self.tell(id, || Event::Failed {
            provider: provider.map(str::to_owned),
            code: code.name,
            detail,
            cause: code.cause,
            remedy: code.remedy,
        });
    }

    pub(crate) fn tokens_refreshed(&self, id: &str, provider: &str) {
        tracing::info!(target: "codegrant", event = "tokens.refreshed", correlation_id = id, provider);
        self.tell(id, || Event::TokensRefreshed {
            provider: provider.to_owned(),
        });
    }

    pub(crate) fn logged_out(&self, id: &str, ended: &LoggedOut) {
        tracing::info!(
            target: "codegrant", event = "session.ended", correlation_id = id, provider = ended.provider(),
            issuer = ended.issuer(), subject = ended.subject(), account = ended.account(),
            reason = ended.reason().as_str()
        );
        self.tell(id, || Event::LoggedOut {
            provider: ended.provider.clone(),
            subject: ended.subject.clone(),
            account: ended.account.clone(),
            reason: ended.reason,
        });
    }

    pub(crate) fn returned_from_log_out(&self, id: &str, provider: Option<&str>, verified: bool) {
        tracing::info!(
            target: "codegrant", event = "log_out.returned", correlation_id = id, provider, verified
        );
        self.tell(id, || Event::ReturnedFromLogOut {
            provider: provider.map(str::to_owned),
            verified,
        });
    }
}

/// A request to a provider, as far as it may be told.
pub(crate) struct Call {
    method: &'static str,
    url: String,
    /// What was sent, where anybody watches.
    sent: Option<Vec<(String, String)>>,
    content: Content,
}

/// Returns what was sent in query and form, and how the client authenticated; to an API, only the latter.
fn sent(request: &HttpRequest, content: Content) -> Vec<(String, String)> {
    let mut sent = Vec::new();
    if let Some(value) = request.header("authorization") {
        let scheme = value.split(' ').next().unwrap_or_default();
        let hidden = format!("{scheme} {}", hidden(value));
        sent.push(("Authorization".to_owned(), hidden));
    }
    if content == Content::Protocol {
        let query = request.url.split_once('?').map_or("", |(_, query)| query);
        sent.extend(masked(query));
        if request.header("content-type") == Some("application/x-www-form-urlencoded") {
            let form = std::str::from_utf8(&request.body).unwrap_or_default();
            sent.extend(masked(form));
        }
    }
    sent
}

/// Joins an error's causes, each once.
fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
