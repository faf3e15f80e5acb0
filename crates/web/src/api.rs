//! Calls of the app's own to APIs: the access token, and what it is bound to.

use std::ops::Deref;
use std::sync::Arc;

use codegrant_core::error::{ApiError, Quoted};
use codegrant_core::http::{HttpRequest, HttpResponse};
use codegrant_core::oauth2::AccessToken;
use codegrant_core::{DpopKey, ExchangedToken, Introspection, Timestamp, TokenExchange};

use crate::auth::Auth;
use crate::clients::Registered;
use crate::error::{CallError, Error, SessionError};
use crate::outbound::Content;
use crate::session::Session;

/// Compiles the code of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/call-an-api.md")]
struct Guide;

/// An access token with all that it takes to call an API with it: cheap to clone.
///
/// A session gives one, [`Auth::client_credentials`] fetches one in the app's own name, and
/// [`Auth::exchange_token`] one for another service. `Debug` shows no token.
#[derive(Clone)]
pub struct ApiToken(pub(crate) Arc<Held>);

pub(crate) struct Held {
    pub(crate) provider: String,
    pub(crate) issuer: String,
    pub(crate) access_token: AccessToken,
    pub(crate) dpop_key: Option<DpopKey>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) scopes: Vec<String>,
    /// What it was exchanged for (RFC 8693 section 2.2.1).
    pub(crate) issued_token_type: Option<String>,
    pub(crate) opens_apis: bool,
}

impl ApiToken {
    /// Returns the provider that issued it, by its id.
    pub fn provider(&self) -> &str {
        &self.0.provider
    }

    /// Returns the token itself.
    pub fn access_token(&self) -> &AccessToken {
        &self.0.access_token
    }

    /// Returns when it expires; unknown when the provider did not say.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// Returns what it allows.
    pub fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// Returns of what type it is, where it came in exchange for another (RFC 8693 section 3).
    pub fn issued_token_type(&self) -> Option<&str> {
        self.0.issued_token_type.as_deref()
    }
}

impl From<&Session> for ApiToken {
    fn from(session: &Session) -> Self {
        let data = session.data();
        Self(Arc::new(Held {
            provider: data.identity.provider.clone(),
            issuer: data.identity.issuer.clone(),
            access_token: data.access_token.clone(),
            dpop_key: data.dpop_key.clone(),
            expires_at: data.access_token_expires_at,
            scopes: data.scopes.clone(),
            issued_token_type: None,
            opens_apis: true,
        }))
    }
}

/// What holds a session, such as an adapter's `User`, gives its token.
impl<T: Deref<Target = Session>> From<&T> for ApiToken {
    fn from(holder: &T) -> Self {
        Self::from(&**holder)
    }
}

impl From<&Self> for ApiToken {
    fn from(token: &Self) -> Self {
        token.clone()
    }
}

impl std::fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiToken")
            .field("provider", &self.0.provider)
            .field("expires_at", &self.0.expires_at)
            .field("scopes", &self.0.scopes)
            .finish_non_exhaustive()
    }
}

impl Auth {
    /// Calls an API with a session's access token, or with an [`ApiToken`].
    ///
    /// The token goes into `Authorization`, with a proof where it is bound to a key (RFC 9449) and with the
    /// certificate where it is bound to that (RFC 8705). An API that asks for a nonce is asked once more, and
    /// nothing else is sent twice. Whatever the API answers comes back as it is; a redirect is not followed.
    ///
    /// It does not fetch new tokens: with one that has expired the API answers 401.
    ///
    /// ```no_run
    /// use codegrant_web::http::{HttpRequest, Method};
    /// use codegrant_web::{Auth, Error, Session};
    ///
    /// async fn repositories(auth: &Auth, session: &Session) -> Result<Vec<u8>, Error> {
    ///     let request = HttpRequest::new(Method::Get, "https://api.github.com/user/repos");
    ///     let answer = auth.call_api(session, request).await?;
    ///     Ok(answer.body)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent: when the address is neither `https` nor on loopback, when the request brings
    /// an `Authorization` of its own, and when the provider is not configured any longer. Afterwards: when
    /// there is no answer, and when an API asks for a nonce without end.
    pub async fn call_api(
        &self,
        token: impl Into<ApiToken>,
        request: HttpRequest,
    ) -> Result<HttpResponse, Error> {
        let ApiToken(token) = token.into();
        if !token.opens_apis {
            let issued_token_type = token.issued_token_type.as_deref().unwrap_or_default();
            return Err(
                codegrant_core::error::Error::from(ApiError::TokenNotForCalls {
                    issued_token_type: Quoted::new(issued_token_type),
                })
                .into(),
            );
        }
        let registered = self.registered(&token.provider).ok_or(SessionError::Gone)?;
        let client = registered.client();
        let step = client.call_api(
            &token.access_token,
            token.dpop_key.as_ref(),
            request,
            self.moment(),
        )?;
        let correlation_id = self.new_correlation_id();
        let content = Content::App;
        let response = self
            .perform(&correlation_id, &client, step, content)
            .await?;
        if response.status == 401 {
            self.0.own_tokens.forget(&token.access_token);
        }
        Ok(response)
    }

