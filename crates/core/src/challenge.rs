//! What a server says to a request that it turns away: `WWW-Authenticate` (RFC 9110 section 11.6.1), read
//! strictly, because any API may have written it.

use crate::http::HttpResponse;

/// The longest value that is read, in bytes, all fields of a response together.
const LONGEST: usize = 8 * 1024;

/// The most challenges of one response, and the most parameters of one challenge.
const CHALLENGES: usize = 8;
const PARAMETERS: usize = 16;

/// One challenge: a scheme and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Reads the challenges of a response with status 401.
    ///
    /// A field that breaks the grammar anywhere says nothing at all: whoever can put half a challenge into
    /// it shall not choose how it is read.
    pub(crate) fn all(response: &HttpResponse) -> Vec<Self> {
        if response.status != 401 {
            return Vec::new();
        }
        let fields = response
            .headers
            .iter()
            .filter(|(name, _)| name == "www-authenticate");
        let fields: Vec<&str> = fields.map(|(_, value)| value.as_str()).collect();
        if fields.iter().map(|field| field.len()).sum::<usize>() > LONGEST {
            return Vec::new();
        }
        let read = fields.into_iter().filter_map(parse);
        let mut challenges: Vec<Self> = read.flatten().collect();
        challenges.truncate(CHALLENGES);
        challenges
    }

    /// Tells whether the scheme is this one, whatever its case (RFC 9110 section 11.1).
    pub(crate) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// Returns a parameter, named in lower case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(held, _)| held == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Reads a list of challenges; `None` when the grammar is broken.
fn parse(field: &str) -> Option<Vec<Challenge>> {
    let mut challenges: Vec<Challenge> = Vec::new();
    // Whether parameters may follow: not after a token68.
    let mut takes_parameters = false;
    let mut rest = field;
    loop {
        rest = spaces(rest);
        // Empty elements of a list mean nothing (RFC 9110 section 5.6.1).
        if let Some(after) = rest.strip_prefix(',') {
            rest = after;
            continue;
        }
        if rest.is_empty() {
            return Some(challenges);
        }
        let (word, after) = token(rest)?;
        let last = challenges.last_mut().filter(|_| takes_parameters);
        if let (Some(challenge), Some((value, after))) = (last, value(after)) {
            challenge.add(word, value)?;
            rest = separator(after)?;
            continue;
        }
        if challenges.len() == CHALLENGES {
            return None;
        }
        let mut challenge = Challenge {
            scheme: word.to_owned(),
            parameters: Vec::new(),
        };
        let inner = spaces(after);
        let set_off = inner.len() < after.len();
        takes_parameters = true;
        rest = match first_parameter(inner) {
            _ if inner.is_empty() || inner.starts_with(',') => inner,
            Some((name, value, after)) if set_off => {
                challenge.add(name, value)?;
                separator(after)?
            }
            _ => {
                takes_parameters = false;
                let after = token68(inner).filter(|_| set_off)?;
                separator(after)?
            }
        };
        challenges.push(challenge);
    }
}

impl Challenge {
    /// Adds a parameter; a name that stands twice breaks the grammar (RFC 9110 section 11.2).
    fn add(&mut self, name: &str, value: String) -> Option<()> {
        let name = name.to_ascii_lowercase();
        if self.parameters.len() == PARAMETERS || self.parameter(&name).is_some() {
            return None;
        }
        self.parameters.push((name, value));
        Some(())
    }
}

fn first_parameter(text: &str) -> Option<(&str, String, &str)> {
    let (name, after) = token(text)?;
    let (value, after) = value(after)?;
    Some((name, value, after))
}

/// Reads `=` and a value, a token or a quoted string.
fn value(text: &str) -> Option<(String, &str)> {
    let text = spaces(spaces(text).strip_prefix('=')?);
    match text.strip_prefix('"') {
        Some(quoted) => quoted_string(quoted),
        None => token(text).map(|(value, after)| (value.to_owned(), after)),
    }
}

/// Reads a quoted string after its first quote (RFC 9110 section 5.6.4): visible ASCII and spaces.
fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match characters.next()? {
                (_, escaped @ (' '..='~' | '\t')) => value.push(escaped),
                _ => return None,
            },
            ' '..='~' | '\t' => value.push(character),
            _ => return None,
        }
    }
    None
}

/// Reads past a token68 (RFC 9110 section 11.2), of which nothing is kept.
fn token68(text: &str) -> Option<&str> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    let length = text.bytes().take_while(|byte| is_part(byte)).count();
    let after = text.get(length..)?.trim_start_matches('=');
    (length > 0).then_some(after)
}

fn token(text: &str) -> Option<(&str, &str)> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let length = text.bytes().take_while(|byte| is_part(byte)).count();
    (length > 0).then(|| text.split_at(length))
}

/// Passes over what may stand between two elements, and refuses anything else.
fn separator(text: &str) -> Option<&str> {
    let text = spaces(text);
    (text.is_empty() || text.starts_with(',')).then_some(text)
}

