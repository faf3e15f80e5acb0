//! What the provider says about a token (RFC 7662).

use oauth2::AccessToken;
use serde_json::{Map, Value};

use super::call::Call;
use super::sender_constraint::Endpoint;
use crate::answer;
use crate::client::Client;
use crate::error::{Error, ProviderError, Purpose};
use crate::http::HttpResponse;
use crate::metadata::ProviderMetadata;
use crate::moment::Moment;
use crate::step::Step;
use crate::time::Timestamp;

/// What the provider says about a token (RFC 7662 section 2.2).
///
/// Of a token that is not active nothing else is kept: whatever else the answer says of it is worth nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Introspection {
    active: bool,
    members: Map<String, Value>,
}

impl Introspection {
    /// Tells whether the token is good now.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Returns what the token allows.
    pub fn scopes(&self) -> Vec<&str> {
        let scope = self.text("scope").unwrap_or_default();
        scope.split_ascii_whitespace().collect()
    }

    /// Returns whom the token speaks for, as the provider names them.
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// Returns which client the token was issued to.
    pub fn client_id(&self) -> Option<&str> {
        self.text("client_id")
    }

    /// Returns when the token expires.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let seconds = self.members.get("exp")?.as_i64()?;
        Some(Timestamp::from_unix(seconds))
    }

    /// Returns everything that was said, such as `aud`, `cnf`, `acr` and `auth_time`.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    fn inactive() -> Self {
        Self {
            active: false,
            members: Map::new(),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }
}

impl Client {
    /// Asks the provider about a token (RFC 7662 section 2.1).
    ///
    /// A token that is not good any longer, or never was, is no error.
    ///
    /// # Errors
    ///
    /// [`ProviderError::EndpointMissing`] where the provider has no such endpoint, and other
    /// [`ProviderError`]s from its answer.
    pub fn introspect(
        &self,
        metadata: &ProviderMetadata,
        token: &AccessToken,
        moment: Moment,
    ) -> Result<Step<Introspection>, Error> {
        let missing = ProviderError::EndpointMissing {
            purpose: Purpose::Introspection,
        };
        let url = self.address(metadata, Endpoint::Introspection);
        let url = url.ok_or(missing)?;
        if token.secret().is_empty() {
            return Ok(Step::Done(Introspection::inactive()));
        }
        Call::new(self, metadata, url, moment)
            .field("token", token.secret())
            .field("token_type_hint", "access_token")
            .then(|response| read(&response).map(Step::Done))
    }
}

fn read(response: &HttpResponse) -> Result<Introspection, Error> {
    let purpose = Purpose::Introspection;
    answer::succeeded(purpose, response)?;
    let members = answer::object(purpose, response)?;
    // The one member that has to be there (RFC 7662 section 2.2).
    if !members.contains_key("active") {
        let member = "active";
        return Err(ProviderError::MemberMissing { purpose, member }.into());
    }
    let active = answer::optional_bool(purpose, &members, "active")?;
    Ok(if active {
        Introspection { active, members }
    } else {
        Introspection::inactive()
    })
}