    /// Asks a provider about a token, for example one that somebody sent to an API of ours (RFC 7662).
    ///
    /// A token that is not good any longer, or never was, is no error: it is not
    /// [active](Introspection::is_active). Compare what it is for (`aud`), too.
    ///
    /// # Errors
    ///
    /// When there is no provider of that id, or it has no such endpoint, and when it does not answer.
    pub async fn introspect(&self, provider: &str, token: &str) -> Result<Introspection, Error> {
        let registered = self.provider_of(provider)?;
        let correlation_id = self.new_correlation_id();
        let metadata = self.metadata(&correlation_id, registered).await?;
        let client = registered.client();
        let token = AccessToken::new(token.to_owned());
        let step = client.introspect(&metadata, &token, self.moment())?;
        self.drive(&correlation_id, &client, step).await
    }

    /// Exchanges a session's access token, or an [`ApiToken`], for one that opens another service (RFC 8693).
    ///
    /// The new token is bound to what the old one is bound to.
    ///
    /// ```no_run
    /// use codegrant_web::http::{HttpRequest, Method};
    /// use codegrant_web::{Auth, Error, Session, TokenExchange};
    ///
    /// async fn invoices(auth: &Auth, session: &Session) -> Result<Vec<u8>, Error> {
    ///     let wanted = TokenExchange::new().audience("billing").scopes(["invoices:read"]);
    ///     let token = auth.exchange_token(session, wanted).await?;
    ///     let request = HttpRequest::new(Method::Get, "https://billing.example/invoices");
    ///     Ok(auth.call_api(&token, request).await?.body)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// When the provider refuses: `invalid_target` where the token may not be used there (RFC 8693 section
    /// 2.2.2); when it is not configured any longer, or another issuer under its id; and when it does not answer.
    pub async fn exchange_token(
        &self,
        token: impl Into<ApiToken>,
        wanted: TokenExchange,
    ) -> Result<ApiToken, Error> {
        let ApiToken(subject) = token.into();
        let registered = self
            .registered(&subject.provider)
            .ok_or(SessionError::Gone)?;
        let correlation_id = self.new_correlation_id();
        let metadata = self.metadata(&correlation_id, registered).await?;
        // The configuration may name another issuer under the same id by now.
        if metadata.issuer != subject.issuer {
            return Err(SessionError::IssuerChanged {
                session: subject.issuer.clone(),
                configured: metadata.issuer.clone(),
            }
            .into());
        }
        let client = registered.client();
        let step = client.exchange_token(
            &metadata,
            &subject.access_token,
            &wanted,
            subject.dpop_key.as_ref(),
            self.moment(),
        )?;
        let exchanged = self.drive(&correlation_id, &client, step).await?;
        let ExchangedToken {
            token,
            issued_token_type,
            opens_apis,
            expires_at,
            scopes,
            ..
        } = exchanged;
        Ok(ApiToken(Arc::new(Held {
            provider: subject.provider.clone(),
            issuer: subject.issuer.clone(),
            access_token: token,
            dpop_key: subject.dpop_key.clone(),
            expires_at,
            scopes,
            issued_token_type: Some(issued_token_type),
            opens_apis,
        })))
    }

    /// Finds a provider that the app names, or says that there is none.
    pub(crate) fn provider_of(&self, id: &str) -> Result<&Registered, CallError> {
        let unknown = || CallError::UnknownProvider {
            id: Quoted::new(id),
        };
        self.registered(id).ok_or_else(unknown)
    }
}
