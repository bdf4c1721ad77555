//! `seatsweep undo RUN_ID`: writes the plan that takes a run back. Reads the
//! ledger only and changes nothing; `apply` carries the plan out.

use jiff::Timestamp;

use super::failure::{Exit, Failure};
use super::{again, console, outputs, plan as planned, planning, recovery};
use crate::apply;
use crate::cli::UndoArguments;
use crate::config::Settings;
use crate::ledger::{Ledger, RunRow};
use crate::plan::{self, Nameless, Plan, Undo, Verdict};
use crate::reconcile::Calendar;
use crate::report;
use crate::vendor::wall_now;

/// Exit code of a plan that a guard would stop.
const GUARD_TRIPPED: u8 = 3;
/// Run ids that are shown when there is no such run.
const NEAREST: usize = 3;

pub(super) fn run(settings: &Settings, arguments: &UndoArguments) -> Result<u8, Failure> {
    outputs::prepare(settings)?;
    let Some(ledger) = planned::ledger_to_read(settings)? else {
        return Err(Failure::new(
            Exit::NoInput,
            format!(
                "there is no ledger {}, so there is no run to undo; is it the right --config, and \
                 was the run a rehearsal (--sandbox)?",
                settings.ledger.display()
            ),
        ));
    };
    let run = find(settings, &ledger, &arguments.run_id)?;
    let undone = apply::kept_plan(&ledger, &run.start.plan_id)?;
    check(settings, &ledger, &run, &undone)?;
    let as_of = instant(settings, &ledger, &run)?;
    let plan = take_back(settings, &ledger, &run, &undone, as_of)?;
    let (plan, kept) = outputs::write_plan(settings, plan, arguments.out.as_deref())?;
    console::tell(settings, &report::undo_tables(&plan));
    console::describe_findings(settings, &plan);
    let tripped = plan
        .guards
        .iter()
        .any(|guard| guard.verdict == Verdict::Tripped);
    if tripped {
        console::warn(&report::guard_table(&plan.guards));
    }
    if !plan.actions.is_empty() {
        let flags = report::approving_flags(&plan.guards, &plan.plan_id);
        console::tell(
            settings,
            &format!(
                "nothing was changed. What is lost for good is named for each person in plan.csv; \
                 read it, then carry the plan out:\n  {}",
                again::apply(settings, &kept, &flags)
            ),
        );
    }
    console::say(&format!(
        "plan {} for {} ({}) undoes run {}: {} actions; {}",
        plan.plan_id,
        plan.target,
        plan.tenant,
        arguments.run_id,
        plan.actions.len(),
        kept.display()
    ));
    Ok(if tripped { GUARD_TRIPPED } else { 0 })
}

/// The run, or those whose ids begin most alike, the newest first.
fn find(settings: &Settings, ledger: &Ledger, run_id: &str) -> Result<RunRow, Failure> {
    if let Some(run) = ledger.run(run_id)? {
        return Ok(run);
    }
    let alike = |other: &str| {
        let both = run_id.chars().zip(other.chars());
        both.take_while(|(a, b)| a == b).count()
    };
    let mut ids: Vec<String> = ledger
        .runs()?
        .into_iter()
        .rev()
        .map(|run| run.start.run_id)
        .collect();
    ids.sort_by_key(|id| std::cmp::Reverse(alike(id)));
    ids.truncate(NEAREST);
    let known = if ids.is_empty() {
        "it knows no run at all".to_owned()
    } else {
        format!("the nearest are {}", ids.join(", "))
    };
    Err(Failure::new(
        Exit::NoInput,
        format!(
            "the ledger {} of {} on {} has no run {run_id:?}; {known}",
            settings.ledger.display(),
            settings.tenant,
            settings.target_label()
        ),
    ))
}

/// A run that is over, of this tenant and target, and no undo itself.
fn check(settings: &Settings, ledger: &Ledger, run: &RunRow, undone: &Plan) -> Result<(), Failure> {
    let run_id = &run.start.run_id;
    let (tenant, target) = (settings.tenant.as_str(), settings.target_label());
    if undone.tenant != tenant || undone.target != target {
        return Err(Failure::new(
            Exit::PlanNotUsable,
            format!(
                "run {run_id} was for {} on {}, the configuration says {tenant} on {target}; undo \
                 it with the configuration that it was made with",
                undone.tenant, undone.target
            ),
        ));
    }
    if let Some(earlier) = &undone.undoes {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "run {run_id} itself undid run {}, and an undo cannot be undone: what it undid \
                 stays spent; if somebody leaves after all, HR gives another date, or deactivate \
                 them in Admin Console",
                earlier.run_id
            ),
        ));
    }
    let mut attempts = ledger.attempts(&undone.plan_id)?.into_iter();
    let mut of_plan = ledger.runs()?.into_iter();
    let is_running = of_plan.any(|row| {
        row.start.plan_id == undone.plan_id && row.end.is_none() && row.superseded_by.is_none()
    });
    if is_running || attempts.any(|row| row.end.is_none()) {
        return Err(Failure::new(
            Exit::PlanNotUsable,
            format!(
                "run {run_id} is not over: it is still at work, or was killed. Let it end, or \
                 carry it on to its end first:\n  {}",
                again::apply(
                    settings,
                    &settings
                        .out_dir
                        .join("plans")
                        .join(format!("{}.json", undone.plan_id)),
                    &[]
                )
            ),
        ));
    }
    Ok(())
}

/// The instant of the plan: now, and never before what the ledger knows.
fn instant(settings: &Settings, ledger: &Ledger, run: &RunRow) -> Result<Timestamp, Failure> {
    let Some(as_of) = settings.as_of else {
        return recovery::clock_start(settings, ledger, wall_now());
    };
    let ended = run.end.as_ref().map(|end| end.finished_at);
    match ended.filter(|ended| *ended > as_of) {
        None => Ok(as_of),
        Some(ended) => Err(Failure::new(
            Exit::Usage,
            format!(
                "--as-of {as_of} lies before the end of run {}, {ended}; a run is undone afterwards",
                run.start.run_id
            ),
        )),
    }
}

fn take_back(
    settings: &Settings,
    ledger: &Ledger,
    run: &RunRow,
    undone: &Plan,
    as_of: Timestamp,
) -> Result<Nameless, Failure> {
    let memory = ledger.memory(as_of)?;
    let calendar = Calendar::new(&settings.policy)?;
    let accounts = apply::past_accounts(undone, ledger, &memory)?;
    let runs = ledger.runs()?.into_iter().map(|row| row.start);
    let together = runs.filter(|start| start.plan_id == undone.plan_id);
    let together: Vec<String> = together.map(|start| start.run_id).collect();
    let (inputs, holds) = planning::holds_file(settings)?.unzip();
    Ok(plan::undo(&Undo {
        as_of,
        today: calendar.day(as_of),
        run_id: &run.start.run_id,
        together: &together,
        undone,
        policy: &settings.policy,
        guard_limits: &settings.guards,
        memory: &memory,
        holds: &holds.unwrap_or_default(),
        inputs: inputs.into_iter().collect(),
        accounts: &accounts,
    }))
}
