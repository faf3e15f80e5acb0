//! The ways in which a provider can misbehave, by name.

mod features;
mod login;

use std::fmt;
use std::str::FromStr;

use features::faults_of_features;
use login::faults_of_logins;

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// One way in which a provider misbehaves.
        ///
        /// Written and read by its name in kebab case.
        ///
        /// ```
        /// use codegrant_dev_provider::Fault;
        /// assert_eq!("wrong-nonce".parse(), Ok(Fault::WrongNonce));
        /// assert_eq!(Fault::WrongNonce.name(), "wrong-nonce");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $variant,)*
        }

        impl Fault {
            /// Lists every fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

faults_of_logins!(faults_of_features);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        let found = Self::ALL.iter().find(|fault| fault.name() == name);
        found.copied().ok_or_else(|| UnknownFault {
            name: name.to_owned(),
        })
    }
}

/// A name that no fault has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown fault {name:?}")]
pub struct UnknownFault {
    name: String,
}
