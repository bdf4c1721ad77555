//! A users report can be read as a whole or block by block, by one thread or by
//! several, packed or not. All ways give the same rows, counts, remarks and
//! refusals, and these are what was written.

use std::path::Path;

use proptest::prelude::*;
use rayon::ThreadPoolBuilder;

use super::file;
use super::properties::{Writing, WrittenQuotes, cells, encoded, record, writing};
use crate::ingest::packed::tests::{gzip, zstd};
use crate::ingest::streamed::{self, Blocks};
use crate::ingest::users::read_whole;
use crate::ingest::{AccountObserver, ColumnNames, Formats, UsersFile, read_users};
use crate::model::{AccountRow, InvalidRow};

const HEADER: [&str; 7] = [
    "User ID",
    "Username",
    "Site",
    "Department",
    "Status",
    "Licenses",
    "Created",
];
/// Rows that tell how a report is read: more than are asked for that.
const FIRST_ROWS: usize = 260;

/// What a row says besides who it is about.
#[derive(Debug, Clone)]
struct Row {
    site: String,
    department: String,
    status: &'static str,
    created: &'static str,
}

impl Row {
    fn plain() -> Self {
        Self {
            site: "Austin".to_owned(),
            department: "Sales".to_owned(),
            status: "Active",
            created: "2024-05-01",
        }
    }
}

/// Keeps every row, which only a test may do.
#[derive(Debug, Default)]
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

/// The text of a report of these rows, the first of which has number 0. Within
/// cells lines end as they do between rows.
fn report(rows: &[Row], writing: Writing) -> String {
    let mut text = record(&HEADER.map(str::to_owned), writing);
    for (number, row) in rows.iter().enumerate() {
        let cells = [
            format!("hvOB1l3zDCaDAwp9{number:05}"),
            format!("p{number}"),
            row.site.clone(),
            row.department.clone(),
            row.status.to_owned(),
            "X2".to_owned(),
            row.created.to_owned(),
        ];
        text += &record(&cells, writing);
    }
    text
}

/// The cell as a file of this writing can hold it.
fn fitting(cell: &str, writing: Writing) -> String {
    let line_end = if writing.line_end == "\r" {
        " "
    } else {
        writing.line_end
    };
    match writing.quoting {
        WrittenQuotes::Never => cell.replace(['\t', '\n', '"'], " ").trim().to_owned(),
        WrittenQuotes::WhereNeeded | WrittenQuotes::Always => cell.replace('\n', line_end),
    }
}

/// Whose row begins on which line, and its site where it was understood.
fn written(rows: &[Row], writing: Writing) -> Vec<(u64, String, Option<String>)> {
    let mut line = 2;
    let lines = rows.iter().enumerate().map(|(number, row)| {
        let begins = line;
        let breaks = |cell: &str| cell.matches(writing.line_end).count() as u64;
        line += 1 + breaks(&row.site) + breaks(&row.department);
        let is_understood = !row.status.is_empty() && row.created != "2024-02-31";
        let site = is_understood.then(|| row.site.clone());
        (begins, format!("p{number}"), site)
    });
    lines.collect()
}

/// The same of what was read.
fn read_back(users: &UsersFile<Collected>) -> Vec<(u64, String, Option<String>)> {
    let understood = users.observer.0.iter().map(|row| {
        let username = row.username.as_ref().map(ToString::to_string);
        let site = row.site.as_str().to_owned();
        (row.source.line, username.unwrap_or_default(), Some(site))
    });
    let invalid = users.invalid.iter();
    let invalid =
        invalid.map(|row: &InvalidRow| (row.source.line, row.username.as_str().to_owned(), None));
    let mut all: Vec<_> = understood.chain(invalid).collect();
    all.sort();
    all
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads").install(work)
}

fn as_a_whole(path: &Path) -> Result<UsersFile<Collected>, String> {
    let (names, formats) = (ColumnNames::default(), Formats::default());
    let users = read_whole(path, &names, &formats, Collected::default());
    users.map_err(|error| error.to_string())
}

fn as_anybody(path: &Path) -> Result<UsersFile<Collected>, String> {
    let (names, formats) = (ColumnNames::default(), Formats::default());
    let users = read_users(path, &names, &formats, Collected::default());
    users.map_err(|error| error.to_string())
}

/// `None` where the report has to be read as a whole.
fn in_blocks(path: &Path, blocks: Blocks) -> Option<UsersFile<Collected>> {
    let (names, formats) = (ColumnNames::default(), Formats::default());
    streamed::read(path, &names, &formats, &Collected::default(), blocks)
}

/// Blocks of so many bytes, whatever the length of the report.
fn blocks(bytes: usize, at_once: usize) -> Blocks {
    Blocks {
        head: 64 << 10,
        bytes,
        record: 1 << 20,
        at_once,
        more_than: 0,
    }
}

fn same(one: &UsersFile<Collected>, other: &UsersFile<Collected>) -> Result<(), TestCaseError> {
    prop_assert_eq!(&one.file, &other.file);
    prop_assert_eq!(&one.invalid, &other.invalid);
    prop_assert_eq!(&one.observer.0, &other.observer.0);
    Ok(())
}

