//! What the operator is told about an error: a stable name, the likely cause and the remedy.

/// A stable error code with what an operator needs to act on it.
///
/// `docs/errors.md` is generated from these, so a code cannot exist without a cause and a remedy.
/// None of the three texts ever reaches a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The stable name, for example `callback.state_mismatch`: the culprit, a dot, the violated rule.
    pub name: &'static str,
    /// What most likely happened.
    pub cause: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Declares codes as constants and lists them in `ALL`, so that none can be left out of the documentation.
#[macro_export]
#[doc(hidden)]
macro_rules! codes {
    ($($ident:ident = $name:literal, $cause:literal, $remedy:literal;)*) => {
        $(pub(crate) const $ident: $crate::error::Code =
            $crate::error::Code { name: $name, cause: $cause, remedy: $remedy };)*
        /// Every code of this module.
        pub(crate) const ALL: &[$crate::error::Code] = &[$($ident),*];
    };
}
