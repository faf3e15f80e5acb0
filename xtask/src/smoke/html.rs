//! The forms of a page, read the way a person's browser would fill them in.

/// A form of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    /// Where it is posted to.
    pub(super) action: String,
    /// Its hidden fields.
    pub(super) hidden: Vec<(String, String)>,
    /// Its buttons that have a name.
    pub(super) buttons: Vec<(String, String)>,
}

impl Form {
    /// Returns what is posted when a button is pressed: the hidden fields and the button's own.
    ///
    /// The first button of that name counts; a value narrows it down.
    pub(super) fn pressing(&self, name: &str, value: Option<&str>) -> Option<Fields> {
        let mut buttons = self.buttons.iter();
        let button = buttons.find(|(n, v)| n == name && value.is_none_or(|value| v == value))?;
        let mut fields = self.hidden.clone();
        fields.push(button.clone());
        Some(fields)
    }
}

/// Form fields: names and values.
pub(super) type Fields = Vec<(String, String)>;

/// Returns the forms of a page.
pub(super) fn forms(page: &str) -> Vec<Form> {
    let parts = page.split("<form").skip(1);
    let forms = parts.filter_map(|part| {
        let inside = part.split("</form>").next()?;
        let (head, body) = inside.split_once('>')?;
        Some(Form {
            action: attribute(head, "action")?,
            hidden: tags(body, "<input")
                .filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"))
                .filter_map(name_and_value)
                .collect(),
            buttons: tags(body, "<button").filter_map(name_and_value).collect(),
        })
    });
    forms.collect()
}

/// Encodes fields as `application/x-www-form-urlencoded`.
pub(super) fn encode(fields: &[(String, String)]) -> String {
    let pairs = fields.iter();
    let pairs = pairs.map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Decodes a query or a form; what is not encoded properly stays as it is.
pub(super) fn decode(text: &str) -> Fields {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let split = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    split.map(|(n, v)| (unescape(n), unescape(v))).collect()
}

fn tags<'a>(body: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let parts = body.split(name).skip(1);
    parts.filter_map(|part| part.split('>').next())
}

fn name_and_value(tag: &str) -> Option<(String, String)> {
    Some((attribute(tag, "name")?, attribute(tag, "value")?))
}

/// Returns the value of an attribute, unescaped.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let begin = format!(" {name}=\"");
    // A line break before an attribute is as good as a space.
    let tag = tag.replace('\n', " ");
    let rest = &tag[tag.find(&begin)? + begin.len()..];
    let value = rest.split('"').next()?;
    let plain = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    let text = plain.iter();
    Some(text.fold(value.to_owned(), |text, (from, to)| text.replace(from, to)))
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn unescape(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let code = code.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let (byte, next) = match (first, code) {
            (b'%', Some(byte)) => (byte, &after[2..]),
            (b'+', _) => (b' ', after),
            (byte, _) => (byte, after),
        };
        out.push(byte);
        rest = next;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<p>x</p>
        <form method="post" action="/sign-in?a=1&amp;b=2" aria-label="y">
        <input type="hidden" name="interaction" value="q&quot;r">
        <input name="name" type="text" value="">
        <button type="submit" name="user"
          value="ada">Ada</button><button type="submit" name="user" value="bob">Bob</button>
        <button type="submit">Continue</button></form>
        <form action="/consent"></form>"#;

    #[test]
    fn forms_are_read_with_their_hidden_fields_and_named_buttons() {
        let found = forms(PAGE);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].action, "/sign-in?a=1&b=2");
        let fields = found[0].pressing("user", None).unwrap();
        assert_eq!(encode(&fields), "interaction=q%22r&user=ada");
        let fields = found[0].pressing("user", Some("bob")).unwrap();
        assert_eq!(encode(&fields), "interaction=q%22r&user=bob");
        assert_eq!(found[0].pressing("decision", None), None);
    }

    #[test]
    fn fields_survive_encoding() {
        let fields = vec![("a b".to_owned(), "é&=+%\"~/".to_owned())];
        assert_eq!(decode(&encode(&fields)), fields);
        assert_eq!(
            decode("a=%zz&b&%"),
            [("a", "%zz"), ("b", ""), ("%", "")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }
}
