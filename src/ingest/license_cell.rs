//! Licenses in a cell of the users report.
//!
//! The vendor does not document how its report separates several licenses.
//! Semicolons, bars and line breaks always separate; commas separate only in a
//! cell that has none of them, because they may be part of a name.

use super::dates::Fault;
use super::text::{is_blank, tidy};
use crate::model::LicenseName;

/// Seats of one license on one account at most; more is a damaged cell.
const MOST_SEATS: usize = 100;

/// Larger numbers in a column of one license are no seats: an extension, or a
/// fax number.
const MOST_SEATS_COUNTED: usize = 10;

/// The licenses of a cell, one entry a seat: `X Series - X2 (2)` is two.
/// `country` is what stands beside it. A cell that cannot be taken apart for
/// certain is a fault, because a seat that is overlooked would be given back
/// while somebody uses it.
pub(super) fn licenses_in(cell: &str, country: Option<&str>) -> Result<Vec<LicenseName>, Fault> {
    if is_blank(cell) {
        return Ok(Vec::new());
    }
    if let Some(damage) = damage(cell) {
        return Err(unreadable(damage));
    }
    let mut licenses = Vec::new();
    for name in names(cell) {
        let (name, seats) = name_and_seats(name)?;
        if seats_marked(name).is_some() && !name.is_empty() {
            return Err(unreadable("a mark in the place of a license's name"));
        }
        let license = LicenseName::parse(name, country)
            .filter(|license| license.display.chars().any(char::is_alphanumeric))
            .ok_or_else(|| unreadable("a license without a name"))?;
        licenses.extend(std::iter::repeat_n(license, seats));
    }
    Ok(licenses)
}

/// The seats that a mark or a small number stands for, in a column of one
/// license; `None` when the cell is neither.
pub(super) fn seats_marked(cell: &str) -> Option<usize> {
    if is_blank(cell) {
        return Some(0);
    }
    match cell.to_lowercase().as_str() {
        "no" | "n" | "false" | "✗" | "✘" | "☐" => Some(0),
        "yes" | "y" | "true" | "x" | "✓" | "✔" | "☑" | "☒" => Some(1),
        number => {
            let digits = number.bytes().all(|byte| byte.is_ascii_digit());
            let seats = number.parse().ok().filter(|_| digits)?;
            (seats <= MOST_SEATS_COUNTED).then_some(seats)
        }
    }
}

/// The values of a cell that lists several, without empty ones.
pub(super) fn values_in(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', '|', '\n', ','])
        .map(tidy)
        .filter(|value| !is_blank(value))
}

/// A two-letter country code; whatever else stands in a country column says
/// nothing about a license.
pub(super) fn country_code(cell: &str) -> Option<&str> {
    let cell = tidy(cell);
    (cell.len() == 2 && cell.bytes().all(|byte| byte.is_ascii_alphabetic())).then_some(cell)
}

fn damage(cell: &str) -> Option<&'static str> {
    let balance = |open, close| cell.matches(open).count() == cell.matches(close).count();
    if cell.contains('\u{fffd}') {
        Some("characters that were lost in a conversion")
    } else if cell
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\r' | '\n' | '\t'))
    {
        Some("control characters")
    } else if !balance('(', ')') || cell.matches('"').count() % 2 == 1 {
        Some("a parenthesis or quote without its other half")
    } else {
        None
    }
}

fn names(cell: &str) -> Vec<&str> {
    let cell = tidy(cell);
    if cell.contains([';', '|', '\n']) {
        cell.split([';', '|', '\n']).map(tidy).collect()
    } else {
        cell.split(',').map(tidy).collect()
    }
}

fn name_and_seats(text: &str) -> Result<(&str, usize), Fault> {
    let group = text
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
        .filter(|(_, digits)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    let Some((name, digits)) = group else {
        return Ok((text, 1));
    };
    match digits.parse() {
        Ok(seats) if (1..=MOST_SEATS).contains(&seats) => Ok((name, seats)),
        Ok(_) | Err(_) => Err(unreadable("an impossible number of seats")),
    }
}

/// A cell of licenses that nobody can be sure of.
pub(super) fn unreadable(what: &str) -> Fault {
    Fault::new(
        format!("the licenses cannot be told for certain: the cell has {what}"),
        "look the account up in the Admin Console, and correct the report",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_of(cell: &str) -> Vec<String> {
        let licenses = licenses_in(cell, None).expect("licenses");
        licenses
            .into_iter()
            .map(|license| license.display.to_string())
            .collect()
    }

    #[test]
    fn several_names_are_one_seat_each() {
        let expected = ["X Series - X2", "Fax"];
        for cell in [
            "X Series - X2; Fax",
            "X Series - X2|Fax",
            "X Series - X2\r\nFax\n",
            "X Series - X2, Fax",
        ] {
            assert_eq!(names_of(cell), expected, "{cell:?}");
        }
        assert_eq!(names_of("Meeting, large; Fax"), ["Meeting, large", "Fax"]);
        assert_eq!(names_of("none"), Vec::<String>::new());
    }

    #[test]
    fn a_number_in_parentheses_is_a_number_of_seats() {
        assert_eq!(names_of("X Series - X2 (2)"), ["X Series - X2"; 2]);
        assert_eq!(names_of("Local Number (US)"), ["Local Number (US)"]);
    }

    #[test]
    fn what_cannot_be_told_for_certain_is_a_fault() {
        for cell in [
            "X2;;Fax",
            "X2;",
            ";X2",
            ",",
            "…",
            "X\u{fffd}2",
            "X\u{7}2",
            "X2 (",
            "X2 (0)",
            "X2 (5000)",
            "(2)",
            "Yes",
            "X2; 1",
        ] {
            assert!(licenses_in(cell, None).is_err(), "{cell:?}");
        }
    }

    #[test]
    fn marks_and_small_numbers_are_seats_of_the_columns_license() {
        for (cell, seats) in [
            ("", Some(0)),
            ("No", Some(0)),
            ("0", Some(0)),
            ("X", Some(1)),
            ("✓", Some(1)),
            ("TRUE", Some(1)),
            ("2", Some(2)),
            ("1001", None),
            ("+1", None),
            ("X2", None),
        ] {
            assert_eq!(seats_marked(cell), seats, "{cell:?}");
        }
    }

    #[test]
    fn only_a_code_counts_as_country() {
        assert_eq!(country_code(" gb "), Some("gb"));
        assert_eq!(country_code("United Kingdom"), None);
    }
}
