//! Carries a plan out: lanes side by side, one coordinator that owns the
//! ledger, every intent on disk before its request leaves.
//!
//! Architecture invariant: nothing here chooses. The plan says what is sent,
//! to whom and what stands in for it on refusal; this module finds out what
//! became of it.

mod breaker;
mod coordinator;
mod drafts;
mod judge;
mod lane;
mod look;
mod review;
mod stop;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use coordinator::{Coordinator, Recorder, RecordingFailed};
pub use review::Say;
pub use stop::{Stop, StopSwitch};

use crate::ledger::{AttemptRow, Certainty, Entry, Ledger, LedgerError};
use crate::model::{ActionKind, Outcome, OutcomeReason, OutcomeRecord};
use crate::plan::{Action, Decision, Lane, Phase, Plan};
use crate::vendor::AdminApi;
use breaker::Breakers;

/// What an execution needs besides the plan.
pub struct Execution {
    /// The plan, past its guards.
    pub plan: Arc<Plan>,
    /// The tenant.
    pub api: AdminApi,
    /// The run that carries it out.
    pub run_id: String,
    /// Whether this very plan was approved.
    pub approved: bool,
    /// What the reviewer decided, if a review sheet was given. An action that
    /// is missing from it is held.
    pub review: Option<BTreeMap<String, Decision>>,
    /// How operations are followed.
    pub timing: Timing,
    /// When no new step is begun any more, in run-clock time.
    pub deadline: Option<Timestamp>,
    /// Whoever may stop the run.
    pub stop: StopSwitch,
    /// Told of everything that ended.
    pub observer: Observer,
}

/// How operations are followed, in run-clock time.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Wait before the first look at an operation.
    pub poll_first: Duration,
    /// Least time between two looks.
    pub poll_every: Duration,
    /// How long an operation may take before its outcome is unknown.
    pub operation_timeout: Duration,
}

/// What happened, for progress and logs. Names nobody.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// So many accounts are about to be worked on.
    PhaseBegan(Phase, usize),
    /// An action ended.
    ActionEnded(ActionKind, Outcome),
    /// The work on one account ended.
    LaneEnded,
}

/// Told of events, from any task.
pub type Observer = Arc<dyn Fn(Event) + Send + Sync>;

/// Lanes at work at the same time: enough that waiting for operations costs
/// no sending time, few enough that little is in flight when a run is stopped.
const LANES_AT_WORK: usize = 16;

/// Carries the plan out, or what is left of it, and hands the ledger back.
pub async fn execute(execution: Execution, ledger: Ledger) -> (Ledger, Result<(), LedgerError>) {
    let progress = match Progress::of(&execution.plan, &ledger) {
        Ok(progress) => progress,
        Err(error) => return (ledger, Err(error)),
    };
    let (coordinator, recorder) = Coordinator::start(ledger);
    let context = Arc::new(Context {
        breakers: Breakers::default(),
        recorder,
        progress,
        refused_writes: std::sync::atomic::AtomicU32::new(0),
        answered_calls: std::sync::atomic::AtomicU32::new(0),
        execution,
    });
    // A failure to record stops everything; it is reported by the coordinator.
    if context.begin().await.is_ok() {
        for phase in [Phase::Deactivations, Phase::Removals] {
            run_phase(&context, phase).await;
        }
        let _ = drafts::write(&context).await;
    }
    drop(context);
    coordinator.finish().await
}

