use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::model::{ActionKind, Channel, Outcome, OutcomeReason, OutcomeRecord};
use crate::plan::{Phase, Step};

/// Failures in a row that stop a kind of action.
const IN_A_ROW: u32 = 5;
/// From so many actions on, a share of failures stops the kind as well.
const SHARE_FROM: u32 = 20;
/// The share, in percent.
const SHARE_PERCENT: u32 = 40;

/// Stops a kind of action over a channel when too much of it fails: what fails
/// again and again has a common cause, and sending more helps nobody. Other
/// kinds, and the same kind over another channel, go on.
#[derive(Debug, Default)]
pub(super) struct Breakers(Mutex<BTreeMap<Circuit, Count>>);

/// What one breaker is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Circuit {
    pub(super) kind: ActionKind,
    pub(super) channel: Channel,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    tried: u32,
    failed: u32,
    in_a_row: u32,
    /// For good: a success that was in flight says nothing new.
    is_open: bool,
}

impl Circuit {
    /// What a step counts as before it is begun: what ends access is not kept
    /// back by a breaker on removals.
    pub(super) fn of(step: &Step) -> Self {
        let kind = match step.phase {
            Phase::Deactivations | Phase::Reclaims if step.deactivate.is_some() => {
                ActionKind::Deactivate
            }
            Phase::Reclaims if step.reactivate.is_some() => ActionKind::Reactivate,
            Phase::Deactivations | Phase::Removals | Phase::Reclaims => ActionKind::RemoveLicense,
            Phase::Reactivations => ActionKind::Reactivate,
            Phase::Assignments => ActionKind::AssignLicense,
        };
        Self {
            kind,
            channel: step.channel,
        }
    }
}

impl Breakers {
    /// Counts an outcome; true when the breaker is open.
    pub(super) fn count(&self, circuit: Circuit, record: &OutcomeRecord) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(circuit).or_default();
        match record.outcome {
            Outcome::Succeeded | Outcome::AlreadyDone => {
                count.tried += 1;
                count.in_a_row = 0;
            }
            // What a reviewer skips is no failure; what has drifted is one.
            Outcome::Skipped if record.reason == Some(OutcomeReason::ReviewSkip) => {}
            // Another run's update is in the way, so this one did not fail.
            Outcome::Unknown if record.attempts == 0 => {}
            Outcome::Failed | Outcome::Unknown | Outcome::Skipped => {
                count.tried += 1;
                count.failed += 1;
                count.in_a_row += 1;
            }
            Outcome::Held | Outcome::Deferred | Outcome::Manual => {}
        }
        count.is_open |= count.in_a_row >= IN_A_ROW
            || (count.tried >= SHARE_FROM && count.failed * 100 > count.tried * SHARE_PERCENT);
        count.is_open
    }

    /// Whether the kind was stopped over the channel.
    pub(super) fn is_open(&self, circuit: Circuit) -> bool {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&circuit).is_some_and(|count| count.is_open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(outcome: Outcome, reason: OutcomeReason) -> OutcomeRecord {
        let now = jiff::Timestamp::UNIX_EPOCH;
        OutcomeRecord {
            attempts: 1,
            ..OutcomeRecord::unsent("action", outcome, reason, now)
        }
    }

    const DEACTIVATE: Circuit = Circuit {
        kind: ActionKind::Deactivate,
        channel: Channel::AdminApi,
    };

    fn counted(outcomes: &[Outcome]) -> bool {
        let breakers = Breakers::default();
        for outcome in outcomes {
            breakers.count(DEACTIVATE, &sent(*outcome, OutcomeReason::Refused));
        }
        breakers.is_open(DEACTIVATE)
    }

    #[test]
    fn five_in_a_row_stop_their_kind_and_four_do_not() {
        assert!(!counted(&[Outcome::Failed; 4]));
        assert!(counted(&[Outcome::Failed; 5]));
        let mut interrupted = [Outcome::Failed; 6];
        interrupted[3] = Outcome::Succeeded;
        assert!(!counted(&interrupted));
    }

    #[test]
    fn more_than_two_fifths_of_twenty_stop_their_kind() {
        let mixed = |failures: usize| -> Vec<Outcome> {
            let failed = |n: usize| n.is_multiple_of(2) && n / 2 < failures;
            (0..20)
                .map(|n| {
                    if failed(n) {
                        Outcome::Failed
                    } else {
                        Outcome::Succeeded
                    }
                })
                .collect()
        };
        assert!(!counted(&mixed(8)));
        assert!(counted(&mixed(9)));
    }

    // Five vetoes in a review sheet once stopped the rest of the plan.
    #[test]
    fn what_a_reviewer_skips_is_no_failure() {
        let breakers = Breakers::default();
        for (reason, opens) in [
            (OutcomeReason::ReviewSkip, false),
            (OutcomeReason::Drifted, true),
        ] {
            for _ in 0..5 {
                breakers.count(DEACTIVATE, &sent(Outcome::Skipped, reason));
            }
            assert_eq!(breakers.is_open(DEACTIVATE), opens);
        }
    }

    #[test]
    fn other_kinds_and_other_channels_go_on() {
        let removal = Circuit {
            kind: ActionKind::RemoveLicense,
            ..DEACTIVATE
        };
        let over_scim = Circuit {
            channel: Channel::Scim,
            ..DEACTIVATE
        };
        let breakers = Breakers::default();
        for _ in 0..5 {
            breakers.count(over_scim, &sent(Outcome::Failed, OutcomeReason::Refused));
        }
        assert!(breakers.is_open(over_scim));
        assert!(!breakers.is_open(DEACTIVATE) && !breakers.is_open(removal));
    }
}
