//! Drafts of partial-cancellation requests, from what was really freed.

use jiff::civil::Date;

use super::build::{Planning, id_of};
use super::document::{Action, DraftTerms, Evidence, ManualTask, Plan, Subject};
use super::tasks;
use crate::model::{
    ActionKind, Channel, ContractBilling, LicenseKind, LicenseName, NumberCounts, OpenRequest,
    Origin, Pool, RequestState, TaskKind, TaskState, Text,
};
use crate::seats::{Draft, Entitlement, OverAsked, PoolFigures, Terms, drafts, on_day, over_asked};

/// Adds a draft for each contract on whose pool seats are free, or will be
/// when tonight's removals succeed.
pub(super) fn plan(
    planning: &Planning<'_>,
    counted: Option<Date>,
    numbers: Option<&NumberCounts>,
    plan: &mut Plan,
) {
    let today = planning.calendar.day(planning.as_of);
    let contracts = &planning.policy.contracts;
    let requests = on_day(&planning.memory.requests, contracts, today);
    let mut wanted: Vec<Wanted> = Vec::new();
    for draft in drafts(&plan.seats, contracts, &requests, counted, today) {
        if let Some(unnamed) = seats_without_country(plan, &draft.pool) {
            // Said once, however many contracts the pool has.
            if !plan.findings.contains(&unnamed) {
                plan.findings.push(unnamed);
            }
            continue;
        }
        let removals = removals_of(plan, &draft.pool);
        let most = draft.quantity(u32::try_from(removals.len()).unwrap_or(u32::MAX));
        wanted.push(Wanted {
            draft,
            removals,
            most,
        });
    }
    if let Some(numbers) = numbers {
        let handed_in = requests.iter().filter(|request| {
            matches!(
                request.state,
                RequestState::Submitted | RequestState::Confirmed
            )
        });
        let drafted = wanted.iter().map(|it| (it.draft.pool.clone(), it.most));
        let asked: Vec<(Pool, u32)> = handed_in
            .map(|request| (request.pool.clone(), request.quantity))
            .chain(drafted)
            .collect();
        plan.entitlements = Entitlement::of_countries(numbers, &plan.seats, &asked);
    }
    for wanted in wanted {
        let (pool, id) = (wanted.draft.pool.clone(), wanted.draft.id.clone());
        if wanted.asks_for_seats() {
            settle_entitlement(planning, &pool, &id, plan);
        }
        if wanted.is_news() {
            plan.actions.push(action(planning, wanted, today));
        }
    }
    express_tasks(planning, plan);
    let stay = |id: &str| requests.iter().any(|request| request.id == id);
    let remembered = planning.memory.requests.iter();
    let lapsed = remembered.filter(|request| !stay(&request.id));
    let findings: Vec<String> = over_asked(&plan.seats, contracts, &requests)
        .iter()
        .map(too_much_asked)
        .chain(lapsed.map(not_confirmed_in_time))
        .chain(plan.seats.iter().filter_map(unexplained_seats))
        .chain(ending_by_themselves(planning, plan))
        .collect();
    plan.findings.extend(findings);
}

/// A draft as tonight would have it.
struct Wanted {
    draft: Draft,
    /// Removals of this plan that each add a seat when they succeed.
    removals: Vec<String>,
    /// Seats if all of them do.
    most: u32,
}

impl Wanted {
    fn is_news(&self) -> bool {
        match self.draft.drafted {
            None => self.most > 0,
            Some(drafted) => {
                !self.removals.is_empty() || self.most != drafted || self.draft.renewed
            }
        }
    }

    fn asks_for_seats(&self) -> bool {
        self.most > 0 || self.draft.drafted.is_some_and(|seats| seats > 0)
    }
}

fn removals_of(plan: &Plan, pool: &Pool) -> Vec<String> {
    plan.actions
        .iter()
        .filter(|action| action.kind == ActionKind::RemoveLicense)
        .filter(|action| action.license.as_ref().is_some_and(|it| it.pool() == *pool))
        .map(|action| action.id.clone())
        .collect()
}

fn action(planning: &Planning<'_>, wanted: Wanted, today: Date) -> Action {
    let Wanted {
        draft,
        removals,
        most,
    } = wanted;
    let contract = &planning.policy.contracts[draft.contract];
    let terms = Terms::of(contract, most, today);
    Action {
        id: id_of(ActionKind::RequestPartialCancellation, &draft.id),
        kind: ActionKind::RequestPartialCancellation,
        origin: Origin::Pool,
        line: None,
        subject: Subject::default(),
        license: Some(license_of(&draft.pool)),
        quantity: Some(most),
        due: planning.as_of,
        depends_on: removals.clone(),
        channel: Channel::File,
        needs_approval: None,
        evidence: Evidence::default(),
        draft: Some(DraftTerms {
            effective_on: terms.earliest_effective,
            request: draft,
            removals,
            unit_price: contract.unit_price.clone(),
            terms: Some(terms),
        }),
        task_id: None,
    }
}

/// A person has to count the numbers, unless they surely fit.
fn settle_entitlement(planning: &Planning<'_>, pool: &Pool, request: &str, plan: &mut Plan) {
    let kind = TaskKind::NumberEntitlement;
    let check = plan.entitlements.iter().find(|check| check.is_about(pool));
    if check.is_some_and(Entitlement::is_covered) {
        let id = tasks::id(kind, request, "");
        let known = planning.memory.tasks.get(&id);
        if known.is_some_and(|task| task.state == TaskState::Open) {
            plan.closed_tasks.push(id);
        }
        return;
    }
    let mut steps = tasks::entitlement_steps(&pool.license, &pool.country);
    steps.extend(check.map(|check| format!("The numbers report says: {check}.")));
    pool_task(planning, kind, pool, request, steps, plan);
}

