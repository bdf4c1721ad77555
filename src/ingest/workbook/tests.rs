use std::fmt::Write as _;

use super::test_support::{
    DATE, DATE_TIME, GENERAL, SIX_DIGITS, TestSheet, Value, parts, texts, xlsx, zip,
};
use crate::ingest::aliases::hr;
use crate::ingest::open::from_bytes;
use crate::ingest::records::{Dialect, Quoting, Records};
use crate::ingest::{ColumnNames, Encoding, LineEnd, TextEncoding, TextFormat};

use super::*;

const HEADER: [&str; 3] = ["Employee ID", "Status", "Termination Date"];

fn opened(bytes: Vec<u8>) -> Result<TextFile, String> {
    opened_as(bytes, &TextFormat::default())
}

fn opened_as(bytes: Vec<u8>, fixed: &TextFormat) -> Result<TextFile, String> {
    let name = "hr.xlsx".to_owned();
    from_bytes(name, bytes, &hr::TABLE, &ColumnNames::default(), fixed)
        .map_err(|error| error.to_string())
}

/// Each row that has cells, with its number.
fn rows(file: &TextFile) -> Vec<(u64, Vec<String>)> {
    let dialect = Dialect {
        delimiter: b',',
        quoting: Quoting::Quoted,
        line_end: file.line_end,
    };
    let mut records = Records::new(dialect, file.text(), 1);
    let mut rows = Vec::new();
    while records.advance() {
        let cells = records.record().iter().map(str::to_owned).collect();
        rows.push((records.line(), cells));
    }
    rows
}

#[test]
fn cells_are_written_as_they_would_stand_in_an_export() {
    let row = |value: Value| vec![value, Value::Text("x".to_owned())];
    let sheet = TestSheet::new(
        "Leavers",
        &[
            (1, texts(&HEADER)),
            (2, row(Value::Number(46053.0, DATE))),
            (3, row(Value::Number(46053.75, DATE_TIME))),
            (4, row(Value::Number(123.0, GENERAL))),
            (5, row(Value::Number(12.5, GENERAL))),
            (6, row(Value::Number(123.0, SIX_DIGITS))),
            (7, row(Value::Number(634_123_456_789_012_345.0, GENERAL))),
            (8, row(Value::Bool(true))),
            (9, row(Value::Error("#N/A"))),
            (10, row(Value::Number(0.0, DATE))),
            (11, row(Value::Number(1e9, DATE))),
            (12, row(Value::Text("000123".to_owned()))),
        ],
    );
    let file = opened(xlsx(&[sheet])).expect("a sheet");
    let first: Vec<String> = rows(&file)
        .into_iter()
        .map(|(_, row)| row[0].clone())
        .collect();
    let expected = [
        "2026-01-31",
        "2026-01-31 18:00:00",
        "123",
        "12.5",
        "000123",
        "6.34E+17",
        "TRUE",
        "#N/A",
        "1900-01-00",
        "1000000000",
        "000123",
    ];
    assert_eq!(first[1..], expected);
    assert_eq!(
        (file.encoding, file.line_end),
        (Encoding::Workbook, LineEnd::Cr)
    );
}

#[test]
fn a_row_is_counted_where_it_stands_in_the_sheet() {
    let sheet = TestSheet::new(
        "Leavers",
        &[
            (3, texts(&HEADER)),
            (5, texts(&["1", "", "2026-01-31"])),
            (6, texts(&["2", "a \"b\"\r\nc\rd\ne"])),
            (9, texts(&["", "x"])),
        ],
    );
    let file = opened(xlsx(&[sheet])).expect("a sheet");
    let expected = [
        (3, vec!["Employee ID", "Status", "Termination Date"]),
        (5, vec!["1", "", "2026-01-31"]),
        (6, vec!["2", "a \"b\"\nc\nd\ne", ""]),
        (9, vec!["", "x", ""]),
    ];
    let expected = expected.map(|(line, cells)| {
        let cells: Vec<String> = cells.into_iter().map(str::to_owned).collect();
        (line, cells)
    });
    assert_eq!(rows(&file), expected);
}

#[test]
fn the_first_sheet_with_a_header_is_read_the_visible_ones_first() {
    let cover = || TestSheet::new("Cover", &[(1, texts(&["Leavers of March"]))]);
    let hidden = || TestSheet {
        state: "hidden",
        ..TestSheet::new("Old", &[(1, texts(&HEADER))])
    };
    let leavers = TestSheet::new("Leavers", &[(1, texts(&HEADER))]);
    let file = opened(xlsx(&[hidden(), cover(), leavers])).expect("a sheet");
    assert_eq!(file.sheet.as_deref(), Some("Leavers"));
    assert_eq!(
        file.notes,
        ["sheet \"Leavers\" is read; sheets not read: \"Cover\", \"Old\""]
    );

    let file = opened(xlsx(&[hidden(), cover()])).expect("a sheet");
    assert_eq!(file.sheet.as_deref(), Some("Old"));

    let error = opened(xlsx(&[cover()])).expect_err("a refusal");
    assert!(
        error.contains("none of the 1 sheets can be read as this file (\"Cover\")"),
        "{error}"
    );
    assert!(error.contains("no header row was found"), "{error}");
    let error = opened(xlsx(&[])).expect_err("a refusal");
    assert!(error.contains("no sheet with cells"), "{error}");
}

