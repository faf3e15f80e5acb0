//! The parameters of a request, from its query or its form-encoded body.

use url::form_urlencoded;

/// Names and values in the order in which they came.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Returns the value of a parameter; one that is empty counts as absent (RFC 6749 section 3.1).
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(held, _)| held == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Tells whether a parameter stands more than once, which none may (RFC 6749 section 3.1).
    pub(crate) fn repeats(&self, name: &str) -> bool {
        self.0.iter().filter(|(held, _)| held == name).count() > 1
    }

    /// Finds a parameter that stands more than once.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut names = self.0.iter().map(|(name, _)| name.as_str());
        names.find(|name| self.repeats(name))
    }
}