fn spaces(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&str]) -> Vec<Challenge> {
        let response = fields
            .iter()
            .fold(HttpResponse::new(401), |response, field| {
                response.with_header("WWW-Authenticate", *field)
            });
        Challenge::all(&response)
    }

    fn challenge(scheme: &str, parameters: &[(&str, &str)]) -> Challenge {
        let owned = parameters.iter();
        let owned = owned.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Challenge {
            scheme: scheme.to_owned(),
            parameters: owned.collect(),
        }
    }

    #[test]
    fn the_examples_of_the_rfcs_are_read() {
        // RFC 9110 section 11.6.1.
        let field =
            r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#;
        let expected = [
            challenge("Basic", &[("realm", "simple")]),
            challenge(
                "Newauth",
                &[
                    ("realm", "apps"),
                    ("type", "1"),
                    ("title", "Login to \"apps\""),
                ],
            ),
        ];
        assert_eq!(read(&[field]), expected);
        // RFC 9470 section 3.
        let field = r#"Bearer error="insufficient_user_authentication",
  error_description="A different authentication level is required",
  acr_values="myACR""#;
        let field = field.replace('\n', "");
        assert_eq!(read(&[&field])[0].parameter("acr_values"), Some("myACR"));
        // RFC 9449 section 9.
        let field = r#"DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof""#;
        assert_eq!(read(&[field])[0].parameter("error"), Some("use_dpop_nonce"));
    }

    #[test]
    fn schemes_names_lists_and_white_space_are_read_as_the_grammar_allows() {
        for (fields, expected) in [
            (&["Bearer"][..], vec![challenge("Bearer", &[])]),
            (
                &["bearer, dPoP"],
                vec![challenge("bearer", &[]), challenge("dPoP", &[])],
            ),
            (
                &["Bearer", "DPoP a=b"],
                vec![challenge("Bearer", &[]), challenge("DPoP", &[("a", "b")])],
            ),
            (
                &[", ,Bearer , a = b,, C=\"d,e\" ,"],
                vec![challenge("Bearer", &[])],
            ),
            (&["Bearer\ta=b"], vec![challenge("Bearer", &[("a", "b")])]),
            (
                &["Bearer REALM=\"\""],
                vec![challenge("Bearer", &[("realm", "")])],
            ),
            (
                &["Negotiate dG9r+/==, Bearer a=b"],
                vec![
                    challenge("Negotiate", &[]),
                    challenge("Bearer", &[("a", "b")]),
                ],
            ),
        ] {
            let read = read(fields);
            assert_eq!(
                read.first().map(|first| &first.scheme),
                expected.first().map(|first| &first.scheme),
                "{fields:?}"
            );
            if !fields[0].starts_with(',') {
                assert_eq!(read, expected, "{fields:?}");
            }
        }
        let listed = &read(&[", ,Bearer , a = b,, C=\"d,e\" ,"])[0];
        assert_eq!(
            (listed.parameter("a"), listed.parameter("c")),
            (Some("b"), Some("d,e"))
        );
        assert!(listed.is("BEARER") && !listed.is("DPoP"));
    }

    #[test]
    fn a_broken_field_says_nothing_and_the_others_still_do() {
        for broken in [
            "Bearer a=\"b",
            "Bearer a=\"b\\",
            "Bearer a=\"b\" c=d",
            "Bearer a=b c=d",
            "Bearer a=, b=c",
            "Bearer =a",
            "Bearer a=b, a=c",
            "Bearer a=b, A=c",
            "Bearer a=\"b\"x",
            "Bearer a=\"\u{e4}\"",
            "Bearer a=\"\u{1}\"",
            "B\u{e4}arer a=b",
            "\"Bearer\" a=b",
            "Bearer\"a\"",
            "(Bearer)",
        ] {
            assert_eq!(read(&[broken]), [], "{broken:?}");
            assert_eq!(
                read(&[broken, "DPoP"]),
                [challenge("DPoP", &[])],
                "{broken:?}"
            );
        }
    }

    #[test]
    fn floods_say_nothing_and_end() {
        let many: Vec<String> = (0..PARAMETERS + 1).map(|n| format!("p{n}=v")).collect();
        assert_eq!(read(&[&format!("Bearer {}", many.join(", "))]), []);
        assert_eq!(read(&[&["Bearer"; CHALLENGES + 1].join(", ")]), []);
        assert_eq!(read(&["Bearer a=b"; CHALLENGES + 5]).len(), CHALLENGES);
        for flood in [
            "a".repeat(1 << 20),
            ",".repeat(1 << 20),
            "\"".repeat(1 << 20),
        ] {
            assert_eq!(read(&[&format!("Bearer a=\"{flood}\"")]), []);
            assert_eq!(read(&[&flood]), []);
        }
        assert_eq!(read(&[&",".repeat(LONGEST)]), []);
    }

    #[test]
    fn only_status_401_challenges() {
        for status in [200, 400, 403, 407] {
            let response = HttpResponse::new(status).with_header("www-authenticate", "Bearer");
            assert_eq!(Challenge::all(&response), [], "{status}");
        }
    }
}
