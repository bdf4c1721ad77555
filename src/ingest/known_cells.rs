//! What cells mean that were read before. Status, licenses and dates of a users
//! report repeat from row to row: each is understood once and recognized after.

use std::collections::HashSet;

use crate::model::{AccountStatus, LicenseSet, PrintMap};

/// Different values of a field that are remembered. Fields with more do not
/// repeat, and remembering them would cost more than reading them again.
const MOST_VALUES: usize = 1024;

/// The values of one part of a report.
#[derive(Debug, Default)]
pub(super) struct KnownCells {
    /// Cells of the status, and what they mean.
    statuses: Vec<(String, AccountStatus)>,
    /// Positions in `license_sets`, by all cells that say licenses.
    licenses: PrintMap<String, usize>,
    license_sets: Vec<LicenseSet>,
    /// Dates that can be read.
    dates: HashSet<String>,
    /// Dates that need no order of day and month.
    orderless: HashSet<String>,
    /// The cells that are being looked up, joined.
    joined: String,
}

impl KnownCells {
    /// What the cell of a status means, by `read` if it is new. `None` where
    /// that fails.
    pub(super) fn status(
        &mut self,
        cell: &str,
        read: impl FnOnce() -> Option<AccountStatus>,
    ) -> Option<AccountStatus> {
        let mut known = self.statuses.iter();
        if let Some((_, status)) = known.find(|(known, _)| known == cell) {
            return Some(*status);
        }
        let status = read()?;
        if self.statuses.len() < MOST_VALUES {
            self.statuses.push((cell.to_owned(), status));
        }
        Some(status)
    }

    /// The licenses that these cells say together, by `read` if they are new.
    /// `None` where that fails.
    pub(super) fn licenses<'c>(
        &mut self,
        cells: impl Iterator<Item = &'c str>,
        read: impl FnOnce(usize) -> Option<LicenseSet>,
    ) -> Option<&LicenseSet> {
        self.joined.clear();
        for cell in cells {
            self.joined.push_str(cell);
            // No cell holds a NUL: the whole file would have been refused.
            self.joined.push('\0');
        }
        if let Some(position) = self.licenses.get(&self.joined) {
            return self.license_sets.get(*position);
        }
        let position = self.license_sets.len();
        self.license_sets.push(read(position)?);
        if self.licenses.len() < MOST_VALUES {
            self.licenses.insert(self.joined.clone(), position);
        }
        self.license_sets.get(position)
    }

    /// Whether the cell of a date can be read: `is_date` says so if it is new.
    pub(super) fn date(&mut self, cell: &str, is_date: impl FnOnce() -> bool) -> bool {
        is_known_date(&mut self.dates, cell, is_date)
    }

    /// Whether the cell of a date means the same in every order of day and month:
    /// `is_orderless` says so if it is new.
    pub(super) fn orderless(&mut self, cell: &str, is_orderless: impl FnOnce() -> bool) -> bool {
        is_known_date(&mut self.orderless, cell, is_orderless)
    }
}

fn is_known_date(known: &mut HashSet<String>, cell: &str, is_such: impl FnOnce() -> bool) -> bool {
    if cell.is_empty() || is_utc_instant(cell) || known.contains(cell) {
        return true;
    }
    let is_such = is_such();
    if is_such && known.len() < MOST_VALUES {
        known.insert(cell.to_owned());
    }
    is_such
}

/// Whether the cell is an instant as the vendor writes it,
/// `2024-05-01T10:00:00Z`, of a day that every month has.
fn is_utc_instant(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    let is_digits = |at: &[usize]| at.iter().all(|at| bytes[*at].is_ascii_digit());
    let number = |at: usize| 10 * (bytes[at] - b'0') + (bytes[at + 1] - b'0');
    bytes.len() == 20
        && [
            bytes[4], bytes[7], bytes[10], bytes[13], bytes[16], bytes[19],
        ] == *b"--T::Z"
        && is_digits(&[0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18])
        && (1..=12).contains(&number(5))
        && (1..=28).contains(&number(8))
        && number(11) < 24
        && number(14) < 60
        && number(17) < 60
        && bytes[0] != b'0'
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn instants_that_pass_are_instants() {
        for (cell, passes) in [
            ("2024-05-01T10:00:00Z", true),
            ("9998-12-28T23:59:59Z", true),
            ("2024-13-01T10:00:00Z", false),
            ("2024-00-01T10:00:00Z", false),
            ("2024-05-00T10:00:00Z", false),
            ("2024-02-30T10:00:00Z", false),
            ("2024-05-01T24:00:00Z", false),
            ("2024-05-01T10:60:00Z", false),
            ("2024-05-01T10:00:60Z", false),
            ("2024-05-01 10:00:00Z", false),
            ("2024-05-01T10:00:0xZ", false),
            ("2024-05-01T10:00:00", false),
            ("", false),
        ] {
            assert_eq!(is_utc_instant(cell), passes, "{cell}");
            assert!(!passes || cell.parse::<Timestamp>().is_ok(), "{cell}");
        }
    }

    #[test]
    fn a_value_is_understood_once_and_a_failure_is_not_remembered() {
        let mut known = KnownCells::default();
        assert_eq!(known.status("a", || None), None);
        assert_eq!(
            known.status("a", || Some(AccountStatus::Active)),
            Some(AccountStatus::Active)
        );
        assert_eq!(
            known.status("a", || unreachable!("it is known")),
            Some(AccountStatus::Active)
        );
        let set = |number| LicenseSet {
            number,
            licenses: Vec::new(),
        };
        assert_eq!(known.licenses(["a", "b"].into_iter(), |_| None), None);
        for (cells, number) in [(["a", "b"], 0), (["ab", ""], 1), (["a", "b"], 0)] {
            let found = known.licenses(cells.into_iter(), |number| Some(set(number)));
            assert_eq!(found, Some(&set(number)), "{cells:?}");
        }
        assert!(!known.date("x", || false) && known.date("x", || true));
        assert!(known.date("x", || false));
    }
}
