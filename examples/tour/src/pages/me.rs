//! The protected page: who is logged in, who said what, and how long it lasts.

use codegrant_web::pages::Escaped;
use codegrant_web::{Email, Session, Timestamp};
use serde_json::{Map, Value};

use super::document::{Frame, Place, initial, table};
use crate::moment::{date_time, relative};
use crate::tour::Answer;

/// Shows everything that the session holds, except for the tokens themselves.
pub(crate) fn me(frame: &Frame<'_>, session: &Session, now: Timestamp) -> Answer {
    let identity = session.identity();
    let name = identity.to_string();
    let main = format!(
        "<div class=\"person-card hero\">{initial}<div><h1>Hello, <bdi id=\"name\">{name}</bdi></h1>\n\
         <p class=\"lead\">This page is for logged-in users only. You came with {provider}.</p></div></div>\n\
         {actions}{who}{claims}{session}",
        initial = initial(identity),
        name = Escaped(&name),
        provider = frame.provider_name(&identity.provider),
        actions = actions(frame, session),
        who = who(session),
        claims = claims(session),
        session = times(session, now),
    );
    frame.page(200, Place::Me, &name, &main)
}

fn actions(frame: &Frame<'_>, session: &Session) -> String {
    let base = frame.base();
    let renew = if session.can_refresh() {
        format!(
            "<form method=\"post\" action=\"{base}/refresh\"><input type=\"hidden\" name=\"return_to\" value=\"/me\">\
             <button class=\"button\" type=\"submit\" id=\"renew\">Renew tokens</button></form>\n"
        )
    } else {
        String::new()
    };
    format!(
        "<div class=\"actions row\">\n<a class=\"button primary\" href=\"/api-call\" id=\"call-api\">Call the API</a>\n\
         {renew}<a class=\"button\" href=\"/recent\">A page for a recent sign-in</a>\n\
         <a class=\"button\" href=\"/flow\">How you logged in</a>\n</div>\n"
    )
}

fn who(session: &Session) -> String {
    let identity = session.identity();
    let email = match &identity.email {
        Email::Verified(email) => trusted(email.as_str(), "good", "verified", VERIFIED),
        Email::Claimed(email) => trusted(email, "warn", "claimed", CLAIMED),
        Email::Absent => {
            "<span class=\"quiet\" data-trust=\"absent\">none: the provider gave no address</span>"
                .to_owned()
        }
    };
    let picture = match &identity.picture {
        Some(url) => format!(
            "<code>{}</code><br><span class=\"quiet\">not loaded: that would tell its server that you are here</span>",
            Escaped(url)
        ),
        None => "<span class=\"quiet\">none</span>".to_owned(),
    };
    let absent = |text: &Option<String>| match text {
        Some(text) => format!("<bdi>{}</bdi>", Escaped(text)),
        None => "<span class=\"quiet\">none</span>".to_owned(),
    };
    format!(
        "<section class=\"card\">\n<h2>Who you are</h2>\n\
         <p>The first two lines together are the account. Everything below them can change.</p>\n<dl>\n\
         <dt>Issuer</dt><dd><code id=\"issuer\">{issuer}</code></dd>\n\
         <dt>Subject</dt><dd><code id=\"subject\">{subject}</code></dd>\n\
         <dt>Name</dt><dd>{name}</dd>\n<dt>User name</dt><dd>{username}</dd>\n\
         <dt>E-mail</dt><dd>{email}</dd>\n<dt>Picture</dt><dd>{picture}</dd>\n</dl>\n</section>\n",
        issuer = Escaped(&identity.issuer),
        subject = Escaped(&identity.subject),
        name = absent(&identity.name),
        username = absent(&identity.username),
    )
}

const VERIFIED: &str = "the provider says that it checked the address, and its word counts";
const CLAIMED: &str = "nobody vouches for it: show it, and grant nothing by it";

fn trusted(address: &str, kind: &str, word: &str, meaning: &str) -> String {
    format!(
        "<bdi>{}</bdi> <span class=\"badge {kind}\" data-trust=\"{word}\">{word}</span><br>\
         <span class=\"quiet\">{meaning}</span>",
        Escaped(address)
    )
}

fn claims(session: &Session) -> String {
    let said = &session.identity().claims;
    format!(
        "<section>\n<h2>Who said what</h2>\n<p>Claims of the two sources are kept apart. Those that only the \
         protocol needs, such as the nonce, are checked and then dropped.</p>\n<div class=\"two\">\n{}{}</div>\n</section>\n",
        source(
            "id-token",
            "The ID token",
            "signed by the issuer",
            said.id_token()
        ),
        source(
            "userinfo",
            "Userinfo",
            "fetched with the access token",
            said.userinfo()
        ),
    )
}

fn source(id: &str, title: &str, how: &str, claims: &Map<String, Value>) -> String {
    let texts: Vec<(&str, String)> = claims
        .iter()
        .map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (name.as_str(), text)
        })
        .collect();
    let rows: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let content = if rows.is_empty() {
        "<p class=\"quiet\">Nothing that is kept.</p>\n".to_owned()
    } else {
        table("Claims", &rows)
    };
    format!(
        "<div class=\"card\" id=\"{id}\">\n<h3>{title}</h3>\n<p class=\"quiet\">{how}</p>\n{content}</div>\n"
    )
}

fn times(session: &Session, now: Timestamp) -> String {
    let at = |at: Timestamp| {
        format!(
            "<time>{}</time> <span class=\"quiet\">{}</span>",
            date_time(at),
            relative(at, now)
        )
    };
    let expires = session.access_token_expires_at().map_or_else(
        || "<span class=\"quiet\">the provider did not say</span>".to_owned(),
        at,
    );
    let scopes: String = session
        .scopes()
        .iter()
        .map(|scope| format!("<span class=\"badge\">{}</span> ", Escaped(scope)))
        .collect();
    let scopes = if scopes.is_empty() {
        "<span class=\"quiet\">none</span>".to_owned()
    } else {
        scopes
    };
    let refresh = if session.can_refresh() {
        "there is one, so tokens can be renewed without you"
    } else {
        "there is none: a new access token takes a new login"
    };
    format!(
        "<section class=\"card\">\n<h2>Session and tokens</h2>\n<dl>\n\
         <dt>Logged in</dt><dd>{began}</dd>\n<dt>Session ends</dt><dd>{ends}</dd>\n\
         <dt>Access token expires</dt><dd id=\"token-expires\">{expires}</dd>\n\
         <dt>Refresh token</dt><dd>{refresh}</dd>\n<dt>Scopes granted</dt><dd>{scopes}</dd>\n</dl>\n\
         <p class=\"note\">The tokens themselves never reach a page. The browser holds a sealed cookie, or an id that \
         means nothing elsewhere.</p>\n</section>\n",
        began = at(session.started_at()),
        ends = at(session.ends_at()),
    )
}
