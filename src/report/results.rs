use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::{Run, csv_of, instant, text};
use crate::model::{ActionKind, Channel, Origin, Outcome, OutcomeReason, RequestState};
use crate::plan::{Action, ManualTask};
use crate::reconcile::RowDisposition;

/// The columns of `results.csv`, in their order.
pub const COLUMNS: [&str; 41] = [
    "run_id",
    "plan_id",
    "origin",
    "source_file",
    "source_row",
    "employee_id",
    "person",
    "work_email",
    "site",
    "cost_center",
    "termination_date",
    "disposition",
    "matched_by",
    "user_id",
    "username",
    "action_id",
    "action",
    "outcome",
    "reason",
    "license",
    "country",
    "quantity",
    "due",
    "next_due",
    "channel",
    "attempts",
    "http_status",
    "operation_id",
    "request_id",
    "started_at",
    "finished_at",
    "verified_at",
    "before",
    "after",
    "monthly_saving",
    "currency",
    "saving_from",
    "request_state",
    "approved_by",
    "target",
    "detail",
];

/// Each HR data row at least once, each action exactly once.
pub fn results_csv(run: &Run<'_>) -> Result<Vec<u8>, csv::Error> {
    let mut by_line: BTreeMap<usize, Vec<&Action>> = BTreeMap::new();
    for action in &run.plan.actions {
        if let Some(line) = action.line {
            by_line.entry(line).or_default().push(action);
        }
    }
    let tasks = run.plan.tasks();
    let row = |line, action| row(run, &tasks, line, action);
    let mut rows = Vec::new();
    for (position, line) in run.plan.dispositions.iter().enumerate() {
        match by_line.get(&position) {
            None => rows.push(row(Some(line), None)),
            Some(actions) => {
                rows.extend(actions.iter().map(|action| row(Some(line), Some(action))));
            }
        }
    }
    let pools = run
        .plan
        .actions
        .iter()
        .filter(|action| action.line.is_none());
    rows.extend(pools.map(|action| row(None, Some(action))));
    csv_of(COLUMNS, rows)
}

fn row(
    run: &Run<'_>,
    tasks: &BTreeMap<&str, &ManualTask>,
    line: Option<&RowDisposition>,
    action: Option<&Action>,
) -> [String; 41] {
    let ended = action.and_then(|action| run.outcomes.get(&action.id));
    let origin = action
        .map(|action| action.origin)
        .or(line.map(|line| line.origin));
    let hr_source = line
        .filter(|line| line.origin == Origin::Hr)
        .and_then(|line| line.source.as_ref());
    let of_line = |pick: fn(&RowDisposition) -> &str| line.map(pick).unwrap_or_default().to_owned();
    let license = action.and_then(|action| action.license.as_ref());
    let saving = saving(run, action);
    [
        run.run_id.to_owned(),
        run.plan.plan_id.clone(),
        origin.map(Origin::as_str).unwrap_or_default().to_owned(),
        hr_source
            .map(|source| source.file.to_string())
            .unwrap_or_default(),
        hr_source
            .map(|source| source.line.to_string())
            .unwrap_or_default(),
        of_line(|line| &line.employee_id),
        of_line(|line| &line.person),
        of_line(|line| &line.work_email),
        of_line(|line| &line.site),
        of_line(|line| &line.cost_center),
        text(line.and_then(|line| line.termination_date).as_ref()),
        line.map(|line| line.disposition.to_string())
            .unwrap_or_default(),
        of_line(|line| &line.matched_by),
        of_line(|line| &line.user_id),
        of_line(|line| &line.username),
        action.map(|action| action.id.clone()).unwrap_or_default(),
        action
            .map(|action| action.kind.to_string())
            .unwrap_or_default(),
        ended
            .map(|ended| ended.outcome.to_string())
            .unwrap_or_default(),
        ended
            .and_then(|ended| ended.reason)
            .map(OutcomeReason::as_str)
            .or(line.map(|line| line.reason.as_str()))
            .unwrap_or_default()
            .to_owned(),
        license
            .map(|license| license.display.clone())
            .unwrap_or_default(),
        license
            .map(|license| license.country.clone())
            .unwrap_or_default(),
        text(
            ended
                .and_then(|it| it.quantity)
                .or(action.and_then(|it| it.quantity))
                .as_ref(),
        ),
        instant(action.map(|action| action.due)),
        instant(next_due(run, line, action)),
        ended
            .and_then(|ended| ended.channel)
            .or(action.map(|action| action.channel))
            .map(Channel::as_str)
            .unwrap_or_default()
            .to_owned(),
        ended
            .map(|ended| ended.attempts.to_string())
            .unwrap_or_default(),
        text(ended.and_then(|ended| ended.http_status).as_ref()),
        text(ended.and_then(|ended| ended.operation_id.as_ref())),
        text(ended.and_then(|ended| ended.request_id.as_ref())),
        instant(ended.and_then(|ended| ended.started_at)),
        instant(ended.map(|ended| ended.finished_at)),
        instant(ended.and_then(|ended| ended.verified_at)),
        ended.map(|ended| ended.before.clone()).unwrap_or_default(),
        ended.map(|ended| ended.after.clone()).unwrap_or_default(),
        saving.amount,
        saving.currency,
        saving.from,
        saving.state,
        action
            .map(|_| run.approved_by.to_owned())
            .unwrap_or_default(),
        run.target.to_owned(),
        action
            .and_then(|action| action.task_words(tasks))
            .unwrap_or_else(|| detail(line, ended.map(|ended| ended.detail.as_str()))),
    ]
}

