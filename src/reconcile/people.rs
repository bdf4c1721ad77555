use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::iter;

use jiff::Timestamp;
use jiff::civil::Date;
use rayon::prelude::*;

use super::Question;
use super::claims::{Claim, Contradiction, Evidence, claim_of};
use super::groups::{Group, Grouping};
use super::history::History;
use super::keys::{Identity, Key, distinct, keys_of, keys_of_unreadable, row_keys};
use super::unsettled::{person_behind, still_unsettled};
use crate::model::{
    EmailAddress, EmployeeId, EmploymentStatus, HrFileKind, HrRow, InvalidRow, Origin, PersonKey,
    PersonName, Reason, SourceRow, TaskState, TerminationId, TerminationRecord, TerminationState,
    Text, Username,
};

/// Everybody tonight's decision is about: the persons behind the HR rows, and
/// the persons of open obligations whose row is not in tonight's file.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// HR persons in the order of their first row, then the ledger's.
    pub persons: Vec<Person>,
}

/// One person with one claim.
#[derive(Debug, Clone)]
pub struct Person {
    /// Where the claim comes from.
    pub origin: Origin,
    /// What stands for the person between runs; the row itself if the person
    /// has no usable key and so cannot be remembered.
    pub key: PersonKey,
    /// Indices of the person's rows in the question; empty for the ledger's.
    pub rows: Vec<usize>,
    /// The row that decides, if the claim comes from HR.
    pub deciding: Option<usize>,
    /// The row as HR has it now, or as the ledger recorded it.
    pub source: SourceRow,
    /// Employee id, if any row has one.
    pub employee_id: Option<EmployeeId>,
    /// Work e-mail.
    pub work_email: Option<EmailAddress>,
    /// Username.
    pub username: Option<Username>,
    /// The person's name.
    pub name: PersonName,
    /// The names that other rows have for the person.
    pub(super) other_names: Vec<PersonName>,
    /// Site, or empty.
    pub site: Text,
    /// Department, or empty.
    pub department: Text,
    /// Cost center, or empty.
    pub cost_center: Text,
    /// The status of the deciding row.
    pub status: Option<EmploymentStatus>,
    /// Everything that any row can be looked up by, without what stands for
    /// several people.
    pub(super) keys: Vec<Key>,
    /// What HR says about the person.
    pub claim: Claim,
}

impl People {
    /// Finds the persons behind tonight's rows and adds the ledger's. Every
    /// row belongs to exactly one person.
    pub fn gather(question: &Question<'_>) -> Self {
        let history = History::new(question.memory);
        let unreadable = by_identity(question.invalid);
        let Grouping { groups, shared } = Grouping::of(question.rows);
        let mut persons: Vec<Person> = groups
            .into_par_iter()
            .map(|group| Person::behind(group, &shared, &unreadable, question, &history))
            .collect();
        let mut known: HashSet<TerminationId> = persons
            .par_iter()
            .flat_map_iter(|person| history.of(person))
            .map(|record| record.termination.id())
            .collect();
        let unsettled = still_unsettled(question);
        let doubtful: BTreeSet<&String> =
            unsettled.iter().flat_map(|row| &row.identities).collect();
        for record in latest_obligations(question) {
            let mut person = Person::remembered(record);
            let is_known = known.contains(&record.termination.id());
            // A row that cannot be read, that nobody has settled, or that several
            // people seem to share may be the person's.
            let is_in_doubt = person.keys.iter().map(Key::identity).any(|identity| {
                unreadable.contains_key(&identity)
                    || shared.contains(&identity)
                    || doubtful.contains(&identity.to_string())
            });
            if is_known {
                continue;
            }
            if is_in_doubt {
                person.claim = Claim::Contradicts(Contradiction {
                    reason: Reason::SharedIdentity,
                    date: Some(record.termination.date),
                    detail: "a row that cannot be read or that contradicts itself, or an identity \
                             that several people share, may be this person's; ask HR. Once that is \
                             settled, access ends: if the person stays, write a hold (--holds) first"
                        .to_owned(),
                    somebody_leaves: true,
                });
            }
            let all = history.of(&person);
            known.extend(all.iter().map(|record| record.termination.id()));
            persons.push(person);
        }
        persons.extend(unsettled.into_iter().map(person_behind));
        Self { persons }
    }
}

