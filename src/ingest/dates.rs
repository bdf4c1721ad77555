//! Dates as HR systems write them. Whether day or month comes first, and to
//! which century a year of two digits belongs, is never read off one cell and
//! never taken from the machine's locale: see [`super::date_votes`].

use jiff::civil::Date;

use super::DateOrder;
use super::text::{is_blank, tidy};

/// Years that HR systems write for "no date" (`1/1/1900`, Infor `01/01/3000`,
/// Oracle `4712-12-31`, SAP `31/12/9999`, `0000-07-31`).
const NO_DATE_YEARS: [i16; 5] = [0, 1900, 3000, 4712, 9999];

/// Years in which a person who can be in a file today could be hired or leave;
/// anything else is a typing error.
pub(super) const PLAUSIBLE_YEARS: std::ops::RangeInclusive<i16> = 1940..=2150;

/// The months in the languages of HR systems, in lower case. No word stands for
/// two months, so the language need not be known.
const MONTHS: [&[&str]; 12] = [
    &[
        "january", "jan", "januar", "jänner", "jän", "janvier", "janv", "enero", "ene", "januari",
        "janeiro", "gennaio", "gen",
    ],
    &[
        "february",
        "feb",
        "februar",
        "feber",
        "février",
        "fevrier",
        "févr",
        "fév",
        "fevr",
        "febrero",
        "februari",
        "fevereiro",
        "fev",
        "febbraio",
    ],
    &[
        "march", "mar", "märz", "maerz", "mär", "mrz", "mars", "marzo", "maart", "mrt", "março",
        "marco",
    ],
    &["april", "apr", "avril", "avr", "abril", "abr", "aprile"],
    &["may", "mai", "mayo", "mei", "maio", "maggio", "mag"],
    &[
        "june", "jun", "juni", "juin", "junio", "junho", "giugno", "giu",
    ],
    &[
        "july", "jul", "juli", "juillet", "juil", "julio", "julho", "luglio", "lug",
    ],
    &["august", "aug", "août", "aout", "agosto", "ago", "augustus"],
    &[
        "september",
        "sep",
        "sept",
        "septembre",
        "septiembre",
        "setiembre",
        "setembro",
        "set",
        "settembre",
        "sett",
    ],
    &[
        "october", "oct", "oktober", "okt", "octobre", "octubre", "outubro", "out", "ottobre",
        "ott",
    ],
    &["november", "nov", "novembre", "noviembre", "novembro"],
    &[
        "december",
        "dec",
        "dezember",
        "dez",
        "décembre",
        "decembre",
        "déc",
        "diciembre",
        "dic",
        "dezembro",
        "dicembre",
    ],
];

/// Words that stand in written dates and mean nothing: `15 de febrero de 2026`,
/// `February 5th, 2026`.
const FILLERS: [&str; 9] = ["de", "del", "of", "st", "nd", "rd", "th", "er", "º"];

/// What is wrong with a cell, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// A lowercase fragment.
    pub problem: String,
    /// For the person who can change the export.
    pub advice: String,
}

impl Fault {
    /// A fault in words.
    pub(super) fn new(problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            advice: advice.into(),
        }
    }
}

/// Reads a cell as a date; `None` for a blank or one of the dates that mean
/// "no date". Without an order only dates that have one reading are for sure
/// (see [`reads_either_way`]), and a year must have four digits.
pub(super) fn read_date(cell: &str, order: Option<DateOrder>) -> Result<Option<Date>, Fault> {
    if is_blank(cell) {
        return Ok(None);
    }
    let written = written_date(cell)?;
    let year = written.year.full().ok_or_else(short_year)?;
    let (month, day) = match written.day {
        DayAndMonth::Certain { month, day } => (month, day),
        DayAndMonth::Ordered { first, second } => match order {
            Some(DateOrder::DayFirst) => (second, first),
            Some(DateOrder::MonthFirst) | None => (first, second),
        },
    };
    date_of(year, month, day, order)
}

/// Whether a cell is a date in which day and month could be swapped.
pub(super) fn reads_either_way(cell: &str) -> bool {
    written_date(cell).is_ok_and(|written| written.day.reads_either_way())
}

/// The date of a year, month and day, or `None` if the year means "no date".
pub(super) fn date_of(
    year: i16,
    month: i8,
    day: i8,
    order: Option<DateOrder>,
) -> Result<Option<Date>, Fault> {
    if NO_DATE_YEARS.contains(&year) {
        return Ok(None);
    }
    if !PLAUSIBLE_YEARS.contains(&year) {
        return Err(Fault::new(
            format!("the year {year} cannot be right"),
            "correct the date in HR",
        ));
    }
    Date::new(year, month, day)
        .map(Some)
        .map_err(|_| impossible(order))
}

