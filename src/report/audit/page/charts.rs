//! Where the parts of a chart go. Positions are whole numbers in a picture that
//! is 3,600 units wide, so that one unit is a tenth of a pixel on a phone.

use jiff::civil::Date;

use crate::model::Money;

/// Bars below one another, each with its name at the left and its number at the
/// end, so that nothing depends on a color.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BarChart {
    /// What it is told apart by on the page.
    pub(super) id: String,
    /// What it shows.
    pub(super) title: String,
    /// More about it, or empty.
    pub(super) subtitle: String,
    /// The bars, from above.
    pub(super) bars: Vec<Bar>,
    /// How high the picture is.
    pub(super) height: i64,
    /// Where zero is, if a line marks it.
    pub(super) zero: Option<i64>,
    /// Where the names end that stand beside their bars.
    pub(super) names_end: i64,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    /// Its name.
    pub(super) label: String,
    /// Its number, as people read it.
    pub(super) value: String,
    /// How it is filled.
    pub(super) fill: Fill,
    /// Its left end.
    pub(super) x: i64,
    /// Its upper edge.
    pub(super) y: i64,
    /// Its width.
    pub(super) width: i64,
    /// Where its number stands.
    pub(super) value_x: i64,
    /// The line on which its number stands.
    pub(super) text_y: i64,
    /// Where its name stands.
    pub(super) name: Name,
}

/// Where a bar's name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// At its left.
    Beside,
    /// Above it, because it may be long.
    Above,
}

/// How a bar is filled. Each has a pattern of its own besides its color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// Plain.
    Plain,
    /// Rising lines.
    Rising,
    /// Crossed lines.
    Crossed,
    /// Dots.
    Dotted,
    /// Level lines.
    Level,
    /// An outline only.
    Outline,
}

impl Fill {
    /// The class of the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Rising => "rising",
            Self::Crossed => "crossed",
            Self::Dotted => "dotted",
            Self::Level => "level",
            Self::Outline => "outline",
        }
    }
}

/// A bar before it has a place: from one number to another.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) fill: Fill,
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Span {
    /// A bar that begins at zero.
    pub(super) fn count(label: &str, number: impl Into<i64>, fill: Fill) -> Self {
        let number = number.into();
        Self {
            label: label.to_owned(),
            value: number.to_string(),
            fill,
            from: 0,
            to: number,
        }
    }

    /// A bar that goes on where the one before ended.
    pub(super) fn step(label: &str, from: i64, change: i64, fill: Fill) -> Self {
        Self {
            label: label.to_owned(),
            value: match change {
                0 => "0".to_owned(),
                change => format!("{change:+}"),
            },
            fill,
            from,
            to: from + change,
        }
    }
}

/// How wide a letter is, about.
const LETTER: i64 = 82;
/// Where the longest bar ends, so that there is room for its number.
const BARS_END: i64 = 3000;
const ROW: i64 = 220;
const THICKNESS: i64 = 150;
/// Names that are longer are shown in full in the table below.
const LONGEST_NAME: usize = 44;

impl BarChart {
    /// Draws whole numbers to one scale.
    pub(super) fn new(id: String, title: String, subtitle: String, spans: Vec<Span>) -> Self {
        let ends = || spans.iter().flat_map(|span| [span.from, span.to]);
        let low = ends().min().unwrap_or(0).min(0);
        let high = ends().max().unwrap_or(0).max(low + 1);
        let letters = spans.iter().map(|span| span.label.chars().count()).max();
        let names_end = i64::try_from(letters.unwrap_or(0)).unwrap_or(0) * LETTER;
        let left = names_end + 60;
        let place = |number: i64| left + (number - low) * (BARS_END - left) / (high - low);
        let bars = (0..).zip(spans).map(|(row, span)| {
            let (left, right) = (span.from.min(span.to), span.from.max(span.to));
            let y = row * ROW + (ROW - THICKNESS) / 2;
            Bar {
                label: span.label,
                value: span.value,
                fill: span.fill,
                x: place(left),
                y,
                width: place(right) - place(left),
                value_x: place(right) + 50,
                text_y: y + 120,
                name: Name::Beside,
            }
        });
        let bars: Vec<Bar> = bars.collect();
        Self {
            id,
            title,
            subtitle,
            height: below(&bars),
            bars,
            zero: Some(place(0)),
            names_end,
        }
    }

