use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::Question;
use super::due::acting_date;
use crate::model::{
    Disposition, EmailAddress, EmployeeId, EmploymentStatus, HrFileKind, HrRow, Origin, PersonKey,
    PersonName, Reason, SourceRow, TerminationRecord, TerminationState, Trust, Username,
};

/// Everybody tonight's decision is about: the persons behind the HR rows, and
/// the persons of open obligations whose row is not in tonight's file.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// HR persons in the order of their first row, then the ledger's.
    pub persons: Vec<Person>,
    /// Rows that belong to nobody: no usable key, or an identity on several people.
    pub(super) loose: Vec<LooseRow>,
    /// Identities that stand for several people and never match.
    pub(super) shared: BTreeSet<String>,
}

/// One person with one claim.
#[derive(Debug, Clone)]
pub struct Person {
    /// Where the claim comes from.
    pub origin: Origin,
    /// What stands for the person between runs.
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
    /// Site, or empty.
    pub site: String,
    /// Department, or empty.
    pub department: String,
    /// Cost center, or empty.
    pub cost_center: String,
    /// The status of the deciding row.
    pub status: Option<EmploymentStatus>,
    /// What HR says about the person.
    pub(super) claim: Claim,
}

/// What HR says about one row or one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    /// Leaves, or has left, on this date.
    Leaves(Date),
    /// Stays, for this reason; the date that the rows speak of, if any.
    Stays(Reason, Option<Date>),
    /// The rows contradict themselves or each other.
    Contradicts(Reason, Option<Date>, String),
    /// Neither a status nor a date.
    SaysNothing,
}

/// A row that no person stands behind.
#[derive(Debug, Clone)]
pub(super) struct LooseRow {
    pub row: usize,
    pub disposition: Disposition,
    pub reason: Reason,
    pub detail: String,
}

impl People {
    /// Finds the persons behind tonight's rows and adds the ledger's.
    pub fn gather(question: &Question<'_>) -> Self {
        let mut people = Self::default();
        let groups = people.group(question.rows);
        for rows in groups {
            people.add_group(question, &rows);
        }
        people.add_obligations(question);
        people
    }

