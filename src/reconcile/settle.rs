use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::lines::{
    as_known, termination_of, unreadable_account, unreadable_line, unreadable_names,
};
use super::matching::{Directory, Match, records_of};
use super::obstacles::Sight;
use super::people::Claim;
use super::{Found, People, Person, Question, Suggestion};
use crate::model::{
    AccountKey, AccountRow, AccountStatus, Disposition, HrFileKind, InvalidRow, Origin, Reason,
    SourceRow, Termination, TerminationRecord, TerminationState,
};

/// What became of everybody.
#[derive(Debug, Clone, Default)]
pub struct Reconciliation {
    /// One for each HR data row, then one for each obligation without a row,
    /// then one for each unreadable row of the users report.
    pub dispositions: Vec<RowDisposition>,
    /// Leavers with exactly one account that may be acted on.
    pub cases: Vec<Case>,
    /// Terminations that ended without an action: superseded, rehired, vanished.
    pub records: Vec<TerminationRecord>,
    /// Leavers of tonight's HR files whose termination has taken effect.
    pub due_leavers: u64,
    /// Those of them that have an account.
    pub due_matched: u64,
    /// Those of them whose account is protected.
    pub protected_hits: u64,
    /// Leavers of tonight's HR files, due or not, whose account is active.
    pub active_leavers: u64,
}

/// One line of the results: what became of one row, and of whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowDisposition {
    /// Where the line comes from.
    pub origin: Origin,
    /// The HR row, for lines that come from one.
    pub source: Option<SourceRow>,
    /// Employee id as HR wrote it, or empty.
    pub employee_id: String,
    /// The person's name, or empty.
    pub person: String,
    /// Work e-mail, or empty.
    pub work_email: String,
    /// Site, or empty.
    pub site: String,
    /// Cost center, or empty.
    pub cost_center: String,
    /// The date that acts.
    pub termination_date: Option<Date>,
    /// What became of it.
    pub disposition: Disposition,
    /// Why.
    pub reason: Reason,
    /// The same in a sentence, with what to do.
    pub detail: String,
    /// The keys that found the account, or empty.
    pub matched_by: String,
    /// The account's id, or empty.
    pub user_id: String,
    /// The account's username, or empty.
    pub username: String,
    /// When the next step is due.
    pub next_due: Option<Timestamp>,
    /// Access that is due may still be open until a person has looked.
    pub needs_a_look: bool,
}

/// A leaver with exactly one account.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its line in the dispositions, which the plan completes.
    pub line: usize,
    /// Where it comes from.
    pub origin: Origin,
    /// Who and when.
    pub termination: Termination,
    /// As the ledger has it, if it knows it.
    pub record: Option<TerminationRecord>,
    /// The account as it is known tonight: the report, overridden by what the
    /// ledger verified since the report was made.
    pub account: AccountRow,
    /// What stands for the account between runs.
    pub key: AccountKey,
    /// The keys that found it.
    pub matched_by: String,
    /// When the deactivation is due.
    pub due: Timestamp,
    /// When the deactivation was verified, or the account first seen inactive.
    pub deactivated_at: Option<Timestamp>,
    /// Whether something keeps the program from acting.
    pub stance: Stance,
}

/// Whether a case may be acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// Yes.
    Act,
    /// Only when the plan is approved: old, and new to the ledger.
    WithApproval,
    /// The identity provider has to deactivate it first.
    LeaveToIdp,
}

/// The totals do not add up to the rows read: a defect, never a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{counted} dispositions for {rows} HR rows; nothing was changed; please report this defect"
)]
pub struct SumsDoNotBalance {
    /// Rows read.
    pub rows: usize,
    /// Dispositions given to them.
    pub counted: usize,
}

/// Gives every person one decision and every row one disposition.
/// `unreadable` are the rows of the users report that could not be read.
pub fn settle(
    people: &People,
    found: &Found,
    unreadable: &[InvalidRow],
    question: &Question<'_>,
) -> Result<Reconciliation, SumsDoNotBalance> {
    let directory = Directory::new(found);
    let mut settling = Settling {
        question,
        directory: &directory,
        unreadable: unreadable_names(unreadable),
        rivals: BTreeSet::new(),
        taken: BTreeSet::new(),
        result: Reconciliation::default(),
    };
    settling.loose_rows(people);
    let matches: Vec<Match> = people
        .persons
        .iter()
        .map(|person| directory.find(person, people, question))
        .collect();
    settling.find_rivals(people, &matches);
    for (position, (person, found_match)) in people.persons.iter().zip(&matches).enumerate() {
        let suggestions = found
            .suggestions
            .get(&position)
            .map_or(&[][..], Vec::as_slice);
        settling.person(person, found_match, suggestions);
    }
    settling
        .result
        .dispositions
        .extend(unreadable.iter().map(unreadable_account));
    settling.finish()
}

