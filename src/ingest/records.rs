//! A cursor over the records of a stretch of text.

use std::io;

use csv::StringRecord;

use super::decode::TextFile;
use super::error::IngestError;
use super::input_file::LineEnd;

/// How records and cells are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What separates cells.
    pub delimiter: u8,
    /// Whether quotes mean anything.
    pub quoting: Quoting,
    /// How physical lines end.
    pub line_end: LineEnd,
}

/// Whether quotes mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// A cell in quotes may hold delimiters and line breaks.
    Quoted,
    /// A quote is a character like any other, as in tab files of Cognos.
    Unquoted,
}

/// Reads one record after the other and knows on which line each begins.
///
/// The csv crate's own line numbers are not used: they point at the blank
/// lines above a record, and do not count lines that end in CR alone.
pub(super) struct Records<'t> {
    file: &'t TextFile,
    bytes: &'t [u8],
    reader: csv::Reader<&'t [u8]>,
    record: StringRecord,
    line_end: LineEnd,
    line: u64,
    counted: usize,
}

impl<'t> Records<'t> {
    /// A cursor over `text`, a part of `file` whose first byte is on `first_line`.
    pub(super) fn new(
        file: &'t TextFile,
        dialect: Dialect,
        text: &'t str,
        first_line: u64,
    ) -> Self {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .quoting(dialect.quoting == Quoting::Quoted)
            .from_reader(text.as_bytes());
        Self {
            file,
            bytes: text.as_bytes(),
            reader,
            record: StringRecord::new(),
            line_end: dialect.line_end,
            line: first_line,
            counted: 0,
        }
    }

    /// Goes to the next record; `false` at the end.
    pub(super) fn advance(&mut self) -> Result<bool, IngestError> {
        let start = self.reader.position().byte();
        let found = self
            .reader
            .read_record(&mut self.record)
            .map_err(|error| self.broken(error))?;
        if found {
            let start = usize::try_from(start).unwrap_or(usize::MAX);
            self.count_lines_up_to(start);
        }
        Ok(found)
    }

    /// The record that the cursor stands on.
    pub(super) fn record(&self) -> &StringRecord {
        &self.record
    }

    /// The physical line on which that record begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Where reading goes on after that record, in bytes from the text's start.
    pub(super) fn end(&self) -> usize {
        let end = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        // The csv crate leaves the second byte of a line end to the next record.
        let is_torn = self.bytes[..end].ends_with(b"\r") && self.bytes[end..].starts_with(b"\n");
        end + usize::from(is_torn)
    }

    fn count_lines_up_to(&mut self, start: usize) {
        let blank = self.bytes[start..]
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let start = start + blank;
        self.line += self.line_end.count(&self.bytes[self.counted..start]);
        self.counted = start;
    }

    fn broken(&self, error: csv::Error) -> IngestError {
        IngestError::Unreadable {
            file: self.file.name.to_string(),
            source: io::Error::other(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, String)> {
        let file = TextFile::decode("in.csv".to_owned(), text.into()).expect("text");
        let dialect = Dialect {
            delimiter: b',',
            quoting: Quoting::Quoted,
            line_end: file.line_end,
        };
        let mut records = Records::new(&file, dialect, file.text(), 1);
        let mut seen = Vec::new();
        while records.advance().expect("a record") {
            seen.push((records.line(), records.record()[0].to_owned()));
        }
        seen
    }

    #[test]
    fn a_record_begins_on_its_physical_line() {
        let expected =
            [(1, "a"), (4, "b\nb"), (6, "c")].map(|(line, cell)| (line, cell.to_owned()));
        assert_eq!(lines("a,1\n\n\n\"b\nb\",2\nc,3"), expected);
        let windows =
            [(1, "a"), (4, "b\r\nb"), (6, "c")].map(|(line, cell)| (line, cell.to_owned()));
        assert_eq!(lines("a,1\r\n\r\n\r\n\"b\r\nb\",2\r\nc,3\r\n"), windows);
        let old_mac = [(1, "a"), (3, "b")].map(|(line, cell)| (line, cell.to_owned()));
        assert_eq!(lines("a,1\r\rb,2\r"), old_mac);
        let glued = [(1, "a"), (2, "b"), (4, "c")].map(|(line, cell)| (line, cell.to_owned()));
        assert_eq!(lines("a,1\r\nb,2\r\rc,3\n"), glued);
    }

    #[test]
    fn a_record_ends_after_both_bytes_of_its_line_end() {
        let file = TextFile::decode("in.csv".to_owned(), b"a,1\r\nb,2\r\n".to_vec());
        let file = file.expect("text");
        let dialect = Dialect {
            delimiter: b',',
            quoting: Quoting::Quoted,
            line_end: file.line_end,
        };
        let mut records = Records::new(&file, dialect, file.text(), 1);
        assert!(records.advance().expect("a record"));
        assert_eq!(records.end(), 5);
    }
}
