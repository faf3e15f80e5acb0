//! The attack comments in a Rust source, and the tests that they stand above.

use std::fmt;

use super::mask::mask;

/// How an attack comment begins; ids separated by spaces follow.
const MARK: &str = "// attack:";

/// What may stand before `fn`.
const QUALIFIERS: [&str; 5] = ["pub", "const", "async", "unsafe", "extern"];

/// A test that carries an id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    /// The path of its source from the root of the workspace.
    pub(super) file: String,
    /// The name of the test function.
    pub(super) function: String,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.file, self.function)
    }
}

/// What one source holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Ids with the test that carries each, in the order of the source.
    pub(super) claims: Vec<(String, Claim)>,
    /// Attack comments that prove nothing, one line each.
    pub(super) problems: Vec<String>,
}

/// Finds the attack comments of a source.
///
/// A comment counts when a test function follows it, with attributes and further comments at most
/// between. Above anything else, and above a test that is ignored, it is a problem.
pub(super) fn find(file: &str, source: &str) -> Found {
    let mut found = Found::default();
    let mut head = Head::default();
    for (number, line) in (1..).zip(mask(source).lines()) {
        if let Some(name) = head.take_line(number, line.trim()) {
            std::mem::take(&mut head).conclude(file, name, &mut found);
        }
    }
    head.conclude(file, None, &mut found);
    found
}

/// What was read above an item that is still to come.
#[derive(Debug, Default)]
struct Head {
    ids: Vec<String>,
    /// The line of the first attack comment.
    line: Option<usize>,
    /// The attribute that goes on in the next line.
    open: String,
    is_test: bool,
    is_ignored: bool,
}

impl Head {
    /// Takes one more line. Returns when the head is over: the function's name if one follows it.
    fn take_line<'a>(&mut self, number: usize, line: &'a str) -> Option<Option<&'a str>> {
        let mut rest = line;
        loop {
            if !self.open.is_empty() || rest.starts_with("#[") {
                let closes = self.take_attribute(rest)?;
                rest = rest[closes..].trim_start();
                if rest.is_empty() {
                    return None;
                }
            } else if rest.starts_with("//") {
                if let Some(ids) = rest.strip_prefix(MARK) {
                    self.line.get_or_insert(number);
                    self.ids.extend(ids.split_whitespace().map(str::to_owned));
                }
                return None;
            } else {
                return Some(function_name(rest));
            }
        }
    }

    /// Takes an attribute or a part of it. Returns where it ends in `text`, if it does.
    fn take_attribute(&mut self, text: &str) -> Option<usize> {
        let mut depth = brackets(&self.open);
        let end = text.char_indices().find_map(|(at, c)| {
            depth += bracket(c);
            (c == ']' && depth == 0).then_some(at + 1)
        });
        self.open.push_str(&text[..end.unwrap_or(text.len())]);
        end?;
        let attribute = std::mem::take(&mut self.open);
        let path = attribute[2..].trim_start();
        let path = &path[..path.find(|c| "(]= ".contains(c)).unwrap_or(path.len())];
        match path.rsplit("::").next() {
            Some("ignore") => self.is_ignored = true,
            Some(name) if name.ends_with("test") => self.is_test = true,
            _ => {}
        }
        end
    }

    /// Files the ids under the function that follows, or as a problem.
    fn conclude(self, file: &str, function: Option<&str>, found: &mut Found) {
        let Some(line) = self.line else { return };
        let problem = match function {
            _ if self.ids.is_empty() => "names no id",
            Some(function) if self.is_test && !self.is_ignored => {
                let (file, function) = (file.to_owned(), function.to_owned());
                let claim = Claim { file, function };
                let claims = self.ids.into_iter().map(|id| (id, claim.clone()));
                found.claims.extend(claims);
                return;
            }
            Some(_) if self.is_test => "stands above a test that is ignored",
            _ => "stands above no test",
        };
        found
            .problems
            .push(format!("{file}:{line}: the attack comment {problem}"));
    }
}

