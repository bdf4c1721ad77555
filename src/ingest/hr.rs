mod part;

use std::path::Path;

use jiff::civil::Date;
use rayon::prelude::*;

use super::aliases::hr;
use super::body::{self, DataRecord, WhoColumns};
use super::cells::Cells;
use super::content::{self, Sample};
use super::date_columns::{self, DateColumn, DatePins, disagreement};
use super::dates::Fault;
use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::header::Column;
use super::input_file::InputFile;
use super::kind;
use super::layout::{self, Layout};
use super::open;
use super::status::{Action, Leave, Meaning, Vocabulary, both_statuses};
use super::taken_back::Contradictions;
use super::text::{excerpt, lost_characters, tidy};
use super::{ColumnNames, Formats};
use crate::model::{
    EmailAddress, EmployeeId, EmploymentStatus, HrRow, InvalidRow, SourceRow, Username,
};
use part::Part;

/// Bytes of text that are read at a time: enough rows for what is told once a
/// chunk not to matter.
const CHUNK_BYTES: usize = 512 << 10;

/// An HR export, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HrFile {
    /// What the plan records about the file.
    pub file: InputFile,
    /// The rows that were understood, in the file's order.
    pub rows: Vec<HrRow>,
    /// The rows that were not, in the file's order.
    pub invalid: Vec<InvalidRow>,
    /// Digest, in hex, of what the file holds, packed or not.
    pub content_sha256: String,
}

/// Reads an HR export, whatever system wrote it. A bad row is a result; a file
/// that cannot be read as an HR export is an error: no header, no identity, no
/// status and no date, a quote that is never closed, unknown status words, a
/// date column whose order of day and month cannot be told.
pub fn read_hr(
    path: &Path,
    columns: &ColumnNames,
    formats: &Formats,
) -> Result<HrFile, IngestError> {
    let file = open::open(path, &hr::TABLE, columns, &formats.hr)?;
    read_text(&file, columns, formats, CHUNK_BYTES)
}

fn read_text(
    file: &TextFile,
    names: &ColumnNames,
    formats: &Formats,
    chunk_bytes: usize,
) -> Result<HrFile, IngestError> {
    let mut layout = understand(file, names, formats)?;
    let chunks = layout.body(file, chunk_bytes)?;
    body::refuse_broken_off(file, &layout, &chunks)?;
    let pins = DatePins {
        key: "hr_dates",
        table: "hr_date_orders",
        file: formats.hr_dates,
        fields: &formats.hr_date_orders,
    };
    let fields = [
        &hr::TERMINATION_DATE,
        &hr::LAST_DAY,
        &hr::REHIRE_DATE,
        &hr::ACTION_DATE,
    ];
    let dates = date_columns::decide(file, &mut layout, &chunks, fields, pins)?;
    let orders = fields.into_iter().zip(&dates);
    let date_orders = orders.filter_map(|(field, dates)| dates.detected(field));
    let date_orders = date_orders.collect();

    let reader = HrReader::new(file, &layout, dates, names, formats);
    let parts: Vec<Result<Part, IngestError>> = chunks
        .par_iter()
        .map(|chunk| Part::read(&reader, &layout, chunk))
        .collect();
    let parts: Vec<Part> = parts.into_iter().collect::<Result<_, _>>()?;
    let mut all = Part::default();
    all.rows
        .reserve_exact(parts.iter().map(|part| part.rows.len()).sum());
    for part in parts {
        all.add(part);
    }
    let Part {
        rows,
        invalid,
        statuses,
        actions,
        second_table,
        count,
    } = all;
    let refusal = second_table
        .or_else(|| statuses.refuse_hr(file, &hr::STATUS, reader.status.column.header()))
        .or_else(|| actions.refuse_hr(file, &hr::ACTION, reader.action.header()));
    if let Some(refusal) = refusal {
        return Err(refusal.into());
    }
    layout.notes.extend(count.notes());
    Ok(HrFile {
        file: layout.input_file(file, count.rows, date_orders),
        rows,
        invalid,
        content_sha256: file.content_sha256.clone(),
    })
}

