use std::path::Path;

use rayon::prelude::*;

use super::aliases::users;
use super::body;
use super::date_columns;
use super::decode::TextFile;
use super::error::IngestError;
use super::input_file::InputFile;
use super::layout;
use super::license_columns::{self, LicenseColumns};
use super::open;
use super::streamed::{self, Blocks};
use super::users_part::Part;
use super::users_reader::{Orders, UsersReader, date_pins, tell_what_user_ids_are};
use super::{ColumnNames, Formats};
use crate::model::{AccountCells, AccountRow, InvalidRow};

/// Bytes of text that are parsed in one piece. A smaller report is one piece:
/// starting threads would take longer.
const CHUNK_BYTES: usize = 1 << 20;

/// Takes in the accounts of a users report one by one, so that nothing ever
/// holds them all. Parts of a report are observed side by side and merged in
/// the file's order.
pub trait AccountObserver: Sized + Send {
    /// An empty observer of the same kind, for one part of the report.
    #[must_use]
    fn split(&self) -> Self;

    /// Whether nothing of such a row is kept, so that it only has to be counted.
    /// Where it is not said the row is read in full.
    fn passes_over(&self, _: &AccountCells<'_>) -> bool {
        false
    }

    /// Takes in one row that it passes over.
    fn count(&mut self, _: &AccountCells<'_>) {}

    /// Takes in one row.
    fn observe(&mut self, row: &AccountRow);

    /// Adds what was observed of the part that follows.
    fn merge(&mut self, later: Self);
}

/// A users report, read.
#[derive(Debug)]
pub struct UsersFile<O> {
    /// What the plan records about the file.
    pub file: InputFile,
    /// The observer, with every understood row taken in.
    pub observer: O,
    /// The rows that were not understood, in the file's order.
    pub invalid: Vec<InvalidRow>,
}

/// Reads the users report and shows every understood row to `observer`. A bad
/// row is a result; a file that cannot be read as a users report is an error:
/// no header, no identity, status or licenses, a quote that is never closed,
/// unknown status words, creation dates whose order of day and month cannot be
/// told.
pub fn read_users<O: AccountObserver>(
    path: &Path,
    columns: &ColumnNames,
    formats: &Formats,
    observer: O,
) -> Result<UsersFile<O>, IngestError> {
    if let Some(users) = streamed::read(path, columns, formats, &observer, Blocks::default()) {
        return Ok(users);
    }
    read_whole(path, columns, formats, observer)
}

/// The same, with the whole text in memory.
pub(super) fn read_whole<O: AccountObserver>(
    path: &Path,
    columns: &ColumnNames,
    formats: &Formats,
    observer: O,
) -> Result<UsersFile<O>, IngestError> {
    let (others, _) = license_columns::take_named(columns);
    let file = open::open(path, &users::TABLE, &others, &formats.users)?;
    read_text(&file, columns, formats, observer, CHUNK_BYTES)
}

fn read_text<O: AccountObserver>(
    file: &TextFile,
    names: &ColumnNames,
    formats: &Formats,
    observer: O,
    chunk_bytes: usize,
) -> Result<UsersFile<O>, IngestError> {
    let (names, licenses_named) = license_columns::take_named(names);
    let mut layout = layout::locate(file, &users::TABLE, &names)?;
    let chunks = layout.body(file, chunk_bytes)?;
    body::refuse_broken_off(file, &layout, &chunks)?;
    let licenses = LicenseColumns::find(file, &mut layout, &chunks, licenses_named.as_deref())?;
    if !names.0.contains_key(users::USER_ID.name) {
        tell_what_user_ids_are(file, &mut layout);
    }
    let pins = date_pins(formats);
    let [created] = date_columns::decide(file, &mut layout, &chunks, [&users::CREATED], pins)?;
    let orders = Orders::OfAllValues;
    let reader = UsersReader::new(file, layout, formats, created, orders, licenses);
    let observers: Vec<O> = chunks.iter().map(|_| observer.split()).collect();
    let parts: Vec<Result<Part<O>, IngestError>> = chunks
        .par_iter()
        .zip(observers)
        .map(|(chunk, observer)| reader.read_chunk(chunk, observer))
        .collect();

    let mut whole = Part::nothing_yet(observer);
    for part in parts {
        whole.add(part?);
    }
    reader.users_file(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountStatus, UserId, Username};
    use proptest::prelude::*;

    /// Keeps every row, which only a test may do.
    #[derive(Debug, Default, PartialEq)]
    struct Collected(Vec<AccountRow>);

    impl AccountObserver for Collected {
        fn split(&self) -> Self {
            Self::default()
        }

        fn observe(&mut self, row: &AccountRow) {
            self.0.push(row.clone());
        }

        fn merge(&mut self, later: Self) {
            self.0.extend(later.0);
        }
    }

    fn read(text: &str) -> Result<UsersFile<Collected>, String> {
        read_in_chunks(text, CHUNK_BYTES)
    }

    fn read_in_chunks(text: &str, chunk_bytes: usize) -> Result<UsersFile<Collected>, String> {
        read_with(
            text,
            &ColumnNames::default(),
            &Formats::default(),
            chunk_bytes,
        )
    }

    /// Reads with the columns named for the licenses.
    fn read_named(text: &str, licenses: &[&str]) -> Result<UsersFile<Collected>, String> {
        let licenses = licenses.join(ColumnNames::JOINED_BY);
        let names = ColumnNames([("licenses".to_owned(), licenses)].into());
        read_with(text, &names, &Formats::default(), CHUNK_BYTES)
    }

    fn read_with(
        text: &str,
        names: &ColumnNames,
        formats: &Formats,
        chunk_bytes: usize,
    ) -> Result<UsersFile<Collected>, String> {
        let file = TextFile::decode("users.csv".to_owned(), text.into()).expect("text");
        read_text(&file, names, formats, Collected::default(), chunk_bytes)
            .map_err(|error| error.to_string())
    }

    /// The licenses of all rows, by row.
    fn licenses(users: &UsersFile<Collected>) -> Vec<String> {
        let rows = users.observer.0.iter();
        rows.map(|row| {
            let raw: Vec<&str> = row.licenses.iter().map(|it| it.raw.as_str()).collect();
            raw.join("; ")
        })
        .collect()
    }

    #[test]
    fn a_row_is_read_field_by_field() {
        let users = read(
            "User ID,Username,First name,Last name,Email,Status,Site,Department,Licenses,\
             License country,Created,Extension,Phone number,Device,Ring groups\n\
             hvOB1l3zDCaDAwp9tNLzZA,Jane.Doe,Jane,Doe,jane.doe@example.com,Active,Austin,Sales,\
             X Series - X2-VOSVC0216-02-US; Fax (2),US,2024-05-01T10:00:00Z,1001,\
             +1 555 0100; +1 555 0101,T54W,Reception; Support\n",
        )
        .expect("a file");
        let row = &users.observer.0[0];
        assert_eq!(row.user_id, UserId::parse("hvOB1l3zDCaDAwp9tNLzZA"));
        assert_eq!(row.username, Username::parse("jane.doe"));
        assert_eq!(row.status, AccountStatus::Active);
        assert_eq!(row.licenses.len(), 3);
        assert_eq!(row.licenses[2].country, "US");
        assert_eq!(row.created, "2024-05-01T10:00:00Z".parse().ok());
        assert_eq!(row.phone_numbers, ["+1 555 0100", "+1 555 0101"]);
        assert_eq!(row.devices, ["T54W"]);
        assert_eq!(row.groups, ["Reception", "Support"]);
        assert_eq!(users.file.rows, 1);
    }

    #[test]
    fn a_user_id_column_with_usernames_is_the_username_column() {
        for id in ["jane.doe@example.com", "jdoe7", "janed"] {
            let users = read(&format!(
                "User ID,Email,Status,License\n{id},jdoe7@example.com,Active,Fax\n"
            ))
            .expect("a file");
            assert_eq!(users.observer.0[0].user_id, None, "{id}");
            assert_eq!(users.observer.0[0].username, Username::parse(id), "{id}");
            assert_eq!(users.file.detected.columns["username"], "User ID");
        }
    }

    #[test]
    fn licenses_may_come_in_rows_or_numbered_columns() {
        let rows = read("Username,Status,License\na1,Active,Fax\na1,Active,X2\n").expect("rows");
        assert_eq!(rows.observer.0.len(), 2);
        let columns =
            read("Username,Status,License 1,License 2\na1,Active,Fax,X2\n").expect("columns");
        assert_eq!(columns.observer.0[0].licenses.len(), 2);
        assert_eq!(
            columns.file.detected.columns["licenses"],
            "License 1 + License 2"
        );
    }

    #[test]
    fn every_layout_of_licenses_says_the_same() {
        let x2 = "X Series - X2-VOSVC0216-02-US";
        let head = "Username,Status,Extension,Phone number,Device";
        let (ann, bob) = ("ann,Active,1001,+15550100,T54W", "bob,Active,,,");
        for text in [
            format!("{head},Licenses\n{ann},{x2}; Fax\n{bob},\n"),
            format!("{head},License\n{ann},{x2}\n{ann},Fax\n{bob},\n"),
            format!("{head},License 1,License 2\n{ann},{x2},Fax\n{bob},,\n"),
            format!("{head},{x2},Fax\n{ann},Yes,1\n{bob},No,\n"),
        ] {
            let users = read(&text).expect(&text);
            assert_eq!(users.invalid, [], "{text}");
            let ann = users
                .observer
                .0
                .iter()
                .filter(|row| row.extension == "1001");
            let mut found = Vec::new();
            for row in ann {
                assert_eq!(
                    (&*row.phone_numbers[0], &*row.devices[0]),
                    ("+15550100", "T54W")
                );
                found.extend(row.licenses.iter().map(|license| license.raw.clone()));
            }
            assert_eq!(found, [x2, "Fax"], "{text}");
            assert_eq!(licenses(&users).last().expect("bob"), "", "{text}");
        }
    }

    #[test]
    fn a_column_for_each_license_holds_marks_or_small_numbers() {
        let users = read(
            "Username,Status,License country,X Series - X2,Virtual Office Basic,Fax\n\
             a,Active,GB,x,,2\nb,Active,US,✓,n,0\nc,Active,,-,maybe,1\nd,Active,,,Y,\n",
        )
        .expect("a file");
        assert_eq!(
            licenses(&users),
            [
                "X Series - X2; Fax; Fax",
                "X Series - X2",
                "Virtual Office Basic"
            ]
        );
        assert_eq!(users.observer.0[0].licenses[0].country, "GB");
        assert_eq!(users.invalid[0].source.line, 4);
        assert_eq!(users.invalid[0].column, "Virtual Office Basic");
        assert!(users.invalid[0].problem.contains("neither a mark nor"));
        assert_eq!(
            users.file.detected.columns["licenses"],
            "X Series - X2 + Virtual Office Basic + Fax"
        );
    }

    #[test]
    fn what_is_only_called_like_a_license_is_a_note() {
        let users = read("Username,Status,Licenses,Fax,Storage\na,Active,X2,+1 555 0100,\n");
        let users = users.expect("a file");
        assert_eq!(licenses(&users), ["X2"]);
        let notes = users.file.detected.notes.join("\n");
        assert!(
            notes.contains("\"Fax\" is called like a license"),
            "{notes}"
        );
        let flags = "Username,Status,Licenses,Fax enabled,Meeting ID\na,Active,X2,Yes,1\n";
        let users = read(flags).expect("a file");
        assert_eq!(
            licenses(&users),
            ["X2"],
            "flags of services are no licenses"
        );
        let error = read("Username,Status,Fax\na,Active,+1 555 0100\n").expect_err("no license");
        assert!(error.contains("no column says its licenses"), "{error}");
    }

    #[test]
    fn licenses_that_are_said_twice_refuse_the_file_until_one_is_named() {
        let text = "Username,Status,Licenses,Fax\na,Active,X2,Yes\nb,Active,X2; Fax,No\n";
        let error = read(text).expect_err("a refusal");
        assert!(
            error.contains("by name in \"Licenses\", and by marks in \"Fax\""),
            "{error}"
        );
        for (named, expected) in [
            (&["Licenses"][..], ["X2", "X2; Fax"]),
            (&["Fax"], ["Fax", ""]),
            (&["Licenses", "Fax"], ["X2; Fax", "X2; Fax"]),
        ] {
            let users = read_named(text, named).expect("a file");
            assert_eq!(licenses(&users), expected, "{named:?}");
        }
    }

    #[test]
    fn named_columns_are_read_by_their_cells() {
        let text = "Username,Status,Voice,Extra\na,Active,1,\nb,Active,,X2\n";
        let users = read_named(text, &["Voice", "Extra"]).expect("a file");
        assert_eq!(licenses(&users), ["Voice", "X2"]);
        let error = read_named(text, &["Voice", "Extras"]).expect_err("a refusal");
        assert!(
            error.contains("column \"Extras\": [columns.users] licenses names"),
            "{error}"
        );
        let error = read_named(text, &[""]).expect_err("a refusal");
        assert!(error.contains("no column says its licenses"), "{error}");
        let users = read("Username,Status,License\na,Active,Yes\n").expect("a file");
        assert!(
            users.invalid[0]
                .problem
                .contains("a mark in the place of a license's name")
        );
    }

    #[test]
    fn a_name_and_the_column_beside_it_may_disagree_on_the_country() {
        let users = read(
            "Username,Status,License,License country\n\
             a,Active,UC Call Recordings Cold Storage-VOSVC0504-01-GB,US\n",
        )
        .expect("a file");
        assert_eq!(users.observer.0[0].licenses[0].country, "US");
        let notes = users.file.detected.notes.join("\n");
        assert!(notes.contains("1 licenses name another country"), "{notes}");
    }

    #[test]
    fn what_a_spreadsheet_damaged_is_neither_id_nor_number() {
        let users = read(
            "User ID,Username,Status,Licenses,Extension,Phone number\n\
             1.2E+15,a,Active,Fax,1E+10,1.5555E+10; +1 555 0100\n\
             0012J00042NkZQIQA3,b,Active,Fax,1001,\n\
             0012j00042nkzqi,c,Active,Fax,1002,\n",
        )
        .expect("a file");
        let ids = users.observer.0.iter().map(|row| row.user_id.clone());
        let expected = [None, Some("0012J00042NkZQIQA3"), Some("0012j00042nkzqi")];
        assert!(ids.eq(expected.map(|id| id.and_then(UserId::parse))));
        let row = &users.observer.0[0];
        assert_eq!(row.extension, "");
        assert_eq!(row.phone_numbers, ["+1 555 0100"]);
        let notes = users.file.detected.notes.join("\n");
        assert!(
            notes.contains("2 extensions or phone numbers were damaged"),
            "{notes}"
        );
    }

    #[test]
    fn numbers_that_count_the_rows_are_no_ids() {
        let users = read("ID,Username,Status,License\n1,a,Active,\n2,b,Active,\n3,c,Active,\n");
        let users = users.expect("a file");
        assert!(users.observer.0.iter().all(|row| row.user_id.is_none()));
        let notes = users.file.detected.notes.join("\n");
        assert!(notes.contains("\"ID\" numbers the rows"), "{notes}");
    }

    #[test]
    fn a_second_header_row_is_skipped() {
        let users = read(
            "User.Username,User.Email,basicInfo.status,License\n\
             Username,Email,Status,License\na,a@example.com,Active,Fax\n",
        )
        .expect("a file");
        assert_eq!(licenses(&users), ["Fax"]);
        assert_eq!(users.observer.0[0].source.line, 3);
    }

    #[test]
    fn bad_rows_are_results() {
        let users = read(
            "Username,Status,Licenses,Created\n\
             a1,Active,X2;;Fax,\n\
             a2,,Fax,\n\
             ,Active,Fax,\n\
             a4,Active,Fax,2024-02-31\n\
             a5,Active\n\
             a6,Deactivated,,5/1/2024\n\
             a7,Deactivated,,5/31/2024\n",
        )
        .expect("a file");
        let lines: Vec<u64> = users.invalid.iter().map(|row| row.source.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6]);
        assert_eq!(users.invalid[0].username, "a1");
        assert_eq!(
            users.observer.0[0].created,
            "2024-05-01T00:00:00Z".parse().ok()
        );
        assert_eq!(users.file.rows, 7);
    }