pub(super) struct Settling<'a, 'f> {
    pub(super) question: &'a Question<'a>,
    pub(super) directory: &'a Directory<'f>,
    /// Usernames and e-mails of unreadable rows of the users report.
    pub(super) unreadable: BTreeMap<String, String>,
    /// Accounts that several leavers of tonight's file point at.
    pub(super) rivals: BTreeSet<AccountKey>,
    /// Accounts that a person of tonight's file was matched to.
    taken: BTreeSet<AccountKey>,
    pub(super) result: Reconciliation,
}

/// What was decided about one person, before it is written to the lines.
pub(super) struct Verdict {
    pub(super) disposition: Disposition,
    pub(super) reason: Reason,
    pub(super) detail: String,
    pub(super) needs_a_look: bool,
}

impl Verdict {
    pub(super) fn settled(
        disposition: Disposition,
        reason: Reason,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            disposition,
            reason,
            detail: detail.into(),
            needs_a_look: false,
        }
    }

    pub(super) fn look_if(mut self, needs_a_look: bool) -> Self {
        self.needs_a_look = needs_a_look;
        self
    }
}

impl Settling<'_, '_> {
    fn loose_rows(&mut self, people: &People) {
        for loose in &people.loose {
            let row = &self.question.rows[loose.row];
            let due = row.termination_date.is_none_or(|date| {
                self.question.calendar.end_of(date, &row.site) <= self.question.as_of
            });
            self.result.dispositions.push(RowDisposition {
                origin: Origin::Hr,
                source: Some(row.source.clone()),
                employee_id: text(row.employee_id.as_ref()),
                person: row.name.display(),
                work_email: text(row.work_email.as_ref()),
                site: row.site.clone(),
                cost_center: row.cost_center.clone(),
                termination_date: row.termination_date,
                disposition: loose.disposition,
                reason: loose.reason,
                detail: loose.detail.clone(),
                matched_by: String::new(),
                user_id: String::new(),
                username: String::new(),
                next_due: None,
                needs_a_look: due && loose.disposition != Disposition::Unmatched,
            });
        }
        for invalid in self.question.invalid {
            self.result.dispositions.push(RowDisposition {
                needs_a_look: true,
                ..unreadable_line(invalid, Origin::Hr)
            });
        }
    }

    /// Two leavers of tonight's file that point at one account: neither is
    /// certain, so neither acts.
    fn find_rivals(&mut self, people: &People, matches: &[Match]) {
        for (person, found_match) in people.persons.iter().zip(matches) {
            if let (Origin::Hr, Match::One(key, _)) = (person.origin, found_match)
                && !self.taken.insert(key.clone())
            {
                self.rivals.insert(key.clone());
            }
        }
    }

    fn person(&mut self, person: &Person, found_match: &Match, suggestions: &[Suggestion]) {
        let history: Vec<&TerminationRecord> = records_of(person, self.question).collect();
        if person.origin == Origin::Ledger
            && let Match::One(key, _) = found_match
            && self.taken.contains(key)
        {
            // Tonight's file speaks of the same account under another identity.
            return self.close(&history);
        }
        match &person.claim {
            Claim::Leaves(date) => self.leaver(person, *date, found_match, suggestions, &history),
            Claim::Stays(reason, _) => self.stayer(person, *reason, found_match, &history),
            Claim::Contradicts(reason, date, detail) => {
                let due = date.is_none_or(|date| self.is_past(person, date));
                let inactive = matches!(found_match, Match::One(key, _)
                    if self.known(key).0.status == AccountStatus::Inactive);
                let verdict = Verdict::settled(Disposition::Conflict, *reason, detail.clone())
                    .look_if(due && !inactive);
                self.write(person, verdict, found_match);
            }
            Claim::SaysNothing => {}
        }
    }

    /// HR shows the person as employed: whatever was open for them is over.
    fn stayer(
        &mut self,
        person: &Person,
        reason: Reason,
        found_match: &Match,
        history: &[&TerminationRecord],
    ) {
        let came_back = history.iter().any(|record| record.deactivated_at.is_some());
        let (disposition, reason, detail) = match reason {
            Reason::HiredAgain => (
                Disposition::Rehired,
                reason,
                "HR shows a hire date after the termination; nothing more is done",
            ),
            _ if came_back => (
                Disposition::Rehired,
                Reason::HiredAgain,
                "HR shows the person as employed again; nothing more is done",
            ),
            Reason::OnLeave => (
                Disposition::NotLeaving,
                reason,
                "on leave or not started yet",
            ),
            _ => (
                Disposition::NotLeaving,
                reason,
                "HR shows the person as employed",
            ),
        };
        self.close(history);
        self.write(
            person,
            Verdict::settled(disposition, reason, detail),
            found_match,
        );
    }