/// A date as written, before order and century are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    /// Its year.
    pub year: Year,
    /// Its day and month.
    pub day: DayAndMonth,
    /// How its parts are put together.
    pub style: Style,
}

/// A year as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Year {
    /// Four digits.
    Full(i16),
    /// Two digits, which can mean any century.
    Short(i16),
}

impl Year {
    fn full(self) -> Option<i16> {
        match self {
            Self::Full(year) => Some(year),
            Self::Short(_) => None,
        }
    }
}

/// Day and month as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayAndMonth {
    /// The form says which is which: `2026-02-15`, `15-FEB-2026`.
    Certain {
        /// The month.
        month: i8,
        /// The day.
        day: i8,
    },
    /// It does not: `04/08/2026`.
    Ordered {
        /// The left one.
        first: i8,
        /// The right one.
        second: i8,
    },
}

impl DayAndMonth {
    /// Whether the two could be swapped and mean another day.
    pub(super) fn reads_either_way(self) -> bool {
        match self {
            Self::Certain { .. } => false,
            Self::Ordered { first, second } => first <= 12 && second <= 12 && first != second,
        }
    }
}

/// How the parts of a date are put together. Dates of one column that look
/// alike were written by one hand; those that do not may not have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Style {
    /// `2/15/2026`.
    Slashes,
    /// `15-02-2026`.
    Dashes,
    /// `15.02.2026`.
    Dots,
    /// `15-FEB-2026`, `April 5, 2018`.
    Words,
    /// `2026-02-15`, `20260215`.
    YearFirst,
}

/// Takes a cell apart. A time of day and its offset must be one, and are
/// dropped: the date is what HR wrote, and moving it by an offset could act a
/// day early.
pub(super) fn written_date(cell: &str) -> Result<Written, Fault> {
    let text = without_time(tidy(cell)).ok_or_else(not_a_date)?;
    let runs = runs(text).ok_or_else(not_a_date)?;
    match runs.as_slice() {
        [
            Run::Digits(left),
            Run::Gap(a),
            Run::Digits(middle),
            Run::Gap(b),
            Run::Digits(right),
        ] if a == b => {
            let Some(style) = style_of(a) else {
                return Err(not_a_date());
            };
            match (left.len(), right.len()) {
                (4, _) => certain(left, number(middle)?, right, Style::YearFirst),
                (1 | 2, 2 | 4) => Ok(Written {
                    year: year_of(right)?,
                    day: DayAndMonth::Ordered {
                        first: number(left)?,
                        second: number(middle)?,
                    },
                    style,
                }),
                _ => Err(not_a_date()),
            }
        }
        [Run::Digits(all)] if all.len() == 8 => {
            certain(&all[..4], number(&all[4..6])?, &all[6..], Style::YearFirst)
        }
        _ => worded_date(&runs),
    }
}

