//! What the values of one column of dates say about the order of day and month
//! and the century of two-digit years.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::DateOrder;
use super::dates::{
    DayAndMonth, Fault, PLAUSIBLE_YEARS, Style, Written, Year, date_of, short_year, written_date,
};
use super::text::{excerpt, is_blank};

/// Of so many values that show an order, one may show the other: it is a
/// typing error then, and its row is invalid.
const ONE_ERROR_IN: u64 = 20;

/// How the cells of one column are read.
#[derive(Debug, Clone, Default)]
pub(super) struct DateReading {
    orders: BTreeMap<Style, Rule>,
    /// The century of two-digit years.
    centuries: BTreeMap<Style, i16>,
}

/// How day and month are told apart in dates of one style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// By this order.
    Order(DateOrder),
    /// The values show both orders.
    BothOrders,
    /// Only values of another style show an order, and another hand may have
    /// written those.
    OtherStyle,
}

impl DateReading {
    /// The orders that its values are read by.
    pub(super) fn orders(&self) -> impl Iterator<Item = DateOrder> {
        self.orders.values().filter_map(|rule| match rule {
            Rule::Order(order) => Some(*order),
            Rule::BothOrders | Rule::OtherStyle => None,
        })
    }

    /// The date of a cell, or `None` if the cell says that there is none.
    pub(super) fn read(&self, cell: &str) -> Result<Option<Date>, Fault> {
        if is_blank(cell) {
            return Ok(None);
        }
        let Written { year, day, style } = written_date(cell)?;
        let year = match year {
            Year::Full(year) => year,
            Year::Short(year) => {
                let century = self.centuries.get(&style).ok_or_else(short_year)?;
                century * 100 + year
            }
        };
        let rule = self.orders.get(&style).copied();
        let order = match rule {
            Some(Rule::Order(order)) => Some(order),
            Some(Rule::BothOrders | Rule::OtherStyle) | None => None,
        };
        let (month, day) = match (day, rule) {
            (DayAndMonth::Certain { month, day }, _) => (month, day),
            (DayAndMonth::Ordered { first, second }, Some(Rule::Order(DateOrder::DayFirst))) => {
                (second, first)
            }
            (DayAndMonth::Ordered { first, second }, Some(Rule::Order(DateOrder::MonthFirst))) => {
                (first, second)
            }
            (DayAndMonth::Ordered { first, second }, Some(Rule::BothOrders | Rule::OtherStyle)) => {
                if day.reads_either_way() {
                    return Err(either_way());
                }
                if second > 12 {
                    (first, second)
                } else {
                    (second, first)
                }
            }
            // No value of this style needs an order: `5/5/2026`.
            (DayAndMonth::Ordered { first, second }, None) => (first, second),
        };
        date_of(year, month, day, order)
    }
}

/// Whether a cell can be read only when others of its column were asked for the
/// order of day and month, or for the century.
pub(super) fn needs_order(cell: &str) -> bool {
    if is_blank(cell) {
        return false;
    }
    written_date(cell).is_ok_and(
        |Written {
             year,
             day,
             style: _,
         }| match (year, day) {
            (Year::Full(_), DayAndMonth::Certain { .. }) => false,
            (Year::Short(_), _) | (_, DayAndMonth::Ordered { .. }) => true,
        },
    )
}

fn either_way() -> Fault {
    Fault::new(
        "day and month can be read either way, and the column holds dates in both orders",
        "export the date as YYYY-MM-DD, or say the order in [formats]",
    )
}

/// What the values of one column say.
#[derive(Debug, Clone, Default)]
pub(super) struct DateVotes(BTreeMap<Style, StyleVotes>);

/// What the values of one style say.
#[derive(Debug, Clone, Default)]
struct StyleVotes {
    /// Dates with a year of four digits.
    full: Tally,
    /// Dates with a year of two digits: they count when their century is known.
    short: Tally,
    /// The centuries of the years of four digits.
    centuries: BTreeSet<i16>,
}

