//! Which column holds which field, told from a header row.

use std::collections::BTreeMap;

use csv::StringRecord;

use super::ColumnNames;
use super::aliases::{Arity, Field, Requirement, Table};
use super::text::tidy;

/// A field's columns in one file; without any when the file lacks the field.
#[derive(Debug, Clone, Default)]
pub(super) struct Column {
    header: String,
    positions: Vec<usize>,
}

impl Column {
    /// A column known by its positions; `header` is how messages call it.
    pub(super) fn new(header: String, positions: Vec<usize>) -> Self {
        Self { header, positions }
    }

    /// Whether the file has the field.
    pub(super) fn exists(&self) -> bool {
        !self.positions.is_empty()
    }

    /// The header as it stands in the file.
    pub(super) fn header(&self) -> &str {
        &self.header
    }

    /// The first filled cell, or the empty text.
    pub(super) fn text<'r>(&self, record: &'r StringRecord) -> &'r str {
        self.filled(record).next().unwrap_or_default()
    }

    /// All filled cells, without white space around them.
    pub(super) fn filled<'r>(&self, record: &'r StringRecord) -> impl Iterator<Item = &'r str> {
        self.positions
            .iter()
            .filter_map(|position| record.get(*position))
            .map(tidy)
            .filter(|cell| !cell.is_empty())
    }

    /// Whether columns of the same name hold different values.
    pub(super) fn contradicts_itself(&self, record: &StringRecord) -> bool {
        let mut filled = self.filled(record);
        let first = filled.next();
        filled.any(|cell| Some(cell) != first)
    }
}

/// Field → positions of its columns.
pub(super) type Assignment = BTreeMap<&'static str, Vec<usize>>;

/// Assigns the columns of a header row to fields: the administrator's names
/// first, then spellings that mean one field only, then the weak ones. A
/// column serves one field.
pub(super) fn assign(header: &[String], table: &Table, names: &ColumnNames) -> Assignment {
    let mut open: Vec<Option<String>> = header.iter().map(|cell| Some(squeeze(cell))).collect();
    let mut assignment = Assignment::new();
    for field in table.fields {
        if let Some(name) = names.0.get(field.name) {
            let positions = positions_of_name(header, name);
            take(&mut open, &mut assignment, field, positions);
        }
    }
    for spellings in [|field: &Field| field.strong, |field: &Field| field.weak] {
        for field in table.fields {
            if assignment.contains_key(field.name) || names.0.contains_key(field.name) {
                continue;
            }
            let positions = spellings(field)
                .iter()
                .map(|alias| positions_of_alias(&open, alias, field.arity))
                .find(|positions| !positions.is_empty());
            take(
                &mut open,
                &mut assignment,
                field,
                positions.unwrap_or_default(),
            );
        }
    }
    assignment
}

/// How many of the requirements an assignment meets.
pub(super) fn requirements_met(assignment: &Assignment, required: &[Requirement]) -> usize {
    required
        .iter()
        .filter(|requirement| meets(assignment, requirement))
        .count()
}

/// Whether an assignment has one of the fields.
pub(super) fn meets(assignment: &Assignment, requirement: &Requirement) -> bool {
    requirement
        .any_of
        .iter()
        .any(|field| assignment.contains_key(field.name))
}

