//! Drafts of partial-cancellation requests, from what was really freed.

use jiff::ToSpan;
use jiff::civil::Date;

use super::build::{Planning, id_of};
use super::document::{Action, DraftTerms, Evidence, ManualTask, Plan, Subject};
use super::tasks;
use crate::model::{
    ActionKind, Channel, ContractBilling, LicenseKind, LicenseName, Origin, Pool, TaskKind,
    TaskState,
};
use crate::seats::{Draft, PoolFigures, drafts};

/// Adds a draft for each contract on whose pool seats are free, or will be
/// when tonight's removals succeed.
pub(super) fn plan(planning: &Planning<'_>, counted: Option<Date>, plan: &mut Plan) {
    let today = planning.calendar.day(planning.as_of);
    let contracts = &planning.policy.contracts;
    for draft in drafts(
        &plan.seats,
        contracts,
        &planning.memory.requests,
        counted,
        today,
    ) {
        if let Some(unnamed) = seats_without_country(plan, &draft.pool) {
            // Said once, however many contracts the pool has.
            if !plan.findings.contains(&unnamed) {
                plan.findings.push(unnamed);
            }
            continue;
        }
        let removals: Vec<String> = plan
            .actions
            .iter()
            .filter(|action| action.kind == ActionKind::RemoveLicense)
            .filter(|action| {
                action
                    .license
                    .as_ref()
                    .is_some_and(|it| it.pool() == draft.pool)
            })
            .map(|action| action.id.clone())
            .collect();
        let most = draft.quantity(u32::try_from(removals.len()).unwrap_or(u32::MAX));
        let nothing_new = match draft.drafted {
            None => most == 0,
            Some(drafted) => removals.is_empty() && most == drafted && !draft.renewed,
        };
        let pool = draft.pool.clone();
        let id = draft.id.clone();
        let asks_for_seats = most > 0 || draft.drafted.is_some_and(|seats| seats > 0);
        if !nothing_new {
            plan.actions
                .push(action(planning, draft, removals, most, today));
        }
        if asks_for_seats {
            entitlement_task(planning, &pool, &id, plan);
        }
    }
    express_tasks(planning, plan);
    plan.findings
        .extend(plan.seats.iter().filter_map(unexplained_seats));
}

fn action(
    planning: &Planning<'_>,
    draft: Draft,
    removals: Vec<String>,
    quantity: u32,
    today: Date,
) -> Action {
    let contract = &planning.policy.contracts[draft.contract];
    let notice = i64::from(contract.notice_days).days();
    let earliest = today.checked_add(notice).unwrap_or(draft.term_ends);
    Action {
        id: id_of(ActionKind::RequestPartialCancellation, &draft.id),
        kind: ActionKind::RequestPartialCancellation,
        origin: Origin::Pool,
        line: None,
        subject: Subject::default(),
        license: Some(license_of(&draft.pool)),
        quantity: Some(quantity),
        due: planning.as_of,
        depends_on: removals.clone(),
        channel: Channel::File,
        needs_approval: None,
        evidence: Evidence::default(),
        draft: Some(DraftTerms {
            effective_on: earliest.max(draft.term_ends),
            request: draft,
            removals,
            unit_price: contract.unit_price.clone(),
        }),
        task_id: None,
    }
}

/// Whether enough numbers can stay is not known without the numbers report.
fn entitlement_task(planning: &Planning<'_>, pool: &Pool, request: &str, plan: &mut Plan) {
    let steps = tasks::entitlement_steps(&pool.license, &pool.country);
    pool_task(
        planning,
        TaskKind::NumberEntitlement,
        pool,
        request,
        steps,
        plan,
    );
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
        raw: pool.license.clone(),
        display: pool.license.clone(),
        product: String::new(),
        country: pool.country.clone(),
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