/// `15-FEB-2026`, `19may2021`, `April 5, 2018`, `15. Februar 2026`.
fn worded_date(runs: &[Run<'_>]) -> Result<Written, Fault> {
    let parts: Vec<Run<'_>> = runs
        .iter()
        .copied()
        .filter(|run| match run {
            Run::Gap(_) => false,
            Run::Letters(word) => !FILLERS.contains(&word.to_lowercase().as_str()),
            Run::Digits(_) => true,
        })
        .collect();
    match parts.as_slice() {
        [Run::Digits(year), Run::Letters(name), Run::Digits(day)] if year.len() == 4 => {
            let month = month_named(name).ok_or_else(not_a_date)?;
            certain(year, month, day, Style::YearFirst)
        }
        [Run::Digits(day), Run::Letters(name), Run::Digits(year)]
        | [Run::Letters(name), Run::Digits(day), Run::Digits(year)] => {
            let month = month_named(name).ok_or_else(not_a_date)?;
            certain(year, month, day, Style::Words)
        }
        [Run::Digits(serial)] if serial.len() == 5 => Err(Fault::new(
            "this is a spreadsheet's day number, not a date",
            "format the column as a date (YYYY-MM-DD) before it is exported",
        )),
        [Run::Digits(_) | Run::Letters(_), Run::Digits(_)] | [Run::Digits(_)] => Err(Fault::new(
            "this is not a complete date",
            "export year, month and day, best as YYYY-MM-DD",
        )),
        _ => Err(not_a_date()),
    }
}

fn certain(year: &str, month: i8, day: &str, style: Style) -> Result<Written, Fault> {
    Ok(Written {
        year: year_of(year)?,
        day: DayAndMonth::Certain {
            month,
            day: number(day)?,
        },
        style,
    })
}

fn year_of(digits: &str) -> Result<Year, Fault> {
    let year = digits.parse().map_err(|_| not_a_date())?;
    match digits.len() {
        4 => Ok(Year::Full(year)),
        2 => Ok(Year::Short(year)),
        _ => Err(not_a_date()),
    }
}

/// The text before a time of day: `2026-02-15T00:00:00+05:00`, `2/15/2026
/// 12:00 AM`, Workday's `2026-02-15-08:00`. `None` when what follows the date
/// is no time.
fn without_time(text: &str) -> Option<&str> {
    // Only what follows a colon tells a time from the rest of a date.
    let Some(colon) = text.find(':') else {
        let date = text.strip_suffix(['Z', 'z']).unwrap_or(text);
        return Some(date.trim_end());
    };
    let before = text[..colon].trim_end_matches(|c: char| c.is_ascii_digit());
    if before.len() + 2 < colon || before.len() == colon {
        return None;
    }
    let (date, rest) = text.split_at(before.len());
    let is_offset = date.len() > 10 && date.ends_with(['+', '-']);
    let understood = if is_offset {
        is_offset_of_hours(rest)
    } else {
        is_time(rest)
    };
    let date = date.trim_end_matches(['T', 't', '+', '-', ',', ' ', '\u{a0}']);
    understood.then_some(date)
}

/// `10:20`, `10:20:30.000 PM`, `00:00:00+05:00`, `10:20:30 UTC`.
fn is_time(text: &str) -> bool {
    let clock_end = text
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ','))
        .unwrap_or(text.len());
    let (clock, rest) = text.split_at(clock_end);
    let mut parts = clock.split(':');
    let mut below = |limit: f32| {
        parts.next().is_none_or(|part| {
            part.replace(',', ".")
                .parse::<f32>()
                .is_ok_and(|n| n < limit)
        })
    };
    let is_clock = below(24.0) && below(60.0) && below(61.0) && parts.next().is_none();
    let rest = rest.to_uppercase().replace('.', "");
    let rest = rest.trim();
    let rest = rest
        .trim_start_matches("AM")
        .trim_start_matches("PM")
        .trim();
    let is_zone = match rest.strip_prefix(['+', '-']) {
        Some(hours) => is_offset_of_hours(hours),
        // `Z`, `UTC`, `CET`.
        None => rest.len() <= 4 && rest.chars().all(|c| c.is_ascii_alphabetic()),
    };
    is_clock && is_zone
}

/// `05:00`, `0500`, `05`.
fn is_offset_of_hours(text: &str) -> bool {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    matches!(digits.len(), 2 | 4) && digits.parse::<u16>().is_ok_and(|hours| hours <= 1400)
}

/// A run of characters of the same sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run<'t> {
    Digits(&'t str),
    Letters(&'t str),
    Gap(&'t str),
}

/// The text as runs; `None` when it holds anything that no date holds.
fn runs(text: &str) -> Option<Vec<Run<'_>>> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let belongs: fn(char) -> bool = match first {
            c if c.is_ascii_digit() => |c| c.is_ascii_digit(),
            c if c.is_alphabetic() => char::is_alphabetic,
            c if is_gap(c) => is_gap,
            _ => return None,
        };
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        runs.push(match first {
            c if c.is_ascii_digit() => Run::Digits(run),
            c if c.is_alphabetic() => Run::Letters(run),
            _ => Run::Gap(run),
        });
        rest = after;
    }
    Some(runs)
}

fn is_gap(c: char) -> bool {
    matches!(c, '/' | '.' | '-' | ',' | ' ' | '\u{a0}')
}

fn style_of(gap: &str) -> Option<Style> {
    match gap {
        "/" => Some(Style::Slashes),
        "-" => Some(Style::Dashes),
        "." => Some(Style::Dots),
        _ => None,
    }
}

fn number(digits: &str) -> Result<i8, Fault> {
    match digits.len() {
        1 | 2 => digits.parse().map_err(|_| not_a_date()),
        _ => Err(not_a_date()),
    }
}

fn month_named(name: &str) -> Option<i8> {
    let name = name.to_lowercase();
    let index = MONTHS
        .iter()
        .position(|names| names.contains(&name.as_str()))?;
    i8::try_from(index + 1).ok()
}

/// The fault of a year that could belong to two centuries.
pub(super) fn short_year() -> Fault {
    Fault::new(
        "the year does not have four digits, so it can mean two centuries",
        "export the date with a four-digit year, best as YYYY-MM-DD",
    )
}

