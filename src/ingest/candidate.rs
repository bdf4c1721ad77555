//! The readings of a file that come into question: each delimiter, each of the
//! first records as the header row. The one that makes the most of it is taken.

use super::ColumnNames;
use super::aliases::Table;
use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::header::{self, Assignment, Misfits};
use super::landmarks::{self, Landmarks};
use super::layout::columns_seen;
use super::missing;
use super::options::Delimiter;
use super::quoting;
use super::records::{Dialect, Quoting, Records};
use super::text::{excerpt, tidy};

/// Exporters put titles and filters above the header, but not more than this.
const HEADER_WITHIN: usize = 30;

/// A header row with an address or a day in it has columns for so many fields.
const FIELDS_BESIDE_DATA: usize = 3;

/// A file read with one delimiter, and what would be its header row then.
pub(super) struct Candidate {
    /// Delimiter, quoting and line ends.
    pub dialect: Dialect,
    /// Where the text was begun to be read.
    pub top: Top,
    /// The first records that are not blank.
    pub records: Vec<HeadRecord>,
    /// Which of them would be the header row.
    pub at: usize,
    /// Which columns would hold which fields.
    pub assignment: Assignment,
    score: Score,
}

/// What makes one reading better than another, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    requirements_met: usize,
    fields_found: usize,
    /// Records that agree on the number of cells, if that is more than one.
    records_agreeing: usize,
}

/// One of the first records of a file.
pub(super) struct HeadRecord {
    /// The physical line on which it begins.
    pub line: u64,
    /// Where the next one begins, in bytes from where reading began.
    pub end: usize,
    /// Its cells, without white space around them.
    pub cells: Vec<String>,
}

impl Candidate {
    /// The reading that makes the most of the file.
    pub(super) fn likeliest(
        file: &TextFile,
        table: &Table,
        names: &ColumnNames,
    ) -> Result<Self, IngestError> {
        let top = Top::of(file, table)?;
        let read = |delimiter: Delimiter, quoting| {
            let dialect = Dialect {
                delimiter: delimiter.byte(),
                quoting,
                line_end: file.line_end,
            };
            Self::read(file, top, dialect, table, names)
        };
        let delimiters = match (&file.sheet, file.fixed.delimiter) {
            (Some(_), _) => vec![Delimiter::Comma],
            (None, Some(fixed)) => vec![fixed],
            (None, None) => Delimiter::ALL.to_vec(),
        };
        let mut found = read(delimiters[0], Quoting::Quoted);
        for delimiter in delimiters[1..].iter().copied() {
            let candidate = read(delimiter, Quoting::Quoted);
            if candidate.score > found.score {
                found = candidate;
            }
        }
        let meets_all = found.score.requirements_met == table.required.len();
        if delimiters.contains(&Delimiter::Tab) && !meets_all {
            let plain = read(Delimiter::Tab, Quoting::Unquoted);
            if plain.score > found.score {
                return Ok(plain);
            }
        }
        if meets_all && found.dialect.delimiter == Delimiter::Tab.byte() {
            let body = &file.text()[found.body_at()..];
            let landmarks = Landmarks::of(&found.assignment);
            let width = found.header().len();
            let quoting = quoting::of_tab_file(found.dialect, body, width, &landmarks);
            if quoting == Quoting::Unquoted {
                return Ok(read(Delimiter::Tab, quoting));
            }
        }
        Ok(found)
    }

    fn read(
        file: &TextFile,
        top: Top,
        dialect: Dialect,
        table: &Table,
        names: &ColumnNames,
    ) -> Self {
        let records = first_records(file, top, dialect);
        let mut best = Self {
            dialect,
            top,
            at: 0,
            assignment: Assignment::new(),
            score: Score {
                records_agreeing: records_agreeing(&records),
                ..Score::default()
            },
            records,
        };
        for at in 0..best.records.len().min(top.within) {
            let cells = &best.records[at].cells;
            let assignment = header::assign(cells, table, names, &Misfits::new());
            // A row of somebody may look like a header: in Idaho (ID), Terminated.
            let is_found = top.within > 1;
            if is_found && assignment.len() < FIELDS_BESIDE_DATA && landmarks::is_of_somebody(cells)
            {
                continue;
            }
            let score = Score {
                requirements_met: header::requirements_met(&assignment, table.required),
                fields_found: assignment.len(),
                records_agreeing: records_agreeing(&best.records[at..]),
            };
            if score > best.score {
                best = Self {
                    at,
                    assignment,
                    score,
                    ..best
                };
            }
        }
        best
    }

