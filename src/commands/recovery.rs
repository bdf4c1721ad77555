//! Finding the way back after a run that was killed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::failure::{Exit, Failure};
use super::target::Tenant;
use super::{console, settled, work};
use crate::apply::{self, Execution, Stop, StopSwitch};
use crate::config::{Settings, Target};
use crate::ledger::{Entry, Ledger};
use crate::plan::Plan;

/// Deactivates again what a run that was killed left reactivated, before
/// anything else is settled or begun. It is done whatever HR says by now: the
/// account was deactivated when a run opened it, and to give somebody access is
/// a person's decision.
pub(super) async fn close_reclaims(
    settings: &Settings,
    mut ledger: Ledger,
    tenant: &Tenant,
) -> Result<Ledger, Failure> {
    let open = ledger.memory(tenant.clock.now())?.open_reclaims;
    if open.is_empty() {
        return Ok(ledger);
    }
    let ids: Vec<&str> = open.values().map(|it| it.user_id.as_str()).collect();
    let accounts = ids.join(", ");
    if settings.target == Target::Eight && !settings.execution.confirm {
        console::warn(&format!(
            "an earlier run left the account {accounts} reactivated; without --confirm it is not \
             deactivated"
        ));
        return Ok(ledger);
    }
    console::warn(&format!(
        "an earlier run left the account {accounts} reactivated: deactivating it first"
    ));
    let plans: BTreeSet<&String> = open.values().map(|it| &it.plan_id).collect();
    for plan_id in plans {
        let Some((execution, stop)) = execution_of(settings, &ledger, tenant, plan_id)? else {
            continue;
        };
        let (kept, recorded) = apply::close_reclaims(execution, ledger).await;
        ledger = kept;
        recorded?;
        record_sends(&mut ledger, tenant)?;
        if let Some(why) = stop.reason().filter(|why| *why != Stop::Breaker) {
            return Err(could_not_settle(
                why,
                &format!(
                    "reactivated_by_us: {accounts}: the account could not be deactivated again"
                ),
            ));
        }
    }
    Ok(ledger)
}

/// Looks at the open intents of earlier runs before anything new is begun. Of
/// the plan that is `resumed`, if one is, the resumption itself takes care.
pub(super) async fn settle_earlier_runs(
    settings: &Settings,
    mut ledger: Ledger,
    tenant: &Tenant,
    resumed: Option<&str>,
) -> Result<Ledger, Failure> {
    let is_anothers = |plan_id: &String| Some(plan_id.as_str()) != resumed;
    let open = ledger.open_attempts()?.into_iter();
    let open = open.map(|row| row.intent.key.plan_id).filter(is_anothers);
    let mut plans: BTreeSet<String> = open.collect();
    for plan_id in &plans {
        ledger = settle(settings, ledger, tenant, plan_id).await?;
    }
    let closed = ledger
        .reclaims_since("", tenant.clock.origin())?
        .into_iter();
    plans.extend(closed.map(|it| it.plan_id).filter(is_anothers));
    record_sends(&mut ledger, tenant)?;
    // Those runs end as far as the next one is concerned.
    let unfinished = ledger.runs()?.into_iter().filter(|row| {
        let is_over = row.end.is_some() || row.superseded_by.is_some();
        !is_over && is_anothers(&row.start.plan_id)
    });
    plans.extend(unfinished.map(|row| row.start.plan_id));
    for plan_id in plans {
        settled::show(settings, &mut ledger, tenant, &plan_id)?;
    }
    Ok(ledger)
}

/// Lets whatever runs next know what was sent until now.
pub(super) fn record_sends(ledger: &mut Ledger, tenant: &Tenant) -> Result<(), Failure> {
    let wall_ms = tenant.recent_sends();
    if !wall_ms.is_empty() {
        ledger.record(&[Entry::Sends { wall_ms }])?;
    }
    Ok(())
}

