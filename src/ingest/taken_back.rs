//! What a row says besides its date that keeps the termination from counting:
//! it was taken back, nobody approved it, or the person was hired since.

use jiff::civil::Date;

use super::DateOrder;
use super::aliases::hr;
use super::cells::Cells;
use super::dates::{Fault, read_date};
use super::header::Column;
use super::layout::Layout;
use super::status::yes_or_no;
use super::text::is_blank;
use crate::model::{EmploymentStatus, HrRow};

/// How words begin that take a termination back.
const TAKING_BACK: [&str; 9] = [
    "rescind",
    "rescission",
    "cancel",
    "withdr",
    "revers",
    "retract",
    "revok",
    "storn",
    "zurückgezogen",
];

/// Phrases of reasons that say that nobody left.
const MISTAKES: [&str; 5] = [
    "in error",
    "by mistake",
    "no show",
    "no-show",
    "did not start",
];

/// How an approval is called that was given, or that nobody had to give.
const APPROVED: [&str; 11] = [
    "approved",
    "auto approved",
    "auto-approved",
    "automatically approved",
    "fully approved",
    "complete",
    "completed",
    "successfully completed",
    "not required",
    "genehmigt",
    "bestätigt",
];

/// The columns that contradict a termination.
pub(super) struct Contradictions {
    hire_date: Column,
    rescinded: Column,
    approval: Column,
    reason: Column,
}

impl Contradictions {
    pub(super) fn of(layout: &Layout) -> Self {
        Self {
            hire_date: layout.column(&hr::HIRE_DATE),
            rescinded: layout.column(&hr::RESCINDED),
            approval: layout.column(&hr::APPROVAL),
            reason: layout.column(&hr::REASON),
        }
    }

    /// The column that contradicts the row's termination, and how. A row of
    /// somebody who stays is not asked: it says what such a column would.
    pub(super) fn fault(&self, row: &HrRow, cells: Cells<'_>) -> Option<(&Column, Fault)> {
        if !may_leave(row) {
            return None;
        }
        let any =
            |column: &Column, contradicts: fn(&str) -> bool| column.filled(cells).any(contradicts);
        if any(&self.rescinded, is_yes_or_date) {
            return Some((&self.rescinded, taken_back(hr::RESCINDED.name)));
        }
        if any(&self.reason, takes_back) {
            return Some((&self.reason, taken_back(hr::REASON.name)));
        }
        any(&self.approval, is_not_approved).then(|| (&self.approval, not_approved()))
    }

    /// The day on which the row's person came back: a hire after the end.
    /// Nothing else of the hire date matters, so that its order of day and
    /// month has to be settled only where it decides.
    pub(super) fn hired_again(
        &self,
        row: &HrRow,
        cells: Cells<'_>,
    ) -> Result<Option<Date>, (&Column, Fault)> {
        let Some(end) = row.termination_date.or(row.last_day) else {
            return Ok(None);
        };
        let dates = readings(self.hire_date.text(cells));
        let [day_first, month_first] = dates.map(|date| date.filter(|hired| *hired > end));
        match (day_first, month_first) {
            (Some(one), Some(other)) => Ok(Some(one.min(other))),
            (None, None) => Ok(None),
            (Some(_), None) | (None, Some(_)) => Err((
                &self.hire_date,
                Fault::new(
                    "this hire date may be later than the termination",
                    "write it as YYYY-MM-DD, or say in [columns.hr] hire_date = \"\" that it does \
                     not matter",
                ),
            )),
        }
    }
}

/// A cell as a date with the day first, and with the month first.
pub(super) fn readings(cell: &str) -> [Option<Date>; 2] {
    [DateOrder::DayFirst, DateOrder::MonthFirst]
        .map(|order| read_date(cell, Some(order)).ok().flatten())
}

fn may_leave(row: &HrRow) -> bool {
    match row.status {
        Some(EmploymentStatus::Left) => true,
        Some(EmploymentStatus::Employed | EmploymentStatus::Rehired) => false,
        Some(
            EmploymentStatus::Absent | EmploymentStatus::NotStarted | EmploymentStatus::Unclear,
        )
        | None => row.termination_date.is_some() || row.last_day.is_some(),
    }
}

/// Whatever is not a plain no; a date that means none is blank, too.
fn is_yes_or_date(cell: &str) -> bool {
    let is_no = yes_or_no(&cell.to_lowercase()) == Some(false);
    !is_no && !is_blank(cell) && !matches!(read_date(cell, None), Ok(None))
}

fn takes_back(cell: &str) -> bool {
    let cell = cell.to_lowercase();
    let mut words = cell.split(|c: char| !c.is_alphanumeric());
    words.any(|word| TAKING_BACK.iter().any(|begin| word.starts_with(begin)))
        || MISTAKES.iter().any(|phrase| cell.contains(phrase))
}

/// The day of the approval approves, too.
fn is_not_approved(cell: &str) -> bool {
    let word = cell.to_lowercase();
    let is_approved = APPROVED.contains(&&*word) || yes_or_no(&word) == Some(true);
    let is_date = readings(cell).iter().any(Option::is_some);
    !is_blank(cell) && !is_approved && !is_date
}

fn taken_back(field: &str) -> Fault {
    Fault::new(
        "the termination seems to be taken back",
        format!(
            "remove the row or correct it in HR; if the column means something else, say \
             [columns.hr] {field} = \"\""
        ),
    )
}

fn not_approved() -> Fault {
    Fault::new(
        "nobody has approved the termination",
        format!(
            "wait for the approval or remove the row; if the column means something else, say \
             [columns.hr] {} = \"\"",
            hr::APPROVAL.name
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_take_a_termination_back_are_told_from_others() {
        for reason in [
            "Termination rescinded",
            "RESCINDED - staying",
            "Resignation withdrawn",
            "No show - entered in error",
            "Cancelled",
        ] {
            assert!(takes_back(reason), "{reason}");
        }
        for reason in ["Voluntary", "Career change", "Transfer", "Inverse commute"] {
            assert!(!takes_back(reason), "{reason}");
        }
    }

    #[test]
    fn only_a_plain_no_or_nothing_rescinds_nothing() {
        for cell in ["No", "", "n/a", "FALSE", "9999-12-31"] {
            assert!(!is_yes_or_date(cell), "{cell}");
        }
        for cell in ["Yes", "2026-11-20", "staying"] {
            assert!(is_yes_or_date(cell), "{cell}");
        }
    }

    #[test]
    fn an_approval_is_given_or_it_is_not() {
        for cell in ["Approved", "yes", "Completed", "", "11/20/2026"] {
            assert!(!is_not_approved(cell), "{cell}");
        }
        for cell in ["Pending", "Denied", "no", "In Progress"] {
            assert!(is_not_approved(cell), "{cell}");
        }
    }
}
