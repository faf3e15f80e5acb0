//! Whether a registration can work, found out before anybody logs in: every mistake, not only the first.

use url::Url;

use super::{Client, RequestObject};
use crate::error::ConfigurationError;
use crate::jose::Algorithm;
use crate::provider::{self, AuthenticationMethod, Protocol, Quirk};

/// How long a secret has to be that authenticates assertions with HS256 (RFC 7518 section 3.2).
const SHORTEST_SECRET: usize = 32;

impl Client {
    /// Checks the whole registration.
    ///
    /// # Errors
    ///
    /// Every mistake in the provider's entry and in the registration, not only the first.
    pub fn validate(&self) -> Result<(), Vec<ConfigurationError>> {
        let mut mistakes = self.provider().validate().err().unwrap_or_default();
        if let Some(scopes) = &self.0.scopes {
            mistakes.extend(provider::unsound_scopes(&self.provider().id, scopes));
        }
        let provider = || self.provider().id.to_string();
        if self.0.id.is_empty() {
            mistakes.push(ConfigurationError::ClientIdMissing {
                provider: provider(),
            });
        }
        mistakes.extend(self.secret_mistake());
        if self.provider().is_openid() && !self.scopes().iter().any(|scope| scope == "openid") {
            mistakes.push(ConfigurationError::OpenidScopeMissing {
                provider: provider(),
            });
        }
        mistakes.extend(self.key_mistake());
        let settings = self.asked_mistakes().chain(self.message_mistakes());
        mistakes.extend(
            settings.map(|(setting, reason)| ConfigurationError::Setting {
                provider: provider(),
                setting,
                reason,
            }),
        );
        mistakes.extend(self.unsound_reception());
        mistakes.extend(
            self.profile_mistakes()
                .into_iter()
                .map(|(setting, change)| ConfigurationError::Profile {
                    provider: provider(),
                    profile: self.profile().as_str(),
                    setting,
                    change,
                }),
        );
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(mistakes)
        }
    }

    /// Tells whether the secret is a token that our key signs for each request.
    pub(crate) fn signs_secret(&self) -> bool {
        self.provider().has(&Quirk::SignedSecret)
            && self.authentication() == AuthenticationMethod::ClientSecretPost
    }

    /// Tells whether what it receives is authenticated by the secret.
    fn shares_secret(&self) -> bool {
        let id_token = match &self.provider().protocol {
            Protocol::OpenId { algorithm, .. } => *algorithm,
            _ => None,
        };
        let received = [id_token, self.userinfo_algorithm()];
        received.into_iter().flatten().any(Algorithm::is_symmetric)
    }

    fn secret_mistake(&self) -> Option<ConfigurationError> {
        let method = self.authentication();
        let secret = self.secret().filter(|secret| !secret.secret().is_empty());
        let provider = || self.provider().id.to_string();
        let wanted = method.takes_secret() && !self.signs_secret();
        let tolerated = wanted || self.shares_secret();
        if (wanted && secret.is_none()) || (secret.is_some() && !tolerated) {
            return Some(ConfigurationError::ClientSecret {
                provider: provider(),
                method: method.as_str(),
                present: secret.is_some(),
            });
        }
        let length = secret.map_or(0, |secret| secret.secret().len());
        let short = method == AuthenticationMethod::ClientSecretJwt && length < SHORTEST_SECRET;
        short.then(|| ConfigurationError::ClientSecretShort {
            provider: provider(),
            length,
            least: SHORTEST_SECRET,
        })
    }

    fn key_mistake(&self) -> Option<ConfigurationError> {
        let needed_by = if self.authentication() == AuthenticationMethod::PrivateKeyJwt {
            Some("private_key_jwt")
        } else if self.signs_secret() {
            Some("the quirk signed_secret")
        } else if self.request_object().is_some() {
            Some("request_object")
        } else {
            None
        };
        (needed_by.is_some() != self.signing_key().is_some()).then(|| {
            ConfigurationError::SigningKey {
                provider: self.provider().id.to_string(),
                needed_by,
            }
        })
    }

    /// Lists what is wrong with what every login asks for.
    fn asked_mistakes(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let asked = self.asked();
        let openid = self.provider().is_openid();
        let only_openid =
            "it is checked in the ID token, which only an OpenID Connect issuer gives";
        let claims = asked.claims.as_ref();
        let sound_prompt = |prompt: &String| {
            let words: Vec<&str> = prompt.split(' ').collect();
            let word = |word: &&str| {
                !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            };
            words.iter().all(word) && (words.len() == 1 || !words.contains(&"none"))
        };
        [
            (
                !openid && !asked.acr_values.is_empty(),
                ("acr_values", only_openid),
            ),
            (
                !asked.acr_values.iter().all(|value| is_word(value)),
                ("acr_values", "each is one word of visible ASCII"),
            ),
            (!openid && asked.max_age.is_some(), ("max_age", only_openid)),
            (
                !openid && claims.is_some(),
                (
                    "claims",
                    "claims are asked for at an OpenID Connect issuer only",
                ),
            ),
            (
                claims.is_some_and(|claims| {
                    let known = |name: &String| name == "userinfo" || name == "id_token";
                    claims.is_empty() || !claims.iter().all(|(n, v)| known(n) && v.is_object())
                }),
                (
                    "claims",
                    "it has the members userinfo and id_token, each a table of claims",
                ),
            ),
            (
                !asked.prompt.iter().all(sound_prompt),
                (
                    "prompt",
                    "words in lower case, and none stands alone (OpenID Connect Core 1.0 section 3.1.2.1)",
                ),
            ),
            (
                !asked.ui_locales.iter().all(|locale| is_locale(locale)),
                ("ui_locales", "each is a language tag such as de-CH"),
            ),
            (
                !asked.resources.iter().all(|uri| is_resource(uri)),
                (
                    "resources",
                    "each is an absolute URI without a fragment (RFC 8707 section 2)",
                ),
            ),
            (
                !asked
                    .authorization_details
                    .iter()
                    .all(|detail| detail.get("type").is_some_and(serde_json::Value::is_string)),
                (
                    "authorization_details",
                    "each has a text `type` (RFC 9396 section 2)",
                ),
            ),
        ]
        .into_iter()
        .filter_map(|(wrong, mistake)| wrong.then_some(mistake))
    }

    /// Lists what is wrong with how requests and responses are protected.
    fn message_mistakes(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let response = self.response_algorithm();
        let signed = self.response_mode().is_signed();
        let without_metadata = matches!(self.provider().protocol, Protocol::OAuth { .. });
        let team = self.team_id();
        let key = self.signing_key().map(crate::jose::SigningKey::algorithm);
        let certified = self.0.certificate.is_some();
        [
            (
                self.presents_certificate() && !certified,
                (
                    "certificate_file",
                    "the authentication method, or certificate_bound_access_tokens, needs a certificate",
                ),
            ),
            (
                certified && !self.presents_certificate(),
                (
                    "certificate_file",
                    "nothing uses it: set authentication or certificate_bound_access_tokens",
                ),
            ),
            (
                self.request_object() == Some(RequestObject::ByReference) && self.pushes_requests(),
                (
                    "request_object",
                    "a pushed request carries its object itself: use by_value",
                ),
            ),
            (
                response.is_some() && !signed,
                (
                    "response_algorithm",
                    "it goes with the response modes query.jwt and form_post.jwt",
                ),
            ),
            (
                response.is_some_and(Algorithm::is_symmetric),
                (
                    "response_algorithm",
                    "responses are checked by the provider's public keys: use an asymmetric algorithm",
                ),
            ),
            (
                signed && without_metadata,
                (
                    "response_mode",
                    "the keys of signed responses are known from an issuer's metadata only",
                ),
            ),
            (
                self.pushes_requests() && without_metadata,
                (
                    "pushed_requests",
                    "where to push is known from an issuer's metadata only",
                ),
            ),
            (
                self.signs_secret() != team.is_some(),
                (
                    "team_id",
                    "it goes with the quirk signed_secret, and that one needs it",
                ),
            ),
            (
                self.signs_secret() && key.is_some_and(|key| key != Algorithm::Es256),
                ("signing_key", "a signed secret takes a P-256 key and ES256"),
            ),
            (
                key.is_some_and(Algorithm::is_symmetric),
                ("signing_key", "it has to be a private key"),
            ),
        ]
        .into_iter()
        .filter_map(|(wrong, mistake)| wrong.then_some(mistake))
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
}

/// Tells whether a text has the form of a language tag (RFC 5646 section 2.1), as far as characters go.
pub(crate) fn is_locale(text: &str) -> bool {
    (1..=35).contains(&text.len())
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_resource(text: &str) -> bool {
    is_word(text) && Url::parse(text).is_ok() && !text.contains('#')
}
