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
    /// The number, in the form of E.164, which nobody has checked.
    pub phone_number: Option<String>,
    /// The postal address, in lines.
    pub address: Option<String>,
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
            phone_number: None,
            address: None,
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

    /// Returns the user with a telephone number.
    #[must_use]
    pub fn with_phone_number(mut self, number: impl Into<String>) -> Self {
        self.phone_number = Some(number.into());
        self
    }

    /// Returns the user with a postal address.
    #[must_use]
    pub fn with_address(mut self, lines: impl Into<String>) -> Self {
        self.address = Some(lines.into());
        self
    }

    /// Returns three users, the last of whom has an address that nobody has checked.
    pub fn samples() -> Vec<Self> {
        vec![
            Self::new("ada", "Ada Lovelace", "ada")
                .with_phone_number("+442079460001")
                .with_address("12 St James's Square\nLondon"),
            Self::new("grace", "Grace Hopper", "grace"),
            Self::new("alan", "Alan Turing", "alan").with_unverified_email("alan@example.test"),
        ]
    }
}
