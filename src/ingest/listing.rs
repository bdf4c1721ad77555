//! Lists that the administrator writes by hand: owned seats, holds, the map.
//! Nothing in them may be lost, so one row that is wrong refuses the file.

use super::ColumnNames;
use super::aliases::{Table, holds, hr, map, seats, users};
use super::body::{DataRecord, for_each_record};
use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::header::Column;
use super::input_file::InputRole;
use super::layout::{self, Layout};
use super::text::excerpt;
use crate::model::SourceRow;

/// Wrong rows that a message lists at most.
const LISTED: usize = 20;

/// Every sort of file that may be given for a list by mistake.
static TABLES: [&Table; 5] = [
    &hr::TABLE,
    &users::TABLE,
    &seats::TABLE,
    &holds::TABLE,
    &map::TABLE,
];

/// Finds out how a list is to be read. A file whose columns fit another option
/// better is refused: holds read as a map, or the other way round, would do
/// something else to these people than was meant.
pub(super) fn locate(file: &TextFile, table: &'static Table) -> Result<Layout, IngestError> {
    locate_named(file, table, &ColumnNames::default())
}

/// The same for a list of which the administrator named columns.
pub(super) fn locate_named(
    file: &TextFile,
    table: &'static Table,
    names: &ColumnNames,
) -> Result<Layout, IngestError> {
    let found = layout::locate(file, table, names);
    if !names.0.is_empty() {
        // Whoever names a column knows which file it is.
        return found;
    }
    let fields_found = found
        .as_ref()
        .map_or(FEWEST_FIELDS - 1, Layout::fields_found);
    let others = TABLES.into_iter().filter(|other| other.role != table.role);
    let better = others
        .filter_map(|other| layout::locate(file, other, &ColumnNames::default()).ok())
        .filter(|layout| layout.fields_found() > fields_found)
        .max_by_key(Layout::fields_found);
    match better {
        None => found.map_err(|error| with_columns(error, table.role)),
        Some(other) => Err(refuse_mix_up(file, table.role, other.role()).into()),
    }
}

/// One column that fits proves nothing: an e-mail address stands in every file.
const FEWEST_FIELDS: usize = 2;

fn with_columns(error: IngestError, role: InputRole) -> IngestError {
    match error {
        IngestError::Refused(mut refusal) => {
            refusal.advice = format!("{}; {}", refusal.advice, columns_of(role));
            refusal.into()
        }
        unreadable @ IngestError::Unreadable { .. } => unreadable,
    }
}

fn refuse_mix_up(file: &TextFile, role: InputRole, other: InputRole) -> Refusal {
    file.refusal(
        format!("this looks like a --{other} file, and was given for --{role}"),
        format!(
            "give it for the option that it is for; {}",
            columns_of(role)
        ),
    )
}

/// The columns that a file of this role is expected to have.
fn columns_of(role: InputRole) -> &'static str {
    match role {
        InputRole::Licenses => {
            "a --licenses file has the columns license, country, owned, unassigned, suspended; or \
             one row for each license with license, country, license id, status, assigned to"
        }
        InputRole::Holds => "a --holds file has the columns who, why, until",
        InputRole::Map => "a --map file has the columns hr_id, user_id",
        InputRole::Numbers => {
            "a --numbers file is the numbers report of Admin Console, with a column `Phone number`"
        }
        InputRole::Bill => {
            "a --bill file has the columns license, country, quantity, amount, currency, date, or \
             others that are named in [columns.bill]"
        }
        InputRole::Hr | InputRole::Users | InputRole::Roster | InputRole::Review => {
            "exports and review sheets are not written by hand"
        }
    }
}

/// One row of a list.
pub(super) struct ListRow<'r> {
    file: &'r TextFile,
    record: DataRecord<'r>,
}

impl<'r> ListRow<'r> {
    /// A cell without white space around it; empty when the column is missing.
    pub(super) fn text(&self, column: &Column) -> &'r str {
        column.text(self.record.cells)
    }

    /// Where the row stands.
    pub(super) fn source(&self) -> SourceRow {
        SourceRow {
            file: self.file.name.clone(),
            line: self.record.line,
        }
    }

    /// A refusal of the file because of one cell.
    pub(super) fn refusal(
        &self,
        column: &Column,
        problem: impl Into<String>,
        advice: impl Into<String>,
    ) -> Box<Refusal> {
        Box::new(Refusal {
            line: Some(self.record.line),
            column: excerpt(column.header()),
            value: excerpt(self.text(column)),
            ..self.file.refusal(problem, advice)
        })
    }
}

