use std::path::Path;

use csv::StringRecord;
use jiff::civil::Date;

use super::aliases::hr;
use super::body::{self, Count, DataRecord, WhoColumns};
use super::content::{self, Sample};
use super::date_columns::{self, DateColumn, DatePins, disagreement};
use super::dates::Fault;
use super::decode::TextFile;
use super::error::IngestError;
use super::header::Column;
use super::input_file::InputFile;
use super::kind;
use super::layout::{self, Layout};
use super::open;
use super::status::{Action, Leave, Meaning, UnknownWords, Vocabulary};
use super::{ColumnNames, Formats};
use crate::model::{
    EmailAddress, EmployeeId, EmploymentStatus, HrRow, InvalidRow, SourceRow, Username,
};

/// An HR export, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HrFile {
    /// What the plan records about the file.
    pub file: InputFile,
    /// The rows that were understood, in the file's order.
    pub rows: Vec<HrRow>,
    /// The rows that were not, in the file's order.
    pub invalid: Vec<InvalidRow>,
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
    read_text(&file, columns, formats)
}

fn read_text(
    file: &TextFile,
    names: &ColumnNames,
    formats: &Formats,
) -> Result<HrFile, IngestError> {
    let mut layout = layout::locate(file, &hr::TABLE, names)?;
    let sample = Sample::of(file, &layout)?;
    kind::refuse_other_kinds(file, &layout, &sample, names)?;
    content::settle(&mut layout, &sample, names, formats);
    layout.refuse_missing(file)?;
    let chunks = layout.body(file, usize::MAX)?;
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

    let reader = HrReader::new(file, &layout, dates, formats);
    let (mut rows, mut invalid) = (Vec::new(), Vec::new());
    let (mut statuses, mut actions) = (UnknownWords::default(), UnknownWords::default());
    let mut count = Count::default();
    for chunk in &chunks {
        let counted =
            body::for_each_record(file, &layout, chunk, |record| match reader.read(&record) {
                Ok(row) => rows.push(row),
                Err(Unread::Invalid(row)) => invalid.push(*row),
                Err(Unread::UnknownStatus(word)) => statuses.add(word, record.line),
                Err(Unread::UnknownAction(word)) => actions.add(word, record.line),
            })?;
        count = count.plus(counted);
    }
    let refusal = statuses
        .refuse_hr(file, &hr::STATUS, reader.status.column.header())
        .or_else(|| actions.refuse_hr(file, &hr::ACTION, reader.action.header()));
    if let Some(refusal) = refusal {
        return Err(refusal.into());
    }
    layout.notes.extend(count.notes());
    Ok(HrFile {
        file: layout.input_file(file, count.rows, date_orders),
        rows,
        invalid,
    })
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
}

