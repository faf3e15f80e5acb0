//! A Rust source as the rules see it: what is code, what is test, and which paths it names.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::catalogue::mask::mask;

/// A Rust source.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path from the root, with `/` between the parts.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// Its text without comments, strings and test modules; the lines are those of the text.
    code: String,
    /// The lines of its test modules, counted from 0.
    tests: Vec<Range<usize>>,
    /// Whether all of it is test.
    all_test: bool,
}

/// A path that a source names, for example `std::net::TcpStream`, also when it is spelled with braces.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The path.
    pub(crate) path: String,
}

impl Source {
    /// Reads one source on its own.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = without_comments(&mask(text));
        let tests = test_modules(&code);
        let lines = code.lines().enumerate().map(|(number, line)| {
            let is_test = tests.iter().any(|range| range.contains(&number));
            if is_test { "" } else { line }
        });
        let code = lines.collect::<Vec<_>>().join("\n");
        let folders = ["tests", "benches"];
        Self {
            all_test: path.split('/').any(|part| folders.contains(&part)),
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            tests,
        }
    }

    /// Reads all sources, so that a file which another one declares a test module counts as test.
    pub(crate) fn all(files: &[(String, String)]) -> Vec<Self> {
        let mut sources: Vec<Self> = files.iter().map(|(p, t)| Self::new(p, t)).collect();
        let declared: BTreeSet<String> = files.iter().flat_map(|(p, t)| test_files(p, t)).collect();
        for source in &mut sources {
            if declared.contains(&source.path) {
                source.all_test = true;
            }
        }
        sources
    }

    /// Returns its code without comments, strings and tests; empty if all of it is test.
    pub(crate) fn code(&self) -> &str {
        if self.all_test { "" } else { &self.code }
    }

    /// Returns the text of its tests, as it stands.
    pub(crate) fn tests(&self) -> String {
        if self.all_test {
            return self.text.clone();
        }
        let lines: Vec<&str> = self.text.lines().collect();
        let ranges = self.tests.iter();
        let inside = ranges.flat_map(|range| lines[range.clone()].iter().copied());
        inside.collect::<Vec<_>>().join("\n")
    }

    /// Counts its lines without those of its test modules.
    pub(crate) fn own_lines(&self) -> usize {
        let tests: usize = self.tests.iter().map(ExactSizeIterator::len).sum();
        self.text.lines().count() - tests
    }

    /// Counts its lines of code: without tests, comments, documentation and blank ones.
    pub(crate) fn code_lines(&self) -> usize {
        let lines = self.text.lines().enumerate();
        let own = lines.filter(|(at, _)| !self.tests.iter().any(|tests| tests.contains(at)));
        let code = own.filter(|(_, line)| {
            let line = line.trim_start();
            !line.is_empty() && !line.starts_with("//")
        });
        code.count()
    }

    /// Returns whether it lies below a folder.
    pub(crate) fn is_below(&self, folder: &str) -> bool {
        let rest = self.path.strip_prefix(folder);
        rest.is_some_and(|rest| rest.starts_with('/'))
    }

    /// Returns every path that its code names.
    pub(crate) fn named(&self) -> Vec<Named> {
        named(self.code())
    }
}

/// Cuts line comments off; what is left of a masked source is code.
fn without_comments(masked: &str) -> String {
    let lines = masked.lines();
    let code = lines.map(|line| line.find("//").map_or(line, |at| &line[..at]));
    code.collect::<Vec<_>>().join("\n")
}

/// Finds the lines of `#[cfg(test)] mod name { ... }`.
fn test_modules(code: &str) -> Vec<Range<usize>> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found: Vec<Range<usize>> = Vec::new();
    for (begin, module) in marked_modules(&lines) {
        if found.last().is_some_and(|last| last.contains(&begin)) {
            continue;
        }
        let mut depth = 0_usize;
        for (at, line) in lines.iter().enumerate().skip(module) {
            depth += line.matches('{').count();
            depth = depth.saturating_sub(line.matches('}').count());
            if depth == 0 {
                found.push(begin..at + 1);
                break;
            }
        }
    }
    found
}

/// Finds the files that a source declares by `#[cfg(test)] mod name;`.
fn test_files(path: &str, text: &str) -> Vec<String> {
    let code = without_comments(&mask(text));
    let lines: Vec<&str> = code.lines().collect();
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let base = match file {
        "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
        other => format!("{folder}/{}", other.trim_end_matches(".rs")),
    };
    let mut files = Vec::new();
    for (_, module) in marked_modules(&lines) {
        if let Some(name) = module_name(lines[module])
            && lines[module].trim_end().ends_with(';')
        {
            files.push(format!("{base}/{name}.rs"));
            files.push(format!("{base}/{name}/mod.rs"));
        }
    }
    files
}

/// Returns the lines of each `#[cfg(test)]` that stands above a module, with the module's line.
fn marked_modules<'a>(lines: &'a [&str]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let marks = lines.iter().enumerate();
    let marks = marks.filter(|(_, line)| line.trim() == "#[cfg(test)]");
    marks.filter_map(|(begin, _)| {
        let rest = lines[begin + 1..].iter().position(|line| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with("#[")
        })?;
        let at = begin + 1 + rest;
        module_name(lines[at]).map(|_| (begin, at))
    })
}

