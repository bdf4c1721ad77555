use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::Run;
use super::budget::{RequestBudget, Spending};
use super::codes::{Ending, exit_codes, needs_a_look, still_reactivated};
use super::following::{self, RequestSummary};
use super::rehearsal::Prediction;
use super::tasks::open_tasks;
use crate::model::{ActionKind, Outcome};
use crate::plan::{GuardCheck, PlanInput, Verdict};
use crate::seats::PoolFigures;

/// `summary.json`: what a program or a person wants to know first. It names
/// nobody. Version 1.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Version of this layout.
    pub format_version: u32,
    /// Ids of the accounts that this program reactivated and that are not known
    /// to be deactivated again: to be deactivated by hand, or by running again.
    pub reactivated_by_us: Vec<String>,
    /// The command.
    pub command: String,
    /// The run.
    pub run_id: String,
    /// The plan.
    pub plan_id: String,
    /// The tenant's name.
    pub tenant: String,
    /// `8x8`, `sandbox` or `loopback`.
    pub target: String,
    /// The run's instant.
    pub as_of: Timestamp,
    /// When it ended, in run-clock time.
    pub finished_at: Timestamp,
    /// The process's exit code.
    pub exit_code: u8,
    /// Every code that applies.
    pub exit_codes: Vec<u8>,
    /// Why it stopped midway, if it did.
    pub stopped: Option<String>,
    /// HR data rows read.
    pub hr_rows: u64,
    /// HR rows per disposition; they add up to `hr_rows`.
    pub dispositions: BTreeMap<String, u64>,
    /// Obligations of earlier nights whose row is not in tonight's file.
    pub obligations: u64,
    /// Actions per kind and outcome; actions without one are `open`.
    pub actions: BTreeMap<String, BTreeMap<String, u64>>,
    /// Actions per kind that succeeded in earlier attempts at the plan; they
    /// are counted in `actions` too.
    pub succeeded_before: BTreeMap<String, u64>,
    /// Deactivations among the actions that succeeded and that ended a reclaim,
    /// not somebody's access.
    #[serde(skip)]
    pub reclaims_ended: u64,
    /// Accounts that were active for a while so that their licences came free:
    /// those of the plan, and any of another that this run closed or that is
    /// still open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reclaims: Vec<ReclaimEntry>,
    /// People whose access should have ended and did not, or is not known to
    /// have, per reason.
    pub access_not_ended: BTreeMap<String, u64>,
    /// Lines of which access that is due may still be open.
    pub needs_a_look: u64,
    /// Manual tasks that are open.
    pub open_tasks: u64,
    /// Guards that tripped, allowed or not.
    pub guards: Vec<GuardCheck>,
    /// Requests to the vendor.
    pub requests: RequestBudget,
    /// Partial-cancellation requests.
    pub cancellation_requests: RequestSummary,
    /// What a rehearsal predicts of the real run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Prediction>,
    /// The state that `seats` shows.
    pub seats_counted: String,
    /// Seat figures per pool.
    pub seats: Vec<PoolFigures>,
    /// What else an administrator should know.
    pub findings: Vec<String>,
    /// What was read.
    pub inputs: Vec<PlanInput>,
    /// What nobody has published, and this program therefore does not know.
    pub not_known: Vec<&'static str>,
}

/// One time that an account was active so that its licences came free.
#[derive(Debug, Clone, Serialize)]
pub struct ReclaimEntry {
    /// The plan that reactivated it.
    pub plan_id: String,
    /// The account's id.
    pub user_id: String,
    /// The first moment at which it can have been active.
    pub opened_at: Timestamp,
    /// When it was read as deactivated again; `None` if nobody knows that.
    pub closed_at: Option<Timestamp>,
    /// The seconds between, begun ones included.
    pub seconds_alive: Option<i64>,
}

