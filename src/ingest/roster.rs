use std::collections::BTreeMap;
use std::path::Path;

use super::aliases::{hr, roster};
use super::body::{self, DataRecord};
use super::decode::TextFile;
use super::error::{CONFIGURATION, IngestError, Refusal};
use super::header::Column;
use super::input_file::InputFile;
use super::layout::{self, Layout};
use super::open::open;
use super::status::{Meaning, Vocabulary};
use super::text::{excerpt, lost_characters};
use super::{ColumnNames, Formats, TextFormat};
use crate::model::{EmailAddress, EmployeeId, EmploymentStatus, Username};

/// A list of everybody who is employed, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterFile {
    /// What was read, and how.
    pub file: InputFile,
    /// The people, without those of whom the list says that they left.
    pub people: Vec<RosterPerson>,
    /// Rows that tell nobody: cells too few or too many, or without any key.
    pub unreadable: u64,
}

/// Somebody who is employed, by what an account can be told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterPerson {
    /// Employee id.
    pub employee_id: Option<EmployeeId>,
    /// Work e-mail.
    pub work_email: Option<EmailAddress>,
    /// Username.
    pub username: Option<Username>,
}

/// Reads the roster that `audit` compares accounts with. Nothing is done to
/// anybody because of it, so a bad row is counted and passed over; a status
/// that nobody knows refuses the file, because it may mean that people left.
pub fn read_roster(path: &Path, formats: &Formats) -> Result<RosterFile, IngestError> {
    let names = ColumnNames::default();
    let file = open(path, &roster::TABLE, &names, &TextFormat::default())?;
    read_text(&file, formats)
}

fn read_text(file: &TextFile, formats: &Formats) -> Result<RosterFile, IngestError> {
    let mut layout = layout::locate(file, &roster::TABLE, &ColumnNames::default())?;
    let chunks = layout.body(file, usize::MAX)?;
    body::refuse_broken_off(file, &layout, &chunks)?;
    let reader = RosterReader::new(&layout, formats);
    let (mut people, mut unreadable, mut rows) = (Vec::new(), 0, 0);
    let mut unknown = None;
    for chunk in &chunks {
        let count =
            body::for_each_record(file, &layout, chunk, |record| match reader.read(&record) {
                Entry::Employed(person) => people.push(person),
                Entry::Left => {}
                Entry::Unreadable => unreadable += 1,
                Entry::Unknown(word) => {
                    unknown.get_or_insert((word, record.line));
                }
            })?;
        rows += count.rows;
    }
    if let Some((word, line)) = unknown {
        return Err(unknown_status(file, &reader, &word, line).into());
    }
    if unreadable > 0 {
        layout
            .notes
            .push(format!("{unreadable} rows tell nobody and are passed over"));
    }
    Ok(RosterFile {
        file: layout.input_file(file, rows, BTreeMap::new()),
        people,
        unreadable,
    })
}

/// What a row says.
enum Entry {
    Employed(RosterPerson),
    Left,
    Unreadable,
    /// Nobody said what this status means.
    Unknown(String),
}

struct RosterReader {
    employee_id: Column,
    work_email: Column,
    username: Column,
    status: Column,
    vocabulary: Vocabulary<EmploymentStatus>,
}

impl RosterReader {
    fn new(layout: &Layout, formats: &Formats) -> Self {
        let status = layout.column(&hr::STATUS);
        Self {
            employee_id: layout.column(&hr::EMPLOYEE_ID),
            work_email: layout.column(&hr::WORK_EMAIL),
            username: layout.column(&hr::USERNAME),
            vocabulary: Vocabulary::employment(status.header(), formats),
            status,
        }
    }

    fn read(&self, record: &DataRecord<'_>) -> Entry {
        if record.raggedness().is_some() {
            return Entry::Unreadable;
        }
        let cells = record.cells;
        match self.vocabulary.read(self.status.text(cells)) {
            Meaning::Known(EmploymentStatus::Left) => return Entry::Left,
            Meaning::Known(
                EmploymentStatus::Employed
                | EmploymentStatus::Rehired
                | EmploymentStatus::Absent
                | EmploymentStatus::NotStarted
                | EmploymentStatus::Unclear,
            )
            | Meaning::Blank => {}
            Meaning::Unknown(word) => return Entry::Unknown(word),
        }
        let intact = |column: &Column| {
            let text = column.text(cells);
            (!lost_characters(text)).then(|| text.to_owned())
        };
        let person = RosterPerson {
            employee_id: intact(&self.employee_id).and_then(|it| EmployeeId::parse(&it)),
            work_email: intact(&self.work_email).and_then(|it| EmailAddress::parse(&it)),
            username: intact(&self.username).and_then(|it| Username::parse(&it)),
        };
        match &person {
            RosterPerson {
                employee_id: None,
                work_email: None,
                username: None,
            } => Entry::Unreadable,
            RosterPerson { .. } => Entry::Employed(person),
        }
    }
}

fn unknown_status(file: &TextFile, reader: &RosterReader, word: &str, line: u64) -> Refusal {
    Refusal {
        line: Some(line),
        column: excerpt(reader.status.header()),
        value: excerpt(word),
        ..file.refusal(
            "nobody knows what this status means, and it may mean that people left",
            format!(
                "say what it means in {CONFIGURATION}, [formats.hr_status], or leave the column out"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RosterFile, String> {
        let file = TextFile::decode("roster.csv".to_owned(), text.into()).expect("text");
        read_text(&file, &Formats::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn everybody_but_those_who_left_is_employed() {
        let roster = read(
            "Employee ID,Name,Work Email,Status\n007,Jane,Jane@Example.com,Active\n\
             8,John,,On Leave\n9,Rolf,rolf@example.com,Terminated\n,Nobody,,Active\nragged\n",
        )
        .expect("a roster");
        assert_eq!(roster.people.len(), 2);
        assert_eq!(roster.unreadable, 2);
        let jane = &roster.people[0];
        assert_eq!(
            jane.employee_id.as_ref().map(EmployeeId::as_str),
            Some("007")
        );
        assert_eq!(
            jane.work_email.as_ref().map(EmailAddress::as_str),
            Some("jane@example.com")
        );
    }

    #[test]
    fn it_needs_no_status_but_somebody() {
        assert_eq!(
            read("Employee ID,Hire Date\n7,2019-02-01\n")
                .expect("a roster")
                .people
                .len(),
            1
        );
        let error = read("Name,Department\nJane Doe,Sales\n").expect_err("a refusal");
        assert!(error.contains("who is employed"), "{error}");
        let error = read("Employee ID,Status\n7,gone fishing\n").expect_err("a refusal");
        assert!(
            error.contains("line 2, column \"Status\", value \"gone fishing\""),
            "{error}"
        );
    }
}
