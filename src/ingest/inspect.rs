//! What can be found out of an export before everything about it is settled.

use std::path::Path;

use super::error::{IngestError, OpenQuestion, Refusal};
use super::input_file::{Detected, InputFile};
use super::{AccountObserver, ColumnNames, DateOrder, Formats, read_hr, read_users};
use crate::model::{AccountRow, AccountStatus, EmploymentStatus};

/// What was found out of an export, and what stands in the way of reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Format and columns; `None` when something stands in the way that the
    /// configuration cannot settle.
    pub detected: Option<Detected>,
    /// Data rows.
    pub rows: u64,
    /// How many of them are invalid.
    pub invalid: usize,
    /// What stands in the way, in the order in which it was met.
    pub refusals: Vec<Refusal>,
}

/// Inspects an HR export. Only a file that the system does not hand over is an
/// error.
pub fn inspect_hr(path: &Path, names: &ColumnNames) -> Result<Inspection, IngestError> {
    inspect(|formats| {
        let hr = read_hr(path, names, formats)?;
        Ok((hr.file, hr.invalid.len()))
    })
}

/// Inspects a users report in the same way.
pub fn inspect_users(path: &Path, names: &ColumnNames) -> Result<Inspection, IngestError> {
    inspect(|formats| {
        let users = read_users(path, names, formats, Nobody)?;
        Ok((users.file, users.invalid.len()))
    })
}

/// Reads with no format fixed, and where a question is left open once more
/// with an answer to it, to find the next one. `read` returns the file and how
/// many of its rows are invalid.
fn inspect(
    read: impl Fn(&Formats) -> Result<(InputFile, usize), IngestError>,
) -> Result<Inspection, IngestError> {
    let mut formats = Formats::default();
    let mut refusals = Vec::new();
    loop {
        match read(&formats) {
            Ok((file, invalid)) => {
                let mut detected = file.detected;
                if formats.hr_dates.is_some() {
                    // An order that was assumed was not found.
                    detected.date_orders.clear();
                }
                return Ok(Inspection {
                    detected: Some(detected),
                    rows: file.rows,
                    invalid,
                    refusals,
                });
            }
            Err(IngestError::Refused(refusal)) => {
                let answered = answer(refusal.question.as_ref(), &mut formats);
                refusals.push(*refusal);
                if !answered {
                    return Ok(Inspection {
                        detected: None,
                        rows: 0,
                        invalid: 0,
                        refusals,
                    });
                }
            }
            Err(unreadable @ IngestError::Unreadable { .. }) => return Err(unreadable),
        }
    }
}

/// Answers a question somehow, unless that was tried already.
fn answer(question: Option<&OpenQuestion>, formats: &mut Formats) -> bool {
    match question {
        Some(OpenQuestion::DateOrder) => {
            let tried = formats.hr_dates.is_some();
            formats.hr_dates = Some(DateOrder::DayFirst);
            formats.users_dates = Some(DateOrder::DayFirst);
            !tried
        }
        Some(OpenQuestion::StatusWords(words)) => {
            let known = formats.hr_status.len();
            for word in words {
                let unclear = EmploymentStatus::Unclear;
                formats.hr_status.insert(word.clone(), unclear);
                let inactive = AccountStatus::Inactive;
                formats.users_status.insert(word.clone(), inactive);
            }
            formats.hr_status.len() > known
        }
        None => false,
    }
}

/// Looks at no account.
struct Nobody;

impl AccountObserver for Nobody {
    fn split(&self) -> Self {
        Self
    }

    fn observe(&mut self, _: &AccountRow) {}

    fn merge(&mut self, _: Self) {}
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn stored(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("a full file");
        file
    }

    fn hr(text: &str) -> Inspection {
        inspect_hr(stored(text).path(), &ColumnNames::default()).expect("an inspection")
    }

    #[test]
    fn a_file_that_can_be_read_is_described() {
        let found = hr("Employee ID,Termination Date\n1,2026-02-30\n2,2026-02-01\n");
        assert_eq!((found.rows, found.invalid), (2, 1));
        assert_eq!(found.detected.expect("columns").columns.len(), 2);
        assert_eq!(found.refusals, []);
    }

    #[test]
    fn what_has_to_be_said_is_found_in_one_go() {
        let found = hr("Employee ID,Status,Termination Date\n1,Gone,04/08/2026\n");
        let [dates, words] = &found.refusals[..] else {
            panic!("{:?}", found.refusals)
        };
        assert_eq!(dates.question, Some(OpenQuestion::DateOrder));
        assert!(words.to_string().contains("\"gone\" = "), "{words}");
        let detected = found.detected.expect("columns");
        assert_eq!(detected.columns.len(), 3);
        assert!(detected.date_orders.is_empty());
    }

    #[test]
    fn a_file_of_another_kind_is_a_refusal_without_columns() {
        let found = hr("a,b\n1,2\n");
        assert!(found.refusals.len() == 1 && found.detected.is_none());
        let nowhere = inspect_hr(Path::new("none.csv"), &ColumnNames::default());
        assert!(matches!(nowhere, Err(IngestError::Unreadable { .. })));
    }

    #[test]
    fn a_users_report_is_described_too() {
        let file = stored("Username,Status,Licenses,Created\na,Active,X2,03/04/2026\n");
        let found = inspect_users(file.path(), &ColumnNames::default()).expect("an inspection");
        assert_eq!(found.refusals.len(), 1);
        assert_eq!(
            found.detected.expect("columns").columns["licenses"],
            "Licenses"
        );
    }
}