fn module_name(line: &str) -> Option<&str> {
    let line = line.trim();
    let line = line.strip_prefix("pub").map_or(line, |rest| {
        rest.find("mod ").map_or(rest, |at| &rest[at..])
    });
    let name = line.strip_prefix("mod ")?;
    Some(name.trim_end_matches([';', '{', ' ']).trim())
}

/// Reads the paths out of code: `std::{fs, io::Read}` names `std::fs` and `std::io::Read`.
fn named(code: &str) -> Vec<Named> {
    let mut found = Vec::new();
    for (line, text) in Groups::default().read(code) {
        if !text.is_empty() {
            found.push(Named { line, path: text });
        }
    }
    found
}

/// The braces around the place that is being read, and the path that leads there.
#[derive(Debug, Default)]
struct Groups {
    /// For each open brace the path before it, if it follows `::`.
    prefixes: Vec<Option<String>>,
    current: String,
    line: usize,
    found: Vec<(usize, String)>,
}

impl Groups {
    fn read(mut self, code: &str) -> Vec<(usize, String)> {
        for (number, line) in (1..).zip(code.lines()) {
            let mut rest = line;
            while let Some(first) = rest.chars().next() {
                let word = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                let length = if word > 0 {
                    self.take_word(number, &rest[..word]);
                    word
                } else if rest.starts_with("::") {
                    self.join();
                    2
                } else {
                    self.take_mark(first);
                    first.len_utf8()
                };
                rest = &rest[length..];
            }
        }
        self.finish();
        self.found
    }

    fn take_word(&mut self, line: usize, word: &str) {
        if !self.current.ends_with("::") {
            self.finish();
            self.line = line;
            if let Some(Some(prefix)) = self.prefixes.last() {
                self.current.clone_from(prefix);
            }
        }
        self.current.push_str(word);
    }

    fn join(&mut self) {
        if !self.current.is_empty() {
            self.current.push_str("::");
        }
    }

    fn take_mark(&mut self, mark: char) {
        match mark {
            '{' => {
                let opens_group = self.current.ends_with("::");
                let prefix = opens_group.then(|| std::mem::take(&mut self.current));
                self.finish();
                self.prefixes.push(prefix);
            }
            '}' => {
                self.finish();
                self.prefixes.pop();
            }
            // A path may go on after a line break or a space.
            c if c.is_whitespace() => {}
            _ => self.finish(),
        }
    }

    fn finish(&mut self) {
        let path = std::mem::take(&mut self.current);
        self.found.push((self.line, path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(code: &str) -> Vec<String> {
        let source = Source::new("crates/core/src/a.rs", code);
        source.named().into_iter().map(|n| n.path).collect()
    }

    #[test]
    fn paths_are_spelled_out_of_braces() {
        assert_eq!(
            paths("use std::{fs, io::{self, Read as _}};\nfn a() { b::c() }"),
            [
                "use",
                "std::fs",
                "std::io::self",
                "std::io::Read",
                "std::io::as",
                "std::io::_",
                "fn",
                "a",
                "b::c"
            ]
        );
    }

    #[test]
    fn path_broken_over_lines_is_one() {
        assert_eq!(paths("std::\n    net::TcpStream"), ["std::net::TcpStream"]);
        assert_eq!(Source::new("a.rs", "\n\nstd::net").named()[0].line, 3);
    }

    #[test]
    fn comments_strings_and_tests_name_nothing() {
        let text = "// std::fs\nlet a = \"std::fs\";\n#[cfg(test)]\nmod tests {\n    use std::fs;\n    fn b() { { } }\n}\nc";
        assert_eq!(paths(text), ["let", "a", "c"]);
    }

    #[test]
    fn tests_are_told_from_what_they_test() {
        let text =
            "//! A.\nfn a() {}\n\n#[cfg(test)]\nmod tests {\n    const B: &str = \"b.c\";\n}\n";
        let source = Source::new("crates/core/src/a.rs", text);
        assert_eq!(source.own_lines(), 3);
        assert!(source.tests().contains("\"b.c\""));
        assert!(!source.tests().contains("fn a"));
        assert!(!source.code().contains("mod tests"));
    }

    #[test]
    fn file_declared_a_test_module_is_test() {
        let files = [
            ("crates/a/src/b.rs", "#[cfg(test)]\nmod c;\nmod d;\n"),
            ("crates/a/src/b/c.rs", "fn c() {}\n"),
            ("crates/a/src/b/d.rs", "fn d() {}\n"),
            ("crates/a/tests/e.rs", "fn e() {}\n"),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned()));
        let sources = Source::all(&files);
        let code: Vec<bool> = sources.iter().map(|s| !s.code().is_empty()).collect();
        assert_eq!(code, [true, false, true, false]);
        assert_eq!(sources[3].tests(), "fn e() {}\n");
    }

    #[test]
    fn attribute_on_anything_but_a_module_marks_no_test() {
        let source = Source::new("a.rs", "#[cfg(test)]\nuse x;\nfn a() {}\n");
        assert!(source.code().contains("fn a"));
    }

    #[test]
    fn folder_is_not_taken_for_another_whose_name_goes_on() {
        let source = Source::new("crates/core-extra/src/a.rs", "");
        assert!(!source.is_below("crates/core"));
        assert!(source.is_below("crates/core-extra"));
    }
}
