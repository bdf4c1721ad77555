//! An asynchronous change and where it stands.

use std::time::Duration;

use serde_json::Value;

use super::problem::Problem;

/// An operation as the server describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its identifier.
    pub operation_id: String,
    /// Where it stands.
    pub status: OperationStatus,
    /// The user it changes, if the server says.
    pub resource_id: Option<String>,
    /// Why it failed, if it did and the server says.
    pub error: Option<Problem>,
}

/// Where an operation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationStatus {
    /// Accepted, not begun.
    Pending,
    /// Under way.
    InProgress,
    /// Carried out.
    Completed,
    /// Not, or not wholly, carried out.
    Failed,
    /// The server does not know.
    Unknown,
    /// A word that the vendor's document does not list, empty if none was
    /// given.
    Other(String),
}

/// The answer to an accepted update: nothing has been changed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The operation to follow.
    pub operation_id: String,
    /// Where it stood when the answer was written.
    pub status: OperationStatus,
}

/// How an operation is followed, in the run clock's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowLimits {
    /// Wait before the first look.
    pub first: Duration,
    /// Least time from an answer to the next look.
    pub every: Duration,
    /// How long to look at all, from the start of following.
    pub timeout: Duration,
}

/// How following an operation ended. Only [`Completed`](Self::Completed) and
/// [`Failed`](Self::Failed) are the server's word; after the others the
/// account has to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The server carried it out.
    Completed,
    /// The server failed to, or did so in part.
    Failed(Problem),
    /// The server does not know (`UNKNOWN`).
    Unknown,
    /// The server has no such operation (404).
    Gone,
    /// It was still under way at the end of the time allowed.
    TimedOut,
}

impl Operation {
    /// Reads an operation; `None` without an identifier.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = |field: &str| value.get(field).and_then(Value::as_str);
        let operation_id = text("operationId").filter(|id| !id.is_empty())?;
        Some(Self {
            operation_id: operation_id.to_owned(),
            status: OperationStatus::read(text("status").unwrap_or_default()),
            resource_id: text("resourceId").map(str::to_owned),
            error: value.get("error").and_then(Problem::read),
        })
    }

    /// How following ends with this answer, or `None` while it goes on. A
    /// status the document does not list goes on until the time is over.
    pub(super) fn end(self) -> Option<Followed> {
        match self.status {
            OperationStatus::Completed => Some(Followed::Completed),
            OperationStatus::Failed => Some(Followed::Failed(self.error.unwrap_or_default())),
            OperationStatus::Unknown => Some(Followed::Unknown),
            OperationStatus::Pending | OperationStatus::InProgress | OperationStatus::Other(_) => {
                None
            }
        }
    }
}

impl OperationStatus {
    fn read(word: &str) -> Self {
        match word {
            "PENDING" => Self::Pending,
            "IN_PROGRESS" => Self::InProgress,
            "COMPLETED" => Self::Completed,
            "FAILED" => Self::Failed,
            "UNKNOWN" => Self::Unknown,
            other => Self::Other(other.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_needs_only_its_identifier() {
        let operation = Operation::read(&json!({"operationId": "op_1", "status": null}));
        let operation = operation.expect("an operation");
        assert_eq!(operation.status, OperationStatus::Other(String::new()));
        assert_eq!(Operation::read(&json!({"operationId": null})), None);
        assert_eq!(Operation::read(&json!([])), None);
    }

    #[test]
    fn only_three_statuses_are_an_end() {
        let end = |status: &str| {
            Operation::read(
                &json!({"operationId": "op_1", "status": status, "error": {"title": "no"}}),
            )
            .and_then(Operation::end)
        };
        let problem = Problem {
            title: Some("no".to_owned()),
            ..Problem::default()
        };
        assert_eq!(end("COMPLETED"), Some(Followed::Completed));
        assert_eq!(end("FAILED"), Some(Followed::Failed(problem)));
        assert_eq!(end("UNKNOWN"), Some(Followed::Unknown));
        assert_eq!(end("PENDING"), None);
        assert_eq!(end("IN_PROGRESS"), None);
        assert_eq!(end("QUEUED"), None);
    }
}