/// Reads the name out of the first line of a function.
fn function_name(line: &str) -> Option<&str> {
    let mut words = line
        .split_whitespace()
        .skip_while(|word| QUALIFIERS.contains(word) || word.starts_with("pub("));
    if words.next() != Some("fn") {
        return None;
    }
    let name = words.next()?;
    Some(&name[..name.find(['(', '<']).unwrap_or(name.len())])
}

/// Counts how many square brackets stay open.
fn brackets(text: &str) -> i32 {
    text.chars().map(bracket).sum()
}

fn bracket(c: char) -> i32 {
    match c {
        '[' => 1,
        ']' => -1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(source: &str) -> Vec<String> {
        let found = find("a.rs", source);
        assert_eq!(found.problems, [""; 0], "{source}");
        let carried = found.claims.iter();
        carried.map(|(id, claim)| format!("{id} {claim}")).collect()
    }

    fn problem(source: &str) -> String {
        let found = find("a.rs", source);
        assert!(found.claims.is_empty(), "{source}");
        found.problems.concat()
    }

    #[test]
    fn several_ids_and_several_comments_reach_the_test() {
        let source = "// attack: ST-02 ST-04\n// why\n// attack: CB-01\n#[test]\nfn a() {}\n";
        assert_eq!(
            claims(source),
            ["ST-02 a.rs::a", "ST-04 a.rs::a", "CB-01 a.rs::a"]
        );
    }

    #[test]
    fn attributes_of_any_shape_may_lie_between() {
        for head in [
            "#[tokio::test]\nasync",
            "#[actix_web::test]\npub async",
            "#[rocket::async_test]\npub(crate) async",
            "#[tokio::test(\n    flavor = \"multi_thread]\",\n    worker_threads = 2,\n)]\nasync",
            "#[cfg(unix)]\n#[test]\n#[should_panic(expected = \"x\")]\n",
            "#[cfg(unix)] #[test]",
        ] {
            let source = format!("    // attack: ST-02\n{head} fn a<T>() {{}}\n");
            assert_eq!(claims(&source), ["ST-02 a.rs::a"], "{source}");
        }
    }

    #[test]
    fn comment_between_attribute_and_function_counts() {
        let source = "#[test]\n// attack: ST-02\nfn a() {}\n";
        assert_eq!(claims(source), ["ST-02 a.rs::a"]);
    }

    #[test]
    fn each_test_has_its_own_ids() {
        let source = "// attack: ST-02\n#[test]\nfn a() {\n}\n\n#[test]\nfn b() {}\n";
        assert_eq!(claims(source), ["ST-02 a.rs::a"]);
    }

    #[test]
    fn comment_above_anything_else_is_a_problem() {
        let above_none = "a.rs:1: the attack comment stands above no test";
        for rest in [
            "",
            "fn a() {}\n",
            "#[cfg(test)]\nfn a() {}\n",
            "\n#[test]\nfn a() {}\n",
            "#[cfg(test)]\nmod tests {\n    #[test]\n    fn a() {}\n}\n",
            "#[test]\nstruct A;\n",
        ] {
            let source = format!("// attack: ST-02\n{rest}");
            assert_eq!(problem(&source), above_none, "{source}");
        }
    }

    #[test]
    fn ignored_test_and_empty_comment_are_problems() {
        assert_eq!(
            problem("// attack: ST-02\n#[test]\n#[ignore = \"slow\"]\nfn a() {}\n"),
            "a.rs:1: the attack comment stands above a test that is ignored"
        );
        assert_eq!(
            problem("// attack:\n#[test]\nfn a() {}\n"),
            "a.rs:1: the attack comment names no id"
        );
    }

    #[test]
    fn commented_out_and_quoted_tests_do_not_count() {
        let test = "\n// attack: ST-02\n#[test]\nfn a() {}\n";
        for source in [format!("/*{test}*/"), format!("let a = r#\"{test}\"#;")] {
            assert!(claims(&source).is_empty(), "{source}");
        }
        let lines = "// attack: ST-02\n// #[test]\n// fn a() {}\n\n#[test]\nfn b() {}\n";
        assert!(problem(lines).contains("above no test"));
    }
}
