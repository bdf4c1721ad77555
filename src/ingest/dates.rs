//! Dates as HR systems write them. Whether day or month comes first is decided
//! once a column, by its values; it is never guessed and never taken from the
//! machine's locale.

use jiff::civil::Date;

use super::DateOrder;
use super::text::{is_blank, tidy};

/// Years that HR systems write for "no date" (`1/1/1900`, Infor `01/01/3000`,
/// Oracle `4712-12-31`, SAP `31/12/9999`, `0000-07-31`).
const NO_DATE_YEARS: [i16; 5] = [0, 1900, 3000, 4712, 9999];

/// Years in which a person who can be in a file today could be hired or leave;
/// anything else is a typing error.
const PLAUSIBLE_YEARS: std::ops::RangeInclusive<i16> = 1940..=2150;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

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
/// "no date". A time of day is dropped: the date is what HR wrote.
pub(super) fn read_date(cell: &str, order: Option<DateOrder>) -> Result<Option<Date>, Fault> {
    if is_blank(cell) {
        return Ok(None);
    }
    let (year, month, day) = match written_date(cell)? {
        Written::Certain { year, month, day } => (year, month, day),
        Written::Ordered {
            first,
            second,
            year,
            ..
        } => match order {
            Some(DateOrder::DayFirst) => (year, second, first),
            // Without an order only `5/5/2026` gets here: both readings agree.
            Some(DateOrder::MonthFirst) | None => (year, first, second),
        },
    };
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

/// Whether a cell is a date in which day and month could be swapped.
pub(super) fn reads_either_way(cell: &str) -> bool {
    matches!(
        written_date(cell),
        Ok(Written::Ordered { first, second, .. }) if first <= 12 && second <= 12 && first != second
    )
}

/// What a column's values say about the order of day and month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DateVotes {
    month_first: u64,
    day_first: u64,
    /// Values that can be read either way, written with dots.
    dotted: u64,
    /// The first one that can be read either way and has no dots.
    undecided: Option<Undecided>,
}

/// A value that can be read either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Undecided {
    /// Its physical line.
    pub line: u64,
    /// The cell.
    pub value: String,
}

impl DateVotes {
    /// Counts one cell.
    pub(super) fn add(&mut self, line: u64, cell: &str) {
        let Ok(Written::Ordered {
            first,
            second,
            year,
            separator,
        }) = written_date(cell)
        else {
            return;
        };
        // A fixed "no date" value says nothing about how real dates are written.
        if NO_DATE_YEARS.contains(&year) {
            return;
        }
        match (first > 12, second > 12) {
            (false, true) => self.month_first += 1,
            (true, false) => self.day_first += 1,
            (false, false) if first != second && separator == '.' => self.dotted += 1,
            (false, false) if first != second && self.undecided.is_none() => {
                self.undecided = Some(Undecided {
                    line,
                    value: cell.to_owned(),
                });
            }
            (true, true) | (false, false) => {}
        }
    }

    /// Adds the votes of a later stretch of the file.
    pub(super) fn merge(&mut self, later: Self) {
        self.month_first += later.month_first;
        self.day_first += later.day_first;
        self.dotted += later.dotted;
        self.undecided = self.undecided.take().or(later.undecided);
    }

    /// The order, if any value needs one. Values with a component above 12
    /// decide by majority; dots alone mean day first. Fails when a value needs
    /// an order and nothing decides it.
    pub(super) fn decide(self) -> Result<Option<DateOrder>, Undecided> {
        match (self.month_first.cmp(&self.day_first), self.undecided) {
            (std::cmp::Ordering::Greater, _) => Ok(Some(DateOrder::MonthFirst)),
            (std::cmp::Ordering::Less, _) => Ok(Some(DateOrder::DayFirst)),
            (std::cmp::Ordering::Equal, Some(undecided)) => Err(undecided),
            (std::cmp::Ordering::Equal, None) if self.dotted > 0 => Ok(Some(DateOrder::DayFirst)),
            (std::cmp::Ordering::Equal, None) => Ok(None),
        }
    }

    /// How many values contradict the order that was decided.
    pub(super) fn contradicting(&self) -> u64 {
        self.month_first.min(self.day_first)
    }
}

/// A date as written, before the order of day and month is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Certain {
        year: i16,
        month: i8,
        day: i8,
    },
    Ordered {
        first: i8,
        second: i8,
        year: i16,
        separator: char,
    },
}