    fn leaver(
        &mut self,
        person: &Person,
        date: Date,
        found_match: &Match,
        suggestions: &[Suggestion],
        history: &[&TerminationRecord],
    ) {
        let site = self.site_of(person, found_match);
        let due = self
            .question
            .calendar
            .deactivation_due(date, person.status, &site);
        let is_due = due.is_some_and(|due| due <= self.question.as_of);
        self.count(person, is_due, found_match);
        if person.origin == Origin::Ledger && self.question.policy.hr_file == HrFileKind::Cumulative
        {
            return self.vanished(person, found_match, history);
        }
        let exact = history
            .iter()
            .find(|record| record.termination.date == date)
            .copied();
        let verdict = match (due, found_match) {
            (Some(due), Match::One(key, matched_by)) if is_due => {
                self.due_with_account(person, date, due, (key, matched_by), history)
            }
            _ if !is_due => Some(Verdict::settled(
                Disposition::NotDue,
                Reason::FutureDate,
                "the termination has not taken effect yet",
            )),
            _ => Some(due_without_account(found_match, suggestions)),
        };
        self.close_others(history, date);
        if let Some(verdict) = verdict {
            self.remember(person, date, found_match, exact);
            self.write(person, verdict, found_match);
            if let (Some(due), false, Some(line)) =
                (due, is_due, self.result.dispositions.last_mut())
            {
                line.next_due = Some(due);
            }
        }
        self.duplicates(person, found_match);
    }

    /// `None` when the leaver became a case, whose line is written already.
    fn due_with_account(
        &mut self,
        person: &Person,
        date: Date,
        due: Timestamp,
        (key, matched_by): (&AccountKey, &str),
        history: &[&TerminationRecord],
    ) -> Option<Verdict> {
        let (account, status_since) = self.known(key);
        let spent_on = self.spent_on(person, key, history).filter(|spent| {
            // A deactivation before the date belongs to an earlier departure.
            self.question.calendar.day(*spent) >= date
        });
        let sight = Sight {
            person,
            date,
            key,
            account: &account,
            spent_on,
        };
        if let Some(verdict) = self.obstacle(&sight) {
            return Some(verdict);
        }
        let exact = history
            .iter()
            .find(|record| record.termination.date == date)
            .copied();
        let stance = if account.status == AccountStatus::Active && self.is_managed(&account) {
            Stance::LeaveToIdp
        } else if self.needs_approval(date, exact) {
            Stance::WithApproval
        } else {
            Stance::Act
        };
        let deactivated_at = match account.status {
            AccountStatus::Active => None,
            AccountStatus::Inactive => Some(
                exact
                    .and_then(|record| record.deactivated_at)
                    .or(spent_on)
                    .unwrap_or(status_since),
            ),
        };
        let nothing_yet =
            Verdict::settled(Disposition::AlreadyDone, Reason::NothingLeft, String::new());
        let found_match = Match::One(key.clone(), matched_by.to_owned());
        self.write(person, nothing_yet, &found_match);
        self.result.cases.push(Case {
            line: self.result.dispositions.len() - 1,
            origin: person.origin,
            termination: termination_of(person, date),
            record: exact.cloned(),
            account,
            key: key.clone(),
            matched_by: matched_by.to_owned(),
            due,
            deactivated_at,
            stance,
        });
        None
    }

    /// When a deactivation of this account, for this person, was last verified.
    fn spent_on(
        &self,
        person: &Person,
        key: &AccountKey,
        history: &[&TerminationRecord],
    ) -> Option<Timestamp> {
        let all = self.question.memory.terminations.values();
        let by_account = all.filter(|record| record.account.as_ref() == Some(key));
        let by_person = history
            .iter()
            .copied()
            .filter(|record| record.termination.person == person.key);
        by_account
            .chain(by_person)
            .filter_map(|record| record.deactivated_at)
            .max()
    }