/// Finds the columns by their headers, then asks their values.
fn understand(
    file: &TextFile,
    names: &ColumnNames,
    formats: &Formats,
) -> Result<Layout, IngestError> {
    let mut layout = layout::locate(file, &hr::TABLE, names)?;
    let sample = Sample::of(file, &layout);
    kind::refuse_other_kinds(file, &layout, &sample, names)?;
    content::settle(&mut layout, &sample, names, formats);
    kind::refuse_vague_date(file, &layout, names)?;
    kind::refuse_later_dates(file, &layout, &sample, names)?;
    kind::refuse_address_of_nobody(file, &layout, &sample, names)?;
    layout.refuse_missing(file)?;
    Ok(layout)
}

/// Why a record became no row.
#[derive(Debug)]
enum Unread {
    /// The record is a result: an invalid row.
    Invalid(Box<InvalidRow>),
    /// Nobody said what this status word means, so the whole file is refused.
    UnknownStatus(String),
    /// Nor what this event means.
    UnknownAction(String),
    /// The record is a header row, but not the file's: another table follows.
    OtherHeader(Box<Refusal>),
}

/// The columns of an HR export and what their values mean.
struct HrReader<'f> {
    file: &'f TextFile,
    header: Vec<String>,
    who: WhoColumns,
    status: StatusColumn,
    rival_email: Column,
    on_leave: Column,
    action: Column,
    actions: Vocabulary<Action>,
    action_date: DateColumn,
    termination_date: DateColumn,
    last_day: DateColumn,
    rehire_date: DateColumn,
    contradictions: Contradictions,
    site: Column,
    department: Column,
    cost_center: Column,
}

/// The columns of the status. Each has words of its own: `Terminated` may hold
/// yes and no.
struct StatusColumn {
    column: Column,
    parts: Vec<(Column, Vocabulary<EmploymentStatus>)>,
}

impl<'f> HrReader<'f> {
    fn new(
        file: &'f TextFile,
        layout: &Layout,
        dates: [DateColumn; 4],
        names: &ColumnNames,
        formats: &Formats,
    ) -> Self {
        let [termination_date, last_day, rehire_date, action_date] = dates;
        let status = layout.column(&hr::STATUS);
        let parts = status.each().map(|part| {
            let vocabulary = Vocabulary::employment(part.header(), formats);
            (part, vocabulary)
        });
        Self {
            file,
            header: layout.header.clone(),
            who: WhoColumns {
                employee_id: layout.column(&hr::EMPLOYEE_ID),
                first_name: layout.column(&hr::FIRST_NAME),
                last_name: layout.column(&hr::LAST_NAME),
                full_name: layout.column(&hr::FULL_NAME),
                email: layout.column(&hr::WORK_EMAIL),
                username: layout.column(&hr::USERNAME),
            },
            status: StatusColumn {
                parts: parts.collect(),
                column: status,
            },
            rival_email: content::rival_email(layout, names),
            on_leave: layout.column(&hr::ON_LEAVE),
            action: layout.column(&hr::ACTION),
            actions: Vocabulary::actions(formats),
            action_date,
            termination_date,
            last_day,
            rehire_date,
            contradictions: Contradictions::of(layout),
            site: layout.column(&hr::SITE),
            department: layout.column(&hr::DEPARTMENT),
            cost_center: layout.column(&hr::COST_CENTER),
        }
    }

