//! Reclaims: the vendor frees some tenants' licences of active accounts only,
//! so an account is reactivated, loses them, and is deactivated again.
//!
//! Architecture invariant: from before the reactivation is sent, the ledger
//! knows the reclaim as open; only reading the account as deactivated, with
//! nothing under way that could change that, closes it. Neither breaker nor
//! deadline nor Ctrl-C stands between an open reclaim and its deactivation.

mod closing;
mod open;
mod steps;

use std::collections::BTreeSet;
use std::time::Duration;

pub(super) use open::OpenReclaims;

use super::ahead::Turn;
use super::breaker::Circuit;
use super::context::Context;
use super::fallback::WITHOUT_METHOD;
use super::judge::{Judgment, Pending, Wanted, judge};
use super::lane::Work;
use super::write::Next;
use super::{RecordingFailed, Stop};
use crate::ledger::Entry;
use crate::model::{
    ActionKind, Outcome, OutcomeReason, OutcomeRecord, TaskKind, TaskRecord, TaskState,
};
use crate::plan::{Lane, Phase, Removal, Step};

/// No reclaim begins with less time left: each of its updates may take as long
/// as an operation may.
const TIME_NEEDED: Duration = Duration::from_mins(10);

/// One account that loses its licences while it is active.
pub(super) struct Reclaim<'a> {
    context: &'a Context,
    lane: &'a Lane,
    /// Reactivates the account.
    opening: Work<'a>,
    /// Takes its licences.
    freeing: Work<'a>,
    /// Deactivates it again.
    closing: Work<'a>,
}

impl<'a> Reclaim<'a> {
    /// `None` when the lane holds no reclaim, or the run has no credential for
    /// its channel.
    pub(super) fn of(context: &'a Context, lane: &'a Lane) -> Option<Self> {
        let work = |carries: fn(&Step) -> bool| {
            let mut steps = lane.steps.iter();
            let step = steps.find(|step| step.phase == Phase::Reclaims && carries(step))?;
            Work::new(context, lane, step)
        };
        Some(Self {
            context,
            lane,
            opening: work(|step| step.reactivate.is_some())?,
            freeing: work(|step| !step.remove.is_empty())?,
            closing: work(|step| step.deactivate.is_some())?,
        })
    }

    /// Carries the whole of it out, as long as a licence is left to be removed.
    /// An earlier one under this plan may have been broken off and closed.
    pub(super) async fn carry_out(&self) -> Result<(), RecordingFailed> {
        let reclaims = self.context.execution.stop.reclaims();
        if self.is_open() {
            // It was to be closed before anything else. What was under way then
            // may have come to its end since.
            reclaims.take_up();
            let resumed = self.resume().await;
            reclaims.rest();
            return resumed;
        }
        let removals = self.context.pending(self.freeing.step.actions());
        let progress = &self.context.progress;
        let mut steps = self.lane.steps.iter();
        if removals.is_empty() || steps.any(|step| progress.is_open(step)) {
            return Ok(());
        }
        let all = self.all(&removals);
        if let Some((reason, detail)) = self.obstacle() {
            let deferred = Outcome::Deferred;
            return self.opening.end_all(&all, deferred, reason, detail).await;
        }
        let opened = self.open(&all, removals).await;
        if !self.is_open() {
            return self.leave_rest(&opened?).await;
        }
        let freed = match opened {
            Ok(removals) => self.free(&removals).await,
            Err(error) => Err(error),
        };
        let closed = self.close(freed).await;
        reclaims.rest();
        closed
    }

    /// Follows what a run that was killed had sent, and deactivates the account.
    pub(super) async fn resume(&self) -> Result<(), RecordingFailed> {
        let settled = self.settle().await;
        self.close(settled).await
    }

