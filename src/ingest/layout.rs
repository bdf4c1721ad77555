//! Finds delimiter, header row and columns of a file from its content.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::aliases::{Arity, Field, Table};
use super::candidate::Candidate;
use super::cells::Cells;
use super::chunks::{self, Chunk};
use super::decode::TextFile;
use super::error::IngestError;
use super::filler::Filler;
use super::header::{self, Assignment, Column, Misfits};
use super::input_file::{Detected, InputFile, InputRole};
use super::landmarks::Landmarks;
use super::missing;
use super::records::{Dialect, Quoting, Records};
use super::text::{excerpt, nearest, or_list, tidy};
use super::{ColumnNames, DateOrder};

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
    table: &'static Table,
    header_line: u64,
    assignment: Assignment,
    /// Columns that do not hold what they are called.
    passed_over: Vec<usize>,
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
    let found = Candidate::likeliest(file, table, names)?;
    if let Some(refusal) = found.refuse(file, table, names) {
        // A quote that swallows the header is the cause, not a symptom.
        let open_quote = chunks::find_open_quote(file, found.dialect);
        return Err(open_quote.unwrap_or(refusal).into());
    }
    Ok(Layout::of(found, file, table, names))
}

impl Layout {
    /// What the likeliest reading of a file comes to.
    fn of(found: Candidate, file: &TextFile, table: &'static Table, names: &ColumnNames) -> Self {
        let mut notes = file.notes.clone();
        if found.dialect.quoting == Quoting::Unquoted {
            notes.push("cells are not quoted: a quote is part of the text".to_owned());
        }
        if found.top.line > 1 {
            let above = found.top.line - 1;
            notes.push(format!("{above} lines above the header row are skipped"));
        }
        if found.at > 0 {
            notes.push(format!(
                "{} records above the header row are skipped",
                found.at
            ));
        }
        let mut last = found.at;
        if let Some(next) = found.records.get(found.at + 1) {
            // SuccessFactors writes keys, then labels: two header rows. But somebody
            // in Idaho (ID) who is Terminated is no label.
            let labels = header::assign(&next.cells, table, names, &Misfits::new());
            let meets_all =
                header::requirements_met(&labels, table.required) == table.required.len();
            if meets_all && !Landmarks::of(&found.assignment).fit_any(&next.cells) {
                notes.push(format!(
                    "line {} is a second header row and is skipped",
                    next.line
                ));
                last += 1;
            }
        }
        let last = found.records.get(last);
        let body_at = last.map_or(0, |record| found.top.offset + record.end);
        let above = &file.text().as_bytes()[..body_at];
        let (header_line, header) = match found.records.into_iter().nth(found.at) {
            Some(record) => (record.line, record.cells),
            None => (1, Vec::new()),
        };
        Self {
            dialect: found.dialect,
            header,
            notes,
            table,
            header_line,
            assignment: found.assignment,
            passed_over: Vec::new(),
            body_at,
            body_line: 1 + file.line_end.count(above),
        }
    }

    /// What sort of file it was read as.
    pub(super) fn role(&self) -> InputRole {
        self.table.role
    }

    /// How many fields have a column.
    pub(super) fn fields_found(&self) -> usize {
        self.assignment.len()
    }

    /// A field's columns.
    pub(super) fn column(&self, field: &Field) -> Column {
        self.columns_at(self.positions(field))
    }

    /// Whether a record repeats the header row, as on every page of a report.
    pub(super) fn is_header(&self, record: Cells<'_>) -> bool {
        let mut pairs = record.iter().map(tidy).zip(&self.header);
        record.len() == self.header.len()
            && pairs.all(|(cell, header)| cell.eq_ignore_ascii_case(header))
    }

    /// Where a field's columns stand.
    pub(super) fn positions(&self, field: &Field) -> &[usize] {
        self.assignment.get(field.name).map_or(&[], Vec::as_slice)
    }

