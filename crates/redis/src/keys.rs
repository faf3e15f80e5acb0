//! The names of the keys: a prefix, a letter for what it is, and the name.

use codegrant_web::{IndexKey, SessionKey, StoreError, TransactionId};

/// The longest prefix, in bytes.
const LIMIT: usize = 64;

/// What all keys of one app begin with.
#[derive(Debug, Clone)]
pub(crate) struct Keys(String);

impl Keys {
    /// The prefix where none is given.
    pub(crate) const PREFIX: &str = "codegrant:";

    /// Takes a prefix.
    ///
    /// A brace would put all keys of a cluster in one place, so none may stand in it.
    ///
    /// # Errors
    ///
    /// When it is too long or has other characters than letters, digits and `:_.-/`.
    pub(crate) fn new(prefix: &str) -> Result<Self, StoreError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b":_.-/".contains(&byte);
        if prefix.len() > LIMIT || !prefix.bytes().all(fits) {
            let reason = format!(
                "redis: the prefix has more than {LIMIT} bytes, or others than letters, digits and :_.-/"
            );
            return Err(StoreError { reason });
        }
        Ok(Self(prefix.to_owned()))
    }

    /// Returns those with the prefix where none is given.
    pub(crate) fn standard() -> Self {
        Self(Self::PREFIX.to_owned())
    }

    pub(crate) fn session(&self, key: &SessionKey) -> String {
        format!("{}s:{}", self.0, key.as_str())
    }

    pub(crate) fn index(&self, entry: &IndexKey) -> String {
        format!("{}i:{}", self.0, entry.as_str())
    }

    pub(crate) fn transaction(&self, transaction: TransactionId) -> String {
        format!("{}t:{}", self.0, transaction.to_hex())
    }

    pub(crate) fn revocations(&self) -> String {
        format!("{}r", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_may_not_place_keys_or_break_a_line() {
        for bad in ["{app}", "app ", "app\r\n", "äpp", &"a".repeat(65)] {
            assert!(Keys::new(bad).is_err(), "{bad:?}");
        }
        for good in ["", "codegrant:", "shop/eu-1_a.b:"] {
            let keys = Keys::new(good).unwrap();
            assert_eq!(keys.revocations(), format!("{good}r"));
        }
    }
}