/// The columns of an HR export and what their values mean.
struct HrReader<'f> {
    file: &'f TextFile,
    who: WhoColumns,
    status: StatusColumn,
    on_leave: Column,
    action: Column,
    actions: Vocabulary<Action>,
    action_date: DateColumn,
    termination_date: DateColumn,
    last_day: DateColumn,
    rehire_date: DateColumn,
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
    fn new(file: &'f TextFile, layout: &Layout, dates: [DateColumn; 4], formats: &Formats) -> Self {
        let [termination_date, last_day, rehire_date, action_date] = dates;
        let status = layout.column(&hr::STATUS);
        let parts = status.each().map(|part| {
            let vocabulary = Vocabulary::employment(part.header(), formats);
            (part, vocabulary)
        });
        Self {
            file,
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
            on_leave: layout.column(&hr::ON_LEAVE),
            action: layout.column(&hr::ACTION),
            actions: Vocabulary::actions(formats),
            action_date,
            termination_date,
            last_day,
            rehire_date,
            site: layout.column(&hr::SITE),
            department: layout.column(&hr::DEPARTMENT),
            cost_center: layout.column(&hr::COST_CENTER),
        }
    }

    fn read(&self, record: &DataRecord<'_>) -> Result<HrRow, Unread> {
        let cells = record.cells;
        if let Some(fault) = record.raggedness() {
            return Err(self.invalid(record, None, fault));
        }
        // Words that nobody knows stop the run, whatever else is in the row.
        let status = self.status(record)?;
        let action = self.action(record)?;
        if let Some((column, fault)) = self.who.damaged_key(cells) {
            return Err(self.invalid(record, Some(column), fault));
        }
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
            site: self.site.text(cells).to_owned(),
            department: self.department.text(cells).to_owned(),
            cost_center: self.cost_center.text(cells).to_owned(),
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
        let mut row = match action {
            Some(action) => self.after(record, row, action)?,
            None => row,
        };
        let leave = Leave::read(self.on_leave.text(cells));
        row.status = leave.refine(row.status, row.termination_date.is_some());
        Ok(row)
    }

    /// What the columns of the status say; a blank one says nothing.
    fn status(&self, record: &DataRecord<'_>) -> Result<Option<EmploymentStatus>, Unread> {
        let mut found = None;
        for (column, vocabulary) in &self.status.parts {
            match (vocabulary.read(column.text(record.cells)), found) {
                (Meaning::Blank, _) => {}
                (Meaning::Unknown(word), _) => return Err(Unread::UnknownStatus(word)),
                (Meaning::Known(status), Some(other)) if status != other => {
                    return Err(self.invalid(record, Some(&self.status.column), disagreement()));
                }
                (Meaning::Known(status), _) => found = Some(status),
            }
        }
        Ok(found)
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
        let status = match action {
            Action::Termination => EmploymentStatus::Left,
            Action::Rehire => EmploymentStatus::Employed,
            Action::Other(status) => status,
        };
        let date = match action {
            Action::Termination | Action::Rehire => self.date(record, &self.action_date)?,
            Action::Other(_) => None,
        };
        let (left, returned) = match action {
            Action::Termination => (date, None),
            Action::Rehire => (None, date),
            Action::Other(_) => (None, None),
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

fn key_of<K: PartialEq>(
    cells: &StringRecord,
    column: &Column,
    parse: impl Fn(&str) -> Option<K>,
) -> Result<Option<K>, Fault> {
    let mut found: Option<K> = None;
    for cell in column.filled(cells) {
        if cell.contains(|c: char| c == '\u{fffd}' || c.is_control()) {
            return Err(Fault::new(
                "the cell holds characters that were lost or that cannot be seen",
                "correct it in HR, or export the file again, best as CSV UTF-8",
            ));
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
mod tests {
    use super::*;
    use crate::ingest::DateOrder;
    use jiff::civil::date;

    fn read(text: &str) -> Result<HrFile, String> {
        read_with(text, &ColumnNames::default(), &Formats::default())
    }

    fn read_with(text: &str, names: &ColumnNames, formats: &Formats) -> Result<HrFile, String> {
        let file = TextFile::decode("hr.csv".to_owned(), text.into()).expect("text");
        read_text(&file, names, formats).map_err(|error| error.to_string())
    }

    #[test]
    fn a_row_is_read_field_by_field() {
        let hr = read(
            "Employee ID,First Name,Last Name,Work Email,Employment Status,Termination Date,\
             Last Day of Work,Location,Department,Cost Center\n\
             000123,Jane,Doe,Jane.Doe@example.com,Terminated,2/28/2026,2/15/2026,Austin,Sales,CC1\n",
        )
        .expect("a file");
        let row = &hr.rows[0];
        assert_eq!(row.source.line, 2);
        assert_eq!(row.employee_id, EmployeeId::parse("000123"));
        assert_eq!(row.work_email, EmailAddress::parse("jane.doe@example.com"));
        assert_eq!(row.name.display(), "Jane Doe");
        assert_eq!(row.status, Some(EmploymentStatus::Left));
        assert_eq!(row.termination_date, Some(date(2026, 2, 28)));
        assert_eq!(row.last_day, Some(date(2026, 2, 15)));
        assert_eq!(
            (row.site.as_str(), row.department.as_str()),
            ("Austin", "Sales")
        );
        assert_eq!(hr.file.rows, 1);
        assert_eq!(hr.file.detected.columns["work_email"], "Work Email");
        assert_eq!(
            hr.file.detected.date_orders["last_day"],
            DateOrder::MonthFirst
        );
    }

    #[test]
    fn a_title_above_the_header_and_semicolons_are_found() {
        let hr = read(
            "\u{feff}Leavers, March\r\n\r\nPersonalnummer;Nachname;Vertragsende;Abteilung;\r\n\
             7;Doe;31.03.2026;\"Sales; \"\"EMEA\"\"\";\r\n",
        )
        .expect("a file");
        assert_eq!(hr.file.detected.delimiter, ';');
        assert_eq!(hr.file.detected.header_line, 3);
        assert_eq!(hr.rows[0].source.line, 4);
        assert_eq!(hr.rows[0].department, "Sales; \"EMEA\"");
        assert_eq!(hr.rows[0].termination_date, Some(date(2026, 3, 31)));
    }

    #[test]
    fn two_header_rows_repeated_headers_and_blank_records_are_no_rows() {
        let hr = read(
            "USERID,STATUS,LASTNAME\nUser ID,Status,Last Name\n1,Active,Doe\n,,\n\
             USERID,STATUS,LASTNAME\n2,Inactive,Roe\n",
        )
        .expect("a file");
        assert_eq!(hr.file.rows, 2);
        let lines: Vec<u64> = hr.rows.iter().map(|row| row.source.line).collect();
        assert_eq!(lines, [3, 6]);
        assert_eq!(hr.file.detected.notes.len(), 2);
    }

    #[test]
    fn bad_rows_are_results_with_their_place() {
        let hr = read(
            "Employee ID,Name,Termination Date\n\
             1,Doe,2026-02-30\n\
             2,Roe\n\
             3,Poe,2026-02-01,surplus\n\
             N/A,Total,\n\
             4,Coe,2026-02-01,\n",
        )
        .expect("a file");
        assert_eq!(hr.file.rows, 5);
        assert_eq!(hr.rows.len(), 1);
        let sentences: Vec<String> = hr.invalid.iter().map(InvalidRow::sentence).collect();
        assert!(sentences[0].starts_with(
            "hr.csv line 2, column \"Termination Date\", value \"2026-02-30\": there is no such day"
        ));
        assert!(sentences[1].contains("line 3: the row has 2 cells where the header has 3"));
        assert!(sentences[2].contains("line 4: the row has 4 cells"));
        assert!(sentences[3].contains("line 5: the row does not say whose it is"));
        assert_eq!(hr.invalid[0].employee_id, "1");
        assert_eq!(hr.invalid[0].person, "Doe");
    }

    #[test]
    fn columns_of_one_name_must_agree() {
        let hr = read(
            "Employee ID,Termination Date,Termination Date\n\
             1,,2026-02-01\n2,2026-02-01,2026-02-01\n3,2026-02-01,2026-03-01\n",
        )
        .expect("a file");
        assert_eq!(hr.rows.len(), 2);
        assert_eq!(hr.invalid[0].source.line, 4);
    }

    #[test]
    fn a_header_without_rows_is_a_quiet_night() {
        let hr = read("Employee ID,Termination Date\n").expect("a file");
        assert_eq!((hr.file.rows, hr.rows.len()), (0, 0));
    }

    #[test]
    fn files_that_are_no_hr_export_say_what_is_missing() {
        for (text, words) in [
            ("a,b\n1,2\n", "no header row was found"),
            ("\n\n", "no header row was found"),
            (
                "Employee ID,Last Seen On\n1,2\n",
                "no column says whether or when they leave (status or termination date)",
            ),
            (
                "Full Name,Status,Employee Ident Number\nDoe,Active,1\n",
                "nearest: \"Employee Ident Number\"",
            ),
            ("Employee ID,\"Status\n1,Active\n", "line 1: a quote"),
            (
                "Employee ID,Status\n1,\"Active\n2,Active\n",
                "line 2: a quote",
            ),
            (
                "Employee ID,Status\n1,Gone\n2,Gone\n",
                "\"gone\" (2 rows, first on line 2)",
            ),
            (
                "Employee ID,Termination Date\n1,\n2,04/08/2026\n",
                "hr.csv line 3, column \"Termination Date\", value \"04/08/2026\": the order",
            ),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_administrators_columns_and_order_win() {
        let names =
            |field: &str, header: &str| ColumnNames([(field.to_owned(), header.to_owned())].into());
        let formats = Formats {
            hr_dates: Some(DateOrder::DayFirst),
            ..Formats::default()
        };
        let text = "Employee ID,Gone On\n1,04/08/2026\n";
        let hr = read_with(text, &names("termination_date", "Gone On"), &formats);
        let row = &hr.expect("a file").rows[0];
        assert_eq!(row.termination_date, Some(date(2026, 8, 4)));

        let error = read_with(text, &names("termination_date", "Left"), &formats);
        assert!(
            error
                .expect_err("an error")
                .contains("columns seen: \"Employee ID\", \"Gone On\"")
        );
        let error = read_with(text, &names("termination", "Gone On"), &formats);
        assert!(
            error
                .expect_err("an error")
                .contains("did you mean termination_date?")
        );
    }
}
