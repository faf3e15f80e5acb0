//! The request that leaves for the provider's log-out page (OpenID Connect RP-Initiated Logout 1.0 section 2).

use url::Url;

use crate::client::Client;
use crate::metadata::ProviderMetadata;

/// The longest URL that every browser, proxy and server takes, in bytes.
const URL_LIMIT: usize = 2048;

/// What a log-out at the provider says beside the client.
///
/// ```
/// use codegrant_core::LogOutOptions;
/// let mut options = LogOutOptions::to("https://app.example/auth/logged-out");
/// options.state = Some("af0ifjsldkj".to_owned());
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct LogOutOptions {
    /// The ID token of the session that ends, as it came: the provider asks nothing then.
    pub id_token_hint: Option<String>,
    /// Where the provider sends the browser afterwards, exactly as registered there.
    pub post_logout_redirect_uri: String,
    /// What comes back with the browser.
    pub state: Option<String>,
    /// Who logs out, where no ID token says it: what the provider expects, such as an e-mail address.
    pub logout_hint: Option<String>,
}

impl LogOutOptions {
    /// Makes options that say nothing but where to go afterwards.
    pub fn to(post_logout_redirect_uri: impl Into<String>) -> Self {
        Self {
            post_logout_redirect_uri: post_logout_redirect_uri.into(),
            ..Self::default()
        }
    }
}

/// Where to send the browser, and what with: by a redirect, or by a form where the URL would be too long.
///
/// `Debug` shows the endpoint only: an ID token is in the rest.
#[derive(Clone, PartialEq, Eq)]
pub struct LogOutRequest {
    endpoint: Url,
    fields: Vec<(&'static str, String)>,
}

impl Client {
    /// Makes the request that ends the session at the provider; `None` where the provider has no such page.
    ///
    /// Its page is asked for in the languages of [`Client::with_ui_locales`].
    ///
    /// ```
    /// use codegrant_core::{Client, LogOutOptions, Step, http::HttpResponse, provider::Provider};
    /// # let provider = Provider::openid("op", "OP", "https://op.example");
    /// # let client = Client::new(provider, "app", "https://app.example/auth/callback/op");
    /// # let Step::Fetch(mut fetch) = client.discover()? else { unreachable!() };
    /// # let _ = fetch.take_request();
    /// # let Step::Done(fetched) = fetch.resume(HttpResponse::json(&serde_json::json!({
    /// #     "issuer": "https://op.example", "authorization_endpoint": "https://op.example/authorize",
    /// #     "token_endpoint": "https://op.example/token", "jwks_uri": "https://op.example/jwks",
    /// #     "end_session_endpoint": "https://op.example/logout",
    /// #     "token_endpoint_auth_methods_supported": ["none"],
    /// # })))? else { unreachable!() };
    /// # let metadata = fetched.value;
    /// let options = LogOutOptions::to("https://app.example/auth/logged-out");
    /// let request = client.log_out(&metadata, options).unwrap();
    /// assert!(request.url().unwrap().starts_with("https://op.example/logout?client_id=app&"));
    /// # Ok::<(), codegrant_core::error::Error>(())
    /// ```
    pub fn log_out(
        &self,
        metadata: &ProviderMetadata,
        options: LogOutOptions,
    ) -> Option<LogOutRequest> {
        let endpoint = Url::parse(metadata.end_session_endpoint.as_deref()?).ok()?;
        let locales = self.asked().ui_locales.join(" ");
        let fields = [
            ("id_token_hint", options.id_token_hint),
            ("client_id", Some(self.id().to_string())),
            (
                "post_logout_redirect_uri",
                Some(options.post_logout_redirect_uri),
            ),
            ("state", options.state),
            ("logout_hint", options.logout_hint),
            ("ui_locales", Some(locales)),
        ];
        let said = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
        Some(LogOutRequest {
            endpoint,
            fields: said.collect(),
        })
    }
}

impl LogOutRequest {
    /// Returns the absolute URL for `Location`; `None` when it is longer than 2 KiB, so that a form has to
    /// carry it.
    pub fn url(&self) -> Option<String> {
        let mut url = self.endpoint.clone();
        url.query_pairs_mut().extend_pairs(&self.fields);
        let url = String::from(url);
        (url.len() <= URL_LIMIT).then_some(url)
    }

    /// Returns where a form is posted to.
    pub fn endpoint(&self) -> &str {
        self.endpoint.as_str()
    }

    /// Returns what a form holds, in order.
    pub fn fields(&self) -> &[(&'static str, String)] {
        &self.fields
    }
}

impl std::fmt::Debug for LogOutRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "LogOutRequest({}{})",
            self.endpoint.origin().ascii_serialization(),
            self.endpoint.path()
        )
    }
}
