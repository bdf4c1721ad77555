//! What holds for every file: reading gives back what was written, and no bytes
//! at all make the reader panic or lose a row.

use encoding_rs::WINDOWS_1252;
use proptest::prelude::*;

use super::{file, mac_bytes};
use crate::ingest::workbook::test_support::{TestSheet, Value, sheet_xml, texts, xlsx};
use crate::ingest::{ColumnNames, Formats, HrFile, read_hr};
use crate::model::{EmailAddress, EmployeeId};

const HEADER: [&str; 5] = [
    "Employee ID",
    "Work Email",
    "Full Name",
    "Termination Date",
    "Department",
];

/// How a table is written.
#[derive(Debug, Clone, Copy)]
struct Writing {
    encoding: &'static str,
    delimiter: char,
    line_end: &'static str,
    quoting: WrittenQuotes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WrittenQuotes {
    Always,
    WhereNeeded,
    /// Only with tabs, and with cells that need none.
    Never,
}

fn writing() -> impl Strategy<Value = Writing> {
    let encodings = [
        "utf-8",
        "utf-8-bom",
        "utf-16le",
        "utf-16le-bom",
        "utf-16be",
        "utf-16be-bom",
        "windows-1252",
        "macintosh",
    ];
    let quotes = [
        WrittenQuotes::Always,
        WrittenQuotes::WhereNeeded,
        WrittenQuotes::Never,
    ];
    (
        prop::sample::select(encodings.to_vec()),
        prop::sample::select(vec![',', ';', '\t', '|']),
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
        prop::sample::select(quotes.to_vec()),
    )
        .prop_map(|(encoding, delimiter, line_end, quoting)| Writing {
            encoding,
            delimiter: if quoting == WrittenQuotes::Never {
                '\t'
            } else {
                delimiter
            },
            line_end,
            quoting,
        })
}

/// A person's name and department, as they are read back: no white space
/// around them.
fn cells() -> impl Strategy<Value = (String, String)> {
    let cell = "([A-Za-zäüé,;|\"' \t\n]{0,12}[a-zöñ\"]|Jörg \"Joe\" Müller|O'Neil; R&D, \"x|y\")";
    (cell, cell)
        .prop_map(|(name, department)| (name.trim().to_owned(), department.trim().to_owned()))
}

fn written(rows: &[(String, String)], writing: Writing) -> Vec<u8> {
    let mut text = record(&HEADER.map(str::to_owned), writing);
    for (number, (name, department)) in (1..).zip(rows) {
        let cells = [
            format!("E{number:04}"),
            format!("p{number}@example.com"),
            name.clone(),
            format!("2026-01-{:02}", number % 28 + 1),
            department.clone(),
        ];
        text += &record(&cells, writing);
    }
    encoded(&text, writing.encoding)
}

fn record(cells: &[String], writing: Writing) -> String {
    let special = [writing.delimiter, '"', '\r', '\n'];
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| {
            let needed = cell.contains(special);
            match writing.quoting {
                WrittenQuotes::Never => cell.clone(),
                WrittenQuotes::WhereNeeded if !needed => cell.clone(),
                WrittenQuotes::WhereNeeded | WrittenQuotes::Always => {
                    format!("\"{}\"", cell.replace('"', "\"\""))
                }
            }
        })
        .collect();
    cells.join(&writing.delimiter.to_string()) + writing.line_end
}

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    let (encoding, mark) = match encoding.strip_suffix("-bom") {
        Some(encoding) => (encoding, "\u{feff}"),
        None => (encoding, ""),
    };
    let marked = format!("{mark}{text}");
    let utf16 = |bytes: fn(u16) -> [u8; 2]| marked.encode_utf16().flat_map(bytes).collect();
    match encoding {
        "utf-16le" => utf16(u16::to_le_bytes),
        "utf-16be" => utf16(u16::to_be_bytes),
        "windows-1252" => WINDOWS_1252.encode(text).0.into_owned(),
        "macintosh" => mac_bytes(text),
        _ => marked.into_bytes(),
    }
}

fn read(bytes: &[u8]) -> Result<HrFile, String> {
    let file = file(bytes);
    read_hr(file.path(), &ColumnNames::default(), &Formats::default())
        .map_err(|error| error.to_string())
}

/// The part of reading that does not depend on which columns there are.
fn reads_or_refuses(bytes: &[u8]) -> Result<(), TestCaseError> {
    match read(bytes) {
        Ok(hr) => {
            let results = hr.rows.len() + hr.invalid.len();
            prop_assert_eq!(hr.file.rows, results as u64);
        }
        Err(refusal) => prop_assert!(refusal.contains("; "), "{}", refusal),
    }
    Ok(())
}

