//! The ID token (OpenID Connect Core 1.0 section 2), and what each scope says about a user.

use codegrant_core::http::HttpResponse;
use serde_json::{Map, Value, json};

use crate::call::{Call, json_response};
use crate::dev_user::DevUser;
use crate::misbehave;
use crate::state::Grant;
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
            if self.settings.claims_in_id_token
                && let Some(user) = self.user(&grant.signed_in.subject)
            {
                claims.extend(claims_of(&user, scopes));
            }
            let token = misbehave::sign_id_token(self.state, claims, occasion, self.now)
                .map_err(|_| NOT_SIGNED)?;
            body.insert("id_token".to_owned(), token.into());
        }
        Ok(json_response(200, &Value::Object(body)))
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
        let at_hash = self.settings.algorithm.half_hash(access_token.as_bytes());
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
    claims
}
