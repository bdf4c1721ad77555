//! What earlier runs made of a plan.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::judge::Wanted;
use crate::ledger::{AttemptRow, Certainty, Entry, Ledger, LedgerError};
use crate::model::{AccountKey, Memory, Outcome, OutcomeReason, OutcomeRecord, ReclaimRecord};
use crate::plan::{Lane, Plan, Step};

/// What is known of the plan from earlier runs of it.
pub(super) struct Progress {
    /// How actions ended so far.
    pub(super) outcomes: BTreeMap<String, OutcomeRecord>,
    /// The attempt of each step whose end nobody knows.
    open: BTreeMap<String, AttemptRow>,
    /// Attempts made at each step.
    attempts: BTreeMap<String, u32>,
    /// Accounts that an open attempt of another plan may still change, with
    /// that plan; by account key, and by the id of the API that it was sent to.
    busy: BTreeMap<String, String>,
    /// The tenant refused to free a seat of a deactivated account.
    pub(super) stranded: bool,
    /// When the tenant said that it has no method to update users.
    pub(super) updates_refused_at: Option<Timestamp>,
    /// Accounts that were reactivated and are not known to be deactivated again.
    pub(super) open_reclaims: BTreeMap<AccountKey, ReclaimRecord>,
    /// The tenant freed one before.
    pub(super) seats_came_free: bool,
}

impl Progress {
    pub(super) fn of(plan: &Plan, ledger: &Ledger) -> Result<Self, LedgerError> {
        let unclear = ledger.unclear_attempts(&plan.plan_id)?.into_iter();
        let elsewhere = ledger
            .open_attempts()?
            .into_iter()
            .filter(|row| row.intent.key.plan_id != plan.plan_id);
        let memory = ledger.memory(plan.as_of)?;
        Ok(Self {
            outcomes: ledger.outcomes(&plan.plan_id)?,
            open: unclear
                .map(|row| (row.intent.key.step_id.clone(), row))
                .collect(),
            attempts: ledger.attempts_made(&plan.plan_id)?,
            busy: elsewhere
                .flat_map(|AttemptRow { intent, .. }| {
                    let account = intent.account.as_str().to_owned();
                    let plan_id = intent.key.plan_id;
                    [(account, plan_id.clone()), (intent.user_id, plan_id)]
                })
                .collect(),
            stranded: memory.stranded_refused,
            updates_refused_at: memory.updates_refused_at,
            seats_came_free: seats_came_free(&memory),
            open_reclaims: memory.open_reclaims,
        })
    }

    /// The other plan that may still change the account.
    pub(super) fn busy(&self, account: &AccountKey, user_id: &str) -> Option<&String> {
        let by_account = self.busy.get(account.as_str());
        by_account.or_else(|| self.busy.get(user_id))
    }

    /// Whether nothing more is sent for the action under this plan: it has
    /// ended, or the vendor refused it and it was put off to a later plan.
    pub(super) fn has_ended(&self, action_id: &str) -> bool {
        self.outcomes.get(action_id).is_some_and(|record| {
            let put_off = record.outcome == Outcome::Deferred
                && matches!(
                    record.reason,
                    Some(
                        OutcomeReason::Refused
                            | OutcomeReason::OperationFailed
                            | OutcomeReason::NotChanged
                            | OutcomeReason::NotSupported
                    )
                );
            put_off || Certainty::of(record.outcome) == Certainty::Final
        })
    }

    /// Whether the action's end was reached.
    pub(super) fn is_done(&self, action_id: &str) -> bool {
        self.outcomes.get(action_id).is_some_and(|record| {
            matches!(record.outcome, Outcome::Succeeded | Outcome::AlreadyDone)
        })
    }

    /// The steps of the lane whose last attempt may or may not have been
    /// carried out.
    pub(super) fn open_attempts<'a>(
        &'a self,
        lane: &'a Lane,
    ) -> impl Iterator<Item = (&'a Step, &'a AttemptRow)> {
        let steps = lane.steps.iter().flat_map(Step::with_other);
        steps.filter_map(|step| Some((step, self.open.get(&step.id)?)))
    }

    pub(super) fn is_open(&self, step: &Step) -> bool {
        self.open.contains_key(&step.id)
    }

    pub(super) fn attempts_at(&self, step: &Step) -> u32 {
        self.attempts.get(&step.id).copied().unwrap_or(0)
    }
}

/// Whether a seat went after the account's access had ended. In one update with
/// it, or in a reclaim, every tenant frees them.
fn seats_came_free(memory: &Memory) -> bool {
    let terminations = memory.terminations.values();
    let with_access: BTreeSet<Timestamp> =
        terminations.filter_map(|it| it.deactivated_at).collect();
    let mut removed = memory.accounts.values().flat_map(|it| &it.removed);
    !memory.stranded_refused && removed.any(|(_, at)| !with_access.contains(at))
}

/// Gives an outcome to every action that has none, after a run that could not
/// finish what was in flight: what may have been sent is `unknown`, whatever an
/// earlier run had put off, and the rest is `deferred`.
pub fn account_for_the_rest(
    plan: &Plan,
    run_id: &str,
    ledger: &mut Ledger,
    at: Timestamp,
) -> Result<(), LedgerError> {
    let progress = Progress::of(plan, ledger)?;
    let steps = plan.lanes.iter().flat_map(|lane| &lane.steps);
    let steps = steps.flat_map(Step::with_other);
    let in_flight: BTreeSet<String> = steps
        .filter_map(|step| Some(carried(step, progress.open.get(&step.id)?)))
        .flatten()
        .collect();
    let ended = plan.actions.iter().filter_map(|action| {
        let earlier = progress.outcomes.get(&action.id);
        let earlier = earlier.map(|record| Certainty::of(record.outcome));
        let (outcome, reason) = match (in_flight.contains(&action.id), earlier) {
            (true, None | Some(Certainty::NotSent)) => (Outcome::Unknown, OutcomeReason::NoAnswer),
            (false, None) => (Outcome::Deferred, OutcomeReason::Interrupted),
            (_, Some(_)) => return None,
        };
        Some(Entry::Outcome {
            plan_id: plan.plan_id.clone(),
            run_id: run_id.to_owned(),
            record: OutcomeRecord::unsent(&action.id, outcome, reason, at),
        })
    });
    let entries: Vec<Entry> = ended.collect();
    if entries.is_empty() {
        return Ok(());
    }
    ledger.record(&entries)
}

/// The actions of an attempt: all of the step's, or what was left of them.
fn carried(step: &Step, attempt: &AttemptRow) -> Vec<String> {
    match serde_json::from_str::<Wanted>(&attempt.intent.wanted) {
        Ok(wanted) => wanted.actions().cloned().collect(),
        Err(_) => step.actions().cloned().collect(),
    }
}