/// A good file with some of its bytes changed, taken out or doubled.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let place = any::<prop::sample::Index>();
    let changes = prop::collection::vec((place, any::<u8>(), 0..4_u8), 1..6);
    let rows = prop::collection::vec(cells(), 0..6);
    (rows, writing(), changes).prop_map(|(rows, writing, changes)| {
        let mut bytes = written(&rows, writing);
        for (place, byte, change) in changes {
            let at = place.index(bytes.len());
            match change {
                0 => bytes[at] = byte,
                1 => bytes[at] = b'"',
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
            if bytes.is_empty() {
                break;
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn what_was_written_is_read_back(
        rows in prop::collection::vec(cells(), 1..8),
        writing in writing(),
    ) {
        let plain = |cell: &str| {
            // Without quotes a cell cannot hold what separates cells; and
            // line ends that are not the file's would be counted by no editor.
            let cell = cell.replace('\n', if writing.line_end == "\r" { " " } else { "\n" });
            match writing.quoting {
                WrittenQuotes::Never => cell.replace(['\t', '\n', '"'], " ").trim().to_owned(),
                WrittenQuotes::WhereNeeded | WrittenQuotes::Always => cell,
            }
        };
        let rows: Vec<_> = rows.iter().map(|(name, of)| (plain(name), plain(of))).collect();
        // Old encodings are told apart by what the letters make.
        let is_old = matches!(writing.encoding, "windows-1252" | "macintosh");
        let clear = ("Jürgen Müller-Peña".to_owned(), "Café".to_owned());
        let rows = if is_old { vec![clear; rows.len()] } else { rows };
        let hr = read(&written(&rows, writing)).map_err(TestCaseError::fail)?;
        let found: Vec<(String, String)> = hr
            .rows
            .iter()
            .map(|row| (row.name.full.to_string(), row.department.to_string()))
            .collect();
        prop_assert_eq!(&found, &rows);
        for (number, row) in (1..).zip(&hr.rows) {
            let id = format!("E{number:04}");
            let email = format!("p{number}@example.com");
            prop_assert_eq!(row.employee_id.as_ref().map(EmployeeId::as_str), Some(id.as_str()));
            prop_assert_eq!(row.work_email.as_ref().map(EmailAddress::as_str), Some(email.as_str()));
            prop_assert!(row.termination_date.is_some());
        }
        prop_assert_eq!(hr.file.rows, rows.len() as u64);
    }

    #[test]
    fn a_sheet_is_read_back(rows in prop::collection::vec(cells(), 1..8)) {
        let mut sheet = vec![(1, texts(&HEADER))];
        for (number, (name, department)) in (2..).zip(&rows) {
            let id = Value::Text(format!("E{number}"));
            let [name, department] = [name, department].map(|text| Value::Text(text.clone()));
            let date = Value::Text("2026-01-31".to_owned());
            sheet.push((number, vec![id, Value::Blank, name, date, department]));
        }
        let hr = read(&xlsx(&[TestSheet::new("Leavers", &sheet)])).map_err(TestCaseError::fail)?;
        let found: Vec<_> = hr.rows.iter().map(|row| (row.name.full.as_str(), row.department.as_str())).collect();
        let expected: Vec<_> = rows.iter().map(|(name, department)| (name.as_str(), department.as_str())).collect();
        prop_assert_eq!(found, expected);
        for (line, row) in (2..).zip(&hr.rows) {
            prop_assert_eq!(row.source.line, line);
        }
    }

    #[test]
    fn any_bytes_are_rows_or_a_refusal(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        reads_or_refuses(&bytes)?;
    }

    #[test]
    fn damaged_files_are_rows_or_a_refusal(bytes in damaged()) {
        reads_or_refuses(&bytes)?;
    }

    #[test]
    fn text_of_any_characters_is_rows_or_a_refusal(
        body in "[0-9a-zé@.,;\t|\"\r\n#/ -]{0,120}"
    ) {
        reads_or_refuses(format!("Employee ID,Status,Termination Date\n{body}").as_bytes())?;
    }

    #[test]
    fn a_damaged_sheet_is_rows_or_a_refusal(
        place in any::<prop::sample::Index>(),
        inserted in "[<>/&\"A-Z0-9 ]{0,4}",
    ) {
        let mut xml = sheet_xml(&[(1, texts(&HEADER)), (2, texts(&["1", "", "Jo", "2026-01-31"]))]);
        xml.insert_str(place.index(xml.len()), &inserted);
        let sheet = TestSheet { xml, ..TestSheet::new("Leavers", &[]) };
        reads_or_refuses(&xlsx(&[sheet]))?;
    }
}