/// The header as it is compared: without the ornaments that exporters add.
///
/// `#` becomes the word `number`, because `Employee #` is an id and `Employee`
/// a name.
pub(super) fn normalize(header: &str) -> String {
    let header = without_group(without_copy_number(tidy(header)));
    let words: String = header
        .to_lowercase()
        .replace('#', " number ")
        .chars()
        .filter(|c| !matches!(c, '*' | '.' | ':' | '\'' | '’' | '"' | '\u{feff}'))
        .map(|c| if matches!(c, '_' | '-' | '/') { ' ' } else { c })
        .collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The columns that a name given by the administrator means: the header to
/// the letter, else whatever is normalized to the same.
pub(super) fn positions_of_name(header: &[String], name: &str) -> Vec<usize> {
    let exact = positions_where(header, |cell| cell == tidy(name));
    if exact.is_empty() {
        let wanted = squeeze(name);
        positions_where(header, |cell| squeeze(cell) == wanted)
    } else {
        exact
    }
}

fn positions_of_alias(open: &[Option<String>], alias: &str, arity: Arity) -> Vec<usize> {
    let alias = alias.replace(' ', "");
    positions_where(open, |cell| {
        cell.as_ref()
            .and_then(|cell| cell.strip_prefix(&alias))
            .is_some_and(|rest| match arity {
                Arity::One => rest.is_empty(),
                Arity::Several => rest.chars().all(|c| c.is_ascii_digit()),
            })
    })
}

fn take(
    open: &mut [Option<String>],
    assignment: &mut Assignment,
    field: &Field,
    positions: Vec<usize>,
) {
    if positions.is_empty() {
        return;
    }
    for position in &positions {
        open[*position] = None;
    }
    assignment.insert(field.name, positions);
}

fn positions_where<T>(cells: &[T], fits: impl Fn(&T) -> bool) -> Vec<usize> {
    let positions = cells.iter().enumerate();
    positions
        .filter(|(_, cell)| fits(cell))
        .map(|(position, _)| position)
        .collect()
}

fn squeeze(header: &str) -> String {
    normalize(header).replace(' ', "")
}

/// Without the `.1` that pandas adds to the second column of a name.
fn without_copy_number(header: &str) -> &str {
    match header.rsplit_once('.') {
        Some((name, number))
            if !name.is_empty()
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            name
        }
        Some(_) | None => header,
    }
}

/// Without a group such as `(required)` or `(Employment Profile)` at the end.
fn without_group(header: &str) -> &str {
    match header.strip_suffix(')').and_then(|rest| rest.rfind('(')) {
        Some(opened) if opened > 0 => &header[..opened],
        Some(_) | None => header,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::aliases::{hr, users};

    fn assigned(header: &[&str], table: &Table) -> Vec<(&'static str, Vec<usize>)> {
        let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
        assign(&header, table, &ColumnNames::default())
            .into_iter()
            .collect()
    }

    #[test]
    fn ornaments_are_dropped() {
        for (header, normalized) in [
            ("\u{feff} Employee_ID*", "employee id"),
            ("Termination Date (Employment Profile)", "termination date"),
            ("Birth_Date_(MM/DD/YYYY)", "birth date"),
            ("Manager's\nWork Email", "managers work email"),
            ("Employee #", "employee number"),
            ("Employee - ID", "employee id"),
            ("Termination Date.1", "termination date"),
            ("Pers.no.", "persno"),
            ("Unassigned/Total", "unassigned total"),
        ] {
            assert_eq!(normalize(header), normalized, "{header:?}");
        }
    }

    #[test]
    fn a_managers_column_is_never_the_leavers() {
        let header = [
            "Manager ID",
            "Manager's Work Email",
            "Personal Email",
            "Best Email",
        ];
        assert_eq!(assigned(&header, &hr::TABLE), []);
    }

    #[test]
    fn a_strong_spelling_wins_over_a_weak_one_further_left() {
        let header = ["ID", "Email", "Employee #", "Work E-mail", "Employee"];
        assert_eq!(
            assigned(&header, &hr::TABLE),
            [
                ("employee_id", vec![2]),
                ("full_name", vec![4]),
                ("work_email", vec![3])
            ]
        );
    }

    #[test]
    fn one_column_serves_one_field() {
        // SuccessFactors has USERID and EMPID; Entra's feed has UserID and WorkerID.
        assert_eq!(
            assigned(&["USERID", "EMPID"], &hr::TABLE),
            [("employee_id", vec![1]), ("username", vec![0])]
        );
        assert_eq!(
            assigned(&["USERID"], &hr::TABLE),
            [("employee_id", vec![0])]
        );
    }

    #[test]
    fn numbered_columns_belong_together() {
        let header = ["License 1", "License 2", "License country"];
        assert_eq!(
            assigned(&header, &users::TABLE),
            [("country", vec![2]), ("licenses", vec![0, 1])]
        );
    }

    #[test]
    fn the_administrators_name_wins() {
        let header = ["Email", "Kontakt"].map(str::to_owned);
        let names = ColumnNames([("work_email".to_owned(), "kontakt".to_owned())].into());
        let assignment = assign(&header, &hr::TABLE, &names);
        assert_eq!(assignment["work_email"], [1]);
    }
}
