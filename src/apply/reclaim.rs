//! Reclaims: the vendor frees some tenants' licences of active accounts only,
//! so an account is reactivated, loses them, and is deactivated again.
//!
//! Architecture invariant: from before the reactivation is sent, the ledger
//! knows the reclaim as open; only reading the account as deactivated, with
//! nothing under way that could change that, closes it. Neither breaker nor
//! deadline nor Ctrl-C stands between an open reclaim and its deactivation.

mod open;
mod steps;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

pub(super) use open::OpenReclaims;

use super::account::Account;
use super::breaker::Circuit;
use super::context::Context;
use super::judge::{Judgment, Pending, Wanted, describe, judge};
use super::lane::Work;
use super::write::Next;
use super::{RecordingFailed, Stop};
use crate::ledger::{AttemptEnd, AttemptKey, Entry};
use crate::model::{
    ActionKind, Outcome, OutcomeReason, OutcomeRecord, TaskKind, TaskRecord, TaskState,
};
use crate::plan::{Lane, Phase, Removal, Step};
use crate::vendor::{CallErrorKind, SendOnce, Status};

/// No reclaim begins with less time left: each of its updates may take as long
/// as an operation may.
const TIME_NEEDED: Duration = Duration::from_mins(10);
/// How long closing is tried again and again.
const CLOSING_MAY_TAKE: Duration = Duration::from_mins(1);
/// Updates that are sent for it, however long they took.
const CLOSINGS_SENT: u32 = 2;

/// Looks at the account in that time when the ledger cannot be written.
const LOOKS_WITHOUT_LEDGER: u32 = 6;

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