/// Counts everything once.
pub fn summarize(run: &Run<'_>, command: &str, ending: Ending, spending: &Spending) -> Summary {
    let exit_codes = exit_codes(run, ending);
    let mut actions: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut succeeded_before: BTreeMap<String, u64> = BTreeMap::new();
    for action in &run.plan.actions {
        let outcome = run.outcomes.get(&action.id).map(|ended| ended.outcome);
        let word = outcome.map_or("open", Outcome::as_str).to_owned();
        *actions
            .entry(action.kind.to_string())
            .or_default()
            .entry(word)
            .or_default() += 1;
        let earlier = run.earlier.get(&action.id);
        if earlier.is_some_and(|ended| ended.outcome == Outcome::Succeeded) {
            *succeeded_before.entry(action.kind.to_string()).or_default() += 1;
        }
    }
    let plan = run.plan;
    let hr_rows = plan.totals.values().sum();
    let obligations = plan
        .dispositions
        .iter()
        .filter(|line| line.origin == crate::model::Origin::Ledger);
    Summary {
        format_version: 1,
        reactivated_by_us: still_reactivated(run)
            .map(|it| it.user_id.clone())
            .collect(),
        command: command.to_owned(),
        run_id: run.run_id.to_owned(),
        plan_id: plan.plan_id.clone(),
        tenant: plan.tenant.clone(),
        target: run.target.to_owned(),
        as_of: plan.as_of,
        finished_at: spending.finished_at,
        exit_code: exit_codes.first().copied().unwrap_or(0),
        exit_codes,
        stopped: match ending {
            Ending::Finished => None,
            Ending::Stopped(why) | Ending::StoppedUnchanged(why) => Some(why.to_string()),
            Ending::NotBegun(_) => Some("it was not begun; nothing was changed".to_owned()),
            Ending::Settled(_) => {
                let said = "it left something open, which a later run settled; what it sent itself is \
                            not counted under requests";
                Some(said.to_owned())
            }
        },
        hr_rows,
        dispositions: plan.totals.clone(),
        obligations: obligations.count() as u64,
        actions,
        succeeded_before,
        reclaims_ended: reclaims_ended(run),
        reclaims: run
            .reclaims
            .iter()
            .map(|it| ReclaimEntry {
                plan_id: it.plan_id.clone(),
                user_id: it.user_id.clone(),
                opened_at: it.opened_at,
                closed_at: it.closed_at,
                seconds_alive: it.seconds_alive(),
            })
            .collect(),
        access_not_ended: access_not_ended(run),
        needs_a_look: needs_a_look(run) as u64,
        open_tasks: open_tasks(run).count() as u64,
        guards: tripped(&plan.guards),
        requests: RequestBudget::of(run, spending),
        cancellation_requests: following::summarize(run),
        rehearsal: None,
        seats_counted: format!(
            "when the plan was made, for {}; its changes are not in them",
            plan.as_of
        ),
        seats: plan.seats.clone(),
        findings: plan.findings.clone(),
        inputs: plan.inputs.clone(),
        not_known: vec![
            "whether 8x8 frees a licence of a deactivated account through the API: [policy] \
             stranded_seats decides, and the first refusal is remembered",
            "what number licences are called: names with DID, Local Number, Additional Number or \
             Toll Free are taken for them",
            "how many numbers the remaining seats entitle to: covered is said only where --numbers \
             shows it",
        ],
    }
}

/// Deactivations that were tried or put off, per reason. One that ends a
/// reclaim ends nobody's access.
fn access_not_ended(run: &Run<'_>) -> BTreeMap<String, u64> {
    let reclaiming = run.plan.reclaiming();
    let mut reasons = BTreeMap::new();
    for action in &run.plan.actions {
        let Some(ended) = run.outcomes.get(&action.id) else {
            continue;
        };
        let is_open = matches!(
            ended.outcome,
            Outcome::Failed | Outcome::Unknown | Outcome::Deferred
        );
        if action.kind == ActionKind::Deactivate && is_open && !reclaiming.contains(&action.id) {
            let word = match ended.reason {
                Some(reason) => reason.as_str(),
                None => ended.outcome.as_str(),
            };
            *reasons.entry(word.to_owned()).or_default() += 1;
        }
    }
    reasons
}

fn reclaims_ended(run: &Run<'_>) -> u64 {
    let reclaiming = run.plan.reclaiming();
    let ended = run.plan.actions.iter().filter(|action| {
        let outcome = run.outcomes.get(&action.id).map(|ended| ended.outcome);
        action.kind == ActionKind::Deactivate
            && reclaiming.contains(&action.id)
            && outcome == Some(Outcome::Succeeded)
    });
    ended.count() as u64
}

fn tripped(guards: &[GuardCheck]) -> Vec<GuardCheck> {
    guards
        .iter()
        .filter(|guard| guard.verdict != Verdict::Passed)
        .cloned()
        .collect()
}
