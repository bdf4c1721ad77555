//! What all lanes share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::breaker::Circuit;
use super::fallback::Updates;
use super::pace::Pace;
use super::progress::Progress;
use super::readback::ReadBack;
use super::{Event, Execution, Recorder, RecordingFailed, Stop};
use crate::ledger::Entry;
use crate::model::{
    ActionKind, Outcome, OutcomeReason, OutcomeRecord, TaskKind, TaskRecord, TaskState,
};
use crate::plan::{Action, ManualTask, Plan, Step};
use crate::vendor::{CallError, CallErrorKind, VendorApi};

/// What all lanes share.
pub(super) struct Context {
    pub(super) execution: Execution,
    pub(super) recorder: Recorder,
    pub(super) progress: Progress,
    pub(super) read_back: ReadBack,
    pace: Mutex<Pace>,
    /// Where each action stands in the plan, by its id.
    positions: BTreeMap<String, usize>,
    /// What each action is counted as when it ends.
    circuits: BTreeMap<String, Circuit>,
    /// Actions whose end was reached in this run.
    done: Mutex<BTreeSet<String>>,
    /// Steps with an update of this run that may still be carried out.
    left_open: Mutex<BTreeSet<String>>,
    admin_api: Standing,
    scim: Standing,
    /// Whether this tenant has a method to update users.
    pub(super) updates: Updates,
    /// Whether this tenant has freed a seat of a deactivated account.
    seats_come_free: AtomicBool,
}

/// How the credential of one API stands.
#[derive(Default)]
struct Standing {
    /// Writes in a row that it was not allowed to make.
    refused_writes: AtomicU32,
    /// Whether the server answered any call with something else than 403.
    was_let_in: AtomicBool,
}

impl Context {
    pub(super) fn new(execution: Execution, recorder: Recorder, progress: Progress) -> Self {
        if progress.stranded {
            execution.stop.strand();
        }
        let actions = execution.plan.actions.iter().enumerate();
        let positions = actions.map(|(position, action)| (action.id.clone(), position));
        let refused_at = progress.updates_refused_at;
        let reclaims = execution.stop.reclaims();
        reclaims.remember(&progress.open_reclaims);
        Self {
            positions: positions.collect(),
            circuits: circuits(&execution.plan),
            done: Mutex::default(),
            updates: Updates::new(refused_at.is_some_and(|at| at >= execution.plan.as_of)),
            left_open: Mutex::default(),
            seats_come_free: AtomicBool::new(progress.seats_came_free),
            recorder,
            progress,
            read_back: ReadBack::default(),
            pace: Mutex::new(Pace::new(execution.timing.poll_first)),
            admin_api: Standing::default(),
            scim: Standing::default(),
            execution,
        }
    }

    /// Records what needs no request: tasks handed over, and actions that a
    /// person keeps from being sent.
    pub(super) async fn begin(&self) -> Result<(), RecordingFailed> {
        let tasks = self.execution.plan.tasks();
        let mut entries = Vec::new();
        for action in &self.execution.plan.actions {
            if self.progress.has_ended(&action.id) {
                continue;
            }
            if let Some(veto) = self.execution.vetoes.get(&action.id) {
                let known = self.progress.outcomes.get(&action.id);
                let is_known = known
                    .is_some_and(|it| it.outcome == veto.outcome && it.reason == Some(veto.reason));
                if !is_known {
                    let record = self.unsent(&action.id, veto.outcome, veto.reason);
                    entries.push(self.outcome(record));
                }
            } else if action.kind == ActionKind::ManualTask {
                entries.extend(self.hand_over(action, &tasks));
            }
        }
        self.record(entries).await
    }

    /// Issues the task of an action. It is done here and not when the plan is
    /// accepted, because a review or a missing approval may keep it back.
    fn hand_over(&self, action: &Action, tasks: &BTreeMap<&str, &ManualTask>) -> Vec<Entry> {
        let handed = self.unsent(&action.id, Outcome::Manual, OutcomeReason::HandedOver);
        let mut entries = vec![self.outcome(handed)];
        let task = action.task_id.as_deref().and_then(|id| tasks.get(id));
        entries.extend(task.map(|task| issued(task, self.now())));
        // Access comes back when the identity provider's administrator gets to
        // it; until then no later night may take more.
        let returning = task.filter(|task| task.kind == TaskKind::ReactivateInIdp);
        let undone = returning.and_then(|task| task.termination.clone());
        entries.extend(undone.map(|termination| Entry::Undone {
            termination,
            at: self.now(),
        }));
        entries
    }

    /// The action of the plan that has this id.
    pub(super) fn action(&self, id: &str) -> Option<&Action> {
        self.execution.plan.actions.get(*self.positions.get(id)?)
    }

    /// Whether the action's end was reached, in this run or in an earlier one.
    pub(super) fn is_done(&self, action_id: &str) -> bool {
        self.is_done_now(action_id) || self.progress.is_done(action_id)
    }

    /// Whether the action's end was reached in this run.
    pub(super) fn is_done_now(&self, action_id: &str) -> bool {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.contains(action_id)
    }

