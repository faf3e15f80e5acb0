//! Settings written down as JSON: for a provider that runs as a program of its own.

use codegrant_core::jose::{UnknownAlgorithm, json};
use serde_json::{Map, Value};

use crate::client_registration::ClientRegistration;
use crate::feature::{Feature, UnknownFeature};
use crate::settings::Settings;

impl Settings {
    /// Reads settings from a JSON object; what it does not mention stays as [`Settings::new`] has it.
    ///
    /// | member | holds |
    /// |---|---|
    /// | `algorithm` | what ID tokens are signed with, for example `ES256` |
    /// | `features` | names of [`Feature`]s |
    /// | `clients` | objects as in [`ClientRegistration::from_metadata`] |
    /// | `scopes`, `acr_values`, `authorization_details_types` | lists of texts |
    /// | `certificate_base`, `initial_access_token` | text |
    /// | `access_token_lifetime` | seconds |
    /// | `claims_in_id_token` | `true` or `false` |
    ///
    /// ```
    /// use codegrant_dev_provider::{Feature, Settings};
    /// let settings = Settings::from_json("http://localhost:4000", [7; 32], r#"{
    ///     "algorithm": "ES256",
    ///     "features": ["pushed-requests", "dpop"],
    ///     "clients": [{
    ///         "client_id": "my-app",
    ///         "token_endpoint_auth_method": "private_key_jwt",
    ///         "jwks_uri": "http://localhost:3000/auth/jwks/dev",
    ///         "dpop_bound_access_tokens": true
    ///     }]
    /// }"#)?;
    /// assert!(settings.has(Feature::Dpop));
    /// # Ok::<(), codegrant_dev_provider::SettingsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SettingsError`] for the first member that is unknown or holds something else.
    pub fn from_json(
        issuer: impl Into<String>,
        seed: [u8; 32],
        text: &str,
    ) -> Result<Self, SettingsError> {
        let members = json::object(text.as_bytes()).map_err(|_| SettingsError::NotAnObject)?;
        let mut settings = Self::new(issuer, seed);
        for (name, value) in members {
            settings.set(&name, value)?;
        }
        Ok(settings)
    }

