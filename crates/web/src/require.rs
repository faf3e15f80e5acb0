//! What a page wants of whoever opens it, beyond a login, and whether a session has it.

use std::fmt;
use std::sync::Arc;

use codegrant_core::provider::Path;
use codegrant_core::{StepUp, Timestamp};
use serde_json::Value;

use crate::session::Session;

/// What a page wants of whoever opens it: scopes, claims, roles, a recent or a strong sign-in.
///
/// A login always. What is chained has to hold all together; [`Require::or`] makes a second way in. What a
/// session does not say, it does not have.
///
/// ```
/// use codegrant_web::Require;
/// let _editors = Require::new().role("editor");
/// let _transfer = Require::new().scope("payments").signed_in_within(300).acr("phr");
/// let _staff = Require::new().claim("tenant.kind", "school").or(Require::new().role("admin"));
/// ```
///
/// [`Auth::admit`](crate::Auth::admit) holds a request to one, and so do the adapters' `Only` and `require`.
/// Scopes, claims and roles are those of the login: what changes at the provider counts from the next one on,
/// scopes from the next renewal of the tokens on.
#[derive(Clone, PartialEq, Default)]
#[must_use]
pub struct Require(Option<Arc<Vec<All>>>);

/// What a type stands for, so that a handler's argument can say what its page wants.
///
/// ```
/// use codegrant_web::{Require, Rule};
///
/// struct Recent;
///
/// impl Rule for Recent {
///     fn require() -> Require {
///         Require::new().signed_in_within(300)
///     }
/// }
/// ```
///
/// A handler then takes `Only<Recent>` of its framework's adapter.
pub trait Rule: Send + Sync + 'static {
    /// Returns what is wanted, the same each time.
    fn require() -> Require;
}

/// One way in: all of it has to hold.
#[derive(Clone, PartialEq, Default)]
struct All {
    scopes: Vec<String>,
    claims: Vec<(Path, Value)>,
    roles: Vec<String>,
    /// Any of these would do.
    contexts: Vec<String>,
    within_seconds: Option<u32>,
}

/// What becomes of a session that is held to a requirement.
pub(crate) enum Judged {
    Met,
    /// Another sign-in at the provider would do.
    SignIn(StepUp),
    /// Nothing that the user can do would do.
    Forbidden(Forbidden),
}

/// What a session lacks: for the operator, and what a script may hear of it.
pub(crate) struct Forbidden {
    pub(crate) required: String,
    pub(crate) found: String,
    /// All scopes that are wanted, where nothing but a scope is lacking (RFC 6750 section 3.1).
    pub(crate) scope: Option<String>,
}

/// What is known of a session's sign-in beside what the session says.
#[derive(Clone, Copy)]
pub(crate) struct SignIn<'a> {
    /// Whether an ID token proved it.
    pub(crate) has_id_token: bool,
    /// Whether a login can ask for one of these contexts.
    pub(crate) may_ask_for: &'a dyn Fn(&[String]) -> bool,
    pub(crate) now: Timestamp,
}

impl Require {
    /// Wants a login, and nothing else yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Wants this scope to have been granted; of several words, each (RFC 6749 section 3.3).
    pub fn scope(self, scope: impl Into<String>) -> Self {
        let scope = scope.into();
        self.each(|all| {
            let words = scope.split_ascii_whitespace().map(str::to_owned);
            all.scopes.extend(words);
        })
    }

    /// Wants a claim to be this value, or a list that holds it: a text, a number, `true`.
    ///
    /// It is read where [`Claims::find`](crate::Claims::find) finds it: in the ID token, else in userinfo, and
    /// nowhere else. `a.b` reaches into objects, and `a ?? b` takes the first that is there. A renewal of the
    /// tokens does not change it.
    pub fn claim(self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        let (path, value) = (Path::from(path.into()), value.into());
        self.each(|all| all.claims.push((path.clone(), value.clone())))
    }

