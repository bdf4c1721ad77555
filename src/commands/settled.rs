//! The outputs of an earlier run that left something open: they say when access
//! ended, and only the run that looked knows that.

use std::collections::BTreeMap;

use super::failure::{Exit, Failure};
use super::target::Tenant;
use super::{console, following, outputs, recovery};
use crate::apply;
use crate::config::Settings;
use crate::ledger::{Ledger, RunEnd, RunRow};
use crate::plan::Plan;
use crate::report::{self, Deliveries, Ending, Run, Spending};
use crate::vendor::wall_now;

/// Completes the folder of the last run of a plan whose intents were looked at,
/// and ends that run if it never ended itself.
pub(super) fn show(
    settings: &Settings,
    ledger: &mut Ledger,
    tenant: &Tenant,
    plan_id: &str,
) -> Result<(), Failure> {
    let Some(row) = last_run_of(ledger, plan_id)? else {
        return Ok(());
    };
    let run_id = row.start.run_id.clone();
    // Killed, it ended midway.
    let end = row.end.clone().unwrap_or_else(|| RunEnd {
        finished_at: tenant.clock.now(),
        wall_ms: wall_now().as_millisecond(),
        exit_code: Exit::Midway.code(),
        exit_codes_json: format!("[{}]", Exit::Midway.code()),
    });
    match recovery::kept_plan(ledger, plan_id)? {
        Ok(plan) => {
            if row.end.is_none() {
                apply::account_for_the_rest(&plan, &run_id, ledger, end.finished_at)?;
            }
            // The night goes on without it: people's access has to end.
            if let Err(failure) = write(settings, ledger, &plan, &row, &end) {
                console::warn(&format!(
                    "the results of the earlier run {run_id} could not be written: {}",
                    failure.error
                ));
            }
        }
        Err(error) => console::warn(&format!(
            "the results of the earlier run {run_id} cannot be shown, because the document of its \
             plan cannot be read: {error}"
        )),
    }
    if row.end.is_none() {
        ledger.finish_run(&run_id, &end)?;
    }
    Ok(())
}

/// The run that a plan was carried out in last.
pub(super) fn last_run_of(ledger: &Ledger, plan_id: &str) -> Result<Option<RunRow>, Failure> {
    let mut runs = ledger.runs()?.into_iter().rev();
    Ok(runs.find(|row| row.start.plan_id == plan_id))
}

fn write(
    settings: &Settings,
    ledger: &Ledger,
    plan: &Plan,
    row: &RunRow,
    end: &RunEnd,
) -> Result<(), Failure> {
    let run = Run {
        run_id: &row.start.run_id,
        plan,
        target: settings.target_label(),
        outcomes: &ledger.outcomes(&plan.plan_id)?,
        // What was so before that run is not kept.
        earlier: &BTreeMap::new(),
        requests: &following::open_requests(ledger)?,
        deliveries: &Deliveries::default(),
        reclaims: &ledger.reclaims(&plan.plan_id)?,
        approved_by: row.start.approved_by.as_deref().unwrap_or_default(),
    };
    let spending = Spending {
        began_at: row.start.started_at,
        ..Spending::nothing(end.finished_at)
    };
    let ending = Ending::Settled(end.exit_code);
    let summary = report::summarize(&run, &row.start.command, ending, &spending);
    let folder = outputs::write_earlier_run(settings, &run, &summary)?;
    console::tell(
        settings,
        &format!(
            "settled what an earlier run left open: {}; its results: {}",
            report::summary_line(&summary),
            folder.join("results.csv").display()
        ),
    );
    Ok(())
}
