//! One `[[provider]]` section: what it says about the provider, and what about our registration there.

use std::path::Path;

use codegrant_core::error::{ConfigurationError, Quoted};
use codegrant_core::jose::{Algorithm, Encryption};
use codegrant_core::provider::{self, Provider};
use codegrant_core::{Profile, RequestObject, ResponseMode};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{key_of, parsed, syntax, within};
use crate::builder::{read_file, read_secret};
use crate::error::SetupError;
use crate::registration::{Key, Register, Registration};

/// Declares what an entry says about our registration, and which keys those are.
macro_rules! ours {
    ($($key:ident: $type:ty,)*) => {
        #[derive(Deserialize)]
        struct Ours {
            $(#[serde(default)] $key: $type,)*
        }

        const OURS: &[&str] = &[$(stringify!($key)),*];
    };
}

ours! {
    client_id: Option<String>,
    client_secret: Option<String>,
    client_secret_file: Option<String>,
    response_mode: Option<Mode>,
    log_out_at_provider: bool,
    trusted_audiences: Vec<String>,
    profile: Option<Profile>,
    signing_key: Option<String>,
    signing_key_file: Option<String>,
    signing_key_id: Option<String>,
    signing_algorithm: Option<Algorithm>,
    team_id: Option<String>,
    decryption_key: Option<String>,
    decryption_key_file: Option<String>,
    id_token_encryption: Option<Encryption>,
    userinfo_encryption: Option<Encryption>,
    userinfo_algorithm: Option<Algorithm>,
    certificate_file: Option<String>,
    certificate_key_file: Option<String>,
    certificate_bound_access_tokens: bool,
    dpop: Option<bool>,
    pushed_requests: Option<bool>,
    request_object: Option<ObjectMode>,
    response_algorithm: Option<Algorithm>,
    resources: Vec<String>,
    authorization_details: Vec<Map<String, Value>>,
    claims: Option<Map<String, Value>>,
    acr_values: Vec<String>,
    max_age: Option<u32>,
    prompt: Option<String>,
    ui_locales: Vec<String>,
    roles_claim: Option<provider::Path>,
    third_party_login: bool,
    backchannel_logout: bool,
    frontchannel_logout: bool,
    session_management: bool,
    client_id_document: bool,
    register: bool,
    initial_access_token: Option<String>,
    initial_access_token_file: Option<String>,
    contacts: Vec<String>,
    registration_file: Option<String>,
}

#[derive(Deserialize)]
enum Mode {
    #[serde(rename = "query")]
    Query,
    #[serde(rename = "form_post")]
    FormPost,
    #[serde(rename = "query.jwt")]
    QueryJwt,
    #[serde(rename = "form_post.jwt")]
    FormPostJwt,
}

impl From<Mode> for ResponseMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Query => Self::Query,
            Mode::FormPost => Self::FormPost,
            Mode::QueryJwt => Self::QueryJwt,
            Mode::FormPostJwt => Self::FormPostJwt,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ObjectMode {
    ByValue,
    ByReference,
}

/// Reads the entry of this number; files that cannot be read go to `mistakes`.
pub(super) fn registration(
    number: usize,
    mut entry: toml::Table,
    directory: &Path,
    mistakes: &mut Vec<SetupError>,
) -> Result<Registration, SetupError> {
    let named = ["id", "preset"]
        .iter()
        .find_map(|key| entry.get(*key)?.as_str());
    let place = match named {
        Some(name) => format!("provider {number}, {}: ", Quoted::new(name)),
        None => format!("provider {number}: "),
    };
    let mut ours = toml::Table::new();
    for key in OURS {
        if let Some(value) = entry.remove(*key) {
            ours.insert((*key).to_owned(), value);
        }
    }
    let ours: Ours = parsed(ours, &place)?;
    if ours.client_id.is_none() && !ours.register && !ours.client_id_document {
        let reason = format!("{place}missing field `client_id`");
        return Err(SetupError::Syntax { reason });
    }
    let provider: Provider = entry
        .try_into()
        .map_err(|error| in_provider(&error, &place))?;
    let mut files = Files {
        directory,
        mistakes,
    };
    Ok(ours.registration(provider, &mut files))
}

/// Says what is wrong with an entry; the keys that it may hold are those of the registration, too.
fn in_provider(error: &toml::de::Error, place: &str) -> SetupError {
    match syntax(error, place) {
        SetupError::Syntax { reason }
            if error.message().starts_with("unknown field") && key_of(error).is_none() =>
        {
            let reason = format!("{reason}, `{}`", OURS.join("`, `"));
            SetupError::Syntax { reason }
        }
        mistake => mistake,
    }
}

/// Files that an entry names, and what is wrong with them.
struct Files<'a> {
    directory: &'a Path,
    mistakes: &'a mut Vec<SetupError>,
}

impl Files<'_> {
    fn secret(&mut self, written: Option<String>, path: Option<String>) -> Option<String> {
        written
            .or_else(|| path.map(|path| read_secret(&within(self.directory, &path), self.mistakes)))
    }

    fn key(&mut self, written: Option<String>, path: Option<String>) -> Option<Key> {
        let from_file = |path: String| {
            let path = within(self.directory, &path);
            read_file(&path, self.mistakes).map_or(Key::Unread, Key::Text)
        };
        written.map(Key::Text).or_else(|| path.map(from_file))
    }
}

