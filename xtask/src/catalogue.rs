//! The attack catalogue: `docs/attacks.toml` and the tests that carry its ids become `docs/security.md`.
//!
//! A test says which rows it proves in a comment above it, `// attack: ST-02 ST-04`; attributes and
//! other comments may stand between. A page written from those comments cannot claim a test that
//! does not exist, and [`render`] fails for a row that nothing accounts for.

mod claim;
mod data;
pub(crate) mod mask;
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use claim::Claim;
use data::{Catalogue, Row};
pub(crate) use page::escape;

/// Where tests may stand, below the root of the workspace.
const PLACES: [&str; 3] = ["crates", "examples", "xtask"];

/// The tests that carry an id, for each id.
type Claims = BTreeMap<String, BTreeSet<Claim>>;

/// Renders `docs/security.md` from the catalogue and the sources of the tests.
///
/// `tests` are pairs of a path from the root, with `/` between its parts, and the Rust source found
/// there, as [`collect`] returns them.
///
/// # Errors
///
/// Every problem, one line each: a catalogue that does not parse or contradicts itself, an attack
/// comment that stands above no test, an id that the catalogue lacks, and a row of a required family
/// with neither a test nor a `reason` nor a feature that it `waits_for`.
pub(crate) fn render(
    attacks_toml: &str,
    tests: &[(String, String)],
) -> Result<String, Vec<String>> {
    let catalogue = Catalogue::parse(attacks_toml).map_err(|problem| vec![problem])?;
    let mut problems = catalogue.contradictions();
    let mut claims = Claims::new();
    for (file, source) in tests {
        let found = claim::find(file, source);
        problems.extend(found.problems);
        for (id, claim) in found.claims {
            claims.entry(id).or_default().insert(claim);
        }
    }
    problems.extend(unaccounted(&catalogue, &claims));
    if problems.is_empty() {
        Ok(page::write(&catalogue, &claims))
    } else {
        Err(problems)
    }
}

/// Returns the ids of the rows that a test carries.
///
/// # Errors
///
/// When the catalogue does not parse.
pub(crate) fn proved(
    attacks_toml: &str,
    tests: &[(String, String)],
) -> Result<BTreeSet<String>, Vec<String>> {
    let catalogue = Catalogue::parse(attacks_toml).map_err(|problem| vec![problem])?;
    let carried: BTreeSet<String> = tests
        .iter()
        .flat_map(|(file, source)| claim::find(file, source).claims)
        .map(|(id, _)| id)
        .collect();
    let rows = catalogue.rows().map(|row| row.id.clone());
    Ok(rows.filter(|id| carried.contains(id)).collect())
}

/// Collects every Rust source in which a test may stand, sorted by its path from `root`.
///
/// Looks below `crates/`, `examples/` and `xtask/`; leaves out build output, Node packages, hidden
/// directories and what symbolic links lead to.
///
/// # Errors
///
/// A directory or file that cannot be read, or a source that is not UTF-8.
pub(crate) fn collect(root: &Path) -> io::Result<Vec<(String, String)>> {
    let mut sources = Vec::new();
    for place in PLACES {
        if root.join(place).is_dir() {
            walk(root, place, &mut sources)?;
        }
    }
    sources.sort();
    Ok(sources)
}

/// What the tests and the rows say against each other.
fn unaccounted(catalogue: &Catalogue, claims: &Claims) -> Vec<String> {
    let rows: BTreeMap<&str, &Row> = catalogue.rows().map(|row| (row.id.as_str(), row)).collect();
    let mut problems = Vec::new();
    for (id, carried) in claims {
        match rows.get(id.as_str()) {
            None => problems.extend(
                carried
                    .iter()
                    .map(|test| format!("{test} carries {id}, which is not in the catalogue")),
            ),
            Some(row) if row.reason.is_some() => problems.extend(carried.iter().map(|test| {
                format!("{test} carries {id}, whose `reason` says that there is no test")
            })),
            Some(_) => {}
        }
    }
    for family in catalogue.family.iter().filter(|family| family.required) {
        for row in &family.row {
            let excused = row.reason.is_some() || row.waits_for.is_some();
            if !excused && !claims.contains_key(&row.id) {
                problems.push(format!(
                    "{} ({}) has no test, no `reason` and no `waits_for`",
                    row.id, row.title
                ));
            }
        }
    }
    problems
}

