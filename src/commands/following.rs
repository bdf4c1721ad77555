//! What the calendar does to cancellation requests between two nights.

use jiff::Timestamp;
use jiff::civil::Date;

use super::failure::Failure;
use crate::ledger::{Entry, Ledger};
use crate::model::{
    Contract, FollowedRequest, Outcome, OutcomeReason, OutcomeRecord, RequestState, RequestStep,
};
use crate::plan::Plan;
use crate::reconcile::Calendar;
use crate::seats::by_calendar;

/// Records what the calendar made of requests, and which drafts of the plan
/// the vendor has got meanwhile: those are not revised any more.
pub(super) fn look_at_the_calendar(
    ledger: &mut Ledger,
    plan: &Plan,
    run_id: &str,
    at: Timestamp,
) -> Result<(), Failure> {
    let today = Calendar::new(&plan.policy)?.day(at);
    let moved = calendar_entries(ledger, &plan.policy.contracts, today, at)?;
    if !moved.is_empty() {
        ledger.record(&moved)?;
    }
    // After that: what lapsed just now may be drafted anew.
    let requests = ledger.requests()?;
    let vendor_has = |id: &str| {
        requests.iter().any(|request| {
            request.id == id
                && matches!(
                    request.state,
                    RequestState::Submitted
                        | RequestState::Confirmed
                        | RequestState::Effective
                        | RequestState::Verified
                )
        })
    };
    let outcomes = ledger.outcomes(&plan.plan_id)?;
    let handed_in = plan.actions.iter().filter(|action| {
        let draft = action.draft.as_ref();
        draft.is_some_and(|terms| vendor_has(&terms.request.id))
            && outcomes
                .get(&action.id)
                .is_none_or(|record| record.outcome == Outcome::Deferred)
    });
    let passed_over: Vec<Entry> = handed_in
        .map(|action| Entry::Outcome {
            plan_id: plan.plan_id.clone(),
            run_id: run_id.to_owned(),
            record: OutcomeRecord::unsent(
                &action.id,
                Outcome::Skipped,
                OutcomeReason::HandedOver,
                at,
            ),
        })
        .collect();
    if !passed_over.is_empty() {
        ledger.record(&passed_over)?;
    }
    Ok(())
}

/// What the calendar has changed since it was last looked at, to be recorded.
pub(super) fn calendar_entries(
    ledger: &Ledger,
    contracts: &[Contract],
    today: Date,
    at: Timestamp,
) -> Result<Vec<Entry>, Failure> {
    let requests = ledger.requests()?;
    let moved = by_calendar(&requests, contracts, today);
    let entries = moved.into_iter().map(|(id, state)| Entry::RequestState {
        id,
        step: RequestStep {
            note: "by the calendar".to_owned(),
            ..RequestStep::to(state)
        },
        at,
    });
    Ok(entries.collect())
}

/// The requests that are neither withdrawn nor lapsed.
pub(super) fn open_requests(ledger: &Ledger) -> Result<Vec<FollowedRequest>, Failure> {
    let mut requests = ledger.followed_requests()?;
    requests.retain(|followed| {
        !matches!(
            followed.request.state,
            RequestState::Withdrawn | RequestState::Lapsed
        )
    });
    Ok(requests)
}
