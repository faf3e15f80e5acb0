//! What an app needs for calls of its own: which providers there are, the HTTP client, and the address
//! of userinfo.

use codegrant_core::provider::Provider;

use crate::auth::Auth;
use crate::clients::Registered;
use crate::error::Error;
use crate::http_client::HttpClient;

impl Auth {
    /// Lists the providers, in the order in which they were configured, for log-in buttons of your own.
    ///
    /// A login starts at `{base}/login/{id}`, with `?return_to=/path` to come back to that page.
    ///
    /// ```
    /// use codegrant_web::{Auth, provider::GITHUB};
    /// let auth = Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret").build()?;
    /// let names: Vec<&str> = auth.providers().map(|provider| provider.name.as_ref()).collect();
    /// assert_eq!(names, ["GitHub"]);
    /// # Ok::<(), codegrant_web::SetupErrors>(())
    /// ```
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        let clients = self.0.clients.listed().iter();
        clients.map(Registered::provider)
    }

    /// Returns the HTTP client that talks to providers, for calls of the app's own to their APIs.
    ///
    /// A call with an access token is [`Auth::call_api`]'s to make: it adds what the token is bound to.
    ///
    /// It trusts the extra root certificate, follows no redirect, and reaches the provider inside the app
    /// without a socket.
    pub fn http_client(&self) -> &dyn HttpClient {
        self.0.http.as_ref()
    }

    /// Returns where a provider's access token fetches the user (OpenID Connect Core 1.0 section 5.3).
    ///
    /// `None` when there is no provider of that id, or it has no such endpoint. For a client that shows a
    /// certificate it is the endpoint that asks for one (RFC 8705 section 5).
    ///
    /// # Errors
    ///
    /// When the provider's metadata is needed and cannot be fetched or believed.
    pub async fn userinfo_endpoint(&self, provider: &str) -> Result<Option<String>, Error> {
        let Some(registered) = self.registered(provider) else {
            return Ok(None);
        };
        let correlation_id = self.new_correlation_id();
        let metadata = self.metadata(&correlation_id, registered).await?;
        let address = registered
            .client()
            .userinfo_address(&metadata)
            .map(str::to_owned);
        Ok(address)
    }
}
