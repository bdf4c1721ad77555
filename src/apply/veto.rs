//! What people keep from being carried out.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ledger::Entry;
use crate::model::{ApprovalPolicy, Outcome, OutcomeReason, OutcomeRecord};
use crate::plan::{Action, Decision, Phase, Plan, Step};

/// How an action ends that a person keeps from being carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Veto {
    /// `held` or `skipped`.
    pub outcome: Outcome,
    /// Who or what keeps it back.
    pub reason: OutcomeReason,
}

const SKIPPED: Veto = Veto {
    outcome: Outcome::Skipped,
    reason: OutcomeReason::ReviewSkip,
};
const HELD: Veto = Veto {
    outcome: Outcome::Held,
    reason: OutcomeReason::ReviewHold,
};
const NOT_APPROVED: Veto = Veto {
    outcome: Outcome::Held,
    reason: OutcomeReason::NotApproved,
};

/// The actions that are kept back, by id. `review` is what the reviewer
/// decided, if a sheet was given; an action that is missing from it is held.
/// Without a sheet the vetoes among the `earlier` outcomes of the plan stand,
/// so that a resumed run does not carry out what its first sheet kept back.
pub fn vetoes(
    plan: &Plan,
    approved: bool,
    review: Option<&BTreeMap<String, Decision>>,
    earlier: &BTreeMap<String, OutcomeRecord>,
) -> BTreeMap<String, Veto> {
    let always = plan.policy.approval == ApprovalPolicy::Always;
    let kept_back = |action: &Action| {
        if action.needs_approval.is_some() && !approved {
            return Some(NOT_APPROVED);
        }
        let Some(review) = review else {
            let ended = earlier.get(&action.id)?;
            return [SKIPPED, HELD, NOT_APPROVED]
                .into_iter()
                .filter(|veto| *veto != NOT_APPROVED || !approved)
                .find(|veto| ended.outcome == veto.outcome && ended.reason == Some(veto.reason));
        };
        match review.get(&action.id) {
            Some(Decision::Approve) => None,
            Some(Decision::Blank) if !always || approved => None,
            Some(Decision::Blank) => Some(NOT_APPROVED),
            Some(Decision::Skip) => Some(SKIPPED),
            Some(Decision::Hold) | None => Some(HELD),
        }
    };
    let mut vetoes: BTreeMap<String, Veto> = plan
        .actions
        .iter()
        .filter_map(|action| Some((action.id.clone(), kept_back(action)?)))
        .collect();
    keep_reclaims_whole(plan, &mut vetoes);
    let tasks = plan
        .actions
        .iter()
        .filter(|action| action.task_id.is_some());
    for task in tasks {
        let approved = review.and_then(|it| it.get(&task.id)) == Some(&Decision::Approve);
        if let (false, Some(veto)) = (approved, change_kept_back(plan, task, &vetoes)) {
            vetoes.entry(task.id.clone()).or_insert(veto);
        }
    }
    vetoes
}

/// No account is reactivated for nothing, or without being deactivated again.
fn keep_reclaims_whole(plan: &Plan, vetoes: &mut BTreeMap<String, Veto>) {
    for lane in &plan.lanes {
        let reclaim = lane.steps.iter().filter(|it| it.phase == Phase::Reclaims);
        let (freeing, around): (Vec<&Step>, Vec<&Step>) =
            reclaim.partition(|step| !step.remove.is_empty());
        let veto = |id: &String| vetoes.get(id).copied();
        let removals = freeing.into_iter().flat_map(Step::actions).map(veto);
        let all_removals: Option<Vec<Veto>> = removals.collect();
        let of_one = around.into_iter().flat_map(Step::actions).find_map(veto);
        if let Some(veto) = of_one.or_else(|| all_removals?.first().copied()) {
            for id in lane.steps.iter().flat_map(Step::actions) {
                vetoes.entry(id.clone()).or_insert(veto);
            }
        }
    }
}

/// Nobody is told to clear up after a leaver whose change is kept back.
fn change_kept_back(plan: &Plan, task: &Action, vetoes: &BTreeMap<String, Veto>) -> Option<Veto> {
    let changes = plan
        .actions
        .iter()
        .filter(|action| action.task_id.is_none());
    let mut of_this_leaver =
        changes.filter(|action| action.line.is_some() && action.line == task.line);
    of_this_leaver.find_map(|action| vetoes.get(&action.id).copied())
}

/// The vetoes as outcomes. They are recorded before the plan is accepted: from
/// then on it is resumed, perhaps without its review sheet.
pub fn veto_entries(
    vetoes: &BTreeMap<String, Veto>,
    plan_id: &str,
    run_id: &str,
    at: Timestamp,
) -> Vec<Entry> {
    vetoes
        .iter()
        .map(|(action_id, veto)| Entry::Outcome {
            plan_id: plan_id.to_owned(),
            run_id: run_id.to_owned(),
            record: OutcomeRecord::unsent(action_id, veto.outcome, veto.reason, at),
        })
        .collect()
}
