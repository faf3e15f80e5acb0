//! Lines: what something costs at one size and at a thousand times that.

use std::collections::BTreeMap;

use plotters::coord::combinators::LogCoord;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

use super::sheet::{self, Area, FAINT, GRID, HEAD, MARGIN, Side, SmallPrint, WIDTH, font};
use super::{Circumstances, figure};

/// Where figures lie further apart than this, the axis counts in powers of ten.
const FAR: f64 = 40.0;

const HEIGHT: i32 = 300;
/// How much room the names at the right end of the lines have.
const NAMES: i32 = 180;
/// How far names are apart.
const NAME: i32 = 17;

const COLOURS: [RGBColor; 8] = [
    RGBColor(9, 105, 218),
    RGBColor(191, 135, 0),
    RGBColor(26, 127, 55),
    RGBColor(130, 80, 223),
    RGBColor(207, 34, 46),
    RGBColor(31, 136, 146),
    RGBColor(191, 57, 137),
    RGBColor(89, 99, 110),
];

/// The fields of a line that say how many there are.
const SIZES: [&str; 4] = ["sessions", "providers", "parallel", "endings"];

/// A figure at a size.
#[derive(Debug, Clone)]
pub(super) struct Point {
    subject: String,
    series: String,
    size: f64,
    value: f64,
    unit: &'static str,
}

impl Point {
    /// Returns the figures of one line; their names end or begin with their unit.
    pub(super) fn among(what: &str, figures: &BTreeMap<String, f64>) -> Vec<Self> {
        let size = SIZES.iter().find_map(|name| figures.get(*name).copied());
        // An axis in powers has no place for none of something.
        let Some(size) = size.filter(|size| *size >= 1.0) else {
            return Vec::new();
        };
        let points = figures.iter().filter_map(|(name, value)| {
            let (name, unit, value) = if let Some(name) = name.strip_suffix("_us") {
                (name.to_owned(), "us", *value)
            } else if let Some(name) = name.strip_suffix("_ns") {
                (name.to_owned(), "us", value / 1e3)
            } else if let Some(name) = name.strip_suffix("_ms") {
                (name.to_owned(), "us", value * 1e3)
            } else if name.contains("bytes") && name != "bytes" {
                let name = name.trim_start_matches("bytes_").trim_end_matches("_bytes");
                (name.to_owned(), "bytes", *value)
            } else {
                return None;
            };
            // Nothing is less than the system can tell: memory comes in pages, and processor time in ticks.
            if value <= 0.0 {
                return None;
            }
            // The slowest call, and what is done once for all of them, would dwarf the rest.
            let (series, part) = match name.strip_suffix("_longest") {
                Some(series) => (series, "-longest"),
                None if name == "build" => ("build", "-build"),
                None if name == "start" && what == "revocation_index" => ("start", "-start"),
                None => (&*name, ""),
            };
            Some(Self {
                subject: format!("{what}{part}").replace('_', "-"),
                series: series.replace('_', " "),
                size,
                value,
                unit,
            })
        });
        points.collect()
    }
}

/// A plot: all series of one subject in one unit.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    pub(super) name: String,
    subject: String,
    unit: &'static str,
    series: BTreeMap<String, Vec<(f64, f64)>>,
    circumstances: &'a Circumstances,
}

impl<'a> Lines<'a> {
    /// Sorts points into plots.
    pub(super) fn among(points: Vec<Point>, circumstances: &'a Circumstances) -> Vec<Self> {
        let mut plots = BTreeMap::<(String, &str), BTreeMap<String, Vec<(f64, f64)>>>::new();
        for point in points {
            let plot = plots.entry((point.subject, point.unit)).or_default();
            let series = plot.entry(point.series).or_default();
            series.push((point.size, point.value));
        }
        let plots = plots.into_iter().map(|((subject, unit), mut series)| {
            for points in series.values_mut() {
                points.sort_by(|one, other| one.0.total_cmp(&other.0));
            }
            Self {
                name: format!("{subject}-{unit}"),
                subject,
                unit,
                series,
                circumstances,
            }
        });
        plots.collect()
    }