    /// Nobody saw the end of an update, and it may still come.
    pub(super) fn leave_open(&self, step: &Step) {
        let mut left_open = self
            .left_open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        left_open.insert(step.id.clone());
    }

    /// Whether an update of this run may still be carried out.
    pub(super) fn is_left_open(&self, step: &Step) -> bool {
        let left_open = self
            .left_open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        left_open.contains(&step.id)
    }

    /// Those of the actions that are still to be carried out.
    pub(super) fn pending<'s>(
        &self,
        actions: impl Iterator<Item = &'s String>,
    ) -> BTreeSet<String> {
        actions
            .filter(|id| !self.progress.has_ended(id))
            .filter(|id| !self.execution.vetoes.contains_key(*id))
            .cloned()
            .collect()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.execution.clock.now()
    }

    /// The record of an action for which nothing was sent.
    pub(super) fn unsent(
        &self,
        action_id: &str,
        outcome: Outcome,
        reason: OutcomeReason,
    ) -> OutcomeRecord {
        OutcomeRecord::unsent(action_id, outcome, reason, self.now())
    }

    pub(super) fn outcome(&self, record: OutcomeRecord) -> Entry {
        let plan_id = self.execution.plan.plan_id.clone();
        let run_id = self.execution.run_id.clone();
        Entry::Outcome {
            plan_id,
            run_id,
            record,
        }
    }

    /// Durable when it returns, as an intent has to be before its request
    /// leaves.
    pub(super) async fn record(&self, entries: Vec<Entry>) -> Result<(), RecordingFailed> {
        self.count(&entries);
        let reclaims = of_reclaims(&entries);
        let result = self.recorder.record(entries).await;
        if result.is_ok() {
            self.execution.stop.reclaims().follow(&reclaims);
        }
        self.stop_unless_recorded(result)
    }

    /// Durable before anything that is recorded after it, and at the latest
    /// when the phase ends. For what became of requests: whoever is killed
    /// before it is on disk finds the attempt open and looks again.
    pub(super) async fn record_later(&self, entries: Vec<Entry>) -> Result<(), RecordingFailed> {
        self.count(&entries);
        self.execution.stop.reclaims().follow(&entries);
        let result = self.recorder.record_later(entries).await;
        self.stop_unless_recorded(result)
    }

    /// Durable is all that was recorded when it returns.
    pub(super) async fn flush(&self) -> Result<(), RecordingFailed> {
        let result = self.recorder.flush().await;
        self.stop_unless_recorded(result)
    }

    /// A ledger that cannot be written stops the run: what is not on disk must
    /// not be sent.
    fn stop_unless_recorded(
        &self,
        result: Result<(), RecordingFailed>,
    ) -> Result<(), RecordingFailed> {
        if result.is_err() {
            self.execution.stop.stop(Stop::Ledger);
        }
        result
    }

    /// Takes in how actions ended. Not held back until it is on disk: if it
    /// never gets there, the run is stopped.
    fn count(&self, entries: &[Entry]) {
        for entry in entries {
            if let Entry::Outcome { record, .. } = entry
                && let Some(circuit) = self.circuits.get(&record.action_id)
            {
                if matches!(record.outcome, Outcome::Succeeded | Outcome::AlreadyDone) {
                    let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.insert(record.action_id.clone());
                }
                (self.execution.observer)(Event::ActionEnded(circuit.kind, record.outcome));
                // Another channel may have stood in for the planned one.
                let circuit = Circuit {
                    channel: record.channel.unwrap_or(circuit.channel),
                    ..*circuit
                };
                if self.execution.stop.breakers().count(circuit, record) {
                    self.execution.stop.stop(Stop::Breaker);
                }
            }
        }
    }

    /// Why nothing new may be begun for this kind of action over this channel,
    /// if so.
    pub(super) fn obstacle(&self, circuit: Circuit) -> Option<OutcomeReason> {
        if let Some(reason) = self.stopped() {
            return Some(reason);
        }
        let deadline = self.execution.deadline;
        if deadline.is_some_and(|deadline| self.now() >= deadline) {
            self.execution.stop.stop(Stop::Deadline);
            return Some(OutcomeReason::Deadline);
        }
        let is_open = self.execution.stop.breakers().is_open(circuit);
        is_open.then_some(OutcomeReason::Breaker)
    }

    /// Why the run as a whole was stopped, if it was.
    pub(super) fn stopped(&self) -> Option<OutcomeReason> {
        let stop = self.execution.stop.reason();
        stop.and_then(Stop::as_outcome_reason)
    }

    /// How long operations take in this run.
    pub(super) fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the run was stopped by something that keeps it from looking as
    /// well: whatever else stopped it, what is in flight is finished.
    pub(super) fn is_shut_out(&self) -> bool {
        match self.execution.stop.reason() {
            Some(Stop::NotAuthorized | Stop::WrongCustomer | Stop::Unreachable | Stop::Ledger) => {
                true
            }
            Some(
                Stop::Interrupted
                | Stop::Terminated
                | Stop::Deadline
                | Stop::Breaker
                | Stop::Defect,
            )
            | None => false,
        }
    }

    /// Stops the run when a failed read says that the key is not accepted, or
    /// that the server is not there at all. After the first call a 403 may be
    /// about one account, and a broken connection about one request.
    pub(super) fn read_failed(&self, error: &CallError) {
        let first_call = !self.standing(error.api).was_let_in.load(Ordering::SeqCst);
        let stop = match error.kind {
            CallErrorKind::Unauthorized => Some(Stop::NotAuthorized),
            CallErrorKind::Forbidden if first_call => Some(Stop::NotAuthorized),
            CallErrorKind::Transport if first_call => Some(Stop::Unreachable),
            _ => None,
        };
        if let Some(stop) = stop {
            self.execution.stop.stop(stop);
        } else if error.status.is_some() && error.kind != CallErrorKind::Forbidden {
            self.let_in(error.api);
        }
    }

    /// The server answered a call.
    pub(super) fn let_in(&self, api: VendorApi) {
        self.standing(api).was_let_in.store(true, Ordering::SeqCst);
    }

    /// The server accepted an update.
    pub(super) fn write_accepted(&self, api: VendorApi) {
        self.standing(api).refused_writes.store(0, Ordering::SeqCst);
    }

    /// The key was not allowed to make an update. Two in a row stop all.
    pub(super) fn write_forbidden(&self, api: VendorApi) {
        let refused_writes = &self.standing(api).refused_writes;
        if refused_writes.fetch_add(1, Ordering::SeqCst) > 0 {
            self.execution.stop.stop(Stop::NotAuthorized);
        }
    }

    fn standing(&self, api: VendorApi) -> &Standing {
        match api {
            VendorApi::Admin => &self.admin_api,
            VendorApi::Scim => &self.scim,
        }
    }

    /// Nothing is sent over a channel that the run has no credential for. The
    /// commands refuse such a plan; here it is a second line.
    pub(super) async fn cannot_send(&self, step: &Step) -> Result<(), RecordingFailed> {
        let pending = self.pending(step.actions()).into_iter();
        let records = pending.map(|id| OutcomeRecord {
            detail: format!(
                "nothing is configured for the channel {}",
                step.channel.as_str()
            ),
            ..self.unsent(&id, Outcome::Deferred, OutcomeReason::NotAuthorized)
        });
        let entries = records.map(|record| self.outcome(record)).collect();
        self.record(entries).await
    }

    /// The same for steps that are one whole.
    pub(super) async fn cannot_send_any(&self, steps: &[Step]) -> Result<(), RecordingFailed> {
        for step in steps {
            self.cannot_send(step).await?;
        }
        Ok(())
    }

    /// What an earlier run sent over such a channel stays open until a run
    /// that has it looks.
    pub(super) async fn cannot_look(&self, step: &Step) -> Result<(), RecordingFailed> {
        let pending = self.pending(step.actions()).into_iter();
        let records = pending.map(|id| OutcomeRecord {
            detail: format!(
                "sent over the channel {}, for which nothing is configured any more; configure it, and the next run looks",
                step.channel.as_str()
            ),
            ..self.unsent(&id, Outcome::Unknown, OutcomeReason::NoAnswer)
        });
        let entries = records.map(|record| self.outcome(record)).collect();
        self.record(entries).await
    }

    /// Whether this tenant is known to free seats of deactivated accounts.
    pub(super) fn seats_come_free(&self) -> bool {
        self.seats_come_free.load(Ordering::SeqCst)
    }

    /// A seat of a deactivated account was read back as freed.
    pub(super) fn seat_came_free(&self) {
        self.seats_come_free.store(true, Ordering::SeqCst);
    }
}

