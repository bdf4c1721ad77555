//! The figures of an audit as sheets: named columns and typed cells, which the
//! workbook and the page write down, each in its own way. Nothing is computed
//! here.

mod access;
mod bill;
mod money;
mod people;
mod stock;
mod summary;

pub(super) use access::{quarters, reasons};
pub(super) use bill::{other_charges, pools as billed_pools, still_billed};
pub(super) use money::{differences, requests};
pub(super) use people::finding_groups;
pub(super) use stock::{movements, pools, unassigned};

use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::AuditReport;
use super::access::{hours, percent};
use crate::model::{Money, MoneyTotals};

/// One sheet of the workbook, or one table of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sheet {
    /// Its name, of at most 31 characters.
    pub(super) name: &'static str,
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// Its rows, with a cell for each column.
    pub(super) rows: Vec<Vec<Cell>>,
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// What its cells are, with the unit.
    pub(super) title: &'static str,
    /// How much room they take.
    pub(super) width: Width,
}

/// How much room the cells of a column take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// A number, a date or a code.
    Narrow,
    /// A word or two, or an amount.
    Word,
    /// A name or an address.
    Name,
    /// A sentence, which is broken into lines.
    Sentence,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Not known, or without meaning here.
    Empty,
    /// Any text; it is never read as a formula.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// An exact amount.
    Money(Money),
    /// A day.
    Day(Date),
    /// An instant, shown to the second in UTC.
    Moment(Timestamp),
    /// A span of time, shown in hours.
    Hours(SignedDuration),
    /// A share, in thousandths.
    PerMille(u64),
}

impl Cell {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Empty
            | Self::Whole(_)
            | Self::Money(_)
            | Self::Day(_)
            | Self::Moment(_)
            | Self::Hours(_)
            | Self::PerMille(_) => None,
        }
    }

    /// Whether there is nothing to show.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::Empty
    }
}

/// All sheets, in their order.
pub(super) fn sheets(report: &AuditReport) -> Vec<Sheet> {
    let mut sheets = vec![
        summary::summary(report),
        stock::pools(report),
        stock::movements(report),
        stock::places(report),
        stock::unassigned(report),
        people::stranded(report),
        people::leavers(report),
        money::requests(report),
        access::removals(report),
        access::quarters(report),
        access::reasons(report),
        money::differences(report),
    ];
    sheets.extend(bill::bill(report));
    sheets.push(people::findings(report));
    sheets
}

impl Sheet {
    /// The same without some of its columns, for where there is less room.
    pub(super) fn without(self, titles: &[&str]) -> Self {
        let columns = self.columns.iter().enumerate();
        let kept: Vec<usize> = columns
            .filter(|(_, column)| !titles.contains(&column.title))
            .map(|(position, _)| position)
            .collect();
        let rows = self.rows.iter();
        Self {
            name: self.name,
            columns: kept.iter().map(|it| self.columns[*it]).collect(),
            rows: rows
                .map(|row| kept.iter().map(|it| row[*it].clone()).collect())
                .collect(),
        }
    }

    /// Whether the cells of a column are numbers or days, and none is a text.
    pub(super) fn is_numeric(&self, column: usize) -> bool {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let mut cells = cells.filter(|cell| !cell.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.text().is_none())
    }

    fn new<const N: usize>(
        name: &'static str,
        columns: [Column; N],
        rows: impl IntoIterator<Item = [Cell; N]>,
    ) -> Self {
        Self {
            name,
            columns: columns.into(),
            rows: rows.into_iter().map(Into::into).collect(),
        }
    }
}

const fn narrow(title: &'static str) -> Column {
    column(title, Width::Narrow)
}

const fn word(title: &'static str) -> Column {
    column(title, Width::Word)
}

const fn name(title: &'static str) -> Column {
    column(title, Width::Name)
}

const fn sentence(title: &'static str) -> Column {
    column(title, Width::Sentence)
}

const fn column(title: &'static str, width: Width) -> Column {
    Column { title, width }
}

/// The currency of an amount, to filter by.
fn currency(money: Option<&Money>) -> Cell {
    money.map(|money| money.currency.as_str()).into()
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        match text {
            "" => Self::Empty,
            text => Self::Text(text.to_owned()),
        }
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Whole(number.into())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

/// A count that no spreadsheet could show is not known.
impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        i64::try_from(number).ok().into()
    }
}

impl From<Money> for Cell {
    fn from(money: Money) -> Self {
        Self::Money(money)
    }
}

impl From<&Money> for Cell {
    fn from(money: &Money) -> Self {
        Self::Money(money.clone())
    }
}

/// Amounts of different currencies are never summed, so several are a text.
impl From<&MoneyTotals> for Cell {
    fn from(totals: &MoneyTotals) -> Self {
        let amounts: Vec<Money> = totals.amounts().collect();
        match amounts.as_slice() {
            [] => Self::Empty,
            [money] => money.into(),
            several => {
                let several: Vec<String> = several.iter().map(Money::to_string).collect();
                Self::Text(several.join(" and "))
            }
        }
    }
}

impl From<Date> for Cell {
    fn from(day: Date) -> Self {
        Self::Day(day)
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Self::Moment(at)
    }
}

impl From<SignedDuration> for Cell {
    fn from(span: SignedDuration) -> Self {
        Self::Hours(span)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// As people read it; numbers as they are, amounts with their currency.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Whole(number) => number.fmt(f),
            Self::Money(money) => money.fmt(f),
            Self::Day(day) => day.fmt(f),
            Self::Moment(at) => at.strftime("%Y-%m-%d %H:%M:%S UTC").fmt(f),
            Self::Hours(span) => f.write_str(&hours(Some(*span))),
            Self::PerMille(share) => f.write_str(&percent(Some(*share))),
        }
    }
}