    /// Wants one of the [`Session::roles`] to be this one, to the letter.
    pub fn role(self, role: impl Into<String>) -> Self {
        let role = role.into();
        self.each(|all| all.roles.push(role.clone()))
    }

    /// Wants the user to have signed in at the provider no longer ago than this, in seconds.
    ///
    /// What counts is `auth_time` of the ID token, with a minute for clocks that differ (OpenID Connect Core 1.0
    /// section 2). Whoever signed in earlier, or when nobody says, is sent there again with `max_age`. A provider
    /// without ID tokens says nothing of the kind: there the login itself counts. Of several, the shortest holds.
    pub fn signed_in_within(self, seconds: u32) -> Self {
        self.each(|all| {
            let held = all.within_seconds.unwrap_or(u32::MAX);
            all.within_seconds = Some(held.min(seconds));
        })
    }

    /// Wants the sign-in to have met this authentication context: `acr` of the ID token, to the letter.
    ///
    /// Said several times, any of them will do. Whoever signed in otherwise is sent to the provider again with
    /// `acr_values`. Where there is no ID token, nobody has any.
    pub fn acr(self, context: impl Into<String>) -> Self {
        let context = context.into();
        self.each(|all| all.contexts.push(context.clone()))
    }

    /// Makes a second way in: the one or the other.
    ///
    /// What is chained after it has to hold either way. With [`Require::new`] alone on one side, a login will do.
    ///
    /// ```
    /// use codegrant_web::Require;
    /// let either = Require::new().role("editor").or(Require::new().role("admin"));
    /// let _both_signed_in_lately = either.signed_in_within(300);
    /// ```
    pub fn or(mut self, other: Self) -> Self {
        match (&mut self.0, other.0) {
            (Some(ways), Some(more)) => Arc::make_mut(ways).extend_from_slice(&more),
            _ => return Self::new(),
        }
        self
    }

    fn each(mut self, add: impl Fn(&mut All)) -> Self {
        let ways = self.0.get_or_insert_with(|| Arc::new(vec![All::default()]));
        Arc::make_mut(ways).iter_mut().for_each(add);
        self
    }

    /// Judges a session by all of it, before anybody is sent anywhere: who lacks a role signs in for nothing.
    pub(crate) fn judge(&self, session: &Session, sign_in: SignIn<'_>) -> Judged {
        let Some(ways) = &self.0 else {
            return Judged::Met;
        };
        let mut way_on = None;
        let mut refused: Vec<Forbidden> = Vec::new();
        for all in ways.iter() {
            match all.judge(session, sign_in) {
                Judged::Met => return Judged::Met,
                Judged::SignIn(step_up) => {
                    way_on.get_or_insert(step_up);
                }
                Judged::Forbidden(forbidden) => refused.push(forbidden),
            }
        }
        way_on.map_or_else(|| Judged::Forbidden(joined(refused)), Judged::SignIn)
    }
}

impl All {
    fn judge(&self, session: &Session, sign_in: SignIn<'_>) -> Judged {
        let identity = session.identity();
        let step_up = self.step_up();
        let at = session.started_at();
        let is_such = step_up.is_met_by_login(identity, sign_in.has_id_token, at, sign_in.now);
        let would_help = match sign_in.has_id_token {
            true => (sign_in.may_ask_for)(step_up.contexts()),
            // Nobody there says by which means.
            false => step_up.contexts().is_empty(),
        };
        let mut lacks = self.lacks(session);
        let scope_alone = lacks.iter().all(|lack| matches!(lack, Lack::Scope(_)));
        match (lacks.is_empty(), is_such, would_help) {
            (true, true, _) => return Judged::Met,
            (true, false, true) => return Judged::SignIn(step_up),
            (_, false, false) => lacks.push(Lack::SignIn(&step_up)),
            _ => {}
        }
        let helpless = matches!(lacks.last(), Some(Lack::SignIn(_)));
        Judged::Forbidden(Forbidden {
            required: list(lacks.iter().map(Lack::required), ", "),
            found: list(lacks.iter().map(|lack| lack.found(session)), ", "),
            scope: (scope_alone && !helpless).then(|| self.scopes.join(" ")),
        })
    }

