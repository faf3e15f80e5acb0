//! People who can sign in.

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DevUser {
    /// The account, `sub`; never changes hands.
    pub subject: String,
    /// The name, as people write it.
    pub name: String,
    /// The handle, `preferred_username`.
    pub username: String,
    /// The address.
    pub email: String,
    /// Whether this provider vouches for the address.
    pub email_verified: bool,
    /// The URL of a picture; the samples have none, because a page must not need the internet.
    pub picture: Option<String>,
}

impl DevUser {
    /// Makes a user with a verified address at `example.test`.
    pub fn new(
        subject: impl Into<String>,
        name: impl Into<String>,
        username: impl Into<String>,
    ) -> Self {
        let username = username.into();
        Self {
            subject: subject.into(),
            name: name.into(),
            email: format!("{username}@example.test"),
            username,
            email_verified: true,
            picture: None,
        }
    }

    /// Returns the user with an address that nobody has checked.
    #[must_use]
    pub fn with_unverified_email(mut self, email: impl Into<String>) -> Self {
        self.email = email.into();
        self.email_verified = false;
        self
    }

    /// Returns the user with a picture at this URL.
    #[must_use]
    pub fn with_picture(mut self, url: impl Into<String>) -> Self {
        self.picture = Some(url.into());
        self
    }

    /// Returns three users, the last of whom has an address that nobody has checked.
    pub fn samples() -> Vec<Self> {
        vec![
            Self::new("ada", "Ada Lovelace", "ada"),
            Self::new("grace", "Grace Hopper", "grace"),
            Self::new("alan", "Alan Turing", "alan").with_unverified_email("alan@example.test"),
        ]
    }
}
