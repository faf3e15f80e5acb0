//! The parameters of one authorization request, in the three forms in which they travel: a query, a form, and
//! the claims of a request object.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// The one parameter that may stand more than once (RFC 8707 section 2).
const REPEATABLE: &str = "resource";

/// Parameters in the order in which they are sent, each with its value as a request object has it.
#[derive(Default)]
pub(super) struct Parameters(Vec<(Cow<'static, str>, Value)>);

impl Parameters {
    /// Makes room for as many as a login has as a rule.
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(16))
    }

    /// Adds a parameter behind the others.
    pub(super) fn add(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }

    /// Adds a parameter in place of others of that name.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.retain(|(held, _)| held != name);
        self.add(name, value);
    }

    /// Adds a parameter in place of others, where there is a value.
    pub(super) fn set_some(&mut self, name: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Adds words, separated by spaces as OpenID Connect has its lists, where there are any.
    pub(super) fn set_words(&mut self, name: &'static str, words: &[String]) {
        self.set_some(name, (!words.is_empty()).then(|| words.join(" ")));
    }

    /// Finds a parameter that stands twice, or that the endpoint's own query has already (RFC 6749
    /// section 3.1 forbids it).
    pub(super) fn repeated<'a>(&'a self, own: &'a [String]) -> Option<&'a str> {
        let mut seen: Vec<&str> = Vec::with_capacity(own.len() + self.0.len());
        let own = own.iter().map(String::as_str);
        own.chain(self.0.iter().map(|(name, _)| name.as_ref()))
            .find(|name| {
                let again = seen.contains(name) && *name != REPEATABLE;
                seen.push(name);
                again
            })
    }

    /// Returns the parameters as texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&Cow<'static, str>, Cow<'_, str>)> {
        self.0.iter().map(|(name, value)| (name, text(value)))
    }

    /// Returns the parameters as the claims of a request object (RFC 9101 section 4).
    pub(super) fn claims(&self) -> Map<String, Value> {
        let mut claims: Map<String, Value> = Map::new();
        for (name, value) in &self.0 {
            match claims.get_mut(name.as_ref()) {
                None => {
                    claims.insert(name.to_string(), value.clone());
                }
                Some(Value::Array(held)) if name == REPEATABLE => held.push(value.clone()),
                Some(held) => *held = Value::Array(vec![held.take(), value.clone()]),
            }
        }
        claims
    }

    /// Keeps those that have to stand in the query beside a request object as well (OpenID Connect Core 1.0
    /// section 6.1).
    pub(super) fn beside_object(mut self) -> Self {
        self.0.retain(|(name, value)| match name.as_ref() {
            "client_id" | "response_type" => true,
            "scope" => text(value).split(' ').any(|scope| scope == "openid"),
            _ => false,
        });
        self
    }

    /// Keeps only who asks.
    pub(super) fn client_alone(mut self) -> Self {
        self.0.retain(|(name, _)| name == "client_id");
        self
    }
}

fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}
