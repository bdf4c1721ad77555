//! Finds delimiter, header row and columns of a file from its content.

use std::collections::BTreeMap;

use csv::StringRecord;
use sha2::{Digest, Sha256};

use super::aliases::{Arity, Field, Table};
use super::chunks::{self, Chunk};
use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::filler::Filler;
use super::header::{self, Assignment, Column, Misfits};
use super::input_file::{Detected, InputFile, InputRole};
use super::landmarks::Landmarks;
use super::missing;
use super::options::Delimiter;
use super::quoting;
use super::records::{Dialect, Quoting, Records};
use super::text::{excerpt, nearest, or_list, tidy};
use super::{ColumnNames, DateOrder};

/// Exporters put titles and filters above the header, but not more than this.
const HEADER_WITHIN: usize = 30;

/// Records below the header that say how many cells are usual.
const RECORDS_FOR_WIDTH: usize = 200;

/// How a file is to be read.
#[derive(Debug)]
pub(super) struct Layout {
    /// Delimiter, quoting and line ends.
    pub dialect: Dialect,
    /// The header cells as they stand in the file.
    pub header: Vec<String>,
    /// Things a person should know.
    pub notes: Vec<String>,
    /// The columns by whose cells a row of people is recognized.
    pub landmarks: Landmarks,
    table: &'static Table,
    header_line: u64,
    assignment: Assignment,
    body_at: usize,
    body_line: u64,
}

/// Finds out how a file is to be read; fails when it has no header row, lacks
/// a required column, or lacks a column that the administrator named.
pub(super) fn locate(
    file: &TextFile,
    table: &'static Table,
    names: &ColumnNames,
) -> Result<Layout, IngestError> {
    check_fields(file, table, names)?;
    let top = Top::of(file, table)?;
    let found = likeliest(file, top, table, names)?;
    if let Some(refusal) = found.refuse(file, table, names) {
        // A quote that swallows the header is the cause, not a symptom.
        let open_quote = chunks::find_open_quote(file, found.dialect);
        return Err(open_quote.unwrap_or(refusal).into());
    }
    Ok(found.into_layout(file, table, names))
}

/// Where to begin to read: at the top, or at the header row that the
/// administrator named.
#[derive(Debug, Clone, Copy)]
struct Top {
    offset: usize,
    line: u64,
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

/// The reading that makes the most of the file.
fn likeliest(
    file: &TextFile,
    top: Top,
    table: &Table,
    names: &ColumnNames,
) -> Result<Candidate, IngestError> {
    let read = |delimiter: Delimiter, quoting| {
        let dialect = Dialect {
            delimiter: delimiter.byte(),
            quoting,
            line_end: file.line_end,
        };
        Candidate::read(file, top, dialect, table, names)
    };
    let delimiters = match (&file.sheet, file.fixed.delimiter) {
        (Some(_), _) => vec![Delimiter::Comma],
        (None, Some(fixed)) => vec![fixed],
        (None, None) => Delimiter::ALL.to_vec(),
    };
    let mut found = read(delimiters[0], Quoting::Quoted)?;
    for delimiter in delimiters[1..].iter().copied() {
        let candidate = read(delimiter, Quoting::Quoted)?;
        if candidate.score > found.score {
            found = candidate;
        }
    }
    let meets_all = found.score.requirements_met == table.required.len();
    if delimiters.contains(&Delimiter::Tab) && !meets_all {
        let plain = read(Delimiter::Tab, Quoting::Unquoted)?;
        if plain.score > found.score {
            return Ok(plain);
        }
    }
    if meets_all && found.dialect.delimiter == Delimiter::Tab.byte() {
        let body = &file.text()[found.body_at()..];
        let landmarks = landmarks(&found.assignment);
        let width = found.header().len();
        let quoting = quoting::of_tab_file(file, found.dialect, body, width, &landmarks)?;
        if quoting == Quoting::Unquoted {
            return read(Delimiter::Tab, quoting);
        }
    }
    Ok(found)
}

/// The columns that tell a row of people from anything else.
fn landmarks(assignment: &Assignment) -> Landmarks {
    let positions = |fields: &[&str]| {
        let positions = fields.iter().filter_map(|field| assignment.get(field));
        positions.flatten().copied().collect()
    };
    Landmarks {
        ids: positions(&["employee_id", "user_id"]),
        emails: positions(&["work_email", "email"]),
        usernames: positions(&["username"]),
        dates: positions(&["termination_date", "last_day", "rehire_date", "created"]),
    }
}

impl Layout {
    /// A field's columns.
    pub(super) fn column(&self, field: &Field) -> Column {
        Column::at(&self.header, self.positions(field))
    }

    /// Where a field's columns stand.
    pub(super) fn positions(&self, field: &Field) -> &[usize] {
        self.assignment.get(field.name).map_or(&[], Vec::as_slice)
    }