/// Looks at what a killed run of this plan left open, records what became of
/// it, and begins nothing new.
pub async fn settle(execution: Execution, ledger: Ledger) -> (Ledger, Result<(), LedgerError>) {
    let progress = match Progress::of(&execution.plan, &ledger) {
        Ok(progress) => progress,
        Err(error) => return (ledger, Err(error)),
    };
    let (coordinator, recorder) = Coordinator::start(ledger);
    let context = Arc::new(Context {
        breakers: Breakers::default(),
        recorder,
        progress,
        refused_writes: std::sync::atomic::AtomicU32::new(0),
        answered_calls: std::sync::atomic::AtomicU32::new(0),
        execution,
    });
    let open: Vec<Lane> = context
        .execution
        .plan
        .lanes
        .iter()
        .filter(|lane| {
            lane.steps
                .iter()
                .any(|step| context.progress.open.contains_key(&step.id))
        })
        .cloned()
        .collect();
    for lane in open {
        lane::settle(&context, &lane).await;
    }
    drop(context);
    coordinator.finish().await
}

/// What is known of the plan from earlier runs of it.
struct Progress {
    /// Actions that have ended for good.
    done: BTreeMap<String, Outcome>,
    /// Why people held actions in an earlier run.
    held: BTreeMap<String, OutcomeReason>,
    /// The attempt of each step that has not ended.
    open: BTreeMap<String, AttemptRow>,
    /// Attempts made at each step.
    attempts: BTreeMap<String, u32>,
}

impl Progress {
    fn of(plan: &Plan, ledger: &Ledger) -> Result<Self, LedgerError> {
        let outcomes = ledger.outcomes(&plan.plan_id)?;
        let held = outcomes
            .values()
            .filter(|record| record.outcome == Outcome::Held)
            .filter_map(|record| Some((record.action_id.clone(), record.reason?)))
            .collect();
        let done = outcomes
            .into_iter()
            .filter(|(_, record)| Certainty::of(record.outcome) == Certainty::Final)
            .map(|(id, record)| (id, record.outcome))
            .collect();
        let mut open = BTreeMap::new();
        let mut attempts: BTreeMap<String, u32> = BTreeMap::new();
        for row in ledger.attempts(&plan.plan_id)? {
            let key = &row.intent.key;
            let made = attempts.entry(key.step_id.clone()).or_default();
            *made = key.attempt.max(*made);
            if row.end.is_none() {
                open.insert(key.step_id.clone(), row);
            }
        }
        Ok(Self {
            done,
            held,
            open,
            attempts,
        })
    }
}

/// What all lanes share.
struct Context {
    execution: Execution,
    recorder: Recorder,
    progress: Progress,
    breakers: Breakers,
    /// Writes in a row that the key was not allowed to make.
    refused_writes: std::sync::atomic::AtomicU32,
    /// Calls that the server answered with anything but 403.
    answered_calls: std::sync::atomic::AtomicU32,
}

impl Context {
    /// Records what needs no request: tasks handed over. What people keep back
    /// was recorded before the plan was accepted.
    async fn begin(&self) -> Result<(), RecordingFailed> {
        let actions = self.execution.plan.actions.iter();
        let entries = actions
            .filter(|action| action.kind == ActionKind::ManualTask)
            .filter(|action| !self.progress.done.contains_key(&action.id))
            .filter(|action| self.kept_back(action).is_none())
            .map(|action| {
                self.outcome(self.unsent(&action.id, Outcome::Manual, OutcomeReason::HandedOver))
            });
        self.record(entries.collect()).await
    }

    /// Why people keep the action from being carried out, if they do.
    fn kept_back(&self, action: &Action) -> Option<(Outcome, OutcomeReason)> {
        let say = Say {
            plan: &self.execution.plan,
            approved: self.execution.approved,
            review: self.execution.review.as_ref(),
        };
        say.on(action, self.progress.held.get(&action.id).copied())
    }

