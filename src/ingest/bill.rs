use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

use super::aliases::bill;
use super::amounts::{DecimalSign, read_amount};
use super::dates::{Fault, read_date};
use super::decode::TextFile;
use super::error::{CONFIGURATION, IngestError, Refusal};
use super::header::Column;
use super::input_file::InputFile;
use super::layout::{self, Layout};
use super::license_cell::country_code;
use super::listing::{self, ListRow};
use super::open::open;
use super::text::{is_blank, tidy};
use super::{ColumnNames, DateOrder, Formats, TextFormat};
use crate::model::{BillLine, Decimal, LicenseName};

/// A billing export, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillFile {
    /// What was read, and how.
    pub file: InputFile,
    /// Its lines, in the file's order.
    pub lines: Vec<BillLine>,
}

/// What the reader of a bill is told besides its columns.
#[derive(Debug, Clone, Copy)]
pub struct BillReading<'a> {
    /// Columns that the administrator named.
    pub names: &'a ColumnNames,
    /// What the administrator fixed.
    pub formats: &'a Formats,
    /// Where the time comes from that the bill is for.
    pub date: BillDate,
}

/// Where the time comes from that a bill is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillDate {
    /// Its date column, if it has one.
    Column,
    /// A person said it, and the date column is not read.
    Said,
}

/// Reads a billing export. Every row is a line, taxes and totals too; anything
/// that cannot be read refuses the file, because a claim rests on the sums.
pub fn read_bill(path: &Path, reading: BillReading<'_>) -> Result<BillFile, IngestError> {
    let file = open(path, &bill::TABLE, reading.names, &TextFormat::default())?;
    read_text(&file, reading)
}

fn read_text(file: &TextFile, reading: BillReading<'_>) -> Result<BillFile, IngestError> {
    let mut layout = layout::locate(file, &bill::TABLE, reading.names)?;
    let columns = BillColumns::new(&layout, reading.date);
    let styles = Styles::found(file, &layout, &columns, reading.formats.bill_dates)?;
    if !columns.quantity.exists() {
        layout
            .notes
            .push("no column says how many are billed, so each line with a seat is one".to_owned());
    }
    let mut lines = Vec::new();
    let rows = listing::read_rows(file, &layout, |row| {
        lines.push(columns.read(row, styles, &reading.formats.bill_names)?);
        Ok(())
    })?;
    Ok(BillFile {
        file: layout.input_file(file, rows, BTreeMap::new()),
        lines,
    })
}

/// The columns of a bill.
struct BillColumns {
    license: Column,
    country: Column,
    quantity: Column,
    amount: Column,
    currency: Column,
    charge_type: Column,
    date: Option<Column>,
}

impl BillColumns {
    fn new(layout: &Layout, date: BillDate) -> Self {
        Self {
            license: layout.column(&bill::LICENSE),
            country: layout.column(&bill::COUNTRY),
            quantity: layout.column(&bill::QUANTITY),
            amount: layout.column(&bill::AMOUNT),
            currency: layout.column(&bill::CURRENCY),
            charge_type: layout.column(&bill::CHARGE_TYPE),
            date: match date {
                BillDate::Column => Some(layout.column(&bill::DATE)),
                BillDate::Said => None,
            },
        }
    }

    fn read(
        &self,
        row: &ListRow<'_>,
        styles: Styles,
        licenses: &BTreeMap<String, String>,
    ) -> Result<BillLine, Box<Refusal>> {
        let said = row.text(&self.license);
        let meant = licenses
            .get(&said.to_lowercase())
            .map_or(said, String::as_str);
        let number = |column| number(row, column, styles.decimal_sign);
        let quantity = match (self.quantity.exists(), number(&self.quantity)?) {
            (true, said) => said.map(|(quantity, _)| quantity),
            (false, _) => Some(Decimal::ONE),
        };
        let amount = number(&self.amount)?;
        let beside = amount.as_ref().map(|(_, currency)| currency.as_str());
        Ok(BillLine {
            name: LicenseName::parse(meant, self.country(row)?),
            charge_type: row.text(&self.charge_type).to_owned(),
            quantity,
            currency: self.currency(row, beside.unwrap_or_default())?,
            amount: amount.map(|(amount, _)| amount),
            begins: self.begins(row, styles.date_order)?,
            source: row.source(),
        })
    }

