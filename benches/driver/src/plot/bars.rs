//! Bars: what each peer costs, grouped by framework.

use plotters::prelude::*;
use serde::Deserialize;

use super::sheet::{self, Area, FAINT, GRID, HEAD, INK, MARGIN, Side, SmallPrint, WIDTH, font};
use super::{Circumstances, figure};

/// The tables that are drawn.
pub(super) const TABLES: [&str; 2] = ["request", "login"];

/// Where figures lie further apart than this, the axis counts in powers of ten.
const FAR: f64 = 40.0;

const OURS: RGBColor = RGBColor(9, 105, 218);
const BASE: RGBColor = RGBColor(140, 149, 159);
const PEER: RGBColor = RGBColor(191, 135, 0);
/// Paler, where a login looks at no signature.
const OURS_PALE: RGBColor = RGBColor(150, 196, 245);
const PEER_PALE: RGBColor = RGBColor(238, 216, 160);

const LINE: i32 = 22;
const GROUP: i32 = 24;
const LEGEND: i32 = 26;
const AXIS: i32 = 22;
/// Where bars begin and end; names stand before, figures behind.
const LEFT: i32 = 300;
const RIGHT: i32 = WIDTH as i32 - 150;

/// A row of a table, as the run wrote it.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    name: String,
    framework: String,
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default)]
    verifies_id_token: bool,
    #[serde(default)]
    cpu_us: Option<Spread>,
    #[serde(default)]
    ratio: Option<Spread>,
    #[serde(default)]
    missing: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

/// What a bar stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ours,
    /// Ours without OpenID Connect.
    OursAlone,
    Peer,
    /// A login that looks at no signature.
    PeerUnchecked,
    Base,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Ours,
        Self::OursAlone,
        Self::Peer,
        Self::PeerUnchecked,
        Self::Base,
    ];

    fn colour(self) -> RGBColor {
        match self {
            Self::Ours => OURS,
            Self::OursAlone => OURS_PALE,
            Self::Peer => PEER,
            Self::PeerUnchecked => PEER_PALE,
            Self::Base => BASE,
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Ours => "codegrant",
            Self::OursAlone => "codegrant, no ID token",
            Self::Peer => "others",
            Self::PeerUnchecked => "others, no ID token or its signature unchecked",
            Self::Base => "the least there can be",
        }
    }
}

/// A plot of one table.
#[derive(Debug)]
pub(super) struct Bars<'a> {
    pub(super) name: &'static str,
    title: &'static str,
    explanation: &'static str,
    against: &'static str,
    /// In the order of the run.
    frameworks: Vec<String>,
    rows: Vec<Row>,
    circumstances: &'a Circumstances,
}

impl<'a> Bars<'a> {
    /// Returns the plot of this table, if it is one that is drawn and has figures.
    pub(super) fn of(
        table: &str,
        mut rows: Vec<Row>,
        circumstances: &'a Circumstances,
    ) -> Option<Self> {
        let (name, title, explanation, against) = match table {
            "request" => (
                "request",
                "A page of a logged-in user",
                "Processor time of the server for one request, in microseconds. Less is better.",
                "x bare",
            ),
            "login" => (
                "login",
                "A whole login",
                "Processor time of the server from the start to the session, in microseconds. Less is better.",
                "x floor",
            ),
            _ => return None,
        };
        if !rows.iter().any(|row| row.cpu_us.is_some()) {
            return None;
        }
        let mut frameworks: Vec<String> = Vec::new();
        for row in &rows {
            if !frameworks.contains(&row.framework) {
                frameworks.push(row.framework.clone());
            }
        }
        // The cheapest first; what could not be measured last.
        rows.sort_by(|one, other| {
            let cost = |row: &Row| row.cpu_us.map_or(f64::INFINITY, |spread| spread.median);
            cost(one).total_cmp(&cost(other))
        });
        Some(Self {
            name,
            title,
            explanation,
            against,
            frameworks,
            rows,
            circumstances,
        })
    }

