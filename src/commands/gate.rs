//! May a plan be carried out?

use std::path::Path;

use super::failure::{Exit, Failure};
use super::work::is_started;
use super::{again, console};
use crate::config::{Settings, Target};
use crate::ledger::Ledger;
use crate::model::{ApprovalPolicy, FirstRun, Memory};
use crate::plan::{self, GuardCheck, Permissions, Plan, Verdict};
use crate::report;

/// Exit code of a plan that a guard stopped.
const GUARD_TRIPPED: u8 = 3;

/// Whether the plan may be carried out.
pub(super) enum Gate {
    /// It may; whether it was approved.
    Open { approved: bool },
    /// It may not; the process ends with this code. Nothing was changed.
    Shut(u8),
}

/// What stands between a plan and the tenant.
pub(super) enum Obstacle {
    /// Guards tripped.
    Guards(Vec<GuardCheck>),
    /// The first run against 8x8 only plans.
    FirstRun,
    /// Every plan has to be approved.
    NotApproved,
    /// `--confirm` is missing.
    NotConfirmed,
}

/// Asks everything that stands between a plan and the tenant, and stops at the
/// first obstacle.
pub(super) fn gate(
    settings: &Settings,
    plan: &Plan,
    kept: &Path,
    memory: &Memory,
    ledger: &Ledger,
) -> Result<Gate, Failure> {
    let approved = is_approved(settings, plan, kept, memory)?;
    let obstacles = obstacles(settings, plan, memory, ledger, approved)?;
    let Some(obstacle) = obstacles.first() else {
        return Ok(Gate::Open { approved });
    };
    if let Obstacle::Guards(checks) = obstacle {
        console::warn(&report::guard_table(checks));
    }
    console::warn(&format!(
        "nothing was changed: {}. If the plan is right (read {} and plan.csv), this carries out \
         this plan and no other:\n  {}\n{}",
        obstacle.sentence(),
        kept.display(),
        again::apply(settings, kept, &obstacle.flags(plan)),
        again::reviewing(kept)
    ));
    Ok(Gate::Shut(obstacle.code()))
}

/// Whether this very plan was approved, now or before.
pub(super) fn is_approved(
    settings: &Settings,
    plan: &Plan,
    kept: &Path,
    memory: &Memory,
) -> Result<bool, Failure> {
    let approve = settings.execution.approve.as_deref();
    if let Some(named) = approve
        && named != plan.plan_id
    {
        let sentence = format!(
            "--approve names {named}, and this plan is {}; nothing was changed; read {} and, if it \
             is right, approve it by its own name:\n  {}",
            plan.plan_id,
            kept.display(),
            again::apply(settings, kept, &[approval(plan)])
        );
        return Err(Failure::new(Exit::PlanNotUsable, sentence));
    }
    Ok(approve.is_some() || memory.approvals.contains_key(&plan.plan_id))
}

/// All that stands between the plan and the tenant, the first thing to be told
/// first. Of a plan that was started before, only `--confirm` is asked again.
pub(super) fn obstacles(
    settings: &Settings,
    plan: &Plan,
    memory: &Memory,
    ledger: &Ledger,
    approved: bool,
) -> Result<Vec<Obstacle>, Failure> {
    let mut found = Vec::new();
    if !is_started(ledger, plan)? {
        let permissions = Permissions {
            approved,
            accepted_inputs: settings.execution.accept_inputs.clone(),
        };
        let checks = plan::evaluate(plan, memory, &permissions);
        if checks.iter().any(|check| check.verdict == Verdict::Tripped) {
            found.push(Obstacle::Guards(checks));
        }
        if !approved && is_first_run(settings, plan, memory) {
            found.push(Obstacle::FirstRun);
        }
        let always = plan.policy.approval == ApprovalPolicy::Always;
        if !approved && always && settings.execution.review.is_none() {
            found.push(Obstacle::NotApproved);
        }
    }
    if settings.target == Target::Eight && !settings.execution.confirm {
        found.push(Obstacle::NotConfirmed);
    }
    Ok(found)
}

impl Obstacle {
    /// What it is, in the middle of a sentence.
    pub(super) fn sentence(&self) -> &'static str {
        match self {
            Self::Guards(_) => "a guard stopped the run",
            Self::FirstRun => "this is the ledger's first run against 8x8, so it only plans",
            Self::NotApproved => "[policy] approval = \"always\", so every plan has to be approved",
            Self::NotConfirmed => "with target 8x8, --confirm must be given",
        }
    }

    /// The options that take it away.
    pub(super) fn flags(&self, plan: &Plan) -> Vec<String> {
        match self {
            Self::Guards(checks) => report::approving_flags(checks, &plan.plan_id),
            Self::FirstRun | Self::NotApproved => vec![approval(plan)],
            // A command against 8x8 that is told to be run has it anyhow.
            Self::NotConfirmed => Vec::new(),
        }
    }

    /// The exit code of a run that it stops.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Guards(_) => GUARD_TRIPPED,
            Self::FirstRun | Self::NotApproved | Self::NotConfirmed => Exit::PlanNotUsable.code(),
        }
    }
}

fn approval(plan: &Plan) -> String {
    format!("--approve {}", plan.plan_id)
}

fn is_first_run(settings: &Settings, plan: &Plan, memory: &Memory) -> bool {
    settings.target == Target::Eight
        && !memory.has_applied
        && plan.guard_limits.first_run == FirstRun::PlanOnly
}