    fn country<'r>(&self, row: &ListRow<'r>) -> Result<Option<&'r str>, Box<Refusal>> {
        let text = row.text(&self.country);
        match country_code(text) {
            None if !is_blank(text) => Err(row.refusal(
                &self.country,
                "this is not a two-letter country code",
                format!(
                    "write it as in US or GB; if the column is about something else, say in \
                     {CONFIGURATION}: [columns.bill] country = \"\""
                ),
            )),
            code => Ok(code),
        }
    }

    /// The currency column's, which has to agree with what stands beside the
    /// amount.
    fn currency(&self, row: &ListRow<'_>, beside: &str) -> Result<String, Box<Refusal>> {
        let text = row.text(&self.currency);
        if is_blank(text) {
            return Ok(beside.to_owned());
        }
        let code = text.to_uppercase();
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(row.refusal(
                &self.currency,
                "this is not a three-letter currency code",
                "write it as in USD",
            ));
        }
        if !matches!(beside, "" | "$") && beside != code {
            return Err(row.refusal(
                &self.amount,
                format!("the amount says {beside} and the currency column {code}"),
                "correct one of them",
            ));
        }
        Ok(code)
    }

    fn begins(
        &self,
        row: &ListRow<'_>,
        order: Option<DateOrder>,
    ) -> Result<Option<Date>, Box<Refusal>> {
        let Some(column) = &self.date else {
            return Ok(None);
        };
        begin_of(row.text(column), order).map_err(|fault| {
            let advice = format!(
                "{}; or give the first day that the bill is for as --bill-date YYYY-MM-DD, and the \
                 column is not read",
                fault.advice
            );
            row.refusal(column, fault.problem, advice)
        })
    }
}

/// The number in a cell, and the currency beside it.
fn number(
    row: &ListRow<'_>,
    column: &Column,
    sign: DecimalSign,
) -> Result<Option<(Decimal, String)>, Box<Refusal>> {
    let text = row.text(column);
    if is_blank(text) {
        return Ok(None);
    }
    match read_amount(text, sign) {
        Some(amount) => Ok(Some((amount.value, amount.currency))),
        None => Err(row.refusal(
            column,
            "this is not a number as the other lines write it",
            "write it as in 1234.50, below zero for a credit",
        )),
    }
}

/// How numbers and dates of one bill are written.
#[derive(Debug, Clone, Copy)]
struct Styles {
    decimal_sign: DecimalSign,
    date_order: Option<DateOrder>,
}

impl Styles {
    /// Looks at all lines before any is read. What contradicts the first cell
    /// that decides is refused when it is read.
    fn found(
        file: &TextFile,
        layout: &Layout,
        columns: &BillColumns,
        fixed: Option<DateOrder>,
    ) -> Result<Self, IngestError> {
        let mut decimal_sign = None;
        let (mut month_first, mut day_first) = (true, true);
        let mut open_date = None;
        listing::read_rows(file, layout, |row| {
            for column in [&columns.amount, &columns.quantity] {
                let shown = DecimalSign::shown_by(row.text(column));
                decimal_sign = decimal_sign.or(shown);
            }
            let date = columns.date.as_ref().map_or("", |column| row.text(column));
            let read = |order| begin_of(date, Some(order)).ok();
            let readings = (read(DateOrder::MonthFirst), read(DateOrder::DayFirst));
            month_first &= readings.0.is_some();
            day_first &= readings.1.is_some();
            if readings.0 != readings.1 {
                open_date = open_date.take().or_else(|| {
                    let column = columns.date.as_ref()?;
                    Some(row.refusal(
                        column,
                        "day and month can be read either way",
                        format!(
                            "say which comes first in {CONFIGURATION}: [formats] bill_dates = \
                             \"month-first\" or \"day-first\"; or give the first day that the bill \
                             is for as --bill-date YYYY-MM-DD"
                        ),
                    ))
                });
            }
            Ok(())
        })?;
        let date_order = match (fixed, month_first, day_first, open_date) {
            (Some(order), ..) => Some(order),
            (None, true, true, Some(refusal)) => return Err(refusal.into()),
            (None, true, ..) => Some(DateOrder::MonthFirst),
            (None, false, true, _) => Some(DateOrder::DayFirst),
            // Some cell is no date at all, and is refused when it is read.
            (None, false, false, _) => None,
        };
        Ok(Self {
            decimal_sign: decimal_sign.unwrap_or(DecimalSign::Point),
            date_order,
        })
    }
}

/// The first day of a date, a month (`2026-12`, `December 2026`) or a period
/// (`2026-12-01 to 2026-12-31`).
fn begin_of(cell: &str, order: Option<DateOrder>) -> Result<Option<Date>, Fault> {
    let mut text = tidy(cell);
    for between in [" - ", "–", "—", " to "] {
        text = text
            .split_once(between)
            .map_or(text, |(begin, _)| tidy(begin));
    }
    if text.contains('/') {
        text = text.split_once('-').map_or(text, |(begin, _)| tidy(begin));
    }
    read_date(text, order).or_else(|fault| {
        let month = [format!("{text}-01"), format!("1 {text}")];
        let mut readings = month.iter().filter_map(|it| read_date(it, order).ok());
        readings.next().ok_or(fault)
    })
}

#[cfg(test)]
mod tests;
