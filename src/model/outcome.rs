use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One change that a plan can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// End an account's access.
    Deactivate,
    /// Return one seat to its pool.
    RemoveLicense,
    /// Give an account its access back, to undo an earlier run, or for as long
    /// as it takes to free its licences.
    Reactivate,
    /// Give an account a seat back; only to undo an earlier run.
    AssignLicense,
    /// Draft or revise the request that stops the bill.
    RequestPartialCancellation,
    /// Something only a person can do.
    ManualTask,
}

impl ActionKind {
    /// The word in plan and results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deactivate => "deactivate",
            Self::RemoveLicense => "remove_license",
            Self::Reactivate => "reactivate",
            Self::AssignLicense => "assign_license",
            Self::RequestPartialCancellation => "request_partial_cancellation",
            Self::ManualTask => "manual_task",
        }
    }
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an action is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The vendor's Administration API.
    AdminApi,
    /// SCIM, which can end access and nothing else.
    Scim,
    /// A person in the Admin Console.
    Manual,
    /// A file for the billing administrator.
    File,
}

impl Channel {
    /// The word in plan and results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AdminApi => "admin-api",
            Self::Scim => "scim",
            Self::Manual => "manual",
            Self::File => "file",
        }
    }
}

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done by us and read back.
    Succeeded,
    /// It was as wanted before we wrote anything.
    AlreadyDone,
    /// The vendor refused, or the read-back shows the old state.
    Failed,
    /// Sent, and nobody can say what became of it; the next run looks.
    Unknown,
    /// Not sent, because the account is not what the plan saw.
    Skipped,
    /// Not sent, because a person said so or has to.
    Held,
    /// Not sent for lack of time or after too many failures; a later run does it.
    Deferred,
    /// Handed to a person.
    Manual,
}

impl Outcome {
    /// The word in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::AlreadyDone => "already_done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
            Self::Held => "held",
            Self::Deferred => "deferred",
            Self::Manual => "manual",
        }
    }

    /// The outcome that a stored word means.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Succeeded,
            Self::AlreadyDone,
            Self::Failed,
            Self::Unknown,
            Self::Skipped,
            Self::Held,
            Self::Deferred,
            Self::Manual,
        ]
        .into_iter()
        .find(|outcome| outcome.as_str() == word)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why an action ended as it did: the code in results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeReason {
    /// The account is not what the plan saw.
    Drifted,
    /// The vendor refused the request.
    Refused,
    /// The vendor's operation failed.
    OperationFailed,
    /// The operation completed and nothing changed.
    NotChanged,
    /// The account is gone.
    NotFound,
    /// The server could not be reached.
    Unreachable,
    /// The answer never came, or nobody can tell what it means.
    NoAnswer,
    /// The server does not accept the key.
    NotAuthorized,
    /// An earlier step of the same lane did not succeed.
    EarlierStep,
    /// Too many actions of the kind failed.
    Breaker,
    /// Time ran out.
    Deadline,
    /// Someone stopped the run.
    Interrupted,
    /// The review sheet says skip.
    ReviewSkip,
    /// The review sheet says hold, or has no line.
    ReviewHold,
    /// The action needs an approval that was not given.
    NotApproved,
    /// The tenant does not have the method that it would take.
    NotSupported,
    /// Licences cannot be removed from deactivated accounts on this tenant.
    StrandedSeat,
    /// The account hosts a hot desk.
    HotDeskHost,
    /// An identity provider manages the account.
    IdentityProvider,
    /// The work was handed to a person.
    HandedOver,
    /// The seats to cancel were not freed.
    NothingFreed,
    /// A draft was written or revised.
    Drafted,
}

impl OutcomeReason {
    /// The code in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drifted => "drifted",
            Self::Refused => "refused",
            Self::OperationFailed => "operation_failed",
            Self::NotChanged => "not_changed",
            Self::NotFound => "not_found",
            Self::Unreachable => "unreachable",
            Self::NoAnswer => "no_answer",
            Self::NotAuthorized => "not_authorized",
            Self::EarlierStep => "earlier_step",
            Self::Breaker => "breaker",
            Self::Deadline => "deadline",
            Self::Interrupted => "interrupted",
            Self::ReviewSkip => "review_skip",
            Self::ReviewHold => "review_hold",
            Self::NotApproved => "not_approved",
            Self::NotSupported => "not_supported",
            Self::StrandedSeat => "stranded_seat",
            Self::HotDeskHost => "hot_desk_host",
            Self::IdentityProvider => "identity_provider",
            Self::HandedOver => "handed_over",
            Self::NothingFreed => "nothing_freed",
            Self::Drafted => "drafted",
        }
    }
}

/// How one action of one plan ended, with what an auditor asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRecord {
    /// The action, unique in its plan.
    pub action_id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, unless the outcome says it all.
    pub reason: Option<OutcomeReason>,
    /// A sentence for people, without personal data beyond the subject's own.
    pub detail: String,
    /// How it was carried out, where that is not the channel of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Writes sent for it.
    pub attempts: u32,
    /// Status of the last answer that decided it.
    pub http_status: Option<u16>,
    /// The vendor's operation, if one was started.
    pub operation_id: Option<String>,
    /// The `X-Request-Id` of the write, or of the read that decided it.
    pub request_id: Option<String>,
    /// When work on it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Timestamp,
    /// When the wanted state was read back.
    pub verified_at: Option<Timestamp>,
    /// The state before, short: `active; X Series - X2 (US)`.
    pub before: String,
    /// The state after, in the same form.
    pub after: String,
    /// Seats, for a cancellation.
    pub quantity: Option<u32>,
}

impl OutcomeRecord {
    /// The record of an action for which nothing was sent.
    pub fn unsent(
        action_id: &str,
        outcome: Outcome,
        reason: OutcomeReason,
        finished_at: Timestamp,
    ) -> Self {
        Self {
            action_id: action_id.to_owned(),
            outcome,
            reason: Some(reason),
            detail: String::new(),
            channel: None,
            attempts: 0,
            http_status: None,
            operation_id: None,
            request_id: None,
            started_at: None,
            finished_at,
            verified_at: None,
            before: String::new(),
            after: String::new(),
            quantity: None,
        }
    }
}
