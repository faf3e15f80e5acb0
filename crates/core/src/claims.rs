//! What was said about an account: kept as it was written, and read when somebody asks.

use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// What was said about the account, by where it was said: the two never mix.
///
/// A session is opened at every request, and most requests ask for none of this: the texts are read at the first
/// question, once.
///
/// ```
/// use codegrant_core::Claims;
/// let claims: Claims = serde_json::from_str(r#"{"id_token": {"hd": "corp.example"}, "userinfo": {"team": 7}}"#)?;
/// assert_eq!(claims.id_token()["hd"], "corp.example");
/// assert_eq!(claims.userinfo().get("hd"), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Claims {
    #[serde(default, skip_serializing_if = "Said::is_empty")]
    id_token: Said,
    #[serde(default, skip_serializing_if = "Said::is_empty")]
    userinfo: Said,
}

impl Claims {
    /// Takes what each source said, without the claims whose names are `dropped`.
    pub(crate) fn without(
        dropped: fn(&str) -> bool,
        id_token: &Map<String, Value>,
        userinfo: &Map<String, Value>,
    ) -> Self {
        let said = |claims| Said::of(&Kept { claims, dropped });
        Self {
            id_token: said(id_token),
            userinfo: said(userinfo),
        }
    }

    /// Takes the texts that [`Claims::as_json`] gave, for whoever keeps an [`Identity`](crate::Identity) in a form of
    /// its own.
    ///
    /// They are not read before somebody asks, so they come from where nobody else writes. `None` for what is no
    /// object by its first and last sign; a text that turns out later to be none says nothing at all.
    pub fn from_json(id_token: &str, userinfo: &str) -> Option<Self> {
        Some(Self {
            id_token: Said::written(id_token)?,
            userinfo: Said::written(userinfo)?,
        })
    }

    /// Returns what the ID token and the userinfo endpoint said as JSON objects, each empty where it said nothing.
    pub fn as_json(&self) -> (&str, &str) {
        (&self.id_token.text, &self.userinfo.text)
    }

    /// Returns the claims of the ID token, signed by the issuer; without what only the protocol needs.
    pub fn id_token(&self) -> &Map<String, Value> {
        self.id_token.members()
    }

    /// Returns the claims from the userinfo endpoint.
    pub fn userinfo(&self) -> &Map<String, Value> {
        self.userinfo.members()
    }
}

/// The claims of one source.
#[derive(Clone, Default)]
struct Said {
    /// As JSON; empty where nothing was said.
    text: Box<str>,
    read: OnceLock<Map<String, Value>>,
}

impl Said {
    fn of(claims: &Kept<'_>) -> Self {
        if claims.iter().next().is_none() {
            return Self::default();
        }
        let text = serde_json::to_string(claims).expect("an object of JSON values");
        Self {
            text: text.into(),
            read: OnceLock::new(),
        }
    }

    fn read(claims: Map<String, Value>) -> Self {
        let dropped = |_: &str| false;
        let all = Kept {
            claims: &claims,
            dropped,
        };
        let Self { text, .. } = Self::of(&all);
        Self {
            text,
            read: OnceLock::from(claims),
        }
    }

    fn written(text: &str) -> Option<Self> {
        let is_object = text.starts_with('{') && text.ends_with('}');
        (text.is_empty() || is_object).then(|| Self {
            text: text.into(),
            read: OnceLock::new(),
        })
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn members(&self) -> &Map<String, Value> {
        let read = || serde_json::from_str(&self.text).unwrap_or_default();
        self.read.get_or_init(read)
    }
}

/// Claims on their way into a text: only what stays is written, and nothing is copied before.
struct Kept<'a> {
    claims: &'a Map<String, Value>,
    dropped: fn(&str) -> bool,
}

impl Kept<'_> {
    fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        let dropped = self.dropped;
        let stays = move |(name, _): &(&String, &Value)| !dropped(name);
        self.claims.iter().filter(stays)
    }
}

impl Serialize for Kept<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl PartialEq for Said {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text || self.members() == other.members()
    }
}

impl Serialize for Said {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::read)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(id_token: Value, userinfo: Value) -> Claims {
        serde_json::from_value(json!({"id_token": id_token, "userinfo": userinfo})).unwrap()
    }

    #[test]
    fn what_was_written_is_read_when_it_is_asked_for() {
        let said = claims(json!({"a": [1, {"b": "ü\"\\"}]}), json!({"c": null}));
        let (id_token, userinfo) = said.as_json();
        let again = Claims::from_json(id_token, userinfo).unwrap();
        assert!(again.id_token.read.get().is_none(), "nobody asked yet");
        assert_eq!(again.id_token(), said.id_token());
        assert_eq!(again.userinfo(), said.userinfo());
        assert!(again == said);
        assert!(again != claims(json!({"a": 1}), json!({"c": null})));
        assert!(again != claims(json!({"c": null}), json!({"a": [1, {"b": "ü\"\\"}]})));
    }

    #[test]
    fn nothing_said_is_nothing_written() {
        assert_eq!(Claims::default().as_json(), ("", ""));
        assert_eq!(claims(json!({}), json!({})).as_json(), ("", ""));
        assert_eq!(serde_json::to_value(Claims::default()).unwrap(), json!({}));
        let none = Claims::from_json("", "").unwrap();
        assert!(none.id_token().is_empty() && none.userinfo().is_empty());
        assert!(none == Claims::default());
    }

    #[test]
    fn a_damaged_text_says_nothing() {
        for text in ["[]", "null", "x", "{", "}", " {}", "{\"a\":1", "\"a\":1}"] {
            assert!(Claims::from_json(text, "").is_none(), "{text}");
            assert!(Claims::from_json("", text).is_none(), "{text}");
        }
        for text in [
            "{a}",
            "{}{}",
            "{\"a\":1}}",
            "{\"admin\":true,}",
            "{\"a\":\"\u{0}\"}",
        ] {
            let damaged = Claims::from_json(text, text).unwrap();
            assert!(damaged.id_token().is_empty(), "{text}");
            assert!(damaged.userinfo().is_empty(), "{text}");
        }
    }
}