/// Seats that the vendor was asked to cancel and that somebody needs again.
fn too_much_asked(over: &OverAsked) -> String {
    format!(
        "{}: 8x8 was asked to cancel {} seats, but only {} are free now (spare seats, planned \
         joiners and people who may be back are kept); ask 8x8 to lower or withdraw {}, or order \
         seats",
        over.pool,
        over.asked,
        over.free.max(0),
        over.requests.join(", ")
    )
}

/// A request that nobody hears of any more: the contract has renewed with its
/// seats, unless the vendor says otherwise.
fn not_confirmed_in_time(request: &OpenRequest) -> String {
    format!(
        "{}: {} for {} seats was not confirmed in time for {} and has lapsed, so they are billed \
         on; ask 8x8 what became of it: if it is confirmed after all, say `seatsweep requests \
         confirm`, else seats that are still free are asked for anew",
        request.pool, request.id, request.quantity, request.term_ends
    )
}

/// Nothing has to be asked for where unused seats end with their period.
fn ending_by_themselves(planning: &Planning<'_>, plan: &Plan) -> Vec<String> {
    let contracts = planning.policy.contracts.iter();
    let contact_now = contracts.filter(|it| it.billing == ContractBilling::ContactNow);
    let free = contact_now.filter_map(|contract| {
        let figures = plan.seats.iter().find(|it| it.pool == contract.pool)?;
        let free = figures.free_by_count.filter(|count| *count > 0)?;
        Some(format!(
            "{}: {free} seats are unused; 8x8 ContactNow ends them with their period, so nothing \
             has to be requested",
            contract.pool
        ))
    });
    free.collect()
}

fn express_tasks(planning: &Planning<'_>, plan: &mut Plan) {
    let express: Vec<(Pool, i64)> = planning
        .policy
        .contracts
        .iter()
        .filter(|contract| contract.billing == ContractBilling::Express)
        .filter_map(|contract| {
            let figures = plan.seats.iter().find(|pool| pool.pool == contract.pool)?;
            let counted = figures.free_by_count.unwrap_or(figures.free_by_ledger);
            let free = figures.free_by_ledger.min(counted) - i64::from(contract.spare);
            (free > 0).then(|| (contract.pool.clone(), free))
        })
        .collect();
    for (pool, free) in express {
        let steps = tasks::express_steps(&pool.to_string(), free);
        let subject = format!("{pool}|{free}");
        pool_task(
            planning,
            TaskKind::ExpressCancellation,
            &pool,
            &subject,
            steps,
            plan,
        );
    }
}

fn pool_task(
    planning: &Planning<'_>,
    kind: TaskKind,
    pool: &Pool,
    subject: &str,
    steps: Vec<String>,
    plan: &mut Plan,
) {
    let id = tasks::id(kind, subject, "");
    let known = planning.memory.tasks.get(&id);
    if known.is_some_and(|task| task.state != TaskState::Open) {
        return;
    }
    plan.manual_tasks.push(ManualTask {
        id: id.clone(),
        kind,
        termination: None,
        line: None,
        subject: pool.to_string(),
        username: String::new(),
        steps,
        who: tasks::who(kind).to_owned(),
        due: None,
        issued_at: known.map(|task| task.issued_at),
    });
    if known.is_none() {
        plan.actions.push(Action {
            id: id_of(ActionKind::ManualTask, &id),
            kind: ActionKind::ManualTask,
            origin: Origin::Pool,
            line: None,
            subject: Subject::default(),
            license: Some(license_of(pool)),
            quantity: None,
            due: planning.as_of,
            depends_on: Vec::new(),
            channel: Channel::Manual,
            needs_approval: None,
            evidence: Evidence::default(),
            draft: None,
            task_id: Some(id),
        });
    }
}

fn license_of(pool: &Pool) -> LicenseName {
    LicenseName {
        raw: pool.license.as_str().into(),
        display: pool.license.as_str().into(),
        product: Text::new(),
        country: pool.country.as_str().into(),
    }
}

/// Seats that the report names without a country may be of this pool, so
/// nothing can be claimed on it.
fn seats_without_country(plan: &Plan, pool: &Pool) -> Option<String> {
    let unnamed = plan.seats.iter().find(|other| {
        !pool.country.is_empty()
            && other.pool.country.is_empty()
            && other.pool.license == pool.license
            && other.active + other.stranded > 0
    })?;
    Some(format!(
        "{pool}: the users report names {} seats of {} without a country, so nothing is claimed; \
         export it with the licences' full names or a country column",
        unnamed.active + unnamed.stranded,
        pool.license
    ))
}

/// More free seats by count than the ledger can explain: somebody else holds
/// them, so they are shown and never claimed.
fn unexplained_seats(pool: &PoolFigures) -> Option<String> {
    let count = pool.free_by_count?;
    let center = LicenseKind::of(&pool.pool.license) == LicenseKind::ContactCenter;
    (count > pool.free_by_ledger && pool.unassigned.is_some() && !center).then(|| {
        format!(
            "{}: {} seats are on no account, {} are known to be free; a lobby, a device or a \
             shared line may hold the rest, so it is not claimed",
            pool.pool, count, pool.free_by_ledger
        )
    })
}
