use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::claims::Claim;
use super::due::acting_date;
use super::keys::{Identity, Key, keys_of_unreadable};
use super::matching::Match;
use super::settle::{Settling, Verdict, text};
use super::{Candidate, Person, RowDisposition};
use crate::model::{
    AccountRow, AccountStatus, Disposition, InvalidRow, LicenseName, Memory, Origin, Reason,
    SourceRow, Termination, Text,
};

/// A report's row, overridden by what the ledger verified after the report was
/// made; and since when the status is known.
pub fn as_known(
    account: &Candidate,
    memory: &Memory,
    users_at: Timestamp,
) -> (AccountRow, Timestamp) {
    let mut row = AccountRow::clone(&account.row);
    let (status, since) = status_as_known(account, memory, users_at);
    row.status = status;
    if let Some(verified) = memory.accounts.get(&account.key) {
        let newer = verified.removed.iter().filter(|(_, at)| *at > users_at);
        for (license, _) in newer {
            take_one(&mut row.licenses, license);
        }
    }
    (row, since)
}

/// The same of the status alone.
pub(super) fn status_as_known(
    account: &Candidate,
    memory: &Memory,
    users_at: Timestamp,
) -> (AccountStatus, Timestamp) {
    match memory.accounts.get(&account.key) {
        Some(verified) if verified.status_at > users_at => (verified.status, verified.status_at),
        Some(_) | None => (account.row.status, users_at),
    }
}

fn take_one(licenses: &mut Vec<LicenseName>, gone: &LicenseName) {
    if let Some(position) = licenses.iter().position(|license| license.same_as(gone)) {
        licenses.remove(position);
    }
}

/// Only what is the person's own is remembered: a shared address would be
/// somebody else's on a night when only one of them is listed.
pub(super) fn termination_of(person: &Person, date: Date) -> Termination {
    let employee_id = person.employee_id.clone();
    let work_email = person.work_email.clone();
    let username = person.username.clone();
    Termination {
        person: person.key.clone(),
        date,
        employee_id: employee_id.filter(|id| person.has(&Key::EmployeeId(id.clone()))),
        work_email: work_email.filter(|email| person.has(&Key::WorkEmail(email.clone()))),
        username: username.filter(|name| person.has(&Key::Username(name.clone()))),
        name: person.name.clone(),
        site: person.site.clone(),
        department: person.department.clone(),
        cost_center: person.cost_center.clone(),
        source: person.source.clone(),
    }
}

/// The sentences of unreadable account rows, by what can be read of them.
pub(super) fn unreadable_names(unreadable: &[InvalidRow]) -> BTreeMap<Identity, String> {
    let mut names = BTreeMap::new();
    for row in unreadable {
        for key in keys_of_unreadable(row) {
            names.insert(key.identity(), row.sentence());
        }
    }
    names
}

/// What was decided, for a person who is not named yet.
fn nobodys_line(origin: Origin, verdict: Verdict, found: &Match<'_>) -> RowDisposition {
    let (user_id, username, matched_by) = match found {
        Match::One(account, matched_by) => {
            let row = &account.row;
            let (user_id, username) = (row.user_id.as_ref(), row.username.as_ref());
            (text(user_id), text(username), matched_by.clone())
        }
        Match::Gone | Match::Ambiguous(..) | Match::None(..) => Default::default(),
    };
    RowDisposition {
        origin,
        source: None,
        employee_id: Text::new(),
        person: Text::new(),
        work_email: Text::new(),
        site: Text::new(),
        cost_center: Text::new(),
        termination_date: None,
        disposition: verdict.disposition,
        reason: verdict.reason,
        detail: verdict.detail,
        matched_by,
        user_id,
        username,
        next_due: None,
        needs_a_look: verdict.needs_a_look,
    }
}

/// The line as that of a person without a row.
fn of_person(line: RowDisposition, person: &Person) -> RowDisposition {
    RowDisposition {
        employee_id: text(person.employee_id.as_ref()),
        person: person.name.display().into(),
        work_email: text(person.work_email.as_ref()),
        site: person.site.clone(),
        cost_center: person.cost_center.clone(),
        termination_date: person.date(),
        ..line
    }
}

/// A row of the users report is about seats, so its line is the pool's.
pub(super) fn unreadable_account(row: &InvalidRow) -> RowDisposition {
    RowDisposition {
        source: None,
        username: row.username.as_str().into(),
        ..unreadable_line(row, Origin::Pool)
    }
}

