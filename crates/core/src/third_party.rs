//! A login that somebody else starts (OpenID Connect Core 1.0 section 4): a link or a form, at the provider or
//! anywhere.

use url::Url;

use crate::form;
use crate::origin::PublicOrigin;
use crate::return_to::ReturnTo;

/// The longest hint that is passed on, in bytes.
const LONGEST_HINT: usize = 256;

/// What a third party says when it sends a browser to log in.
///
/// Three parameters are read and everything else is left alone: whatever more could be asked for, such as a
/// scope or `prompt=none`, is not for strangers to choose.
///
/// ```
/// use codegrant_core::{PublicOrigin, ThirdPartyLogin};
/// let origin = PublicOrigin::parse("https://app.example")?;
/// let asked = ThirdPartyLogin::parse(
///     "iss=https%3A%2F%2Fop.example&login_hint=jane&target_link_uri=https%3A%2F%2Fapp.example%2Forders&prompt=none",
/// );
/// assert!(asked.is_for("https://op.example") && !asked.is_for("https://op.example/"));
/// assert_eq!(asked.login_hint(), Some("jane"));
/// assert_eq!(asked.return_to(&origin, "/auth").map(|to| to.to_string()).as_deref(), Some("/orders"));
/// # Ok::<(), codegrant_core::error::ConfigurationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThirdPartyLogin {
    issuer: Option<String>,
    login_hint: Option<String>,
    target_link_uri: Option<String>,
}

impl ThirdPartyLogin {
    /// Reads a query or a form; what stands twice counts as absent.
    pub fn parse(encoded: &str) -> Self {
        let parameters = form::parameters(encoded).unwrap_or_default();
        let single = |name: &str| {
            let mut values = parameters.iter().filter(|(held, _)| held == name);
            let (_, value) = values.next()?;
            values.next().is_none().then(|| value.clone())
        };
        Self {
            issuer: single("iss"),
            login_hint: single("login_hint"),
            target_link_uri: single("target_link_uri"),
        }
    }

    /// Returns the issuer that it names.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Tells whether it names this very issuer, byte for byte: nothing is ever asked of another.
    pub fn is_for(&self, issuer: &str) -> bool {
        !issuer.is_empty() && self.issuer.as_deref() == Some(issuer)
    }

    /// Returns who probably wants to sign in; nothing where that is too long or holds a control character.
    pub fn login_hint(&self) -> Option<&str> {
        let hint = self.login_hint.as_deref()?;
        let sound = (1..=LONGEST_HINT).contains(&hint.len()) && !hint.contains(char::is_control);
        sound.then_some(hint)
    }

    /// Returns where the user wants to go; nothing where that is no page of this app, because anybody may have
    /// written it.
    pub fn return_to(&self, origin: &PublicOrigin, base: &str) -> Option<ReturnTo> {
        let target = self.target_link_uri.as_deref()?;
        // As it is written: what a parser would mend, such as a backslash, is no address of ours.
        let path = target.strip_prefix(origin.as_str())?;
        let same = Url::parse(target)
            .is_ok_and(|url| url.origin().ascii_serialization() == origin.as_str());
        (same && path.starts_with('/')).then(|| ReturnTo::parse(path, base))
    }
}