    /// Rows of the same person, by shared identity. An employee id on people
    /// with different names is a conflict; an address or username on people
    /// with different names belongs to none of them.
    fn group(&mut self, rows: &[HrRow]) -> Vec<Vec<usize>> {
        let mut by_identity: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            let identities = identities(
                row.employee_id.as_ref(),
                row.work_email.as_ref(),
                row.username.as_ref(),
            );
            if identities.is_empty() {
                self.loose.push(LooseRow {
                    row: index,
                    disposition: Disposition::Unmatched,
                    reason: Reason::NoKey,
                    detail: "the row has no usable employee id, work e-mail or username".to_owned(),
                });
            }
            for identity in identities {
                by_identity.entry(identity).or_default().push(index);
            }
        }
        let mut groups = Groups::new(rows.len());
        let mut disputed: BTreeMap<usize, &str> = BTreeMap::new();
        for (identity, members) in &by_identity {
            let strangers = members.iter().enumerate().any(|(position, &left)| {
                members[position + 1..]
                    .iter()
                    .any(|&right| rows[left].name.is_somebody_else(&rows[right].name))
            });
            if !strangers {
                members
                    .windows(2)
                    .for_each(|pair| groups.join(pair[0], pair[1]));
            } else if identity.starts_with("employee:") {
                disputed.extend(members.iter().map(|&row| (row, identity.as_str())));
                self.shared.insert(identity.clone());
            } else {
                self.shared.insert(identity.clone());
            }
        }
        let loose: BTreeSet<usize> = self.loose.iter().map(|row| row.row).collect();
        for (&row, identity) in &disputed {
            self.loose.push(LooseRow {
                row,
                disposition: Disposition::Conflict,
                reason: Reason::SharedIdentity,
                detail: format!(
                    "the same {} stands on several people; ask HR which is right",
                    identity
                        .split(':')
                        .next()
                        .unwrap_or("identity")
                        .replace("employee", "employee id")
                ),
            });
        }
        groups
            .sets()
            .into_iter()
            .map(|set| {
                set.into_iter()
                    .filter(|row| !loose.contains(row) && !disputed.contains_key(row))
                    .collect::<Vec<_>>()
            })
            .filter(|set| !set.is_empty())
            .collect()
    }

    fn add_group(&mut self, question: &Question<'_>, rows: &[usize]) {
        let claims: Vec<Claim> = rows
            .iter()
            .map(|&row| claim_of(&question.rows[row], question))
            .collect();
        let mut readable = Vec::new();
        for (&row, claim) in rows.iter().zip(claims) {
            if claim == Claim::SaysNothing {
                self.loose.push(LooseRow {
                    row,
                    disposition: Disposition::Invalid,
                    reason: Reason::NoTerminationDate,
                    detail: "the row has neither a status nor a termination date; fill one in"
                        .to_owned(),
                });
            } else {
                readable.push((row, claim));
            }
        }
        let Some((deciding, claim)) = decide(&readable, question) else {
            return;
        };
        let members: Vec<usize> = readable.iter().map(|(row, _)| *row).collect();
        let row = &question.rows[deciding];
        let first = |pick: &dyn Fn(&HrRow) -> Option<String>| {
            members
                .iter()
                .find_map(|&member| pick(&question.rows[member]))
        };
        let employee_id = row.employee_id.clone().or_else(|| {
            first(&|r| r.employee_id.as_ref().map(ToString::to_string))
                .and_then(|text| EmployeeId::parse(&text))
        });
        let work_email = row.work_email.clone().or_else(|| {
            first(&|r| r.work_email.as_ref().map(ToString::to_string))
                .and_then(|text| EmailAddress::parse(&text))
        });
        let username = row.username.clone().or_else(|| {
            first(&|r| r.username.as_ref().map(ToString::to_string))
                .and_then(|text| Username::parse(&text))
        });
        let key = PersonKey::of(employee_id.as_ref(), work_email.as_ref(), username.as_ref());
        let Some(key) = key else { return };
        self.persons.push(Person {
            origin: Origin::Hr,
            key,
            rows: members,
            deciding: Some(deciding),
            source: row.source.clone(),
            employee_id,
            work_email,
            username,
            name: row.name.clone(),
            site: row.site.clone(),
            department: row.department.clone(),
            cost_center: row.cost_center.clone(),
            status: row.status,
            claim,
        });
    }

    /// Obligations whose person is not in tonight's file.
    fn add_obligations(&mut self, question: &Question<'_>) {
        let tonight: BTreeSet<String> = self
            .persons
            .iter()
            .flat_map(Person::identities)
            .chain(self.loose.iter().flat_map(|loose| {
                let row = &question.rows[loose.row];
                identities(
                    row.employee_id.as_ref(),
                    row.work_email.as_ref(),
                    row.username.as_ref(),
                )
            }))
            .chain(question.invalid.iter().flat_map(|row| {
                identities(
                    EmployeeId::parse(&row.employee_id).as_ref(),
                    EmailAddress::parse(&row.work_email).as_ref(),
                    Username::parse(&row.username).as_ref(),
                )
            }))
            .collect();
        let owes_task = |record: &TerminationRecord| {
            let id = record.termination.id();
            question.memory.tasks.values().any(|task| {
                task.termination.as_ref() == Some(&id)
                    && task.state == crate::model::TaskState::Open
            })
        };
        for record in question.memory.terminations.values() {
            let open = match record.state {
                TerminationState::Open => record.account.is_some() || is_young(record, question),
                TerminationState::Spent => true,
                TerminationState::Settled => {
                    owes_task(record) || may_be_taken_back(record, question)
                }
                TerminationState::Closed => false,
            };
            let person = Person::remembered(record);
            if open
                && !person
                    .identities()
                    .iter()
                    .any(|identity| tonight.contains(identity))
            {
                self.persons.push(person);
            }
        }
    }
}