/// Adds the Rust sources below `root/place`.
fn walk(root: &Path, place: &str, sources: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(place))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue; // a name that is not UTF-8 cannot be linked to, and none of ours is
        };
        let path = format!("{place}/{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                walk(root, &path, sources)?;
            }
        } else if kind.is_file() && name.ends_with(".rs") {
            let source = fs::read_to_string(entry.path())?;
            sources.push((path, source));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str = r#"
        [[word]]
        word = "refused"
        means = "a 4xx page."

        [[feature]]
        name = "linking"

        [[family]]
        id = "ST"
        title = "State"
        about = "One browser, one login."
        required = true

        [[family.row]]
        id = "ST-01"
        title = "First"
        attack = "Something is sent."
        answer = "Refused."
        decision = "The page may start afresh."

        [[family.row]]
        id = "ST-02"
        title = "Second"
        attack = "A link is forged."
        answer = "Refused."
        waits_for = "linking"

        [[family]]
        id = "LO"
        title = "Log-out"
        about = "By the user's will."

        [[family.row]]
        id = "LO-01"
        title = "Foreign page"
        attack = "An image, `<img>`, is a|b."
        answer = "Not a < b."

        [[rfc9700]]
        section = "2.1"
        rule = "No open redirector."
        ids = ["ST-01", "ST-02"]

        [[rfc9700]]
        section = "2.4"
        rule = "No password grant."
        note = "There is none."
    "#;

    fn one_test(ids: &str) -> Vec<(String, String)> {
        let source = format!("// attack: {ids}\n#[test]\nfn forged_state_is_refused() {{}}\n");
        vec![("crates/core/src/state.rs".to_owned(), source)]
    }

    fn problems(toml: &str, tests: &[(String, String)]) -> Vec<String> {
        render(toml, tests).expect_err("the catalogue was accepted")
    }

    #[test]
    fn page_links_each_row_to_the_tests_that_carry_its_id() {
        let page = render(CATALOGUE, &one_test("ST-01 LO-01")).unwrap();
        let link = "[`forged_state_is_refused`](../crates/core/src/state.rs)";
        let rows: Vec<&str> = page.lines().filter(|line| line.contains(link)).collect();
        assert_eq!(rows.len(), 2, "{page}");
        assert!(rows[0].starts_with(r#"| <a id="st-01"></a>ST-01 | **First.** Something"#));
        assert!(rows[1].starts_with(r#"| <a id="lo-01"></a>LO-01 | "#));
    }

    #[test]
    fn page_states_decisions_and_features_that_a_row_waits_for() {
        let page = render(CATALOGUE, &one_test("ST-01")).unwrap();
        assert!(page.contains("Our decision: The page may start afresh."));
        assert!(page.contains("| Waits for linking. |"), "{page}");
        let page = render(CATALOGUE, &one_test("ST-01 ST-02")).unwrap();
        assert!(page.contains("<br>A part waits for linking. |"), "{page}");
    }

    #[test]
    fn page_admits_a_row_without_a_test() {
        let page = render(CATALOGUE, &one_test("ST-01")).unwrap();
        let row = page.lines().find(|line| line.contains("lo-01")).unwrap();
        assert!(row.ends_with("| No test carries this id yet. |"), "{row}");
    }

    #[test]
    fn page_keeps_table_cells_whole() {
        let page = render(CATALOGUE, &one_test("ST-01")).unwrap();
        assert!(
            page.contains(r"An image, `<img>`, is a\|b. | Not a &lt; b. |"),
            "{page}"
        );
    }

    #[test]
    fn page_maps_the_best_current_practice_to_rows_and_counts_their_tests() {
        let page = render(CATALOGUE, &one_test("ST-01")).unwrap();
        let item = page.lines().find(|line| line.contains("#section-2.1"));
        assert_eq!(
            item.unwrap(),
            "| [2.1](https://www.rfc-editor.org/rfc/rfc9700.html#section-2.1) | No open redirector. \
             | [ST-01](#st-01), [ST-02](#st-02) (waits) | 1 test |"
        );
        assert!(page.contains("| No password grant. | There is none. |  |"));
    }

    #[test]
    fn test_is_counted_and_linked_once() {
        let mut tests = one_test("ST-01 ST-02");
        let twice = tests[0].1.repeat(2);
        tests[0].1 = twice;
        let page = render(CATALOGUE, &tests).unwrap();
        assert_eq!(page.matches("forged_state_is_refused").count(), 2, "{page}");
        assert!(page.contains("| 1 test |"), "{page}");
    }

    #[test]
    fn page_does_not_depend_on_the_order_of_the_files() {
        let mut tests = one_test("ST-01");
        tests.push(("crates/a.rs".to_owned(), tests[0].1.clone()));
        let page = render(CATALOGUE, &tests).unwrap();
        tests.reverse();
        assert_eq!(page, render(CATALOGUE, &tests).unwrap());
    }

    #[test]
    fn required_row_without_test_or_reason_is_a_problem() {
        assert_eq!(
            problems(CATALOGUE, &[]),
            ["ST-01 (First) has no test, no `reason` and no `waits_for`"]
        );
    }

    #[test]
    fn reason_stands_in_for_a_test_and_excludes_one() {
        let toml = CATALOGUE.replacen("decision =", "reason =", 1);
        let page = render(&toml, &[]).unwrap();
        assert!(
            page.contains("| No test: The page may start afresh. |"),
            "{page}"
        );
        assert_eq!(
            problems(&toml, &one_test("ST-01")),
            [
                "crates/core/src/state.rs::forged_state_is_refused carries ST-01, whose `reason` says \
              that there is no test"
            ]
        );
    }

    #[test]
    fn every_problem_is_listed_at_once() {
        let mut tests = one_test("ST-99");
        tests.push((
            "crates/a.rs".to_owned(),
            "// attack: ST-01\nfn prepare() {}\n".to_owned(),
        ));
        assert_eq!(
            problems(CATALOGUE, &tests),
            [
                "crates/a.rs:1: the attack comment stands above no test",
                "crates/core/src/state.rs::forged_state_is_refused carries ST-99, which is not in \
                 the catalogue",
                "ST-01 (First) has no test, no `reason` and no `waits_for`",
            ]
        );
    }

    #[test]
    fn catalogue_that_does_not_parse_is_a_problem() {
        let toml = CATALOGUE.replacen("answer", "anwser", 1);
        let problems = problems(&toml, &[]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("anwser"), "{problems:?}");
    }

    #[test]
    fn catalogue_of_this_repository_is_free_of_contradictions() {
        let catalogue = Catalogue::parse(include_str!("../../docs/attacks.toml")).unwrap();
        assert_eq!(catalogue.contradictions(), [""; 0]);
    }

    #[test]
    fn sources_are_collected_without_build_output_and_in_order() {
        let root = std::env::temp_dir().join(format!("codegrant-collect-{}", std::process::id()));
        for (path, text) in [
            ("xtask/src/main.rs", "m"),
            ("crates/b/tests/login.rs", "b"),
            ("crates/a/src/lib.rs", "a"),
            ("crates/a/src/notes.txt", "-"),
            ("crates/a/target/debug/out.rs", "-"),
            ("examples/hello/node_modules/x/y.rs", "-"),
            ("examples/.hidden/z.rs", "-"),
            ("elsewhere/w.rs", "-"),
        ] {
            let file = root.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let found = collect(&root).unwrap();
        fs::remove_dir_all(&root).unwrap();
        let found: Vec<(&str, &str)> = found.iter().map(|(f, s)| (&**f, &**s)).collect();
        assert_eq!(
            found,
            [
                ("crates/a/src/lib.rs", "a"),
                ("crates/b/tests/login.rs", "b"),
                ("xtask/src/main.rs", "m"),
            ]
        );
    }
}
