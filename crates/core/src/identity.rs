//! Who logged in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claim_source::MEMBERS;
use crate::claims::Claims;
use crate::provider::{EmailTrust, Provider, Quirk};

/// Who logged in: an account at an issuer, and what is said about it.
///
/// The account key is [`Identity::key`], the pair of issuer and subject; a name or an e-mail address is
/// for display (RFC 9700 section 4.4; OpenID Connect Core 1.0 section 5.7).
///
/// `Display` gives the name, or the best thing there is to call this person by.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// The id of the provider's entry.
    pub provider: String,
    /// The issuer identifier.
    pub issuer: String,
    /// The account at the issuer.
    pub subject: String,
    /// The person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The handle; it may change hands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The e-mail address, by what it is worth.
    #[serde(default, skip_serializing_if = "Email::is_absent")]
    pub email: Email,
    /// The URL of a picture, https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Everything that was said, by who said it.
    #[serde(default)]
    pub claims: Claims,
}

/// An e-mail address, by what it is worth.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Email {
    /// The provider says that it checked the address, and its entry says that its word counts.
    Verified(VerifiedEmail),
    /// Somebody typed it.
    Claimed(String),
    /// There is none.
    #[default]
    Absent,
}

impl Email {
    /// Returns the address whatever it is worth, for display.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Verified(email) => Some(email.as_str()),
            Self::Claimed(email) => Some(email),
            Self::Absent => None,
        }
    }

    fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

/// An address that a provider vouches for: one `@`, visible ASCII, no list and no second address.
///
/// One that is deserialised has to have that form as well; whether it was verified is then whoever wrote
/// it down's to answer for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct VerifiedEmail(String);

impl TryFrom<String> for VerifiedEmail {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text).ok_or("not one plain address")
    }
}

impl VerifiedEmail {
    fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.split_once('@')?;
        let visible = text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        let single = !domain.contains('@') && !text.contains([',', ';', '<', '>', '"', '\\']);
        let whole = !local.is_empty() && !domain.is_empty() && text.len() <= 254;
        (visible && single && whole).then(|| Self(text.to_owned()))
    }

    /// Returns the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what stands behind the `@`, to be compared whole and never by its end.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Tells whether the address is in this very domain: not in one below it, nor in one that ends in the same way.
    ///
    /// Upper and lower case are the same, as in every host name (RFC 4343); nothing else is.
    ///
    /// ```
    /// use codegrant_core::{Email, Identity, VerifiedEmail};
    /// fn is_of_the_house(identity: &Identity) -> bool {
    ///     // Whoever types an address is in no domain by that.
    ///     matches!(&identity.email, Email::Verified(email) if email.is_in_domain("corp.example"))
    /// }
    /// let email = VerifiedEmail::try_from("ada@evil-corp.example".to_owned())?;
    /// assert!(!email.is_in_domain("corp.example"));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn is_in_domain(&self, domain: &str) -> bool {
        !domain.is_empty() && self.domain().eq_ignore_ascii_case(domain)
    }
}

/// Claims that only the protocol needs: they are judged and then dropped.
pub(crate) const PROTOCOL_CLAIMS: &[&str] = &[
    "iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "jti", "at_hash", "c_hash", "s_hash",
];

impl Identity {
    /// Makes one of whom nothing more is known than the account.
    ///
    /// Nobody has proved it then: a login makes its own. This is for whoever keeps identities in a form of their own.
    pub fn new(
        provider: impl Into<String>,
        issuer: impl Into<String>,
        subject: impl Into<String>,
    ) -> Self {
        Self {
            provider: provider.into(),
            issuer: issuer.into(),
            subject: subject.into(),
            name: None,
            username: None,
            email: Email::Absent,
            picture: None,
            claims: Claims::default(),
        }
    }

    /// Returns the account key: issuer and subject, never one without the other.
    pub fn key(&self) -> (&str, &str) {
        (&self.issuer, &self.subject)
    }

    /// Reads who it is out of the proven ID token's claims and the userinfo answer.
    ///
    /// A member of the ID token wins over the same member of userinfo.
    pub(crate) fn read(
        provider: &Provider,
        issuer: &str,
        subject: String,
        id_token: &Map<String, Value>,
        userinfo: &Map<String, Value>,
        listed: Option<ListedEmail>,
    ) -> Self {
        let mapping = &provider.user;
        let text = |path: &crate::provider::Path| {
            let value = path.find(id_token).or_else(|| path.find(userinfo))?;
            value
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        // The address and whether it is verified are read from the same place.
        let email = match listed {
            Some(listed) => judged(provider, &listed.address, Some(&listed.verified)),
            None => email_of(provider, id_token)
                .or_else(|| email_of(provider, userinfo))
                .unwrap_or_default(),
        };
        let picture = text(&mapping.picture).filter(|url| url.starts_with("https://"));
        let dropped = |name: &str| PROTOCOL_CLAIMS.contains(&name) || MEMBERS.contains(&name);
        Self {
            provider: provider.id.to_string(),
            issuer: issuer.to_owned(),
            subject,
            name: text(&mapping.name),
            username: text(&mapping.username),
            email,
            picture,
            claims: Claims::without(dropped, id_token, userinfo),
        }
    }
}

/// An address from a list of its own, with what the list says about it.
pub(crate) struct ListedEmail {
    pub(crate) address: String,
    pub(crate) verified: Value,
}

/// Reads the address of one document by the provider's mapping.
pub(crate) fn email_of(provider: &Provider, said: &Map<String, Value>) -> Option<Email> {
    let mapping = &provider.user;
    let address = mapping.email.find(said)?.as_str()?;
    Some(judged(provider, address, mapping.email_verified.find(said)))
}

/// Weighs an address: verified takes JSON `true` and a provider whose word counts.
fn judged(provider: &Provider, address: &str, verified: Option<&Value>) -> Email {
    let says_so = match verified {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(text)) => text == "true" && provider.has(&Quirk::VerifiedString),
        _ => false,
    };
    let vouched = says_so && provider.email_trust == EmailTrust::VerifiedMember;
    match VerifiedEmail::parse(address).filter(|_| vouched) {
        Some(email) => Email::Verified(email),
        None if address.is_empty() => Email::Absent,
        None => Email::Claimed(address.to_owned()),
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let called = self
            .name
            .as_deref()
            .or(self.username.as_deref())
            .or(self.email.as_str());
        f.write_str(called.unwrap_or(&self.subject))
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("provider", &self.provider)
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}
