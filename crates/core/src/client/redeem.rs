//! From the callback to a login: the code for tokens, the ID token proven, the user fetched
//! (RFC 6749 section 4.1.3, OpenID Connect Core 1.0 section 3.1.3 and 5.3).

use serde_json::{Map, Value};

use super::call::Call;
use super::resource::ResourceRequest;
use crate::answer;
use crate::authorization::{AuthorizationResponse, Outcome};
use crate::claim_source;
use crate::client::Client;
use crate::error::{CallbackError, Error, IdTokenError, Purpose, Quoted};
use crate::http::HttpResponse;
use crate::id_token::{Expectations, IdToken, Nonce, decrypt};
use crate::id_token_signature::Signature;
use crate::identity::{Identity, ListedEmail};
use crate::jose::KeySet;
use crate::login::Login;
use crate::metadata::ProviderMetadata;
use crate::moment::Moment;
use crate::step::Step;
use crate::token::{self, TokenResponse};
use crate::transaction::Transaction;
use crate::userinfo;

impl Client {
    /// Judges the authorization response and, if it stands, exchanges the code for tokens.
    ///
    /// In this order: does it answer this transaction (provider, state, age), does it come from the
    /// issuer that was asked (RFC 9207, before an error is believed), is it an error, is it a code.
    ///
    /// # Errors
    ///
    /// [`CallbackError`] before any request is made; [`ProviderError`](crate::error::ProviderError) from the token
    /// endpoint's answer.
    pub fn redeem(
        &self,
        metadata: &ProviderMetadata,
        transaction: Transaction,
        response: AuthorizationResponse,
        moment: Moment,
    ) -> Result<Step<Grant>, Error> {
        let now = moment.now();
        transaction.answers(&self.provider().id, response.state(), now)?;
        if transaction.issuer != metadata.issuer {
            return Err(CallbackError::ProviderMismatch {
                started: transaction.issuer,
                answered: metadata.issuer.clone(),
            }
            .into());
        }
        response.is_as_asked(self.response_mode().is_signed())?;
        let drift = issuer(metadata, &response)?;
        let session_state = response.session_state().map(str::to_owned);
        let code = match response.into_outcome()? {
            Outcome::Code(code) => code,
            Outcome::Error { error, description } => {
                return Err(refusal(&error, description.as_deref()).into());
            }
        };
        // Its names branch off by what the later requests are for, and none is for the tokens again.
        let after = moment.shared();
        let call = Call::new(self, metadata, self.token_address(metadata), moment)
            .field("grant_type", "authorization_code")
            .field("code", code.secret())
            // The address that the code was sent to, also when the configuration has changed meanwhile
            // (RFC 6749 section 4.1.3).
            .field("redirect_uri", &transaction.redirect_uri)
            .field("code_verifier", &transaction.verifier)
            .resources()
            .proving(transaction.dpop_key.as_ref());
        let (client, metadata) = (self.clone(), metadata.clone());
        call.then(move |response| {
            let secrets = [code.secret().as_str(), transaction.verifier.as_str()];
            let bound = transaction.dpop_key.is_some();
            let mut tokens = token::read(&client, &response, &secrets, bound, now)?;
            // OpenID Connect Core 1.0 section 3.1.3.3: without an ID token nobody has been proven.
            if client.provider().is_openid() && tokens.id_token.is_none() {
                return Err(IdTokenError::Missing.into());
            }
            decrypt(&client, &mut tokens)?;
            Ok(Step::Done(Grant {
                client,
                metadata,
                transaction,
                tokens,
                signature: Signature::default(),
                session_state,
                drift,
                moment: after,
            }))
        })
    }
}