/// Hands every row to `each` and returns how many there are. All wrong rows are
/// told at once, because they are often one misunderstanding.
pub(super) fn read_rows(
    file: &TextFile,
    layout: &Layout,
    mut each: impl FnMut(&ListRow<'_>) -> Result<(), Box<Refusal>>,
) -> Result<u64, IngestError> {
    let mut rows = 0;
    let mut wrong = Vec::new();
    for chunk in layout.body(file, usize::MAX)? {
        let count = for_each_record(file, layout, &chunk, |record| {
            wrong.extend(read_row(file, record, &mut each).err().map(|it| *it));
        })?;
        rows += count.rows;
    }
    match refuse_rows(file, layout, wrong) {
        None => Ok(rows),
        Some(refusal) => Err(refusal.into()),
    }
}

fn read_row(
    file: &TextFile,
    record: DataRecord<'_>,
    each: &mut impl FnMut(&ListRow<'_>) -> Result<(), Box<Refusal>>,
) -> Result<(), Box<Refusal>> {
    if let Some(fault) = record.raggedness() {
        return Err(Box::new(Refusal {
            line: Some(record.line),
            ..file.refusal(fault.problem, fault.advice)
        }));
    }
    each(&ListRow { file, record })
}

/// One refusal for all wrong rows, if there are any.
fn refuse_rows(file: &TextFile, layout: &Layout, mut wrong: Vec<Refusal>) -> Option<Refusal> {
    if wrong.len() < 2 {
        return wrong.pop();
    }
    let listed: Vec<String> = wrong
        .iter()
        .take(LISTED)
        .map(|refusal| format!("\n  {refusal}"))
        .collect();
    let more = match wrong.len().saturating_sub(LISTED) {
        0 => String::new(),
        count => format!("\n  and {count} more"),
    };
    Some(file.refusal(
        format!("{} rows are wrong:{}{more}", wrong.len(), listed.concat()),
        format!(
            "\n  nothing of the file is used; {}",
            columns_of(layout.role())
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(text: &str, table: &'static Table) -> Result<Layout, String> {
        let file = TextFile::decode("list.csv".to_owned(), text.into()).expect("text");
        locate(&file, table).map_err(|error| error.to_string())
    }

    const HR_EXPORT: &str = "Employee ID,Work Email,Status,Termination Date\n";
    const USERS_REPORT: &str = "Username,User ID,Email,Status,Licenses\n";

    #[test]
    fn a_file_for_another_option_is_recognized() {
        let cases: [(&str, &'static Table, &str); 8] = [
            ("hr_id,user_id\n7,u\n", &holds::TABLE, "--map"),
            ("Employee ID,User ID\n7,u\n", &holds::TABLE, "--map"),
            ("who,why,until\n7,,\n", &map::TABLE, "--holds"),
            ("license,owned\nX2,3\n", &map::TABLE, "--licenses"),
            (HR_EXPORT, &holds::TABLE, "--hr"),
            (USERS_REPORT, &holds::TABLE, "--users"),
            (USERS_REPORT, &map::TABLE, "--users"),
            (HR_EXPORT, &seats::TABLE, "--hr"),
        ];
        for (text, table, option) in cases {
            let error = located(text, table).expect_err(text);
            let words = format!("this looks like a {option} file, and was given for --");
            assert!(error.contains(&words), "{text}: {error}");
            assert!(error.contains(" file has the columns "), "{error}");
        }
    }

    #[test]
    fn a_list_without_its_columns_is_told_which_they_are() {
        for text in ["7,jane.doe\n", "hr_id,8x8\n7,jane.doe\n"] {
            let error = located(text, &map::TABLE).expect_err(text);
            assert!(
                error.ends_with("; a --map file has the columns hr_id, user_id"),
                "{error}"
            );
        }
    }

    #[test]
    fn columns_for_people_do_not_make_a_list_another() {
        let cases: [(&str, &'static Table); 7] = [
            ("who\n7\n", &holds::TABLE),
            ("Email\njane@example.com\n", &holds::TABLE),
            ("Employee ID,Reason,End date\n7,,\n", &holds::TABLE),
            ("who,user_id,why\n7,,\n", &holds::TABLE),
            ("hr_id,user_id,name,email,department\n7,u,,,\n", &map::TABLE),
            ("Employee ID,Username\n7,u\n", &map::TABLE),
            (
                "License,Country,Unassigned/Total\nX2,US,1/3\n",
                &seats::TABLE,
            ),
        ];
        for (text, table) in cases {
            located(text, table).expect(text);
        }
    }

    #[test]
    fn every_wrong_row_is_named() {
        let text = format!("who,until\n{}", "7,soon\n".repeat(23));
        let file = TextFile::decode("holds.csv".to_owned(), text.into()).expect("text");
        let layout = locate(&file, &holds::TABLE).expect("a layout");
        let until = layout.column(&holds::UNTIL);
        let read = |row: &ListRow<'_>| Err(row.refusal(&until, "no date", "write one"));
        let error = read_rows(&file, &layout, read).expect_err("a refusal");
        let error = error.to_string();
        assert!(
            error.starts_with("holds.csv: 23 rows are wrong:"),
            "{error}"
        );
        for words in [
            "\n  holds.csv line 21, column \"until\", value \"soon\": no date; write one",
            "\n  and 3 more",
            "a --holds file has the columns who, why, until",
        ] {
            assert!(error.contains(words), "{words}: {error}");
        }
        assert!(!error.contains("line 22"), "{error}");
    }
}
