use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::{AttemptRow, RunRow};
use crate::model::{
    AccountKey, AccountRow, InvalidRow, OutcomeRecord, PersonName, TerminationId, TerminationRecord,
};
use crate::plan::{Action, PastPlan};
use crate::reconcile::{Dossier, Inquiry, RowDisposition, StrayAccount};

/// By what somebody is recognized in the plans of earlier nights.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    terminations: BTreeSet<TerminationId>,
    accounts: BTreeSet<AccountKey>,
    /// Employee ids, addresses, usernames and user ids, in lower case.
    names: BTreeSet<String>,
    /// What the person is called; none for an account that is nobody's.
    people: Vec<PersonName>,
}

/// All runs of one plan, with what they left about the people in question.
#[derive(Debug, Clone)]
pub struct PastRuns {
    /// The runs, oldest first; there is at least one.
    pub runs: Vec<RunRow>,
    /// Their plan.
    pub plan: PastPlan,
    /// How its actions ended.
    pub outcomes: BTreeMap<String, OutcomeRecord>,
    /// What was sent, or about to be.
    pub attempts: Vec<AttemptRow>,
}

impl Traces {
    /// Of everybody whom the inquiry is about.
    pub fn of_all(inquiry: &Inquiry<'_>) -> Self {
        let mut all = Self::default();
        let stories = inquiry.persons.iter().map(Self::of_person);
        let stories = stories
            .chain(inquiry.accounts.iter().map(Self::of_account))
            .chain(inquiry.rows.iter().map(|row| Self::of_row(row)))
            .chain(inquiry.remembered.values().map(|it| Self::of_records(it)));
        for story in stories {
            all.terminations.extend(story.terminations);
            all.accounts.extend(story.accounts);
            all.names.extend(story.names);
            all.people.extend(story.people);
        }
        all
    }

    pub(super) fn of_person(dossier: &Dossier<'_>) -> Self {
        let mut traces = Self::of_records(&dossier.history);
        traces.people.push(dossier.person.name.clone());
        for evidence in dossier.keys.iter().filter(|evidence| !evidence.is_shared) {
            traces.add_name(evidence.key.value());
        }
        // An id that several people have is told apart by their names.
        if let Some(id) = &dossier.person.employee_id {
            traces.add_name(id.as_str());
        }
        if let Some(account) = &dossier.account {
            traces.accounts.insert(account.key.clone());
            traces.add_account(&account.known);
        }
        traces
    }

    pub(super) fn of_account(stray: &StrayAccount<'_>) -> Self {
        let mut traces = Self::of_records(&stray.history);
        traces.accounts.insert(stray.account.key.clone());
        traces.add_account(&stray.account.known);
        traces
    }

    pub(super) fn of_row(row: &InvalidRow) -> Self {
        let mut traces = Self::default();
        traces.people.push(PersonName {
            full: row.person.as_str().into(),
            ..PersonName::default()
        });
        for name in [&row.employee_id, &row.work_email, &row.username] {
            traces.add_name(name);
        }
        traces
    }

    pub(super) fn of_records(records: &[&TerminationRecord]) -> Self {
        let mut traces = Self::default();
        for record in records {
            let termination = &record.termination;
            traces.terminations.insert(termination.id());
            traces.accounts.extend(record.account.clone());
            traces.people.push(termination.name.clone());
            let names = [
                termination.employee_id.as_ref().map(ToString::to_string),
                termination.work_email.as_ref().map(ToString::to_string),
                termination.username.as_ref().map(ToString::to_string),
                record.user_id.as_ref().map(ToString::to_string),
                record.account_username.as_ref().map(ToString::to_string),
            ];
            for name in names.into_iter().flatten() {
                traces.add_name(&name);
            }
        }
        traces
    }

    /// Whether an earlier plan is about somebody of these.
    pub fn are_in(&self, plan: &PastPlan) -> bool {
        plan.dispositions.iter().any(|line| self.is_line(line))
            || plan.actions.iter().any(|action| self.is_action(action))
    }

    /// Whether a line of an earlier plan is about somebody of these.
    pub(super) fn is_line(&self, line: &RowDisposition) -> bool {
        let names = [
            &line.employee_id,
            &line.work_email,
            &line.user_id,
            &line.username,
        ];
        let is_named = names
            .iter()
            .any(|name| self.names.contains(&name.to_lowercase()));
        is_named && self.is_called(&line.person)
    }

    pub(super) fn is_action(&self, action: &Action) -> bool {
        let subject = &action.subject;
        let is_mine = |id| self.terminations.contains(id);
        let is_at = |key| self.accounts.contains(key);
        subject.termination.as_ref().is_some_and(is_mine)
            || (subject.account.as_ref().is_some_and(is_at) && self.is_called(&subject.person))
    }

    pub(super) fn is_attempt(&self, attempt: &AttemptRow) -> bool {
        self.accounts.contains(&attempt.intent.account)
    }

    pub(super) fn is_termination(&self, id: &TerminationId) -> bool {
        self.terminations.contains(id)
    }

    fn is_called(&self, name: &str) -> bool {
        let name = PersonName {
            full: name.into(),
            ..PersonName::default()
        };
        let is_other = |mine: &PersonName| mine.is_somebody_else(&name);
        self.people.is_empty() || !self.people.iter().all(is_other)
    }

    fn add_name(&mut self, name: &str) {
        if !name.is_empty() {
            self.names.insert(name.to_lowercase());
        }
    }

    fn add_account(&mut self, row: &AccountRow) {
        let names = [
            row.user_id.as_ref().map(ToString::to_string),
            row.username.as_ref().map(ToString::to_string),
        ];
        for name in names.into_iter().flatten() {
            self.add_name(&name);
        }
    }
}

impl PastRuns {
    /// Only what is about these people.
    #[must_use]
    pub fn about(mut self, traces: &Traces) -> Self {
        let mut moved_to: BTreeMap<usize, usize> = BTreeMap::new();
        let lines = std::mem::take(&mut self.plan.dispositions);
        for (position, line) in lines.into_iter().enumerate() {
            if traces.is_line(&line) {
                moved_to.insert(position, self.plan.dispositions.len());
                self.plan.dispositions.push(line);
            }
        }
        self.plan.actions.retain_mut(|action| {
            action.line = action.line.and_then(|line| moved_to.get(&line).copied());
            // Drafts are nobody's, and say whose seats they count.
            action.line.is_some() || action.draft.is_some() || traces.is_action(action)
        });
        self.attempts.retain(|attempt| traces.is_attempt(attempt));
        self
    }
}
