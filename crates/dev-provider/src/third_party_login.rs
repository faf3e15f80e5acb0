//! A login that starts at the provider (OpenID Connect Core 1.0 section 4).

use crate::provider::DevProvider;
use crate::redirect::with_query;

impl DevProvider {
    /// Returns the address that a browser opens to start a login at a client: its `initiate_login_uri`.
    ///
    /// `more` is `login_hint` and `target_link_uri`, and whatever a test wants to try besides. `None` when
    /// the client registered no such address.
    ///
    /// ```
    /// use codegrant_core::jose::Algorithm;
    /// use codegrant_dev_provider::{ClientRegistration, DevProvider, Settings};
    /// use serde_json::json;
    ///
    /// let client = ClientRegistration::any_on_loopback("app", None)
    ///     .with_metadata(json!({ "initiate_login_uri": "http://localhost:3000/auth/initiate/dev" }));
    /// let settings = Settings::new("http://localhost:4000", [7; 32])
    ///     .with_algorithm(Algorithm::Es256)
    ///     .with_client(client);
    /// let provider = DevProvider::new(settings)?;
    /// assert_eq!(
    ///     provider.initiate_login_url("app", &[("login_hint", "ada")]).as_deref(),
    ///     Some("http://localhost:3000/auth/initiate/dev?iss=http%3A%2F%2Flocalhost%3A4000&login_hint=ada"),
    /// );
    /// # Ok::<(), codegrant_dev_provider::DevProviderError>(())
    /// ```
    pub fn initiate_login_url(&self, client_id: &str, more: &[(&str, &str)]) -> Option<String> {
        let client = self.client(client_id)?;
        let address = client.text("initiate_login_uri")?;
        let mut fields = vec![("iss", self.issuer().to_owned())];
        let more = more
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        fields.extend(more);
        Some(with_query(address, &fields))
    }
}
