use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::document::{Facts, Lane, Plan, PlanInput, Step};
use super::file::{FORMAT_VERSION, Nameless};
use super::{cancellations, guards, headers};
use crate::model::{
    ActionKind, Channel, Disposition, GuardLimits, HoldSource, IdentityProvider, Memory,
    NumberCounts, OpenRequest, Origin, Policy, PoolObservation, Reason, Sighting, SourceRow,
    short_digest,
};
use crate::reconcile::{Calendar, NamesOfNobody, Reconciliation};
use crate::seats::{Balance, OnAccounts, PoolFigures, on_day};

/// Everything that a plan is made of.
#[derive(Debug)]
pub struct Build<'a> {
    /// The instant that the plan is made for.
    pub as_of: Timestamp,
    /// When the users report was made.
    pub users_at: Timestamp,
    /// The tenant's name.
    pub tenant: &'a str,
    /// `8x8`, `sandbox` or `loopback`.
    pub target: &'a str,
    /// The customer that the API has to name.
    pub customer_id: Option<&'a str>,
    /// What was read.
    pub inputs: Vec<PlanInput>,
    /// The administrator's decisions.
    pub policy: &'a Policy,
    /// The limits.
    pub guard_limits: &'a GuardLimits,
    /// Dates and zones.
    pub calendar: &'a Calendar,
    /// What earlier nights left.
    pub memory: &'a Memory,
    /// What became of everybody.
    pub reconciliation: Reconciliation,
    /// Entries of the administrator's lists that protect nobody.
    pub names_of_nobody: NamesOfNobody,
    /// Who was looked up besides.
    pub looked_up: LookedUp,
    /// What the guards measure.
    pub facts: Facts,
    /// The seat figures.
    pub seats: Vec<PoolFigures>,
    /// Seats on accounts, by place.
    pub on_accounts: &'a OnAccounts,
    /// The date of the seat counts, if there is a licences file.
    pub counted: Option<Date>,
    /// The tenant's phone numbers, if there is a numbers report.
    pub numbers: Option<&'a NumberCounts>,
}

/// Accounts that were looked up because the users report may be behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookedUp {
    /// What was seen; the memory that the plan is made with has it too.
    pub sightings: Vec<Sighting>,
    /// What could not be seen, as sentences.
    pub findings: Vec<String>,
}

/// Makes every choice. Same inputs, same memory, same instant: same plan.
pub fn build(input: Build<'_>) -> Nameless {
    let Build {
        as_of,
        users_at,
        policy,
        memory,
        calendar,
        ..
    } = input;
    // What took effect today is recorded when the plan is accepted.
    let requests = on_day(&memory.requests, &policy.contracts, calendar.day(as_of));
    let observations = input
        .seats
        .iter()
        .map(|pool| observation(pool, &requests, &input))
        .collect();
    let mut plan = Plan {
        format_version: FORMAT_VERSION,
        plan_id: String::new(),
        as_of,
        tenant: input.tenant.to_owned(),
        target: input.target.to_owned(),
        customer_id: input.customer_id.map(str::to_owned),
        inputs: input.inputs,
        policy: policy.clone(),
        guard_limits: input.guard_limits.clone(),
        undoes: None,
        ledger_generation: memory.generation,
        facts: input.facts,
        dispositions: input.reconciliation.dispositions,
        totals: BTreeMap::new(),
        guards: Vec::new(),
        actions: Vec::new(),
        lanes: Vec::new(),
        manual_tasks: Vec::new(),
        closed_tasks: Vec::new(),
        terminations: input.reconciliation.records,
        unsettled_rows: input.reconciliation.unsettled_rows,
        settled_rows: input.reconciliation.settled_rows,
        sightings: input.looked_up.sightings,
        observations,
        seats: input.seats,
        entitlements: Vec::new(),
        findings: input.looked_up.findings,
    };
    let planning = Planning {
        as_of,
        users_at,
        policy,
        memory,
        calendar,
    };
    name_nobody(&input.names_of_nobody, &mut plan);
    for case in &input.reconciliation.cases {
        planning.leaver(case, &mut plan);
    }
    planning.name_repeated_inputs(&mut plan);
    planning.name_new_headers(&mut plan);
    name_second_writer(&mut plan);
    planning.name_missing_updates(&mut plan);
    name_vanished_rows(&mut plan);
    name_lagging_statuses(input.reconciliation.lagging_statuses, &mut plan);
    name_far_dates(input.reconciliation.far_dates, &mut plan);
    name_given_up_rows(&input.reconciliation.given_up, &mut plan);
    cancellations::plan(&planning, input.counted, input.numbers, &mut plan);
    planning.close_tasks(&input.reconciliation.cases, &mut plan);
    put_in_order(&mut plan.lanes, memory);
    plan.actions
        .sort_by_cached_key(|action| (action.kind, action.due, action.id.clone()));
    plan.manual_tasks
        .sort_by_cached_key(|task| (task.due, task.id.clone()));
    plan.terminations
        .sort_by_cached_key(|record| record.termination.id());
    plan.totals = totals(&plan);
    plan.guards = guards::evaluate(&plan, memory, &guards::Permissions::default());
    Nameless::of(plan)
}

