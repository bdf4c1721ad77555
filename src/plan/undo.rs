//! The plan that takes a run back: access and seats come back, and what does
//! not is named for each person.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::build::id_of;
use super::document::{Action, Facts, Lane, Plan, PlanInput, Undoes};
use super::file::{FORMAT_VERSION, Nameless};
use super::guards;
use super::returning::Returning;
use crate::model::{
    AccountKey, ActionKind, Channel, EmailAddress, GuardLimits, HoldRecord, LicenseName, Memory,
    PersonName, Policy, RequestState, TaskState, TerminationId, TerminationRecord,
};

/// Everything that an undo is made of.
#[derive(Debug)]
pub struct Undo<'a> {
    /// The instant that the plan is made for.
    pub as_of: Timestamp,
    /// The day that it falls on, for holds.
    pub today: Date,
    /// The run.
    pub run_id: &'a str,
    /// All runs that carried that plan out, this one among them.
    pub together: &'a [String],
    /// The plan that it carried out, perhaps together with other runs.
    pub undone: &'a Plan,
    /// The administrator's decisions, as they are now.
    pub policy: &'a Policy,
    /// The limits, as they are now.
    pub guard_limits: &'a GuardLimits,
    /// What earlier nights left.
    pub memory: &'a Memory,
    /// The holds of a file that administrators write, and what is known of it.
    pub holds: &'a [HoldRecord],
    /// That file.
    pub inputs: Vec<PlanInput>,
    /// The accounts that the plan's runs have changed, or may have.
    pub accounts: &'a [PastAccount],
}

/// An account that the plan's runs have changed, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAccount {
    /// The account.
    pub account: AccountKey,
    /// What was done to it and is not taken back yet; actions of the plan.
    pub done: BTreeSet<String>,
    /// When the first change was intended.
    pub changed_at: Timestamp,
    /// What keeps it from being taken back.
    pub state: PastState,
    /// The channel that its access ended over, and comes back over.
    pub access_over: Channel,
    /// The identity provider that managed it, or empty.
    pub scim_provider: String,
    /// Its e-mail before the run; `None` for the vendor's placeholders.
    pub email: Option<EmailAddress>,
    /// Its name before the run.
    pub name: PersonName,
    /// Its licences before the run, with name and country as the vendor has
    /// them; numbers aside, which come and go with their extensions. None
    /// where its access ended over SCIM, which does not show them.
    pub licenses: Vec<(LicenseName, String, String)>,
    /// The numbers of the extensions that went with its licences.
    pub extensions: Vec<String>,
    /// The phone numbers of such extensions.
    pub phone_numbers: Vec<String>,
    /// Their devices.
    pub devices: Vec<String>,
    /// The ring groups and call queues that the account was in with them.
    pub memberships: Vec<String>,
}

/// Whether what was done to an account can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PastState {
    /// It is as the run left it, as far as the ledger knows.
    AsLeft,
    /// This plan changed it later, and is not undone.
    ChangedBy(String),
    /// What became of an update is not known.
    Unclear,
}

/// The id of the action that takes back an action of a plan, or `None` if
/// there is nothing to take back.
pub fn undoing(plan_id: &str, action: &Action) -> Option<String> {
    let kind = match action.kind {
        ActionKind::Deactivate => ActionKind::Reactivate,
        ActionKind::RemoveLicense => ActionKind::AssignLicense,
        ActionKind::Reactivate
        | ActionKind::AssignLicense
        | ActionKind::RequestPartialCancellation
        | ActionKind::ManualTask => return None,
    };
    Some(id_of(kind, &format!("undo|{plan_id}|{}", action.id)))
}

/// The date on which whoever has the account left again after it was changed,
/// by `today` and as far as HR said. What was corrected to a date before the
/// change is no second departure.
pub fn left_again(
    memory: &Memory,
    lane: &Lane,
    changed_at: Timestamp,
    today: Date,
) -> Option<Date> {
    let changed_on = Offset::UTC.to_datetime(changed_at).date();
    let is_theirs = |record: &&TerminationRecord| {
        record.account.as_ref() == Some(&lane.account)
            || (record.user_id.is_some() && record.user_id == lane.user_id)
            || (record.account_username.is_some() && record.account_username == lane.username)
    };
    let stands = memory
        .terminations
        .values()
        .filter(|record| !record.state.is_over() && record.vanished_at.is_none());
    let dates = stands
        .filter(is_theirs)
        .map(|record| record.termination.date);
    dates
        .filter(|date| (changed_on < *date) && (*date <= today))
        .max()
}

