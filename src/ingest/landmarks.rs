//! The columns by whose cells a row of people is recognized.

use super::cells::Cells;
use super::dates::read_date;
use super::header::Assignment;
use super::text::tidy;
use crate::model::{EmailAddress, EmployeeId, Username};

/// Where a file holds who somebody is and when something was.
#[derive(Debug, Clone, Default)]
pub(super) struct Landmarks {
    /// Ids, of employees and of accounts.
    pub ids: Vec<usize>,
    /// E-mail addresses.
    pub emails: Vec<usize>,
    /// Usernames.
    pub usernames: Vec<usize>,
    /// Dates.
    pub dates: Vec<usize>,
}

impl Landmarks {
    /// The columns of these fields, whatever sort of file it is.
    pub(super) fn of(assignment: &Assignment) -> Self {
        let positions = |fields: &[&str]| {
            let positions = fields.iter().filter_map(|field| assignment.get(field));
            positions.flatten().copied().collect()
        };
        Self {
            ids: positions(&["employee_id", "user_id"]),
            emails: positions(&["work_email", "email"]),
            usernames: positions(&["username"]),
            dates: positions(&[
                "termination_date",
                "last_day",
                "rehire_date",
                "action_date",
                "created",
            ]),
        }
    }

    /// Whether any cell but the one at `label` says who or when.
    pub(super) fn are_in(&self, cells: Cells<'_>, label: usize) -> bool {
        let any = |positions: &[usize], says: fn(&str) -> bool| {
            let others = positions.iter().filter(|position| **position != label);
            others.filter_map(|position| cells.get(*position)).any(says)
        };
        any(&self.ids, |cell| EmployeeId::parse(cell).is_some())
            || any(&self.emails, is_email)
            || any(&self.usernames, |cell| {
                Username::parse(tidy(cell)).is_some()
            })
            || any(&self.dates, is_date)
    }

    /// Whether any of a row's cells would surely be one of a person's row.
    pub(super) fn fit_any(&self, cells: &[String]) -> bool {
        let mut cells = cells.iter().enumerate();
        cells.any(|(position, cell)| self.fits(position, cell))
    }

    /// Whether a cell at this place would surely be one of a person's row, and
    /// not a piece of a sentence.
    pub(super) fn fits(&self, position: usize, cell: &str) -> bool {
        let cell = tidy(cell);
        (self.emails.contains(&position) || self.usernames.contains(&position)) && is_email(cell)
            || self.dates.contains(&position) && is_date(cell)
            || self.ids.contains(&position) && is_number_of_somebody(cell)
    }
}

/// Whether a row speaks of somebody, and so is no header row: it has an address
/// or a day in it.
pub(super) fn is_of_somebody(cells: &[String]) -> bool {
    cells.iter().any(|cell| is_email(cell) || is_date(cell))
}

fn is_email(cell: &str) -> bool {
    EmailAddress::parse(tidy(cell)).is_some()
}

fn is_date(cell: &str) -> bool {
    read_date(cell, None).is_ok_and(|date| date.is_some())
}

fn is_number_of_somebody(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    digits > 0 && !cell.contains(char::is_whitespace)
}