fn by_identity(rows: &[InvalidRow]) -> HashMap<Identity, &InvalidRow> {
    let mut by_identity = HashMap::new();
    for row in rows {
        for key in keys_of_unreadable(row) {
            by_identity.entry(key.identity()).or_insert(row);
        }
    }
    by_identity
}

/// What is still to be done for earlier terminations, the latest first: should
/// a person have several, it decides.
fn latest_obligations<'q>(question: &Question<'q>) -> Vec<&'q TerminationRecord> {
    let owing: BTreeSet<&TerminationId> = question
        .memory
        .tasks
        .values()
        .filter(|task| task.state == TaskState::Open)
        .filter_map(|task| task.termination.as_ref())
        .collect();
    let all = question.memory.terminations.iter();
    let end = |record: &TerminationRecord| end_of(record, question);
    let mut open: Vec<&TerminationRecord> = all
        .filter(|(id, record)| match record.state {
            TerminationState::Open => {
                record.account.is_some()
                    || is_recent(end(record).max(record.first_listed), question)
            }
            TerminationState::Spent => true,
            TerminationState::Settled => owing.contains(id) || may_be_taken_back(record, question),
            TerminationState::Closed | TerminationState::Undone => false,
        })
        .map(|(_, record)| record)
        .collect();
    open.sort_by_cached_key(|record| (Reverse(record.termination.date), record.termination.id()));
    open
}

/// While a settled termination is young, its vanishing from a cumulative file
/// still means that the person may need the seat again.
fn may_be_taken_back(record: &TerminationRecord, question: &Question<'_>) -> bool {
    question.policy.hr_file == HrFileKind::Cumulative
        && is_recent(end_of(record, question), question)
}

fn end_of(record: &TerminationRecord, question: &Question<'_>) -> Timestamp {
    question.calendar.end_of(record.termination.date, "")
}

/// Nobody is reported forever: neither somebody without an account, nor a row
/// that nobody settles.
pub(super) fn is_recent(since: Timestamp, question: &Question<'_>) -> bool {
    let days = question.policy.max_termination_age_days;
    question.calendar.after_days(since, days) > question.as_of
}

impl Person {
    fn behind(
        group: Group,
        shared: &HashSet<Identity>,
        unreadable: &HashMap<Identity, &InvalidRow>,
        question: &Question<'_>,
        history: &History<'_>,
    ) -> Self {
        let members: Vec<&HrRow> = group.rows.iter().map(|&row| &question.rows[row]).collect();
        let mut keys = match members[..] {
            [only] => row_keys(only),
            _ => distinct(members.iter().copied().flat_map(row_keys).collect()),
        };
        let evidence = Evidence {
            claims: group
                .rows
                .iter()
                .map(|&row| (row, claim_of(&question.rows[row], question, history)))
                .collect(),
            disputed: group.disputed,
            unreadable: keys
                .iter()
                .find_map(|key| unreadable.get(&key.identity()).copied()),
        };
        let (deciding, claim) = evidence.decide(question);
        let row = &question.rows[deciding];
        let (name, other_names) = names_of(row, &members);
        keys.retain(|key| !shared.contains(&key.identity()));
        Self {
            origin: Origin::Hr,
            key: person_key(row, &keys),
            rows: group.rows,
            deciding: Some(deciding),
            source: row.source.clone(),
            employee_id: first_of(row, &members, |row| row.employee_id.as_ref()),
            work_email: first_of(row, &members, |row| row.work_email.as_ref()),
            username: first_of(row, &members, |row| row.username.as_ref()),
            name,
            other_names,
            site: row.site.clone(),
            department: row.department.clone(),
            cost_center: row.cost_center.clone(),
            status: row.status,
            keys,
            claim,
        }
    }

    fn remembered(record: &TerminationRecord) -> Self {
        let termination = &record.termination;
        Self {
            origin: Origin::Ledger,
            key: termination.person.clone(),
            rows: Vec::new(),
            deciding: None,
            source: termination.source.clone(),
            employee_id: termination.employee_id.clone(),
            work_email: termination.work_email.clone(),
            username: termination.username.clone(),
            name: termination.name.clone(),
            other_names: Vec::new(),
            site: termination.site.clone(),
            department: termination.department.clone(),
            cost_center: termination.cost_center.clone(),
            status: None,
            keys: keys_of(
                termination.employee_id.as_ref(),
                termination.work_email.as_ref(),
                termination.username.as_ref(),
            ),
            claim: Claim::Leaves(termination.date),
        }
    }