/// Makes every choice. Same ledger, same instant: same plan.
pub fn undo(input: &Undo<'_>) -> Nameless {
    let undone = input.undone;
    let mut plan = Plan {
        format_version: FORMAT_VERSION,
        plan_id: String::new(),
        as_of: input.as_of,
        tenant: undone.tenant.clone(),
        target: undone.target.clone(),
        customer_id: undone.customer_id.clone(),
        inputs: input.inputs.clone(),
        policy: input.policy.clone(),
        guard_limits: input.guard_limits.clone(),
        undoes: Some(Undoes {
            run_id: input.run_id.to_owned(),
            plan_id: undone.plan_id.clone(),
        }),
        ledger_generation: input.memory.generation,
        facts: Facts {
            active_licensed: undone.facts.active_licensed,
            ..Facts::default()
        },
        dispositions: Vec::new(),
        totals: BTreeMap::new(),
        guards: Vec::new(),
        actions: Vec::new(),
        lanes: Vec::new(),
        manual_tasks: Vec::new(),
        closed_tasks: Vec::new(),
        terminations: Vec::new(),
        unsettled_rows: Vec::new(),
        settled_rows: Vec::new(),
        sightings: Vec::new(),
        observations: Vec::new(),
        seats: Vec::new(),
        entitlements: Vec::new(),
        findings: Vec::new(),
    };
    for past in input.accounts {
        if let Some(returning) = Returning::of(input, past) {
            returning.plan(&mut plan);
        }
    }
    name_what_there_is(input, &mut plan);
    name_open_requests(input, &mut plan);
    name_open_tasks(input, &mut plan);
    plan.actions
        .sort_by(|a, b| (a.kind, a.line, &a.id).cmp(&(b.kind, b.line, &b.id)));
    plan.guards = guards::evaluate(&plan, input.memory, &guards::Permissions::default());
    Nameless::of(plan)
}

fn name_what_there_is(input: &Undo<'_>, plan: &mut Plan) {
    if input.together.len() > 1 {
        plan.findings.push(format!(
            "the runs {} carried one plan out together, so they are undone together",
            input.together.join(", ")
        ));
    }
    let nothing = if input.accounts.is_empty() {
        "the run changed no account: there is nothing to undo"
    } else if plan.actions.is_empty() {
        "nothing of the run is left that can be taken back; plan.json says why for each account"
    } else {
        return;
    };
    plan.findings.push(nothing.to_owned());
}

/// What was handed to people for somebody who gets nothing back is still to be
/// done as far as the ledger knows.
fn name_open_tasks(input: &Undo<'_>, plan: &mut Plan) {
    let given_back: BTreeSet<&TerminationId> = plan
        .actions
        .iter()
        .filter_map(|action| action.subject.termination.as_ref())
        .collect();
    let open = input.undone.manual_tasks.iter().filter(|task| {
        let known = input.memory.tasks.get(&task.id);
        let termination = task.termination.as_ref();
        known.is_some_and(|known| known.state == TaskState::Open)
            && termination.is_some_and(|id| !given_back.contains(id))
    });
    let open = open.count();
    if open > 0 {
        plan.findings.push(format!(
            "{open} manual tasks of the run are open, of people to whom this plan gives nothing \
             back: whoever does one takes something more away; see `seatsweep tasks list`"
        ));
    }
}

/// A seat that is assigned again must not be cancelled. The next night lowers
/// a draft by itself; what was handed in, only people can take back.
fn name_open_requests(input: &Undo<'_>, plan: &mut Plan) {
    let assigned = plan.actions.iter().filter_map(|action| {
        let is_assigned = action.kind == ActionKind::AssignLicense;
        action.license.as_ref().filter(|_| is_assigned)
    });
    let pools: BTreeSet<_> = assigned.map(LicenseName::pool).collect();
    let open = input.memory.requests.iter();
    for request in open.filter(|it| it.quantity > 0 && pools.contains(&it.pool)) {
        let advice = match request.state {
            RequestState::Drafted => "the next night lowers the draft by what was assigned",
            RequestState::Submitted
            | RequestState::Confirmed
            | RequestState::Effective
            | RequestState::Verified
            | RequestState::Lapsed
            | RequestState::Withdrawn => "tell 8x8 Billing how many seats are needed again",
        };
        plan.findings.push(format!(
            "{}: the cancellation of {} seats is {} ({}); {advice}",
            request.pool,
            request.quantity,
            request.state.as_str(),
            request.id
        ));
    }
}