    fn header(&self) -> &[String] {
        self.records
            .get(self.at)
            .map_or(&[], |record| &record.cells)
    }

    /// Where the text below the header row begins, in bytes from the file's.
    fn body_at(&self) -> usize {
        let header = self.records.get(self.at);
        header.map_or(0, |record| self.top.offset + record.end)
    }

    /// Why it cannot be what the file is said to be, if it cannot.
    pub(super) fn refuse(
        &self,
        file: &TextFile,
        table: &Table,
        names: &ColumnNames,
    ) -> Option<Refusal> {
        let seen = || columns_seen(self.header());
        let line = self.records.get(self.at).map(|record| record.line);
        if self.score.fields_found == 0 {
            return Some(Refusal {
                line,
                ..file.refusal(
                    format!(
                        "{}{}",
                        self.no_header(file),
                        missing::looks_like(table, self.header(), &self.assignment)
                    ),
                    format!(
                        "{}; {}",
                        seen(),
                        missing::how_to_name(table, table.required[0].any_of[0], None)
                    ),
                )
            });
        }
        let pinned = names.0.iter().filter(|(_, name)| !name.trim().is_empty());
        for (field, name) in pinned {
            if header::positions_of_name(self.header(), name).is_empty() {
                return Some(Refusal {
                    line,
                    column: excerpt(name),
                    ..file.refusal(
                        format!(
                            "[columns.{}] {field} names a column that is not there",
                            table.role
                        ),
                        format!("correct the name; {}", seen()),
                    )
                });
            }
        }
        missing::refusal(file, table, self.header(), line, &self.assignment, &[])
    }

    fn no_header(&self, file: &TextFile) -> String {
        let delimiter = match file.fixed.delimiter {
            Some(_) => " with the delimiter that [formats] says",
            None => "",
        };
        match self.top.within {
            1 => format!("the row that [formats] names is no header row{delimiter}"),
            within => {
                format!("no header row was found among the first {within} records{delimiter}")
            }
        }
    }
}

/// Where to begin to read: at the top, or at the header row that the
/// administrator named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Top {
    /// In bytes.
    pub offset: usize,
    /// As a physical line.
    pub line: u64,
    /// Records that may be the header row.
    within: usize,
}

impl Top {
    fn of(file: &TextFile, table: &Table) -> Result<Self, IngestError> {
        let Some(header_line) = file.fixed.header_line else {
            return Ok(Self {
                offset: 0,
                line: 1,
                within: HEADER_WITHIN,
            });
        };
        let line = u64::from(header_line.get());
        let text = file.text();
        if let Some(offset) = file.line_end.start_of(header_line.get(), text) {
            let first = text[offset..].split(['\r', '\n']).next();
            if first.is_some_and(|first| !first.trim().is_empty()) {
                return Ok(Self {
                    offset,
                    line,
                    within: 1,
                });
            }
        }
        let refusal = Refusal {
            line: Some(line),
            ..file.refusal(
                format!(
                    "[formats] {}_header_line names this line, and no row begins here",
                    table.role
                ),
                "correct the number there, or remove it and have the header row found",
            )
        };
        Err(refusal.into())
    }
}

fn first_records(file: &TextFile, top: Top, dialect: Dialect) -> Vec<HeadRecord> {
    let mut records = Records::new(dialect, &file.text()[top.offset..], top.line);
    let mut first = Vec::new();
    // One more than the header may be down, to see a second header row.
    while first.len() <= HEADER_WITHIN && records.advance() {
        let cells: Vec<String> = records
            .record()
            .iter()
            .map(tidy)
            .map(str::to_owned)
            .collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            first.push(HeadRecord {
                line: records.line(),
                end: records.end(),
                cells,
            });
        }
    }
    first
}

/// How many records are as wide as the first, if that has more than one cell.
/// What stands above a header row has no say in how wide the table is.
fn records_agreeing(records: &[HeadRecord]) -> usize {
    let width = records.first().map_or(0, |record| record.cells.len());
    let agreeing = records.iter().filter(|record| record.cells.len() == width);
    if width > 1 { agreeing.count() } else { 0 }
}
