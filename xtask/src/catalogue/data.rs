//! The catalogue as it stands in `docs/attacks.toml`, and what it may not say of itself.

use std::collections::BTreeSet;

use serde::Deserialize;

/// The whole catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalogue {
    /// The words that answers use in a fixed sense.
    #[serde(default)]
    pub(super) word: Vec<Word>,
    /// The features that are not built yet.
    #[serde(default)]
    pub(super) feature: Vec<Feature>,
    /// The rows, by family.
    pub(super) family: Vec<Family>,
    /// The items of the Best Current Practice, in its order.
    #[serde(default)]
    pub(super) rfc9700: Vec<Item>,
}

/// A word that answers use in a fixed sense.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Word {
    pub(super) word: String,
    pub(super) means: String,
}

/// A feature that is not built yet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feature {
    pub(super) name: String,
}

/// Rows that concern the same part of a login.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Family {
    /// The letters before the dash of its rows' ids.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) about: String,
    /// Whether each row needs a test, or a word why it has none.
    #[serde(default)]
    pub(super) required: bool,
    pub(super) row: Vec<Row>,
}

/// One thing that is tried, and what is done about it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) attack: String,
    pub(super) answer: String,
    /// Where the answer differs from what is usual.
    pub(super) decision: Option<String>,
    /// Why there is no test.
    pub(super) reason: Option<String>,
    /// The name of the feature that the row, or a part of it, needs first.
    pub(super) waits_for: Option<String>,
}

/// One item of RFC 9700.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) section: String,
    pub(super) rule: String,
    /// The rows that cover it.
    #[serde(default)]
    pub(super) ids: Vec<String>,
    /// What else is to be said, above all when no row covers it.
    pub(super) note: Option<String>,
}

impl Catalogue {
    /// Parses the text of `docs/attacks.toml`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| format!("docs/attacks.toml: {error}"))
    }

    /// Lists the rows of all families in their order.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.family.iter().flat_map(|family| &family.row)
    }

    /// Lists what the catalogue says against itself, one line each.
    pub(super) fn contradictions(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut ids = BTreeSet::new();
        for family in &self.family {
            for row in &family.row {
                let id = &row.id;
                if !ids.insert(id.as_str()) {
                    problems.push(format!("{id} is in the catalogue twice"));
                }
                if !belongs(id, &family.id) {
                    problems.push(format!("{id} is not an id of family {}", family.id));
                }
                if row.reason.is_some() && row.waits_for.is_some() {
                    problems.push(format!("{id} has both a `reason` and a `waits_for`"));
                }
            }
        }
        self.check_features(&mut problems);
        self.check_items(&ids, &mut problems);
        problems
    }

    /// Checks that rows wait for listed features only, and that each of those is waited for.
    fn check_features(&self, problems: &mut Vec<String>) {
        let listed: BTreeSet<&str> = self.feature.iter().map(|f| f.name.as_str()).collect();
        let mut awaited = BTreeSet::new();
        for row in self.rows() {
            if let Some(name) = row.waits_for.as_deref() {
                awaited.insert(name);
                if !listed.contains(name) {
                    let id = &row.id;
                    problems.push(format!(
                        "{id} waits for `{name}`, which is no listed feature"
                    ));
                }
            }
        }
        let idle = listed.difference(&awaited);
        problems.extend(idle.map(|name| format!("no row waits for the feature `{name}`")));
    }

    /// Checks that each item of RFC 9700 stands once and leads to rows that exist, or says why not.
    fn check_items(&self, ids: &BTreeSet<&str>, problems: &mut Vec<String>) {
        let mut sections = BTreeSet::new();
        for item in &self.rfc9700 {
            let section = &item.section;
            if !sections.insert(section) {
                problems.push(format!("RFC 9700 section {section} is mapped twice"));
            }
            for id in item.ids.iter().filter(|id| !ids.contains(id.as_str())) {
                problems.push(format!(
                    "RFC 9700 section {section} leads to {id}, which is not in the catalogue"
                ));
            }
            if item.ids.is_empty() && item.note.is_none() {
                problems.push(format!("RFC 9700 section {section} has no row and no note"));
            }
        }
    }
}

/// Tells whether an id is a family's letters, a dash and digits.
fn belongs(id: &str, family: &str) -> bool {
    id.strip_prefix(family)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contradictions(text: &str) -> Vec<String> {
        Catalogue::parse(text).unwrap().contradictions()
    }

    fn family(rows: &str) -> String {
        format!("[[family]]\nid = 'ST'\ntitle = 't'\nabout = 'a'\nrow = [{rows}]\n")
    }

    fn row(id: &str, more: &str) -> String {
        format!("{{ id = '{id}', title = 't', attack = 'a', answer = 'b'{more} }},")
    }

    #[test]
    fn repeated_and_foreign_ids_are_contradictions() {
        let rows = [row("ST-01", ""), row("ST-01", ""), row("CB-1x", "")].concat();
        assert_eq!(
            contradictions(&family(&rows)),
            [
                "ST-01 is in the catalogue twice",
                "CB-1x is not an id of family ST"
            ]
        );
    }

    #[test]
    fn row_cannot_wait_and_do_without_a_test_for_ever() {
        let rows = row("ST-01", ", reason = 'r', waits_for = 'f'");
        let text = family(&rows) + "[[feature]]\nname = 'f'\n";
        assert_eq!(
            contradictions(&text),
            ["ST-01 has both a `reason` and a `waits_for`"]
        );
    }

    #[test]
    fn features_are_listed_while_something_waits_for_them() {
        let text = family(&row("ST-01", ", waits_for = 'g'")) + "[[feature]]\nname = 'f'\n";
        assert_eq!(
            contradictions(&text),
            [
                "ST-01 waits for `g`, which is no listed feature",
                "no row waits for the feature `f`"
            ]
        );
    }

    #[test]
    fn items_lead_to_rows_or_say_why_not() {
        let text = family(&row("ST-01", ""))
            + "[[rfc9700]]\nsection = '2.1'\nrule = 'r'\nids = ['ST-01', 'ST-07']\n"
            + "[[rfc9700]]\nsection = '2.1'\nrule = 'r'\n";
        assert_eq!(
            contradictions(&text),
            [
                "RFC 9700 section 2.1 leads to ST-07, which is not in the catalogue",
                "RFC 9700 section 2.1 is mapped twice",
                "RFC 9700 section 2.1 has no row and no note"
            ]
        );
    }
}