/// While a settled termination is young, its vanishing from a cumulative file
/// still means that the person may need the seat again.
fn may_be_taken_back(record: &TerminationRecord, question: &Question<'_>) -> bool {
    question.policy.hr_file == HrFileKind::Cumulative && is_young(record, question)
}

/// Somebody without an account is not looked for forever.
fn is_young(record: &TerminationRecord, question: &Question<'_>) -> bool {
    let days = question.policy.max_termination_age_days;
    let end = question.calendar.end_of(record.termination.date, "");
    question.calendar.after_days(end, days) > question.as_of
}

impl Person {
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
            site: termination.site.clone(),
            department: termination.department.clone(),
            cost_center: termination.cost_center.clone(),
            status: None,
            claim: Claim::Leaves(termination.date),
        }
    }

    /// Everything that can identify the person, each with its kind in front.
    pub(super) fn identities(&self) -> Vec<String> {
        identities(
            self.employee_id.as_ref(),
            self.work_email.as_ref(),
            self.username.as_ref(),
        )
    }

    /// The date that the claim speaks of.
    pub fn date(&self) -> Option<Date> {
        match &self.claim {
            Claim::Leaves(date) => Some(*date),
            Claim::Stays(_, date) | Claim::Contradicts(_, date, _) => *date,
            Claim::SaysNothing => None,
        }
    }
}

pub(super) fn identities(
    employee_id: Option<&EmployeeId>,
    work_email: Option<&EmailAddress>,
    username: Option<&Username>,
) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(employee_id.map(|id| format!("employee:{id}")));
    all.extend(work_email.map(|email| format!("email:{email}")));
    all.extend(username.map(|name| format!("username:{name}")));
    all
}

/// What one row says on its own.
fn claim_of(row: &HrRow, question: &Question<'_>) -> Claim {
    let date = acting_date(row, question.policy);
    if let (Some(end), Some(rehired)) = (date, row.rehire_date)
        && rehired > end
    {
        return Claim::Stays(Reason::HiredAgain, date);
    }
    match question.policy.trust {
        Trust::Both => both(row, date, question),
        Trust::Date => match date {
            Some(date) => Claim::Leaves(date),
            None if row.status == Some(EmploymentStatus::Absent) => {
                Claim::Stays(Reason::OnLeave, None)
            }
            None => Claim::Stays(Reason::StillEmployed, None),
        },
        Trust::Status => status_alone(row, date, question),
    }
}

fn both(row: &HrRow, date: Option<Date>, question: &Question<'_>) -> Claim {
    use EmploymentStatus::{Absent, Employed, Left, NotStarted, Unclear};
    match (row.status, date) {
        (Some(Left | Unclear) | None, Some(date)) => Claim::Leaves(date),
        (Some(Left | Unclear), None) => Claim::Contradicts(
            Reason::NoTerminationDate,
            None,
            "the status says that the person left, and no date says when".to_owned(),
        ),
        (Some(Employed), None) => Claim::Stays(Reason::StillEmployed, None),
        (Some(Absent | NotStarted), None) => Claim::Stays(Reason::OnLeave, None),
        (Some(Employed), Some(date)) => {
            // HR systems flip the status late: it may lag two days behind the date.
            let grace = jiff::SignedDuration::from_hours(48);
            let end = question.calendar.end_of(date, &row.site);
            if question.hr_at > end.saturating_add(grace).unwrap_or(end) {
                contradiction(date)
            } else {
                Claim::Leaves(date)
            }
        }
        (Some(Absent | NotStarted), Some(date)) => {
            if question.hr_at >= question.calendar.end_of(date, &row.site) {
                contradiction(date)
            } else {
                Claim::Leaves(date)
            }
        }
        (None, None) => Claim::SaysNothing,
    }
}

fn contradiction(date: Date) -> Claim {
    Claim::Contradicts(
        Reason::StatusAndDate,
        Some(date),
        format!("the status says employed, the termination date {date} is past; ask HR"),
    )
}

