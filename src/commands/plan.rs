//! `seatsweep plan`: reads, reconciles, writes the plan. Changes nothing.

use super::failure::Failure;
use super::{again, console, outputs, planning};
use crate::cli::PlanArguments;
use crate::config::Settings;
use crate::ledger::{Identity, Ledger};
use crate::model::Memory;
use crate::plan::Verdict;
use crate::report;
use crate::vendor::wall_now;

/// Exit code of a plan with changes, where that was asked for.
const HAS_CHANGES: u8 = 2;
/// Exit code of a plan that a guard would stop.
const GUARD_TRIPPED: u8 = 3;

pub(super) fn run(settings: &Settings, arguments: &PlanArguments) -> Result<u8, Failure> {
    outputs::prepare(settings)?;
    let as_of = settings.as_of.unwrap_or_else(wall_now);
    let memory = memory(settings, as_of)?;
    let plan = planning::make_plan(settings, &memory, as_of)?;
    let (plan, kept) = outputs::write_plan(settings, plan, arguments.out.as_deref())?;
    console::tell(settings, &report::plan_tables(&plan));
    console::describe_inputs(settings, &plan.inputs);
    console::describe_findings(settings, &plan);
    console::describe_reactivated(memory.open_reclaims.values());
    let tripped = plan
        .guards
        .iter()
        .any(|guard| guard.verdict == Verdict::Tripped);
    if tripped {
        console::warn(&report::guard_table(&plan.guards));
        let flags = report::approving_flags(&plan.guards, &plan.plan_id);
        console::warn(&format!(
            "it would not be carried out. If it is right, approve this plan and no other:\n  {}",
            again::apply(settings, &kept, &flags)
        ));
    }
    if !plan.actions.is_empty() {
        console::tell(settings, &again::reviewing(&kept));
    }
    let look = plan
        .dispositions
        .iter()
        .filter(|line| line.needs_a_look)
        .count();
    console::say(&format!(
        "plan {} for {} ({}): {} actions, {look} lines need a look; {}",
        plan.plan_id,
        plan.target,
        plan.tenant,
        plan.actions.len(),
        kept.display()
    ));
    Ok(
        match (
            tripped,
            arguments.detailed_exitcode && !plan.actions.is_empty(),
        ) {
            (true, _) => GUARD_TRIPPED,
            (false, true) => HAS_CHANGES,
            (false, false) => 0,
        },
    )
}

/// The ledger is only read; without one, this is the first night.
pub(super) fn memory(settings: &Settings, as_of: jiff::Timestamp) -> Result<Memory, Failure> {
    match ledger_to_read(settings)? {
        Some(ledger) => Ok(ledger.memory(as_of)?),
        None => Ok(Memory::default()),
    }
}

/// The ledger, to be read while others may write it; `None` before the first night.
pub(super) fn ledger_to_read(settings: &Settings) -> Result<Option<Ledger>, Failure> {
    let identity = Identity {
        tenant: settings.tenant.clone(),
        target: settings.target_label().to_owned(),
        customer_id: settings.customer_id.clone(),
    };
    Ok(Ledger::open_read_only(&settings.ledger, &identity)?)
}