    fn read(&self, record: &DataRecord<'_>) -> Result<HrRow, Unread> {
        let cells = record.cells;
        if let Some(refusal) = self.other_header(record) {
            return Err(Unread::OtherHeader(Box::new(refusal)));
        }
        if let Some(fault) = record.raggedness() {
            return Err(self.invalid(record, None, fault));
        }
        // Words that nobody knows stop the run, whatever else is in the row.
        let status = self.status(record)?;
        let action = self.action(record)?;
        let who = &self.who;
        let row = HrRow {
            source: SourceRow {
                file: self.file.name.clone(),
                line: record.line,
            },
            employee_id: self.key(record, &who.employee_id, EmployeeId::parse)?,
            name: who.name(cells),
            work_email: self.key(record, &who.email, EmailAddress::parse)?,
            username: self.key(record, &who.username, Username::parse)?,
            status,
            termination_date: self.date(record, &self.termination_date)?,
            last_day: self.date(record, &self.last_day)?,
            rehire_date: self.date(record, &self.rehire_date)?,
            site: self.site.text(cells).into(),
            department: self.department.text(cells).into(),
            cost_center: self.cost_center.text(cells).into(),
        };
        if row.person_key().is_none() {
            let fault = Fault::new(
                "the row does not say whose it is: employee id, work e-mail and username are \
                 blank or damaged",
                "fill one of them in HR; an id such as 6.34E+17 was damaged by a spreadsheet; \
                 a line with totals can be left as it is",
            );
            return Err(self.invalid(record, None, fault));
        }
        self.refuse_rival(record, row.work_email.as_ref())?;
        let mut row = match action {
            Some(action) => self.after(record, row, action)?,
            None => row,
        };
        let leave = Leave::read(self.on_leave.text(cells));
        row.status = leave.refine(row.status, row.termination_date.is_some());
        if let Some((column, fault)) = self.contradictions.fault(&row, cells) {
            return Err(self.invalid(record, Some(column), fault));
        }
        let hired_again = self.contradictions.hired_again(&row, cells);
        let hired_again =
            hired_again.map_err(|(column, fault)| self.invalid(record, Some(column), fault))?;
        row.rehire_date = row.rehire_date.max(hired_again);
        Ok(row)
    }

    /// Lists of leavers and of joiners stand below each other in some sheets:
    /// what was a date of leaving above is one of joining below.
    fn other_header(&self, record: &DataRecord<'_>) -> Option<Refusal> {
        let pairs = || record.cells.iter().map(tidy).zip(&self.header);
        let filled = pairs().filter(|(cell, _)| !cell.is_empty()).count();
        let only = pairs().find(|(cell, _)| !cell.is_empty());
        if let (1, Some((title, _))) = (filled, only)
            && is_about_joining(title)
        {
            return Some(Refusal {
                line: Some(record.line),
                value: excerpt(title),
                ..self.file.refusal(
                    "a title stands between the rows, and those below it are no leavers",
                    "export every table into a file of its own",
                )
            });
        }
        let alike = pairs().filter(|(cell, header)| is_header(cell, header));
        let alike = alike.count();
        let (cell, header) =
            pairs().find(|(cell, header)| !cell.is_empty() && !is_header(cell, header))?;
        (alike > 1 && alike * 2 > filled).then(|| Refusal {
            line: Some(record.line),
            column: excerpt(header),
            value: excerpt(cell),
            ..self.file.refusal(
                "a second header row differs from the first, so another table begins here",
                "export every table into a file of its own",
            )
        })
    }

    /// What the columns of the status say; a blank one says nothing.
    fn status(&self, record: &DataRecord<'_>) -> Result<Option<EmploymentStatus>, Unread> {
        let mut found = None;
        for (column, vocabulary) in &self.status.parts {
            let status = match vocabulary.read(column.text(record.cells)) {
                Meaning::Blank => continue,
                Meaning::Unknown(word) if is_no_word(&word) => {
                    return Err(self.invalid(record, Some(column), shifted()));
                }
                Meaning::Unknown(word) => return Err(Unread::UnknownStatus(word)),
                Meaning::Known(status) => status,
            };
            let together = found.map_or(Some(status), |other| both_statuses(other, status));
            if together.is_none() {
                return Err(self.invalid(record, Some(&self.status.column), disagreement()));
            }
            found = together;
        }
        Ok(found)
    }

