//! What people keep from being carried out: a decision of the review sheet, or
//! an approval that was not given.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{ApprovalPolicy, Outcome, OutcomeReason, OutcomeRecord};
use crate::plan::{Action, Decision, Plan};

/// The word of people on a plan.
#[derive(Debug, Clone, Copy)]
pub struct Say<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Whether this very plan was approved.
    pub approved: bool,
    /// The review sheet of this run, if one was given. An action that is
    /// missing from it is held.
    pub review: Option<&'a BTreeMap<String, Decision>>,
}

impl Say<'_> {
    /// The outcomes of the actions that are kept back. They are recorded
    /// before the plan is accepted: from then on it may be resumed without the
    /// sheet, and what was held has to stay held.
    pub fn kept_back(&self, at: Timestamp) -> Vec<OutcomeRecord> {
        let actions = self.plan.actions.iter();
        actions
            .filter_map(|action| {
                let (outcome, reason) = self.on(action, None)?;
                Some(OutcomeRecord::unsent(&action.id, outcome, reason, at))
            })
            .collect()
    }

    /// Why the action is kept back, if it is. `earlier` is why an earlier run
    /// of the plan held it.
    pub(super) fn on(
        &self,
        action: &Action,
        earlier: Option<OutcomeReason>,
    ) -> Option<(Outcome, OutcomeReason)> {
        let held = |reason| Some((Outcome::Held, reason));
        if action.needs_approval.is_some() && !self.approved {
            return held(OutcomeReason::NotApproved);
        }
        let Some(review) = self.review else {
            return match earlier {
                Some(OutcomeReason::NotApproved) if self.approved => None,
                Some(reason) => held(reason),
                None => None,
            };
        };
        let always = self.plan.policy.approval == ApprovalPolicy::Always;
        match review.get(&action.id) {
            Some(Decision::Approve) => None,
            Some(Decision::Blank) if !always || self.approved => None,
            Some(Decision::Blank) => held(OutcomeReason::NotApproved),
            Some(Decision::Skip) => Some((Outcome::Skipped, OutcomeReason::ReviewSkip)),
            Some(Decision::Hold) | None => held(OutcomeReason::ReviewHold),
        }
    }
}
