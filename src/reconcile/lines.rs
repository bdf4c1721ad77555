use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::claims::Claim;
use super::due::acting_date;
use super::keys::{Identity, Key, keys_of_unreadable};
use super::matching::Match;
use super::settle::{Settling, Verdict, text};
use super::{Person, RowDisposition};
use crate::model::{
    AccountKey, AccountRow, Disposition, InvalidRow, LicenseName, Memory, Origin, Reason,
    SourceRow, Termination,
};

/// A report's row, overridden by what the ledger verified after the report was
/// made; and since when the status is known.
pub fn as_known(
    row: &AccountRow,
    key: &AccountKey,
    memory: &Memory,
    users_at: Timestamp,
) -> (AccountRow, Timestamp) {
    let mut row = row.clone();
    let mut since = users_at;
    if let Some(verified) = memory.accounts.get(key) {
        if verified.status_at > users_at {
            row.status = verified.status;
            since = verified.status_at;
        }
        let newer = verified.removed.iter().filter(|(_, at)| *at > users_at);
        for (license, _) in newer {
            take_one(&mut row.licenses, license);
        }
    }
    (row, since)
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

/// A row of the users report is about seats, so its line is the pool's.
pub(super) fn unreadable_account(row: &InvalidRow) -> RowDisposition {
    RowDisposition {
        source: None,
        username: row.username.clone(),
        ..unreadable_line(row, Origin::Pool)
    }
}

pub(super) fn unreadable_line(row: &InvalidRow, origin: Origin) -> RowDisposition {
    RowDisposition {
        origin,
        source: Some(row.source.clone()),
        employee_id: row.employee_id.clone(),
        person: row.person.clone(),
        work_email: row.work_email.clone(),
        site: String::new(),
        cost_center: String::new(),
        termination_date: None,
        disposition: Disposition::Invalid,
        reason: Reason::Unreadable,
        detail: row.sentence(),
        matched_by: String::new(),
        user_id: String::new(),
        username: String::new(),
        next_due: None,
        needs_a_look: false,
    }
}

impl Settling<'_, '_, '_> {
    /// The line of the deciding row, or of all rows where none of them decides
    /// alone; one line for an obligation without a row.
    pub(super) fn write(&mut self, person: &Person, verdict: Verdict, found: &Match) {
        let verdict = self.unreadable_instead(person, verdict);
        let line = self.line(person, verdict, found);
        match (person.origin, &person.claim) {
            (Origin::Hr, Claim::Leaves(_)) => {
                let deciding = person.deciding.map(|row| self.of_row(&line, row));
                self.result.dispositions.extend(deciding);
            }
            (
                Origin::Hr,
                Claim::Stays(..) | Claim::Contradicts(_) | Claim::SaysNothing | Claim::Unsettled(_),
            ) => {
                let lines: Vec<RowDisposition> = person
                    .rows
                    .iter()
                    .map(|&row| self.of_row(&line, row))
                    .collect();
                self.result.dispositions.extend(lines);
            }
            (Origin::Ledger | Origin::Pool | Origin::Undo, _) => {
                self.result.dispositions.push(line);
            }
        }
    }

    /// The lines of a leaver's other rows.
    pub(super) fn duplicates(&mut self, person: &Person, found: &Match) {
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
            let line = self.line(person, verdict, found);
            let line = self.of_row(&line, row);
            self.result.dispositions.push(line);
        }
    }

    fn line(&self, person: &Person, verdict: Verdict, found: &Match) -> RowDisposition {
        let (user_id, username, matched_by) = match found {
            Match::One(key, matched_by) => {
                let row = &self.directory.candidate(key).row;
                let (user_id, username) = (row.user_id.as_ref(), row.username.as_ref());
                (text(user_id), text(username), matched_by.clone())
            }
            Match::Gone | Match::Ambiguous(..) | Match::None(..) => Default::default(),
        };
        RowDisposition {
            origin: person.origin,
            source: None,
            employee_id: text(person.employee_id.as_ref()),
            person: person.name.display(),
            work_email: text(person.work_email.as_ref()),
            site: person.site.to_string(),
            cost_center: person.cost_center.to_string(),
            termination_date: person.date(),
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

    /// The person's line, with what this very row says.
    fn of_row(&self, line: &RowDisposition, row: usize) -> RowDisposition {
        let row = &self.question.rows[row];
        RowDisposition {
            source: Some(row.source.clone()),
            employee_id: text(row.employee_id.as_ref()),
            person: row.name.display(),
            work_email: text(row.work_email.as_ref()),
            site: row.site.to_string(),
            cost_center: row.cost_center.to_string(),
            termination_date: acting_date(row, self.question.policy).or(line.termination_date),
            ..line.clone()
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
        let mut lines: Vec<(usize, RowDisposition)> =
            self.result.dispositions.drain(..).enumerate().collect();
        lines.sort_by(|(_, a), (_, b)| place_of(a).cmp(&place_of(b)));
        let mut moved_to = vec![0; lines.len()];
        for (position, (before, _)) in lines.iter().enumerate() {
            moved_to[*before] = position;
        }
        self.result.dispositions = lines.into_iter().map(|(_, line)| line).collect();
        for case in &mut self.result.cases {
            case.line = moved_to[case.line];
        }
        self.result.cases.sort_by_key(|case| case.line);
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
