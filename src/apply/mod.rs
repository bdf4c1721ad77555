//! Carries a plan out: lanes side by side, one coordinator that owns the
//! ledger, every intent on disk before its request leaves.
//!
//! Architecture invariant: nothing here chooses. The plan says what is sent,
//! to whom and what stands in for it on refusal; this module finds out what
//! became of it.

mod account;
mod ahead;
mod breaker;
mod context;
mod coordinator;
mod drafts;
mod fallback;
mod judge;
mod lane;
mod look;
mod pace;
mod past;
mod progress;
mod readback;
mod reclaim;
mod restore;
mod server;
mod stop;
#[cfg(test)]
mod tests;
mod veto;
mod write;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use coordinator::{Coordinator, LaneAtWork, Recorder, RecordingFailed};
pub use past::{PastError, kept_plan, past_accounts};
pub use progress::account_for_the_rest;
pub use server::Servers;
pub use stop::{Stop, StopSwitch};
pub use veto::{Veto, veto_entries, vetoes};

use crate::ledger::{Ledger, LedgerError};
use crate::model::{ActionKind, Outcome};
use crate::plan::{Lane, Phase, Plan};
use crate::vendor::Clock;
use ahead::lanes_at_work;
use context::Context;
use lane::Work;
use progress::Progress;
use readback::Then;
use reclaim::Reclaim;