/// The second sheet may hold the leavers of the month.
#[test]
fn several_sheets_that_serve_are_refused_until_one_is_named() {
    let sheet = |name| TestSheet::new(name, &[(1, texts(&HEADER))]);
    let bytes = || xlsx(&[sheet("October"), sheet("November")]);
    let error = opened(bytes()).expect_err("a refusal");
    assert!(error.contains("\"October\", \"November\""), "{error}");
    assert!(error.contains("[formats] hr_sheet = \"SHEET\""), "{error}");
    let named = |name: &str| TextFormat {
        sheet: Some(name.to_owned()),
        ..TextFormat::default()
    };
    let file = opened_as(bytes(), &named("November")).expect("a sheet");
    assert_eq!(file.sheet.as_deref(), Some("November"));
    assert_eq!(
        file.notes,
        ["sheet \"November\" is read; sheets not read: \"October\""]
    );
    for (bytes, words) in [
        (bytes(), "sheets seen: \"October\", \"November\""),
        (b"Employee ID,Status\n".to_vec(), "this is no workbook"),
    ] {
        let error = opened_as(bytes, &named("December")).expect_err(words);
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn what_is_no_readable_workbook_is_refused() {
    let sheet = |cells: &str| TestSheet {
        xml: format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"),
        ..TestSheet::new("Leavers", &[])
    };
    let far = r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="9999999"><c r="A9999999"><v>1</v></c></row>"#;
    let behind =
        r#"<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>"#;
    let cut_off = xlsx(&[TestSheet::new("Leavers", &[(1, texts(&HEADER))])]);
    let document = vec![(
        "mimetype".to_owned(),
        b"application/vnd.oasis.opendocument.spreadsheet".to_vec(),
    )];
    let csv = vec![("hr.csv".to_owned(), b"Employee ID,Status\n".to_vec())];
    for (bytes, words) in [
        (xlsx(&[sheet(far)]), "more cells than a sheet can have"),
        (xlsx(&[sheet(behind)]), "out of order"),
        (
            xlsx(&[sheet("<row><c")]),
            "its sheet \"Leavers\" cannot be read",
        ),
        (
            cut_off[..cut_off.len() / 2].to_vec(),
            "is no workbook that can be read",
        ),
        (zip(&csv), "is no workbook that can be read"),
        (zip(&document), "an OpenDocument file"),
    ] {
        let error = opened(bytes).expect_err(words);
        assert!(error.contains(words), "{error}");
        assert!(error.contains("save it as .xlsx"), "{error}");
    }
}

#[test]
fn a_sheet_that_would_fill_the_memory_is_refused() {
    // One row is as wide as a sheet can be, and all others have to be padded.
    let mut rows = "<row><c r=\"XFD1\"><v>1</v></c></row>".to_owned();
    for number in 2..=40_000 {
        write!(rows, "<row><c r=\"A{number}\"><v>1</v></c></row>").expect("a string takes all");
    }
    let bomb = TestSheet {
        xml: format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        ..TestSheet::new("Leavers", &[])
    };
    let error = opened(xlsx(&[bomb])).expect_err("a refusal");
    assert!(
        error.contains("more text than any list of people"),
        "{error}"
    );

    let mut archive = xlsx(&[TestSheet::new("Leavers", &[(1, texts(&HEADER))])]);
    let entry = memchr::memmem::rfind(&archive, b"PK\x01\x02").expect("a directory");
    archive[entry + 24..entry + 28].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = opened(archive).expect_err("a refusal");
    assert!(error.contains("unpacks to more than"), "{error}");
}

#[test]
fn a_workbook_has_no_encoding_to_be_fixed() {
    let fixed = TextFormat {
        encoding: Some(TextEncoding::Utf8),
        ..TextFormat::default()
    };
    let bytes = xlsx(&[TestSheet::new("Leavers", &[(1, texts(&HEADER))])]);
    let error = opened_as(bytes, &fixed).expect_err("a refusal");
    assert!(
        error.contains("this is a workbook, and [formats] says"),
        "{error}"
    );
}

#[test]
fn damage_anywhere_in_a_workbook_is_a_refusal_or_another_cell() {
    let sheet = TestSheet::new(
        "Leavers",
        &[
            (1, texts(&HEADER)),
            (
                2,
                vec![
                    Value::Number(7.0, SIX_DIGITS),
                    Value::Blank,
                    Value::Number(46053.0, DATE),
                ],
            ),
            (3, texts(&["2", "Active", "2026-01-31"])),
        ],
    );
    let parts = parts(&[sheet]);
    // Every byte of every part, so that damage is beyond what the archive notices.
    for (at, (_, content)) in parts.iter().enumerate() {
        for place in 0..content.len() {
            let mut damaged = parts.clone();
            damaged[at].1[place] = b"09<\"/\xFF"[place % 6];
            drop(opened(zip(&damaged)));
        }
    }
    let whole = zip(&parts);
    for place in (0..whole.len()).step_by(3) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        drop(opened(damaged));
    }
}
