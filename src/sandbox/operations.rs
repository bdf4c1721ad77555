//! Operations: an accepted update, from its 202 to its end.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Fault, Problem};
use super::clock::later;
use super::identity::number_below;
use super::options::OperationTime;

/// How long a finished operation can be looked up. The vendor publishes no
/// such time; clients must not count on finding an operation for ever.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// An accepted update.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) user_id: String,
    pub(super) created: Timestamp,
    pub(super) completes: Timestamp,
    pub(super) stage: Stage,
}

/// How far an operation has come.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Stage {
    /// Its change is still to be made.
    Open(Box<Change>),
    /// Its change was made, or quietly was not.
    Completed,
    /// Its change was refused.
    Failed,
    /// Nobody knows what became of its change, which was not made.
    Unknown,
}

/// What an operation does when it completes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) ending: Ending,
    /// The user afterwards.
    pub(super) after: Value,
    /// Licenses that become free seats.
    pub(super) released: Vec<Value>,
    /// Seats that were free and are kept for the user meanwhile.
    pub(super) reserved: Vec<Value>,
}

/// How an operation will end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ending {
    /// The change is made.
    Applied,
    /// The operation fails.
    Refused,
    /// The operation completes without a change.
    Ignored,
    /// The operation ends as unknown, without a change.
    Lost,
}

impl Operation {
    pub(super) fn id(number: u64) -> String {
        format!("op_{number:09}")
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open(_))
    }

    /// The vendor's `Operation`.
    pub(super) fn body(&self, customer_id: &str, base_url: &str, now: Timestamp) -> Value {
        let status = match self.stage {
            Stage::Open(_) if now < self.begins() => "PENDING",
            Stage::Open(_) => "IN_PROGRESS",
            Stage::Completed => "COMPLETED",
            Stage::Failed => "FAILED",
            Stage::Unknown => "UNKNOWN",
        };
        let completed = (!self.is_open()).then(|| format!("{:.3}", self.completes));
        let error = matches!(self.stage, Stage::Failed).then(|| self.refusal());
        json!({
            "operationId": self.id,
            "status": status,
            "customerId": customer_id,
            "resourceType": "USER",
            "resourceId": self.user_id,
            "operationType": "UPDATE",
            "createdTime": format!("{:.3}", self.created),
            "completedTime": completed,
            "error": error,
            "_links": {
                "self": { "href": format!("{base_url}/operations/{}", self.id) },
                "resource": { "href": format!("{base_url}/users/{}", self.user_id) },
            },
        })
    }

    /// An operation waits for the first third of its time, and no longer than
    /// a minute.
    fn begins(&self) -> Timestamp {
        let third = self.completes.duration_since(self.created) / 3;
        later(self.created, third.min(SignedDuration::from_mins(1)))
    }

    fn refusal(&self) -> Value {
        Problem::validation(vec![Fault::invalid(
            "serviceInfo.licenses",
            "Licenses of an inactive user cannot be changed",
        )])
        .into_body(&format!("/operations/{}", self.id), self.completes)
    }
}

/// Whether an operation that ended then cannot be looked up any more.
pub(super) fn is_forgotten(ended: Timestamp, now: Timestamp) -> bool {
    now.duration_since(ended) >= KEPT
}

impl OperationTime {
    /// How long operation `number` takes.
    pub(super) fn of(self, number: u64) -> SignedDuration {
        let span = self.maximum.saturating_sub(self.minimum).as_millis();
        let bound = u64::try_from(span).unwrap_or(u64::MAX).saturating_add(1);
        let extra = number_below(bound, "operation time", &number.to_string());
        SignedDuration::try_from(self.minimum)
            .unwrap_or(SignedDuration::MAX)
            .saturating_add(SignedDuration::from_millis(
                i64::try_from(extra).unwrap_or(i64::MAX),
            ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_operation_takes_a_time_between_the_two_and_not_always_the_same() {
        let time = OperationTime::default();
        let times: Vec<_> = (1..=50).map(|number| time.of(number)).collect();
        let shortest = SignedDuration::from_millis(1_500);
        let longest = SignedDuration::from_secs(6);
        assert!(times.iter().all(|time| (shortest..=longest).contains(time)));
        assert!(times.iter().any(|time| *time != times[0]));
    }

    #[test]
    fn a_maximum_below_the_minimum_is_the_minimum() {
        let time = OperationTime {
            minimum: Duration::from_secs(2),
            maximum: Duration::from_secs(1),
        };
        assert_eq!(time.of(1), SignedDuration::from_secs(2));
    }
}
