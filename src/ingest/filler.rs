//! Rows of an export that are about nobody: remarks and totals.

use super::cells::Cells;
use super::landmarks::Landmarks;
use super::text::{is_blank, tidy};

/// Why a row is no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filler {
    /// Its only filled cell begins with `#`.
    Comment,
    /// It says that it is a total, and nothing in it says who or when.
    Total,
}

/// What totals call themselves in their first filled cell, besides numbers.
const TOTALS: [&str; 21] = [
    "total",
    "totals",
    "grand total",
    "grand totals",
    "subtotal",
    "sub total",
    "sub-total",
    "report total",
    "totaal",
    "summe",
    "gesamt",
    "gesamtsumme",
    "count",
    "record count",
    "row count",
    "total count",
    "total records",
    "total rows",
    "total employees",
    "trailer",
    "trailer record",
];

/// What a spreadsheet writes when a formula fails: a damaged row, no comment.
const FORMULA_ERRORS: [&str; 6] = ["#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"];

impl Filler {
    /// What makes the row no data, if anything does. Every other row without
    /// identity is a result, and invalid.
    pub(super) fn of(cells: Cells<'_>, landmarks: &Landmarks) -> Option<Self> {
        let mut filled = cells.iter().map(tidy).enumerate();
        let (label, first) = filled.find(|(_, cell)| !cell.is_empty())?;
        if is_comment(first) && filled.all(|(_, cell)| cell.is_empty()) {
            return Some(Self::Comment);
        }
        (is_total(first) && !landmarks.are_in(cells, label)).then_some(Self::Total)
    }
}

fn is_comment(cell: &str) -> bool {
    cell.starts_with('#') && !is_blank(cell) && !FORMULA_ERRORS.contains(&cell)
}

/// `Total`, `Grand Total:`, `Total (12)`, `Trailer 000012`.
fn is_total(cell: &str) -> bool {
    let word = cell.trim_end_matches(|c: char| !c.is_alphabetic());
    // The longest one has 15 letters; most cells need no closer look.
    word.len() <= 16 && TOTALS.iter().any(|total| total.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::cells::KeptCells;

    fn filler(cells: &[&str]) -> Option<Filler> {
        // Id, name, e-mail, date.
        let landmarks = Landmarks {
            ids: vec![0],
            emails: vec![2],
            usernames: Vec::new(),
            dates: vec![3],
        };
        let cells: KeptCells = cells.iter().copied().collect();
        Filler::of(cells.cells(), &landmarks)
    }

    #[test]
    fn remarks_and_totals_are_no_data() {
        for cells in [
            &["# exported for IT", "", "", ""][..],
            &["", "#", "", ""],
            &["# one cell"],
        ] {
            assert_eq!(filler(cells), Some(Filler::Comment), "{cells:?}");
        }
        for cells in [
            &["Total", "454", "", ""][..],
            &["", "Grand Total:", "", "12"],
            &["TRAILER|000012"],
            &["Totaal", "n/a", "-", ""],
            &["Record count: 12"],
            &["Total (12)", "", "", ""],
        ] {
            assert_eq!(filler(cells), Some(Filler::Total), "{cells:?}");
        }
    }

    #[test]
    fn whoever_may_be_somebody_is_data() {
        for cells in [
            &["7", "Total", "", ""][..],
            &["", "Total", "jo@example.com", ""],
            &["Total", "", "", "2026-01-31"],
            &["", "Count Basie", "", ""],
            &["#12", "Jo Doe", "", ""],
            &["#N/A", "", "", ""],
            &["#REF!", "", "", ""],
            &["Totalmente", "", "", ""],
        ] {
            assert_eq!(filler(cells), None, "{cells:?}");
        }
    }
}
