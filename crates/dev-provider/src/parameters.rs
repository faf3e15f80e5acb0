//! The parameters of a request, from its query or its form-encoded body.

use url::form_urlencoded;

/// The parameters that may stand several times: one for each resource or audience (RFC 8707 section 2,
/// RFC 8693 section 2.1).
const SEVERAL: [&str; 2] = ["resource", "audience"];

/// Names and values in the order in which they came.
#[derive(Clone, Default)]
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

    /// Finds a parameter that stands more than once and must not.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut names = self.names();
        names.find(|name| !SEVERAL.contains(name) && self.repeats(name))
    }

    /// Lists the values of a parameter that may stand several times.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(held, _)| held == name);
        found.map(|(_, value)| value.clone()).collect()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Adds a parameter at the end.
    pub(crate) fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Returns the parameters without some.
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }
}
