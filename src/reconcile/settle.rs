use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::claims::{Claim, Contradiction};
use super::history::History;
use super::keys::{Identity, keys_of_unreadable};
use super::lines::{as_known, unreadable_account, unreadable_line, unreadable_names};
use super::matching::{Directory, Match};
use super::obstacles::of_namesakes;
use super::{Found, People, Person, Question, Suggestion};
use crate::model::{
    AccessTrail, AccountKey, AccountRow, AccountStatus, Disposition, EmploymentStatus, InvalidRow,
    Memory, Origin, Reason, SourceRow, Termination, TerminationId, TerminationRecord,
    TerminationState, UnsettledRow,
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
    /// People of tonight's HR files whom the status calls employed long past their date.
    pub lagging_statuses: u64,
    /// Terminations more than two years ahead.
    pub far_dates: u64,
    /// Rows of incremental HR files to be reported until something settles them.
    pub unsettled_rows: Vec<UnsettledRow>,
    /// Earlier ones that are not reported any more.
    pub settled_rows: Vec<String>,
    /// Those of them that nobody settled in all the time that there was.
    pub given_up: Vec<String>,
}

impl Reconciliation {
    /// Terminations whose row is gone from the cumulative file, as of tonight:
    /// their freed seats are kept for people who may come back.
    pub fn vanished(&self, memory: &Memory) -> Vec<TerminationId> {
        let decided: BTreeMap<TerminationId, bool> = self
            .records
            .iter()
            .map(|record| (record.termination.id(), is_vanished(record)))
            .chain(self.cases.iter().map(|case| (case.termination.id(), false)))
            .collect();
        let before = memory
            .terminations
            .iter()
            .filter(|(id, record)| is_vanished(record) && !decided.contains_key(id))
            .map(|(id, _)| id);
        let tonight = decided.iter().filter(|(_, gone)| **gone);
        let all: BTreeSet<&TerminationId> = before.chain(tonight.map(|(id, _)| id)).collect();
        all.into_iter().cloned().collect()
    }
}

fn is_vanished(record: &TerminationRecord) -> bool {
    record.vanished_at.is_some() && !record.state.is_over()
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
    /// What is known of the end of its access, tonight included.
    pub access: AccessTrail,
    /// Whether something keeps the program from acting.
    pub stance: Stance,
}

impl Case {
    /// HR's site decides the zone; where HR has none, the account's does.
    pub fn site(&self) -> &str {
        site_of(&self.termination.site, &self.account.site)
    }
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
    let ground = Ground::new(people, found, question);
    let mut settling = ground.settling(people, unreadable, question);
    for (position, (person, found_match)) in people.persons.iter().zip(&ground.matches).enumerate()
    {
        let suggestions = found
            .suggestions
            .get(&position)
            .map_or(&[][..], Vec::as_slice);
        settling.person(person, found_match, suggestions);
    }
    settling.keep_unreadable();
    settling.settle_earlier_rows();
    let lines = &mut settling.result.dispositions;
    lines.extend(question.invalid.iter().map(|row| RowDisposition {
        needs_a_look: true,
        ..unreadable_line(row, Origin::Hr)
    }));
    lines.extend(unreadable.iter().map(unreadable_account));
    settling.finish()
}

/// What is known before anybody is decided about: accounts by key, earlier
/// terminations, and whose account it is.
pub(super) struct Ground<'f, 'q> {
    pub(super) directory: Directory<'f>,
    pub(super) history: History<'q>,
    /// One for each person.
    pub(super) matches: Vec<Match>,
}

impl<'f, 'q> Ground<'f, 'q> {
    pub(super) fn new(people: &People, found: &'f Found, question: &Question<'q>) -> Self {
        let directory = Directory::new(found);
        let history = History::new(question.memory);
        let persons = people.persons.iter();
        let matches = persons
            .map(|person| directory.find(person, &history, question))
            .collect();
        Self {
            directory,
            history,
            matches,
        }
    }

    /// Ready to decide: what tonight's rows disagree about is known.
    pub(super) fn settling<'a>(
        &'a self,
        people: &People,
        unreadable: &[InvalidRow],
        question: &'a Question<'a>,
    ) -> Settling<'a, 'f, 'q> {
        let mut settling = Settling {
            question,
            directory: &self.directory,
            history: &self.history,
            unreadable: unreadable_names(unreadable),
            rivals: BTreeSet::new(),
            spoken_for: BTreeSet::new(),
            taken: BTreeSet::new(),
            result: Reconciliation::default(),
        };
        settling.survey(people, &self.matches);
        settling
    }
}

/// HR's site decides the zone; where HR has none, the account's does.
pub(super) fn site_of<'s>(hr: &'s str, account: &'s str) -> &'s str {
    if hr.is_empty() { account } else { hr }
}

pub(super) struct Settling<'a, 'f, 'h> {
    pub(super) question: &'a Question<'a>,
    pub(super) directory: &'a Directory<'f>,
    pub(super) history: &'a History<'h>,
    /// Identities of unreadable rows of the users report.
    pub(super) unreadable: BTreeMap<Identity, String>,
    /// Accounts that several leavers of tonight's file point at.
    pub(super) rivals: BTreeSet<AccountKey>,
    /// Accounts that a row of tonight's file points at which does not say that
    /// its person leaves, or cannot be read.
    pub(super) spoken_for: BTreeSet<AccountKey>,
    /// Accounts that a person of tonight's file was matched to.
    pub(super) taken: BTreeSet<AccountKey>,
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

