//! Bars: what each peer costs, grouped by framework.

use plotters::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::sheet::{self, Area, FAINT, GRID, HEAD, INK, MARGIN, Side, SmallPrint, WIDTH, font};
use super::{Circumstances, figure};

/// How many times the shortest bar a long one may be before it is cut, so that the differences among the short ones are seen.
const LONGEST: f64 = 8.0;

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
    session_bytes: Option<f64>,
    #[serde(default)]
    abandoned_start_bytes: Option<f64>,
    #[serde(default)]
    release_cpu_seconds: Option<f64>,
    #[serde(default)]
    missing: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    /// Returns that of a figure which was measured once; less than nothing is noise.
    fn once(figure: f64) -> Self {
        let figure = figure.max(0.0);
        Self {
            median: figure,
            min: figure,
            max: figure,
        }
    }
}

/// What a picture shows of a table.
#[derive(Debug)]
struct Subject {
    table: &'static str,
    name: &'static str,
    title: &'static str,
    explanation: &'static str,
    /// What ratios are to; empty where there are none, and no bar is cut.
    against: &'static str,
    /// How the figures were come by.
    of: &'static str,
    /// Where the figure is in a row.
    figure: fn(&Row) -> Option<Spread>,
}

const OF_ROUNDS: &str =
    "Medians of the rounds; the thin line is from the least to the most of them.";

const SUBJECTS: [Subject; 5] = [
    Subject {
        table: "request",
        name: "request",
        title: "A page of a logged-in user",
        explanation: "Processor time of the server for one request, in microseconds. Less is better.",
        against: "x bare",
        of: OF_ROUNDS,
        figure: |row| row.cpu_us,
    },
    Subject {
        table: "login",
        name: "login",
        title: "A whole login",
        explanation: "Processor time of the server from the start to the session, in microseconds. Less is better.",
        against: "x floor",
        of: OF_ROUNDS,
        figure: |row| row.cpu_us,
    },
    Subject {
        table: "memory",
        name: "memory-session",
        title: "Memory of a logged-in session",
        explanation: "Bytes by which the server grows with each. Less is better.",
        against: "",
        of: "The mean of all sessions that were opened, what the allocator keeps to itself included.",
        figure: |row| row.session_bytes.map(Spread::once),
    },
    Subject {
        table: "memory",
        name: "memory-start",
        title: "Memory of a login that was begun and left",
        explanation: "Bytes by which the server grows with each. Less is better.",
        against: "",
        of: "The mean of all logins that were begun, what the allocator keeps to itself included.",
        figure: |row| row.abandoned_start_bytes.map(Spread::once),
    },
    Subject {
        table: "build",
        name: "build",
        title: "A clean release build",
        explanation: "Processor seconds of an app, with its framework and all that it stands on. Less is better.",
        against: "",
        of: "One build of each, in an empty target folder.",
        figure: |row| row.release_cpu_seconds.map(Spread::once),
    },
];

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
    subject: &'static Subject,
    /// In the order of the run.
    frameworks: Vec<String>,
    rows: Vec<Row>,
    circumstances: &'a Circumstances,
}

impl<'a> Bars<'a> {
    /// Returns the plots of this table for which it has figures.
    ///
    /// # Errors
    ///
    /// It is not such a table.
    pub(super) fn among(
        table: &str,
        rows: &Value,
        circumstances: &'a Circumstances,
    ) -> Result<Vec<Self>, String> {
        let subjects = SUBJECTS.iter().filter(|subject| subject.table == table);
        let plots = subjects.map(|subject| {
            let rows = Vec::<Row>::deserialize(rows);
            let rows = rows.map_err(|error| format!("{table}: {error}"))?;
            Ok(Self::of(subject, rows, circumstances))
        });
        plots.filter_map(Result::transpose).collect()
    }