/// The outcome's own words where it has any, else the disposition's.
fn detail(line: Option<&RowDisposition>, ended: Option<&str>) -> String {
    let said = ended.filter(|detail| !detail.is_empty());
    said.or(line.map(|line| line.detail.as_str()))
        .unwrap_or_default()
        .to_owned()
}

/// The grace period counts from the verified deactivation, so once that is
/// known it replaces the plan's estimate.
fn next_due(
    run: &Run<'_>,
    line: Option<&RowDisposition>,
    action: Option<&Action>,
) -> Option<Timestamp> {
    let estimate = line?.next_due?;
    let deactivated = action
        .filter(|action| action.kind == ActionKind::Deactivate)
        .and_then(|action| run.outcomes.get(&action.id))
        .and_then(|ended| ended.verified_at);
    let Some(verified) = deactivated else {
        return Some(estimate);
    };
    let zone = TimeZone::get(&run.plan.policy.time_zone).ok()?;
    let days = i64::from(run.plan.policy.remove_license_after_days);
    verified
        .to_zoned(zone)
        .checked_add(days.days())
        .ok()
        .map(|due| due.timestamp())
}

/// What a cancellation saves: only on its own rows, and empty, never 0, when
/// the price is unknown.
#[derive(Default)]
struct Saving {
    amount: String,
    currency: String,
    from: String,
    state: String,
}

fn saving(run: &Run<'_>, action: Option<&Action>) -> Saving {
    let Some((action, terms)) = action.and_then(|action| Some((action, action.draft.as_ref()?)))
    else {
        return Saving::default();
    };
    let ended = run.outcomes.get(&action.id);
    let drafted = ended.is_some_and(|ended| ended.outcome == Outcome::Succeeded);
    let quantity = ended.and_then(|ended| ended.quantity).filter(|_| drafted);
    let saved = terms
        .unit_price
        .as_ref()
        .zip(quantity)
        .map(|(price, count)| price.times(count));
    Saving {
        amount: saved
            .as_ref()
            .map(|money| money.amount.to_string())
            .unwrap_or_default(),
        currency: saved.map(|money| money.currency).unwrap_or_default(),
        from: if drafted {
            terms.effective_on.to_string()
        } else {
            String::new()
        },
        state: if drafted {
            RequestState::Drafted.as_str().to_owned()
        } else {
            String::new()
        },
    }
}
