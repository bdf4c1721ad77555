use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::fallback::Alternative;
use crate::model::{
    AccountKey, AccountStatus, ActionKind, Channel, EmailAddress, GuardLimits, LicenseName, Money,
    Origin, PersonName, Policy, Pool, PoolObservation, Sighting, TaskKind, TerminationId,
    TerminationRecord, UnsettledRow, UserId, Username,
};
use crate::reconcile::RowDisposition;
use crate::seats::{Draft, Entitlement, PoolFigures, Terms};

/// A plan: what shall be done, to whom, why, and what stands against it.
///
/// The file is readable by its owner only, because it names people. Version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this layout.
    pub format_version: u32,
    /// Digest of everything else in the plan.
    pub plan_id: String,
    /// The instant that the plan is made for.
    pub as_of: Timestamp,
    /// The tenant's name in the configuration.
    pub tenant: String,
    /// `8x8`, `sandbox` or `loopback`.
    pub target: String,
    /// The customer that the API has to name before anything is written.
    pub customer_id: Option<String>,
    /// What was read.
    pub inputs: Vec<PlanInput>,
    /// The administrator's decisions that were in force.
    pub policy: Policy,
    /// The limits that were in force.
    pub guard_limits: GuardLimits,
    /// The run that it takes back, if it is no night's plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Undoes>,
    /// The ledger's generation that the plan was made with.
    pub ledger_generation: u64,
    /// What the guards measure.
    pub facts: Facts,
    /// One for each HR row, each obligation without a row, each unreadable account row.
    pub dispositions: Vec<RowDisposition>,
    /// HR rows per disposition; they add up to the rows read.
    pub totals: BTreeMap<String, u64>,
    /// What the guards said when the plan was made.
    pub guards: Vec<GuardCheck>,
    /// Every change, draft and task.
    pub actions: Vec<Action>,
    /// The actions of the accounts, in the steps that carry them out.
    pub lanes: Vec<Lane>,
    /// Everything that a person has to do, new or still open.
    pub manual_tasks: Vec<ManualTask>,
    /// Manual tasks that turned out not to be needed any more.
    pub closed_tasks: Vec<String>,
    /// Terminations as they shall be remembered when the plan is accepted.
    pub terminations: Vec<TerminationRecord>,
    /// HR rows to be reported on later nights, remembered in the same way.
    pub unsettled_rows: Vec<UnsettledRow>,
    /// Ids of earlier ones that are not reported any more.
    pub settled_rows: Vec<String>,
    /// Accounts that were looked up for the plan, to be remembered when it is
    /// accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sightings: Vec<Sighting>,
    /// Seats on accounts, to be remembered when the plan is accepted.
    pub observations: Vec<PoolObservation>,
    /// The seat figures behind the drafts.
    pub seats: Vec<PoolFigures>,
    /// Whether the numbers of a country still fit, where a numbers report was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entitlements: Vec<Entitlement>,
    /// What an auditor or administrator should know besides, as sentences.
    pub findings: Vec<String>,
}

impl Plan {
    /// The manual tasks by their ids.
    pub fn tasks(&self) -> BTreeMap<&str, &ManualTask> {
        let tasks = self.manual_tasks.iter();
        tasks.map(|task| (task.id.as_str(), task)).collect()
    }

    /// Whether the numbers of the pool's country still fit when its seats are
    /// gone, for people.
    pub fn entitlement_of(&self, pool: &Pool) -> String {
        let mut known = self.entitlements.iter();
        let check = known.find(|check| check.is_about(pool));
        check.map_or_else(|| "unknown".to_owned(), ToString::to_string)
    }

    /// The actions of reclaims: reactivations, removals, and deactivations that
    /// end nobody's access, because nobody had any before.
    pub fn reclaiming(&self) -> BTreeSet<&String> {
        let steps = self.lanes.iter().flat_map(|lane| &lane.steps);
        let reclaims = steps.filter(|step| step.phase == Phase::Reclaims);
        reclaims.flat_map(Step::actions).collect()
    }
}

impl Action {
    /// What the manual task is about that the action hands over, and its id in
    /// `manual-tasks.csv`; `None` for actions that are no tasks.
    pub fn task_words(&self, tasks: &BTreeMap<&str, &ManualTask>) -> Option<String> {
        let id = self.task_id.as_deref()?;
        let task = tasks.get(id)?;
        Some(format!("{} ({id})", task.kind.as_str()))
    }
}

