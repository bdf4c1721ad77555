//! What is said about a file that lacks a column it cannot do without.

use super::aliases::{Field, Requirement, Table, hr};
use super::decode::TextFile;
use super::error::{CONFIGURATION, Refusal};
use super::header::{self, Assignment};
use super::input_file::InputRole;
use super::kind;
use super::layout::columns_seen;
use super::text::{excerpt, likeness, nearest};

/// What helps where people are told by their names alone.
const ASK_HR: &str = "names alone never identify anybody: ask HR for the employee id or the work \
                      e-mail";

/// The refusal of a file whose columns do not meet all requirements. What was
/// passed over, because its values say that it is none, is never suggested.
pub(super) fn refusal(
    file: &TextFile,
    table: &Table,
    header: &[String],
    line: Option<u64>,
    assignment: &Assignment,
    passed_over: &[usize],
) -> Option<Refusal> {
    let mut required = table.required.iter();
    let missing = required.find(|wanted| !header::meets(assignment, wanted))?;
    let open = open_columns(header, assignment, passed_over);
    let looks_like = looks_like(table, header, assignment);
    let mut advice = vec![columns_seen(header)];
    let wants = |field: &Field| missing.any_of.iter().any(|it| it.name == field.name);
    let lacks_people = table.role == InputRole::Hr && wants(&hr::EMPLOYEE_ID);
    if lacks_people {
        advice.push(ASK_HR.to_owned());
    }
    if !lacks_people || !open.is_empty() {
        let example = missing.any_of[0];
        advice.push(how_to_name(table, example, likeliest(missing, &open)));
    }
    Some(Refusal {
        line,
        ..file.refusal(
            format!("no column says {}{looks_like}", missing.wanted),
            advice.join("; "),
        )
    })
}

/// What the file seems to be instead, to go on a message with; or nothing.
pub(super) fn looks_like(table: &Table, header: &[String], assignment: &Assignment) -> String {
    let kind = match table.role {
        InputRole::Hr => kind::guess(header, assignment),
        InputRole::Users
        | InputRole::Licenses
        | InputRole::Holds
        | InputRole::Map
        | InputRole::Numbers
        | InputRole::Roster
        | InputRole::Bill
        | InputRole::Review => None,
    };
    kind.map(|kind| format!("; {kind}")).unwrap_or_default()
}

/// How the administrator says which column is meant; `example` is a field that
/// is missing, `likeliest` one with the column that may be its.
pub(super) fn how_to_name(
    table: &Table,
    example: &Field,
    likeliest: Option<(&Field, &str)>,
) -> String {
    let (hint, field, header) = match likeliest {
        Some((field, header)) => {
            let header = excerpt(header);
            (format!("nearest: \"{header}\"; "), field, header)
        }
        None => (String::new(), example, "HEADER".to_owned()),
    };
    let how = match table.role {
        InputRole::Hr | InputRole::Users | InputRole::Licenses | InputRole::Bill => format!(
            "name the right one in [columns.{}], e.g. {} = \"{header}\", in {CONFIGURATION}",
            table.role, field.name
        ),
        InputRole::Holds
        | InputRole::Map
        | InputRole::Numbers
        | InputRole::Roster
        | InputRole::Review => "rename the column".to_owned(),
    };
    format!("{hint}{how}")
}

/// The columns that may be a missing field's: they serve none yet, and are not
/// somebody else's.
fn open_columns<'h>(
    header: &'h [String],
    assignment: &Assignment,
    passed_over: &[usize],
) -> Vec<&'h str> {
    let taken: Vec<usize> = assignment
        .iter()
        // The date of an event is none without the event.
        .filter(|(field, _)| **field != hr::ACTION_DATE.name)
        .flat_map(|(_, positions)| positions.iter().copied())
        .collect();
    (0..header.len())
        .filter(|position| !taken.contains(position) && !passed_over.contains(position))
        .map(|position| header[position].as_str())
        .filter(|cell| !cell.is_empty())
        .filter(|cell| !header::is_of_somebody_else(cell) && !is_of_a_beginning(cell))
        // A group that is no ornament: `Status (Background check)`.
        .filter(|cell| !header::normalize(cell).ends_with(')'))
        .collect()
}

/// The open column that is called most like a missing field. Never one that is
/// no date to act on.
fn likeliest<'h>(missing: &Requirement, open: &[&'h str]) -> Option<(&'static Field, &'h str)> {
    let is_called = |cell: &str, names: &[&str]| names.contains(&&*header::normalize(cell));
    let may_end_it = open
        .iter()
        .find(|cell| is_called(cell, &hr::MAYBE_TERMINATION_DATES));
    let date_is_missing = missing
        .any_of
        .iter()
        .any(|field| field.name == hr::TERMINATION_DATE.name);
    if let (true, Some(cell)) = (date_is_missing, may_end_it) {
        return Some((&hr::TERMINATION_DATE, cell));
    }
    let guesses = missing.any_of.iter().filter_map(|field| {
        let wanted = *field.strong.first()?;
        let headers = open.iter().copied();
        let cell = nearest(
            wanted,
            headers.filter(|cell| {
                !is_called(cell, &hr::OTHER_DATES) && !header::is_of_something_else(cell)
            }),
        )?;
        Some((likeness(wanted, cell), *field, cell))
    });
    let (_, field, cell) = guesses.max_by_key(|(likeness, _, _)| *likeness)?;
    Some((field, cell))
}

/// Whether a header speaks of when somebody or something began.
pub(super) fn is_of_a_beginning(header: &str) -> bool {
    const WORDS: [&str; 10] = [
        "hire",
        "hired",
        "start",
        "begin",
        "birth",
        "dob",
        "joining",
        "created",
        "eintritt",
        "eintrittsdatum",
    ];
    let header = header::normalize(header);
    header.split(' ').any(|word| WORDS.contains(&word))
}
