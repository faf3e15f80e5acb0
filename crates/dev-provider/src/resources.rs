//! What an access token opens: userinfo (OpenID Connect Core 1.0 section 5.3) and a small protected API.

use codegrant_core::http::HttpResponse;
use serde_json::json;

use crate::call::{Call, json_response};
use crate::id_token::claims_of;

impl Call<'_> {
    /// Tells who the token's user is, as far as its scopes go; `sub` always.
    pub(crate) fn userinfo(&self) -> HttpResponse {
        let (grant, scopes) = match self.bearer() {
            Ok(held) => held,
            Err(refused) => return refused,
        };
        let subject = &grant.signed_in.subject;
        let user = self.user(subject);
        let mut claims = user
            .map(|user| claims_of(&user, &scopes))
            .unwrap_or_default();
        claims.insert("sub".to_owned(), json!(subject));
        json_response(200, &claims.into())
    }

    /// Greets the token's user, as an API of the app's own would serve its data.
    pub(crate) fn me(&self) -> HttpResponse {
        let (grant, scopes) = match self.bearer() {
            Ok(held) => held,
            Err(refused) => return refused,
        };
        let subject = grant.signed_in.subject;
        let may_know = scopes.iter().any(|scope| scope == "profile");
        let user = self.user(&subject).filter(|_| may_know);
        let name = user.map_or_else(|| subject.clone(), |user| user.name);
        let body = json!({
            "greeting": format!("Hello, {name}!"),
            "subject": subject,
            "scope": scopes.join(" "),
        });
        json_response(200, &body)
    }
}
