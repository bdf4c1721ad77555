//! `seatsweep run`: the nightly job.

use std::sync::Arc;

use super::failure::{Exit, Failure};
use super::gate::{Gate, gate};
use super::target::Tenant;
use super::work::{CommitHook, Purpose, Work, open_ledger};
use super::{console, outputs, planning, recovery, unbegun};
use crate::config::{Settings, UsersSource};
use crate::files::RunLock;
use crate::model::Channel;
use crate::report;
use crate::vendor::wall_now;

/// Settles what an earlier run left open, then plan, guards, apply, results.
pub(super) fn run(settings: &Settings, on_commit: Option<CommitHook>) -> Result<u8, Failure> {
    let as_of = settings.as_of.unwrap_or_else(wall_now);
    check_clock(settings, as_of)?;
    outputs::prepare(settings)?;
    let _lock = RunLock::acquire(&settings.ledger)?;
    let ledger = open_ledger(settings, on_commit)?;
    recovery::runtime()?.block_on(async {
        let now = recovery::clock_start(settings, &ledger, as_of)?;
        let tenant = Tenant::open(settings, settings.inputs.users_report(), now).await?;
        tenant.remember_sends(&ledger)?;
        let ledger = recovery::close_reclaims(settings, ledger, &tenant).await?;
        let mut ledger = recovery::settle_earlier_runs(settings, ledger, &tenant, None).await?;
        let memory = ledger.memory(as_of)?;
        let plan = planning::make_plan_with(settings, &memory, as_of, Some(&tenant));
        let asks = settings.inputs.users == Some(UsersSource::Live);
        if asks || settings.read == Channel::Scim {
            // A list that failed has sent something too.
            recovery::record_sends(&mut ledger, &tenant)?;
        }
        let (plan, kept) = outputs::write_plan(settings, plan?, None)?;
        console::tell(settings, &report::plan_tables(&plan));
        console::describe_inputs(settings, &plan.inputs);
        console::describe_findings(settings, &plan);
        let code = match gate(settings, &plan, &kept, &memory, &ledger)? {
            Gate::Shut(code) => {
                unbegun::show_unbegun(settings, "run", &plan, &ledger, code)?;
                code
            }
            Gate::Open { approved } => {
                let work = Work {
                    settings,
                    command: "run",
                    purpose: Purpose::Change,
                    plan: Arc::new(plan),
                    approved,
                };
                work.carry_out(ledger, &tenant).await?
            }
        };
        if let Some(log) = tenant.close().await {
            console::describe_sandbox(settings, &log);
        }
        Ok(code)
    })
}

/// A run against the real tenant is for now, not for another day.
pub(super) fn check_clock(settings: &Settings, as_of: jiff::Timestamp) -> Result<(), Failure> {
    let away = as_of.duration_since(wall_now()).abs();
    if settings.is_real() && away > jiff::SignedDuration::from_hours(24) {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "--as-of {as_of} is more than 24 hours from now; for target 8x8, run and apply \
                 act for tonight only (plan may look at any day)"
            ),
        ));
    }
    Ok(())
}
