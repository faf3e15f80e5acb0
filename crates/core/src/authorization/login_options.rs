//! What an app asks of one login through the address that starts it, read back from that address strictly.

use super::AuthorizationOptions;
use crate::client::is_locale;
use crate::form;

/// The most words of a list.
const WORDS: usize = 8;

/// The longest word, or hint, in bytes.
const LENGTH: usize = 256;

/// What one login is to ask of the provider, beyond what the registration asks always.
///
/// Use it for a page that needs a fresher or a stronger sign-in than the session has. The ID token is held to
/// it: `auth_time` to [`max_age`](Self::max_age), `acr` to [`acr_values`](Self::acr_values); without one, nobody
/// tells. It travels in a link, where whoever follows it can take it away again. So the page itself looks at the
/// session's claims: this only says how to get better ones.
///
/// ```
/// use codegrant_core::LoginOptions;
/// let options = LoginOptions::new().acr_values(["phr"]).max_age(300);
/// assert_eq!(options.to_query(), "acr_values=phr&max_age=300");
/// assert_eq!(LoginOptions::of_query("max_age=300&acr_values=phr&scope=admin"), options);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginOptions {
    acr_values: Vec<String>,
    max_age: Option<u32>,
    prompt: Option<String>,
    login_hint: Option<String>,
    ui_locales: Vec<String>,
}

impl LoginOptions {
    /// Makes options that ask for nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the options accepting these authentication contexts only (`acr`).
    #[must_use]
    pub fn acr_values(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.acr_values = values.into_iter().map(Into::into).collect();
        self
    }

    /// Returns the options wanting a sign-in at the provider no older than this, in seconds.
    #[must_use]
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Returns the options having the provider show this: `login`, `consent`, `select_account`, or `none`.
    ///
    /// With `none` nobody is asked: whoever is signed in at the provider comes back logged in, and everybody
    /// else comes back without a login.
    #[must_use]
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// Returns the options naming who probably wants to sign in.
    #[must_use]
    pub fn login_hint(mut self, hint: impl Into<String>) -> Self {
        self.login_hint = Some(hint.into());
        self
    }

    /// Returns the options asking for the provider's pages in these languages, the best first (RFC 5646).
    #[must_use]
    pub fn ui_locales(mut self, locales: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.ui_locales = locales.into_iter().map(Into::into).collect();
        self
    }

    /// Returns the options as a query; empty when they ask for nothing.
    pub fn to_query(&self) -> String {
        let words = |words: &[String]| (!words.is_empty()).then(|| words.join(" "));
        let pairs = [
            ("acr_values", words(&self.acr_values)),
            ("max_age", self.max_age.map(|seconds| seconds.to_string())),
            ("prompt", self.prompt.clone()),
            ("login_hint", self.login_hint.clone()),
            ("ui_locales", words(&self.ui_locales)),
        ];
        let pairs = pairs.iter().filter_map(|(name, value)| {
            let value = form::encode(value.as_deref()?);
            Some(format!("{name}={value}"))
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    /// Reads the options out of a query; what is repeated, too long or not of its form counts as absent.
    pub fn of_query(query: &str) -> Self {
        let parameters = form::parameters(query).unwrap_or_default();
        let single = |name: &str| {
            let mut values = parameters.iter().filter(|(held, _)| held == name);
            let (_, value) = values.next()?;
            values.next().is_none().then_some(value.as_str())
        };
        let words = |name: &str, sound: fn(&str) -> bool| {
            let words: Vec<&str> = single(name)
                .map(|value| value.split(' ').take(WORDS + 1).collect())
                .unwrap_or_default();
            let sound = words.len() <= WORDS && words.iter().all(|word| sound(word));
            let sound = words.into_iter().filter(|_| sound);
            sound.map(str::to_owned).collect::<Vec<_>>()
        };
        Self {
            acr_values: words("acr_values", is_word),
            max_age: single("max_age")
                .filter(|text| is_number(text))
                .and_then(|text| text.parse().ok()),
            prompt: single("prompt")
                .filter(|text| is_prompt(text))
                .map(str::to_owned),
            login_hint: single("login_hint")
                .filter(|text| is_hint(text))
                .map(str::to_owned),
            ui_locales: words("ui_locales", is_locale),
        }
    }

    /// Puts them into what a login asks for.
    pub fn apply(self, options: &mut AuthorizationOptions) {
        options.acr_values = self.acr_values;
        options.max_age = self.max_age;
        options.prompt = self.prompt;
        options.login_hint = self.login_hint;
        options.ui_locales = self.ui_locales;
    }
}

fn is_word(text: &str) -> bool {
    (1..=LENGTH).contains(&text.len()) && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Accepts the prompts of OpenID Connect Core 1.0 section 3.1.2.1, and `create`; `none` stands alone.
fn is_prompt(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let known = ["login", "consent", "select_account", "create"];
    text == "none" || (words.len() <= WORDS && words.iter().all(|word| known.contains(word)))
}

fn is_hint(text: &str) -> bool {
    (1..=LENGTH).contains(&text.len()) && !text.contains(char::is_control)
}
