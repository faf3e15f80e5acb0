//! Parameters of our own endpoints, where a doubtful one counts as absent.

use codegrant_core::form;

/// Returns a parameter that stands exactly once in a form-encoded text.
pub(crate) fn single(encoded: &str, name: &str) -> Option<String> {
    let mut values = form::parameters(encoded)
        .ok()?
        .into_iter()
        .filter(|(held, _)| held == name);
    let (_, value) = values.next()?;
    values.next().is_none().then_some(value)
}