fn written_date(cell: &str) -> Result<Written, Fault> {
    let text = without_time(tidy(cell));
    let runs = runs(&text).ok_or_else(not_a_date)?;
    match runs.as_slice() {
        [
            Run::Digits(year),
            Run::Gap(a),
            Run::Digits(month),
            Run::Gap(b),
            Run::Digits(day),
        ] if year.len() == 4 && separator(a) && a == b => certain(year, number(month)?, day),
        [
            Run::Digits(first),
            Run::Gap(a),
            Run::Digits(second),
            Run::Gap(b),
            Run::Digits(year),
        ] if year.len() == 4 && separator(a) && a == b => Ok(Written::Ordered {
            first: number(first)?,
            second: number(second)?,
            year: year.parse().map_err(|_| not_a_date())?,
            separator: if *a == "." { '.' } else { '/' },
        }),
        [
            Run::Digits(first),
            Run::Gap(a),
            Run::Digits(_),
            Run::Gap(b),
            Run::Digits(year),
        ] if first.len() <= 2 && year.len() == 2 && a == b => Err(short_year()),
        _ => worded_date(&runs),
    }
}

/// `15-FEB-2026`, `19may2021`, `April 5, 2018`.
fn worded_date(runs: &[Run<'_>]) -> Result<Written, Fault> {
    let parts: Vec<Run<'_>> = runs
        .iter()
        .copied()
        .filter(|run| !matches!(run, Run::Gap(_)))
        .collect();
    match parts.as_slice() {
        [Run::Digits(day), Run::Letters(name), Run::Digits(year)]
        | [Run::Letters(name), Run::Digits(day), Run::Digits(year)] => {
            let month = month_named(name).ok_or_else(not_a_date)?;
            match year.len() {
                4 => certain(year, month, day),
                _ => Err(short_year()),
            }
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

fn certain(year: &str, month: i8, day: &str) -> Result<Written, Fault> {
    Ok(Written::Certain {
        year: year.parse().map_err(|_| not_a_date())?,
        month,
        day: number(day)?,
    })
}

/// The text before a time of day: `2026-02-15T00:00:00+05:00`, `2/15/2026 0:00`.
fn without_time(text: &str) -> String {
    let digit_at = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let marker = text
        .match_indices('T')
        .map(|(at, _)| at)
        .find(|at| *at > 0 && digit_at(at - 1) && digit_at(at + 1));
    let date = marker.map_or(text, |at| &text[..at]);
    let words = date.split_whitespace();
    let words: Vec<&str> = words.take_while(|word| !word.contains(':')).collect();
    words.join(" ")
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
    matches!(c, '/' | '.' | '-' | ',' | ' ')
}

fn separator(gap: &str) -> bool {
    matches!(gap, "/" | "." | "-")
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
        .position(|month| *month == name || month[..3] == name)?;
    i8::try_from(index + 1).ok()
}

fn short_year() -> Fault {
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

    fn order_of(cells: &[&str]) -> Result<Option<DateOrder>, String> {
        let mut votes = DateVotes::default();
        for (line, cell) in (2..).zip(cells) {
            votes.add(line, cell);
        }
        votes.decide().map_err(|undecided| undecided.value)
    }

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

    #[test]
    fn what_is_no_complete_date_says_why() {
        for (cell, words) in [
            ("2026-02-30", "no such day"),
            ("2/15/26", "four digits"),
            ("20-Sep-19", "four digits"),
            ("02/2026", "not a complete date"),
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

    #[test]
    fn a_component_above_twelve_decides_the_column() {
        assert_eq!(order_of(&["04/08/2026", "4/13/2026"]), Ok(Some(MonthFirst)));
        assert_eq!(order_of(&["04/08/2026", "13/4/2026"]), Ok(Some(DayFirst)));
        assert_eq!(
            order_of(&["4/13/2026", "4/14/2026", "15-04-2026"]),
            Ok(Some(MonthFirst))
        );
        assert_eq!(order_of(&["2026-04-08", "5/5/2026", ""]), Ok(None));
    }

    #[test]
    fn dots_mean_day_first_unless_a_value_contradicts() {
        assert_eq!(order_of(&["04.08.2026"]), Ok(Some(DayFirst)));
        assert_eq!(
            order_of(&["04.08.2026", "04.13.2026"]),
            Ok(Some(MonthFirst))
        );
    }

    #[test]
    fn nothing_is_guessed() {
        assert_eq!(order_of(&["04/08/2026"]), Err("04/08/2026".to_owned()));
        // Fixed "no date" values are written by another hand.
        assert_eq!(
            order_of(&["31/12/9999", "04/08/2026"]),
            Err("04/08/2026".to_owned())
        );
        assert_eq!(
            order_of(&["13/4/2026", "4/13/2026", "4/8/2026"]),
            Err("4/8/2026".to_owned())
        );
    }
}
