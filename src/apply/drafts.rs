//! Cancellation drafts, once it is known what was really freed.

use std::collections::BTreeMap;

use super::RecordingFailed;
use super::context::Context;
use crate::ledger::Entry;
use crate::model::{OpenRequest, Outcome, OutcomeReason, OutcomeRecord, RequestState};
use crate::plan::{Action, DraftTerms, Plan};

/// Writes every draft of the plan whose removals have all ended.
pub(super) async fn write(context: &Context) -> Result<(), RecordingFailed> {
    let drafts: Vec<&Action> = context
        .execution
        .plan
        .actions
        .iter()
        .filter(|action| action.draft.is_some())
        .filter(|action| !context.progress.has_ended(&action.id))
        .filter(|action| !context.execution.vetoes.contains_key(&action.id))
        .collect();
    if drafts.is_empty() {
        return Ok(());
    }
    let outcomes = context
        .recorder
        .outcomes(&context.execution.plan.plan_id)
        .await?;
    let mut entries = Vec::new();
    for action in drafts {
        if let Some(terms) = &action.draft {
            entries.extend(draft(context, action, terms, &outcomes));
        }
    }
    context.record(entries).await
}

fn draft(
    context: &Context,
    action: &Action,
    terms: &DraftTerms,
    outcomes: &BTreeMap<String, OutcomeRecord>,
) -> Vec<Entry> {
    let at = context.now();
    let outcome_of = |id: &String| outcomes.get(id).map(|record| record.outcome);
    let waits = terms.removals.iter().any(|id| {
        matches!(
            outcome_of(id),
            None | Some(Outcome::Unknown | Outcome::Deferred)
        )
    });
    if waits {
        // The quantity is not known before every removal is.
        let record = context.unsent(&action.id, Outcome::Deferred, OutcomeReason::EarlierStep);
        return vec![context.outcome(record)];
    }
    let freed = terms
        .removals
        .iter()
        .filter(|id| outcome_of(id) == Some(Outcome::Succeeded))
        .count();
    let quantity = terms
        .request
        .quantity(u32::try_from(freed).unwrap_or(u32::MAX));
    if quantity == 0 && terms.request.drafted.is_none() {
        let record = context.unsent(&action.id, Outcome::Skipped, OutcomeReason::NothingFreed);
        return vec![context.outcome(OutcomeRecord {
            quantity: Some(0),
            ..record
        })];
    }
    let request = OpenRequest {
        id: terms.request.id.clone(),
        pool: terms.request.pool.clone(),
        term_ends: terms.request.term_ends,
        quantity,
        state: RequestState::Drafted,
        effective_on: Some(terms.effective_on),
        drafted_at: terms.request.drafted_at.unwrap_or(at),
        verified_at: None,
    };
    let seats = |count: Option<u32>| match count {
        Some(count) => format!("{count} seats drafted"),
        None => "no draft".to_owned(),
    };
    let record = OutcomeRecord {
        started_at: Some(at),
        verified_at: Some(at),
        before: seats(terms.request.drafted),
        after: seats(Some(quantity)),
        quantity: Some(quantity),
        detail: detail(&context.execution.plan, terms),
        ..context.unsent(&action.id, Outcome::Succeeded, OutcomeReason::Drafted)
    };
    vec![
        Entry::RequestDrafted { request, at },
        context.outcome(record),
    ]
}

fn detail(plan: &Plan, terms: &DraftTerms) -> String {
    let DraftTerms {
        request,
        effective_on,
        ..
    } = terms;
    let missed = terms.terms.as_ref().map_or_else(String::new, |terms| {
        let cost = terms.cost_of_missing.as_ref();
        let cost = cost.map_or_else(String::new, |cost| format!(" at up to {cost}"));
        let (days, until) = (terms.days_left, terms.renews_until);
        format!(" ({days} days left; missed, it renews until {until}{cost})")
    });
    format!(
        "to be handed in by {}{missed} for {effective_on}; entitlement: {}",
        request.submit_by,
        plan.entitlement_of(&request.pool)
    )
}