    /// Assigns the columns anew, without what the values showed to be no column
    /// of a field.
    pub(super) fn assign_without(&mut self, misfits: &Misfits, names: &ColumnNames) {
        self.assignment = header::assign(&self.header, self.table, names, misfits);
    }

    /// Gives a column that serves no field to a field that has none.
    pub(super) fn give(&mut self, position: usize, field: &Field) {
        let is_open = self.assignment.values().flatten().all(|at| *at != position);
        if is_open {
            self.assignment.entry(field.name).or_insert(vec![position]);
        }
    }

    /// Reads nothing from a field's columns.
    pub(super) fn leave_out(&mut self, field: &Field) {
        self.assignment.remove(field.name);
    }

    /// The refusal of a file that lacks a column it cannot do without.
    pub(super) fn refuse_missing(&self, file: &TextFile) -> Result<(), IngestError> {
        let Self {
            table,
            header,
            header_line,
            assignment,
            ..
        } = self;
        match missing::refusal(file, table, header, Some(*header_line), assignment) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(()),
        }
    }

    /// Takes columns from one field and gives them to another, after their
    /// values told more than the header.
    pub(super) fn reassign(&mut self, from: &Field, to: &Field) {
        if let Some(positions) = self.assignment.remove(from.name) {
            self.assignment.entry(to.name).or_insert(positions);
        }
    }

    /// What makes a row of an export no data, if anything does. In a list that
    /// somebody wrote by hand every row counts.
    pub(super) fn filler(&self, cells: &StringRecord) -> Option<Filler> {
        match self.table.role {
            InputRole::Hr | InputRole::Users => Filler::of(cells, &self.landmarks),
            InputRole::Licenses | InputRole::Holds | InputRole::Map => None,
        }
    }

    /// The text below the header, cut into chunks of about `size` bytes.
    pub(super) fn body<'f>(
        &self,
        file: &'f TextFile,
        size: usize,
    ) -> Result<Vec<Chunk<'f>>, IngestError> {
        let text = &file.text()[self.body_at..];
        chunks::cut(file, self.dialect, text, self.body_line, size)
    }

    /// A cursor over all records below the header.
    pub(super) fn body_records<'f>(&self, file: &'f TextFile) -> Records<'f> {
        let text = &file.text()[self.body_at..];
        Records::new(file, self.dialect, text, self.body_line)
    }

    /// Cells that a record must have: blank headers at the end do not count.
    pub(super) fn width(&self) -> usize {
        let blank = self.header.iter().rev().take_while(|cell| cell.is_empty());
        self.header.len() - blank.count()
    }

    /// Cells that a record may have. Exporters end every row with blank cells
    /// that the header lacks; where only some rows have such cells, a delimiter
    /// inside a cell has shifted what stands to the right of it.
    pub(super) fn most_cells(&self, file: &TextFile) -> Result<usize, IngestError> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        let mut records = self.body_records(file);
        for _ in 0..RECORDS_FOR_WIDTH {
            if !records.advance()? {
                break;
            }
            let cells = records.record().len();
            if cells >= self.width() {
                *counts.entry(cells).or_default() += 1;
            }
        }
        let usual = counts.into_iter().max_by_key(|(_, count)| *count);
        // One row alone does not say what is usual.
        let usual = usual.filter(|(_, count)| *count > 1);
        Ok(usual.map_or(self.header.len(), |(cells, _)| cells))
    }

    /// The file as the plan records it.
    pub(super) fn input_file(
        &self,
        file: &TextFile,
        rows: u64,
        date_orders: BTreeMap<String, DateOrder>,
    ) -> InputFile {
        let normalized: Vec<String> = self.header.iter().map(|c| header::normalize(c)).collect();
        let columns = self.assignment.iter();
        let used: Vec<usize> = self.assignment.values().flatten().copied().collect();
        let unused = self.header.iter().enumerate();
        InputFile {
            role: self.table.role,
            path: file.name.clone(),
            sha256: file.sha256.clone(),
            bytes: file.bytes,
            rows,
            header_fingerprint: format!("{:x}", Sha256::digest(normalized.join("\u{1f}"))),
            detected: Detected {
                encoding: file.encoding,
                delimiter: char::from(self.dialect.delimiter),
                line_end: file.line_end,
                sheet: file.sheet.clone(),
                header_line: self.header_line,
                columns: columns
                    .map(|(field, at)| {
                        let column = Column::at(&self.header, at);
                        ((*field).to_owned(), column.header().to_owned())
                    })
                    .collect(),
                date_orders,
                unused: unused
                    .filter(|(at, cell)| !used.contains(at) && !cell.is_empty())
                    .map(|(_, cell)| cell.clone())
                    .collect(),
                notes: self
                    .notes
                    .iter()
                    .cloned()
                    .chain(repeated_columns(&self.header, self.table, &self.assignment))
                    .collect(),
            },
        }
    }
}