/// How a pool stands tonight, for later nights to compare with.
fn observation(
    figures: &PoolFigures,
    requests: &[OpenRequest],
    input: &Build<'_>,
) -> PoolObservation {
    let balance = Balance::tonight(figures, requests, input.counted);
    PoolObservation {
        at: input.users_at,
        pool: figures.pool.clone(),
        active: figures.active,
        stranded: figures.stranded,
        stock: Some(balance.stock(&figures.pool, input.memory)),
        places: input.on_accounts.places_of(&figures.pool),
    }
}

/// What failed when it was last tried comes last in its phase: the same bad
/// accounts could otherwise open the breaker every night before anybody else's
/// access has ended.
fn put_in_order(lanes: &mut [Lane], memory: &Memory) {
    let failed = |lane: &Lane| {
        let mut actions = lane.steps.iter().flat_map(Step::actions);
        actions.any(|id| memory.failed_actions.contains(id))
    };
    lanes.sort_by_cached_key(|lane| (lane.steps[0].phase, failed(lane), lane.account.clone()));
}

/// What all parts of planning look at.
pub(super) struct Planning<'a> {
    pub as_of: Timestamp,
    /// When the users report was made.
    pub users_at: Timestamp,
    pub policy: &'a Policy,
    pub memory: &'a Memory,
    pub calendar: &'a Calendar,
}

impl Planning<'_> {
    /// The same file as last time is no reason to stop, because things fall due
    /// on their own; but perhaps an export was not made tonight.
    fn name_repeated_inputs(&self, plan: &mut Plan) {
        let accepted = &self.memory.accepted_inputs;
        for input in &plan.inputs {
            let of_role = || accepted.iter().filter(|known| known.role == input.role);
            let last = of_role().map(|known| known.at).max();
            let repeated =
                of_role().any(|known| Some(known.at) == last && known.sha256 == input.sha256);
            if repeated && matches!(input.role.as_str(), "hr" | "users") {
                plan.findings.push(format!(
                    "{} is the same file as last time; what falls due by itself is done all the same",
                    input.path
                ));
            }
        }
    }

    /// A header row that was not seen before is worth a look, even if what
    /// decides is read from the same columns; if it is not, a guard says so.
    fn name_new_headers(&self, plan: &mut Plan) {
        for input in &plan.inputs {
            let is_watched = matches!(input.role.as_str(), "hr" | "users");
            // A listing of the API has no columns.
            let has_columns = !input.columns.is_empty();
            if !(is_watched && has_columns && headers::has_new_header(input, self.memory)) {
                continue;
            }
            let changes = headers::changed_columns(input, self.memory);
            let said = if changes.is_empty() {
                "everything is read from the columns of last time".to_owned()
            } else {
                changes.join("; ")
            };
            plan.findings.push(format!(
                "{} has a header row that was not seen before: {said}",
                input.path
            ));
        }
    }
}

