//! What sets the steps of a reclaim apart from others.

use jiff::Timestamp;

use super::super::breaker::Circuit;
use super::super::lane::Work;
use crate::ledger::Entry;
use crate::model::{ActionKind, Outcome, OutcomeReason, ReclaimRecord, seconds_between};
use crate::plan::Phase;

impl Work<'_> {
    /// Why the step may not be begun, if there is a reason. None is good enough
    /// to leave an account active that this program made so.
    pub(in crate::apply) fn obstacle(&self) -> Option<OutcomeReason> {
        if self.closes_reclaim() {
            return None;
        }
        let circuit = Circuit::of(self.step);
        let is_stranded = circuit.kind == ActionKind::RemoveLicense
            && self.step.phase != Phase::Reclaims
            && self.context.execution.stop.is_stranded();
        // What stands in has a breaker of its own, over its channel.
        let other = self.step.other_step().filter(|_| self.lacks_method());
        self.context
            .obstacle(circuit)
            .or_else(|| self.context.obstacle(Circuit::of(other?)))
            .or(is_stranded.then_some(OutcomeReason::StrandedSeat))
    }

    /// How a write ends that came to nothing. A reclaim stays open, so nothing
    /// is final about its deactivation.
    pub(in crate::apply) fn failure(&self) -> Outcome {
        if self.closes_reclaim() {
            Outcome::Deferred
        } else {
            Outcome::Failed
        }
    }

    /// What is recorded with the intent of a reactivation.
    pub(in crate::apply) fn reclaim_opened(&self, user_id: &str, at: Timestamp) -> Option<Entry> {
        let plan_id = self.context.execution.plan.plan_id.clone();
        let steps = self.lane.steps.iter();
        self.step.reactivate.as_ref().map(|reactivation| {
            let closing = steps.filter_map(|step| step.deactivate.as_ref());
            Entry::ReclaimOpened {
                superseded: closing.chain([reactivation]).cloned().collect(),
                reclaim: ReclaimRecord {
                    plan_id,
                    account: self.account(),
                    user_id: user_id.to_owned(),
                    opened_at: at,
                    closed_at: None,
                },
            }
        })
    }

    /// What is recorded once the account was read as deactivated again.
    pub(in crate::apply) fn reclaim_closed(&self, at: Timestamp) -> Option<Entry> {
        let mut others = self.lane.steps.iter().filter(|it| it.id != self.step.id);
        let may_change = others.any(|step| self.context.is_left_open(step));
        (self.closes_reclaim() && !may_change).then(|| Entry::ReclaimClosed {
            account: self.account(),
            at,
        })
    }

    /// What a success is worth a word of: for how long somebody could use an
    /// account that was reactivated.
    pub(in crate::apply) fn detail(&self, at: Timestamp) -> String {
        let reclaim = self
            .context
            .execution
            .stop
            .reclaims()
            .of(&self.lane.account);
        match reclaim.filter(|_| self.closes_reclaim()) {
            Some(reclaim) => {
                let seconds = seconds_between(reclaim.opened_at, at);
                format!("the account was active for {seconds} seconds at most")
            }
            None => String::new(),
        }
    }

    pub(in crate::apply) fn closes_reclaim(&self) -> bool {
        self.step.phase == Phase::Reclaims && self.step.deactivate.is_some()
    }
}
