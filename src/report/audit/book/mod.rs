//! The figures of an audit as sheets: named columns and typed cells, which the
//! workbook and the page write down, each in its own way. Nothing is computed
//! here.

mod money;
mod people;
mod stock;
mod summary;

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::AuditReport;
use crate::model::Money;

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
    Instant(Timestamp),
}

/// All sheets, in their order.
pub(super) fn sheets(report: &AuditReport) -> Vec<Sheet> {
    vec![
        summary::summary(report),
        stock::pools(report),
        stock::places(report),
        stock::unassigned(report),
        people::stranded(report),
        people::leavers(report),
        money::requests(report),
        money::differences(report),
        people::findings(report),
    ]
}

impl Sheet {
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

impl From<Date> for Cell {
    fn from(day: Date) -> Self {
        Self::Day(day)
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Self::Instant(at)
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
            Self::Instant(at) => at.strftime("%Y-%m-%d %H:%M:%S UTC").fmt(f),
        }
    }
}
