//! What every plot is drawn on: a light card that reads on a dark page as well, with a title and small print.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Circumstances;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(super) const INK: RGBColor = RGBColor(31, 35, 40);
pub(super) const FAINT: RGBColor = RGBColor(89, 99, 110);
pub(super) const GRID: RGBColor = RGBColor(225, 228, 232);
pub(super) const PAPER: RGBColor = RGBColor(255, 255, 255);
const EDGE: RGBColor = RGBColor(209, 217, 224);

pub(super) const WIDTH: u32 = 900;
pub(super) const MARGIN: i32 = 20;
/// How high the title with its explanation is.
pub(super) const HEAD: i32 = 66;
const SMALL_LINE: i32 = 15;
/// How many letters of small print a line holds.
const SMALL_LETTERS: usize = 150;

/// Where the text stands, seen from its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Left,
    Right,
    Middle,
}

/// Returns a font in this size and colour.
pub(super) fn font(size: i32, colour: RGBColor, side: Side) -> TextStyle<'static> {
    let across = match side {
        Side::Left => HPos::Right,
        Side::Right => HPos::Left,
        Side::Middle => HPos::Center,
    };
    let font = ("Helvetica, Arial, sans-serif", size).into_font();
    font.color(&colour).pos(Pos::new(across, VPos::Center))
}

/// Writes a text.
pub(super) fn text(
    area: &Area,
    text: &str,
    at: (i32, i32),
    style: TextStyle<'static>,
) -> Result<(), String> {
    area.draw(&Text::new(text.to_owned(), at, style))
        .map_err(|error| error.to_string())
}

/// The small print below a plot.
#[derive(Debug)]
pub(super) struct SmallPrint(Vec<String>);

impl SmallPrint {
    /// Makes it of what the figures are, the versions, and the machine.
    pub(super) fn new(of: &str, versions: Vec<String>, circumstances: &Circumstances) -> Self {
        let mut lines = Vec::new();
        if !of.is_empty() {
            lines.push(of.to_owned());
        }
        lines.extend(wrapped(&versions));
        lines.push(circumstances.machine());
        Self(lines)
    }

    pub(super) fn height(&self) -> i32 {
        SMALL_LINE * i32::try_from(self.0.len()).unwrap_or(1) + MARGIN
    }
}

/// Joins words with commas into lines that fit.
fn wrapped(words: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() + 2 <= SMALL_LETTERS => {
                line.push_str(", ");
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    lines
}

/// Draws a card with a title, an explanation and small print, and lets `draw` fill what is between them.
///
/// # Errors
///
/// What the library says.
pub(super) fn card(
    height: i32,
    [title, explanation]: [&str; 2],
    small: &SmallPrint,
    draw: impl FnOnce(&Area) -> Result<(), String>,
) -> Result<String, String> {
    let mut picture = String::new();
    let tall = u32::try_from(height).map_err(|error| error.to_string())?;
    {
        let area = SVGBackend::with_string(&mut picture, (WIDTH, tall)).into_drawing_area();
        area.fill(&PAPER).map_err(|error| error.to_string())?;
        let right = i32::try_from(WIDTH).unwrap_or(i32::MAX) - 1;
        area.draw(&Rectangle::new(
            [(0, 0), (right, height - 1)],
            EDGE.stroke_width(1),
        ))
        .map_err(|error| error.to_string())?;
        let bold = font(23, INK, Side::Right);
        let bold = TextStyle {
            font: bold.font.style(FontStyle::Bold),
            ..bold
        };
        text(&area, title, (MARGIN, 26), bold)?;
        text(
            &area,
            explanation,
            (MARGIN, 48),
            font(16, FAINT, Side::Right),
        )?;
        draw(&area)?;
        let top = height - small.height() + SMALL_LINE / 2 + 4;
        for (line, at) in small.0.iter().zip((top..).step_by(SMALL_LINE as usize)) {
            text(&area, line, (MARGIN, at), font(13, FAINT, Side::Right))?;
        }
        area.present().map_err(|error| error.to_string())?;
    }
    Ok(picture)
}
