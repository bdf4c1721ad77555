//! Cuts a text at record boundaries, so that its parts can be parsed side by
//! side and give the same rows as the whole.
//!
//! The text is first cut at line ends, where the parser can only be in one of
//! two states: at the start of a record, or within quotes. Each block is
//! scanned on its own for both, and one pass over the blocks then tells which
//! of the two was true. Counting quotes would not do: a quote in the middle of
//! an unquoted cell (`5" pipe`) is an ordinary character.

use rayon::prelude::*;

use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::records::{Dialect, Quoting};

/// A stretch of text that begins where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk<'t> {
    /// The text.
    pub text: &'t str,
    /// The physical line of its first byte.
    pub first_line: u64,
}

/// Cuts `text` into chunks of about `size` bytes. Fails when a quote is never
/// closed.
pub(super) fn cut<'t>(
    file: &TextFile,
    dialect: Dialect,
    text: &'t str,
    first_line: u64,
    size: usize,
) -> Result<Vec<Chunk<'t>>, IngestError> {
    let blocks = blocks_at_line_ends(text.as_bytes(), dialect.line_end.byte(), size);
    let scans: Vec<(Scan, Scan)> = blocks
        .par_iter()
        .map(|&(start, end)| scan_both(&text.as_bytes()[start..end], dialect))
        .collect();
    let mut record_starts = Vec::new();
    let mut open = false;
    for (&(start, _), (from_record, from_quotes)) in blocks.iter().zip(&scans) {
        let scan = if open { from_quotes } else { from_record };
        record_starts.extend(scan.first_record.map(|offset| start + offset));
        open = scan.ends_within_quotes;
    }
    if open {
        return Err(open_quote(file, dialect, text, first_line).into());
    }
    Ok(number(text, &record_starts, dialect, first_line))
}

/// Where the last whole record of a text ends that begins with a record; 0 if
/// none does.
pub(super) fn last_record_end(text: &[u8], dialect: Dialect) -> usize {
    let line_end = dialect.line_end.byte();
    if dialect.quoting == Quoting::Unquoted || memchr::memchr(b'"', text).is_none() {
        return memchr::memrchr(line_end, text).map_or(0, |at| at + 1);
    }
    let mut state = State::FieldStart;
    let mut end = 0;
    for (offset, &byte) in text.iter().enumerate() {
        state = state.after(byte, dialect);
        if byte == line_end && state == State::FieldStart {
            end = offset + 1;
        }
    }
    end
}

/// Whether a text that begins with a record ends within quotes.
pub(super) fn ends_within_quotes(text: &[u8], dialect: Dialect) -> bool {
    scan(text, dialect, State::FieldStart).ends_within_quotes
}

/// Where the quote was opened that swallows the end of the whole file, if one
/// does.
pub(super) fn find_open_quote(file: &TextFile, dialect: Dialect) -> Option<Refusal> {
    let scan = scan(file.text().as_bytes(), dialect, State::FieldStart);
    scan.ends_within_quotes
        .then(|| open_quote(file, dialect, file.text(), 1))
}

/// Whether a quote is never closed, or a cell goes on after its closing quote:
/// signs that quotes are not meant as such.
pub(super) fn has_stray_quotes(text: &str, dialect: Dialect) -> bool {
    let mut state = State::FieldStart;
    for &byte in text.as_bytes() {
        let next = state.after(byte, dialect);
        if state == State::QuoteSeen && next == State::Unquoted {
            return true;
        }
        state = next;
    }
    state == State::Quoted
}

/// What one scan of a block found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scan {
    /// Where the first record of the block begins; `None` when it has none.
    first_record: Option<usize>,
    /// Whether the next block begins within quotes.
    ends_within_quotes: bool,
}

/// The states of the csv crate's parser that matter for boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Unquoted,
    Quoted,
    /// After a quote within quotes: the end of the cell, or half of a pair.
    QuoteSeen,
}

impl State {
    fn after(self, byte: u8, dialect: Dialect) -> Self {
        match (self, byte) {
            (Self::FieldStart, b'"') if dialect.quoting == Quoting::Unquoted => Self::Unquoted,
            (Self::Quoted, b'"') => Self::QuoteSeen,
            (Self::Quoted, _) | (Self::FieldStart | Self::QuoteSeen, b'"') => Self::Quoted,
            (_, b'\n' | b'\r') => Self::FieldStart,
            (_, byte) if byte == dialect.delimiter => Self::FieldStart,
            (_, _) => Self::Unquoted,
        }
    }
}

fn blocks_at_line_ends(bytes: &[u8], terminator: u8, size: usize) -> Vec<(usize, usize)> {
    let mut blocks = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let target = start.saturating_add(size.max(1) - 1).min(bytes.len());
        let end = memchr::memchr(terminator, &bytes[target..])
            .map_or(bytes.len(), |offset| target + offset + 1);
        blocks.push((start, end));
        start = end;
    }
    blocks
}