/// Checks `iss` (RFC 9207 section 2.4): required where it was advertised, compared wherever it is sent.
///
/// Returns what was sent where nothing says what it ought to be: state, PKCE and a callback of its own
/// bind that provider already, so that it is reported and not fatal.
fn issuer(
    metadata: &ProviderMetadata,
    response: &AuthorizationResponse,
) -> Result<Option<Quoted>, CallbackError> {
    match response.issuer() {
        None if metadata.issuer_parameter_supported => Err(CallbackError::IssuerMissing {
            expected: metadata.issuer.clone(),
        }),
        Some(received) if metadata.issuer_known && received != metadata.issuer => {
            Err(CallbackError::IssuerMismatch {
                expected: metadata.issuer.clone(),
                received: Quoted::new(received),
            })
        }
        Some(received) if !metadata.issuer_known => Ok(Some(Quoted::new(received))),
        _ => Ok(None),
    }
}

/// Sorts an error response: the user said no, or something else is the matter.
fn refusal(error: &str, description: Option<&str>) -> CallbackError {
    let description = description.map(Quoted::new);
    match error {
        // OpenID Connect Core 1.0 section 3.1.2.6: nobody could be asked, because of `prompt=none`.
        "login_required"
        | "interaction_required"
        | "account_selection_required"
        | "consent_required" => CallbackError::InteractionRequired {
            error: Quoted::new(error),
            description,
        },
        "access_denied" | "user_cancelled_authorize" | "user_cancelled_login" => {
            CallbackError::Denied {
                error: Quoted::new(error),
                description,
            }
        }
        _ => CallbackError::Refused {
            error: Quoted::new(error),
            description,
        },
    }
}

/// Tokens from our own code exchange; who they belong to is not proven yet.
///
/// The one way on is [`Grant::identify`]. There is no way to make one from a token that somebody brings
/// along (RFC 9700 section 4.6).
pub struct Grant {
    client: Client,
    metadata: ProviderMetadata,
    transaction: Transaction,
    tokens: TokenResponse,
    signature: Signature,
    session_state: Option<String>,
    drift: Option<Quoted>,
    moment: Moment,
}

impl Grant {
    /// Tells whether the provider's keys are needed at all: not where nothing is signed with them.
    pub fn needs_keys(&self) -> bool {
        let userinfo = self.client.userinfo_algorithm();
        self.client.is_proven_by_keys(&self.metadata, &self.tokens)
            || userinfo.is_some_and(|algorithm| !algorithm.is_symmetric())
    }

    /// Tells whether the key set holds no key that could have signed the ID token.
    ///
    /// Fetch the keys once more then: the provider may have rotated them (OpenID Connect Core 1.0
    /// section 10.1.1). It is false for a token that no key could save. Takes `&mut self` because a signature that
    /// fits is remembered, and [`Grant::identify`] with the same key set does not verify it again.
    pub fn lacks_key(&mut self, keys: &KeySet) -> bool {
        let raw = self.tokens.id_token.as_deref();
        self.signature.lacks_key(raw, &self.metadata, keys)
    }

    /// Proves who it is: the ID token by the issuer's keys, then userinfo where it is needed.
    ///
    /// # Errors
    ///
    /// [`IdTokenError`] for the first rule that the ID token breaks;
    /// [`ProviderError`](crate::error::ProviderError) from the userinfo
    /// answer.
    pub fn identify(mut self, keys: &KeySet) -> Result<Step<Login>, Error> {
        let signature = std::mem::take(&mut self.signature);
        let id_token = match self.tokens.id_token.as_deref() {
            Some(raw) if self.client.provider().is_openid() => {
                let nonce = self
                    .transaction
                    .nonce
                    .as_deref()
                    .ok_or(IdTokenError::Nonce)?;
                Some(self.expectations(nonce).prove(raw, signature, keys)?)
            }
            _ => None,
        };
        match userinfo::needed(&self.client, &self.metadata, id_token.as_ref()) {
            Some(endpoint) => {
                let keys = keys.clone();
                self.request(endpoint, "userinfo")
                    .then(move |response| self.userinfo(id_token, &response, &keys))
            }
            None => self.login(id_token, &Map::new(), None),
        }
    }