impl Ours {
    fn registration(self, provider: Provider, files: &mut Files<'_>) -> Registration {
        self.contradictions(&provider, files.mistakes);
        // A secret that was forgotten is a mistake: a public client says `authentication = "none"`.
        let method = provider.authentication;
        let mut ours = Registration::new(provider, self.client_id.unwrap_or_default())
            .authentication(method)
            .authorization_details(self.authorization_details)
            .resources(self.resources)
            .acr_values(self.acr_values)
            .ui_locales(self.ui_locales)
            .profile(self.profile.unwrap_or_default());
        for audience in self.trusted_audiences {
            ours = ours.trusted_audience(audience);
        }
        ours = apply(
            ours,
            files.secret(self.client_secret, self.client_secret_file),
            Registration::secret,
        );
        let signing_key = files.key(self.signing_key, self.signing_key_file);
        ours = apply(ours, signing_key, Registration::signing_key_of);
        ours = apply(ours, self.signing_key_id, Registration::signing_key_id);
        let algorithm = self.signing_algorithm;
        ours = apply(ours, algorithm, Registration::signing_algorithm);
        ours = apply(ours, self.team_id, Registration::team_id);
        let mode = self.response_mode.map(ResponseMode::from);
        ours = apply(ours, mode, Registration::response_mode);
        let algorithm = self.response_algorithm;
        ours = apply(ours, algorithm, Registration::response_algorithm);
        ours = apply(ours, self.claims, Registration::claims);
        ours = apply(ours, self.max_age, Registration::max_age);
        ours = apply(ours, self.prompt, Registration::prompt);
        let how = self.request_object.map(|how| match how {
            ObjectMode::ByValue => RequestObject::ByValue,
            ObjectMode::ByReference => RequestObject::ByReference,
        });
        ours = apply(ours, how, Registration::request_object);
        if self.dpop == Some(true) {
            ours = ours.dpop();
        }
        if self.pushed_requests == Some(true) {
            ours = ours.pushed_requests();
        }
        let decryption_key = files.key(self.decryption_key, self.decryption_key_file);
        ours = apply(ours, decryption_key, Registration::decryption_key_of);
        let encryption = self.id_token_encryption;
        ours = apply(ours, encryption, Registration::id_token_encryption);
        let encryption = self.userinfo_encryption;
        ours = apply(ours, encryption, Registration::userinfo_encryption);
        let algorithm = self.userinfo_algorithm;
        ours = apply(ours, algorithm, Registration::userinfo_algorithm);
        let chain = files.key(None, self.certificate_file);
        let certificate = chain.zip(files.key(None, self.certificate_key_file));
        ours = apply(ours, certificate, |ours, (chain, key)| {
            ours.certificate_of(chain, key)
        });
        if self.certificate_bound_access_tokens {
            ours = ours.certificate_bound_access_tokens();
        }
        let token = files.key(self.initial_access_token, self.initial_access_token_file);
        ours.switched(|switches| {
            switches.log_out_at_provider = self.log_out_at_provider;
            switches.backchannel_logout = self.backchannel_logout;
            switches.frontchannel_logout = self.frontchannel_logout;
            switches.session_management = self.session_management;
            switches.roles_claim = self.roles_claim;
            switches.third_party_login = self.third_party_login;
            switches.client_id_document = self.client_id_document;
            switches.register = self.register.then_some(Register {
                initial_access_token: token,
                contacts: self.contacts,
                file: self
                    .registration_file
                    .map(|path| within(files.directory, &path).into()),
            });
        })
    }

    /// Lists keys that cannot stand together and that only a file can say.
    fn contradictions(&self, provider: &Provider, mistakes: &mut Vec<SetupError>) {
        let provider = || provider.id.to_string();
        let mut refuse = |setting, reason| {
            mistakes.push(SetupError::from(ConfigurationError::Setting {
                provider: provider(),
                setting,
                reason,
            }));
        };
        match (&self.certificate_file, &self.certificate_key_file) {
            (Some(_), None) => refuse(
                "certificate_file",
                "it needs certificate_key_file beside it",
            ),
            (None, Some(_)) => refuse(
                "certificate_key_file",
                "it needs certificate_file beside it",
            ),
            _ => {}
        }
        if self.client_id_document && (self.client_id.is_some() || self.register) {
            refuse(
                "client_id_document",
                "the document's address is the client's id: leave client_id and register out",
            );
        }
        let secret = self.client_secret.is_some() || self.client_secret_file.is_some();
        if self.register && (self.client_id.is_some() || secret) {
            refuse(
                "register",
                "the provider gives out the client's id and secret: leave client_id and client_secret out",
            );
        }
        let initial =
            self.initial_access_token.is_some() || self.initial_access_token_file.is_some();
        if !self.register && initial {
            refuse(
                "initial_access_token",
                "it means nothing without register = true",
            );
        }
        if !self.register && !self.contacts.is_empty() {
            refuse("contacts", "it means nothing without register = true");
        }
        if !self.register && self.registration_file.is_some() {
            refuse(
                "registration_file",
                "it means nothing without register = true",
            );
        }
        let profile = self.profile.unwrap_or_default();
        let mut off = |setting, change| {
            mistakes.push(SetupError::from(ConfigurationError::Profile {
                provider: provider(),
                profile: profile.as_str(),
                setting,
                change,
            }));
        };
        if profile.is_fapi() && self.pushed_requests == Some(false) {
            off(
                "pushed_requests = false",
                "leave it out: requests are pushed",
            );
        }
        if profile.is_fapi() && self.dpop == Some(false) && !self.certificate_bound_access_tokens {
            off(
                "dpop = false",
                "leave it out, or set certificate_bound_access_tokens = true",
            );
        }
    }
}

fn apply<T>(
    registration: Registration,
    written: Option<T>,
    set: impl FnOnce(Registration, T) -> Registration,
) -> Registration {
    match written {
        Some(written) => set(registration, written),
        None => registration,
    }
}