async fn settle(
    settings: &Settings,
    ledger: Ledger,
    tenant: &Tenant,
    plan_id: &str,
) -> Result<Ledger, Failure> {
    console::tell(settings, &format!("settling what plan {plan_id} left open"));
    let Some((execution, stop)) = execution_of(settings, &ledger, tenant, plan_id)? else {
        return Ok(ledger);
    };
    let (ledger, recorded) = apply::settle(execution, ledger).await;
    recorded?;
    match stop.reason() {
        // A breaker stops what is begun, and nothing is begun here.
        None | Some(Stop::Breaker) => Ok(ledger),
        // Settling only looks, so this run has changed nothing.
        Some(why @ (Stop::NotAuthorized | Stop::WrongCustomer)) => Err(Failure::new(
            match why {
                Stop::WrongCustomer => Exit::Configuration,
                _ => Exit::NoPermission,
            },
            format!(
                "what an earlier run left open could not be settled, and nothing was changed: {why}"
            ),
        )),
        Some(why) => Err(could_not_settle(
            why,
            "what an earlier run left open could not be settled",
        )),
    }
}

fn could_not_settle(why: Stop, what: &str) -> Failure {
    let exit = match why {
        Stop::Unreachable => Exit::VendorUnavailable,
        _ => Exit::Midway,
    };
    Failure::new(exit, format!("{what}: {why}"))
}

/// A plan as the ledger kept it; or why it cannot be read, as after a change of
/// its format.
pub(super) fn kept_plan(
    ledger: &Ledger,
    plan_id: &str,
) -> Result<Result<Plan, serde_json::Error>, Failure> {
    let document = ledger.plan_json(plan_id)?.unwrap_or_default();
    Ok(serde_json::from_str(&document))
}

/// What it takes to go on with a plan of an earlier run, and the switch that
/// stops it; `None` if the plan cannot be read.
fn execution_of(
    settings: &Settings,
    ledger: &Ledger,
    tenant: &Tenant,
    plan_id: &str,
) -> Result<Option<(Execution, StopSwitch)>, Failure> {
    let plan = match kept_plan(ledger, plan_id)? {
        Ok(plan) => plan,
        Err(error) => {
            // Its accounts are left alone; everybody else's access must end.
            console::warn(&format!(
                "what plan {plan_id} left open cannot be settled, because its document cannot be \
                 read: {error}; look at its accounts by hand"
            ));
            return Ok(None);
        }
    };
    let stop = StopSwitch::default();
    let run = settled::last_run_of(ledger, plan_id)?;
    let execution = Execution {
        approved: ledger.memory(plan.as_of)?.approvals.contains_key(plan_id),
        plan: Arc::new(plan),
        servers: tenant.servers.clone(),
        clock: tenant.clock.clone(),
        run_id: run.map(|row| row.start.run_id).unwrap_or_default(),
        vetoes: BTreeMap::new(),
        timing: work::timing(settings),
        deadline: None,
        stop: stop.clone(),
        observer: Arc::new(|_| {}),
    };
    Ok(Some((execution, stop)))
}

/// Where the run clock starts: at `as_of`, or at the last recorded moment if
/// that is later. Time never runs backwards, because the newest reading of an
/// account is the one that counts, and an operation's time counts from its
/// intent.
pub(super) fn clock_start(
    settings: &Settings,
    ledger: &Ledger,
    as_of: Timestamp,
) -> Result<Timestamp, Failure> {
    let runs = ledger.runs()?;
    let memory = ledger.memory(as_of)?;
    let ends = runs.iter().filter_map(|row| row.end.as_ref());
    let recorded = ends
        .map(|end| end.finished_at)
        .chain(runs.iter().map(|row| row.start.started_at))
        .chain(memory.touched.iter().map(|touched| touched.at))
        .chain(memory.accounts.values().map(|account| account.status_at));
    let start = recorded.fold(as_of, Timestamp::max);
    let ahead = start.duration_since(as_of);
    if settings.is_real() && ahead > jiff::SignedDuration::from_hours(24) {
        return Err(Failure::new(
            Exit::Configuration,
            format!(
                "the ledger was written at {start}, {} hours after this run's clock; correct the \
                 machine's clock, or restore the ledger from before it was wrong",
                ahead.as_hours()
            ),
        ));
    }
    Ok(start)
}

/// The runtime that everything asynchronous runs on.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::of(Exit::Internal, error))
}

/// Waits for something asynchronous where the code around it is not, be it
/// within a run or outside of one.
pub(super) fn wait<T>(what: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::runtime::Handle::try_current() {
        Ok(handle) => tokio::task::block_in_place(|| handle.block_on(what)),
        Err(_) => runtime()?.block_on(what),
    }
}