    /// Lists what no sign-in would bring.
    fn lacks(&self, session: &Session) -> Vec<Lack<'_>> {
        let claims = &session.identity().claims;
        let scopes = self.scopes.iter();
        let scopes = scopes.filter(|scope| !session.scopes().contains(scope));
        let roles = self.roles.iter();
        let roles = roles.filter(|role| !session.roles().contains(role));
        let said = self.claims.iter();
        let unsaid = said.filter(|(path, value)| !claims.say(path, value));
        let unsaid = unsaid.map(|(path, value)| Lack::Claim(path, value));
        let lacks = scopes.map(|scope| Lack::Scope(scope));
        let lacks = lacks.chain(roles.map(|role| Lack::Role(role)));
        lacks.chain(unsaid).collect()
    }

    fn step_up(&self) -> StepUp {
        let step_up = StepUp::new().acr_values(self.contexts.iter().cloned());
        match self.within_seconds {
            Some(seconds) => step_up.max_age(seconds),
            None => step_up,
        }
    }
}

/// One thing that a session does not have.
enum Lack<'a> {
    Scope(&'a str),
    Role(&'a str),
    Claim(&'a Path, &'a Value),
    SignIn(&'a StepUp),
}

impl Lack<'_> {
    fn required(&self) -> String {
        match self {
            Self::Scope(scope) => format!("scope {scope}"),
            Self::Role(role) => format!("role {role}"),
            Self::Claim(path, value) => format!("claim {path} = {value}"),
            Self::SignIn(step_up) => format!("acr {}", step_up.contexts().join(" or ")),
        }
    }

    fn found(&self, session: &Session) -> String {
        let claims = &session.identity().claims;
        let text =
            |value: Option<&Value>| value.map_or_else(|| "none".to_owned(), Value::to_string);
        match self {
            Self::Scope(_) => format!("scopes [{}]", session.scopes().join(" ")),
            Self::Role(_) => format!("roles [{}]", session.roles().join(" ")),
            Self::Claim(path, _) => format!("{path} {}", text(claims.find(path))),
            Self::SignIn(_) => format!("acr {}", text(claims.id_token().get("acr"))),
        }
    }
}

fn joined(refused: Vec<Forbidden>) -> Forbidden {
    let scope = match refused.as_slice() {
        [only] => only.scope.clone(),
        _ => None,
    };
    Forbidden {
        required: list(refused.iter().map(|one| one.required.clone()), " or "),
        found: list(refused.iter().map(|one| one.found.clone()), ", "),
        scope,
    }
}

/// Joins texts, each once.
fn list(texts: impl Iterator<Item = String>, between: &str) -> String {
    let mut listed: Vec<String> = Vec::new();
    for text in texts {
        if !listed.contains(&text) {
            listed.push(text);
        }
    }
    listed.join(between)
}

impl fmt::Debug for All {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claims = self.claims.iter();
        let claims = claims.map(|(path, value)| Lack::Claim(path, value));
        let scopes = self.scopes.iter().map(|scope| Lack::Scope(scope));
        let roles = self.roles.iter().map(|role| Lack::Role(role));
        let mut parts: Vec<String> = scopes
            .chain(roles)
            .chain(claims)
            .map(|lack| lack.required())
            .collect();
        if let Some(seconds) = self.within_seconds {
            parts.push(format!("signed in within {seconds} s"));
        }
        if !self.contexts.is_empty() {
            parts.push(format!("acr {}", self.contexts.join(" or ")));
        }
        f.write_str(&parts.join(", "))
    }
}

impl fmt::Debug for Require {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Require(")?;
        for (at, all) in self.0.iter().flat_map(|ways| ways.iter()).enumerate() {
            f.write_str(if at == 0 { "" } else { " or " })?;
            all.fmt(f)?;
        }
        f.write_str(")")
    }
}
