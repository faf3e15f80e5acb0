//! The authorization response on its way back to the client (RFC 6749 section 4.1.2, RFC 9207).

use codegrant_core::http::HttpResponse;
use url::form_urlencoded;

use crate::authorize::{AuthorizationRequest, Refusal};
use crate::call::Call;
use crate::misbehave;
use crate::pages;
use crate::state::{Code, Grant, SignedIn};

/// How long a code may be redeemed, in seconds (RFC 6749 section 4.1.2 allows up to ten minutes).
const CODE_LIFETIME: i64 = 60;

/// Where an authorization response goes, and how.
#[derive(Clone)]
pub(crate) struct ReturnAddress {
    pub(crate) redirect_uri: String,
    mode: Mode,
    state: Option<String>,
}

/// OAuth 2.0 Multiple Response Types section 2.1, OAuth 2.0 Form Post Response Mode section 2.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Query,
    FormPost,
}

impl ReturnAddress {
    pub(crate) fn new(redirect_uri: String, state: Option<&str>) -> Self {
        Self {
            redirect_uri,
            mode: Mode::Query,
            state: state.map(str::to_owned),
        }
    }

    pub(crate) fn set_mode(&mut self, mode: Option<&str>) -> Result<(), Refusal> {
        self.mode = match mode {
            None | Some("query") => Mode::Query,
            Some("form_post") => Mode::FormPost,
            Some(_) => {
                return Err(Refusal {
                    error: "invalid_request",
                    description: "response_mode is neither query nor form_post",
                });
            }
        };
        Ok(())
    }
}

impl Call<'_> {
    /// Gives the client its code.
    pub(crate) fn issue_code(
        &mut self,
        request: &AuthorizationRequest,
        signed_in: SignedIn,
    ) -> HttpResponse {
        let grant_id = self.state.random.next_id();
        let grant = Grant {
            client_id: request.client_id.clone(),
            scopes: request.scopes.clone(),
            nonce: request.nonce.clone(),
            signed_in,
        };
        self.state.grants.insert(grant_id.clone(), grant);
        let code = self.state.random.next_id();
        let held = Code {
            grant: grant_id,
            redirect_uri: request.return_to.redirect_uri.clone(),
            challenge: request.challenge.clone(),
            expires: self.now.plus(CODE_LIFETIME),
            used: false,
        };
        self.state.codes.insert(code.clone(), held);
        self.respond(&request.return_to, vec![("code", code)])
    }

    /// Gives the client an error (RFC 6749 section 4.1.2.1).
    pub(crate) fn refuse(&self, to: &ReturnAddress, refusal: &Refusal) -> HttpResponse {
        let fields = vec![
            ("error", refusal.error.to_owned()),
            ("error_description", refusal.description.to_owned()),
        ];
        self.respond(to, fields)
    }

    fn respond(&self, to: &ReturnAddress, mut fields: Vec<(&'static str, String)>) -> HttpResponse {
        if let Some(state) = &to.state {
            fields.push(("state", state.clone()));
        }
        fields.push(("iss", self.settings.issuer.clone()));
        misbehave::alter_callback(&self.state.faults, &mut fields);
        match to.mode {
            Mode::Query => pages::see_other(&with_query(&to.redirect_uri, &fields)),
            Mode::FormPost => pages::form_post(&to.redirect_uri, &fields),
        }
    }
}

/// Adds parameters to an address that may have some already (RFC 6749 section 3.1.2).
pub(crate) fn with_query(address: &str, fields: &[(&str, String)]) -> String {
    let separator = match address.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    format!("{address}{separator}{query}")
}
