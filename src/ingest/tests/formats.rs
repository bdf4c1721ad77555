//! Files as real systems and spreadsheets write them.

use std::fmt::Write as _;
use std::num::NonZeroU32;

use super::file;
use crate::ingest::{
    ColumnNames, Delimiter, Encoding, Formats, HrFile, LineEnd, TextEncoding, TextFormat, read_hr,
};

fn read(bytes: &[u8]) -> Result<HrFile, String> {
    read_as(bytes, TextFormat::default())
}

fn read_as(bytes: &[u8], hr: TextFormat) -> Result<HrFile, String> {
    let file = file(bytes);
    let formats = Formats {
        hr,
        ..Formats::default()
    };
    read_hr(file.path(), &ColumnNames::default(), &formats).map_err(|error| error.to_string())
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn names(hr: &HrFile) -> Vec<String> {
    hr.rows.iter().map(|row| row.name.display()).collect()
}

#[test]
fn cognos_writes_utf16_tabs_and_no_quotes() {
    let text = "\u{feff}Employee Number\tFirst Name\tLast Name\tTermination Date\r\n\
                1\t\"Bob\" Rob\tSmith\t2026-01-31\r\n\
                2\t\"Al\tDoe\t2026-01-31\r\n\
                3\tCy\t6\"\t2026-01-31\r\n";
    let hr = read(&utf16(text)).expect("an export");
    assert_eq!(names(&hr), ["\"Bob\" Rob Smith", "\"Al Doe", "Cy 6\""]);
    assert_eq!(hr.file.detected.encoding, Encoding::Utf16Le);
    assert_eq!(hr.file.detected.delimiter, '\t');
    let lines: Vec<u64> = hr.rows.iter().map(|row| row.source.line).collect();
    assert_eq!(lines, [2, 3, 4]);
    assert!(
        hr.file
            .detected
            .notes
            .iter()
            .any(|note| note.contains("not quoted"))
    );
}

#[test]
fn excel_writes_tabs_with_quotes() {
    let text = "Employee Number\tFirst Name\tLast Name\tTermination Date\n\
                1\t\"Rob \"\"Bob\"\"\"\t\"Smith\tSons\"\t2026-01-31\n\
                2\t\"Al\nBert\"\tDoe\t2026-01-31\n\
                3\tCy\t2026-01-31\n";
    let hr = read(text.as_bytes()).expect("an export");
    assert_eq!(names(&hr), ["Rob \"Bob\" Smith\tSons", "Al\nBert Doe"]);
    assert_eq!(hr.invalid.len(), 1);
    // What is cut off within a quote is not plain text for that.
    let cut_off = text.replace("Bert\"", "Bert");
    let error = read(cut_off.as_bytes()).expect_err("a refusal");
    assert!(error.contains("line 3: a quote that opens"), "{error}");
}

#[test]
fn a_preamble_does_not_decide_the_delimiter() {
    let hr = read(
        b"Report: Leavers, all sites, all companies\nRun by, Jane Doe, on, 2026-01-31\n\
          Filter, a, b, c\nFilter, a, b, c\nFilter, a, b, c\n\n\
          Employee ID;Full Name;Termination Date\n1;Doe, Jo;2026-01-31\n",
    )
    .expect("an export");
    assert_eq!(hr.file.detected.delimiter, ';');
    assert_eq!(hr.file.detected.header_line, 7);
    assert_eq!(names(&hr), ["Doe, Jo"]);
    let hr = read(b"sep=|\r\nEmployee ID|Termination Date\r\n1|2026-01-31\r\n").expect("an export");
    assert_eq!((hr.file.detected.delimiter, hr.rows.len()), ('|', 1));
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    for (text, line_end, lines) in [
        (
            "Employee ID,Termination Date\n\n1,2026-01-31\n2,2026-01-31",
            LineEnd::Lf,
            [3, 4],
        ),
        (
            "\"Employee\r\nID\",Termination Date\r\n1,2026-01-31\r\n2,\r\n",
            LineEnd::CrLf,
            [3, 4],
        ),
        (
            "Employee ID,Termination Date\r1,2026-01-31\r\r2,2026-01-31\r",
            LineEnd::Cr,
            [2, 4],
        ),
        (
            "Employee ID,Termination Date\r1,2026-01-31\r\n\n2,2026-01-31",
            LineEnd::Mixed,
            [2, 4],
        ),
    ] {
        let hr = read(text.as_bytes()).expect("an export");
        let found: Vec<u64> = hr.rows.iter().map(|row| row.source.line).collect();
        assert_eq!(found, lines, "{text:?}");
        assert_eq!(hr.file.detected.line_end, line_end, "{text:?}");
    }
}

#[test]
fn a_quote_that_swallows_rows_refuses_the_file() {
    let mut text = "Employee ID,Nickname,Work Email,Termination Date\n".to_owned();
    for number in 0..40 {
        let quote = if number == 3 || number == 30 {
            "\""
        } else {
            ""
        };
        let (before, after) = if number < 10 {
            (quote, "")
        } else {
            ("", quote)
        };
        writeln!(
            text,
            "{number},{before}N{number}{after},p{number}@example.com,2026-01-31"
        )
        .expect("a string takes all");
    }
    let error = read(text.as_bytes()).expect_err("a refusal");
    assert!(
        error.contains("line 5: a quote that opens on this line swallows"),
        "{error}"
    );
}

#[test]
fn long_cells_and_comments_of_several_lines_are_read() {
    let long = "word, ".repeat(200_000);
    let text = format!(
        "Employee ID,Comment,Termination Date\n1,\"{long}\",2026-01-31\n\
         2,\"one\ntwo, three\nfour\",2026-01-31\n"
    );
    let hr = read(text.as_bytes()).expect("an export");
    let lines: Vec<u64> = hr.rows.iter().map(|row| row.source.line).collect();
    assert_eq!(lines, [2, 3]);
}

#[test]
fn remarks_and_totals_are_counted_and_all_else_is_a_result() {
    let hr = read(
        b"Employee ID,Name,Work Email,Termination Date\n# active ones are left out,,,\n\
          1,Doe,,2026-01-31\n,Nobody,,\nTotal,1,,\nRecord count: 1\n",
    )
    .expect("an export");
    assert_eq!((hr.file.rows, hr.rows.len(), hr.invalid.len()), (2, 1, 1));
    let notes = &hr.file.detected.notes;
    assert!(
        notes.contains(&"1 comment rows are skipped".to_owned()),
        "{notes:?}"
    );
    assert!(
        notes.contains(&"2 rows of totals are skipped".to_owned()),
        "{notes:?}"
    );
}

#[test]
fn a_damaged_key_is_no_key() {
    let hr = read(
        b"Employee ID,Name,Work Email,Termination Date\n1,Zo\xC3\xAB M\xC3\xBCller-Pe\xC3\xB1a,,2026-01-31\n\
          2,Zo\xC3,,2026-01-31\n3,Doe,zo\xC3@example.com,2026-01-31\n",
    )
    .expect("an export");
    assert_eq!(names(&hr), ["Zoë Müller-Peña", "Zo\u{fffd}"]);
    assert_eq!(hr.invalid[0].source.line, 4);
    assert!(
        hr.invalid[0].problem.contains("were lost"),
        "{:?}",
        hr.invalid[0]
    );
}

#[test]
fn what_is_fixed_wins_over_what_is_detected() {
    let fixed = |text: &[u8], hr: TextFormat| read_as(text, hr);
    let header_line = |line| TextFormat {
        header_line: NonZeroU32::new(line),
        ..TextFormat::default()
    };
    let text = b"Employee ID,Termination Date\nEmployee ID,Exit Date\n1,2026-01-31\n";
    let hr = fixed(text, header_line(2)).expect("an export");
    assert_eq!(hr.file.detected.header_line, 2);
    assert_eq!(hr.rows[0].source.line, 3);
    for (line, words) in [
        (3, "line 3: the row that [formats] names is no header row"),
        (
            9,
            "line 9: [formats] hr_header_line names this line, and no row begins here",
        ),
    ] {
        let error = fixed(text, header_line(line)).expect_err(words);
        assert!(error.contains(words), "{error}");
    }

    let delimiter = |delimiter| TextFormat {
        delimiter: Some(delimiter),
        ..TextFormat::default()
    };
    assert!(fixed(text, delimiter(Delimiter::Comma)).is_ok());
    let error = fixed(text, delimiter(Delimiter::Semicolon)).expect_err("a refusal");
    assert!(
        error.contains("with the delimiter that [formats] says"),
        "{error}"
    );

    let encoding = TextFormat {
        encoding: Some(TextEncoding::Macintosh),
        ..TextFormat::default()
    };
    let latin = b"Employee ID,Name,Termination Date\n1,J\x9Arg,2026-01-31\n";
    assert_eq!(names(&fixed(latin, encoding).expect("an export")), ["Jörg"]);
    assert_eq!(names(&read(latin).expect("an export")), ["Jšrg"]);
}