/// What an execution needs besides the plan.
#[derive(Clone)]
pub struct Execution {
    /// The plan, past its guards.
    pub plan: Arc<Plan>,
    /// The tenant.
    pub servers: Servers,
    /// The run's clock.
    pub clock: Clock,
    /// The run that carries it out.
    pub run_id: String,
    /// Whether this very plan was approved.
    pub approved: bool,
    /// The actions that people keep from being carried out; see [`vetoes`].
    pub vetoes: BTreeMap<String, Veto>,
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

/// Lanes of a phase that are worked on before their changes are read back
/// together: enough that the pages of the users list are few for each change,
/// few enough that a run which is stopped leaves little to look at.
const LANES_READ_BACK_TOGETHER: usize = 1000;

/// Carries the plan out, or what is left of it, and hands the ledger back.
/// What an earlier run of it left open is settled before anything new is begun.
pub async fn execute(execution: Execution, ledger: Ledger) -> (Ledger, Result<(), LedgerError>) {
    let (ledger, settled) = settle(execution.clone(), ledger).await;
    if settled.is_err() {
        return (ledger, settled);
    }
    with_ledger(execution, ledger, async |context| {
        // A failure to record stops everything; the coordinator reports it.
        if context.begin().await.is_ok() {
            for phase in [
                Phase::Deactivations,
                Phase::Removals,
                Phase::Reclaims,
                Phase::Reactivations,
                Phase::Assignments,
            ] {
                run_phase(&context, phase).await;
            }
            let _ = drafts::write(&context).await;
        }
    })
    .await
}

/// Looks at what a killed run of this plan left open, records what became of
/// it, and begins nothing new.
pub async fn settle(execution: Execution, ledger: Ledger) -> (Ledger, Result<(), LedgerError>) {
    with_ledger(execution, ledger, async |context| {
        let is_open = |lane: &&Lane| context.progress.open_attempts(lane).next().is_some();
        let lanes = &context.execution.plan.lanes;
        let open: Vec<Lane> = lanes.iter().filter(is_open).cloned().collect();
        side_by_side(&context, open, |context, lane| async move {
            for (step, row) in context.progress.open_attempts(&lane) {
                let _ = match Work::new(&context, &lane, step) {
                    Some(work) => work.settle(row).await,
                    None => context.cannot_look(step).await,
                };
            }
        })
        .await;
        readback::conclude(&context, Then::Leave).await;
    })
    .await
}

/// Deactivates again what a killed run of this plan left reactivated, before
/// anything else is looked at, and records what became of it.
pub async fn close_reclaims(
    execution: Execution,
    ledger: Ledger,
) -> (Ledger, Result<(), LedgerError>) {
    with_ledger(execution, ledger, async |context| {
        for lane in &context.execution.plan.lanes {
            let reclaims = context.execution.stop.reclaims();
            let plan_id = &context.execution.plan.plan_id;
            let is_ours = reclaims
                .of(&lane.account)
                .is_some_and(|it| it.plan_id == *plan_id);
            if let (true, Some(reclaim)) = (is_ours, Reclaim::of(&context, lane)) {
                // A ledger that cannot be written is reported by the coordinator.
                let _ = reclaim.resume().await;
            }
        }
    })
    .await
}

/// Hands the ledger to a coordinator while the work lasts.
async fn with_ledger(
    execution: Execution,
    ledger: Ledger,
    work: impl AsyncFnOnce(Arc<Context>),
) -> (Ledger, Result<(), LedgerError>) {
    let progress = match Progress::of(&execution.plan, &ledger) {
        Ok(progress) => progress,
        Err(error) => return (ledger, Err(error)),
    };
    let (clock, stop) = (execution.clock.clone(), execution.stop.clone());
    let (coordinator, recorder) = Coordinator::start(ledger, clock, stop);
    work(Arc::new(Context::new(execution, recorder, progress))).await;
    coordinator.finish().await
}

/// Runs the lanes of a phase and waits for all of them: no removal begins
/// before the last deactivation has ended.
async fn run_phase(context: &Arc<Context>, phase: Phase) {
    // What an earlier run of the plan has done is not announced again.
    let is_pending = |lane: &&Lane| {
        let mut steps = lane.steps.iter().filter(|step| step.phase == phase);
        steps.any(|step| !context.pending(step.actions()).is_empty())
    };
    let lanes = &context.execution.plan.lanes;
    let mut lanes: Vec<Lane> = lanes.iter().filter(is_pending).cloned().collect();
    (context.execution.observer)(Event::PhaseBegan(phase, lanes.len()));
    context.read_back.begin_phase();
    if phase == Phase::Removals {
        // Whether this tenant frees the seats of deactivated accounts is tried
        // on one account before the others follow.
        let is_open = || !context.seats_come_free() && !context.updates.are_missing();
        while is_open() && !lanes.is_empty() {
            run_lanes(context, phase, vec![lanes.remove(0)]).await;
        }
    }
    if phase == Phase::Reclaims {
        for lane in lanes {
            run_reclaim(context, lane).await;
        }
        return;
    }
    let mut lanes = lanes.into_iter().peekable();
    while lanes.peek().is_some() {
        let group = lanes.by_ref().take(LANES_READ_BACK_TOGETHER).collect();
        run_lanes(context, phase, group).await;
        readback::conclude(context, Then::CarryOn).await;
    }
}

/// One at a time, so that whatever happens one account at most is active.
async fn run_reclaim(context: &Arc<Context>, lane: Lane) {
    let reclaims = context.execution.stop.reclaims();
    side_by_side(context, vec![lane.clone()], |context, lane| async move {
        // A ledger that cannot be written has stopped the run already.
        let _ = match Reclaim::of(&context, &lane) {
            Some(reclaim) => reclaim.carry_out().await,
            None => context.cannot_send_any(&lane.steps).await,
        };
        (context.execution.observer)(Event::LaneEnded);
    })
    .await;
    if reclaims.is_at_work() {
        // It panicked in between. Its end is tried once more.
        side_by_side(context, vec![lane], |context, lane| async move {
            if let Some(reclaim) = Reclaim::of(&context, &lane) {
                let _ = reclaim.close(Ok(())).await;
            }
        })
        .await;
        reclaims.rest();
    }
}

async fn run_lanes(context: &Arc<Context>, phase: Phase, lanes: Vec<Lane>) {
    side_by_side(context, lanes, move |context, lane| async move {
        for step in lane.steps.iter().filter(|step| step.phase == phase) {
            // A ledger that cannot be written has stopped the run already.
            let _ = match Work::new(&context, &lane, step) {
                Some(work) => work.carry_out().await,
                None => context.cannot_send(step).await,
            };
        }
        (context.execution.observer)(Event::LaneEnded);
    })
    .await;
}

/// Works on all of them, a limited number at a time, and waits until all have
/// ended and what became of them is on disk.
async fn side_by_side<Item, Ended>(
    context: &Arc<Context>,
    items: Vec<Item>,
    work: impl Fn(Arc<Context>, Item) -> Ended,
) where
    Ended: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(lanes_at_work(&context.execution.servers)));
    let mut tasks = JoinSet::new();
    for item in items {
        // Waited for here and not by the lane, so that lanes begin in the plan's
        // order. The semaphore is never closed.
        let place = Arc::clone(&places).acquire_owned().await;
        let work = work(Arc::clone(context), item);
        tasks.spawn(async move {
            let _place = place;
            work.await;
        });
    }
    while let Some(ended) = tasks.join_next().await {
        if ended.is_err() {
            // A lane that panicked leaves its intent open; the next run looks.
            context.execution.stop.stop(Stop::Defect);
        }
    }
    // A failure has stopped the run; the coordinator reports it.
    let _ = context.flush().await;
}