    /// The licences that the killed run did not come to are left to a later
    /// reclaim.
    async fn settle(&self) -> Result<(), RecordingFailed> {
        for (step, row) in self.context.progress.open_attempts(self.lane) {
            if let Some(work) = Work::new(self.context, self.lane, step) {
                work.settle(row).await?;
            }
        }
        let left = self.context.pending(self.opening.step.actions());
        let left = left.into_iter().filter(|id| !self.context.is_done(id));
        let removals = self.context.pending(self.freeing.step.actions());
        let removals = removals.into_iter().filter(|id| !self.context.is_done(id));
        let left: BTreeSet<String> = left.chain(removals).collect();
        let (outcome, reason) = (Outcome::Deferred, OutcomeReason::Interrupted);
        let detail = "an earlier run was stopped while the account was reactivated";
        self.opening.end_all(&left, outcome, reason, detail).await
    }

    /// Why it may not begin.
    fn obstacle(&self) -> Option<(OutcomeReason, &'static str)> {
        let stop = &self.context.execution.stop;
        let kinds = [
            ActionKind::Reactivate,
            ActionKind::RemoveLicense,
            ActionKind::Deactivate,
        ];
        let mut obstacles = kinds
            .into_iter()
            .map(|kind| Circuit {
                kind,
                channel: self.opening.step.channel,
            })
            .filter_map(|circuit| self.context.obstacle(circuit));
        if let Some(reason) = obstacles.next() {
            return Some((reason, "not begun"));
        }
        if stop.reclaims().any() {
            let detail = "an account is still reactivated, and one at a time is";
            return Some((OutcomeReason::EarlierStep, detail));
        }
        if self.opening.lacks_method() {
            return Some((OutcomeReason::NotSupported, WITHOUT_METHOD));
        }
        let deadline = self.context.execution.deadline?;
        if self.context.now() + TIME_NEEDED > deadline {
            stop.stop(Stop::Deadline);
            let detail = "fewer than 10 minutes were left to the deadline";
            return Some((OutcomeReason::Deadline, detail));
        }
        None
    }

    /// Reactivates the account if it is what the plan saw, and returns the
    /// removals that are still to be made.
    async fn open(
        &self,
        all: &BTreeSet<String>,
        mut removals: BTreeSet<String>,
    ) -> Result<BTreeSet<String>, RecordingFailed> {
        let work = &self.opening;
        let none = BTreeSet::new();
        let place = work.server.limiter().operation().await;
        if let Some((reason, detail)) = self.obstacle() {
            work.end_all(all, Outcome::Deferred, reason, detail).await?;
            return Ok(none);
        }
        let turn = Turn::begin(self.context, Some(place));
        let Some(user) = work.read_account(all).await? else {
            return Ok(none);
        };
        if work.is_busy(user.value.id(), all).await? {
            return Ok(none);
        }
        let removed = self.freeing.step.remove.iter();
        let to_do = Pending {
            deactivate: None,
            remove: removed.filter(|it| removals.contains(&it.action)).collect(),
        };
        let (wanted, done, left_to_people) = match judge(work.step, &to_do, &user.value) {
            Judgment::Send {
                wanted,
                done,
                left_to_people,
            } => (wanted, done, left_to_people),
            Judgment::Drifted(difference) => {
                let detail = format!("the account is not what the plan saw: {difference}");
                work.end_all(all, Outcome::Skipped, OutcomeReason::Drifted, &detail)
                    .await?;
                return Ok(none);
            }
            Judgment::Managed(provider) => {
                self.hand_over(all, &provider).await?;
                return Ok(none);
            }
        };
        for ended in done.iter().chain(&left_to_people) {
            removals.remove(ended);
        }
        self.freeing
            .already_done(&done, &user, turn.started_at)
            .await?;
        self.freeing.leave_to_people(left_to_people).await?;
        if wanted.remove.is_empty() {
            let rest = all.iter().filter(|id| !self.is_removal(id)).cloned();
            let detail = "no licence is left to be removed, so it was not reactivated";
            let (outcome, reason) = (Outcome::Manual, OutcomeReason::HandedOver);
            if done.len() == to_do.remove.len() {
                let done: Vec<String> = rest.collect();
                work.already_done(&done, &user, turn.started_at).await?;
            } else {
                work.end_all(&rest.collect(), outcome, reason, detail)
                    .await?;
            }
            return Ok(none);
        }
        if let Some(provider) = user.value.managed_by() {
            self.hand_over(all, provider).await?;
            return Ok(none);
        }
        let wanted = Wanted {
            reactivate: work.step.reactivate.clone(),
            ..Wanted::default()
        };
        let attempt = self.context.progress.attempts_at(work.step) + 1;
        let next = work.write(attempt, user.value, wanted, turn).await?;
        if let Next::Again = next {
            let action = work.step.actions().cloned().collect();
            let (outcome, reason) = (Outcome::Failed, OutcomeReason::NotChanged);
            work.end_all(&action, outcome, reason, "not carried out")
                .await?;
        }
        Ok(removals)
    }