    /// A cumulative file no longer has the row: it was taken back, or lost.
    fn vanished(&mut self, person: &Person, found_match: &Match, history: &[&TerminationRecord]) {
        let never_matched = |record: &TerminationRecord| {
            record.account.is_none() && record.state == TerminationState::Open
        };
        if history.iter().all(|record| never_matched(record)) {
            return self.close(history);
        }
        for record in history
            .iter()
            .filter(|record| record.state != TerminationState::Closed)
        {
            let mut record = (*record).clone();
            record.vanished_at = record.vanished_at.or(Some(self.question.as_of));
            self.result.records.push(record);
        }
        let verdict = Verdict::settled(
            Disposition::Held,
            Reason::RowVanished,
            "the row is gone from the cumulative HR file: nothing more is done until it is back",
        );
        self.write(person, verdict, found_match);
    }

    /// A termination that waits is remembered, so that it is carried out, or
    /// reported again, even if an incremental file does not repeat it.
    fn remember(
        &mut self,
        person: &Person,
        date: Date,
        found_match: &Match,
        exact: Option<&TerminationRecord>,
    ) {
        let (key, matched_by) = match found_match {
            Match::One(key, matched_by) => (Some(key), matched_by.clone()),
            _ => (None, String::new()),
        };
        let row = key.map(|key| &self.directory.candidate(key).row);
        self.result.records.push(TerminationRecord {
            termination: termination_of(person, date),
            account: key.cloned(),
            user_id: row.and_then(|row| row.user_id.clone()),
            account_username: row.and_then(|row| row.username.clone()),
            matched_by,
            state: exact.map_or(TerminationState::Open, |record| record.state),
            first_listed: exact.map_or(self.question.as_of, |record| record.first_listed),
            deactivated_at: exact.and_then(|record| record.deactivated_at),
            approved: exact.is_some_and(|record| record.approved),
            vanished_at: None,
        });
    }

    /// The date was corrected: what was open under the old one is over.
    fn close_others(&mut self, history: &[&TerminationRecord], date: Date) {
        let others: Vec<&TerminationRecord> = history
            .iter()
            .copied()
            .filter(|record| record.termination.date != date)
            .collect();
        self.close(&others);
    }

    fn close(&mut self, history: &[&TerminationRecord]) {
        for record in history
            .iter()
            .filter(|record| record.state != TerminationState::Closed)
        {
            let mut closed = (*record).clone();
            closed.state = TerminationState::Closed;
            self.result.records.push(closed);
        }
    }

    fn count(&mut self, person: &Person, is_due: bool, found_match: &Match) {
        if person.origin != Origin::Hr {
            return;
        }
        let matched = matches!(found_match, Match::One(..) | Match::Gone);
        self.result.due_leavers += u64::from(is_due);
        self.result.due_matched += u64::from(is_due && matched);
        if let Match::One(key, _) = found_match {
            let active = self.known(key).0.status == AccountStatus::Active;
            self.result.active_leavers += u64::from(active);
        }
    }

    /// The account as it is known tonight, and since when its status is known.
    fn known(&self, key: &AccountKey) -> (AccountRow, Timestamp) {
        let row = &self.directory.candidate(key).row;
        as_known(row, key, self.question.memory, self.question.users_at)
    }

    fn is_past(&self, person: &Person, date: Date) -> bool {
        self.question.calendar.end_of(date, &person.site) <= self.question.as_of
    }

    /// HR's site decides the zone; where HR has none, the account's does.
    fn site_of(&self, person: &Person, found_match: &Match) -> String {
        match found_match {
            Match::One(key, _) if person.site.is_empty() => {
                self.directory.candidate(key).row.site.clone()
            }
            _ => person.site.clone(),
        }
    }

    /// The line of the deciding row, and of the person's other rows.
    fn write(&mut self, person: &Person, verdict: Verdict, found_match: &Match) {
        let verdict = self.unreadable_instead(person, verdict);
        let siblings = match person.claim {
            Claim::Leaves(_) => person.deciding.into_iter().collect(),
            Claim::Stays(..) | Claim::Contradicts(..) | Claim::SaysNothing => person.rows.clone(),
        };
        let (user_id, username, matched_by) = match found_match {
            Match::One(key, matched_by) => {
                let row = &self.directory.candidate(key).row;
                (
                    text(row.user_id.as_ref()),
                    text(row.username.as_ref()),
                    matched_by.clone(),
                )
            }
            _ => (String::new(), String::new(), String::new()),
        };
        let mut line = RowDisposition {
            origin: person.origin,
            source: None,
            employee_id: text(person.employee_id.as_ref()),
            person: person.name.display(),
            work_email: text(person.work_email.as_ref()),
            site: person.site.clone(),
            cost_center: person.cost_center.clone(),
            termination_date: person.date(),
            disposition: verdict.disposition,
            reason: verdict.reason,
            detail: verdict.detail,
            matched_by,
            user_id,
            username,
            next_due: None,
            needs_a_look: verdict.needs_a_look,
        };
        if person.origin == Origin::Ledger {
            self.result.dispositions.push(line);
            return;
        }
        for row in siblings {
            line.source = Some(self.question.rows[row].source.clone());
            self.result.dispositions.push(line.clone());
        }
    }