/// A list that was mistyped is silent, and the person whom it should protect
/// loses access. Holds are named by their place: findings name no person.
fn name_nobody(nobody: &NamesOfNobody, plan: &mut Plan) {
    for name in &nobody.protected {
        plan.findings.push(format!(
            "protected.accounts: {name} is in no users report: nobody is protected by it; correct \
             the spelling"
        ));
    }
    for hold in &nobody.holds {
        const FITS: &str = "fits no row of the HR files, no open obligation and no account: nobody \
                            is held by it, unless an id differs in leading zeros only";
        plan.findings.push(match &hold.source {
            HoldSource::File(SourceRow { file, line }) => {
                format!("{file} line {line}: the hold {FITS}; correct it, or take it out")
            }
            HoldSource::Ledger(_) => {
                let id = hold.id();
                format!("{id} {FITS}; `seatsweep tasks done {id}` ends it")
            }
        });
    }
}

/// A year that was mistyped would never come.
fn name_far_dates(terminations: u64, plan: &mut Plan) {
    if terminations > 0 {
        plan.findings.push(format!(
            "{terminations} terminations lie more than two years ahead; check for typing errors"
        ));
    }
}

/// Some HR systems never change the status when somebody leaves. One row is a
/// mistake of HR; many are the system's habit.
fn name_lagging_statuses(people: u64, plan: &mut Plan) {
    const A_HABIT: u64 = 3;
    if people >= A_HABIT {
        plan.findings.push(format!(
            "{people} people are in conflict because the status calls them employed more than two \
             days after their date. If HR's system never changes the status, and HR says so, \
             [hr] trust = \"date\" goes by the date alone"
        ));
    }
}

/// The vendor supports one program that writes over SCIM. What the identity
/// provider manages is left to it; that it manages anything is worth a word.
fn name_second_writer(plan: &mut Plan) {
    if plan.policy.idp == IdentityProvider::None {
        return;
    }
    let (key, others) = match (plan.policy.deactivate_by, plan.policy.deactivate_fallback) {
        (Channel::Scim, _) => ("deactivate", "\"admin-api\" or \"manual\""),
        (Channel::AdminApi, Some(Channel::Scim)) => {
            ("deactivate_fallback", "\"manual\" or \"none\"")
        }
        (Channel::AdminApi | Channel::Manual | Channel::File, _) => return,
    };
    plan.findings.push(format!(
        "[channels] {key} is \"scim\" and an identity provider manages accounts: 8x8 supports one \
         program that writes over SCIM. If the provider's provisioning is on, set {key} = {others}"
    ));
}

/// What nobody took care of must not end in silence.
fn name_given_up_rows(ids: &[String], plan: &mut Plan) {
    if !ids.is_empty() {
        plan.findings.push(format!(
            "{} HR rows that nobody could act on were reported for {} days, were never settled, \
             and are not reported any more: {}",
            ids.len(),
            plan.policy.max_termination_age_days,
            ids.join(", ")
        ));
    }
}

/// Somebody has to notice when an export was cut short.
fn name_vanished_rows(plan: &mut Plan) {
    let lines = plan.dispositions.iter();
    let vanished = lines
        .filter(|line| line.reason == Reason::RowVanished)
        .count();
    if vanished > 0 {
        plan.findings.push(format!(
            "{vanished} people whose leaving is not finished are gone from the HR file, which is \
             said to be cumulative: nothing more is done about them. Is the file whole?"
        ));
    }
}

/// HR rows per disposition, those with none included, so that sums are seen.
fn totals(plan: &Plan) -> BTreeMap<String, u64> {
    let mut totals: BTreeMap<&str, u64> = Disposition::ALL
        .iter()
        .map(|found| (found.as_str(), 0))
        .collect();
    let lines = plan.dispositions.iter();
    for line in lines.filter(|line| line.origin == Origin::Hr) {
        *totals.entry(line.disposition.as_str()).or_default() += 1;
    }
    let totals = totals.into_iter();
    totals
        .map(|(found, rows)| (found.to_owned(), rows))
        .collect()
}

/// `deactivate-5d2e…`: the kind, and a digest of what makes the action itself.
pub(super) fn id_of(kind: ActionKind, content: &str) -> String {
    let word = match kind {
        ActionKind::Deactivate => "deactivate",
        ActionKind::RemoveLicense => "remove",
        ActionKind::Reactivate => "reactivate",
        ActionKind::AssignLicense => "assign",
        ActionKind::RequestPartialCancellation => "cancel",
        ActionKind::ManualTask => "manual",
    };
    format!("{word}-{}", short_digest(content))
}
