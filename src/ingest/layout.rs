//! Finds delimiter, header row and columns of a file from its content.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::aliases::{Arity, Field, Requirement, Table};
use super::chunks::{self, Chunk};
use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::header::{self, Assignment, Column};
use super::input_file::{Detected, InputFile, InputRole};
use super::records::{Dialect, Records, count_lines};
use super::text::{excerpt, likeness, nearest, or_list, tidy};
use super::{ColumnNames, DateOrder};

/// Exporters put titles and filters above the header, but not more than this.
const HEADER_WITHIN: usize = 30;

/// The delimiters, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How a file is to be read.
#[derive(Debug)]
pub(super) struct Layout {
    /// Delimiter and line ends.
    pub dialect: Dialect,
    /// The header cells as they stand in the file.
    pub header: Vec<String>,
    /// Things a person should know.
    pub notes: Vec<String>,
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
    let [likeliest, others @ ..] = DELIMITERS;
    let mut found = Candidate::read(file, likeliest, table, names)?;
    for delimiter in others {
        let candidate = Candidate::read(file, delimiter, table, names)?;
        if candidate.score > found.score {
            found = candidate;
        }
    }
    if let Some(refusal) = found.refuse(file, table, names) {
        // A quote that swallows the header is the cause, not a symptom.
        let open_quote = chunks::find_open_quote(file, found.dialect);
        return Err(open_quote.unwrap_or(refusal).into());
    }
    Ok(found.into_layout(file, table, names))
}

impl Layout {
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
        let positions = self.assignment.get(field.name).cloned().unwrap_or_default();
        Column::new(self.headers_at(&positions), positions)
    }

    /// Takes columns from one field and gives them to another, after their
    /// values told more than the header.
    pub(super) fn reassign(&mut self, from: &Field, to: &Field) {
        if let Some(positions) = self.assignment.remove(from.name) {
            self.assignment.entry(to.name).or_insert(positions);
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
                header_line: self.header_line,
                columns: columns
                    .map(|(field, at)| ((*field).to_owned(), self.headers_at(at)))
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
                notes: self.notes.clone(),
            },
        }
    }

    fn headers_at(&self, positions: &[usize]) -> String {
        let headers: Vec<&str> = positions
            .iter()
            .map(|at| self.header[*at].as_str())
            .collect();
        headers.join(" + ")
    }
}

