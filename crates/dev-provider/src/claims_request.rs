//! Claims that a client asks for one by one, and how strongly somebody has to be authenticated (OpenID
//! Connect Core 1.0 sections 5.5 and 3.1.2.1).

use serde_json::{Map, Value};

use codegrant_core::jose::json;

/// What the parameter `claims` says.
#[derive(Clone, Default)]
pub(crate) struct ClaimsRequest {
    userinfo: Map<String, Value>,
    id_token: Map<String, Value>,
}

/// Where a claim is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Userinfo,
    IdToken,
}

impl ClaimsRequest {
    /// Reads the parameter; `None` where it is no JSON object of objects.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut members = json::object(text.as_bytes()).ok()?;
        let mut part = |name: &str| match members.remove(name) {
            None | Some(Value::Null) => Some(Map::new()),
            Some(Value::Object(wanted)) => Some(wanted),
            Some(_) => None,
        };
        Some(Self {
            userinfo: part("userinfo")?,
            id_token: part("id_token")?,
        })
    }

    /// Tells whether a claim is wanted there.
    pub(crate) fn wants(&self, place: Place, claim: &str) -> bool {
        self.at(place).contains_key(claim)
    }

    /// Returns the values of which a claim must be one; empty when any will do.
    fn values(&self, place: Place, claim: &str) -> Vec<String> {
        let Some(wish) = self.at(place).get(claim) else {
            return Vec::new();
        };
        let list = wish.get("values").and_then(Value::as_array);
        let one = wish.get("value");
        let all = list.into_iter().flatten().chain(one);
        all.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn is_essential(&self, place: Place, claim: &str) -> bool {
        let wish = self.at(place).get(claim);
        wish.and_then(|wish| wish.get("essential")) == Some(&Value::Bool(true))
    }

    /// Returns the one subject that will do, if the client names one (section 5.5.1).
    pub(crate) fn subject(&self) -> Option<String> {
        self.values(Place::IdToken, "sub").into_iter().next()
    }

    fn at(&self, place: Place) -> &Map<String, Value> {
        match place {
            Place::Userinfo => &self.userinfo,
            Place::IdToken => &self.id_token,
        }
    }
}

/// The authentication contexts that a client would take, best first.
#[derive(Clone, Default)]
pub(crate) struct Contexts {
    values: Vec<String>,
    /// Whether nothing else will do (section 5.5.1.1).
    essential: bool,
}

impl Contexts {
    /// Reads `acr_values` and the claim `acr`, which goes first where both are there.
    pub(crate) fn of(acr_values: Option<&str>, claims: &ClaimsRequest) -> Self {
        let mut values = claims.values(Place::IdToken, "acr");
        let plain = acr_values.unwrap_or_default().split_ascii_whitespace();
        values.extend(plain.map(str::to_owned));
        Self {
            essential: !values.is_empty() && claims.is_essential(Place::IdToken, "acr"),
            values,
        }
    }

    /// Picks the first that the provider has; every one when it lists none.
    pub(crate) fn choose(&self, supported: &[String]) -> Option<&str> {
        let mut values = self.values.iter();
        let found = values.find(|value| supported.is_empty() || supported.contains(value));
        found.map(String::as_str)
    }

    /// Tells whether somebody who was authenticated like this need not be asked again.
    pub(crate) fn accept(&self, context: Option<&str>) -> bool {
        self.values.is_empty()
            || self
                .values
                .iter()
                .any(|value| Some(value.as_str()) == context)
    }

    pub(crate) fn are_essential(&self) -> bool {
        self.essential
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claims_parameter_is_an_object_of_objects() {
        for text in [
            "",
            "[]",
            "{\"userinfo\":[]}",
            "{\"id_token\":7}",
            "{\"a\":1,\"a\":2}",
        ] {
            assert!(ClaimsRequest::parse(text).is_none(), "{text}");
        }
        let asked = r#"{"userinfo":{"email":null},"id_token":{"acr":{"essential":true,"values":["a","b"]},"sub":{"value":"ada"}}}"#;
        let asked = ClaimsRequest::parse(asked).unwrap();
        assert!(asked.wants(Place::Userinfo, "email") && !asked.wants(Place::IdToken, "email"));
        assert_eq!(asked.subject().as_deref(), Some("ada"));
        let contexts = Contexts::of(Some("c"), &asked);
        assert!(contexts.are_essential());
        assert_eq!(contexts.choose(&[]), Some("a"));
        assert_eq!(contexts.choose(&["c".to_owned()]), Some("c"));
        assert!(contexts.accept(Some("b")) && !contexts.accept(None));
    }

    #[test]
    fn without_a_wish_any_context_will_do() {
        let contexts = Contexts::of(None, &ClaimsRequest::default());
        assert!(contexts.accept(None) && !contexts.are_essential());
        assert_eq!(contexts.choose(&[]), None);
    }
}