    /// Nobody is unmatched whose account's row could not be read.
    fn unreadable_instead(&self, person: &Person, verdict: Verdict) -> Verdict {
        if verdict.disposition != Disposition::Unmatched {
            return verdict;
        }
        let names = [
            text(person.work_email.as_ref()),
            text(person.username.as_ref()),
        ];
        match names.iter().find_map(|name| self.unreadable.get(name)) {
            Some(sentence) => Verdict::settled(
                Disposition::Invalid,
                Reason::AccountUnreadable,
                sentence.clone(),
            )
            .look_if(true),
            None => verdict,
        }
    }

    fn duplicates(&mut self, person: &Person, found_match: &Match) {
        for &row in person
            .rows
            .iter()
            .filter(|&&row| Some(row) != person.deciding)
        {
            let mut sibling = person.clone();
            sibling.deciding = Some(row);
            let verdict = Verdict::settled(
                Disposition::Duplicate,
                Reason::SamePerson,
                format!("line {} of the same person decides", person.source.line),
            );
            self.write(&sibling, verdict, found_match);
        }
    }

    /// Every HR row exactly once, in the order of the files; then the rest.
    fn finish(mut self) -> Result<Reconciliation, SumsDoNotBalance> {
        let mut order: Vec<usize> = (0..self.result.dispositions.len()).collect();
        let lines = &self.result.dispositions;
        let rank = |line: &RowDisposition| match line.origin {
            Origin::Hr => 0,
            Origin::Ledger => 1,
            Origin::Pool => 2,
            Origin::Undo => 3,
        };
        order.sort_by(|&a, &b| {
            let (a, b) = (&lines[a], &lines[b]);
            (rank(a), &a.source, &a.person, a.termination_date).cmp(&(
                rank(b),
                &b.source,
                &b.person,
                b.termination_date,
            ))
        });
        let mut position = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            position[old] = new;
        }
        let mut sorted = Vec::with_capacity(order.len());
        for old in order {
            sorted.push(self.result.dispositions[old].clone());
        }
        self.result.dispositions = sorted;
        for case in &mut self.result.cases {
            case.line = position[case.line];
        }
        self.result.cases.sort_by_key(|case| case.line);
        self.result
            .records
            .sort_by_key(|record| record.termination.id());
        self.result
            .records
            .dedup_by_key(|record| record.termination.id());
        let sources: BTreeSet<&SourceRow> = self
            .result
            .dispositions
            .iter()
            .filter(|line| line.origin == Origin::Hr)
            .filter_map(|line| line.source.as_ref())
            .collect();
        let counted = self
            .result
            .dispositions
            .iter()
            .filter(|line| line.origin == Origin::Hr)
            .count();
        let rows = self.question.rows.len() + self.question.invalid.len();
        if counted == rows && sources.len() == rows {
            Ok(self.result)
        } else {
            Err(SumsDoNotBalance {
                rows,
                counted: sources.len().min(counted),
            })
        }
    }
}

fn due_without_account(found_match: &Match, suggestions: &[Suggestion]) -> Verdict {
    match found_match {
        Match::Ambiguous(reason, detail) => {
            let advice = format!("{detail}; settle it with --map");
            Verdict::settled(Disposition::Ambiguous, *reason, advice).look_if(true)
        }
        Match::Gone => Verdict::settled(
            Disposition::AlreadyDone,
            Reason::NothingLeft,
            "deactivated earlier; the account is gone from the users report",
        ),
        Match::None(reason, detail) if suggestions.is_empty() => {
            Verdict::settled(Disposition::Unmatched, *reason, detail.clone())
        }
        Match::None(_, detail) => {
            let hints: Vec<String> = suggestions
                .iter()
                .map(|suggestion| format!("{} ({})", suggestion.account, suggestion.why))
                .collect();
            let detail = format!(
                "{detail}; perhaps {}; if so, say it with --map",
                hints.join(" or ")
            );
            Verdict::settled(Disposition::Unmatched, Reason::NearMiss, detail).look_if(true)
        }
        Match::One(..) => Verdict::settled(
            Disposition::NotDue,
            Reason::FutureDate,
            "the termination has not taken effect yet",
        ),
    }
}

pub(super) fn text<T: ToString + ?Sized>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
