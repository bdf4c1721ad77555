//! A cursor over the records of a stretch of text.

use std::io::Cursor;
use std::ops::Range;

use csv::{Position, StringRecord};

use super::cells::Cells;
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
/// Nearly all lines have no quote: they are cut where they stand, and their cells
/// are not copied. A record with quotes is read by the csv crate.
pub(super) struct Records<'t> {
    text: &'t str,
    dialect: Dialect,
    /// Where the next record is looked for, and on which line that is.
    at: usize,
    line_at: u64,
    /// The line on which the record begins.
    line: u64,
    record: RecordText<'t>,
    /// Where the record's cells stand in its text.
    ranges: Vec<Range<usize>>,
    /// The last record with quotes, without these, and who reads such records;
    /// made when the first one comes.
    unquoted: StringRecord,
    reader: Option<csv::Reader<Cursor<&'t [u8]>>>,
}

/// Where the cells of a record are.
#[derive(Debug, Clone, Copy)]
enum RecordText<'t> {
    /// In a line of the text.
    Line(&'t str),
    /// Copied.
    Unquoted,
}

impl<'t> Records<'t> {
    /// A cursor over `text`, whose first byte is on `first_line`.
    pub(super) fn new(dialect: Dialect, text: &'t str, first_line: u64) -> Self {
        Self {
            text,
            dialect,
            at: 0,
            line_at: first_line,
            line: first_line,
            record: RecordText::Line(""),
            ranges: Vec::new(),
            unquoted: StringRecord::new(),
            reader: None,
        }
    }

    /// Goes to the next record, which is never a blank line; `false` at the end,
    /// where the cursor stays on the last record.
    pub(super) fn advance(&mut self) -> bool {
        self.skip_line_ends();
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return false;
        }
        self.line = self.line_at;
        self.ranges.clear();
        let line = match memchr::memchr2(b'\n', b'\r', rest.as_bytes()) {
            Some(end) => &rest[..end],
            None => rest,
        };
        let has_quotes = self.dialect.quoting == Quoting::Quoted
            && memchr::memchr(b'"', line.as_bytes()).is_some();
        if has_quotes {
            self.read_quoted();
        } else {
            self.read_line(line);
        }
        true
    }

    /// The record that the cursor stands on.
    pub(super) fn record(&self) -> Cells<'_> {
        let text = match self.record {
            RecordText::Line(line) => line,
            RecordText::Unquoted => self.unquoted.as_slice(),
        };
        Cells::at(text, &self.ranges)
    }

    /// The physical line on which that record begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Where reading goes on after that record, in bytes from the text's start.
    pub(super) fn end(&self) -> usize {
        self.at + length_of_line_end(&self.text.as_bytes()[self.at..])
    }

    /// Passes over the end of a record, and blank lines.
    fn skip_line_ends(&mut self) {
        let bytes = self.text.as_bytes();
        loop {
            let length = length_of_line_end(&bytes[self.at..]);
            if length == 0 {
                return;
            }
            self.at += length;
            self.line_at += 1;
        }
    }

    fn read_line(&mut self, line: &'t str) {
        let mut start = 0;
        for end in memchr::memchr_iter(self.dialect.delimiter, line.as_bytes()) {
            self.ranges.push(start..end);
            start = end + 1;
        }
        self.ranges.push(start..line.len());
        self.record = RecordText::Line(line);
        self.at += line.len();
    }

    fn read_quoted(&mut self) {
        let (text, dialect) = (self.text, self.dialect);
        let reader = self.reader.get_or_insert_with(|| reader(text, dialect));
        let start = self.at;
        let mut place = Position::new();
        place.set_byte(start as u64);
        let read = reader
            .seek(place)
            .and_then(|()| reader.read_record(&mut self.unquoted));
        assert!(read.is_ok(), "text in memory, of UTF-8, that has a record");
        let end = usize::try_from(reader.position().byte()).unwrap_or(text.len());
        // It goes on behind the first byte of a line end, and here before it.
        let bytes = text.as_bytes();
        let is_behind = matches!(bytes[..end], [.., b'\r' | b'\n']);
        self.at = end - usize::from(is_behind);
        let cells = (0..self.unquoted.len()).filter_map(|cell| self.unquoted.range(cell));
        self.ranges.extend(cells);
        self.line_at += dialect.line_end.count(&bytes[start..self.at]);
        self.record = RecordText::Unquoted;
    }
}

fn reader(text: &str, dialect: Dialect) -> csv::Reader<Cursor<&[u8]>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(dialect.delimiter)
        .from_reader(Cursor::new(text.as_bytes()))
}

/// How long the line end is that stands at the beginning; 0 where none does.
fn length_of_line_end(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dialect(text: &str) -> Dialect {
        Dialect {
            delimiter: b',',
            quoting: Quoting::Quoted,
            line_end: LineEnd::of(text),
        }
    }

    fn records(text: &str, dialect: Dialect) -> Vec<(u64, Vec<String>)> {
        let mut records = Records::new(dialect, text, 1);
        let mut seen = Vec::new();
        while records.advance() {
            let cells = records.record().iter().map(str::to_owned);
            seen.push((records.line(), cells.collect()));
        }
        seen
    }

    fn lines(text: &str) -> Vec<(u64, String)> {
        let records = records(text, dialect(text)).into_iter();
        records
            .map(|(line, cells)| (line, cells[0].clone()))
            .collect()
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
        let text = "a,1\r\nb,2\r\n";
        let mut records = Records::new(dialect(text), text, 1);
        assert!(records.advance());
        assert_eq!(records.end(), 5);
    }

    #[test]
    fn the_last_record_stays() {
        let text = "a,1\nb,2";
        let mut records = Records::new(dialect(text), text, 1);
        while records.advance() {}
        assert_eq!(records.record().iter().collect::<Vec<_>>(), ["b", "2"]);
        assert_eq!((records.line(), records.end()), (2, text.len()));
    }

    /// The records as the csv crate reads them. The lines are counted here: it
    /// points at the blank lines above a record, and counts no lone returns.
    fn by_csv_crate(text: &str, dialect: Dialect) -> Vec<(u64, Vec<String>)> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .quoting(dialect.quoting == Quoting::Quoted)
            .from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        let mut seen = Vec::new();
        loop {
            let start = usize::try_from(reader.position().byte()).expect("a small text");
            if !reader.read_record(&mut record).expect("a record") {
                return seen;
            }
            let line_ends = text[start..].bytes();
            let blank = line_ends.take_while(|byte| matches!(byte, b'\r' | b'\n'));
            let above = &text.as_bytes()[..start + blank.count()];
            let line = 1 + dialect.line_end.count(above);
            seen.push((line, record.iter().map(str::to_owned).collect()));
        }
    }

    proptest! {
        #[test]
        fn records_are_those_of_the_csv_crate(
            text in "([ab]|é|,|;|\"|\"\"|,\"|\",|\n|\r\n|\r|\n\"){0,60}",
            delimiter in prop::sample::select(vec![b',', b';']),
            quoting in prop::sample::select(vec![Quoting::Quoted, Quoting::Unquoted]),
        ) {
            let dialect = Dialect { delimiter, quoting, line_end: LineEnd::of(&text) };
            prop_assert_eq!(records(&text, dialect), by_csv_crate(&text, dialect));
        }
    }
}