    /// Returns the plot of a subject, if there is a figure to show.
    fn of(
        subject: &'static Subject,
        mut rows: Vec<Row>,
        circumstances: &'a Circumstances,
    ) -> Option<Self> {
        // What has neither a figure nor a reason is not a matter for it: a start of what has no login.
        rows.retain(|row| (subject.figure)(row).is_some() || row.missing.is_some());
        if !rows.iter().any(|row| (subject.figure)(row).is_some()) {
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
            let cost =
                |row: &Row| (subject.figure)(row).map_or(f64::INFINITY, |spread| spread.median);
            cost(one).total_cmp(&cost(other))
        });
        Some(Self {
            subject,
            frameworks,
            rows,
            circumstances,
        })
    }

    /// Returns what the file of the picture is called.
    pub(super) fn name(&self) -> &'static str {
        self.subject.name
    }

    fn kind(&self, row: &Row) -> Kind {
        let checks = self.subject.name != "login" || row.verifies_id_token;
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
        let figures = self.rows.iter().filter_map(self.subject.figure);
        let axis = Axis::of(figures, !self.subject.against.is_empty());
        let mut explanation = self.subject.explanation.to_owned();
        if axis.cuts {
            explanation += " A bar with a gap is too long to be shown.";
        }
        sheet::card(height, [self.subject.title, &explanation], &small, |area| {
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
        let Some(cost) = (self.subject.figure)(row) else {
            let why = row.missing.as_deref().unwrap_or("not measured");
            let why: String = why.chars().take(80).collect();
            let why = format!("missing: {why}");
            return sheet::text(area, &why, (LEFT + 6, y), font(15, FAINT, Side::Right));
        };
        let end = axis.place(cost.median);
        let bar = [(LEFT, y - 7), (end, y + 7)];
        let filled = self.kind(row).colour().filled();
        let failed = |error: &dyn std::fmt::Display| error.to_string();
        area.draw(&Rectangle::new(bar, filled))
            .map_err(|error| failed(&error))?;
        let (low, high) = (axis.place(cost.min), axis.place(cost.max));
        if cost.median > axis.to {
            let gap = [
                (end - 24, y + 8),
                (end - 16, y - 8),
                (end - 10, y - 8),
                (end - 18, y + 8),
            ];
            area.draw(&Polygon::new(gap, sheet::PAPER.filled()))
                .map_err(|error| failed(&error))?;
        } else {
            let spread = PathElement::new([(low, y), (high, y)], INK.stroke_width(1));
            area.draw(&spread).map_err(|error| failed(&error))?;
        }
        let ratio = row.ratio.map_or_else(String::new, |ratio| {
            format!("  ({} {})", figure(ratio.median), self.subject.against)
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
        SmallPrint::new(self.subject.of, versions, self.circumstances)
    }
}

/// The axis along the bars.
#[derive(Debug)]
struct Axis {
    to: f64,
    /// Whether there are figures beyond its end.
    cuts: bool,
}

impl Axis {
    fn of(spreads: impl Iterator<Item = Spread>, may_cut: bool) -> Self {
        let spreads: Vec<Spread> = spreads.collect();
        let medians = spreads.iter().map(|spread| spread.median);
        let limit = LONGEST * medians.fold(f64::INFINITY, f64::min);
        let fits = |spread: &&Spread| !may_cut || spread.median <= limit;
        let shown = spreads.iter().filter(fits);
        let most = shown.map(|spread| spread.max).fold(1.0, f64::max);
        Self {
            to: most * 1.05,
            cuts: !spreads.iter().all(|spread| fits(&spread)),
        }
    }

    fn place(&self, value: f64) -> i32 {
        let share = (value / self.to).min(1.0);
        LEFT + (f64::from(RIGHT - LEFT) * share).round() as i32
    }

    fn ticks(&self) -> Vec<f64> {
        let mut ticks = Vec::new();
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
    fn bar_is_cut_only_where_it_would_leave_no_room_for_the_others() {
        let figures = || [10.0, 30.0, 9_000.0].map(Spread::once).into_iter();
        let near = Axis::of(figures().take(2), true);
        assert_eq!(near.ticks(), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!((near.place(0.0), near.cuts), (LEFT, false));
        let cut = Axis::of(figures(), true);
        assert_eq!(cut.ticks(), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!((cut.place(9_000.0), cut.cuts), (RIGHT, true));
        let whole = Axis::of(figures(), false);
        assert!(whole.to > 9_000.0 && !whole.cuts);
    }
}
