//! The authorization response on its way back to the client (RFC 6749 section 4.1.2, RFC 9207).

use codegrant_core::http::HttpResponse;
use url::form_urlencoded;

use crate::authorization_request::{AuthorizationRequest, Refusal};
use crate::call::Call;
use crate::dpop::Asker;
use crate::feature::Feature;
use crate::misbehave;
use crate::pages;
use crate::state::{Code, Grant, SignedIn};

/// How long a code may be redeemed, in seconds (RFC 6749 section 4.1.2 allows up to ten minutes).
const CODE_LIFETIME: i64 = 60;

/// Where an authorization response goes, and how.
#[derive(Clone)]
pub(crate) struct ReturnAddress {
    pub(crate) redirect_uri: String,
    client_id: String,
    mode: Mode,
    /// Whether the response is a JWT (JARM).
    signed: bool,
    state: Option<String>,
}

/// OAuth 2.0 Multiple Response Types section 2.1, OAuth 2.0 Form Post Response Mode section 2.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Query,
    FormPost,
}

impl ReturnAddress {
    pub(crate) fn new(redirect_uri: String, client_id: &str, state: Option<&str>) -> Self {
        Self {
            redirect_uri,
            client_id: client_id.to_owned(),
            mode: Mode::Query,
            signed: false,
            state: state.map(str::to_owned),
        }
    }

    /// Reads `response_mode`; those that end in `jwt` only from a provider that signs its responses.
    pub(crate) fn set_mode(&mut self, mode: Option<&str>, signs: bool) -> Result<(), Refusal> {
        (self.mode, self.signed) = match mode {
            None | Some("query") => (Mode::Query, false),
            Some("form_post") => (Mode::FormPost, false),
            Some("jwt" | "query.jwt") if signs => (Mode::Query, true),
            Some("form_post.jwt") if signs => (Mode::FormPost, true),
            Some(_) => {
                return Err(Refusal {
                    error: "invalid_request",
                    description: "response_mode is not one that is supported",
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
        self.visit(&signed_in, &request.client_id);
        let return_to = &request.return_to;
        let session_state = self.session_state(
            &request.client_id,
            &return_to.redirect_uri,
            &signed_in.browser_state,
        );
        let grant_id = self.state.random.next_id();
        let grant = Grant {
            client_id: request.client_id.clone(),
            scopes: request.scopes.clone(),
            nonce: request.nonce.clone(),
            claims: request.claims.clone(),
            details: request.details.clone(),
            resources: request.resources.clone(),
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
            dpop_key: request.dpop_key.clone(),
        };
        self.state.codes.insert(code.clone(), held);
        let mut fields = vec![("code", code)];
        fields.extend(session_state.map(|state| ("session_state", state)));
        self.renew_nonce(Asker::Server);
        self.respond(return_to, fields)
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
        if !self.settings.has(Feature::CoreOnly) {
            fields.push(("iss", self.settings.issuer.clone()));
        }
        misbehave::alter_callback(&self.state.faults, &mut fields);
        if to.signed {
            fields = self.response_object(&to.client_id, fields);
        }
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