/// What came of one try to close a reclaim.
enum Tried {
    Closed,
    /// Worth trying again; why it is not closed.
    Again(String),
    /// Not worth it in this run.
    LeftOpen(String),
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
        let reclaims = self.context.execution.stop.reclaims();
        if reclaims.of(&self.lane.account).is_none() {
            return opened.map(drop);
        }
        let mut ended = match opened {
            Ok(removals) => self.free(&removals).await,
            Err(error) => Err(error),
        };
        if ended.is_ok() {
            ended = self.close().await;
        }
        if ended.is_ok() {
            // Whoever stops the run at once goes by the ledger from then on.
            ended = self.context.flush().await;
        }
        if ended.is_err() {
            self.close_without_ledger().await;
        }
        reclaims.rest();
        ended
    }

    /// Follows what a run that was killed had sent, and deactivates the account.
    /// The licences that it did not come to are left to a later reclaim.
    pub(super) async fn resume(&self) -> Result<(), RecordingFailed> {
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
        self.opening.end_all(&left, outcome, reason, detail).await?;
        self.close().await
    }

    /// Deactivates the account again, whatever stands against it.
    pub(super) async fn close(&self) -> Result<(), RecordingFailed> {
        let give_up_at = self.context.now() + CLOSING_MAY_TAKE;
        let earlier = self.context.progress.attempts_at(self.closing.step);
        let mut attempt = earlier;
        let mut tries = 0_u32;
        let why = loop {
            let before = attempt;
            let why = match self.try_to_close(&mut attempt).await? {
                Tried::Closed => return Ok(()),
                Tried::LeftOpen(why) => break why,
                Tried::Again(why) => why,
            };
            // What became of an update can take longer to find out; then one
            // more is worth it.
            let is_worth_it = before < attempt && attempt - earlier < CLOSINGS_SENT;
            if self.context.now() >= give_up_at && !is_worth_it {
                break why;
            }
            let every = self.context.execution.timing.poll_every;
            let wait = every.saturating_mul(2_u32.saturating_pow(tries.min(3)));
            self.context.execution.clock.sleep(wait).await;
            tries += 1;
        };
        let action = self.closing.step.actions().cloned().collect();
        let detail = format!("{why}; deactivate it by hand in Admin Console, or run again");
        self.closing
            .end_all(&action, Outcome::Unknown, OutcomeReason::NoAnswer, &detail)
            .await
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
        let started_at = self.context.now();
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
        self.freeing.already_done(&done, &user, started_at).await?;
        self.freeing.leave_to_people(left_to_people).await?;
        if wanted.remove.is_empty() {
            let rest = all.iter().filter(|id| !self.is_removal(id)).cloned();
            let detail = "no licence is left to be removed, so it was not reactivated";
            let (outcome, reason) = (Outcome::Manual, OutcomeReason::HandedOver);
            if done.len() == to_do.remove.len() {
                let done: Vec<String> = rest.collect();
                work.already_done(&done, &user, started_at).await?;
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
        let next = work
            .write(attempt, user.value, wanted, started_at, place)
            .await?;
        if let Next::Again = next {
            let action = work.step.actions().cloned().collect();
            let (outcome, reason) = (Outcome::Failed, OutcomeReason::NotChanged);
            work.end_all(&action, outcome, reason, "not carried out")
                .await?;
        }
        Ok(removals)
    }

    /// Takes the licences, with the account active.
    async fn free(&self, removals: &BTreeSet<String>) -> Result<(), RecordingFailed> {
        let work = &self.freeing;
        let mut reactivation = self.opening.step.actions();
        if !reactivation.all(|id| self.context.is_done_now(id)) {
            let (outcome, reason) = (Outcome::Deferred, OutcomeReason::EarlierStep);
            let detail = "the account's reactivation is not carried out";
            return work.end_all(removals, outcome, reason, detail).await;
        }
        let attempt = self.context.progress.attempts_at(work.step) + 1;
        match work.attempt(attempt, removals).await? {
            Next::Done | Next::DeactivateAlone | Next::Instead => Ok(()),
            // Another attempt would keep the account active for longer.
            Next::Again => {
                let (outcome, reason) = (Outcome::Failed, OutcomeReason::NotChanged);
                work.end_all(removals, outcome, reason, "not carried out")
                    .await
            }
        }
    }

    async fn try_to_close(&self, attempt: &mut u32) -> Result<Tried, RecordingFailed> {
        let work = &self.closing;
        let reclaims = self.context.execution.stop.reclaims();
        let (Some(action), Some(reclaim)) = (
            work.step.deactivate.clone(),
            reclaims.of(&self.lane.account),
        ) else {
            return Ok(Tried::Closed);
        };
        let place = work.server.limiter().operation().await;
        let started_at = self.context.now();
        let user = match work.server.account(&reclaim.user_id).await {
            Ok(user) => user,
            Err(error) => {
                self.context.read_failed(&error);
                let why = format!("the reactivated account could not be read: {error}");
                return Ok(match error.kind {
                    CallErrorKind::Unauthorized => Tried::LeftOpen(why),
                    _ => Tried::Again(why),
                });
            }
        };
        // Sent in this run, and nobody saw its end.
        let is_sent = self.context.is_left_open(work.step);
        if matches!(user.value.status(), Status::Inactive) {
            if self.may_be_reactivated() {
                let why = "the account is deactivated, and an update may still be under way";
                return Ok(Tried::LeftOpen(why.to_owned()));
            }
            let key = is_sent.then(|| self.key(*attempt));
            let status = user.trace.status;
            self.found_closed(&action, key, &user.value, status, started_at)
                .await?;
            return Ok(Tried::Closed);
        }
        if is_sent {
            let why = "nobody knows what became of the account's deactivation";
            return Ok(Tried::Again(why.to_owned()));
        }
        *attempt += 1;
        let wanted = Wanted {
            deactivate: Some(action.clone()),
            ..Wanted::default()
        };
        work.write(*attempt, user.value, wanted, started_at, place)
            .await?;
        if reclaims.of(&self.lane.account).is_none() {
            return Ok(Tried::Closed);
        }
        if self.context.is_done_now(&action) {
            let why = "the account was deactivated, and an update may still be under way";
            return Ok(Tried::LeftOpen(why.to_owned()));
        }
        let why = "the account was reactivated, and deactivating it again did not succeed";
        Ok(Tried::Again(why.to_owned()))
    }

    /// Records that the account was read as deactivated, without another update.
    async fn found_closed(
        &self,
        action: &str,
        sent: Option<AttemptKey>,
        user: &Account,
        http_status: u16,
        started_at: Timestamp,
    ) -> Result<(), RecordingFailed> {
        let at = self.context.now();
        let outcome = match &sent {
            Some(_) => Outcome::Succeeded,
            None => Outcome::AlreadyDone,
        };
        let record = OutcomeRecord {
            action_id: action.to_owned(),
            outcome,
            reason: None,
            detail: self.closing.detail(at),
            channel: Some(self.closing.step.channel),
            attempts: sent.as_ref().map_or(0, |key| key.attempt),
            http_status: Some(http_status),
            operation_id: None,
            request_id: None,
            started_at: Some(started_at),
            finished_at: at,
            verified_at: Some(at),
            before: describe(user),
            after: describe(user),
            quantity: None,
        };
        let mut entries = vec![self.context.outcome(record)];
        entries.extend(sent.map(|key| Entry::AttemptEnded {
            key,
            end: AttemptEnd::Changed,
            at,
        }));
        entries.extend(self.closing.seen(false, &user.status(), at));
        entries.extend(self.closing.reclaim_closed(at));
        self.context.record(entries).await
    }

    /// The ledger cannot be written, so nothing new may be begun; but it knows
    /// that the account is to be deactivated, since before it was reactivated.
    /// The next run finds out what came of this.
    async fn close_without_ledger(&self) {
        let server = self.closing.server;
        let clock = &self.context.execution.clock;
        let reclaims = self.context.execution.stop.reclaims();
        let Some(reclaim) = reclaims.of(&self.lane.account) else {
            return;
        };
        let wanted = Wanted {
            deactivate: self.closing.step.deactivate.clone(),
            ..Wanted::default()
        };
        // Looked at again and again, because an update that was sent before may
        // still be under way.
        for _ in 0..LOOKS_WITHOUT_LEDGER {
            let user = server.account(&reclaim.user_id).await;
            if let Ok(user) = user
                && matches!(user.value.status(), Status::Active)
            {
                let once = SendOnce::until(clock.now() + CLOSING_MAY_TAKE);
                let _ = server.update(&user.value, &wanted, once).await;
            }
            clock.sleep(CLOSING_MAY_TAKE / LOOKS_WITHOUT_LEDGER).await;
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

    fn is_removal(&self, id: &str) -> bool {
        let mut removals = self.freeing.step.remove.iter();
        removals.any(|removal: &Removal| removal.action == id)
    }

    /// Whether an update that leaves the account active may still be under way.
    fn may_be_reactivated(&self) -> bool {
        let context = self.context;
        context.is_left_open(self.opening.step) || context.is_left_open(self.freeing.step)
    }

    fn key(&self, attempt: u32) -> AttemptKey {
        AttemptKey {
            plan_id: self.context.execution.plan.plan_id.clone(),
            step_id: self.closing.step.id.clone(),
            attempt,
        }
    }
}
