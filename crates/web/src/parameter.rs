//! Parameters of our own endpoints, where a doubtful one counts as absent.

use codegrant_core::form;

/// The parameters of a form-encoded text, read once for all who ask.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads them; there are none in what is no form.
    pub(crate) fn of(encoded: &str) -> Self {
        Self(form::parameters(encoded).unwrap_or_default())
    }

    /// Returns one that stands exactly once.
    pub(crate) fn single(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(held, _)| held == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }
}

/// Returns a parameter that stands exactly once in a form-encoded text.
pub(crate) fn single(encoded: &str, name: &str) -> Option<String> {
    Parameters::of(encoded).single(name).map(str::to_owned)
}