fn not_a_date() -> Fault {
    Fault::new(
        "this is not a date",
        "correct it in HR, or export the date as YYYY-MM-DD",
    )
}

fn impossible(order: Option<DateOrder>) -> Fault {
    let problem = match order {
        Some(DateOrder::MonthFirst) => {
            "there is no such day, with the month first as in the rest of the column"
        }
        Some(DateOrder::DayFirst) => {
            "there is no such day, with the day first as in the rest of the column"
        }
        None => "there is no such day",
    };
    Fault::new(problem, "correct the date in HR")
}

#[cfg(test)]
mod tests {
    use super::*;
    use DateOrder::{DayFirst, MonthFirst};
    use jiff::civil::date;

    #[test]
    fn dates_without_two_readings_need_no_order() {
        for cell in [
            "2026-02-15",
            "2026/02/15",
            "2026.2.15",
            "2026-02-15T00:00:00+05:00",
            "2026-02-15 10:20:30 UTC",
            "15-FEB-2026",
            "15feb2026",
            "February 15, 2026",
            "Feb 15 2026",
            " 2026-02-15\u{a0}",
            "20260215",
            "2026-Feb-15",
            "2026-02-15T00:00:00",
            "2026-02-15T23:59:59.000Z",
            "2026-02-15-08:00",
            "2026-02-15+02:00",
            "2026-02-15Z",
            "2026-02-15 12:00:00 a.m.",
            "Feb 15 2026 12:00AM",
            "15. Februar 2026",
            "15 février 2026",
            "15 de febrero de 2026",
            "15 februari 2026",
            "15 de fevereiro de 2026",
            "15-fev-2026",
            "15 febbraio 2026",
            "February 15th, 2026",
        ] {
            assert_eq!(read_date(cell, None), Ok(Some(date(2026, 2, 15))), "{cell}");
        }
        assert_eq!(read_date("5/5/2026", None), Ok(Some(date(2026, 5, 5))));
    }

    #[test]
    fn the_order_reads_the_rest() {
        for (cell, order) in [
            ("2/15/2026", MonthFirst),
            ("02-15-2026", MonthFirst),
            ("2/15/2026 0:00", MonthFirst),
            ("2/15/2026 12:00 AM", MonthFirst),
            ("15.02.2026", DayFirst),
            ("15/2/2026", DayFirst),
        ] {
            let read = read_date(cell, Some(order));
            assert_eq!(read, Ok(Some(date(2026, 2, 15))), "{cell}");
        }
    }

    #[test]
    fn dates_that_mean_no_date_and_blanks_are_none() {
        for cell in [
            "",
            "N/A",
            "1/1/1900",
            "01/01/3000",
            "31/12/9999",
            "12/31/9999",
            "4712-12-31",
            "0000-07-31",
            "0000-00-00",
        ] {
            assert_eq!(read_date(cell, Some(DayFirst)), Ok(None), "{cell}");
        }
    }

    /// An offset moved into another zone would be a day early or late.
    #[test]
    fn an_offset_does_not_move_the_date() {
        for cell in ["2026-02-15T23:30:00-08:00", "2026-02-15T00:30:00+10:00"] {
            assert_eq!(read_date(cell, None), Ok(Some(date(2026, 2, 15))), "{cell}");
        }
    }

    #[test]
    fn no_word_stands_for_two_months() {
        let mut words: Vec<&str> = MONTHS.iter().copied().flatten().copied().collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }

    #[test]
    fn what_is_no_complete_date_says_why() {
        for (cell, words) in [
            ("2026-02-30", "no such day"),
            ("2/15/26", "four digits"),
            ("20-Sep-19", "four digits"),
            ("02/2026", "not a complete date"),
            ("202602", "not a complete date"),
            ("15022026", "year 1502"),
            ("20102026", "no such day"),
            ("45123.5", "not a complete date"),
            ("2026-02-15 25:00", "not a date"),
            ("2026-02-15 10:20 or so", "not a date"),
            ("2026-02-15 at noon: ask", "not a date"),
            ("2026", "not a complete date"),
            ("May 2026", "not a complete date"),
            ("45123", "day number"),
            ("0202-03-04", "year 202"),
            ("soon", "not a date"),
            ("2026-02/15", "not a date"),
            ("2/15/2026", "with the day first"),
        ] {
            let fault = read_date(cell, Some(DayFirst)).expect_err(cell);
            assert!(fault.problem.contains(words), "{cell}: {}", fault.problem);
        }
    }
}
