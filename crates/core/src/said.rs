//! Reading claims: what was said about an account, found by a path and compared.

use serde_json::Value;

use crate::claims::Claims;
use crate::provider::Path;

/// The most names that one claim may list, and the longest of them, in bytes.
const NAMES: usize = 200;
const LONGEST: usize = 256;

impl Claims {
    /// Finds a claim by its path; the ID token's counts before userinfo's.
    ///
    /// `realm_access.roles` reaches into objects, and a name that has dots in itself, such as
    /// `https://app.example/roles`, is found as it stands. What other issuers say (OpenID Connect Core 1.0
    /// section 5.6.2) is in neither source and cannot be found.
    ///
    /// ```
    /// use codegrant_core::{Claims, provider::Path};
    /// let claims: Claims = serde_json::from_str(r#"{
    ///     "id_token": {"realm_access": {"roles": ["editor"]}, "tenant.kind": "school"},
    ///     "userinfo": {"realm_access": {"roles": ["admin"]}, "phone_number_verified": true}
    /// }"#)?;
    /// assert_eq!(claims.find(&Path::new("tenant.kind")), Some(&"school".into()));
    /// assert!(claims.say(&Path::new("phone_number_verified"), &true.into()));
    /// assert!(claims.say(&Path::new("realm_access.roles"), &"editor".into()));
    /// assert!(!claims.say(&Path::new("realm_access.roles"), &"admin".into()));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn find(&self, path: &Path) -> Option<&Value> {
        path.find(self.id_token())
            .or_else(|| path.find(self.userinfo()))
    }

    /// Tells whether a claim is this value, or a list that holds it.
    ///
    /// Values are compared as they are: `"true"` is not `true`, and `1` is not `"1"`.
    pub fn say(&self, path: &Path, wanted: &Value) -> bool {
        match self.find(path) {
            Some(Value::Array(list)) if !wanted.is_array() => list.contains(wanted),
            Some(value) => value == wanted,
            None => false,
        }
    }

    /// Lists the names in a claim: a list of texts, one text, or an object whose members are the names.
    ///
    /// A member that is `false` or `null` names nothing. What is no text, empty, longer than 256 bytes or holds
    /// control characters is left out, and so is what comes after the first 200.
    ///
    /// ```
    /// use codegrant_core::{Claims, provider::Path};
    /// let claims: Claims = serde_json::from_str(r#"{"id_token": {"groups": ["staff", 7, "editors", "staff"]}}"#)?;
    /// assert_eq!(claims.names(&Path::new("groups")), ["staff", "editors"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn names(&self, path: &Path) -> Vec<&str> {
        let listed: Vec<&str> = match self.find(path) {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            Some(Value::Object(members)) => members
                .iter()
                .filter(|(_, value)| !matches!(value, Value::Null | Value::Bool(false)))
                .map(|(name, _)| name.as_str())
                .collect(),
            _ => Vec::new(),
        };
        let mut names = Vec::new();
        for name in listed.into_iter().take(NAMES) {
            let sound = (1..=LONGEST).contains(&name.len()) && !name.contains(char::is_control);
            if sound && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(id_token: Value, userinfo: Value) -> Claims {
        serde_json::from_value(json!({"id_token": id_token, "userinfo": userinfo})).unwrap()
    }

    fn found(claims: &Claims, path: &'static str) -> Option<Value> {
        claims.find(&Path::new(path)).cloned()
    }

    #[test]
    fn a_claim_is_found_by_its_path_and_by_its_whole_name() {
        let said = claims(
            json!({
                "a": {"b": {"c": 1}, "b.c": 2},
                "https://app.example/roles": ["x"],
                "resource_access": {"my.client": {"roles": ["y"]}},
                "nothing": null,
            }),
            json!({"b": 3, "nothing": 4}),
        );
        assert_eq!(
            found(&said, "a.b.c"),
            Some(json!(2)),
            "the longer name first"
        );
        assert_eq!(found(&said, "b"), Some(json!(3)));
        assert_eq!(
            found(&said, "https://app.example/roles"),
            Some(json!(["x"]))
        );
        let nested = found(&said, "resource_access.my.client.roles");
        assert_eq!(nested, Some(json!(["y"])));
        assert_eq!(found(&said, "missing ?? b"), Some(json!(3)));
        assert_eq!(
            found(&said, "nothing"),
            Some(json!(4)),
            "null says nothing at all"
        );
        for missing in ["", ".", "a.", ".a", "a.x", "a.b.c.d", "A", "a..b"] {
            assert_eq!(found(&said, missing), None, "{missing:?}");
        }
    }

    #[test]
    fn values_are_equal_or_listed_and_never_alike() {
        let said = claims(
            json!({"list": ["a", 1, true], "text": "a b", "yes": true, "word": "true", "empty": []}),
            json!({"list": ["z"]}),
        );
        let says = |path, wanted: Value| said.say(&Path::new(path), &wanted);
        assert!(says("list", json!("a")) && says("list", json!(1)) && says("list", json!(true)));
        assert!(says("list", json!(["a", 1, true])));
        assert!(says("yes", json!(true)) && says("text", json!("a b")));
        assert!(!says("list", json!("z")), "the other source is not asked");
        assert!(!says("list", json!("1")) && !says("list", json!("A")));
        assert!(!says("text", json!("a")) && !says("text", json!("")));
        assert!(
            !says("word", json!(true)) && !says("yes", json!("true")) && !says("yes", json!(1))
        );
        assert!(!says("empty", json!("")) && !says("missing", json!(null)));
    }

    #[test]
    fn names_are_texts_and_not_without_end() {
        let many: Vec<String> = (0..NAMES + 5).map(|n| n.to_string()).collect();
        let said = claims(
            json!({
                "one": "admin",
                "object": {"admin": {"1": "x"}, "off": false, "none": null, "on": true},
                "mixed": ["", "ok", 1, null, ["in"], {"of": 1}, "a\nb", "x".repeat(LONGEST + 1)],
                "many": many,
                "number": 7,
            }),
            json!({}),
        );
        let names = |path| said.names(&Path::new(path));
        assert_eq!(names("one"), ["admin"]);
        assert_eq!(names("object"), ["admin", "on"]);
        assert_eq!(names("mixed"), ["ok"]);
        assert_eq!(names("many").len(), NAMES);
        assert!(names("number").is_empty() && names("missing").is_empty());
    }
}