#[derive(Debug, Clone, Default)]
struct Tally {
    month_first: u64,
    day_first: u64,
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
        if is_blank(cell) {
            return;
        }
        let Ok(Written { year, day, style }) = written_date(cell) else {
            return;
        };
        let votes = self.0.entry(style).or_default();
        let tally = match year {
            // A fixed "no date" value says nothing about how real dates are
            // written, and a wrong year may be a wrong date.
            Year::Full(year) if !PLAUSIBLE_YEARS.contains(&year) => return,
            Year::Full(year) => {
                votes.centuries.insert(year / 100);
                &mut votes.full
            }
            Year::Short(_) => &mut votes.short,
        };
        tally.add(line, cell, day);
    }

    /// Adds what a later stretch of the column says.
    pub(super) fn merge(&mut self, later: Self) {
        for (style, votes) in later.0 {
            let mine = self.0.entry(style).or_default();
            mine.full.merge(votes.full);
            mine.short.merge(votes.short);
            mine.centuries.extend(votes.centuries);
        }
    }

    /// How the column is read; fails when a value can be read either way and
    /// no value of the column shows an order.
    pub(super) fn decide(&self) -> Result<DateReading, Undecided> {
        let tallies: BTreeMap<Style, Tally> = self
            .0
            .iter()
            .map(|(style, votes)| (*style, votes.tally()))
            .collect();
        let shown: Vec<Rule> = tallies.values().filter_map(Tally::shown).collect();
        let mut orders = BTreeMap::new();
        for (style, tally) in tallies {
            if let Some(rule) = tally.shown() {
                orders.insert(style, rule);
                continue;
            }
            let Some(undecided) = tally.undecided else {
                continue;
            };
            let by_custom = style == Style::Dots
                && shown
                    .iter()
                    .all(|rule| *rule == Rule::Order(DateOrder::DayFirst));
            let rule = match shown.is_empty() {
                // Nobody writes the month first with dots.
                _ if by_custom => Rule::Order(DateOrder::DayFirst),
                true => return Err(undecided),
                false => Rule::OtherStyle,
            };
            orders.insert(style, rule);
        }
        Ok(DateReading {
            orders,
            centuries: self.centuries(),
        })
    }

    /// How the column is read in an order that the administrator fixed.
    pub(super) fn reading_in(&self, order: DateOrder) -> DateReading {
        let ordered = [Style::Slashes, Style::Dashes, Style::Dots];
        DateReading {
            orders: ordered.map(|style| (style, Rule::Order(order))).into(),
            centuries: self.centuries(),
        }
    }

    /// The centuries of two-digit years. Numbers need years of four digits in
    /// dates of the same style: `26-02-15` may begin with its year. A month's
    /// name leaves no doubt about that, so any date will do.
    fn centuries(&self) -> BTreeMap<Style, i16> {
        let mut centuries: BTreeMap<Style, i16> = self
            .0
            .iter()
            .filter_map(|(style, votes)| Some((*style, votes.century()?)))
            .collect();
        let all: BTreeSet<i16> = self
            .0
            .values()
            .flat_map(|votes| votes.centuries.iter().copied())
            .collect();
        centuries.remove(&Style::Words);
        if let (1, Some(century)) = (all.len(), all.first()) {
            centuries.insert(Style::Words, *century);
        }
        centuries
    }

    /// What a person should know about a column that contradicts itself.
    pub(super) fn note(&self, header: &str) -> Option<String> {
        let tallies = || self.0.values().map(StyleVotes::tally);
        let header = excerpt(header);
        if tallies().any(|tally| tally.shown() == Some(Rule::BothOrders)) {
            return Some(format!(
                "column \"{header}\" holds dates in both orders of day and month; those that can \
                 be read either way are invalid"
            ));
        }
        let errors: u64 = tallies().map(|t| t.month_first.min(t.day_first)).sum();
        (errors > 0).then(|| {
            format!(
                "{errors} dates in column \"{header}\" are written in the other order of day and \
                 month, so their rows are invalid"
            )
        })
    }
}

impl StyleVotes {
    fn tally(&self) -> Tally {
        let mut tally = self.full.clone();
        if self.century().is_some() {
            tally.merge(self.short.clone());
        }
        tally
    }

    /// The century of two-digit years, if the four-digit ones beside them leave
    /// no doubt.
    fn century(&self) -> Option<i16> {
        match self.centuries.len() {
            1 => self.centuries.first().copied(),
            _ => None,
        }
    }
}

impl Tally {
    fn add(&mut self, line: u64, cell: &str, day: DayAndMonth) {
        let DayAndMonth::Ordered { first, second } = day else {
            return;
        };
        match (first > 12, second > 12) {
            (false, true) => self.month_first += 1,
            (true, false) => self.day_first += 1,
            (false, false) if first != second && self.undecided.is_none() => {
                self.undecided = Some(Undecided {
                    line,
                    value: cell.to_owned(),
                });
            }
            (true, true) | (false, false) => {}
        }
    }

    fn merge(&mut self, later: Self) {
        self.month_first += later.month_first;
        self.day_first += later.day_first;
        let (mine, theirs) = (self.undecided.take(), later.undecided);
        self.undecided = match (mine, theirs) {
            (Some(mine), Some(theirs)) if theirs.line < mine.line => Some(theirs),
            (mine, theirs) => mine.or(theirs),
        };
    }

