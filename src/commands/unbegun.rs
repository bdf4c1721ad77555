//! A night on which nothing was begun.

use super::failure::Failure;
use super::work::run_id;
use super::{console, following, outputs};
use crate::config::Settings;
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::report::{self, Deliveries, Ending, Run, Spending};

/// Writes the outputs of a night on which nothing was begun, so that nobody
/// takes last night's for tonight's.
pub(super) fn show_unbegun(
    settings: &Settings,
    command: &'static str,
    plan: &Plan,
    ledger: &Ledger,
    code: u8,
) -> Result<(), Failure> {
    let run_id = run_id(plan, plan.as_of);
    let outcomes = ledger.outcomes(&plan.plan_id)?;
    let run = Run {
        run_id: &run_id,
        plan,
        target: settings.target_label(),
        outcomes: &outcomes,
        earlier: &outcomes,
        requests: &following::open_requests(ledger)?,
        deliveries: &Deliveries::default(),
        reclaims: &ledger.reclaims_since(&plan.plan_id, plan.as_of)?,
        approved_by: "",
    };
    console::describe_reactivated(report::still_reactivated(&run));
    let ending = Ending::NotBegun(code);
    let spending = Spending::nothing(plan.as_of);
    let summary = report::summarize(&run, command, ending, &spending);
    outputs::write_run(settings, &run, &summary)?;
    console::say(&report::summary_line(&summary));
    Ok(())
}