    /// The account was not reactivated after all, so nothing else is done to it.
    /// Its reactivation has ended with a reason of its own.
    async fn leave_rest(&self, removals: &BTreeSet<String>) -> Result<(), RecordingFailed> {
        if removals.is_empty() {
            return Ok(());
        }
        let closing = self.closing.step.actions();
        let rest = closing.chain(removals).cloned().collect();
        self.put_off(&rest).await
    }

    async fn put_off(&self, actions: &BTreeSet<String>) -> Result<(), RecordingFailed> {
        let (outcome, reason) = (Outcome::Deferred, OutcomeReason::EarlierStep);
        let detail = "the account's reactivation is not carried out";
        self.freeing.end_all(actions, outcome, reason, detail).await
    }

    /// Takes the licences, with the account active.
    async fn free(&self, removals: &BTreeSet<String>) -> Result<(), RecordingFailed> {
        let work = &self.freeing;
        let mut reactivation = self.opening.step.actions();
        if !reactivation.all(|id| self.context.is_done_now(id)) {
            return self.put_off(removals).await;
        }
        let attempt = self.context.progress.attempts_at(work.step) + 1;
        let place = work.server.limiter().operation().await;
        match work.attempt(attempt, removals, Some(place)).await? {
            Next::Done | Next::DeactivateAlone | Next::Instead => Ok(()),
            // Another attempt would keep the account active for longer.
            Next::Again | Next::Anew(_) => {
                let (outcome, reason) = (Outcome::Failed, OutcomeReason::NotChanged);
                work.end_all(removals, outcome, reason, "not carried out")
                    .await
            }
        }
    }

    /// The licences of an account that an identity provider manages are a
    /// person's: the next sync might undo what is done here. A later night
    /// knows it by the task.
    async fn hand_over(
        &self,
        all: &BTreeSet<String>,
        provider: &str,
    ) -> Result<(), RecordingFailed> {
        let at = self.context.now();
        let kind = TaskKind::RemoveLicenseByHand;
        let mut entries = Vec::new();
        entries.extend(self.opening.termination().map(|termination| {
            Entry::TaskIssued(TaskRecord {
                id: crate::plan::task_id(kind, termination.as_str(), ""),
                kind,
                termination: Some(termination),
                state: TaskState::Open,
                due: Some(at),
                issued_at: at,
                ticked_off_at: None,
            })
        }));
        entries.extend(all.iter().map(|id| {
            let record = OutcomeRecord {
                detail: format!(
                    "{provider} manages the account, so it is not reactivated here: a person has \
                     to remove its licences"
                ),
                ..self
                    .context
                    .unsent(id, Outcome::Manual, OutcomeReason::HandedOver)
            };
            self.context.outcome(record)
        }));
        self.context.record(entries).await
    }

    /// The removals that are left, and what goes around them.
    fn all(&self, removals: &BTreeSet<String>) -> BTreeSet<String> {
        let around = self.opening.step.actions();
        let around = around.chain(self.closing.step.actions());
        around.chain(removals).cloned().collect()
    }

    /// Whether the account may be active because this plan made it so.
    fn is_open(&self) -> bool {
        let reclaims = self.context.execution.stop.reclaims();
        let reclaim = reclaims.of(&self.lane.account);
        reclaim.is_some_and(|it| it.plan_id == self.context.execution.plan.plan_id)
    }

    fn is_removal(&self, id: &str) -> bool {
        let mut removals = self.freeing.step.remove.iter();
        removals.any(|removal: &Removal| removal.action == id)
    }
}