    /// The actions of a step that are still to be carried out.
    fn pending<'s>(&self, actions: impl Iterator<Item = &'s String>) -> BTreeSet<String> {
        let by_id: BTreeMap<&str, &Action> = self
            .execution
            .plan
            .actions
            .iter()
            .map(|action| (action.id.as_str(), action))
            .collect();
        actions
            .filter(|id| !self.progress.done.contains_key(*id))
            .filter(|id| {
                by_id
                    .get(id.as_str())
                    .is_some_and(|it| self.kept_back(it).is_none())
            })
            .cloned()
            .collect()
    }

    fn kind_of(&self, action_id: &str) -> ActionKind {
        let actions = &self.execution.plan.actions;
        let action = actions.iter().find(|action| action.id == action_id);
        action.map_or(ActionKind::ManualTask, |action| action.kind)
    }

    fn now(&self) -> Timestamp {
        self.execution.api.clock().now()
    }

    /// The record of an action for which nothing was sent.
    fn unsent(&self, action_id: &str, outcome: Outcome, reason: OutcomeReason) -> OutcomeRecord {
        OutcomeRecord::unsent(action_id, outcome, reason, self.now())
    }

    fn outcome(&self, record: OutcomeRecord) -> Entry {
        let plan_id = self.execution.plan.plan_id.clone();
        let run_id = self.execution.run_id.clone();
        Entry::Outcome {
            plan_id,
            run_id,
            record,
        }
    }

    /// Durable when it returns. A ledger that cannot be written stops the run:
    /// what is not on disk must not be sent.
    async fn record(&self, entries: Vec<Entry>) -> Result<(), RecordingFailed> {
        let ended: Vec<(ActionKind, Outcome)> = entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Outcome { record, .. } => {
                    Some((self.kind_of(&record.action_id), record.outcome))
                }
                _ => None,
            })
            .collect();
        let result = self.recorder.record(entries).await;
        if result.is_err() {
            self.execution.stop.stop(Stop::Ledger);
            return result;
        }
        for (kind, outcome) in ended {
            (self.execution.observer)(Event::ActionEnded(kind, outcome));
            if self.breakers.count(kind, outcome) {
                self.execution.stop.stop(Stop::Breaker);
            }
        }
        result
    }

    /// Why nothing new may be begun for these kinds of action, if so.
    fn obstacle(&self, kinds: &BTreeSet<ActionKind>) -> Option<OutcomeReason> {
        if let Some(stop) = self.execution.stop.reason()
            && let Some(reason) = stop.as_outcome_reason()
        {
            return Some(reason);
        }
        if self
            .execution
            .deadline
            .is_some_and(|deadline| self.now() >= deadline)
        {
            self.execution.stop.stop(Stop::Deadline);
            return Some(OutcomeReason::Deadline);
        }
        if kinds.contains(&ActionKind::RemoveLicense) && self.execution.stop.is_stranded() {
            return Some(OutcomeReason::StrandedSeat);
        }
        kinds
            .iter()
            .any(|kind| self.breakers.is_open(*kind))
            .then_some(OutcomeReason::Breaker)
    }
}

/// Runs the lanes of a phase side by side and waits for all of them: no
/// removal begins before the last deactivation has ended.
async fn run_phase(context: &Arc<Context>, phase: Phase) {
    let lanes: Vec<Lane> = context
        .execution
        .plan
        .lanes
        .iter()
        .filter(|lane| lane.steps.iter().any(|step| step.phase == phase))
        .cloned()
        .collect();
    (context.execution.observer)(Event::PhaseBegan(phase, lanes.len()));
    let places = Arc::new(Semaphore::new(LANES_AT_WORK));
    let mut tasks = JoinSet::new();
    for lane in lanes {
        let context = Arc::clone(context);
        let places = Arc::clone(&places);
        tasks.spawn(async move {
            // The semaphore is never closed; without a place the lane waits.
            let _place = places.acquire().await;
            for step in lane.steps.iter().filter(|step| step.phase == phase) {
                lane::carry_out(&context, &lane, step).await;
            }
            (context.execution.observer)(Event::LaneEnded);
        });
    }
    while let Some(ended) = tasks.join_next().await {
        if ended.is_err() {
            // A lane that panicked leaves its intent open; the next run looks.
            context.execution.stop.stop(Stop::Defect);
        }
    }
}
