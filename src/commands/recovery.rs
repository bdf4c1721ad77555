//! Finding the way back after a run that was killed.

use std::sync::Arc;

use jiff::Timestamp;

use super::failure::{Exit, Failure};
use super::target::Tenant;
use super::{console, work};
use crate::apply::{self, Execution, Stop, StopSwitch};
use crate::config::{Settings, Target};
use crate::ledger::{Ledger, RunEnd};
use crate::plan::Plan;
use crate::vendor::wall_now;

/// Looks at every open intent of earlier runs before anything is planned.
pub(super) async fn settle_earlier_runs(
    settings: &Settings,
    mut ledger: Ledger,
    tenant: &Tenant,
) -> Result<Ledger, Failure> {
    let mut plans: Vec<String> = ledger
        .open_attempts()?
        .into_iter()
        .map(|row| row.intent.key.plan_id)
        .collect();
    plans.dedup();
    for plan_id in plans {
        let document = ledger.plan_json(&plan_id)?.unwrap_or_default();
        let plan: Plan =
            serde_json::from_str(&document).map_err(|error| Failure::of(Exit::Internal, error))?;
        console::tell(settings, &format!("settling what plan {plan_id} left open"));
        let stop = StopSwitch::default();
        let approved = ledger.memory(plan.as_of)?.approvals.contains_key(&plan_id);
        let execution = Execution {
            plan: Arc::new(plan),
            api: tenant.api.clone(),
            run_id: ledger
                .last_run()?
                .map(|row| row.start.run_id)
                .unwrap_or_default(),
            approved,
            review: None,
            timing: work::timing(settings),
            deadline: None,
            stop: stop.clone(),
            observer: Arc::new(|_| {}),
        };
        let (back, recorded) = apply::settle(execution, ledger).await;
        ledger = back;
        recorded?;
        if let Some(why) = stop.reason() {
            let exit = match why {
                Stop::Unreachable => Exit::VendorUnavailable,
                _ => Exit::Midway,
            };
            return Err(Failure::new(
                exit,
                format!("what an earlier run left open could not be settled: {why}"),
            ));
        }
    }
    close_unfinished(&mut ledger, tenant.api.clock().now())?;
    Ok(ledger)
}

/// A killed run whose intents are settled has ended: midway.
fn close_unfinished(ledger: &mut Ledger, now: Timestamp) -> Result<(), Failure> {
    let unfinished: Vec<String> = ledger
        .runs()?
        .into_iter()
        .filter(|row| row.end.is_none() && row.superseded_by.is_none())
        .map(|row| row.start.run_id)
        .collect();
    for run_id in unfinished {
        let code = Exit::Midway.code();
        ledger.finish_run(
            &run_id,
            &RunEnd {
                finished_at: now,
                wall_ms: wall_now().as_millisecond(),
                exit_code: code,
                exit_codes_json: format!("[{code}]"),
            },
        )?;
    }
    Ok(())
}

/// Where the run clock starts. In the sandbox time never runs backwards: a run
/// that is started again goes on from the last recorded moment.
pub(super) fn clock_start(
    settings: &Settings,
    ledger: &Ledger,
    as_of: Timestamp,
) -> Result<Timestamp, Failure> {
    if settings.target == Target::Eight {
        return Ok(as_of);
    }
    let runs = ledger.runs()?;
    let ends = runs
        .iter()
        .filter_map(|row| row.end.as_ref())
        .map(|end| end.finished_at);
    let starts = runs.iter().map(|row| row.start.started_at);
    let attempts = ledger.open_attempts()?.into_iter().map(|row| row.intent.at);
    Ok(ends
        .chain(starts)
        .chain(attempts)
        .fold(as_of, Timestamp::max))
}

/// The runtime that everything asynchronous runs on.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::of(Exit::Internal, error))
}
