//! The ID token (OpenID Connect Core 1.0 section 2), and what each scope says about a user.

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::http::HttpResponse;
use codegrant_core::jose::base64url;
use serde_json::{Map, Value, json};

use crate::authorization_request::SCOPES;
use crate::call::{Call, json_response};
use crate::claims_request::{ClaimsRequest, Place};
use crate::dev_user::DevUser;
use crate::encryption::Encrypted;
use crate::fault::Fault;
use crate::misbehave;
use crate::state::{Grant, State};
use crate::token::TokenError;

/// How long an ID token is good, in seconds: long enough to be read once.
const LIFETIME: i64 = 600;

/// What an ID token is issued for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A code was redeemed: the nonce of the authorization request goes in.
    Login,
    /// A refresh: no nonce, and the `auth_time` of the sign-in (OpenID Connect Core 1.0 section 12.2).
    Refresh,
}

const NOT_SIGNED: TokenError =
    TokenError::new(500, "server_error", "the ID token could not be signed");

impl Call<'_> {
    /// Finishes a token answer: with an ID token where the scope `openid` was granted.
    pub(crate) fn with_id_token(
        &mut self,
        mut body: Map<String, Value>,
        grant: &Grant,
        scopes: &[String],
        occasion: Occasion,
    ) -> Result<HttpResponse, TokenError> {
        if scopes.iter().any(|scope| scope == "openid") {
            let access_token = body.get("access_token").and_then(Value::as_str);
            let mut claims = self.claims(grant, access_token.unwrap_or_default(), occasion);
            if let Some(user) = self.user(&grant.signed_in.subject) {
                if self.settings.claims_in_id_token {
                    claims.extend(claims_of(&user, scopes));
                }
                claims.extend(wanted_claims(&user, &grant.claims, Place::IdToken));
            }
            let token = self.id_token(grant, claims, occasion).ok_or(NOT_SIGNED)?;
            body.insert("id_token".to_owned(), token.into());
        }
        Ok(json_response(200, &Value::Object(body)))
    }

    /// Signs an ID token as its client registered it; `None` where there is no key for that.
    fn id_token(
        &mut self,
        grant: &Grant,
        claims: Map<String, Value>,
        occasion: Occasion,
    ) -> Option<String> {
        if self.state.has(Fault::KeysReplacedBeforeSigning) {
            self.replace_keys()?;
        }
        let client = self.client(&grant.client_id)?;
        if self.state.has(Fault::PublishedRsaKey) {
            let other = misbehave::other_rsa(self.id_token_algorithm(&client));
            let State { keys, random, .. } = &mut *self.state;
            keys.provide(other, || random.next_id()).ok()?;
        }
        let key = self.signing_key(&client, self.id_token_algorithm(&client));
        let key = key.ok()?;
        let issued = claims.clone();
        let mut token =
            misbehave::sign_id_token(self.state, &key, claims, occasion, self.now).ok()?;
        if Encrypted::IdToken.for_client(&client) && !self.state.has(Fault::NotEncrypted) {
            token = self.encrypt(&client, Encrypted::IdToken, &token, true)?;
        }
        self.state.issued.insert(fingerprint(&token), issued);
        Some(token)
    }

    /// Takes new keys into use and forgets the old ones.
    pub(crate) fn replace_keys(&mut self) -> Option<()> {
        let State { keys, random, .. } = &mut *self.state;
        keys.replace(|| random.next_id()).ok()
    }

    fn claims(&self, grant: &Grant, access_token: &str, occasion: Occasion) -> Map<String, Value> {
        let issued = self.now.as_unix();
        let mut claims = Map::new();
        let mut say = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        say("iss", self.settings.issuer.as_str().into());
        say("sub", grant.signed_in.subject.as_str().into());
        say("aud", grant.client_id.as_str().into());
        say("exp", self.now.plus(LIFETIME).as_unix().into());
        say("iat", issued.into());
        say("auth_time", grant.signed_in.at.as_unix().into());
        say("sid", grant.signed_in.session_id.as_str().into());
        if let Some(context) = &grant.signed_in.context {
            say("acr", context.as_str().into());
        }
        let client = self.client(&grant.client_id);
        let algorithm = client.map(|client| self.id_token_algorithm(&client));
        let algorithm = algorithm.unwrap_or(self.settings.algorithm);
        let at_hash = algorithm.half_hash(access_token.as_bytes());
        say("at_hash", at_hash.into());
        if let (Occasion::Login, Some(nonce)) = (occasion, &grant.nonce) {
            say("nonce", nonce.as_str().into());
        }
        claims
    }
}

/// Lists what the scopes tell about a user (OpenID Connect Core 1.0 section 5.4).
pub(crate) fn claims_of(user: &DevUser, scopes: &[String]) -> Map<String, Value> {
    let mut claims = Map::new();
    let granted = |name: &str| scopes.iter().any(|scope| scope == name);
    if granted("profile") {
        claims.insert("name".to_owned(), json!(user.name));
        claims.insert("preferred_username".to_owned(), json!(user.username));
        if let Some(picture) = &user.picture {
            claims.insert("picture".to_owned(), json!(picture));
        }
    }
    if granted("email") {
        claims.insert("email".to_owned(), json!(user.email));
        claims.insert("email_verified".to_owned(), json!(user.email_verified));
    }
    if let Some(address) = user.address.as_ref().filter(|_| granted("address")) {
        claims.insert("address".to_owned(), json!({ "formatted": address }));
    }
    if let Some(number) = user.phone_number.as_ref().filter(|_| granted("phone")) {
        claims.insert("phone_number".to_owned(), json!(number));
        claims.insert("phone_number_verified".to_owned(), json!(false));
    }
    claims
}

/// Lists what the client asked for one by one, whatever its scopes (OpenID Connect Core 1.0 section 5.5).
pub(crate) fn wanted_claims(
    user: &DevUser,
    asked: &ClaimsRequest,
    place: Place,
) -> Map<String, Value> {
    let all = SCOPES.iter().map(|scope| (*scope).to_owned());
    let mut claims = claims_of(user, &all.collect::<Vec<_>>());
    claims.retain(|name, _| asked.wants(place, name));
    claims
}

/// Names a token without keeping it twice.
pub(crate) fn fingerprint(token: &str) -> String {
    base64url::encode(digest(&SHA256, token.as_bytes()).as_ref())
}
