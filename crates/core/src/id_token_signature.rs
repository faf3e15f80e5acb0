//! The signature of an ID token, which is checked once in a login.

use crate::jose::{Jws, JwsError, KeySet, Verified};
use crate::metadata::ProviderMetadata;

/// The signature of one ID token, verified once for the keys that it was verified with.
///
/// Finding out whether newer keys are needed verifies the signature, which is most of what an ID token costs:
/// what was found is kept for [`Expectations::prove`](crate::id_token::Expectations::prove).
#[derive(Default)]
pub(crate) struct Signature(Option<(KeySet, Verified)>);

impl Signature {
    /// Tells whether newer keys might prove an ID token that these do not; false for a token that no key could
    /// save.
    ///
    /// A signature that does not fit counts as well: a provider may change its key and keep the name.
    pub(crate) fn lacks_key(
        &mut self,
        raw: Option<&str>,
        metadata: &ProviderMetadata,
        keys: &KeySet,
    ) -> bool {
        let algorithm = metadata.id_token_algorithm;
        let Some(Ok(jws)) = raw.map(Jws::parse) else {
            return false;
        };
        match jws.verify(keys, algorithm) {
            Ok(verified) => {
                self.0 = Some((keys.clone(), verified));
                false
            }
            Err(error) => matches!(error, JwsError::UnknownKey { .. } | JwsError::BadSignature),
        }
    }

    /// Gives out what these very keys have verified, if they have.
    pub(crate) fn verified_with(self, keys: &KeySet) -> Option<Verified> {
        let (held, verified) = self.0?;
        held.is(keys).then_some(verified)
    }
}
