//! Rows that vanished in a cell. A stray quote at the beginning of a cell opens
//! it until the next stray quote, hundreds of rows below; whoever stands between
//! is lost without a trace, and what is left of the first row is completed with
//! the date of somebody else.

use super::cells::Cells;
use super::landmarks::Landmarks;

/// The cell that swallowed rows, if one did. `width` is how many cells the
/// header has.
pub(super) fn swallowing_cell(
    cells: Cells<'_>,
    delimiter: u8,
    width: usize,
    landmarks: &Landmarks,
) -> Option<usize> {
    // Most records have no line break, and this is the cheapest way to know.
    memchr::memchr2(b'\n', b'\r', cells.text().as_bytes())?;
    (0..cells.len()).find(|&at| swallowed_rows(cells, at, delimiter, width, landmarks))
}

/// Whether lines within a cell would be rows of the file: two of the right
/// width, or one that also has something of a person in the right place.
fn swallowed_rows(
    cells: Cells<'_>,
    at: usize,
    delimiter: u8,
    width: usize,
    landmarks: &Landmarks,
) -> bool {
    let delimiter = char::from(delimiter);
    let fits = |(position, cell): (usize, &str)| landmarks.fits(position, cell);
    let cell = cells.get(at).unwrap_or_default();
    let mut lines: Vec<&str> = cell.split(['\n', '\r']).skip(1).collect();
    let Some(last) = lines.pop() else {
        return false;
    };
    let whole = lines
        .iter()
        .filter(|line| line.split(delimiter).count() == width);
    let (mut rows, mut rows_of_people) = (0, 0);
    for line in whole {
        rows += 1;
        rows_of_people += usize::from(line.split(delimiter).enumerate().any(fits));
    }
    // The last line goes on behind the cell, where a comment would have it too;
    // so it counts by the whole cells that it has before the quote closes.
    let heads = last.matches(delimiter).count();
    let last_is_row = heads + cells.len() - at == width;
    let heads_fit = last.split(delimiter).take(heads).enumerate().any(fits);
    rows_of_people += usize::from(last_is_row && heads_fit);
    rows_of_people > 0 || width > 2 && rows > 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::LineEnd;
    use crate::ingest::records::{Dialect, Quoting, Records};

    fn swallows(text: &str) -> Option<usize> {
        let dialect = Dialect {
            delimiter: b',',
            quoting: Quoting::Quoted,
            line_end: LineEnd::of(text),
        };
        let mut records = Records::new(dialect, text, 1);
        assert!(records.advance(), "a record");
        // Id, name, nickname, e-mail, date, comment.
        let landmarks = Landmarks {
            ids: vec![0],
            emails: vec![3],
            usernames: Vec::new(),
            dates: vec![4],
        };
        swallowing_cell(records.record(), b',', 6, &landmarks)
    }

    #[test]
    fn swallowed_rows_are_seen() {
        // Two or more.
        let many = "E1,Al,\"Ace,,,\nx,Bo,,,,\ny,Cy,,,,\nE4,Di,D\",,,\n";
        assert_eq!(swallows(many), Some(2));
        // One in between.
        let one = "E1,Al,\"Ace,,,\nE2,Bo,,bo@example.com,,\nE4,Di,D\",,,\n";
        assert_eq!(swallows(one), Some(2));
        // None in between, but the last one's head.
        let head = "E1,Al,\"Ace,al@example.com,2026-01-31,\nE2,Bo,B\",bo@example.com,,\n";
        assert_eq!(swallows(head), Some(2));
        let windows = "E1,Al,\"Ace,,,\r\nE2,Bo,,bo@example.com,,\r\nE4,Di,D\",,,\r\n";
        assert_eq!(swallows(windows), Some(2));
    }

    #[test]
    fn comments_of_several_lines_are_no_rows() {
        for comment in [
            "moved to\nAustin, Texas, USA",
            "told:\n- Al, on Monday\n- Bo, on Tuesday\n- Cy",
            "one, two, three, four, five, six\nseven",
            "\n\n\n",
            "19\n20",
        ] {
            let text = format!("E1,Al,Ace,al@example.com,2026-01-31,\"{comment}\"\n");
            assert_eq!(swallows(&text), None, "{comment:?}");
            let text = format!("E1,\"{comment}\",Ace,al@example.com,2026-01-31,\n");
            assert_eq!(swallows(&text), None, "{comment:?}");
        }
    }
}
