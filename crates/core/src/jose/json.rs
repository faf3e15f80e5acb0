//! Strict JSON: what two parsers could read differently is refused.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use super::error::JsonError;
use crate::error::Quoted;

/// How deeply arrays and objects may be nested.
const MAX_DEPTH: usize = 32;

/// The start of the names under which `serde_json` passes numbers and raw values through serde.
const RESERVED: &str = "$serde_json::private::";

/// Parses a JSON text in which no object has the same member twice.
///
/// Names are compared after unescaping, at every depth (RFC 8259 section 4 leaves duplicates to the
/// parser; RFC 7515 section 4 and RFC 7519 section 4 let a strict one refuse them). Refuses text
/// after the value, more than 32 levels of nesting and what is not UTF-8. The caller bounds the length.
///
/// The result is the same whichever of `serde_json`'s features the application turns on.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError::NotUtf8 {
        offset: error.valid_up_to(),
    })?;
    let broken = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Strict {
        levels: MAX_DEPTH,
        broken: &broken,
    }
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value))
    .map_err(|error| {
        // serde's error may quote the text; only its position goes on.
        let (line, column) = (error.line(), error.column());
        broken.take().unwrap_or(JsonError::Syntax { line, column })
    })
}

/// Parses a JSON text that is an object, as strictly as [`parse`].
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    match parse(bytes)? {
        Value::Object(members) => Ok(members),
        _ => Err(JsonError::NotAnObject),
    }
}

/// Reads one value that may hold `levels` more levels of nesting.
#[derive(Clone, Copy)]
struct Strict<'a> {
    levels: usize,
    /// The rule that was broken, which serde's own error type could only carry as text.
    broken: &'a Cell<Option<JsonError>>,
}

impl Strict<'_> {
    fn refuse<E: de::Error>(&self, rule: JsonError) -> E {
        self.broken.set(Some(rule));
        E::custom("refused")
    }

    fn inner<E: de::Error>(self) -> Result<Self, E> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(Self { levels, ..self }),
            None => Err(self.refuse(JsonError::TooDeep { limit: MAX_DEPTH })),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = elements.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let mut name = members.next_key::<String>()?;
        if name
            .as_deref()
            .is_some_and(|name| name.starts_with(RESERVED))
        {
            return match members.next_value_seed(PrivateNumber) {
                Ok(number) => {
                    let number = number.ok_or_else(|| de::Error::custom("out of range"))?;
                    Ok(Value::Number(number))
                }
                Err(_) => Err(self.refuse(JsonError::ReservedMember)),
            };
        }
        let inner = self.inner()?;
        while let Some(member) = name {
            if member.starts_with(RESERVED) {
                return Err(self.refuse(JsonError::ReservedMember));
            }
            match map.entry(member) {
                Entry::Vacant(free) => free.insert(members.next_value_seed(inner)?),
                Entry::Occupied(held) => {
                    let name = Quoted::new(held.key());
                    return Err(self.refuse(JsonError::DuplicateMember { name }));
                }
            };
            name = members.next_key()?;
        }
        Ok(Value::Object(map))
    }
}

/// Reads the number inside the object that stands for it under `serde_json/arbitrary_precision`.
///
/// That feature may be on in an application's build without anybody here knowing. The library passes
/// a number on as an owned string, and a string of the text as a borrowed one: so an object of the
/// text that imitates a number is recognised and refused.
///
/// `None` if it is one that an application without the feature would not read, such as `1e999`.
struct PrivateNumber;

impl<'de> DeserializeSeed<'de> for PrivateNumber {
    type Value = Option<Number>;

    fn deserialize<D: de::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for PrivateNumber {
    type Value = Option<Number>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_string<E>(self, digits: String) -> Result<Self::Value, E> {
        let number: Option<Number> = digits.parse().ok();
        Ok(number.filter(|number| number.as_f64().is_some()))
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::custom("imitates a number"))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, MapDeserializer};
    use serde_json::json;

    use super::*;

    #[test]
    fn any_value_is_read_as_it_stands() {
        let text =
            r#" {"a":[1,-2,3.5,1e3,null,true,"x\u00e9\n"],"b":{"a":{}},"":18446744073709551615} "#;
        assert_eq!(
            parse(text.as_bytes()),
            Ok(serde_json::from_str(text).unwrap())
        );
    }