    /// Draws amounts of one currency, each below its name.
    pub(super) fn amounts(
        id: String,
        title: String,
        subtitle: String,
        amounts: &[(String, Money)],
    ) -> Self {
        const LEFT: i64 = 20;
        const WIDEST: u32 = 2500;
        const PAIR: i64 = 400;
        let whole = amounts.iter().max_by_key(|(_, money)| money.amount);
        let bars = (0..).zip(amounts).map(|(row, (label, money))| {
            let width = whole.and_then(|(_, whole)| money.parts_of(whole, WIDEST));
            let width = width.unwrap_or(0);
            let y = row * PAIR + 190;
            Bar {
                label: shortened(label),
                value: money.to_string(),
                fill: Fill::Rising,
                x: LEFT,
                y,
                width,
                value_x: LEFT + width + 50,
                text_y: y + 120,
                name: Name::Above,
            }
        });
        let bars: Vec<Bar> = bars.collect();
        Self {
            id,
            title,
            subtitle,
            height: below(&bars),
            bars,
            zero: None,
            names_end: 0,
        }
    }

    /// What it says, for those who cannot see it.
    pub(super) fn description(&self) -> String {
        let bars = self.bars.iter();
        let bars: Vec<String> = bars
            .map(|bar| format!("{}: {}", bar.label, bar.value))
            .collect();
        bars.join("; ")
    }
}

/// Where the last bar ends, with a little room.
fn below(bars: &[Bar]) -> i64 {
    bars.last().map_or(0, |bar| bar.y + THICKNESS) + 40
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    name.chars().take(LONGEST_NAME - 1).chain(['…']).collect()
}

/// Days on a line, each with its name on a row of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Timeline {
    /// What it is told apart by on the page.
    pub(super) id: String,
    /// What it shows.
    pub(super) title: String,
    /// More about it, or empty.
    pub(super) subtitle: String,
    /// The days, from the first to the last.
    pub(super) marks: Vec<Mark>,
    /// How high the picture is.
    pub(super) height: i64,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// What it is, and the day.
    pub(super) label: String,
    /// Where it is on the line.
    pub(super) x: i64,
    /// Its row.
    pub(super) y: i64,
    /// Where its name stands.
    pub(super) text_x: i64,
    /// `start` or `end`: to which side the name goes.
    pub(super) anchor: &'static str,
}

impl Timeline {
    /// Puts days on a line to scale.
    pub(super) fn new(
        id: String,
        title: String,
        subtitle: String,
        mut days: Vec<(&str, Date)>,
    ) -> Self {
        const LEFT: i64 = 80;
        const LENGTH: i64 = 3440;
        days.sort_by_key(|(_, day)| *day);
        let first = days.first().map(|(_, day)| *day).unwrap_or_default();
        let since = |day: Date| {
            first
                .until(day)
                .map_or(0, |span| i64::from(span.get_days()))
        };
        let length = days.iter().map(|(_, day)| since(*day)).max().unwrap_or(0);
        let marks = (0..).zip(&days).map(|(row, (what, day))| {
            let x = LEFT + since(*day) * LENGTH / length.max(1);
            let (text_x, anchor) = if x > LEFT + LENGTH / 2 {
                (x - 90, "end")
            } else {
                (x + 90, "start")
            };
            Mark {
                label: format!("{what} {day}"),
                x,
                y: 260 + row * 230,
                text_x,
                anchor,
            }
        });
        let marks: Vec<Mark> = marks.collect();
        Self {
            id,
            title,
            subtitle,
            height: marks.last().map_or(0, |mark| mark.y) + 100,
            marks,
        }
    }

    /// What it says, for those who cannot see it.
    pub(super) fn description(&self) -> String {
        let marks: Vec<&str> = self.marks.iter().map(|mark| mark.label.as_str()).collect();
        marks.join("; ")
    }
}
