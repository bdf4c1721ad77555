//! Columns of dates: which comes first, day or month, and which century a year
//! of two digits means. Both are decided once a column, by its own values.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rayon::prelude::*;

use super::DateOrder;
use super::aliases::Field;
use super::body::for_each_record;
use super::cells::Cells;
use super::chunks::Chunk;
use super::date_votes::{DateReading, DateVotes, Undecided};
use super::dates::Fault;
use super::decode::TextFile;
use super::error::{CONFIGURATION, IngestError, OpenQuestion, Refusal};
use super::header::Column;
use super::layout::Layout;
use super::text::{excerpt, nearest, or_list};

/// A field's columns of dates. Each has an order of its own.
#[derive(Debug, Default)]
pub(super) struct DateColumn {
    /// All of them.
    pub column: Column,
    parts: Vec<(Column, DateReading)>,
}

impl DateColumn {
    /// The order as the plan records it, where one was needed and all values
    /// agree on it.
    pub(super) fn detected(&self, field: &Field) -> Option<(String, DateOrder)> {
        let mut orders = self.parts.iter().flat_map(|(_, reading)| reading.orders());
        let first = orders.next()?;
        orders
            .all(|order| order == first)
            .then(|| (field.name.to_owned(), first))
    }

    /// Whether at most one column says the date.
    pub(super) fn is_one_column(&self) -> bool {
        self.parts.len() < 2
    }

    /// The date of a record, if it has one. Columns that hold different dates
    /// are a fault: nobody can tell which is right.
    pub(super) fn read(&self, cells: Cells<'_>) -> Result<Option<Date>, Fault> {
        let mut found: Option<Date> = None;
        for (column, reading) in &self.parts {
            let Some(date) = reading.read(column.text(cells))? else {
                continue;
            };
            match found {
                Some(other) if other != date => return Err(disagreement()),
                Some(_) | None => found = Some(date),
            }
        }
        Ok(found)
    }
}

/// The fault of columns that mean the same and say different things.
pub(super) fn disagreement() -> Fault {
    Fault::new(
        "columns that mean the same hold different values",
        "correct it in HR, or name the right one in [columns.hr]",
    )
}

/// What the administrator fixed about the dates of one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct DatePins<'p> {
    /// The key in `[formats]` that holds for the whole file.
    pub key: &'static str,
    /// The table in `[formats]` that holds for single fields.
    pub table: &'static str,
    /// The order of the whole file.
    pub file: Option<DateOrder>,
    /// The orders of single fields.
    pub fields: &'p BTreeMap<String, DateOrder>,
}

/// Decides how the dates of each field are read, from all values of the file
/// or by what the administrator fixed. Leaves notes about columns that
/// contradict themselves or each other.
pub(super) fn decide<const N: usize>(
    file: &TextFile,
    layout: &mut Layout,
    chunks: &[Chunk<'_>],
    fields: [&'static Field; N],
    pins: DatePins<'_>,
) -> Result<[DateColumn; N], IngestError> {
    check_pins(file, &fields, pins)?;
    let columns = fields.map(|field| layout.column(field));
    let parts: Vec<Column> = columns.iter().flat_map(Column::each).collect();
    let mut votes = count_votes(file, layout, chunks, &parts)?.into_iter();
    let mut decided = Vec::new();
    for (field, column) in fields.into_iter().zip(columns) {
        let mut parts = Vec::new();
        for (part, votes) in column.each().zip(&mut votes) {
            let pinned = pins.fields.get(field.name).copied().or(pins.file);
            let reading = match pinned {
                Some(order) => votes.reading_in(order),
                None => votes
                    .decide()
                    .map_err(|undecided| refuse_undecided(&undecided, file, field, &part, pins))?,
            };
            if pinned.is_none() {
                layout.notes.extend(votes.note(part.header()));
            }
            parts.push((part, reading));
        }
        decided.push(DateColumn { column, parts });
    }
    layout.notes.extend(note_of_mixed_orders(&decided));
    let mut decided = decided.into_iter();
    Ok(fields.map(|_| decided.next().unwrap_or_default()))
}

fn check_pins(file: &TextFile, fields: &[&Field], pins: DatePins<'_>) -> Result<(), IngestError> {
    let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let unknown = pins
        .fields
        .keys()
        .find(|name| !known.contains(&name.as_str()));
    let Some(name) = unknown else { return Ok(()) };
    let advice = match nearest(name, known.iter().copied()) {
        Some(field) => format!("did you mean {field}?"),
        None => format!("write {}", or_list(&known)),
    };
    let problem = format!(
        "[formats.{}] names \"{}\", which is no field of dates",
        pins.table,
        excerpt(name)
    );
    Err(file.refusal(problem, advice).into())
}

fn note_of_mixed_orders(columns: &[DateColumn]) -> Option<String> {
    let parts = || columns.iter().flat_map(|column| &column.parts);
    let with = |wanted: DateOrder| {
        let headers: Vec<String> = parts()
            .filter(|(_, reading)| reading.orders().any(|order| order == wanted))
            .map(|(column, _)| format!("\"{}\"", excerpt(column.header())))
            .collect();
        (!headers.is_empty()).then(|| headers.join(", "))
    };
    let month_first = with(DateOrder::MonthFirst)?;
    let day_first = with(DateOrder::DayFirst)?;
    Some(format!(
        "dates are written in two orders: month first in {month_first}, day first in {day_first}"
    ))
}

fn refuse_undecided(
    undecided: &Undecided,
    file: &TextFile,
    field: &Field,
    column: &Column,
    pins: DatePins<'_>,
) -> IngestError {
    let DatePins { key, table, .. } = pins;
    let name = field.name;
    let refusal = Refusal {
        line: Some(undecided.line),
        column: excerpt(column.header()),
        value: excerpt(&undecided.value),
        question: Some(OpenQuestion::DateOrder),
        ..file.refusal(
            "the order of day and month cannot be told from the column's values",
            format!(
                "say it in {CONFIGURATION}: [formats] {key} = \"month-first\" or \"day-first\"; \
                     or for this column alone: [formats.{table}] {name} = \"day-first\""
            ),
        )
    };
    refusal.into()
}

fn count_votes(
    file: &TextFile,
    layout: &Layout,
    chunks: &[Chunk<'_>],
    columns: &[Column],
) -> Result<Vec<DateVotes>, IngestError> {
    let none = || vec![DateVotes::default(); columns.len()];
    if columns.is_empty() {
        return Ok(none());
    }
    let parts: Vec<Result<Vec<DateVotes>, IngestError>> = chunks
        .par_iter()
        .map(|chunk| {
            let mut votes = none();
            for_each_record(file, layout, chunk, |record| {
                if record.raggedness().is_none() {
                    for (votes, column) in votes.iter_mut().zip(columns) {
                        votes.add(record.line, column.text(record.cells));
                    }
                }
            })?;
            Ok(votes)
        })
        .collect();
    let mut total = none();
    // Of several chunks that cannot be read the first is told.
    for part in parts {
        for (total, votes) in total.iter_mut().zip(part?) {
            total.merge(votes);
        }
    }
    Ok(total)
}
