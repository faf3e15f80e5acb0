//! What an access token opens beside userinfo: a small protected API.

use codegrant_core::http::HttpResponse;
use serde_json::json;

use crate::call::{Call, json_response};

impl Call<'_> {
    /// Greets the token's user, as an API of the app's own would serve its data.
    pub(crate) fn me(&mut self) -> HttpResponse {
        let (grant, scopes) = match self.bearer() {
            Ok(held) => held,
            Err(refused) => return refused,
        };
        if !self.is_for_this_resource() {
            let description = "the token is for other resources";
            return self.challenge("Bearer", Some(("invalid_token", description)));
        }
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
