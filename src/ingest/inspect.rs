//! What can be found out of an export before everything about it is settled.

use std::collections::BTreeMap;
use std::path::Path;

use super::aliases::{Table, hr, users};
use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::input_file::{Detected, InputFile};
use super::{AccountObserver, ColumnNames, DateOrder, Formats, layout, read_hr, read_users};
use crate::model::AccountRow;

/// What was found out of an export, and what stands in the way of reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Format and columns; `None` when not even these could be found.
    pub detected: Option<Detected>,
    /// Data rows; `None` when the file was not read to its end.
    pub rows: Option<u64>,
    /// How many of them are invalid.
    pub invalid: usize,
    /// The order of day and month has to be said, and this is why.
    pub undecided_dates: Option<Box<Refusal>>,
    /// What else stands in the way, once that is said.
    pub refusal: Option<Box<Refusal>>,
}

/// Inspects an HR export. Only a file that the system does not hand over is an
/// error.
pub fn inspect_hr(path: &Path, names: &ColumnNames) -> Result<Inspection, IngestError> {
    let export = Export {
        path,
        names,
        table: &hr::TABLE,
        read: |path, names, formats| {
            let hr = read_hr(path, names, formats)?;
            Ok((hr.file, hr.invalid.len()))
        },
    };
    export.inspect()
}

/// Inspects a users report in the same way.
pub fn inspect_users(path: &Path, names: &ColumnNames) -> Result<Inspection, IngestError> {
    let export = Export {
        path,
        names,
        table: &users::TABLE,
        read: |path, names, formats| {
            let users = read_users(path, names, formats, Nobody)?;
            Ok((users.file, users.invalid.len()))
        },
    };
    export.inspect()
}

/// The file, and how many of its rows are invalid.
type Reading = (InputFile, usize);

struct Export<'a> {
    path: &'a Path,
    names: &'a ColumnNames,
    table: &'static Table,
    read: fn(&Path, &ColumnNames, &Formats) -> Result<Reading, IngestError>,
}

impl Export<'_> {
    fn inspect(&self) -> Result<Inspection, IngestError> {
        let found = match refused(self.read(None))? {
            Ok(reading) => return Ok(Inspection::of(reading)),
            Err(refusal) => refusal,
        };
        // If it gets further with an order, the order was what it lacked.
        match refused(self.read(Some(DateOrder::DayFirst)))? {
            Ok(reading) => Ok(Inspection {
                undecided_dates: Some(found),
                ..Inspection::of(reading).without_date_orders()
            }),
            Err(later) if later != found => Ok(Inspection {
                undecided_dates: Some(found),
                ..self.layout_and(later)
            }),
            Err(_) => Ok(self.layout_and(found)),
        }
    }

    fn read(&self, dates: Option<DateOrder>) -> Result<Reading, IngestError> {
        let formats = Formats {
            hr_dates: dates,
            users_dates: dates,
            ..Formats::default()
        };
        (self.read)(self.path, self.names, &formats)
    }

    /// Format and columns of a file whose rows cannot be read.
    fn layout_and(&self, refusal: Box<Refusal>) -> Inspection {
        let located = TextFile::open(self.path).and_then(|file| {
            let layout = layout::locate(&file, self.table, self.names)?;
            Ok(layout.input_file(&file, 0, BTreeMap::new()))
        });
        Inspection {
            detected: located.ok().map(|file| file.detected),
            rows: None,
            invalid: 0,
            undecided_dates: None,
            refusal: Some(refusal),
        }
    }
}

impl Inspection {
    fn of((file, invalid): Reading) -> Self {
        Self {
            detected: Some(file.detected),
            rows: Some(file.rows),
            invalid,
            undecided_dates: None,
            refusal: None,
        }
    }

    /// An order that was assumed was not found.
    fn without_date_orders(mut self) -> Self {
        if let Some(detected) = &mut self.detected {
            detected.date_orders.clear();
        }
        self
    }
}

/// Tells a refusal, which is a finding here, from a file that cannot be read.
fn refused(
    reading: Result<Reading, IngestError>,
) -> Result<Result<Reading, Box<Refusal>>, IngestError> {
    match reading {
        Ok(reading) => Ok(Ok(reading)),
        Err(IngestError::Refused(refusal)) => Ok(Err(refusal)),
        Err(unreadable @ IngestError::Unreadable { .. }) => Err(unreadable),
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
        assert_eq!((found.rows, found.invalid), (Some(2), 1));
        assert_eq!(found.detected.expect("columns").columns.len(), 2);
        assert_eq!((found.undecided_dates, found.refusal), (None, None));
    }

    #[test]
    fn what_has_to_be_said_is_found_in_one_go() {
        let found = hr("Employee ID,Status,Termination Date\n1,Gone,04/08/2026\n");
        let dates = found.undecided_dates.expect("a question").to_string();
        assert!(dates.contains("the order of day and month"), "{dates}");
        let words = found.refusal.expect("a question").to_string();
        assert!(words.contains("\"gone\" = "), "{words}");
        assert_eq!(found.detected.expect("columns").columns.len(), 3);

        let found = hr("Employee ID,Termination Date\n1,04/08/2026\n");
        assert!(found.undecided_dates.is_some() && found.refusal.is_none());
        assert!(found.detected.expect("columns").date_orders.is_empty());
    }

    #[test]
    fn a_file_of_another_kind_is_a_refusal_without_columns() {
        let found = hr("a,b\n1,2\n");
        assert!(found.refusal.is_some() && found.detected.is_none());
        let nowhere = inspect_hr(Path::new("none.csv"), &ColumnNames::default());
        assert!(matches!(nowhere, Err(IngestError::Unreadable { .. })));
    }

    #[test]
    fn a_users_report_is_described_too() {
        let file = stored("Username,Status,Licenses,Created\na,Parked,X2,\n");
        let found = inspect_users(file.path(), &ColumnNames::default()).expect("an inspection");
        let words = found.refusal.expect("a question").to_string();
        assert!(
            words.contains("unknown status values: \"parked\""),
            "{words}"
        );
        assert_eq!(
            found.detected.expect("columns").columns["licenses"],
            "Licenses"
        );
    }
}
