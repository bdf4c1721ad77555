//! The data records below the header.

use super::cells::Cells;
use super::chunks::Chunk;
use super::dates::Fault;
use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::filler::Filler;
use super::header::Column;
use super::input_file::LineEnd;
use super::layout::Layout;
use super::records::Records;
use super::swallowed::swallowing_cell;
use super::text::{excerpt, tidy};
use crate::model::{InvalidRow, PersonName, SourceRow};

/// One data record.
#[derive(Debug, Clone, Copy)]
pub(super) struct DataRecord<'r> {
    /// The physical line on which it begins.
    pub line: u64,
    /// Its cells.
    pub cells: Cells<'r>,
    /// How many cells the header has.
    width: usize,
    /// How many cells it may have, if the surplus ones are blank.
    most: usize,
}

impl DataRecord<'_> {
    /// What is wrong with the number of cells, if anything. Blank cells after
    /// the last column are the work of exporters and do no harm where the other
    /// rows have them too.
    pub(super) fn raggedness(&self) -> Option<Fault> {
        let found = self.cells.len();
        let surplus = self
            .cells
            .behind(self.width)
            .any(|cell| !tidy(cell).is_empty());
        (found < self.width || found > self.most || surplus).then(|| {
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
    repeated_headers: u64,
    comments: u64,
    totals: u64,
}

impl Count {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            repeated_headers: self.repeated_headers + other.repeated_headers,
            comments: self.comments + other.comments,
            totals: self.totals + other.totals,
        }
    }

    /// What a person should know about it.
    pub(super) fn notes(self) -> impl Iterator<Item = String> {
        [
            (self.repeated_headers, "repeated header rows are skipped"),
            (self.comments, "comment rows are skipped"),
            (self.totals, "rows of totals are skipped"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
    }
}

/// Hands every data record of a chunk to `each`: no blank records, no repeated
/// header rows, no remarks, no totals. Fails where a cell swallowed rows.
pub(super) fn for_each_record(
    file: &TextFile,
    layout: &Layout,
    chunk: &Chunk<'_>,
    mut each: impl FnMut(DataRecord<'_>),
) -> Result<Count, IngestError> {
    let mut records = Records::new(layout.dialect, chunk.text, chunk.first_line);
    let width = layout.width();
    let most = layout.most_cells(file);
    let delimiter = layout.dialect.delimiter;
    let landmarks = layout.landmarks();
    let mut count = Count::default();
    while records.advance() {
        let cells = records.record();
        // What is quoted in the text of a sheet was quoted here.
        let swallowing = match file.sheet {
            None => swallowing_cell(cells, delimiter, width, &landmarks),
            Some(_) => None,
        };
        if let Some(at) = swallowing {
            return Err(refuse_swallowed(file, &records, at).into());
        }
        if cells.iter().all(|cell| tidy(cell).is_empty()) {
            continue;
        }
        if layout.is_header(cells) {
            count.repeated_headers += 1;
            continue;
        }
        match layout.filler(cells, &landmarks) {
            Some(Filler::Comment) => count.comments += 1,
            Some(Filler::Total) => count.totals += 1,
            None => {
                count.rows += 1;
                each(DataRecord {
                    line: records.line(),
                    cells,
                    width,
                    most,
                });
            }
        }
    }
    Ok(count)
}

/// Refuses a file that breaks off within its last row: the copy ended early, so
/// whole rows are missing too. A last row without a line end is none of that.
pub(super) fn refuse_broken_off(
    file: &TextFile,
    layout: &Layout,
    chunks: &[Chunk<'_>],
) -> Result<(), IngestError> {
    let torn = chunks
        .last()
        .filter(|chunk| !chunk.text.ends_with(['\n', '\r']));
    let Some(chunk) = torn else { return Ok(()) };
    let mut records = Records::new(layout.dialect, chunk.text, chunk.first_line);
    while records.advance() {}
    let last = records.record();
    let is_blank = last.iter().all(|cell| tidy(cell).is_empty());
    let is_data = !is_blank && layout.filler(last, &layout.landmarks()).is_none();
    if !is_data || last.len() >= layout.width() {
        return Ok(());
    }
    let refusal = Refusal {
        line: Some(records.line()),
        ..file.refusal(
            "the last line breaks off, so the file is not whole",
            "copy or export it again; if nothing is missing, end the line with a line break",
        )
    };
    Err(refusal.into())
}

fn refuse_swallowed(file: &TextFile, records: &Records<'_>, at: usize) -> Refusal {
    let above = records.record().iter().take(at);
    let breaks: u64 = above
        .map(|cell| LineEnd::of(cell).count(cell.as_bytes()))
        .sum();
    Refusal {
        line: Some(records.line() + breaks),
        ..file.refusal(
            "a quote that opens on this line swallows the rows below it",
            "remove or double the quote there, or export the file again with cells quoted",
        )
    }
}

/// What is wrong with a key that [`lost_characters`](super::text::lost_characters).
pub(super) fn damaged_key() -> Fault {
    Fault::new(
        "the cell holds characters that were lost or that cannot be seen",
        "correct it, or export the file again, best as CSV UTF-8",
    )
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
    pub(super) fn name(&self, cells: Cells<'_>) -> PersonName {
        PersonName {
            first: self.first_name.text(cells).into(),
            last: self.last_name.text(cells).into(),
            full: self.full_name.text(cells).into(),
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
