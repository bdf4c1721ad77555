//! The data records below the header.

use csv::StringRecord;

use super::chunks::Chunk;
use super::dates::Fault;
use super::decode::TextFile;
use super::error::IngestError;
use super::header::Column;
use super::layout::Layout;
use super::records::Records;
use super::text::{excerpt, tidy};
use crate::model::{InvalidRow, PersonName, SourceRow};

/// One data record.
#[derive(Debug, Clone, Copy)]
pub(super) struct DataRecord<'r> {
    /// The physical line on which it begins.
    pub line: u64,
    /// Its cells.
    pub cells: &'r StringRecord,
    /// How many cells the header has.
    width: usize,
}

impl DataRecord<'_> {
    /// What is wrong with the number of cells, if anything. Blank cells after
    /// the last column are the work of exporters and do no harm.
    pub(super) fn raggedness(&self) -> Option<Fault> {
        let found = self.cells.len();
        let surplus = self
            .cells
            .iter()
            .skip(self.width)
            .any(|cell| !tidy(cell).is_empty());
        (found < self.width || surplus).then(|| {
            Fault::new(
                format!(
                    "the row has {found} cells where the header has {}",
                    self.width
                ),
                "look for a missing or surplus delimiter, or an unquoted one within a cell",
            )
        })
    }
}

/// Why a record became no row.
#[derive(Debug)]
pub(super) enum Rejected {
    /// The record is a result: an invalid row.
    Invalid(Box<InvalidRow>),
    /// Nobody said what this status word means, so the whole file is refused.
    UnknownStatus(String),
}

/// What was counted while reading records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Data records.
    pub rows: u64,
    /// Repetitions of the header row.
    pub repeated_headers: u64,
}

impl Count {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            repeated_headers: self.repeated_headers + other.repeated_headers,
        }
    }

    /// What a person should know about it.
    pub(super) fn note(self) -> Option<String> {
        (self.repeated_headers > 0)
            .then(|| format!("{} repeated header rows are skipped", self.repeated_headers))
    }
}

/// Hands every data record of a chunk to `each`, without blank records and
/// repeated header rows.
pub(super) fn for_each_record(
    file: &TextFile,
    layout: &Layout,
    chunk: &Chunk<'_>,
    mut each: impl FnMut(DataRecord<'_>),
) -> Result<Count, IngestError> {
    let mut records = Records::new(file, layout.dialect, chunk.text, chunk.first_line);
    let width = layout.width();
    let mut count = Count::default();
    while records.advance()? {
        let cells = records.record();
        if cells.iter().all(|cell| tidy(cell).is_empty()) {
            continue;
        }
        if cells.len() == layout.header.len() && cells.iter().map(tidy).eq(&layout.header) {
            count.repeated_headers += 1;
            continue;
        }
        count.rows += 1;
        each(DataRecord {
            line: records.line(),
            cells,
            width,
        });
    }
    Ok(count)
}

/// The columns that tell a row's person to whoever has to find it again.
#[derive(Debug)]
pub(super) struct WhoColumns {
    /// Employee id.
    pub employee_id: Column,
    /// First name.
    pub first_name: Column,
    /// Last name.
    pub last_name: Column,
    /// The whole name in one cell.
    pub full_name: Column,
    /// E-mail.
    pub email: Column,
    /// Username.
    pub username: Column,
}

impl WhoColumns {
    /// The name as written.
    pub(super) fn name(&self, cells: &StringRecord) -> PersonName {
        PersonName {
            first: self.first_name.text(cells).to_owned(),
            last: self.last_name.text(cells).to_owned(),
            full: self.full_name.text(cells).to_owned(),
        }
    }

    /// The result for a record that could not be understood; `column` is the
    /// one at fault, or `None` when the whole row is.
    pub(super) fn invalid(
        &self,
        file: &TextFile,
        record: &DataRecord<'_>,
        column: Option<&Column>,
        fault: Fault,
    ) -> InvalidRow {
        let cells = record.cells;
        InvalidRow {
            source: SourceRow {
                file: file.name.clone(),
                line: record.line,
            },
            column: column.map(|c| excerpt(c.header())).unwrap_or_default(),
            value: column.map(|c| excerpt(c.text(cells))).unwrap_or_default(),
            problem: fault.problem,
            advice: fault.advice,
            employee_id: excerpt(self.employee_id.text(cells)),
            person: excerpt(&self.name(cells).display()),
            work_email: excerpt(self.email.text(cells)),
            username: excerpt(self.username.text(cells)),
        }
    }
}