fn scan_both(block: &[u8], dialect: Dialect) -> (Scan, Scan) {
    if dialect.quoting == Quoting::Unquoted || memchr::memchr(b'"', block).is_none() {
        // Most blocks of most reports: no quote, so nothing changes.
        let outside = Scan {
            first_record: Some(0),
            ends_within_quotes: false,
        };
        let inside = Scan {
            first_record: None,
            ends_within_quotes: true,
        };
        return (outside, inside);
    }
    (
        scan(block, dialect, State::FieldStart),
        scan(block, dialect, State::Quoted),
    )
}

fn scan(block: &[u8], dialect: Dialect, start: State) -> Scan {
    let line_end = dialect.line_end.byte();
    let mut first_record = (start == State::FieldStart).then_some(0);
    let mut state = start;
    for (offset, &byte) in block.iter().enumerate() {
        state = state.after(byte, dialect);
        let record_ended = byte == line_end && state == State::FieldStart;
        if record_ended && first_record.is_none() && offset + 1 < block.len() {
            first_record = Some(offset + 1);
        }
    }
    Scan {
        first_record,
        ends_within_quotes: state == State::Quoted,
    }
}

fn number<'t>(
    text: &'t str,
    starts: &[usize],
    dialect: Dialect,
    first_line: u64,
) -> Vec<Chunk<'t>> {
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let parts: Vec<&str> = starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| &text[start..end])
        .collect();
    let line_counts: Vec<u64> = parts
        .par_iter()
        .map(|part| dialect.line_end.count(part.as_bytes()))
        .collect();
    let mut line = first_line;
    let mut chunks = Vec::with_capacity(parts.len());
    for (part, count) in parts.into_iter().zip(line_counts) {
        chunks.push(Chunk {
            text: part,
            first_line: line,
        });
        line += count;
    }
    chunks
}

fn open_quote(file: &TextFile, dialect: Dialect, text: &str, first_line: u64) -> Refusal {
    let mut opened_at = 0;
    let mut state = State::FieldStart;
    for (offset, &byte) in text.as_bytes().iter().enumerate() {
        let next = state.after(byte, dialect);
        if state == State::FieldStart && next == State::Quoted {
            opened_at = offset;
        }
        state = next;
    }
    let lines_above = dialect.line_end.count(&text.as_bytes()[..opened_at]);
    Refusal {
        line: Some(first_line + lines_above),
        ..file.refusal(
            "a quote that opens on this line is never closed",
            "the file is damaged or incomplete: export it again",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::records::Records;
    use proptest::prelude::*;

    fn comma(file: &TextFile) -> Dialect {
        Dialect {
            delimiter: b',',
            quoting: Quoting::Quoted,
            line_end: file.line_end,
        }
    }

    fn file(text: &str) -> TextFile {
        TextFile::decode("in.csv".to_owned(), text.into()).expect("text")
    }

    fn rows(file: &TextFile, size: usize) -> Result<Vec<(u64, Vec<String>)>, String> {
        let mut rows = Vec::new();
        let chunks =
            cut(file, comma(file), file.text(), 1, size).map_err(|error| error.to_string())?;
        for chunk in chunks {
            let mut records = Records::new(comma(file), chunk.text, chunk.first_line);
            while records.advance() {
                let cells = records.record().iter().map(str::to_owned).collect();
                rows.push((records.line(), cells));
            }
        }
        Ok(rows)
    }

    #[test]
    fn a_cell_with_line_breaks_is_never_cut() {
        let file = file("a,\"b\nb\nb\"\nc,d\n");
        let chunks = cut(&file, comma(&file), file.text(), 1, 1).expect("chunks");
        let texts: Vec<_> = chunks.iter().map(|chunk| chunk.text).collect();
        assert_eq!(texts, ["a,\"b\nb\nb\"\n", "c,d\n"]);
        assert_eq!(chunks[1].first_line, 4);
    }

    #[test]
    fn a_quote_within_an_unquoted_cell_opens_nothing() {
        assert_eq!(rows(&file("a,5\" pipe\nb,c\n"), 1).expect("rows").len(), 2);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_named_by_its_line() {
        let error = rows(&file("a,b\nc,\"d\ne,f\ng,h\n"), 4).expect_err("a refusal");
        assert!(error.starts_with("in.csv line 2: a quote"), "{error}");
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_rows(text in "[ab,\"\r\n]{1,80}", size in 1usize..40) {
            let file = file(&text);
            prop_assert_eq!(rows(&file, size), rows(&file, usize::MAX));
        }

        #[test]
        fn an_open_quote_is_reported_wherever_the_csv_crate_would_swallow_the_rest(
            text in "[a,\"\n]{1,40}"
        ) {
            // A quote that is never closed also swallows a record appended to the text.
            let appended = format!("{text}\nq,q\n");
            let swallowed = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(appended.as_bytes())
                .records()
                .last()
                .is_none_or(|record| record.is_ok_and(|record| record != vec!["q", "q"]));
            prop_assert_eq!(rows(&file(&appended), 8).is_err(), swallowed);
        }
    }
}
