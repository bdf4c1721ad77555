use std::collections::BTreeMap;

use serde::Serialize;
use tabled::builder::Builder;

use super::{Run, day_of, draw};
use crate::model::{
    Contract, Delivery, FollowedRequest, Money, OpenRequest, RequestEvent, RequestState,
};
use crate::seats::{Reminder, ReminderKind, RequestMove, Terms, contract_of, reminders};

/// What became of tonight's deliveries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// Drafts that reached people, by channel.
    pub made: BTreeMap<String, u64>,
    /// Why others did not, one sentence each.
    pub failed: Vec<String>,
}

/// Cancellation requests in `summary.json`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RequestSummary {
    /// Requests per state.
    pub states: BTreeMap<String, u64>,
    /// Seats asked for, drafts included, until they are gone from the bill.
    pub seats: u64,
    /// What they save a month when all are, per currency, where prices are known.
    pub monthly_saving: BTreeMap<String, String>,
    /// Drafts that reached people tonight, by channel.
    pub delivered: BTreeMap<String, u64>,
    /// Why others did not.
    pub not_delivered: Vec<String>,
    /// What people should not forget.
    pub reminders: Vec<Reminder>,
}

/// Counts the requests of a run once.
pub(super) fn summarize(run: &Run<'_>) -> RequestSummary {
    let contracts = &run.plan.policy.contracts;
    let mut summary = RequestSummary {
        delivered: run.deliveries.made.clone(),
        not_delivered: run.deliveries.failed.clone(),
        reminders: reminders(run.requests, contracts, day_of(run.plan, run.plan.as_of)),
        ..RequestSummary::default()
    };
    let mut saving: BTreeMap<String, Money> = BTreeMap::new();
    for FollowedRequest { request, .. } in run.requests {
        *summary
            .states
            .entry(request.state.as_str().to_owned())
            .or_default() += 1;
        if request.state == RequestState::Verified {
            continue;
        }
        summary.seats += u64::from(request.quantity);
        let contract = contract_of(contracts, &request.id);
        if let Some(price) = contract.and_then(|contract| contract.unit_price.as_ref()) {
            let more = price.times(request.quantity);
            let total = saving.get(&more.currency);
            let total = total.and_then(|total| total.plus(&more));
            saving.insert(more.currency.clone(), total.unwrap_or(more));
        }
    }
    summary.monthly_saving = saving
        .into_iter()
        .map(|(currency, money)| (currency, money.amount.to_string()))
        .collect();
    summary
}

/// A reminder as a sentence for people.
pub fn reminder_text(reminder: &Reminder) -> String {
    let Reminder {
        request_id,
        kind,
        days,
        by,
        case_number,
        within: _,
    } = reminder;
    match kind {
        ReminderKind::HandIn => format!(
            "{request_id} has to be handed in to 8x8 by {by}: {days} days left; then \
             `seatsweep requests submit {request_id} --case NUMBER`"
        ),
        ReminderKind::NotConfirmed => format!(
            "{request_id} was handed in {days} days ago and is not confirmed: ask 8x8, which must \
             confirm it by {by}, or it lapses; then `seatsweep requests confirm {request_id} \
             --effective DATE`"
        ),
        ReminderKind::NotVerified => format!(
            "{request_id} took effect on {by}, {days} days ago: look whether it is gone from the \
             bill; then `seatsweep requests close {request_id}`"
        ),
        ReminderKind::StillBilled => {
            let quoted = match case_number {
                Some(case) => format!("case {case}"),
                None => "8x8's confirmation".to_owned(),
            };
            format!(
                "{request_id} took effect on {by}, {days} days ago, and seats of it are still on \
                 the bill: quote {quoted} to 8x8 and ask for a credit since then"
            )
        }
    }
}