    /// Every employee id that a row gives and that is the person's alone.
    pub(super) fn employee_ids(&self) -> impl Iterator<Item = &EmployeeId> {
        self.keys.iter().filter_map(|key| match key {
            Key::EmployeeId(id) => Some(id),
            Key::WorkEmail(_) | Key::Username(_) => None,
        })
    }

    /// Every name that a row has for the person.
    pub(super) fn names(&self) -> impl Iterator<Item = &PersonName> {
        iter::once(&self.name).chain(&self.other_names)
    }

    /// Whether none of the person's names fits this one.
    pub(super) fn is_stranger_to(&self, name: &PersonName) -> bool {
        self.names().all(|mine| mine.is_somebody_else(name))
    }

    /// Whether any of them does not: which of a person's rows decides must not
    /// settle whose account it is.
    pub(super) fn may_be_stranger_to(&self, name: &PersonName) -> bool {
        self.names().any(|mine| mine.is_somebody_else(name))
    }

    /// Whether the key is the person's alone.
    pub(super) fn has(&self, key: &Key) -> bool {
        let identity = key.identity();
        self.keys.iter().any(|mine| mine.identity() == identity)
    }

    /// The date that the claim speaks of.
    pub fn date(&self) -> Option<Date> {
        match &self.claim {
            Claim::Leaves(date) => Some(*date),
            Claim::Stays(_, date) => *date,
            Claim::Contradicts(contradiction) => contradiction.date,
            Claim::SaysNothing => None,
            Claim::Unsettled(row) => row.date,
        }
    }
}

/// The person's name, and what other rows call the person: the deciding row's
/// name, unless it has none.
fn names_of(deciding: &HrRow, members: &[&HrRow]) -> (PersonName, Vec<PersonName>) {
    if members.len() == 1 && deciding.name.has_words() {
        return (deciding.name.clone(), Vec::new());
    }
    let names: BTreeSet<&PersonName> = members.iter().map(|row| &row.name).collect();
    let mut names: Vec<&PersonName> = names.into_iter().filter(|name| name.has_words()).collect();
    let own = names.iter().position(|name| **name == deciding.name);
    let name = match own {
        Some(position) => names.remove(position).clone(),
        None if names.is_empty() => PersonName::default(),
        None => names.remove(0).clone(),
    };
    (name, names.into_iter().cloned().collect())
}

/// The deciding row's own identities first, so that the key stays the same
/// whatever other rows come and go.
fn person_key(deciding: &HrRow, keys: &[Key]) -> PersonKey {
    let employee_ids = keys.iter().filter_map(|key| match key {
        Key::EmployeeId(id) => Some(id),
        Key::WorkEmail(_) | Key::Username(_) => None,
    });
    let work_emails = keys.iter().filter_map(|key| match key {
        Key::WorkEmail(email) => Some(email),
        Key::EmployeeId(_) | Key::Username(_) => None,
    });
    let usernames = keys.iter().filter_map(|key| match key {
        Key::Username(name) => Some(name),
        Key::EmployeeId(_) | Key::WorkEmail(_) => None,
    });
    let SourceRow { file, line } = &deciding.source;
    PersonKey::of(
        own_or_first(deciding.employee_id.as_ref(), employee_ids),
        own_or_first(deciding.work_email.as_ref(), work_emails),
        own_or_first(deciding.username.as_ref(), usernames),
    )
    .unwrap_or_else(|| PersonKey::stored(format!("row:{file}:{line}")))
}

fn own_or_first<'k, K: PartialEq>(
    own: Option<&K>,
    mut keys: impl Iterator<Item = &'k K> + Clone,
) -> Option<&'k K> {
    let own = keys.clone().find(|key| Some(*key) == own);
    own.or_else(|| keys.next())
}

fn first_of<T: Clone>(
    deciding: &HrRow,
    members: &[&HrRow],
    pick: impl Fn(&HrRow) -> Option<&T>,
) -> Option<T> {
    pick(deciding)
        .or_else(|| members.iter().copied().find_map(&pick))
        .cloned()
}
