use std::fmt::Write as _;
use std::io::Write as _;

use proptest::prelude::*;
use tempfile::NamedTempFile;

use super::*;
use crate::ingest::packed::tests::{gzip, zstd};
use crate::ingest::users::read_whole;
use crate::model::{AccountCells, AccountRow};

/// Keeps every row, which only a test may do.
#[derive(Debug, Default, PartialEq)]
struct Collected(Vec<AccountRow>);

impl AccountObserver for Collected {
    fn split(&self) -> Self {
        Self::default()
    }

    fn passes_over(&self, _: &AccountCells<'_>) -> bool {
        false
    }

    fn observe(&mut self, row: &AccountRow) {
        self.0.push(row.clone());
    }

    fn merge(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

/// Rows that tell how a report is read: more than are asked for that.
const FIRST_ROWS: usize = 260;

const HEADER: &str = "User ID,Username,Email,Status,Licenses,Created,Note";

fn report(line_end: &str, rows: &str) -> String {
    let mut text = format!("{HEADER}{line_end}");
    for number in 0..FIRST_ROWS {
        let row =
            format!("hvOB1l3zDCaDAwp9{number:05},p{number},p{number}@example.com,Active,X2,,");
        write!(text, "{row}{line_end}").expect("a string takes every row");
    }
    text + rows
}

fn stored(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("a full file");
    file
}

/// Blocks of so many bytes, so many at once.
fn blocks(bytes: usize, at_once: usize) -> Blocks {
    Blocks {
        head: 20 << 10,
        bytes,
        record: 1 << 20,
        at_once,
        more_than: 0,
    }
}

fn streamed(file: &NamedTempFile, blocks: Blocks) -> Option<UsersFile<Collected>> {
    let (names, formats) = (ColumnNames::default(), Formats::default());
    read(file.path(), &names, &formats, &Collected::default(), blocks)
}

fn whole(file: &NamedTempFile) -> Result<UsersFile<Collected>, String> {
    let (names, formats) = (ColumnNames::default(), Formats::default());
    read_whole(file.path(), &names, &formats, Collected::default())
        .map_err(|error| error.to_string())
}

/// Both readings of a file; the streamed one only where there is one.
fn same(text: &str, blocks: Blocks) -> Result<bool, TestCaseError> {
    let file = stored(text.as_bytes());
    let Some(streamed) = streamed(&file, blocks) else {
        return Ok(false);
    };
    let whole = whole(&file).map_err(TestCaseError::fail)?;
    prop_assert_eq!(streamed.file, whole.file);
    prop_assert_eq!(streamed.invalid, whole.invalid);
    prop_assert_eq!(streamed.observer, whole.observer);
    Ok(true)
}

#[test]
fn a_packed_report_is_streamed_as_it_is_read_whole() {
    let text = report("\n", ",last,,Active,Fax,2024-04-01,\"a\nb\"\n");
    let half = text.len() / 2;
    for pack in [gzip, zstd] {
        let parts = text.as_bytes().split_at(half);
        let packed = [pack(parts.0), pack(parts.1)].concat();
        for bytes in [1, 7, 1000, packed.len(), 1 << 20] {
            let file = stored(&packed);
            let streamed = streamed(&file, blocks(bytes, 3)).expect("a streamed report");
            let whole = whole(&file).expect("rows");
            assert_eq!(streamed.file, whole.file);
            assert_eq!(streamed.file.bytes, packed.len() as u64);
            assert_eq!(streamed.observer, whole.observer);
            assert_eq!(streamed.observer.0.len(), FIRST_ROWS + 1);
        }
    }
}

#[test]
fn nothing_comes_of_a_packed_report_that_is_cut_short() {
    let text = report("\n", "");
    for pack in [gzip, zstd] {
        let packed = pack(text.as_bytes());
        for length in (0..packed.len()).filter(|it| it % 11 == 0 || it + 12 > packed.len()) {
            let file = stored(&packed[..length]);
            assert!(streamed(&file, blocks(1000, 3)).is_none(), "{length}");
            whole(&file).expect_err("a refusal");
        }
    }
}

/// A cell as some exporter writes it.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z é.]{0,8}",
        "\"[a-z,;é.]{0,6}(\"\"){0,2}(\r\n|\n)?[a-z]{0,3}\"",
        "[a-z]{1,2}\" pipe",
    ]
}