/// What `requests list` shows of requests, for a terminal.
pub fn request_table(
    requests: &[&FollowedRequest],
    contracts: &[Contract],
    today: jiff::civil::Date,
) -> String {
    let mut table = Builder::default();
    table.push_record([
        "request", "state", "pool", "seats", "case", "by", "days", "next",
    ]);
    for followed in requests {
        let request = &followed.request;
        let contract = contract_of(contracts, &request.id);
        let (by, days) = deadline(request, contract, today);
        table.push_record([
            request.id.clone(),
            request.state.as_str().to_owned(),
            request.pool.to_string(),
            request.quantity.to_string(),
            followed.case_number.clone().unwrap_or_default(),
            by,
            days,
            next(request),
        ]);
    }
    draw(table)
}

/// The day that counts in the request's state, and how far away it is.
fn deadline(
    request: &OpenRequest,
    contract: Option<&Contract>,
    today: jiff::civil::Date,
) -> (String, String) {
    let terms = contract.map(|contract| Terms::of_request(contract, request, today));
    let by = match request.state {
        RequestState::Drafted => terms.map(|terms| terms.submit_by),
        RequestState::Submitted => terms.map(|terms| terms.notice_by),
        RequestState::Confirmed | RequestState::Effective => request.effective_on,
        RequestState::Verified | RequestState::Lapsed | RequestState::Withdrawn => None,
    };
    let days = by.and_then(|by| today.until(by).ok());
    (
        by.map(|by| by.to_string()).unwrap_or_default(),
        days.map(|span| span.get_days().to_string())
            .unwrap_or_default(),
    )
}

fn next(request: &OpenRequest) -> String {
    if request.state == RequestState::Drafted && request.quantity == 0 {
        return "nothing to hand in".to_owned();
    }
    match request.state {
        RequestState::Drafted => "hand it in, then submit",
        RequestState::Submitted => "await 8x8's mail, then confirm",
        RequestState::Confirmed => "await the date",
        RequestState::Effective => "look at the bill, then close",
        RequestState::Lapsed => "drafted anew if the seats are still free",
        RequestState::Verified | RequestState::Withdrawn => "",
    }
    .to_owned()
}

/// The history of a request: what was said of it, and where it went.
pub fn request_history(followed: &FollowedRequest, events: &[RequestEvent]) -> String {
    let mut lines: Vec<(jiff::Timestamp, String)> = events
        .iter()
        .map(|RequestEvent { at, step }| {
            let said = [
                step.quantity.map(|seats| format!("{seats} seats")),
                step.case_number.as_ref().map(|case| format!("case {case}")),
                step.handed_in_on.map(|day| format!("handed in on {day}")),
                step.effective_on.map(|day| format!("effective on {day}")),
                step.fees.as_ref().map(|fees| format!("fees {fees}")),
                Some(step.note.clone()).filter(|note| !note.is_empty()),
            ];
            let said: Vec<String> = said.into_iter().flatten().collect();
            (*at, format!("{}: {}", step.state.as_str(), said.join(", ")))
        })
        .collect();
    lines.extend(followed.deliveries.iter().map(|delivery| {
        let Delivery {
            channel,
            revision,
            quantity,
            key,
            at,
        } = delivery;
        let channel = channel.as_str();
        let text =
            format!("delivered to {channel}: revision {revision}, {quantity} seats, key {key}");
        (*at, text)
    }));
    lines.sort_by_key(|(at, _)| *at);
    let request = &followed.request;
    let mut text = format!("{} {}", request.id, request.pool);
    for (at, line) in lines {
        text.push_str("\n  ");
        text.push_str(&super::instant(Some(at)));
        text.push(' ');
        text.push_str(&line);
    }
    text
}

/// What may be said of a request in its state, for an error.
pub fn legal_moves(state: RequestState) -> String {
    let moves = RequestMove::legal_from(state).iter();
    let words: Vec<&str> = moves.map(|it| it.as_str()).collect();
    match words.as_slice() {
        [] => "nothing more can be said of it".to_owned(),
        words => format!("what can be said of it is: {}", words.join(", ")),
    }
}