    /// Returns the title, the explanation, and what is counted along the axis.
    fn words(&self) -> (&str, String, &str) {
        let (title, sizes) = match &*self.subject {
            "memory-store" => ("Sessions in memory", "sessions"),
            "memory-store-longest" => ("Sessions in memory: the slowest call", "sessions"),
            "providers" => ("Many providers", "providers"),
            "providers-build" => ("Starting with many providers", "providers"),
            "revocation-index" => ("A page, beside a list of what is over", "endings"),
            "revocation-index-start" => ("Starting beside a list of what is over", "endings"),
            "parallel" => ("Logins under way at the same time", "logins"),
            other => (other, "size"),
        };
        let what = match (self.unit, &*self.subject) {
            (_, "providers-build" | "revocation-index-start") => "Microseconds for all of them",
            ("bytes", _) => "Bytes for one",
            _ => "Microseconds for one",
        };
        let explanation = format!(
            "{what}, by the number of {sizes}. Where a line is flat, that number does not matter."
        );
        (title, explanation, sizes)
    }

    /// Draws it.
    ///
    /// # Errors
    ///
    /// What the library says.
    pub(super) fn draw(&self) -> Result<String, String> {
        let (title, explanation, sizes) = self.words();
        let versions = self.circumstances.compiler().into_iter().collect();
        let small = SmallPrint::new("", versions, self.circumstances);
        let height = HEAD + HEIGHT + small.height();
        sheet::card(height, [title, &explanation], &small, |area| {
            let wide = WIDTH as i32;
            let inner = area
                .clone()
                .shrink((MARGIN, HEAD), (wide - MARGIN - NAMES, HEIGHT));
            let all = || self.series.values().flatten();
            let extent = |of: fn(&(f64, f64)) -> f64| {
                let least = all().map(of).fold(f64::INFINITY, f64::min);
                let most = all().map(of).fold(0.0, f64::max);
                (least, most)
            };
            let (smallest, largest) = extent(|point| point.0);
            let (least, most) = extent(|point| point.1);
            let across = (smallest.max(1e-9)..largest.max(smallest * 10.0)).log_scale();
            // What may be nothing has no place on an axis in powers.
            if least > 0.0 && most / least > FAR {
                let up = (power_below(least)..most * 1.5).log_scale();
                self.fill(area, &inner, across, up, sizes)
            } else {
                self.fill(area, &inner, across, 0.0..most * 1.15, sizes)
            }
        })
    }

    fn fill<Y>(
        &self,
        area: &Area,
        inner: &Area,
        across: impl AsRangedCoord<Value = f64, CoordDescType = LogCoord<f64>>,
        up: impl AsRangedCoord<Value = f64, CoordDescType = Y>,
        sizes: &str,
    ) -> Result<(), String>
    where
        Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let failed = |error: &dyn std::fmt::Display| error.to_string();
        let mut chart = ChartBuilder::on(inner)
            .margin_right(12)
            .x_label_area_size(44)
            .y_label_area_size(56)
            .build_cartesian_2d(across, up)
            .map_err(|error| failed(&error))?;
        let label = |value: &f64| tick(*value);
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .x_desc(sizes)
            .axis_desc_style(font(15, FAINT, Side::Middle))
            .label_style(font(13, FAINT, Side::Middle))
            .x_label_formatter(&label)
            .y_label_formatter(&label)
            .y_labels(6)
            .draw()
            .map_err(|error| failed(&error))?;
        let mut names = Vec::new();
        for ((name, points), colour) in self.series.iter().zip(COLOURS.iter().cycle()) {
            chart
                .draw_series(LineSeries::new(
                    points.iter().copied(),
                    colour.stroke_width(2),
                ))
                .map_err(|error| failed(&error))?;
            let dots = points
                .iter()
                .map(|point| Circle::new(*point, 3, colour.filled()));
            chart.draw_series(dots).map_err(|error| failed(&error))?;
            if let Some(last) = points.last() {
                let (x, y) = chart.backend_coord(last);
                names.push((y, x, *colour, format!("{name}: {}", figure(last.1))));
            }
        }
        // Names that would overlap move apart, downwards.
        names.sort_by_key(|(y, ..)| *y);
        let mut free = i32::MIN;
        for (y, x, colour, name) in names {
            let y = y.max(free);
            free = y + NAME;
            sheet::text(area, &name, (x + 10, y), font(15, colour, Side::Right))?;
        }
        Ok(())
    }
}

fn power_below(value: f64) -> f64 {
    10_f64.powf(value.log10().floor())
}

/// Writes a figure of an axis.
fn tick(value: f64) -> String {
    let plain = |value: f64| {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match value {
        value if value >= 1e6 => plain(value / 1e6) + "M",
        value if value >= 1e4 => plain(value / 1e3) + "k",
        _ => plain(value),
    }
}