impl Settling<'_, '_, '_> {
    /// Finds the accounts about which tonight's rows do not agree: nobody is
    /// certain, so nobody acts on them.
    fn survey(&mut self, people: &People, matches: &[Match]) {
        for (person, found_match) in people.persons.iter().zip(matches) {
            if let Claim::Unsettled(_) = person.claim {
                self.spoken_for.extend(self.directory.pointed_at(person));
            }
            if person.origin != Origin::Hr {
                continue;
            }
            let account = match found_match {
                Match::One(key, _) => Some(key.clone()),
                Match::Gone | Match::Ambiguous(..) | Match::None(..) => None,
            };
            match person.claim {
                Claim::Leaves(_) => {
                    if let Some(key) = account
                        && !self.taken.insert(key.clone())
                    {
                        self.rivals.insert(key);
                    }
                }
                Claim::Stays(..) => {
                    self.spoken_for.extend(self.directory.pointed_at(person));
                    self.spoken_for.extend(account.clone());
                    self.taken.extend(account);
                }
                Claim::Contradicts(_) | Claim::SaysNothing | Claim::Unsettled(_) => {
                    self.spoken_for.extend(self.directory.pointed_at(person));
                    self.spoken_for.extend(account);
                }
            }
        }
        self.spoken_for.extend(of_namesakes(people, matches));
        for key in self.question.invalid.iter().flat_map(keys_of_unreadable) {
            let account = self.directory.only_account_of(&key);
            self.spoken_for.extend(account.cloned());
        }
    }

    fn person(&mut self, person: &Person, found_match: &Match, suggestions: &[Suggestion]) {
        let history = self.history.of(person);
        if person.origin == Origin::Ledger
            && matches!(person.claim, Claim::Leaves(_))
            && let Match::One(key, _) = found_match
            && !self.taken.insert(key.clone())
        {
            // Tonight's file, or another obligation, speaks of the same
            // account under another identity.
            let own = history.iter().copied();
            let own: Vec<&TerminationRecord> = own
                .filter(|record| record.termination.person == person.key)
                .collect();
            return self.close(&own);
        }
        match &person.claim {
            Claim::Leaves(date) => {
                self.leaver(person, *date, found_match, suggestions, &history);
            }
            Claim::Stays(reason, _) => self.stayer(person, *reason, found_match, &history),
            Claim::Contradicts(contradiction) => {
                self.contradiction(person, contradiction, found_match);
            }
            Claim::SaysNothing => {
                let why = "the row has neither a status nor a termination date; fill one in";
                let verdict =
                    Verdict::settled(Disposition::Invalid, Reason::NoTerminationDate, why);
                self.keep_unsettled(person, &verdict);
                self.write(person, verdict.look_if(true), found_match);
            }
            Claim::Unsettled(row) => self.unsettled(person, row, found_match),
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
        let verdict = Verdict::settled(disposition, reason, detail);
        self.write(person, verdict, found_match);
    }

    fn contradiction(
        &mut self,
        person: &Person,
        contradiction: &Contradiction,
        found_match: &Match,
    ) {
        let is_due = contradiction.somebody_leaves
            && contradiction
                .date
                .is_none_or(|date| self.is_over(date, person));
        let verdict = Verdict::settled(
            Disposition::Conflict,
            contradiction.reason,
            contradiction.detail.clone(),
        );
        let may_be_active = self.may_be_active(found_match);
        if contradiction.somebody_leaves && may_be_active {
            self.keep_unsettled(person, &verdict);
        }
        let lags = contradiction.reason == Reason::StatusAndDate
            && person.status == Some(EmploymentStatus::Employed);
        self.result.lagging_statuses += u64::from(lags);
        self.write(
            person,
            verdict.look_if(is_due && may_be_active),
            found_match,
        );
    }

    /// Whether the day is over where the person works.
    pub(super) fn is_over(&self, date: Date, person: &Person) -> bool {
        self.question.calendar.end_of(date, &person.site) <= self.question.as_of
    }

    /// Whether access may be open: an account that nobody found may be active.
    pub(super) fn may_be_active(&self, found_match: &Match) -> bool {
        match found_match {
            Match::One(key, _) => self.known(key).0.status == AccountStatus::Active,
            Match::Gone => false,
            Match::Ambiguous(..) | Match::None(..) => true,
        }
    }

    pub(super) fn close(&mut self, history: &[&TerminationRecord]) {
        for record in history.iter().filter(|record| !record.state.is_over()) {
            let mut closed = (*record).clone();
            closed.state = TerminationState::Closed;
            self.result.records.push(closed);
        }
    }

    /// One record a termination. Somebody whose termination it is decides over
    /// somebody who only shares an identity; of a case the plan makes the record.
    fn settle_records(&mut self) {
        let cases = self.result.cases.iter();
        let planned: BTreeSet<TerminationId> = cases.map(|case| case.termination.id()).collect();
        let records = &mut self.result.records;
        records.retain(|record| !planned.contains(&record.termination.id()));
        // Closed comes last of the states, and only the first record is kept.
        records.sort_by_key(|record| (record.termination.id(), record.state));
        records.dedup_by_key(|record| record.termination.id());
    }

    /// The account as it is known tonight, and since when its status is known.
    pub(super) fn known(&self, key: &AccountKey) -> (AccountRow, Timestamp) {
        let row = &self.directory.candidate(key).row;
        as_known(row, key, self.question.memory, self.question.users_at)
    }

    /// Every HR row exactly once, in the order of the files; then the rest.
    fn finish(mut self) -> Result<Reconciliation, SumsDoNotBalance> {
        self.put_in_order();
        self.settle_records();
        let from_hr = || {
            let lines = self.result.dispositions.iter();
            lines.filter(|line| line.origin == Origin::Hr)
        };
        let sources: BTreeSet<&SourceRow> =
            from_hr().filter_map(|line| line.source.as_ref()).collect();
        let counted = from_hr().count();
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

pub(super) fn text<T: ToString + ?Sized>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