fn rows() -> impl Strategy<Value = Vec<(String, String, String, String)>> {
    let user = "([a-z]{0,6}|[A-Z]{3}7)";
    let status = "(Active|Inactive|)";
    let created = "(|2024-04-01|2024-02-31|2024-05-01T10:00:00Z|soon)";
    prop::collection::vec((user, status, created, cell()).prop_map(|it| it), 0..30)
}

fn written(rows: &[(String, String, String, String)], line_end: &str, last_ends: bool) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|(user, status, created, note)| format!(",{user},,{status},Fax,{created},{note}"))
        .collect();
    let mut text = rows.join(line_end);
    if last_ends && !rows.is_empty() {
        text += line_end;
    }
    report(line_end, &text)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn plain_reports_are_streamed_to_the_same_rows(
        rows in rows(),
        line_end in prop::sample::select(vec!["\n", "\r\n"]),
        last_ends in any::<bool>(),
        bytes in 1_usize..600,
        at_once in 1_usize..4,
    ) {
        let text = written(&rows, line_end, last_ends);
        prop_assert!(same(&text, blocks(bytes, at_once))?, "it was not streamed: {text}");
    }

    #[test]
    fn whatever_is_streamed_gives_the_same_rows(
        rows in "[A2,\"\r\n/;é-]{0,120}",
        more in "(|p,p,p,Active,Fax,3/4/2024,\n|,b,,Parked,Fax,,\n|,c,,Active,Fax,,\u{0}\n|\u{feff},d\r)",
        bytes in 1_usize..50,
    ) {
        same(&report("\n", &format!("{rows}{more}")), blocks(bytes, 2))?;
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_whole_file() {
    for rows in [
        // Its order of day and month is told by other rows.
        ",a,,Active,Fax,3/4/2024,\n",
        // Unknown, never closed, damaged, of two sorts of line ends, broken off.
        ",a,,Parked,Fax,,\n",
        ",a,,Active,Fax,,\"x\n,b,,Active,Fax,,\n",
        ",a,,Active,Fax,,\0\n",
        ",a,,Active,Fax,,x\r,b,,Active,Fax,,\n",
        ",a,,Active",
    ] {
        assert!(
            streamed(&stored(report("\n", rows).as_bytes()), blocks(64, 2)).is_none(),
            "{rows:?}"
        );
    }
    let mut bytes = report("\n", "").into_bytes();
    bytes.extend(b",J\xFCrgen,,Active,Fax,,\n");
    assert!(streamed(&stored(&bytes), blocks(64, 2)).is_none());
    let few = format!("{HEADER}\n,a,,Active,Fax,,\n");
    assert!(streamed(&stored(few.as_bytes()), blocks(64, 2)).is_none());
    assert!(streamed(&stored(b""), blocks(64, 2)).is_none());
}

#[test]
fn a_damaged_date_is_the_same_result() {
    let text = report(
        "\n",
        ",a,,Active,Fax,2024-02-31,\n,b,,Active,Fax,2024-02-28,\n",
    );
    assert!(same(&text, blocks(7, 3)).is_ok_and(|streamed| streamed));
}

#[test]
fn the_mark_at_the_beginning_is_no_part_of_the_header() {
    let text = format!("\u{feff}{}", report("\r\n", ",a,,Active,Fax,,\r\n"));
    assert!(same(&text, blocks(100, 2)).is_ok_and(|streamed| streamed));
}