    fn kind(&self, row: &Row) -> Kind {
        let checks = self.name != "login" || row.verifies_id_token;
        let begins = |with: &str| row.name.starts_with(with);
        match (begins("codegrant"), checks) {
            (true, true) => Kind::Ours,
            (true, false) => Kind::OursAlone,
            _ if begins("bare") || begins("floor") => Kind::Base,
            (false, true) => Kind::Peer,
            (false, false) => Kind::PeerUnchecked,
        }
    }

    /// Returns a name without the framework, which stands above it, and with the usual short form.
    fn label(row: &Row) -> String {
        let name = row.name.replace("OpenID Connect", "OIDC");
        let lower = name.to_lowercase();
        let framework = format!(" on {}", row.framework.to_lowercase());
        let at = lower.find(&framework).filter(|_| lower.len() == name.len());
        at.map_or(name.clone(), |at| {
            name[..at].to_owned() + &name[at + framework.len()..]
        })
    }

    /// Draws it.
    ///
    /// # Errors
    ///
    /// What the library says.
    pub(super) fn draw(&self) -> Result<String, String> {
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let top = HEAD + LEGEND;
        let bottom = top + count(self.frameworks.len()) * GROUP + count(self.rows.len()) * LINE;
        let small = self.small_print();
        let height = bottom + AXIS + small.height();
        let axis = Axis::of(self.rows.iter().filter_map(|row| row.cpu_us));
        let mut explanation = self.explanation.to_owned();
        if axis.powers {
            explanation += " Each line is ten times the one before.";
        }
        sheet::card(height, [self.title, &explanation], &small, |area| {
            self.legend(area)?;
            for tick in axis.ticks() {
                let x = axis.place(tick);
                let line = PathElement::new([(x, top), (x, bottom)], GRID.stroke_width(1));
                area.draw(&line).map_err(|error| error.to_string())?;
                sheet::text(
                    area,
                    &format!("{tick}"),
                    (x, bottom + 10),
                    font(13, FAINT, Side::Middle),
                )?;
            }
            let mut y = top;
            for framework in &self.frameworks {
                let heading = font(16, FAINT, Side::Right);
                let heading = TextStyle {
                    font: heading.font.style(FontStyle::Bold),
                    ..heading
                };
                sheet::text(area, framework, (MARGIN, y + GROUP / 2 + 2), heading)?;
                y += GROUP;
                for row in self.rows.iter().filter(|row| row.framework == *framework) {
                    self.bar(area, row, &axis, y + LINE / 2)?;
                    y += LINE;
                }
            }
            Ok(())
        })
    }

    fn bar(&self, area: &Area, row: &Row, axis: &Axis, y: i32) -> Result<(), String> {
        sheet::text(
            area,
            &Self::label(row),
            (LEFT - 10, y),
            font(16, INK, Side::Left),
        )?;
        let Some(cost) = row.cpu_us else {
            let why = row.missing.as_deref().unwrap_or("not measured");
            let why: String = why.chars().take(80).collect();
            let why = format!("missing: {why}");
            return sheet::text(area, &why, (LEFT + 6, y), font(15, FAINT, Side::Right));
        };
        let end = axis.place(cost.median);
        let bar = [(LEFT, y - 7), (end, y + 7)];
        let filled = self.kind(row).colour().filled();
        area.draw(&Rectangle::new(bar, filled))
            .map_err(|error| error.to_string())?;
        let (low, high) = (axis.place(cost.min), axis.place(cost.max));
        let spread = PathElement::new([(low, y), (high, y)], INK.stroke_width(1));
        area.draw(&spread).map_err(|error| error.to_string())?;
        let ratio = row.ratio.map_or_else(String::new, |ratio| {
            format!("  ({} {})", figure(ratio.median), self.against)
        });
        let told = format!("{}{ratio}", figure(cost.median));
        let at = (end.max(high) + 8, y);
        sheet::text(area, &told, at, font(15, INK, Side::Right))
    }