pub(super) fn unreadable_line(row: &InvalidRow, origin: Origin) -> RowDisposition {
    RowDisposition {
        origin,
        source: Some(row.source.clone()),
        employee_id: row.employee_id.as_str().into(),
        person: row.person.as_str().into(),
        work_email: row.work_email.as_str().into(),
        site: Text::new(),
        cost_center: Text::new(),
        termination_date: None,
        disposition: Disposition::Invalid,
        reason: Reason::Unreadable,
        detail: row.sentence().into(),
        matched_by: Cow::default(),
        user_id: Text::new(),
        username: Text::new(),
        next_due: None,
        needs_a_look: false,
    }
}

impl Settling<'_, '_, '_> {
    /// The line of the deciding row, or of all rows where none of them decides
    /// alone; one line for an obligation without a row.
    pub(super) fn write(&mut self, person: &Person, verdict: Verdict, found: &Match<'_>) {
        let verdict = self.unreadable_instead(person, verdict);
        let line = nobodys_line(person.origin, verdict, found);
        match (person.origin, &person.claim) {
            (Origin::Hr, Claim::Leaves(_)) => {
                let deciding = person.deciding.map(|row| self.of_row(line, person, row));
                self.result.dispositions.extend(deciding);
            }
            (
                Origin::Hr,
                Claim::Stays(..) | Claim::Contradicts(_) | Claim::SaysNothing | Claim::Unsettled(_),
            ) => {
                for &row in &person.rows {
                    let line = self.of_row(line.clone(), person, row);
                    self.result.dispositions.push(line);
                }
            }
            (Origin::Ledger | Origin::Pool | Origin::Undo, _) => {
                self.result.dispositions.push(of_person(line, person));
            }
        }
    }

    /// The lines of a leaver's other rows.
    pub(super) fn duplicates(&mut self, person: &Person, found: &Match<'_>) {
        let others = person
            .rows
            .iter()
            .filter(|&&row| Some(row) != person.deciding);
        for &row in others {
            let verdict = Verdict::settled(
                Disposition::Duplicate,
                Reason::SamePerson,
                format!("line {} of the same person decides", person.source.line),
            );
            let line = nobodys_line(person.origin, verdict, found);
            let line = self.of_row(line, person, row);
            self.result.dispositions.push(line);
        }
    }

    /// The line as that of one of the person's rows, with what this very row says.
    fn of_row(&self, line: RowDisposition, person: &Person, row: usize) -> RowDisposition {
        let row = &self.question.rows[row];
        RowDisposition {
            source: Some(row.source.clone()),
            employee_id: text(row.employee_id.as_ref()),
            person: row.name.display().into(),
            work_email: text(row.work_email.as_ref()),
            site: row.site.clone(),
            cost_center: row.cost_center.clone(),
            termination_date: acting_date(row, self.question.policy).or(person.date()),
            ..line
        }
    }

    /// Nobody is unmatched whose account's row could not be read.
    fn unreadable_instead(&self, person: &Person, verdict: Verdict) -> Verdict {
        if verdict.disposition != Disposition::Unmatched {
            return verdict;
        }
        let sentence = person
            .keys
            .iter()
            .find_map(|key| self.unreadable.get(&key.identity()));
        match sentence {
            Some(sentence) => Verdict::settled(
                Disposition::Invalid,
                Reason::AccountUnreadable,
                sentence.clone(),
            )
            .look_if(true),
            None => verdict,
        }
    }

    /// HR's rows in the order of the files, then the ledger's, then the pools'.
    pub(super) fn put_in_order(&mut self) {
        let lines = &mut self.result.dispositions;
        let mut order: Vec<usize> = (0..lines.len()).collect();
        order.sort_by(|&a, &b| place_of(&lines[a]).cmp(&place_of(&lines[b])));
        let mut moves_to = vec![0; lines.len()];
        for (place, &before) in order.iter().enumerate() {
            moves_to[before] = place;
        }
        for case in &mut self.result.cases {
            case.line = moves_to[case.line];
        }
        self.result.cases.sort_by_key(|case| case.line);
        move_all(lines, moves_to);
    }
}

/// Moves every element to its new place.
fn move_all<T>(all: &mut [T], mut moves_to: Vec<usize>) {
    for place in 0..all.len() {
        while moves_to[place] != place {
            let target = moves_to[place];
            all.swap(place, target);
            moves_to.swap(place, target);
        }
    }
}

fn place_of(line: &RowDisposition) -> (Origin, Option<&SourceRow>, &str, Option<Date>) {
    let RowDisposition {
        origin,
        source,
        person,
        termination_date,
        ..
    } = line;
    (*origin, source.as_ref(), person, *termination_date)
}