    /// Nobody knows whose an address beside the manager is that differs from
    /// the person's.
    fn refuse_rival(
        &self,
        record: &DataRecord<'_>,
        email: Option<&EmailAddress>,
    ) -> Result<(), Unread> {
        let rival = EmailAddress::parse(self.rival_email.text(record.cells));
        match (email, rival) {
            (Some(email), Some(rival)) if *email != rival => {
                let both = self.who.email.and(&self.rival_email);
                Err(self.invalid(record, Some(&both), disagreement()))
            }
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }

    fn action(&self, record: &DataRecord<'_>) -> Result<Option<Action>, Unread> {
        match self.actions.read(self.action.text(record.cells)) {
            Meaning::Known(action) => Ok(Some(action)),
            Meaning::Blank => Ok(None),
            Meaning::Unknown(word) => Err(Unread::UnknownAction(word)),
        }
    }

    /// The row with what an event adds to it. Only the event itself tells what
    /// its date means: that of a hire ends nothing.
    fn after(&self, record: &DataRecord<'_>, row: HrRow, action: Action) -> Result<HrRow, Unread> {
        let on = || self.date(record, &self.action_date);
        let (status, left, returned) = match action {
            Action::Termination => (EmploymentStatus::Left, on()?, None),
            Action::Works => match on()? {
                Some(date) => (EmploymentStatus::Rehired, None, Some(date)),
                None => (EmploymentStatus::Employed, None, None),
            },
            Action::Other(status) => (status, None, None),
        };
        Ok(HrRow {
            status: row.status.or(Some(status)),
            termination_date: row.termination_date.or(left),
            rehire_date: row.rehire_date.or(returned),
            ..row
        })
    }

    fn date(&self, record: &DataRecord<'_>, dates: &DateColumn) -> Result<Option<Date>, Unread> {
        dates
            .read(record.cells)
            .map_err(|fault| self.invalid(record, Some(&dates.column), fault))
    }

    /// What a person can be found by. A cell that lost characters is no key,
    /// and two keys are none.
    fn key<K: PartialEq>(
        &self,
        record: &DataRecord<'_>,
        column: &Column,
        parse: impl Fn(&str) -> Option<K>,
    ) -> Result<Option<K>, Unread> {
        key_of(record.cells, column, parse)
            .map_err(|fault| self.invalid(record, Some(column), fault))
    }

    fn invalid(&self, record: &DataRecord<'_>, column: Option<&Column>, fault: Fault) -> Unread {
        Unread::Invalid(Box::new(self.who.invalid(self.file, record, column, fault)))
    }
}

/// `New joiners`, `Starters November`, `New hires`.
fn is_about_joining(title: &str) -> bool {
    const WORDS: [&str; 8] = [
        "joiner",
        "joiners",
        "starter",
        "starters",
        "hires",
        "transfers",
        "movers",
        "eintritte",
    ];
    let words = title.split(|c: char| !c.is_alphanumeric());
    words
        .map(str::to_lowercase)
        .any(|word| WORDS.contains(&&*word))
}

/// Whether a cell that should hold a word holds an address or a date. It is not
/// asked about: nobody has to say what it means, and it may name somebody.
fn is_no_word(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    cell.contains('@') || digits >= 4 && cell.contains(['/', '-', '.'])
}

fn shifted() -> Fault {
    Fault::new(
        "an address or a date stands where the status should be, so the row may be shifted",
        "look for a missing or surplus delimiter, or an unquoted one within a cell",
    )
}

fn is_header(cell: &str, header: &str) -> bool {
    !cell.is_empty() && cell.eq_ignore_ascii_case(header)
}

fn key_of<K: PartialEq>(
    cells: Cells<'_>,
    column: &Column,
    parse: impl Fn(&str) -> Option<K>,
) -> Result<Option<K>, Fault> {
    let mut found: Option<K> = None;
    for cell in column.filled(cells) {
        if lost_characters(cell) {
            return Err(body::damaged_key());
        }
        match (parse(cell), &found) {
            (Some(key), Some(other)) if key != *other => return Err(disagreement()),
            (Some(key), None) => found = Some(key),
            (Some(_), Some(_)) | (None, _) => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
