use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::claims::Claim;
use super::keys::{Key, keys_of, keys_of_unreadable, row_keys};
use super::matching::Match;
use super::people::is_recent;
use super::settle::{Settling, Verdict};
use super::{Person, Question};
use crate::model::{
    Disposition, EmailAddress, EmployeeId, HrFileKind, InvalidRow, Origin, PersonKey, PersonName,
    Reason, Text, UnsettledRow, Username,
};

/// Whom tonight's rows speak of, whether or not they can be read.
struct Tonight {
    by_identity: BTreeMap<String, Vec<PersonName>>,
    unreadable: BTreeSet<String>,
}

impl Tonight {
    fn of(question: &Question<'_>) -> Self {
        let mut by_identity: BTreeMap<String, Vec<PersonName>> = BTreeMap::new();
        let mut add = |keys: Vec<Key>, name: &PersonName| {
            for key in keys {
                let names = by_identity.entry(key.identity().to_string()).or_default();
                names.push(name.clone());
            }
        };
        for row in question.rows {
            add(row_keys(row), &row.name);
        }
        for row in question.invalid {
            add(keys_of_unreadable(row), &name_of(row));
        }
        let unreadable = question.invalid.iter();
        Self {
            by_identity,
            unreadable: unreadable
                .map(|row| of_unreadable(row, question).id())
                .collect(),
        }
    }

    /// A later row of the same person says all that there is to say: an
    /// identity alone can have been wrong, or have passed to somebody else.
    fn speaks_of(&self, row: &UnsettledRow) -> bool {
        let same_person = row.identities.iter().any(|identity| {
            let mut names = self.by_identity.get(identity).into_iter().flatten();
            names.any(|name| !name.is_somebody_else(&row.name))
        });
        same_person || self.unreadable.contains(&row.id())
    }
}

/// What has become of a row of an earlier night.
#[derive(PartialEq, Eq)]
enum Standing {
    /// It is still to be reported.
    Open,
    /// A later row settled it; a cumulative file repeats what is open itself.
    Settled,
    /// Nobody settled it in all the time that there was.
    GivenUp,
}

fn standings<'q>(question: &Question<'q>) -> Vec<(&'q UnsettledRow, Standing)> {
    if question.memory.unsettled.is_empty() {
        return Vec::new();
    }
    let tonight = Tonight::of(question);
    let standing = |row: &UnsettledRow| match question.policy.hr_file {
        HrFileKind::Cumulative => Standing::Settled,
        HrFileKind::Incremental if tonight.speaks_of(row) => Standing::Settled,
        HrFileKind::Incremental if is_recent(due_since(row, question), question) => Standing::Open,
        HrFileKind::Incremental => Standing::GivenUp,
    };
    let rows = question.memory.unsettled.iter();
    rows.map(|row| (row, standing(row))).collect()
}

/// A date that lies ahead does not make a row old.
fn due_since(row: &UnsettledRow, question: &Question<'_>) -> Timestamp {
    let due = row
        .date
        .map(|date| question.calendar.end_of(date, &row.site));
    due.map_or(row.first_listed, |due| due.max(row.first_listed))
}

/// The rows of earlier nights that are still to be reported.
pub(super) fn still_unsettled<'q>(question: &Question<'q>) -> Vec<&'q UnsettledRow> {
    let all = standings(question).into_iter();
    all.filter(|(_, standing)| *standing == Standing::Open)
        .map(|(row, _)| row)
        .collect()
}

/// The row as a person of tonight's decision.
pub(super) fn person_behind(row: &UnsettledRow) -> Person {
    Person {
        origin: Origin::Ledger,
        key: PersonKey::stored(row.id()),
        rows: Vec::new(),
        deciding: None,
        source: row.source.clone(),
        employee_id: row.employee_id.clone(),
        work_email: row.work_email.clone(),
        username: row.username.clone(),
        name: row.name.clone(),
        other_names: Vec::new(),
        site: row.site.clone(),
        department: Text::new(),
        cost_center: row.cost_center.clone(),
        status: None,
        keys: keys_of(
            row.employee_id.as_ref(),
            row.work_email.as_ref(),
            row.username.as_ref(),
        ),
        claim: Claim::Unsettled(Box::new(row.clone())),
    }
}

impl Settling<'_, '_, '_> {
    /// An earlier night's row, with what became of it then.
    pub(super) fn unsettled(&mut self, person: &Person, row: &UnsettledRow, found: &Match) {
        let day = self.question.calendar.day(row.first_listed);
        let detail = format!(
            "{}; listed on {day} and not settled since: a corrected row of the person in HR's next \
             file settles it, or `seatsweep tasks done {}` says that somebody took care of it",
            row.detail,
            row.id()
        );
        let is_due = row.date.is_none_or(|date| self.is_over(date, person));
        let verdict = Verdict::settled(row.disposition, row.reason, detail);
        self.write(
            person,
            verdict.look_if(is_due && self.may_be_active(found)),
            found,
        );
    }

    /// Remembers that nobody could act on a person's rows, if HR's file will
    /// not repeat them.
    pub(super) fn keep_unsettled(&mut self, person: &Person, verdict: &Verdict) {
        if person.origin != Origin::Hr || !self.files_hold_only_news() {
            return;
        }
        let rows = person.rows.iter().map(|&row| &self.question.rows[row]);
        let identities: BTreeSet<String> = rows
            .flat_map(row_keys)
            .map(|key| key.identity().to_string())
            .collect();
        self.result.unsettled_rows.push(UnsettledRow {
            source: person.source.clone(),
            employee_id: person.employee_id.clone(),
            work_email: person.work_email.clone(),
            username: person.username.clone(),
            name: person.name.clone(),
            identities: identities.into_iter().collect(),
            site: person.site.clone(),
            cost_center: person.cost_center.clone(),
            date: person.date(),
            disposition: verdict.disposition,
            reason: verdict.reason,
            detail: verdict.detail.clone(),
            first_listed: self.question.as_of,
        });
    }

    /// The same for the rows that could not be read.
    pub(super) fn keep_unreadable(&mut self) {
        if !self.files_hold_only_news() {
            return;
        }
        for row in self.question.invalid {
            let row = of_unreadable(row, self.question);
            self.result.unsettled_rows.push(row);
        }
    }

    /// What the ledger has and is not reported any more.
    pub(super) fn settle_earlier_rows(&mut self) {
        for (row, standing) in standings(self.question) {
            match standing {
                Standing::Open => {}
                Standing::Settled => self.result.settled_rows.push(row.id()),
                Standing::GivenUp => {
                    self.result.settled_rows.push(row.id());
                    self.result.given_up.push(row.id());
                }
            }
        }
    }

    fn files_hold_only_news(&self) -> bool {
        self.question.policy.hr_file == HrFileKind::Incremental
    }
}

fn of_unreadable(row: &InvalidRow, question: &Question<'_>) -> UnsettledRow {
    let identities = keys_of_unreadable(row);
    UnsettledRow {
        source: row.source.clone(),
        employee_id: EmployeeId::parse(&row.employee_id),
        work_email: EmailAddress::parse(&row.work_email),
        username: Username::parse(&row.username),
        name: name_of(row),
        identities: identities
            .iter()
            .map(|key| key.identity().to_string())
            .collect(),
        site: Text::new(),
        cost_center: Text::new(),
        date: None,
        disposition: Disposition::Invalid,
        reason: Reason::Unreadable,
        detail: row.sentence(),
        first_listed: question.as_of,
    }
}

fn name_of(row: &InvalidRow) -> PersonName {
    PersonName {
        full: row.person.as_str().into(),
        ..PersonName::default()
    }
}
