//! Which column holds which field, told from a header row.

use std::collections::{BTreeMap, BTreeSet};

use super::ColumnNames;
use super::aliases::{Arity, Field, Requirement, Table};
use super::cells::Cells;
use super::text::tidy;

/// A field's columns in one file; without any when the file lacks the field.
#[derive(Debug, Clone, Default)]
pub(super) struct Column {
    header: String,
    places: Vec<Place>,
}

/// Where one column stands, and how it is called there.
#[derive(Debug, Clone)]
struct Place {
    position: usize,
    header: String,
}

impl Column {
    /// The columns at `positions` of a header row.
    pub(super) fn at(header: &[String], positions: &[usize]) -> Self {
        let places: Vec<Place> = positions
            .iter()
            .map(|&position| Place {
                position,
                header: header.get(position).cloned().unwrap_or_default(),
            })
            .collect();
        let mut headers: Vec<&str> = places.iter().map(|place| &*place.header).collect();
        headers.dedup();
        Self {
            header: headers.join(ColumnNames::JOINED_BY),
            places,
        }
    }

    /// Whether the file has the field.
    pub(super) fn exists(&self) -> bool {
        !self.places.is_empty()
    }

    /// The header as it stands in the file; ` + ` joins those of several columns.
    pub(super) fn header(&self) -> &str {
        &self.header
    }

    /// Both together.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.header = format!("{} + {}", self.header, other.header);
        both.places.extend(other.places.iter().cloned());
        both
    }

    /// Each of the columns on its own.
    pub(super) fn each(&self) -> impl Iterator<Item = Self> {
        self.places.iter().map(|place| Self {
            header: place.header.clone(),
            places: vec![place.clone()],
        })
    }

    /// The first filled cell, or the empty text.
    pub(super) fn text<'r>(&self, record: Cells<'r>) -> &'r str {
        self.filled(record).next().unwrap_or_default()
    }

    /// All filled cells, without white space around them.
    pub(super) fn filled<'r>(&self, record: Cells<'r>) -> impl Iterator<Item = &'r str> {
        self.places
            .iter()
            .filter_map(move |place| record.get(place.position))
            .map(tidy)
            .filter(|cell| !cell.is_empty())
    }
}

/// Field → positions of its columns.
pub(super) type Assignment = BTreeMap<&'static str, Vec<usize>>;

