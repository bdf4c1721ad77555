use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::claims::{Claim, Contradiction};
use super::found::Marks;
use super::history::History;
use super::keys::{Identity, keys_of_unreadable};
use super::lines::{
    as_known, status_as_known, unreadable_account, unreadable_line, unreadable_names,
};
use super::matching::{Directory, Match};
use super::obstacles::of_namesakes;
use super::{
    Candidate, Found, People, Person, Question, Reconciliation, RowDisposition, Suggestion,
    SumsDoNotBalance,
};
use crate::model::{
    AccountRow, AccountStatus, Disposition, EmploymentStatus, InvalidRow, Origin, Reason,
    SourceRow, TerminationId, TerminationRecord, TerminationState, Text,
};

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
    pub(super) matches: Vec<Match<'f>>,
}

impl<'f, 'q> Ground<'f, 'q> {
    pub(super) fn new(people: &People, found: &'f Found, question: &Question<'q>) -> Self {
        let directory = Directory::new(found);
        let history = History::new(question.memory);
        let persons = people.persons.par_iter();
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
        let rows = question.rows.len() + question.invalid.len() + unreadable.len();
        let mut settling = Settling {
            question,
            directory: &self.directory,
            history: &self.history,
            unreadable: unreadable_names(unreadable),
            rivals: Marks::among(self.directory.found),
            spoken_for: Marks::among(self.directory.found),
            taken: Marks::among(self.directory.found),
            result: Reconciliation {
                dispositions: Vec::with_capacity(rows),
                ..Reconciliation::default()
            },
        };
        settling.survey(people, &self.matches);
        settling
    }
}

pub(super) struct Settling<'a, 'f, 'h> {
    pub(super) question: &'a Question<'a>,
    pub(super) directory: &'a Directory<'f>,
    pub(super) history: &'a History<'h>,
    /// Identities of unreadable rows of the users report.
    pub(super) unreadable: BTreeMap<Identity, String>,
    /// Accounts that several leavers of tonight's file point at.
    pub(super) rivals: Marks,
    /// Accounts that a row of tonight's file points at which does not say that
    /// its person leaves, or cannot be read.
    pub(super) spoken_for: Marks,
    /// Accounts that a person of tonight's file was matched to.
    pub(super) taken: Marks,
    pub(super) result: Reconciliation,
}

/// What was decided about one person, before it is written to the lines.
pub(super) struct Verdict {
    pub(super) disposition: Disposition,
    pub(super) reason: Reason,
    pub(super) detail: Cow<'static, str>,
    pub(super) needs_a_look: bool,
}

impl Verdict {
    pub(super) fn settled(
        disposition: Disposition,
        reason: Reason,
        detail: impl Into<Cow<'static, str>>,
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
    fn survey(&mut self, people: &People, matches: &[Match<'_>]) {
        for (person, found_match) in people.persons.iter().zip(matches) {
            let account = found_match.account();
            match (person.origin, &person.claim) {
                (Origin::Hr, Claim::Leaves(_)) => {
                    if let Some(account) = account
                        && !self.taken.insert(account)
                    {
                        self.rivals.insert(account);
                    }
                }
                (Origin::Hr, Claim::Stays(..)) => {
                    self.taken.extend(account);
                    self.spoken_for.extend(account);
                    self.speak_for_hits_of(person);
                }
                (Origin::Hr, Claim::Contradicts(_) | Claim::SaysNothing | Claim::Unsettled(_)) => {
                    self.spoken_for.extend(account);
                    self.speak_for_hits_of(person);
                }
                (Origin::Ledger | Origin::Pool | Origin::Undo, Claim::Unsettled(_)) => {
                    self.speak_for_hits_of(person);
                }
                (Origin::Ledger | Origin::Pool | Origin::Undo, _) => {}
            }
        }
        self.spoken_for.extend(of_namesakes(people, matches));
        for key in self.question.invalid.iter().flat_map(keys_of_unreadable) {
            let account = self.directory.only_account_of(&key);
            self.spoken_for.extend(account);
        }
    }

    fn speak_for_hits_of(&mut self, person: &Person) {
        for hit in self.directory.hits(person) {
            // Comparing names takes the longest, so it comes last.
            if !self.spoken_for.contains(hit.account) && hit.is_for(person) {
                self.spoken_for.insert(hit.account);
            }
        }
    }

    fn person(&mut self, person: &Person, found_match: &Match<'_>, suggestions: &[Suggestion]) {
        let history = self.history.of(person);
        if person.origin == Origin::Ledger
            && matches!(person.claim, Claim::Leaves(_))
            && let Some(account) = found_match.account()
            && !self.taken.insert(account)
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
        found_match: &Match<'_>,
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
        found_match: &Match<'_>,
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
    pub(super) fn may_be_active(&self, found_match: &Match<'_>) -> bool {
        match found_match {
            Match::One(account, _) => self.is_active(account),
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
    pub(super) fn known(&self, account: &Candidate) -> (AccountRow, Timestamp) {
        as_known(account, self.question.memory, self.question.users_at)
    }

    /// Whether the account can log in, and since when that is known.
    pub(super) fn status(&self, account: &Candidate) -> (AccountStatus, Timestamp) {
        status_as_known(account, self.question.memory, self.question.users_at)
    }

    pub(super) fn is_active(&self, account: &Candidate) -> bool {
        self.status(account).0 == AccountStatus::Active
    }

    /// Every HR row exactly once, in the order of the files; then the rest.
    fn finish(mut self) -> Result<Reconciliation, SumsDoNotBalance> {
        self.put_in_order();
        self.settle_records();
        let from_hr = || {
            let lines = self.result.dispositions.iter();
            lines.filter(|line| line.origin == Origin::Hr)
        };
        // The lines of one row stand together by now.
        let mut sources: Vec<&SourceRow> =
            from_hr().filter_map(|line| line.source.as_ref()).collect();
        sources.dedup();
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

pub(super) fn text<T: AsRef<Text>>(value: Option<&T>) -> Text {
    value
        .map(|value| value.as_ref().clone())
        .unwrap_or_default()
}