/// A file read with one delimiter, and what would be its header row then.
struct Candidate {
    dialect: Dialect,
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
        delimiter: u8,
        table: &Table,
        names: &ColumnNames,
    ) -> Result<Self, IngestError> {
        let dialect = Dialect {
            delimiter,
            terminator: file.line_end.byte(),
        };
        let records = first_records(file, dialect)?;
        let mut best = Self {
            dialect,
            at: 0,
            assignment: Assignment::new(),
            score: Score {
                records_agreeing: records_agreeing(&records),
                ..Score::default()
            },
            records,
        };
        for at in 0..best.records.len().min(HEADER_WITHIN) {
            let assignment = header::assign(&best.records[at].cells, table, names);
            let score = Score {
                requirements_met: header::requirements_met(&assignment, table.required),
                fields_found: assignment.len(),
                ..best.score
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

    fn refuse(&self, file: &TextFile, table: &Table, names: &ColumnNames) -> Option<Refusal> {
        let seen = || columns_seen(self.header());
        let line = self.records.get(self.at).map(|record| record.line);
        let example = table.required[0].any_of[0];
        if self.score.fields_found == 0 {
            return Some(Refusal {
                line,
                ..file.refusal(
                    format!("no header row was found among the first {HEADER_WITHIN} records"),
                    format!("{}; {}", seen(), how_to_name(table, example, "HEADER")),
                )
            });
        }
        for (field, name) in &names.0 {
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
        let mut required = table.required.iter();
        let missing = required.find(|wanted| !header::meets(&self.assignment, wanted))?;
        let advice = match self.likeliest(missing) {
            None => how_to_name(table, example, "HEADER"),
            Some((field, header)) => {
                let how = how_to_name(table, field, &header);
                format!("nearest: \"{header}\"; {how}")
            }
        };
        Some(Refusal {
            line,
            ..file.refusal(
                format!("no column says {}", missing.wanted),
                format!("{}; {advice}", seen()),
            )
        })
    }

    /// The column that serves no field yet and is called most like one that is
    /// missing.
    fn likeliest(&self, missing: &Requirement) -> Option<(&'static Field, String)> {
        let taken: Vec<usize> = self.assignment.values().flatten().copied().collect();
        let open = |position: &usize| !taken.contains(position);
        let guesses = missing.any_of.iter().filter_map(|field| {
            let wanted = *field.strong.first()?;
            let headers = (0..self.header().len()).filter(open);
            let header = nearest(wanted, headers.map(|at| self.header()[at].as_str()))?;
            Some((likeness(wanted, header), *field, header))
        });
        let (_, field, header) = guesses.max_by_key(|(likeness, _, _)| *likeness)?;
        Some((field, excerpt(header)))
    }

    fn into_layout(self, file: &TextFile, table: &'static Table, names: &ColumnNames) -> Layout {
        let mut notes = Vec::new();
        if self.at > 0 {
            notes.push(format!(
                "{} records above the header row are skipped",
                self.at
            ));
        }
        let mut last = self.at;
        if let Some(next) = self.records.get(self.at + 1) {
            // SuccessFactors writes keys, then labels: two header rows.
            let labels = header::assign(&next.cells, table, names);
            if header::requirements_met(&labels, table.required) == table.required.len() {
                notes.push(format!(
                    "line {} is a second header row and is skipped",
                    next.line
                ));
                last += 1;
            }
        }
        let body_at = self.records.get(last).map_or(0, |record| record.end);
        let above = &file.text().as_bytes()[..body_at];
        let (header_line, header) = match self.records.into_iter().nth(self.at) {
            Some(record) => (record.line, record.cells),
            None => (1, Vec::new()),
        };
        notes.extend(repeated_columns(&header, table, &self.assignment));
        Layout {
            dialect: self.dialect,
            header,
            notes,
            table,
            header_line,
            assignment: self.assignment,
            body_at,
            body_line: 1 + count_lines(above, self.dialect.terminator),
        }
    }
}

fn first_records(file: &TextFile, dialect: Dialect) -> Result<Vec<HeadRecord>, IngestError> {
    let mut records = Records::new(file, dialect, file.text(), 1);
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

fn records_agreeing(records: &[HeadRecord]) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for record in records.iter().filter(|record| record.cells.len() > 1) {
        *counts.entry(record.cells.len()).or_default() += 1;
    }
    counts.into_values().max().unwrap_or_default()
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

fn repeated_columns<'a>(
    header: &'a [String],
    table: &'a Table,
    assignment: &'a Assignment,
) -> impl Iterator<Item = String> + 'a {
    let single = table
        .fields
        .iter()
        .filter(|field| field.arity == Arity::One);
    single
        .filter_map(|field| assignment.get(field.name))
        .filter(|positions| positions.len() > 1)
        .map(|positions| {
            format!(
                "{} columns are called \"{}\": the first filled cell counts",
                positions.len(),
                excerpt(&header[positions[0]])
            )
        })
}

fn columns_seen(header: &[String]) -> String {
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
        [] => "columns seen: none".to_owned(),
        seen => format!("columns seen: {}", seen.join(", ")),
    }
}

/// What stands in messages for a header that may name somebody.
const DATA: &str = "(data)";

/// An address or a number is no header, and names somebody.
fn looks_like_data(cell: &str) -> bool {
    cell.contains('@') || cell.bytes().filter(u8::is_ascii_digit).count() > 2
}

fn how_to_name(table: &Table, field: &Field, header: &str) -> String {
    use super::InputRole::{Holds, Hr, Licenses, Map, Review, Users};
    match table.role {
        Hr | Users => format!(
            "name the right one in [columns.{}], e.g. {} = \"{header}\"",
            table.role, field.name
        ),
        Licenses | Holds | Map | Review => "rename the column".to_owned(),
    }
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
        let text = "Employee ID,Status,Floor,jane@example.com,+15550100\n";
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