    #[test]
    fn unknown_status_words_refuse_the_file() {
        let error =
            read("Username,Status,Licenses\na,Active,\nb,Parked,\n").expect_err("a refusal");
        assert!(error.contains("line 3, column \"Status\": unknown status values: \"parked\""));
        assert!(
            error.contains("[formats.users_status]\n    \"parked\" = \"…\""),
            "{error}"
        );
        let formats = Formats {
            users_status: [("parked".to_owned(), AccountStatus::Inactive)].into(),
            ..Formats::default()
        };
        let text = "Username,Status,Licenses\na,Active,\nb,Parked,\n";
        let users = read_with(text, &ColumnNames::default(), &formats, CHUNK_BYTES);
        let users = users.expect("a file");
        assert_eq!(users.observer.0[1].status, AccountStatus::Inactive);
    }

    #[test]
    fn a_report_without_licenses_is_refused() {
        let error = read("Username,Status,Lic.\na,Active,\n").expect_err("a refusal");
        assert!(error.contains("no column says its licenses"), "{error}");
        assert!(error.contains("nearest: \"Lic.\""), "{error}");
    }

    fn rows() -> impl Strategy<Value = Vec<(String, String, String, String)>> {
        let user = "([a-z]{0,6}|[a-z]{3}7)";
        let status = "(Active|Inactive|Activ|)";
        let license = "(Fax|X2;Fax|\"X2\nFax\"|\"Fax \"\"x\"\"\"|X2;;|5\" pipe)";
        let created = "(|3/4/2024|13/4/2024|4/13/2024|2024-04-01|,surplus)";
        prop::collection::vec((user, status, license, created), 0..30)
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_result(rows in rows(), chunk_bytes in 1usize..200) {
            let mut text = "User ID,Status,Licenses,Created\n".to_owned();
            for (user, status, license, created) in rows {
                text.extend([&user, ",", &status, ",", &license, ",", &created, "\n"]);
            }
            match (read_in_chunks(&text, usize::MAX), read_in_chunks(&text, chunk_bytes)) {
                (Ok(whole), Ok(chunked)) => {
                    prop_assert_eq!(whole.observer, chunked.observer);
                    prop_assert_eq!(whole.invalid, chunked.invalid);
                    prop_assert_eq!(whole.file, chunked.file);
                }
                (whole, chunked) => prop_assert_eq!(whole.err(), chunked.err()),
            }
        }
    }
}