    /// The order that the values show, if any of them does.
    fn shown(&self) -> Option<Rule> {
        let (minority, majority) = match self.month_first.cmp(&self.day_first) {
            Ordering::Less => (self.month_first, DateOrder::DayFirst),
            Ordering::Equal | Ordering::Greater => (self.day_first, DateOrder::MonthFirst),
        };
        let all = self.month_first + self.day_first;
        match all {
            0 => None,
            _ if minority * ONE_ERROR_IN <= all => Some(Rule::Order(majority)),
            _ => Some(Rule::BothOrders),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DateOrder::{DayFirst, MonthFirst};

    /// The cells of a column as they are read, or the value that leaves the
    /// order open: `None` where a cell is invalid.
    fn read(cells: &[&str]) -> Result<Vec<Option<String>>, String> {
        let mut votes = DateVotes::default();
        for (line, cell) in (2..).zip(cells) {
            votes.add(line, cell);
        }
        let reading = votes.decide().map_err(|undecided| undecided.value)?;
        let dates = cells.iter().map(|cell| reading.read(cell));
        Ok(dates
            .map(|date| Some(date.ok()?.map_or_else(String::new, |date| date.to_string())))
            .collect())
    }

    #[track_caller]
    fn check(cells: &[&str], expected: &[&str]) {
        let read = read(cells).unwrap_or_else(|value| panic!("undecided: {value}"));
        let read: Vec<&str> = read
            .iter()
            .map(|date| date.as_deref().unwrap_or("invalid"))
            .collect();
        assert_eq!(read, expected, "{cells:?}");
    }

    #[test]
    fn a_component_above_twelve_decides_the_column() {
        check(&["04/08/2026", "4/13/2026"], &["2026-04-08", "2026-04-13"]);
        check(&["04/08/2026", "13/4/2026"], &["2026-08-04", "2026-04-13"]);
        check(
            &["2026-04-08", "5/5/2026", ""],
            &["2026-04-08", "2026-05-05", ""],
        );
    }

    #[test]
    fn a_style_with_evidence_of_its_own_goes_by_it() {
        check(
            &["4/13/2026", "4/8/2026", "15-04-2026", "04-08-2026"],
            &["2026-04-13", "2026-04-08", "2026-04-15", "2026-08-04"],
        );
    }

    #[test]
    fn a_style_without_evidence_beside_others_is_in_doubt() {
        check(
            &["4/13/2026", "04-08-2026", "5-5-2026"],
            &["2026-04-13", "invalid", "2026-05-05"],
        );
        check(&["4/13/2026", "04.08.2026"], &["2026-04-13", "invalid"]);
    }

    #[test]
    fn dots_mean_day_first_unless_a_value_contradicts() {
        check(&["04.08.2026"], &["2026-08-04"]);
        check(&["04.08.2026", "13/4/2026"], &["2026-08-04", "2026-04-13"]);
        check(&["04.08.2026", "04.13.2026"], &["2026-04-08", "2026-04-13"]);
    }

    #[test]
    fn nothing_is_guessed() {
        assert_eq!(read(&["04/08/2026"]), Err("04/08/2026".to_owned()));
        // Fixed "no date" values are written by another hand.
        assert_eq!(
            read(&["31/12/9999", "04/08/2026"]),
            Err("04/08/2026".to_owned())
        );
    }

    #[test]
    fn one_value_in_twenty_may_be_a_typing_error() {
        let mut cells = vec!["4/13/2026"; 19];
        cells.extend(["13/4/2026", "4/8/2026"]);
        let dates = read(&cells).expect("decided");
        assert_eq!(dates[19], None);
        assert_eq!(dates[20].as_deref(), Some("2026-04-08"));

        // With more of them the column has no order: what can be read in one
        // way only is read, the rest is not.
        check(
            &["13/4/2026", "4/13/2026", "4/8/2026"],
            &["2026-04-13", "2026-04-13", "invalid"],
        );
    }

    #[test]
    fn years_of_two_digits_need_years_of_four_beside_them() {
        check(&["4/13/26"], &["invalid"]);
        check(&["4/13/2026", "4/8/26"], &["2026-04-13", "2026-04-08"]);
        check(&["4/5/2026", "4/13/26"], &["2026-04-05", "2026-04-13"]);
        // Of two centuries.
        check(
            &["4/13/2026", "4/13/1999", "4/8/45"],
            &["2026-04-13", "1999-04-13", "invalid"],
        );
        // Of another style: 26-02-15 may begin with its year.
        check(&["2026-02-15", "26-02-15"], &["2026-02-15", "invalid"]);
        check(&["20-Sep-2019", "21-Sep-19"], &["2019-09-20", "2019-09-21"]);
        check(&["4/13/2026", "20-Nov-26"], &["2026-04-13", "2026-11-20"]);
        // A date that means none has no century.
        check(&["1/1/1900", "4/13/26"], &["", "invalid"]);
    }

    #[test]
    fn a_pinned_order_holds_for_every_style() {
        let reading = DateVotes::default().reading_in(DayFirst);
        for cell in ["04/08/2026", "04-08-2026", "04.08.2026"] {
            let read = reading.read(cell).expect("a date").expect("a date");
            assert_eq!(read.to_string(), "2026-08-04", "{cell}");
        }
        assert!(reading.read("4/13/2026").is_err());
        let reading = DateVotes::default().reading_in(MonthFirst);
        assert!(reading.read("13.4.2026").is_err());
    }
}