/// A step says over which channel its actions go.
fn circuits(plan: &Plan) -> BTreeMap<String, Circuit> {
    let actions = plan.actions.iter().map(|action| {
        let (kind, channel) = (action.kind, action.channel);
        (action.id.clone(), Circuit { kind, channel })
    });
    let mut circuits: BTreeMap<String, Circuit> = actions.collect();
    for step in plan.lanes.iter().flat_map(|lane| &lane.steps) {
        for id in step.actions() {
            if let Some(circuit) = circuits.get_mut(id) {
                circuit.channel = step.channel;
            }
        }
    }
    circuits
}

/// Those by which it is known which accounts are reactivated.
fn of_reclaims(entries: &[Entry]) -> Vec<Entry> {
    let of_reclaims = entries.iter().filter(|entry| {
        matches!(
            entry,
            Entry::ReclaimOpened { .. } | Entry::ReclaimClosed { .. }
        )
    });
    of_reclaims.cloned().collect()
}

/// A task of the plan, handed to people.
pub(super) fn issued(task: &ManualTask, at: Timestamp) -> Entry {
    Entry::TaskIssued(TaskRecord {
        id: task.id.clone(),
        kind: task.kind,
        termination: task.termination.clone(),
        state: TaskState::Open,
        due: task.due,
        issued_at: at,
        ticked_off_at: None,
    })
}