/// Columns that cannot be a field's, whatever they are called: their values
/// say so. By field and position.
pub(super) type Misfits = BTreeSet<(&'static str, usize)>;

/// Assigns the columns of a header row to fields: the administrator's names
/// first, then spellings that mean one field only, then the weak ones. A
/// column serves one field. A field that the administrator gave the empty name
/// has no column.
pub(super) fn assign(
    header: &[String],
    table: &Table,
    names: &ColumnNames,
    misfits: &Misfits,
) -> Assignment {
    let mut open: Vec<Option<String>> = header.iter().map(|cell| Some(squeeze(cell))).collect();
    let mut assignment = Assignment::new();
    for field in table.fields {
        if let Some(name) = names.0.get(field.name) {
            let positions = positions_of_name(header, name);
            take(&mut open, &mut assignment, field, positions);
        }
    }
    for strength in [Strength::Strong, Strength::Weak] {
        for field in table.fields {
            if assignment.contains_key(field.name) || names.0.contains_key(field.name) {
                continue;
            }
            let positions = positions_of_field(&open, field, strength, misfits);
            take(&mut open, &mut assignment, field, positions);
        }
    }
    assignment
}

#[derive(Debug, Clone, Copy)]
enum Strength {
    Strong,
    Weak,
}

/// The open columns that a field's spellings fit.
fn positions_of_field(
    open: &[Option<String>],
    field: &Field,
    strength: Strength,
    misfits: &Misfits,
) -> Vec<usize> {
    let aliases = match strength {
        Strength::Strong => field.strong,
        Strength::Weak => field.weak,
    };
    let mut by_alias = aliases.iter().map(|alias| {
        let mut positions = positions_of_alias(open, alias, field.arity);
        positions.retain(|position| !misfits.contains(&(field.name, *position)));
        positions
    });
    match (field.arity, strength) {
        (Arity::Agreeing, Strength::Strong) => {
            let mut all: Vec<usize> = by_alias.flatten().collect();
            all.sort_unstable();
            all
        }
        (Arity::One | Arity::Several, _) | (Arity::Agreeing, Strength::Weak) => by_alias
            .find(|positions| !positions.is_empty())
            .unwrap_or_default(),
    }
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
        .filter(|c| !matches!(c, '*' | '.' | ':' | '?' | '\'' | '’' | '"' | '\u{feff}'))
        .map(|c| if matches!(c, '_' | '-' | '/') { ' ' } else { c })
        .collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The columns that a name given by the administrator means: the header to
/// the letter, else whatever is normalized to the same.
pub(super) fn positions_of_name(header: &[String], name: &str) -> Vec<usize> {
    if tidy(name).is_empty() {
        return Vec::new();
    }
    let exact = positions_where(header, |cell| cell == tidy(name));
    if exact.is_empty() {
        let wanted = squeeze(name);
        positions_where(header, |cell| squeeze(cell) == wanted)
    } else {
        exact
    }
}

/// The columns that any spelling of a field fits, weak ones included.
pub(super) fn candidates(header: &[String], field: &Field) -> Vec<usize> {
    positions_where(header, |cell| {
        let aliases = field.strong.iter().chain(field.weak);
        let cell = squeeze(cell);
        aliases
            .into_iter()
            .any(|alias| alias.replace(' ', "") == cell)
    })
}

fn positions_of_alias(open: &[Option<String>], alias: &str, arity: Arity) -> Vec<usize> {
    let alias = alias.replace(' ', "");
    positions_where(open, |cell| {
        cell.as_ref()
            .and_then(|cell| cell.strip_prefix(&alias))
            .is_some_and(|rest| match arity {
                Arity::One | Arity::Agreeing => rest.is_empty(),
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
/// A group stays that says whose or which value it is: `Email (Manager)`,
/// `Termination Date (Previous)`; but `(Personal Profile)` is a page of ADP's.
fn without_group(header: &str) -> &str {
    let Some(rest) = header.strip_suffix(')') else {
        return header;
    };
    match rest.rsplit_once('(') {
        Some((name, group))
            if !name.is_empty() && (group.ends_with("Profile") || !tells_which(group)) =>
        {
            name
        }
        Some(_) | None => header,
    }
}

/// Whether a group says whose value it is, or that it is no employment's:
/// `End Date (Probation)`, `Termination Date (planned)`.
fn tells_which(group: &str) -> bool {
    const WORDS: [&str; 6] = [
        "planned",
        "expected",
        "estimated",
        "proposed",
        "tentative",
        "original",
    ];
    is_of_somebody_else(group)
        || is_of_something_else(group)
        || words_of(group).any(|word| WORDS.contains(&&*word))
}

/// Whether a header speaks of something that ends or is approved besides the
/// employment: `Lease Termination Date`, `Badge Deactivation Date`.
pub(super) fn is_of_something_else(header: &str) -> bool {
    const WORDS: [&str; 26] = [
        "contract",
        "probation",
        "assignment",
        "project",
        "visa",
        "leave",
        "loa",
        "benefit",
        "benefits",
        "insurance",
        "cobra",
        "lease",
        "parking",
        "badge",
        "dependent",
        "certification",
        "training",
        "interview",
        "eligibility",
        "account",
        "login",
        "period",
        "payroll",
        "ticket",
        "request",
        "check",
    ];
    words_of(header).any(|word| WORDS.contains(&&*word))
}

/// Whether a header speaks of another person, of a private address, or of an
/// earlier time: never of what decides about the row's person today.
pub(super) fn is_of_somebody_else(header: &str) -> bool {
    const WORDS: [&str; 24] = [
        "hr",
        "partner",
        "spouse",
        "emergency",
        "personal",
        "private",
        "privat",
        "home",
        "secondary",
        "best",
        "previous",
        "prior",
        "former",
        "notice",
        "requester",
        "requestor",
        "submitter",
        "assistant",
        "contact",
        "mentor",
        "sponsor",
        "recruiter",
        "owner",
        "dependent",
    ];
    is_of_a_superior(header)
        || is_of_a_replacement(header)
        || words_of(header).any(|word| WORDS.contains(&&*word))
}

/// Whether a header speaks of whoever does the leaver's work from now on.
pub(super) fn is_of_a_replacement(header: &str) -> bool {
    const WORDS: [&str; 18] = [
        "replacement",
        "replaced",
        "backfill",
        "backup",
        "successor",
        "cover",
        "covering",
        "covered",
        "delegate",
        "buddy",
        "substitute",
        "deputy",
        "handover",
        "colleague",
        "nachfolger",
        "nachfolgerin",
        "vertretung",
        "ersatz",
    ];
    words_of(header).any(|word| WORDS.contains(&&*word))
}

/// Whether a header speaks of the person's manager.
pub(super) fn is_of_a_superior(header: &str) -> bool {
    const WORDS: [&str; 19] = [
        "manager",
        "managers",
        "mgr",
        "supervisor",
        "supervisors",
        "superior",
        "approver",
        "lead",
        "leader",
        "reports",
        "reporting",
        "boss",
        "chef",
        "jefe",
        "vorgesetzter",
        "vorgesetzte",
        "führungskraft",
        "teamleiter",
        "teamleitung",
    ];
    words_of(header).any(|word| WORDS.contains(&&*word))
}

fn words_of(header: &str) -> impl Iterator<Item = String> {
    let words = header.split(|c: char| !c.is_alphanumeric());
    words.map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::aliases::{hr, users};

    fn assigned(header: &[&str], table: &Table) -> Vec<(&'static str, Vec<usize>)> {
        let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
        assign(&header, table, &ColumnNames::default(), &Misfits::new())
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

    /// The group at a header's end can say whose it is.
    #[test]
    fn a_group_that_names_somebody_else_is_no_ornament() {
        for header in [
            "Email (Manager)",
            "Work Email (Supervisor)",
            "Email (Personal)",
            "Email (home)",
            "Employee ID (Manager)",
            "Termination Date (Previous)",
            "Termination Date (Notice given)",
            "Email (Approver)",
            "End Date (Probation)",
            "Termination Date (planned)",
            "Status (Background check)",
        ] {
            assert_eq!(assigned(&[header], &hr::TABLE), [], "{header}");
        }
    }

    #[test]
    fn dates_that_end_no_employment_are_never_taken() {
        for header in hr::OTHER_DATES.iter().chain(&hr::MAYBE_TERMINATION_DATES) {
            let assigned = assigned(&[header], &hr::TABLE);
            let taken = |field: &str| assigned.iter().any(|(name, _)| *name == field);
            assert!(!taken("termination_date") && !taken("last_day"), "{header}");
        }
    }

    #[test]
    fn all_strong_spellings_of_a_deciding_field_are_kept() {
        let header = [
            "Exit Date",
            "Employee Number",
            "Termination Date",
            "Employee ID",
            "End Date",
        ];
        assert_eq!(
            assigned(&header, &hr::TABLE),
            [("employee_id", vec![3]), ("termination_date", vec![0, 2])]
        );
    }

    #[test]
    fn a_principal_name_is_a_username_beside_an_email() {
        assert_eq!(
            assigned(&["UPN", "Email"], &hr::TABLE),
            [("username", vec![0]), ("work_email", vec![1])]
        );
        assert_eq!(assigned(&["UPN"], &hr::TABLE), [("work_email", vec![0])]);
    }

    #[test]
    fn an_empty_name_means_that_there_is_no_such_column() {
        let header = ["Employee ID", "Status", ""].map(str::to_owned);
        let names = ColumnNames([("status".to_owned(), String::new())].into());
        let assignment = assign(&header, &hr::TABLE, &names, &Misfits::new());
        assert_eq!(assignment.into_keys().collect::<Vec<_>>(), ["employee_id"]);
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
        let assignment = assign(&header, &hr::TABLE, &names, &Misfits::new());
        assert_eq!(assignment["work_email"], [1]);
    }
}