    /// Assigns the columns anew, without what the values showed to be no column
    /// of a field.
    pub(super) fn assign_without(&mut self, misfits: &Misfits, names: &ColumnNames) {
        self.assignment = header::assign(&self.header, self.table, names, misfits);
        self.passed_over = misfits.iter().map(|(_, position)| *position).collect();
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
            passed_over,
            ..
        } = self;
        let line = Some(*header_line);
        match missing::refusal(file, table, header, line, assignment, passed_over) {
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

    /// Gives columns to a field, whatever they served before.
    pub(super) fn assign(&mut self, field: &Field, positions: Vec<usize>) {
        for served in self.assignment.values_mut() {
            served.retain(|position| !positions.contains(position));
        }
        self.assignment.insert(field.name, positions);
        self.assignment.retain(|_, served| !served.is_empty());
    }

    /// The columns that have a header and serve no field.
    pub(super) fn unused(&self) -> impl Iterator<Item = usize> {
        let is_unused = |at: &usize| !self.assignment.values().flatten().any(|used| used == at);
        let named = (0..self.header.len()).filter(|at| !self.header[*at].is_empty());
        named.filter(is_unused)
    }

    /// The columns at these positions, whatever they serve.
    pub(super) fn columns_at(&self, positions: &[usize]) -> Column {
        Column::at(&self.header, positions)
    }

    /// The line on which the header row begins.
    pub(super) fn header_line(&self) -> u64 {
        self.header_line
    }

    /// The columns by whose cells a row of people is recognized.
    pub(super) fn landmarks(&self) -> Landmarks {
        Landmarks::of(&self.assignment)
    }

    /// What makes a row of an export no data, if anything does. In a list that
    /// somebody wrote by hand every row counts.
    pub(super) fn filler(&self, cells: Cells<'_>, landmarks: &Landmarks) -> Option<Filler> {
        match self.table.role {
            InputRole::Hr | InputRole::Users | InputRole::Roster => Filler::of(cells, landmarks),
            InputRole::Licenses
            | InputRole::Holds
            | InputRole::Map
            | InputRole::Numbers
            | InputRole::Bill
            | InputRole::Review => None,
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

    /// Whether the first rows of a file, which are all that `head` has of it,
    /// told as much as the whole file would. Of a tab file they never do: all
    /// its quotes have to be seen.
    pub(super) fn is_told_by_first_rows(&self, head: &TextFile) -> bool {
        let mut records = self.body_records(head);
        let enough = (0..=RECORDS_FOR_WIDTH).all(|_| records.advance());
        enough && self.dialect.delimiter != b'\t'
    }

    /// Where the rows begin: in bytes from the text's beginning, and as a line.
    pub(super) fn body_begins(&self) -> (usize, u64) {
        (self.body_at, self.body_line)
    }

    /// A cursor over all records below the header.
    pub(super) fn body_records<'f>(&self, file: &'f TextFile) -> Records<'f> {
        let text = &file.text()[self.body_at..];
        Records::new(self.dialect, text, self.body_line)
    }

    /// Cells that a record must have: blank headers at the end do not count.
    pub(super) fn width(&self) -> usize {
        let blank = self.header.iter().rev().take_while(|cell| cell.is_empty());
        self.header.len() - blank.count()
    }

    /// Cells that a record may have. Exporters end every row with blank cells
    /// that the header lacks; where only some rows have such cells, a delimiter
    /// inside a cell has shifted what stands to the right of it.
    pub(super) fn most_cells(&self, file: &TextFile) -> usize {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        let mut records = self.body_records(file);
        for _ in 0..RECORDS_FOR_WIDTH {
            if !records.advance() {
                break;
            }
            let cells = records.record();
            let is_blank = |cell: &str| tidy(cell).is_empty();
            if cells.len() >= self.width() && cells.behind(self.width()).all(is_blank) {
                *counts.entry(cells.len()).or_default() += 1;
            }
        }
        // Of equals the fewest cells, which is the last one here.
        let usual = counts.into_iter().rev().max_by_key(|(_, count)| *count);
        // One row alone does not say what is usual.
        let usual = usual.filter(|(_, count)| *count > 1);
        usual.map_or(self.header.len(), |(cells, _)| cells)
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
            path: file.name.to_string(),
            sha256: file.sha256.clone(),
            bytes: file.bytes,
            rows,
            header_fingerprint: format!("{:x}", Sha256::digest(normalized.join("\u{1f}"))),
            detected: Detected {
                packing: file.packing,
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
                    .map(|(_, cell)| {
                        if looks_like_data(cell) {
                            DATA.to_owned()
                        } else {
                            cell.clone()
                        }
                    })
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
                DATA.to_owned()
            } else {
                format!("\"{}\"", excerpt(cell))
            }
        })
        .collect();
    match seen.as_slice() {
        [] => "columns seen: none, the file holds blank lines only".to_owned(),
        seen => format!("columns seen: {}", seen.join(", ")),
    }
}

/// What stands in messages for a header that may name somebody.
const DATA: &str = "(data)";

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

    /// `summary.json` repeats the headers, and names nobody.
    #[test]
    fn an_unused_header_that_looks_like_data_is_not_repeated() {
        let text = "Employee ID,Name,Status,Floor,jane@example.com,+15550100\n";
        let file = TextFile::decode("hr.csv".to_owned(), text.into()).expect("text");
        let input = found(text).input_file(&file, 0, BTreeMap::new());
        assert_eq!(input.detected.unused, ["Floor", "(data)", "(data)"]);
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