/// The run that a plan takes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoes {
    /// The run.
    pub run_id: String,
    /// The plan that it carried out.
    pub plan_id: String,
}

/// One input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanInput {
    /// `hr`, `users`, `licenses`, `holds` or `map`.
    pub role: String,
    /// The path as it was given.
    pub path: String,
    /// Digest of its bytes, in hex.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Data rows, including those that could not be read.
    pub rows: u64,
    /// Digest of its header row, in hex.
    pub header_fingerprint: String,
    /// Field → header of the column that it is read from.
    pub columns: BTreeMap<String, String>,
    /// When the export was made, as far as it is known.
    pub made_at: Option<Timestamp>,
    /// What was found out about its form.
    pub detected: serde_json::Value,
}

/// What the guards measure, taken when the plan was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Active accounts in the users report.
    pub active_accounts: u64,
    /// Active accounts that hold a licence: the denominator of the limits.
    pub active_licensed: u64,
    /// Rows of the users report.
    pub users_rows: u64,
    /// Leavers of the HR files whose termination has taken effect.
    pub due_leavers: u64,
    /// Those of them that have an account.
    pub due_matched: u64,
    /// Those of them whose account is protected.
    pub protected_hits: u64,
    /// Leavers of the HR files, due or not, whose account is active.
    pub active_leavers: u64,
    /// Canary accounts that the users report does not have.
    pub missing_canaries: BTreeSet<String>,
}

/// One change, draft or task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Unique in the plan, and the same whenever the same is planned again.
    pub id: String,
    /// What is done.
    pub kind: ActionKind,
    /// Where it comes from.
    pub origin: Origin,
    /// Its line in `dispositions`; none for pools.
    pub line: Option<usize>,
    /// To whom.
    pub subject: Subject,
    /// The licence that is removed or cancelled, or that the task is about.
    pub license: Option<LicenseName>,
    /// Seats.
    pub quantity: Option<u32>,
    /// Since when it is due.
    pub due: Timestamp,
    /// Actions that have to succeed, or for a draft be tried, before it.
    pub depends_on: Vec<String>,
    /// How it is carried out.
    pub channel: Channel,
    /// Why it waits for an approval of the plan, if it does.
    pub needs_approval: Option<String>,
    /// What it rests on.
    pub evidence: Evidence,
    /// The terms of a draft.
    pub draft: Option<DraftTerms>,
    /// The manual task that it issues.
    pub task_id: Option<String>,
}

/// Whom an action is about; empty for pools.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The person's name.
    pub person: String,
    /// The account's id.
    pub user_id: Option<UserId>,
    /// The account's username.
    pub username: Option<Username>,
    /// What stands for the account between runs.
    pub account: Option<AccountKey>,
    /// The termination that is carried out.
    pub termination: Option<TerminationId>,
}

/// What an action rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The HR file, as recorded when the termination was first read.
    pub file: String,
    /// The line in it.
    pub line: u64,
    /// The keys that found the account.
    pub matched_by: String,
    /// What was seen of the account.
    pub seen: String,
}

/// The terms of a cancellation request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftTerms {
    /// The request, with its quantity as a base plus one for each listed removal.
    pub request: Draft,
    /// Removals of this plan that each add one seat when they succeed.
    pub removals: Vec<String>,
    /// Price of one seat and month, where it is known.
    pub unit_price: Option<Money>,
    /// Earliest day it can take effect: notice given, or the term's end.
    pub effective_on: Date,
    /// Its calendar and what missing it costs; plans of older versions do not
    /// say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
}

/// The steps of one account, in order. Lanes run side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The account.
    pub account: AccountKey,
    /// Its id; without one the lane begins by looking the username up.
    pub user_id: Option<UserId>,
    /// Its username.
    pub username: Option<Username>,
    /// What is sent, one update a step.
    pub steps: Vec<Step>,
}

/// One update of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the plan.
    pub id: String,
    /// All deactivations of a plan go before any removal.
    pub phase: Phase,
    /// The API that it is sent to.
    pub channel: Channel,
    /// The deactivation that it carries.
    pub deactivate: Option<String>,
    /// The removals that it carries.
    pub remove: Vec<Removal>,
    /// The reactivation that begins a reclaim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reactivate: Option<String>,
    /// What it gives back, in a plan that undoes a run; it then carries
    /// nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Restoration>,
    /// How the account must look for it to be sent.
    pub expected: Expected,
    /// What happens when the vendor refuses it.
    pub upon_refusal: UponRefusal,
    /// What stands in for it where the tenant does not have its method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upon_not_implemented: Option<Alternative>,
    /// It is sent only when the plan is approved.
    pub needs_approval: bool,
}

