//! Calls a protected API with the access token, as an app does once somebody is logged in.

use std::time::{Duration, Instant};

use codegrant_web::http::{HttpRequest, Method};
use codegrant_web::{Auth, Session, StepUp};
use serde_json::Value;

use crate::configuration::Api;

/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// Where the call is shown, and where a login that it asked for comes back to.
const PAGE: &str = "/api-call";

/// A call to a protected API and what came of it; no token in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiCall {
    /// The address, without its query.
    pub url: String,
    /// Whether it is the provider's own userinfo endpoint.
    pub is_userinfo: bool,
    /// How many characters the access token has.
    pub token_length: usize,
    /// How long the call took.
    pub took: Duration,
    /// What came back.
    pub outcome: ApiOutcome,
    /// The login that the API asks for, where another one would help: its path.
    pub step_up: Option<String>,
}

/// What came back from a protected API.
#[derive(Debug, Clone, PartialEq)]
pub enum ApiOutcome {
    /// A JSON document.
    Json {
        /// The status.
        status: u16,
        /// The document.
        document: Value,
    },
    /// Something else, which is not shown.
    Other {
        /// The status.
        status: u16,
        /// The media type, if it was stated.
        media_type: Option<String>,
        /// The length of the body, in bytes.
        bytes: usize,
        /// What the API says about the token (RFC 6750 section 3).
        challenge: Option<String>,
    },
    /// No response.
    Nothing {
        /// Why.
        reason: String,
    },
}

impl ApiOutcome {
    /// Returns the status, if there was a response.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Json { status, .. } | Self::Other { status, .. } => Some(*status),
            Self::Nothing { .. } => None,
        }
    }
}

impl ApiCall {
    /// Calls the first API that this session's token is meant for, or else the userinfo endpoint.
    ///
    /// `None` when there is neither. The token goes into the header only (RFC 6750 section 2.1), with a proof
    /// where it is bound to a key, and to an API of another provider never.
    pub async fn perform(auth: &Auth, apis: &[Api], session: &Session) -> Option<Self> {
        let provider = &session.identity().provider;
        let mut apis = apis.iter();
        let meant = apis.find(|api| api.provider.as_ref().is_none_or(|meant| meant == provider));
        let (url, is_userinfo) = match meant {
            Some(api) => (api.url.clone(), false),
            None => match auth.userinfo_endpoint(provider).await {
                Ok(endpoint) => (endpoint?, true),
                Err(error) => return Some(Self::without_address(session, error.to_string())),
            },
        };
        let mut request = HttpRequest::new(Method::Get, url);
        request.limits.max_body = ANSWER_LIMIT;
        let url = request.loggable_url().to_owned();
        let began = Instant::now();
        let answer = auth.call_api(session, request).await;
        let took = began.elapsed();
        let asked = answer.as_ref().ok().and_then(StepUp::of);
        let step_up = asked.and_then(|asked| auth.step_up_url(session, &asked, PAGE).ok());
        let outcome = match answer {
            Err(error) => ApiOutcome::Nothing {
                reason: error.to_string(),
            },
            Ok(response) => {
                let status = response.status;
                match serde_json::from_slice(&response.body) {
                    Ok(document) => ApiOutcome::Json { status, document },
                    Err(_) => ApiOutcome::Other {
                        status,
                        media_type: response.media_type(),
                        bytes: response.body.len(),
                        challenge: response.header("www-authenticate").map(str::to_owned),
                    },
                }
            }
        };
        Some(Self {
            url,
            is_userinfo,
            token_length: session.access_token().secret().len(),
            took,
            outcome,
            step_up,
        })
    }

    fn without_address(session: &Session, reason: String) -> Self {
        Self {
            url: "the userinfo endpoint".to_owned(),
            is_userinfo: true,
            token_length: session.access_token().secret().len(),
            took: Duration::ZERO,
            outcome: ApiOutcome::Nothing { reason },
            step_up: None,
        }
    }
}
