//! Several clients side by side, each with a section in the app's configuration and a registration at the
//! certified provider.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::meeting::Meeting;
use super::provider::{Provider, Software, users};
use crate::suite::app::Plan;
use crate::suite::visitor::Visitor;

/// Long enough for `client_secret_jwt` with HS256.
pub(super) const SECRET: &str = "0123456789abcdefghijklmnopqrstuvwxyz";

/// What the provider wants to see before it registers anybody.
pub(super) const INITIAL_ACCESS_TOKEN: &str = "the-initial-access-token";

/// A client: its section in the app's configuration, and its registration at the provider.
pub(super) struct Client {
    pub(super) id: &'static str,
    /// Keys of the section, as they stand in the file.
    section: String,
    /// Members of the registration.
    registered: Value,
}

impl Client {
    pub(super) fn new(id: &'static str) -> Self {
        Self {
            id,
            section: String::new(),
            registered: json!({}),
        }
    }

    pub(super) fn section(mut self, toml: &str) -> Self {
        self.section.push_str(toml);
        self
    }

    pub(super) fn registered(mut self, members: &Value) -> Self {
        for (name, value) in members.as_object().into_iter().flatten() {
            self.registered[name] = value.clone();
        }
        self
    }

    pub(super) fn with_secret(self, method: &str) -> Self {
        self.section(&format!(
            "authentication = \"{method}\"\nclient_secret = \"{SECRET}\"\n"
        ))
        .registered(&json!({ "token_endpoint_auth_method": method, "client_secret": SECRET }))
    }

    /// Tells whether the app registers it.
    fn registers_itself(&self) -> bool {
        self.section.contains("register = true")
    }

    /// Writes its section of the configuration file.
    fn write(&self, text: &mut String, issuer: &str) {
        let Self { id, section, .. } = self;
        let _ = write!(
            text,
            "\n[[provider]]\nid = \"{id}\"\nissuer = \"{issuer}\"\n\
             scopes = [\"openid\", \"profile\", \"email\", \"offline_access\"]\nprompt = \"consent\"\n\
             log_out_at_provider = true\n{section}"
        );
        if !self.registers_itself() {
            let _ = writeln!(text, "client_id = \"{id}\"");
        }
    }

    /// Returns what the provider is told of it.
    fn metadata(&self, app: &str) -> Value {
        let id = self.id;
        let mut members = json!({
            "client_id": id,
            "redirect_uris": [format!("{app}/auth/callback/{id}")],
            "post_logout_redirect_uris": [format!("{app}/auth/logged-out")],
        });
        if self.section.contains("_key = ") {
            // The app shows its keys, and the provider fetches them.
            members["jwks_uri"] = json!(format!("{app}/auth/jwks/{id}"));
        }
        for (name, value) in self.registered.as_object().into_iter().flatten() {
            let below_app = value.as_str().and_then(|text| text.strip_prefix("APP"));
            members[name] =
                below_app.map_or_else(|| value.clone(), |path| json!(format!("{app}{path}")));
        }
        members
    }
}

/// Starts the provider with these of its features, and the app with all clients.
pub(super) fn arrange(binary: &str, features: &[&str], clients: &[Client]) -> Option<Meeting> {
    arrange_with(Plan::new(), binary, features, clients, &json!({}))
}

/// The same, with an app that is planned so far, and more members of the provider's configuration.
pub(super) fn arrange_with(
    plan: Plan,
    binary: &str,
    features: &[&str],
    clients: &[Client],
    more: &Value,
) -> Option<Meeting> {
    let plan = plan.with_sessions_in_memory();
    let known = clients.iter().filter(|client| !client.registers_itself());
    let mut known: Vec<Value> = known
        .map(|client| client.metadata(&plan.origin()))
        .collect();
    if known.is_empty() {
        known.push(
            Client::new("another")
                .registered(&json!({ "client_secret": SECRET }))
                .metadata("http://localhost"),
        );
    }
    let mut configuration = json!({
        "clients": known,
        "users": users(),
        "signing_algs": ["RS256", "ES256", "PS256"],
        "features": features,
    });
    if features.contains(&"registration") {
        configuration["initial_access_token"] = json!(INITIAL_ACCESS_TOKEN);
    }
    for (name, value) in more.as_object().into_iter().flatten() {
        configuration[name] = value.clone();
    }
    let provider = Provider::start(Software::OidcProvider, &configuration)?;
    let mut sections = String::new();
    for client in clients {
        client.write(&mut sections, &provider.issuer);
    }
    Some(Meeting {
        app: plan.with_sections(&sections).start(binary),
        visitor: Visitor::default(),
        user: "ada",
        provider,
    })
}