/// A file read with one delimiter, and what would be its header row then.
struct Candidate {
    dialect: Dialect,
    top: Top,
    records: Vec<HeadRecord>,
    at: usize,
    assignment: Assignment,
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
struct HeadRecord {
    line: u64,
    end: usize,
    cells: Vec<String>,
}

impl Candidate {
    fn read(
        file: &TextFile,
        top: Top,
        dialect: Dialect,
        table: &Table,
        names: &ColumnNames,
    ) -> Result<Self, IngestError> {
        let records = first_records(file, top, dialect)?;
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
        Ok(best)
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

    fn refuse(&self, file: &TextFile, table: &Table, names: &ColumnNames) -> Option<Refusal> {
        let seen = || columns_seen(self.header());
        let line = self.records.get(self.at).map(|record| record.line);
        if self.score.fields_found == 0 {
            return Some(Refusal {
                line,
                ..file.refusal(
                    format!(
                        "{}{}",
                        self.no_header(),
                        missing::looks_like(table, self.header(), &self.assignment)
                    ),
                    format!("{}; {}", seen(), missing::how_to_name(table, None)),
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
        missing::refusal(file, table, self.header(), line, &self.assignment)
    }

    fn no_header(&self) -> String {
        match self.top.within {
            1 => "the row that [formats] names is no header row".to_owned(),
            within => format!("no header row was found among the first {within} records"),
        }
    }

    fn into_layout(self, file: &TextFile, table: &'static Table, names: &ColumnNames) -> Layout {
        let mut notes = file.notes.clone();
        if self.dialect.quoting == Quoting::Unquoted {
            notes.push("cells are not quoted: a quote is part of the text".to_owned());
        }
        if self.top.line > 1 {
            let above = self.top.line - 1;
            notes.push(format!("{above} lines above the header row are skipped"));
        }
        if self.at > 0 {
            notes.push(format!(
                "{} records above the header row are skipped",
                self.at
            ));
        }
        let mut last = self.at;
        if let Some(next) = self.records.get(self.at + 1) {
            // SuccessFactors writes keys, then labels: two header rows.
            let labels = header::assign(&next.cells, table, names, &Misfits::new());
            if header::requirements_met(&labels, table.required) == table.required.len() {
                notes.push(format!(
                    "line {} is a second header row and is skipped",
                    next.line
                ));
                last += 1;
            }
        }
        let last = self.records.get(last);
        let body_at = last.map_or(0, |record| self.top.offset + record.end);
        let above = &file.text().as_bytes()[..body_at];
        let (header_line, header) = match self.records.into_iter().nth(self.at) {
            Some(record) => (record.line, record.cells),
            None => (1, Vec::new()),
        };
        Layout {
            dialect: self.dialect,
            header,
            notes,
            landmarks: landmarks(&self.assignment),
            table,
            header_line,
            assignment: self.assignment,
            body_at,
            body_line: 1 + file.line_end.count(above),
        }
    }
}

fn first_records(
    file: &TextFile,
    top: Top,
    dialect: Dialect,
) -> Result<Vec<HeadRecord>, IngestError> {
    let mut records = Records::new(file, dialect, &file.text()[top.offset..], top.line);
    let mut first = Vec::new();
    // One more than the header may be down, to see a second header row.
    while first.len() <= HEADER_WITHIN && records.advance()? {
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
    Ok(first)
}

/// How many records are as wide as the first, if that has more than one cell.
/// What stands above a header row has no say in how wide the table is.
fn records_agreeing(records: &[HeadRecord]) -> usize {
    let width = records.first().map_or(0, |record| record.cells.len());
    let agreeing = records.iter().filter(|record| record.cells.len() == width);
    if width > 1 { agreeing.count() } else { 0 }
}

fn check_fields(file: &TextFile, table: &Table, names: &ColumnNames) -> Result<(), IngestError> {
    let known = || table.fields.iter().map(|field| field.name);
    let unknown = names
        .0
        .keys()
        .find(|name| known().all(|field| field != *name));
    let Some(name) = unknown else { return Ok(()) };
    let advice = match nearest(name, known()) {
        Some(field) => format!("did you mean {field}?"),
        None => format!("write {}", or_list(&known().collect::<Vec<_>>())),
    };
    let problem = format!(
        "[columns.{}] names an unknown field \"{}\"",
        table.role,
        excerpt(name)
    );
    Err(file.refusal(problem, advice).into())
}

fn repeated_columns(
    header: &[String],
    table: &Table,
    assignment: &Assignment,
) -> impl Iterator<Item = String> {
    let single = table
        .fields
        .iter()
        .filter(|field| matches!(field.arity, Arity::One | Arity::Agreeing));
    single.filter_map(|field| {
        let positions = assignment.get(field.name)?;
        let column = Column::at(header, positions);
        let consequence = match field.arity {
            Arity::Agreeing => "a row in which they differ is invalid",
            Arity::One | Arity::Several => "the first filled cell counts",
        };
        (positions.len() > 1).then(|| {
            format!(
                "{} columns are read for {} ({}): {consequence}",
                positions.len(),
                field.name,
                excerpt(column.header())
            )
        })
    })
}

/// The headers of a file as a message may repeat them.
pub(super) fn columns_seen(header: &[String]) -> String {
    let seen: Vec<String> = header
        .iter()
        .filter(|cell| !cell.is_empty())
        .map(|cell| {
            if looks_like_data(cell) {
                "(data)".to_owned()
            } else {
                format!("\"{}\"", excerpt(cell))
            }
        })
        .collect();
    match seen.as_slice() {
        [] => "columns seen: none".to_owned(),
        seen => format!("columns seen: {}", seen.join(", ")),
    }
}

/// An address or a number is no header, and names somebody.
fn looks_like_data(cell: &str) -> bool {
    cell.contains('@') || cell.bytes().filter(u8::is_ascii_digit).count() > 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::aliases::hr;

    fn found(text: &str) -> Layout {
        let file = TextFile::decode("hr.csv".to_owned(), text.into()).expect("text");
        locate(&file, &hr::TABLE, &ColumnNames::default()).expect("a layout")
    }

    /// Headers that real systems write, and the columns to be found in them.
    #[test]
    fn headers_of_real_systems_are_found() {
        for (system, text, expected) in [
            (
                "Workday",
                "Terminations\n\nCompany,All\nRun by,Jane Doe\n\nEmployee ID,Full Name,Work Email,\
                 Active/Inactive Status,Termination Date,Last Day of Work,Manager's Work Email\n",
                "employee_id=0 full_name=1 last_day=5 status=3 termination_date=4 work_email=2",
            ),
            (
                "ADP",
                "Associate ID,Legal First Name (Personal Profile),Work Contact: Work Email,\
                 Personal Contact: Personal Email,Position Status,Previous Termination Date,\
                 Termination Date (Employment Profile),Reports To Associate ID\n",
                "employee_id=0 first_name=1 status=4 termination_date=6 work_email=2",
            ),
            (
                "UKG through Cognos",
                "Employee Number\tFirst Name\tLast Name\tEmail Address\tEmployment Status\t\
                 Termination Date\tSupervisor Email\n",
                "employee_id=0 first_name=1 last_name=2 status=4 termination_date=5 work_email=3",
            ),
            (
                "Rippling",
                "Employee,Employee - ID,Work email,Employment status,Last day of work,\
                 Manager - Work email\n",
                "employee_id=1 full_name=0 last_day=4 status=3 work_email=2",
            ),
            (
                "BambooHR",
                "Employee #,\"Last Name, First Name\",Best Email,Work Email,Status,\
                 Employment Status: Date,Termination Date\n",
                "employee_id=0 full_name=1 status=4 termination_date=6 work_email=3",
            ),
            (
                "LOGA",
                "Personalnummer;Vorname;Nachname;E-Mail;Kostenstelle;Letzter Arbeitstag;Vertragsende;;\n",
                "cost_center=4 employee_id=0 first_name=1 last_day=5 last_name=2 \
                 termination_date=6 work_email=3",
            ),
        ] {
            let layout = found(text);
            let columns = layout.assignment.iter();
            let columns: Vec<String> = columns
                .map(|(field, at)| format!("{field}={}", at[0]))
                .collect();
            assert_eq!(columns.join(" "), expected, "{system}");
        }
    }

    #[test]
    fn decimal_commas_do_not_make_a_comma_the_delimiter() {
        let layout = found("Personalnummer;Vertragsende\n1,5;2026-01-31\n2,5;2026-01-31\n");
        assert_eq!(layout.dialect.delimiter, b';');
    }

    #[test]
    fn lines_are_counted_from_the_top_of_the_file() {
        let layout = found("Title\n\n\"Employee\nID\",Status\n1,Active\n");
        assert_eq!((layout.header_line, layout.body_line), (3, 5));
    }

    #[test]
    fn the_fingerprint_does_not_depend_on_ornaments() {
        let fingerprint = |text: &str| {
            let file = TextFile::decode("hr.csv".to_owned(), text.into()).expect("text");
            let input = found(text).input_file(&file, 0, BTreeMap::new());
            input.header_fingerprint
        };
        assert_eq!(
            fingerprint("Employee ID,Status\n"),
            fingerprint("employee_id*;STATUS\n")
        );
        assert_ne!(
            fingerprint("Employee ID,Status\n"),
            fingerprint("Status,Employee ID\n")
        );
    }
}