    fn set(&mut self, name: &str, value: Value) -> Result<(), SettingsError> {
        let wrong = |expected| SettingsError::Member {
            name: name.to_owned(),
            expected,
        };
        let text = || value.as_str().ok_or(wrong("text"));
        let texts = || texts(&value).ok_or(wrong("a list of texts"));
        match name {
            "algorithm" => self.algorithm = text()?.parse()?,
            "features" => {
                for name in texts()? {
                    self.features.insert(name.parse::<Feature>()?);
                }
            }
            "clients" => {
                let expected = "a list of objects, each with a client_id";
                let list = value.as_array().ok_or(wrong(expected))?;
                for client in list {
                    let client: Option<Map<String, Value>> = client.as_object().cloned();
                    let client = client.and_then(ClientRegistration::from_metadata);
                    self.clients.push(client.ok_or(wrong(expected))?);
                }
            }
            "scopes" => self.scopes = texts()?,
            "acr_values" => self.acr_values = texts()?,
            "authorization_details_types" => self.authorization_details_types = texts()?,
            "certificate_base" => self.certificate_base = Some(text()?.to_owned()),
            "initial_access_token" => self.initial_access_token = Some(text()?.to_owned()),
            "access_token_lifetime" => {
                let seconds = value.as_i64().filter(|seconds| *seconds > 0);
                self.access_token_lifetime = seconds.ok_or(wrong("a number above 0"))?;
            }
            "claims_in_id_token" => {
                self.claims_in_id_token = value.as_bool().ok_or(wrong("true or false"))?;
            }
            _ => {
                return Err(SettingsError::UnknownMember {
                    name: name.to_owned(),
                });
            }
        }
        Ok(())
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let list = value.as_array()?.iter();
    list.map(|text| text.as_str().map(str::to_owned)).collect()
}

/// What is wrong with settings that were written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// They are no JSON object, or name a member twice.
    #[error("the settings are no JSON object, or name a member twice")]
    NotAnObject,
    /// There is no such setting.
    #[error("there is no setting {name:?}")]
    UnknownMember {
        /// What stands there.
        name: String,
    },
    /// A setting holds something else than it may.
    #[error("the setting {name:?} is not {expected}")]
    Member {
        /// The setting.
        name: String,
        /// What it may hold.
        expected: &'static str,
    },
    /// There is no such feature.
    #[error(transparent)]
    Feature(#[from] UnknownFeature),
    /// There is no such algorithm.
    #[error(transparent)]
    Algorithm(#[from] UnknownAlgorithm),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, SettingsError> {
        Settings::from_json("http://localhost:4000", [7; 32], text)
    }

    #[test]
    fn every_setting_can_be_written_down() {
        let settings = read(
            r#"{
                "algorithm": "PS256", "features": ["jarm-is-not-a-name"], "clients": []
            }"#,
        );
        assert!(matches!(settings, Err(SettingsError::Feature(_))));
        let settings = read(
            r#"{
                "algorithm": "PS256", "features": ["dpop", "dpop-nonces"], "scopes": ["accounts"],
                "clients": [{ "client_id": "a" }, { "client_id": "b", "client_secret": "c" }],
                "acr_values": ["gold"], "authorization_details_types": ["payment"],
                "certificate_base": "https://localhost:4443", "initial_access_token": "first",
                "access_token_lifetime": 60, "claims_in_id_token": true
            }"#,
        )
        .unwrap();
        assert_eq!(settings.algorithm.as_str(), "PS256");
        assert_eq!(settings.features.len(), 2);
        assert_eq!((settings.clients.len(), settings.clients[1].id()), (2, "b"));
        assert_eq!(settings.scopes, ["accounts"]);
        assert_eq!(settings.acr_values, ["gold"]);
        assert_eq!(settings.authorization_details_types, ["payment"]);
        let base = settings.certificate_base.as_deref();
        assert_eq!(base, Some("https://localhost:4443"));
        let token = settings.initial_access_token.as_deref();
        assert_eq!(token, Some("first"));
        assert_eq!(settings.access_token_lifetime, 60);
        assert!(settings.claims_in_id_token);
    }

    #[test]
    fn a_setting_that_is_unknown_or_of_another_kind_is_named() {
        for (text, expected) in [
            (
                "[]",
                "the settings are no JSON object, or name a member twice",
            ),
            (
                r#"{"scopes":[],"scopes":[]}"#,
                "the settings are no JSON object, or name a member twice",
            ),
            (r#"{"colour":1}"#, r#"there is no setting "colour""#),
            (
                r#"{"scopes":"a"}"#,
                r#"the setting "scopes" is not a list of texts"#,
            ),
            (
                r#"{"scopes":[1]}"#,
                r#"the setting "scopes" is not a list of texts"#,
            ),
            (
                r#"{"algorithm":1}"#,
                r#"the setting "algorithm" is not text"#,
            ),
            (
                r#"{"access_token_lifetime":0}"#,
                r#"the setting "access_token_lifetime" is not a number above 0"#,
            ),
            (
                r#"{"claims_in_id_token":1}"#,
                r#"the setting "claims_in_id_token" is not true or false"#,
            ),
            (
                r#"{"features":["nothing"]}"#,
                r#"unknown feature "nothing""#,
            ),
            (
                r#"{"clients":[{}]}"#,
                r#"the setting "clients" is not a list of objects, each with a client_id"#,
            ),
        ] {
            assert_eq!(read(text).err().unwrap().to_string(), expected);
        }
        assert!(matches!(
            read(r#"{"algorithm":"none"}"#),
            Err(SettingsError::Algorithm(_))
        ));
    }
}
