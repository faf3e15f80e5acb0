//! Rust source with the inside of strings and block comments blanked, so that its lines can be trusted.

/// Blanks string literals, character literals and block comments; line comments stay.
///
/// The result has the lines of the source. A commented-out test and a test that stands in a string
/// thus leave nothing behind that could be taken for a test.
pub(crate) fn mask(source: &str) -> String {
    let text: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < text.len() {
        let end = match text[at] {
            '/' if text.get(at + 1) == Some(&'/') => {
                let end = find(&text, at, |rest| rest[0] == '\n');
                out.extend(&text[at..end]);
                at = end;
                continue;
            }
            '/' if text.get(at + 1) == Some(&'*') => block_comment_end(&text, at),
            '"' => string_end(&text, at),
            '\'' => character_end(&text, at),
            'r' if !in_word(&text, at) => raw_string_end(&text, at),
            _ => at,
        };
        if end == at {
            out.push(text[at]);
            at += 1;
        } else {
            out.extend(text[at..end].iter().map(|&c| blank(c)));
            at = end;
        }
    }
    out
}

fn blank(c: char) -> char {
    if c == '\n' { '\n' } else { ' ' }
}

/// Finds the first place at or after `from` whose rest satisfies `is`, or the end.
fn find(text: &[char], from: usize, is: impl Fn(&[char]) -> bool) -> usize {
    (from..text.len())
        .find(|&at| is(&text[at..]))
        .unwrap_or(text.len())
}

/// Finds the end of the block comment that begins at `at`; they nest.
fn block_comment_end(text: &[char], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < text.len() {
        match text[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Finds the end of the string literal whose opening quote is at `at`.
fn string_end(text: &[char], at: usize) -> usize {
    let mut at = at + 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// Finds the end of the character literal at `at`, or returns `at` for a lifetime.
fn character_end(text: &[char], at: usize) -> usize {
    match text[at + 1..] {
        ['\\', _, ..] => (find(text, at + 3, |rest| rest[0] == '\'') + 1).min(text.len()),
        [_, '\'', ..] => at + 3,
        _ => at,
    }
}

/// Finds the end of the raw string that begins at `at`, or returns `at` where none begins.
fn raw_string_end(text: &[char], at: usize) -> usize {
    let quote = find(text, at + 1, |rest| rest[0] != '#');
    if text.get(quote) != Some(&'"') {
        return at;
    }
    let hashes = quote - at - 1;
    let close = find(text, quote + 1, |rest| {
        rest[0] == '"' && rest[1..].iter().take_while(|&&c| c == '#').count() >= hashes
    });
    (close + 1 + hashes).min(text.len())
}

/// Tells whether the character at `at` continues a name; the prefixes of `br` and `cr` do not count.
fn in_word(text: &[char], at: usize) -> bool {
    let is_word =
        |at: Option<usize>| at.is_some_and(|at| text[at].is_alphanumeric() || text[at] == '_');
    let before = at.checked_sub(1);
    let is_prefix = before.is_some_and(|at| matches!(text[at], 'b' | 'c'));
    is_word(if is_prefix { at.checked_sub(2) } else { before })
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn code_and_line_comments_stay() {
        let source = "let a: &'static str = b; // say \"this\n#[test]\n";
        assert_eq!(mask(source), source);
    }

    #[test]
    fn strings_are_blanked_and_lines_kept() {
        assert_eq!(mask("a(\"x\\\"\n// y\") // z"), "a(    \n     ) // z");
        assert_eq!(mask("a(br##\"x\"# \n\"##)c"), "a(b        \n   )c");
        assert_eq!(mask("r\"x\\\"z"), "     z");
    }

    #[test]
    fn raw_names_and_words_that_end_in_r_begin_no_raw_string() {
        assert_eq!(mask("r#fn for\"x\"y"), "r#fn for   y");
    }

    #[test]
    fn nested_block_comments_are_blanked() {
        assert_eq!(mask("a/* /* // */ \n */b"), "a            \n   b");
    }

    #[test]
    fn quotes_in_character_literals_open_no_string() {
        assert_eq!(
            mask(r#"['"', '\'', '\\', '\u{22}'] // b"#),
            "[   ,     ,     ,         ] // b"
        );
    }

    #[test]
    fn unfinished_source_is_masked_to_its_end() {
        for source in [
            "\"a", "\"a\\", "r#\"a", "/* a", "'\\", "'", "r", "r#", "/", "'\\n",
        ] {
            assert_eq!(
                mask(source).chars().count(),
                source.chars().count(),
                "{source}"
            );
        }
    }
}
