//! What a rehearsal predicts of the real run.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Run;
use crate::model::{Outcome, OutcomeReason};
use crate::plan::Step;
use crate::vendor::Usage;

/// What a real run of the plan would take and come to, as far as a simulated
/// tenant can tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// What would keep a real run from beginning, a sentence each.
    pub obstacles: Vec<String>,
    /// Requests in all.
    pub requests: u64,
    /// Updates of accounts.
    pub changes: u64,
    /// Requests for each update; none without updates.
    pub requests_per_change: Option<f64>,
    /// How long it takes at the configured limits.
    pub seconds: u64,
    /// Actions that the tenant refuses or fails.
    pub failed: u64,
    /// Actions whose end nobody can tell.
    pub unknown: u64,
    /// Actions on accounts that are not as the plan saw them.
    pub drifted: u64,
    /// Actions per reason for which they are put off.
    pub deferred: BTreeMap<String, u64>,
    /// Actions that wait for an approval or a decision.
    pub held: u64,
    /// Actions that are handed to people.
    pub manual: u64,
    /// What it cannot tell.
    pub not_predicted: &'static str,
}

const NOT_PREDICTED: &str = "a simulated tenant answered: what 8x8 does differently from its documents, and what changes \
     there until the real run, is not predicted";

/// Counts what became of the run that began at `started_at`.
pub fn predict(
    run: &Run<'_>,
    usage: Usage,
    started_at: Timestamp,
    finished_at: Timestamp,
) -> Prediction {
    // A resumed plan has outcomes of earlier, real runs.
    let rehearsed = || {
        let outcomes = run.outcomes.values();
        outcomes.filter(|record| record.finished_at >= started_at)
    };
    let ended = |outcome| rehearsed().filter(|it| it.outcome == outcome).count() as u64;
    let changes = changes_since(run, started_at);
    let mut deferred: BTreeMap<String, u64> = BTreeMap::new();
    for record in rehearsed().filter(|it| it.outcome == Outcome::Deferred) {
        let reason = record.reason.map_or("", OutcomeReason::as_str);
        *deferred.entry(reason.to_owned()).or_default() += 1;
    }
    let drifted = rehearsed().filter(|it| it.reason == Some(OutcomeReason::Drifted));
    Prediction {
        obstacles: Vec::new(),
        requests: usage.requests,
        changes,
        requests_per_change: per_change(usage.requests, changes),
        seconds: seconds(finished_at.duration_since(started_at)),
        failed: ended(Outcome::Failed),
        unknown: ended(Outcome::Unknown),
        drifted: drifted.count() as u64,
        deferred,
        held: ended(Outcome::Held),
        manual: ended(Outcome::Manual),
        not_predicted: NOT_PREDICTED,
    }
}

/// Updates of accounts that this run sent, or may have.
pub(super) fn changes_since(run: &Run<'_>, began_at: Timestamp) -> u64 {
    let was_sent = |id: &String| {
        let record = run.outcomes.get(id);
        record.is_some_and(|it| it.attempts > 0 && it.finished_at >= began_at)
    };
    let steps = run.plan.lanes.iter().flat_map(|lane| &lane.steps);
    let sent = steps.filter(|step| Step::actions(step).any(was_sent));
    sent.count() as u64
}

/// The prediction in a few lines, for a terminal.
pub fn prediction_text(prediction: &Prediction) -> String {
    let each = prediction
        .requests_per_change
        .map(|each| format!(" ({each} each)"));
    let deferred: Vec<String> = prediction
        .deferred
        .iter()
        .map(|(reason, count)| format!("{count} deferred ({reason})"))
        .collect();
    let deferred = match deferred.as_slice() {
        [] => "0 deferred".to_owned(),
        some => some.join(", "),
    };
    let length = SignedDuration::from_secs(i64::try_from(prediction.seconds).unwrap_or(i64::MAX));
    format!(
        "predicted: {} requests for {} {}{}, about {length:#} at the configured limits\n\
         predicted: {} failed, {} unknown, {} drifted, {deferred}, {} held, {} manual\n\
         {}",
        prediction.requests,
        prediction.changes,
        if prediction.changes == 1 {
            "change"
        } else {
            "changes"
        },
        each.unwrap_or_default(),
        prediction.failed,
        prediction.unknown,
        prediction.drifted,
        prediction.held,
        prediction.manual,
        prediction.not_predicted,
    )
}

/// To two decimals.
pub(super) fn per_change(requests: u64, changes: u64) -> Option<f64> {
    let hundredths = (requests * 100).checked_div(changes)?;
    Some(f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0)
}

/// Rounded up to whole seconds.
fn seconds(length: SignedDuration) -> u64 {
    let whole = u64::try_from(length.as_secs()).unwrap_or_default();
    whole + u64::from(length.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ActionKind, OutcomeRecord};
    use crate::plan::Plan;
    use crate::reconcile::tests::scenario::{at, scenario};

    fn predicted(plan: &Plan, outcomes: &BTreeMap<String, OutcomeRecord>) -> Prediction {
        let run = Run {
            run_id: "run-1",
            plan,
            target: "sandbox",
            outcomes,
            earlier: &BTreeMap::new(),
            requests: &[],
            reclaims: &[],
            deliveries: &crate::report::Deliveries::default(),
            approved_by: "",
        };
        let usage = Usage {
            requests: 10,
            ..Usage::default()
        };
        let (started_at, finished_at) = (at("2026-11-21T22:00:00Z"), at("2026-11-21T22:01:00.5Z"));
        predict(&run, usage, started_at, finished_at)
    }

    #[test]
    fn what_an_earlier_run_did_is_not_predicted_again() {
        let mut tonight = scenario();
        for number in 1..=3 {
            let row = format!("id={number} email=p{number} name=P{number}_Doe date=2026-11-20");
            let account = format!("id=U{number} user=p{number} email=p{number} name=P{number}_Doe");
            tonight = tonight.hr(&row).account(&account);
        }
        let plan = tonight.plan();
        let ends = [
            // The run of the night before.
            (
                Outcome::Succeeded,
                OutcomeReason::Refused,
                1,
                "2026-11-20T22:00:00Z",
            ),
            (
                Outcome::Succeeded,
                OutcomeReason::Refused,
                1,
                "2026-11-21T22:00:30Z",
            ),
            (
                Outcome::Skipped,
                OutcomeReason::Drifted,
                0,
                "2026-11-21T22:00:31Z",
            ),
        ];
        let deactivations = plan
            .actions
            .iter()
            .filter(|it| it.kind == ActionKind::Deactivate);
        let outcomes: BTreeMap<String, OutcomeRecord> = deactivations
            .zip(ends)
            .map(|(action, (outcome, reason, attempts, when))| {
                let record = OutcomeRecord {
                    attempts,
                    ..OutcomeRecord::unsent(&action.id, outcome, reason, at(when))
                };
                (action.id.clone(), record)
            })
            .collect();
        assert_eq!(outcomes.len(), 3);
        let prediction = predicted(&plan, &outcomes);
        assert_eq!((prediction.changes, prediction.drifted), (1, 1));
        assert_eq!(prediction.requests_per_change, Some(10.0));
        assert_eq!(prediction.seconds, 61);
        let text = prediction_text(&prediction);
        assert!(
            text.contains("10 requests for 1 change (10 each), about 1m 1s"),
            "{text}"
        );

        let nothing = predicted(&plan, &BTreeMap::new());
        assert_eq!((nothing.changes, nothing.requests_per_change), (0, None));
    }
}