fn row() -> impl Strategy<Value = Row> {
    let status = prop::sample::select(vec!["Active", "Inactive", "Deactivated", ""]);
    let created =
        prop::sample::select(vec!["", "2024-05-01", "2024-05-01T10:00:00Z", "2024-02-31"]);
    (cells(), status, created).prop_map(|((site, department), status, created)| Row {
        site,
        department,
        status,
        created,
    })
}

/// What other rows or the whole file have to be asked about, or what refuses it.
fn trouble() -> impl Strategy<Value = Option<Row>> {
    let parked = Row {
        status: "Parked",
        ..Row::plain()
    };
    let undecided = Row {
        created: "3/4/2024",
        ..Row::plain()
    };
    let decided = Row {
        created: "3/14/2024",
        ..Row::plain()
    };
    prop_oneof![
        6 => Just(None),
        1 => prop::sample::select(vec![parked, undecided, decided]).prop_map(Some),
    ]
}

fn in_unicode(writing: &Writing) -> bool {
    !matches!(writing.encoding, "windows-1252" | "macintosh")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn all_ways_of_reading_give_what_was_written(
        more in prop::collection::vec(row(), 0..24),
        trouble in trouble(),
        writing in writing().prop_filter("letters that are told apart", in_unicode),
        last_ends in any::<bool>(),
        bytes in prop_oneof![Just(1), 1_usize..100, 100_usize..20_000],
        at_once in 1_usize..5,
        pack in prop::sample::select(vec![<[u8]>::to_vec as fn(&[u8]) -> Vec<u8>, gzip, zstd]),
    ) {
        let is_troubled = trouble.is_some();
        let mut rows = vec![Row::plain(); FIRST_ROWS];
        rows.extend(more.into_iter().chain(trouble).map(|row| Row {
            site: fitting(&row.site, writing),
            department: fitting(&row.department, writing),
            ..row
        }));
        let mut text = report(&rows, writing);
        if !last_ends {
            text.truncate(text.len() - writing.line_end.len());
        }
        let file = file(&pack(&encoded(&text, writing.encoding)));
        let path = file.path();
        let whole = with_threads(1, || as_a_whole(path));
        let streamed = [1, 4].map(|threads| {
            with_threads(threads, || in_blocks(path, blocks(bytes, at_once)))
        });
        let anybody = with_threads(4, || as_anybody(path));
        let whole = match whole {
            Ok(whole) => whole,
            Err(refusal) => {
                prop_assert!(is_troubled, "{}", refusal);
                prop_assert_eq!(anybody.err(), Some(refusal));
                prop_assert!(streamed.iter().all(Option::is_none));
                return Ok(());
            }
        };
        same(&whole, &anybody.map_err(TestCaseError::fail)?)?;
        same(&whole, &with_threads(4, || as_a_whole(path)).map_err(TestCaseError::fail)?)?;
        for streamed in streamed.iter().flatten() {
            same(&whole, streamed)?;
        }
        let is_plain = writing.encoding.starts_with("utf-8")
            && writing.line_end != "\r"
            && writing.delimiter != '\t'
            && !is_troubled;
        prop_assert!(!is_plain || streamed.iter().all(Option::is_some), "read as a whole");
        prop_assert_eq!(whole.file.rows, rows.len() as u64);
        if !is_troubled {
            prop_assert_eq!(read_back(&whole), written(&rows, writing));
        }
    }
}

/// A report that is long enough to be read block by block for everybody.
#[test]
fn a_long_report_is_the_same_however_it_is_written() {
    let sites = [
        "Austin",
        "Essen, Ruhr",
        "the \"old\"\nmill",
        "5\" pipe",
        "Zürich",
    ];
    let long = "of a long name ".repeat(20);
    let rows: Vec<Row> = (0..12_000)
        .map(|number| Row {
            site: sites[number % 7 % sites.len()].to_owned(),
            department: format!("{number} {}", long.trim()),
            status: ["Active", "Inactive"][number % 3 % 2],
            created: ["", "2024-05-01", "2024-02-31"][number % 11 % 3],
        })
        .collect();
    for (encoding, line_end, quoting, threads) in [
        ("utf-8", "\n", WrittenQuotes::WhereNeeded, 4),
        ("utf-8-bom", "\r\n", WrittenQuotes::Always, 1),
        ("utf-16le-bom", "\n", WrittenQuotes::WhereNeeded, 2),
    ] {
        let writing = Writing {
            encoding,
            delimiter: ';',
            line_end,
            quoting,
        };
        let rows = rows.iter().cloned().map(|row| Row {
            site: fitting(&row.site, writing),
            ..row
        });
        let rows: Vec<Row> = rows.collect();
        let text = encoded(&report(&rows, writing), encoding);
        let file = file(&text);
        let path = file.path();
        let streamed = with_threads(threads, || in_blocks(path, Blocks::default()));
        assert_eq!(streamed.is_some(), encoding != "utf-16le-bom");
        let users = with_threads(threads, || as_anybody(path)).expect("rows");
        assert_eq!(users.file.rows, rows.len() as u64);
        let written = written(&rows, writing);
        let mut both = read_back(&users).into_iter().zip(&written);
        assert_eq!(both.find(|(read, written)| read != *written), None);
    }
}