    fn legend(&self, area: &Area) -> Result<(), String> {
        let mut x = MARGIN;
        for kind in Kind::ALL {
            if !self.rows.iter().any(|row| self.kind(row) == kind) {
                continue;
            }
            let y = HEAD + 6;
            let box_ = [(x, y - 5), (x + 10, y + 5)];
            area.draw(&Rectangle::new(box_, kind.colour().filled()))
                .map_err(|error| error.to_string())?;
            let meaning = kind.meaning();
            sheet::text(area, meaning, (x + 16, y), font(15, INK, Side::Right))?;
            x += 44 + 6 * i32::try_from(meaning.len()).unwrap_or(0);
        }
        Ok(())
    }

    fn small_print(&self) -> SmallPrint {
        let rounds = self.circumstances.rounds.unwrap_or(1);
        let of =
            format!("Medians of {rounds} rounds; the thin line is from the least to the most.");
        let mut versions: Vec<String> = Vec::new();
        for version in self.rows.iter().flat_map(|row| &row.versions) {
            if !versions.contains(version) {
                versions.push(version.clone());
            }
        }
        versions.extend(self.circumstances.compiler());
        let run_by = |name: &str| {
            self.rows
                .iter()
                .any(|row| row.framework.eq_ignore_ascii_case(name))
        };
        if run_by("express") {
            let node = self.circumstances.node.as_deref();
            versions
                .extend(node.map(|version| format!("Node.js {}", version.trim_start_matches('v'))));
        }
        if run_by("flask") {
            versions.extend(self.circumstances.python.clone());
        }
        SmallPrint::new(&of, versions, self.circumstances)
    }
}

/// The axis along the bars.
#[derive(Debug)]
struct Axis {
    from: f64,
    to: f64,
    powers: bool,
}

impl Axis {
    fn of(spreads: impl Iterator<Item = Spread>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for spread in spreads {
            least = least.min(spread.min);
            most = most.max(spread.max);
        }
        let least = least.max(1e-3);
        if most / least > FAR {
            // A decade below the least, so that the shortest bar is one.
            let from = 10_f64.powf(least.log10().floor());
            let from = if least / from < 2.0 {
                from / 10.0
            } else {
                from
            };
            return Self {
                from,
                to: most * 1.05,
                powers: true,
            };
        }
        Self {
            from: 0.0,
            to: most * 1.05,
            powers: false,
        }
    }

    fn place(&self, value: f64) -> i32 {
        let share = if self.powers {
            (value.max(self.from) / self.from).log10() / (self.to / self.from).log10()
        } else {
            value / self.to
        };
        LEFT + (f64::from(RIGHT - LEFT) * share).round() as i32
    }

    fn ticks(&self) -> Vec<f64> {
        let mut ticks = Vec::new();
        if self.powers {
            let mut tick = self.from;
            while tick <= self.to {
                ticks.push(tick);
                tick *= 10.0;
            }
            return ticks;
        }
        let rough = self.to / 6.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|times| times * power)
            .into_iter()
            .find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let mut tick = 0.0;
        while tick <= self.to {
            ticks.push(tick);
            tick += step;
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_does_not_repeat_the_framework_above_it() {
        let label = |name: &str| {
            let row = format!(r#"{{"name": "{name}", "framework": "actix-web"}}"#);
            Bars::label(&serde_json::from_str(&row).unwrap())
        };
        assert_eq!(
            label("codegrant on Actix-web, OpenID Connect ES256"),
            "codegrant, OIDC ES256"
        );
        assert_eq!(label("bare actix-web"), "bare actix-web");
    }

    #[test]
    fn axis_counts_in_powers_only_where_figures_lie_far_apart() {
        let spread = |median| Spread {
            median,
            min: median,
            max: median,
        };
        let near = Axis::of([spread(10.0), spread(30.0)].into_iter());
        assert_eq!(near.ticks(), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(near.place(0.0), LEFT);
        let far = Axis::of([spread(10.0), spread(9_000.0)].into_iter());
        assert_eq!(far.ticks(), [1.0, 10.0, 100.0, 1_000.0]);
        assert!(far.place(10.0) > LEFT + 20);
        assert!(far.place(9_000.0) <= RIGHT);
    }
}
