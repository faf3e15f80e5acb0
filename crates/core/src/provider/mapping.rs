//! Where in a provider's answer the user stands.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Text;

/// Names a member of a JSON answer: `picture.data.url` reaches into objects, `name ?? login` takes the
/// first that is present and not null. A member whose own name has dots counts before what they would reach.
/// Empty names nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Path(Text);

impl Path {
    /// Names a member that is known when the program is compiled.
    pub const fn new(path: &'static str) -> Self {
        Self(Text::Borrowed(path))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first named member that is present and not null.
    pub(crate) fn find<'a>(&self, answer: &'a Map<String, Value>) -> Option<&'a Value> {
        let found = |name: &str| {
            let name = name.trim();
            let found = (!name.is_empty()).then(|| member(answer, name))?;
            found.filter(|value| !value.is_null())
        };
        // Most paths are one name, and looking for one sign is much cheaper than looking for two.
        match self.0.contains('?') {
            true => self.0.split("??").find_map(found),
            false => found(&self.0),
        }
    }
}

/// Finds a member by its whole name, or inside the one with the longest name that the path begins with.
fn member<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    object.get(path).or_else(|| {
        path.rmatch_indices('.').find_map(|(at, _)| {
            let inner = object.get(&path[..at])?.as_object()?;
            member(inner, &path[at + 1..])
        })
    })
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Path {
    fn from(path: String) -> Self {
        Self(Text::Owned(path))
    }
}

/// Where in the userinfo answer, or in an ID token's claims, the user stands.
///
/// The default is OpenID Connect's own names (OpenID Connect Core 1.0 section 5.1).
///
/// ```
/// use codegrant_core::provider::{Path, UserMapping};
/// let mapping = UserMapping::new(Path::new("id")).name(Path::new("profile.display_name ?? login"));
/// # let _ = mapping;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UserMapping {
    /// The account: a string, or a whole number. It must never change and never be given to another.
    #[serde(default = "UserMapping::openid_subject")]
    pub subject: Path,
    /// What to call the person.
    #[serde(default)]
    pub name: Path,
    /// The handle, for display only: it may change hands.
    #[serde(default)]
    pub username: Path,
    /// The e-mail address.
    #[serde(default)]
    pub email: Path,
    /// Whether the provider says that it verified the address.
    #[serde(default)]
    pub email_verified: Path,
    /// The URL of a picture.
    #[serde(default)]
    pub picture: Path,
}

impl UserMapping {
    /// OpenID Connect's own names.
    pub const OPENID: Self = Self {
        subject: Path::new("sub"),
        name: Path::new("name"),
        username: Path::new("preferred_username ?? nickname"),
        email: Path::new("email"),
        email_verified: Path::new("email_verified"),
        picture: Path::new("picture"),
    };

    /// Makes a mapping that knows the account and nothing else.
    pub const fn new(subject: Path) -> Self {
        Self {
            subject,
            name: Path::new(""),
            username: Path::new(""),
            email: Path::new(""),
            email_verified: Path::new(""),
            picture: Path::new(""),
        }
    }

    /// Returns the mapping with where the person's name stands.
    #[must_use]
    pub fn name(mut self, path: Path) -> Self {
        self.name = path;
        self
    }

    /// Returns the mapping with where the e-mail address stands.
    #[must_use]
    pub fn email(mut self, path: Path) -> Self {
        self.email = path;
        self
    }

    /// Returns the mapping with where the handle stands.
    #[must_use]
    pub fn username(mut self, path: Path) -> Self {
        self.username = path;
        self
    }

    /// Returns the mapping with where the provider says whether it verified the address.
    #[must_use]
    pub fn email_verified(mut self, path: Path) -> Self {
        self.email_verified = path;
        self
    }

    /// Returns the mapping with where the URL of a picture stands.
    #[must_use]
    pub fn picture(mut self, path: Path) -> Self {
        self.picture = path;
        self
    }

    fn openid_subject() -> Path {
        Path::new("sub")
    }
}

impl Default for UserMapping {
    fn default() -> Self {
        Self::OPENID
    }
}
