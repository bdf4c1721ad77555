//! What is different about the columns of an input since one was accepted.

use std::collections::{BTreeMap, BTreeSet};

use super::document::PlanInput;
use crate::model::{AcceptedInput, Memory};

/// Columns that say how a person is called and where they work. All others
/// decide who leaves, when, or whose account it is.
const DESCRIPTIVE: [&str; 6] = [
    "first_name",
    "last_name",
    "full_name",
    "site",
    "department",
    "cost_center",
];

/// How an HR file's deciding columns differ from those of every file that they
/// may be compared with; empty if they are as in one of them, and on the first
/// night. A quiet night's file decides nothing, whatever its columns are.
pub(super) fn changed_deciding_columns(input: &PlanInput, memory: &Memory) -> Vec<String> {
    if input.rows == 0 {
        return Vec::new();
    }
    let mut least: Option<Vec<String>> = None;
    for accepted in comparable(input, memory) {
        let mut changes = changes(&accepted.columns, &input.columns);
        changes.retain(|(field, _)| !DESCRIPTIVE.contains(&field.as_str()));
        let sentences: Vec<String> = changes.into_iter().map(|(_, sentence)| sentence).collect();
        if least
            .as_ref()
            .is_none_or(|known| sentences.len() < known.len())
        {
            least = Some(sentences);
        }
    }
    least.unwrap_or_default()
}

/// Whether inputs of this role were accepted, and none with this header row.
pub(super) fn has_new_header(input: &PlanInput, memory: &Memory) -> bool {
    let mut of_role = accepted_as(&input.role, memory).peekable();
    of_role.peek().is_some()
        && of_role.all(|accepted| accepted.header_fingerprint != input.header_fingerprint)
}

/// What is read from another column than on the last accepted night.
pub(super) fn changed_columns(input: &PlanInput, memory: &Memory) -> Vec<String> {
    let known = accepted_as(&input.role, memory).filter(|it| !it.columns.is_empty());
    let last = last_of(known);
    let last = last.first().map(|accepted| &accepted.columns);
    let changes = last.map(|before| changes(before, &input.columns));
    let changes = changes.unwrap_or_default().into_iter();
    changes.map(|(_, sentence)| sentence).collect()
}

/// How many columns decide.
pub(super) fn deciding(input: &PlanInput) -> usize {
    let fields = input.columns.keys();
    fields
        .filter(|field| !DESCRIPTIVE.contains(&field.as_str()))
        .count()
}

/// Several HR files may differ from each other: one with the same header row
/// is the same export, else it is compared with those of the last night.
fn comparable<'m>(input: &PlanInput, memory: &'m Memory) -> Vec<&'m AcceptedInput> {
    let readable = || {
        accepted_as(&input.role, memory)
            .filter(|accepted| accepted.rows > 0 && !accepted.columns.is_empty())
    };
    let same_export: Vec<&AcceptedInput> = readable()
        .filter(|accepted| accepted.header_fingerprint == input.header_fingerprint)
        .collect();
    if same_export.is_empty() {
        last_of(readable())
    } else {
        same_export
    }
}

fn accepted_as<'m>(role: &str, memory: &'m Memory) -> impl Iterator<Item = &'m AcceptedInput> {
    let accepted = memory.accepted_inputs.iter();
    accepted.filter(move |accepted| accepted.role == role)
}

/// The inputs of the last night among these.
pub(super) fn last_of<'m>(
    accepted: impl Iterator<Item = &'m AcceptedInput>,
) -> Vec<&'m AcceptedInput> {
    let mut accepted: Vec<&AcceptedInput> = accepted.collect();
    let last = accepted.iter().map(|input| input.at).max();
    accepted.retain(|input| Some(input.at) == last);
    accepted
}

/// Field by field, what is read from where, and from where it was read before.
fn changes(
    before: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let fields: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let is_same = |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
    fields
        .into_iter()
        .filter_map(|field| {
            let sentence = match (before.get(field), now.get(field)) {
                (Some(before), Some(now)) if is_same(before, now) => return None,
                (Some(before), Some(now)) => {
                    format!("{field} is read from {now:?}, before from {before:?}")
                }
                (Some(before), None) => format!("{field} is not there, before it was {before:?}"),
                (None, Some(now)) => format!("{field} is read from {now:?}, before from no column"),
                (None, None) => return None,
            };
            Some((field.clone(), sentence))
        })
        .collect()
}
