use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::Question;
use super::claims::{Claim, Contradiction, Evidence, claim_of};
use super::groups::{Group, Grouping, row_keys};
use super::history::History;
use super::keys::{Key, distinct, keys_of, keys_of_unreadable};
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
    /// Every name that a row has for the person; none if no row has any.
    pub(super) names: BTreeSet<PersonName>,
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
            .iter()
            .map(|group| Person::behind(group, &shared, &unreadable, question, &history))
            .collect();
        let mut known: BTreeSet<TerminationId> = persons
            .iter()
            .flat_map(|person| history.of(person))
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
                    || doubtful.contains(&identity)
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

fn by_identity(rows: &[InvalidRow]) -> BTreeMap<String, &InvalidRow> {
    let mut by_identity = BTreeMap::new();
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
    open.sort_by_key(|record| (Reverse(record.termination.date), record.termination.id()));
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
        group: &Group,
        shared: &BTreeSet<String>,
        unreadable: &BTreeMap<String, &InvalidRow>,
        question: &Question<'_>,
        history: &History<'_>,
    ) -> Self {
        let members: Vec<&HrRow> = group.rows.iter().map(|&row| &question.rows[row]).collect();
        let all_keys = distinct(members.iter().copied().flat_map(row_keys).collect());
        let evidence = Evidence {
            claims: group
                .rows
                .iter()
                .map(|&row| (row, claim_of(&question.rows[row], question, history)))
                .collect(),
            disputed: group.disputed,
            unreadable: all_keys
                .iter()
                .find_map(|key| unreadable.get(&key.identity()).copied()),
        };
        let (deciding, claim) = evidence.decide(question);
        let row = &question.rows[deciding];
        let mut names: BTreeSet<PersonName> = members.iter().map(|row| row.name.clone()).collect();
        names.retain(|name| !name.words().is_empty());
        let mut keys = all_keys;
        keys.retain(|key| !shared.contains(&key.identity()));
        Self {
            origin: Origin::Hr,
            key: person_key(row, &keys),
            rows: group.rows.clone(),
            deciding: Some(deciding),
            source: row.source.clone(),
            employee_id: first_of(row, &members, |row| row.employee_id.as_ref()),
            work_email: first_of(row, &members, |row| row.work_email.as_ref()),
            username: first_of(row, &members, |row| row.username.as_ref()),
            name: if names.contains(&row.name) {
                row.name.clone()
            } else {
                names.first().cloned().unwrap_or_default()
            },
            names,
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
            names: BTreeSet::from([termination.name.clone()]),
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

    /// Whether none of the person's names fits this one.
    pub(super) fn is_stranger_to(&self, name: &PersonName) -> bool {
        let mut names = self.names.iter();
        !self.names.is_empty() && names.all(|mine| mine.is_somebody_else(name))
    }

    /// Whether any of them does not: which of a person's rows decides must not
    /// settle whose account it is.
    pub(super) fn may_be_stranger_to(&self, name: &PersonName) -> bool {
        let mut names = self.names.iter();
        names.any(|mine| mine.is_somebody_else(name))
    }

    /// Whether the key is the person's alone.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.keys
            .iter()
            .any(|mine| mine.identity() == key.identity())
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

/// The deciding row's own identities first, so that the key stays the same
/// whatever other rows come and go.
fn person_key(deciding: &HrRow, keys: &[Key]) -> PersonKey {
    let own = row_keys(deciding);
    let (mine, others): (Vec<&Key>, Vec<&Key>) = keys.iter().partition(|key| own.contains(key));
    let ordered = || mine.iter().chain(&others);
    let employee_id = ordered().find_map(|key| match key {
        Key::EmployeeId(id) => Some(id),
        Key::WorkEmail(_) | Key::Username(_) => None,
    });
    let work_email = ordered().find_map(|key| match key {
        Key::WorkEmail(email) => Some(email),
        Key::EmployeeId(_) | Key::Username(_) => None,
    });
    let username = ordered().find_map(|key| match key {
        Key::Username(name) => Some(name),
        Key::EmployeeId(_) | Key::WorkEmail(_) => None,
    });
    let SourceRow { file, line } = &deciding.source;
    PersonKey::of(employee_id, work_email, username)
        .unwrap_or_else(|| PersonKey::stored(format!("row:{file}:{line}")))
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