fn status_alone(row: &HrRow, date: Option<Date>, question: &Question<'_>) -> Claim {
    use EmploymentStatus::{Absent, Employed, Left, NotStarted, Unclear};
    match row.status {
        Some(Left) => Claim::Leaves(date.unwrap_or_else(|| first_noticed(row, question))),
        Some(Unclear) => match date {
            Some(date) => Claim::Leaves(date),
            None => Claim::Contradicts(
                Reason::NoTerminationDate,
                None,
                "\"inactive\" may mean leave; a termination date would tell".to_owned(),
            ),
        },
        Some(Employed) => Claim::Stays(Reason::StillEmployed, date),
        Some(Absent | NotStarted) => Claim::Stays(Reason::OnLeave, date),
        None => Claim::SaysNothing,
    }
}

/// Without a date, the termination keeps the date on which it was first seen.
fn first_noticed(row: &HrRow, question: &Question<'_>) -> Date {
    let key = row.person_key();
    question
        .memory
        .terminations
        .values()
        .filter(|record| record.state != TerminationState::Closed)
        .filter(|record| Some(&record.termination.person) == key.as_ref())
        .map(|record| record.termination.date)
        .max()
        .unwrap_or_else(|| question.calendar.day(question.hr_at))
}

/// One decision for all rows of a person: a contradiction stays one, an active
/// row beats a terminated one, the latest date beats earlier ones.
fn decide(rows: &[(usize, Claim)], question: &Question<'_>) -> Option<(usize, Claim)> {
    let contradiction = rows
        .iter()
        .find(|(_, claim)| matches!(claim, Claim::Contradicts(..)));
    let stays = rows
        .iter()
        .find(|(_, claim)| matches!(claim, Claim::Stays(..)));
    let latest = rows.iter().rev().max_by_key(|(_, claim)| match claim {
        Claim::Leaves(date) => Some(*date),
        _ => None,
    });
    let (row, claim) = contradiction.or(stays).or(latest)?;
    let unreadable = unreadable_sibling(&question.rows[*row], question);
    match (claim, unreadable) {
        (Claim::Leaves(date), Some(sentence)) => Some((
            *row,
            Claim::Contradicts(Reason::Unreadable, Some(*date), sentence),
        )),
        _ => Some((*row, claim.clone())),
    }
}

/// A row of the same person that could not be read may say that the person
/// stays, so nobody acts until it can be.
fn unreadable_sibling(row: &HrRow, question: &Question<'_>) -> Option<String> {
    let mine = identities(
        row.employee_id.as_ref(),
        row.work_email.as_ref(),
        row.username.as_ref(),
    );
    let sibling = question.invalid.iter().find(|invalid| {
        identities(
            EmployeeId::parse(&invalid.employee_id).as_ref(),
            EmailAddress::parse(&invalid.work_email).as_ref(),
            Username::parse(&invalid.username).as_ref(),
        )
        .iter()
        .any(|identity| mine.contains(identity))
    })?;
    Some(format!(
        "another row of the same person could not be read ({} line {})",
        sibling.source.file, sibling.source.line
    ))
}

/// Sets of row indices that belong together.
struct Groups {
    parent: Vec<usize>,
}

impl Groups {
    fn new(count: usize) -> Self {
        Self {
            parent: (0..count).collect(),
        }
    }

    fn root(&mut self, mut index: usize) -> usize {
        while self.parent[index] != index {
            self.parent[index] = self.parent[self.parent[index]];
            index = self.parent[index];
        }
        index
    }

    /// The smaller index stays the root, so that sets keep the file's order.
    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.parent[left.max(right)] = left.min(right);
    }

    fn sets(&mut self) -> Vec<Vec<usize>> {
        let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in 0..self.parent.len() {
            let root = self.root(index);
            sets.entry(root).or_default().push(index);
        }
        sets.into_values().collect()
    }
}