    // attack: JW-39
    #[test]
    fn a_name_that_stands_twice_is_refused_at_every_depth() {
        for text in [
            r#"{"sub":"a","sub":"victim"}"#,
            r#"{"sub":"a","sub":"a"}"#,
            r#"{"a":[{"b":{"sub":1,"c":2,"sub":3}}]}"#,
            r#"[[{"sub":{},"sub":[]}]]"#,
        ] {
            let name = Quoted::new("sub");
            assert_eq!(
                parse(text.as_bytes()),
                Err(JsonError::DuplicateMember { name }),
                "{text}"
            );
        }
        assert!(parse(br#"[{"sub":1},{"sub":1}]"#).is_ok());
        assert!(parse(br#"{"sub":1,"Sub":1}"#).is_ok());
    }

    // attack: JW-40
    #[test]
    fn an_escaped_name_is_the_same_name() {
        for text in [
            r#"{"sub":"a","s\u0075b":"victim"}"#,
            r#"{"\u0073\u0075\u0062":"a","sub":"victim"}"#,
            "{\"\\u00e9\":1,\"\u{e9}\":2}",
            r#"{"\/":1,"/":2}"#,
        ] {
            assert!(matches!(
                parse(text.as_bytes()),
                Err(JsonError::DuplicateMember { .. })
            ));
        }
    }

    #[test]
    fn what_is_not_one_value_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "{}{}",
            "{} x",
            "[1,]",
            "{\"a\":1,}",
            "{'a':1}",
            "{a:1}",
            "nan",
            "01",
            "+1",
            "1e999",
            "-1e999",
            "\"\\ud800\"",
            "\"\n\"",
            "// c\n{}",
            "\u{feff}{}",
            "tru",
            "\0",
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(
                matches!(error, JsonError::Syntax { .. }),
                "{text:?} gives {error:?}"
            );
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        assert_eq!(
            parse(b"{\"a\":\"\xff\"}"),
            Err(JsonError::NotUtf8 { offset: 6 })
        );
        assert_eq!(parse(b"\xff\xfe{}"), Err(JsonError::NotUtf8 { offset: 0 }));
    }

    #[test]
    fn nesting_ends_at_32_levels() {
        let nested = |levels| "[".repeat(levels) + "0" + &"]".repeat(levels);
        let objects = |levels| "{\"a\":".repeat(levels) + "0" + &"}".repeat(levels);
        assert!(parse(nested(32).as_bytes()).is_ok());
        assert!(parse(objects(32).as_bytes()).is_ok());
        assert_eq!(
            parse(nested(33).as_bytes()),
            Err(JsonError::TooDeep { limit: 32 })
        );
        assert_eq!(
            parse(objects(33).as_bytes()),
            Err(JsonError::TooDeep { limit: 32 })
        );
        assert_eq!(
            parse("[".repeat(1_000_000).as_bytes()),
            Err(JsonError::TooDeep { limit: 32 })
        );
    }

    #[test]
    fn only_an_object_is_an_object() {
        for text in ["[]", "\"{}\"", "1", "null"] {
            assert_eq!(object(text.as_bytes()), Err(JsonError::NotAnObject));
        }
        assert_eq!(object(b"{\"a\":1}").unwrap()["a"], 1);
    }

    #[test]
    fn an_error_shows_no_value_of_the_text() {
        let hostile = "\u{1b}[2J\r\n".to_owned() + &"x".repeat(500);
        let name = serde_json::to_string(&hostile).unwrap();
        for text in [
            "{\"access_token\":\"hunter2\",".to_owned(),
            "{\"a\":\"hunter2\",\"a\":\"hunter2\"}".to_owned(),
            format!("{{{name}:\"hunter2\",{name}:\"hunter2\"}}"),
            "{\"$serde_json::private::Number\":\"hunter2\"}".to_owned(),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2") && shown.len() < 2500, "{shown}");
            assert!(
                shown.chars().all(|c| c.is_ascii_graphic() || c == ' '),
                "{shown}"
            );
        }
    }

    // With serde_json/arbitrary_precision, an application's build hands numbers over like this.
    #[test]
    fn a_number_of_arbitrary_precision_is_read_as_a_number() {
        let read = |digits: &str| {
            let pair = ("$serde_json::private::Number", digits.to_owned());
            let broken = Cell::new(None);
            Strict {
                levels: 0,
                broken: &broken,
            }
            .deserialize(MapDeserializer::<_, Error>::new(std::iter::once(pair)))
        };
        assert_eq!(read("1300819380"), Ok(json!(1_300_819_380)));
        assert_eq!(read("-1.5"), Ok(json!(-1.5)));
        assert!(read("1e999").is_err());
        assert!(read("1 ").is_err());
        assert!(read("{}").is_err());
    }

    #[test]
    fn an_object_that_imitates_a_number_is_refused() {
        for text in [
            r#"{"exp":{"$serde_json::private::Number":"9999999999"}}"#,
            r#"{"exp":{"\u0024serde_json::private::Number":"9999999999"}}"#,
            r#"{"exp":{"$serde_json::private::Number":"\u0039"}}"#,
            r#"{"exp":{"$serde_json::private::Number":9}}"#,
            r#"{"exp":{"$serde_json::private::Number":{"a":1}}}"#,
            r#"{"exp":{"$serde_json::private::RawValue":"9"}}"#,
            r#"{"exp":{"a":1,"$serde_json::private::Number":"9"}}"#,
        ] {
            assert_eq!(
                parse(text.as_bytes()),
                Err(JsonError::ReservedMember),
                "{text}"
            );
        }
    }
}
