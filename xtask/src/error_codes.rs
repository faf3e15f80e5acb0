//! The public error codes, read out of the `codes!` tables in the sources.
//!
//! Read and not linked, so that xtask compiles in seconds: linking the crates would build their C
//! library before a newcomer sees the first line.

use crate::catalogue::mask::mask;

/// A public error code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ErrorCode {
    /// The stable name: the culprit, a dot, the violated rule.
    pub(crate) name: String,
    /// What most likely happened.
    pub(crate) cause: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

/// How a table begins.
const TABLE: &str = "codes! {";

/// Reads every code out of sources, each a path and its text, in the order of the sources.
///
/// # Errors
///
/// A table that cannot be read, and a name that stands twice.
pub(crate) fn collect<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<ErrorCode>, String> {
    let mut codes: Vec<ErrorCode> = Vec::new();
    for (path, text) in files {
        for table in tables(text) {
            for code in read_table(&table).map_err(|why| format!("{path}: codes!: {why}"))? {
                if codes.iter().any(|known| known.name == code.name) {
                    return Err(format!("{path}: {} is declared twice", code.name));
                }
                codes.push(code);
            }
        }
    }
    Ok(codes)
}

/// Returns the inside of each table of a source.
fn tables(text: &str) -> Vec<String> {
    // The mask keeps the place of every character, so a place found in it is one in the text.
    let masked: Vec<char> = mask(text).chars().collect();
    let text: Vec<char> = text.chars().collect();
    let begin: Vec<char> = TABLE.chars().collect();
    let is_commented = |at: usize| {
        let line: String = masked[..at]
            .iter()
            .rev()
            .take_while(|&&c| c != '\n')
            .collect();
        line.contains("//")
    };
    let starts = masked.windows(begin.len()).enumerate();
    let starts = starts.filter(|&(at, window)| *window == *begin && !is_commented(at));
    let inside = starts.map(|(at, _)| at + begin.len());
    let tables = inside.filter_map(|from| {
        let length = masked[from..].iter().position(|&c| c == '}')?;
        Some(text[from..from + length].iter().collect())
    });
    tables.collect()
}

/// Reads the rows of a table: `IDENT = "name", "cause", "remedy";`.
fn read_table(table: &str) -> Result<Vec<ErrorCode>, String> {
    let mut codes = Vec::new();
    let mut rest = table.trim_start();
    while !rest.is_empty() {
        let equals = rest.find('=').ok_or("a row without `=`")?;
        let (name, after) = literal(&rest[equals + 1..])?;
        let (cause, after) = literal(expect(after, ',')?)?;
        let (remedy, after) = literal(expect(after, ',')?)?;
        rest = expect(after, ';')?.trim_start();
        codes.push(ErrorCode {
            name,
            cause,
            remedy,
        });
    }
    Ok(codes)
}

fn expect(text: &str, mark: char) -> Result<&str, String> {
    let text = text.trim_start();
    text.strip_prefix(mark)
        .ok_or_else(|| format!("{mark} is missing before {text:.20}"))
}

/// Reads one string literal. Returns its value and what follows it.
fn literal(text: &str) -> Result<(String, &str), String> {
    let mut rest = expect(text, '"')?;
    let mut value = String::new();
    loop {
        let at = rest.find(['"', '\\']).ok_or("a string without its end")?;
        value.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if rest[at..].starts_with('"') {
            return Ok((value, after));
        }
        rest = match after.chars().next() {
            Some(escaped @ ('"' | '\\' | '\'')) => {
                value.push(escaped);
                &after[1..]
            }
            Some('\n') => after.trim_start(),
            other => return Err(format!("an escape that is not understood: {other:?}")),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ErrorCode>, String> {
        collect([("a.rs", text)])
    }

    #[test]
    fn tables_are_read_and_their_definition_is_not() {
        let text = r#"
            macro_rules! codes { ($($ident:ident = $name:literal;)*) => {}; }
            // codes! { NOT = "not.this", "a", "b"; }
            crate::codes! {
                A = "a.one", "it says \"no\"; and {so}",
                    "do \
                     it";
                B = "a.two", "c", "d";
            }
            other::codes! { C = "b.one", "e", "f"; }
        "#;
        // A brace in a string is no end of the table.
        let codes = read(text).unwrap();
        let told: Vec<String> = codes
            .iter()
            .map(|c| format!("{}|{}|{}", c.name, c.cause, c.remedy))
            .collect();
        assert_eq!(
            told,
            [
                "a.one|it says \"no\"; and {so}|do it",
                "a.two|c|d",
                "b.one|e|f"
            ]
        );
    }

    #[test]
    fn table_that_cannot_be_read_is_an_error() {
        for table in [
            "A",
            "A = \"a\";",
            "A = \"a\", \"b\", \"c\"",
            "A = \"\\u{41}\", \"b\", \"c\";",
        ] {
            let problem = read(&format!("codes! {{ {table} }}")).unwrap_err();
            assert!(problem.starts_with("a.rs: codes!: "), "{problem}");
        }
    }

    #[test]
    fn name_that_stands_twice_is_an_error() {
        let text = r#"codes! { A = "a.b", "c", "d"; B = "a.b", "c", "d"; }"#;
        assert_eq!(read(text).unwrap_err(), "a.rs: a.b is declared twice");
    }
}