    fn expectations<'a>(&'a self, nonce: &'a str) -> Expectations<'a> {
        let access_token = self.tokens.access_token.secret();
        Expectations {
            nonce: Nonce::Required(nonce),
            issued_after: Some(self.transaction.started_at),
            max_age: self.transaction.max_age,
            acr_values: &self.transaction.acr_values,
            subject: self.transaction.expected_subject.as_deref(),
            ..Expectations::of(
                &self.client,
                &self.metadata,
                access_token,
                self.moment.now(),
            )
        }
    }

    /// Prepares a request with the access token that was just granted.
    fn request(&self, endpoint: &str, purpose: &'static str) -> ResourceRequest {
        let request = userinfo::request(&self.client, &self.metadata, endpoint, &self.tokens);
        ResourceRequest::new(
            &self.client,
            &self.tokens.access_token,
            self.transaction.dpop_key.as_ref(),
            request,
            self.moment.shared(),
            purpose,
        )
    }

    /// Reads what userinfo says.
    fn userinfo(
        self,
        id_token: Option<IdToken>,
        response: &HttpResponse,
        keys: &KeySet,
    ) -> Result<Step<Login>, Error> {
        let now = self.moment.now();
        userinfo::read(&self.client, &self.metadata, response, keys, now)?
            .then(move |userinfo| self.enriched(id_token, &userinfo))
    }

    /// Asks for the addresses where userinfo says too little.
    fn enriched(
        self,
        id_token: Option<IdToken>,
        userinfo: &Map<String, Value>,
    ) -> Result<Step<Login>, Error> {
        if let Some(id_token) = &id_token {
            userinfo::same_subject(id_token.subject(), userinfo)?;
        }
        let provider = self.client.provider();
        match provider.emails_endpoint() {
            Some(endpoint) if userinfo::lacks_verified_email(provider, userinfo) => {
                let userinfo = userinfo.clone();
                self.request(endpoint, "emails")
                    .then(move |response| self.emails(id_token, &userinfo, &response))
            }
            _ => self.login(id_token, userinfo, None),
        }
    }

    /// Reads a provider's own list of addresses.
    fn emails(
        self,
        id_token: Option<IdToken>,
        userinfo: &Map<String, Value>,
        response: &HttpResponse,
    ) -> Result<Step<Login>, Error> {
        // The user may have withheld the scope: then there is no such list, and the login goes on.
        let listed = if matches!(response.status, 401 | 403 | 404) {
            None
        } else {
            answer::succeeded(Purpose::Emails, response)?;
            userinfo::primary_email(response)?
        };
        self.login(id_token, userinfo, listed)
    }

    fn login(
        self,
        id_token: Option<IdToken>,
        userinfo: &Map<String, Value>,
        listed: Option<ListedEmail>,
    ) -> Result<Step<Login>, Error> {
        let provider = self.client.provider();
        let none = Map::new();
        let (subject, claims) = match &id_token {
            Some(id_token) => (id_token.subject().to_owned(), id_token.claims()),
            None => (userinfo::subject(provider, userinfo)?, &none),
        };
        // An ID token was held to it already.
        if let Some(expected) = &self.transaction.expected_subject
            && *expected != subject
        {
            return Err(IdTokenError::Subject {
                expected: expected.clone(),
                received: Quoted::new(&subject),
            }
            .into());
        }
        let issuer = &self.metadata.issuer;
        let identity = Identity::read(provider, issuer, subject, claims, userinfo, listed);
        let documents = [claims, userinfo]
            .into_iter()
            .filter(|_| provider.is_openid());
        let sources = claim_source::listed(documents, provider, issuer);
        let login = Login {
            identity,
            tokens: self.tokens,
            id_token,
            return_to: self.transaction.return_to.clone(),
            transaction: self.transaction.id(),
            dpop_key: self.transaction.dpop_key,
            session_state: self.session_state,
            claim_sources: Vec::new(),
            undeclared_issuer: self.drift,
        };
        Ok(claim_source::gather(login, sources))
    }
}

impl std::fmt::Debug for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grant")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