impl Step {
    /// The actions that the step carries.
    pub fn actions(&self) -> impl Iterator<Item = &String> {
        self.deactivate
            .iter()
            .chain(self.remove.iter().map(|removal| &removal.action))
            .chain(&self.reactivate)
            .chain(self.restore.iter().map(|restore| restore.gift.action()))
    }
}

/// One seat to be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The action.
    pub action: String,
    /// The licence as the report names it.
    pub license: LicenseName,
}

/// What one update gives back to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restoration {
    /// What is given back.
    pub gift: Gift,
    /// Licences that the account must hold, numbers aside; anything else but
    /// `given_back` is `drifted`.
    pub kept: Vec<LicenseName>,
    /// Licences that this plan gives back, so that it may hold them already.
    pub given_back: Vec<LicenseName>,
}

/// Access, or one seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gift {
    /// The account's access; the action.
    Access(String),
    /// A seat.
    Seat(Assignment),
}

impl Gift {
    /// The action.
    pub fn action(&self) -> &String {
        match self {
            Self::Access(action) => action,
            Self::Seat(seat) => &seat.action,
        }
    }
}

/// One seat to be assigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The action.
    pub action: String,
    /// The licence as the plan that removed it names it.
    pub license: LicenseName,
    /// The licence's name as the vendor had it on the account.
    pub name: String,
    /// Its country as the vendor had it, or empty.
    pub country: String,
    /// How many seats of this licence the plan gives back before it.
    pub earlier: usize,
    /// The reactivation of this plan that has to succeed first, if there is one.
    pub after: Option<String>,
}

/// When in a run a step is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Access ends first.
    Deactivations,
    /// Then seats are freed.
    Removals,
    /// Then seats that come free of active accounts only. A lane has three such
    /// steps, which are one whole: the account is reactivated, loses its
    /// licences, and is deactivated again. One account at a time.
    Reclaims,
    /// In a plan that undoes a run, access comes back first.
    Reactivations,
    /// Then seats.
    Assignments,
}

/// How the account must look; anything else is `drifted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The account's id, where the report had one.
    pub user_id: Option<UserId>,
    /// The account's username.
    pub username: Option<Username>,
    /// The account's e-mail.
    pub email: Option<EmailAddress>,
    /// The account's name, asked where there is no e-mail to compare.
    pub name: PersonName,
    /// The account must be older than this.
    pub created_before: Timestamp,
    /// Its status before the step.
    pub status: AccountStatus,
}

/// What happens when the vendor refuses a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UponRefusal {
    /// The actions failed.
    Fail,
    /// The deactivation goes out alone, the removals are deferred.
    DeactivateAlone,
    /// The tenant does not free seats of deactivated accounts: remember it,
    /// defer this removal and all that follow.
    RememberStranded,
}

/// Something that only a person can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualTask {
    /// Stable id.
    pub id: String,
    /// What is to be done.
    pub kind: TaskKind,
    /// The termination it belongs to, if any.
    pub termination: Option<TerminationId>,
    /// Its line in `dispositions`; none for pools.
    pub line: Option<usize>,
    /// For whom, or which pool.
    pub subject: String,
    /// The account's username, or empty.
    pub username: String,
    /// The exact steps, in order.
    pub steps: Vec<String>,
    /// Who may do it.
    pub who: String,
    /// By when.
    pub due: Option<Timestamp>,
    /// It was issued on an earlier night and is still open.
    pub issued_at: Option<Timestamp>,
}

/// What one guard said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardCheck {
    /// What it is called.
    pub name: String,
    /// The settings that make its limit.
    pub setting: String,
    /// The limit, as a number or `unlimited`.
    pub limit: String,
    /// What was measured.
    pub measured: u64,
    /// What percentages were taken of; 0 where there are none.
    pub denominator: u64,
    /// Whether it lets the plan pass.
    pub verdict: Verdict,
    /// The sentence for people.
    pub message: String,
    /// What would let the plan pass.
    pub passed_by: PassedBy,
}

/// Whether a guard lets the plan pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the limit.
    Passed,
    /// Above it, and allowed by an approval or an accepted input.
    Allowed,
    /// Above it.
    Tripped,
}

/// What lets a plan pass a guard that tripped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassedBy {
    /// `--approve PLAN_ID`.
    Approval,
    /// `--accept-input SHA256`, of this file.
    AcceptedInput(String),
}
