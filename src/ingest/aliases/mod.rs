//! Which headers mean which field: one table a field, the preferred spelling
//! first. The spellings were seen in real exports and vendor documents.
//!
//! Aliases are compared without case, punctuation and blanks (see
//! [`super::header`]), so that `EmployeeID`, `employee_id` and `Employee ID`
//! need one entry. They match whole headers only: `Manager's Work Email` and
//! `Personal Email` can never be taken for the leaver's work e-mail.

pub(super) mod bill;
pub(super) mod hr;
mod lists;
pub(super) mod users;

pub(super) use lists::{holds, map, numbers, review, roster, seats};

use super::input_file::InputRole;

/// One field and its spellings.
#[derive(Debug)]
pub(super) struct Field {
    /// The name in `[columns]` and in messages.
    pub name: &'static str,
    /// Headers that mean this field and no other.
    pub strong: &'static [&'static str],
    /// Headers that mean it only when no column has a stronger claim.
    pub weak: &'static [&'static str],
    /// What several fitting columns mean.
    pub arity: Arity,
}

/// What several columns that fit one field mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arity {
    /// The same value; the spelling that is listed first counts.
    One,
    /// The same value, and it decides about a person: all columns with a
    /// spelling that means this field only are read, and a row in which they
    /// disagree is invalid.
    Agreeing,
    /// More values; the header may be numbered, as in `License 1`, `License 2`.
    Several,
}

/// Fields of which a file must have at least one.
#[derive(Debug)]
pub(super) struct Requirement {
    /// How a message calls them.
    pub wanted: &'static str,
    /// The fields.
    pub any_of: &'static [&'static Field],
}

/// What is known about the columns of one sort of file.
#[derive(Debug)]
pub(super) struct Table {
    /// The sort of file.
    pub role: InputRole,
    /// Its fields; earlier ones choose first among the weak spellings.
    pub fields: &'static [&'static Field],
    /// What it cannot do without.
    pub required: &'static [Requirement],
}

const fn field(
    name: &'static str,
    strong: &'static [&'static str],
    weak: &'static [&'static str],
) -> Field {
    Field {
        name,
        strong,
        weak,
        arity: Arity::One,
    }
}

const fn agreeing_field(
    name: &'static str,
    strong: &'static [&'static str],
    weak: &'static [&'static str],
) -> Field {
    Field {
        name,
        strong,
        weak,
        arity: Arity::Agreeing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::header::normalize;

    #[test]
    fn aliases_are_written_as_headers_are_normalized() {
        let tables = [
            &hr::TABLE,
            &users::TABLE,
            &seats::TABLE,
            &holds::TABLE,
            &map::TABLE,
            &review::TABLE,
            &roster::TABLE,
            &bill::TABLE,
        ];
        for field in tables.iter().flat_map(|table| table.fields) {
            for alias in field.strong.iter().chain(field.weak) {
                assert_eq!(normalize(alias), *alias, "field {}", field.name);
            }
        }
    }

    #[test]
    fn no_two_fields_have_the_same_strong_alias() {
        for table in [&hr::TABLE, &users::TABLE, &seats::TABLE, &bill::TABLE] {
            let mut aliases: Vec<_> = table.fields.iter().flat_map(|field| field.strong).collect();
            let count = aliases.len();
            aliases.sort_unstable();
            aliases.dedup();
            assert_eq!(aliases.len(), count, "{}", table.role);
        }
    }
}
