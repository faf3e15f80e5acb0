//! `GET, POST {base}/initiate/{provider}`: a third party sends a browser to log in (OpenID Connect Core 1.0
//! section 4).
//!
//! It comes from anywhere, so that all it can do is what a link to `{base}/login/{provider}` could do as well:
//! start a login. The state that binds the answer to the browser is made here, as for every login.

use codegrant_core::{AuthorizationOptions, LoginOptions, ThirdPartyLogin};

use super::login;
use crate::auth::{Auth, Start};
use crate::clients::Registered;
use crate::error::RequestError;
use crate::request::Request;
use crate::response::Response;
use codegrant_core::error::Quoted;

/// Starts a login at the one provider that this address is for.
pub(super) async fn start(auth: &Auth, registered: &Registered, request: &Request<'_>) -> Response {
    let encoded = match request.method() {
        "POST" => match request.form() {
            Some(form) => form,
            None => return super::too_large(auth),
        },
        _ => request.query(),
    };
    let asked = ThirdPartyLogin::parse(encoded);
    let issuer = registered.provider().issuer().unwrap_or_default();
    if !asked.is_for(issuer) {
        let received = Quoted::new(asked.issuer().unwrap_or_default());
        let expected = issuer.to_owned();
        return auth.refuse(&RequestError::WrongIssuer { expected, received }.into());
    }
    let return_to = asked
        .return_to(&auth.0.origin, auth.base())
        .unwrap_or_else(|| auth.landing(None));
    let link = || {
        let hint = asked
            .login_hint()
            .map(|hint| LoginOptions::new().login_hint(hint));
        let (id, hint) = (Some(registered.id()), hint.unwrap_or_default());
        auth.login_path_with(id, &return_to, Start::Asked, &hint)
    };
    if let Some(page) = login::asked_first(auth, registered, request, link) {
        return page;
    }
    let mut options = AuthorizationOptions::default();
    options.return_to = return_to;
    options.login_hint = asked.login_hint().map(str::to_owned);
    login::begin(auth, registered, request, options, None).await
}
