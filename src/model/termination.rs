use std::fmt;

use ecow::eco_format;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    AccessTrail, AccountKey, EmailAddress, EmployeeId, PersonKey, PersonName, SourceRow, Text,
    UserId, Username,
};

/// One person, one date: the unit in which leaving is decided, carried out
/// once, and remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Termination {
    /// Who leaves.
    pub person: PersonKey,
    /// The date that acts.
    pub date: Date,
    /// Employee id as HR wrote it.
    pub employee_id: Option<EmployeeId>,
    /// Work e-mail as HR wrote it.
    pub work_email: Option<EmailAddress>,
    /// Username as HR wrote it.
    pub username: Option<Username>,
    /// The person's name.
    pub name: PersonName,
    /// Site or location, or empty.
    pub site: Text,
    /// Department, or empty.
    pub department: Text,
    /// Cost center, or empty.
    pub cost_center: Text,
    /// The HR row that said so.
    pub source: SourceRow,
}

impl Termination {
    /// What names it in ledger and plan.
    pub fn id(&self) -> TerminationId {
        TerminationId(eco_format!("{}@{}", self.person.as_str(), self.date))
    }
}

/// `PERSON@DATE`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TerminationId(Text);

impl TerminationId {
    /// The id as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An id read back from the ledger.
    pub fn stored(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for TerminationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A termination with everything that is known about it. The plan carries the
/// records as they shall be; the ledger keeps them when the plan is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminationRecord {
    /// Who and when.
    pub termination: Termination,
    /// The account it was matched to, once it was.
    pub account: Option<AccountKey>,
    /// The account's id, where known.
    pub user_id: Option<UserId>,
    /// The account's username, where known.
    pub account_username: Option<Username>,
    /// How it was matched, e.g. `work_email+employee_id`.
    pub matched_by: String,
    /// How far it has come.
    pub state: TerminationState,
    /// When HR first listed it.
    pub first_listed: Timestamp,
    /// When the account's deactivation was verified: by us, or first seen inactive.
    pub deactivated_at: Option<Timestamp>,
    /// Whether the deactivation ran under an approval, which its licence
    /// removals then do not need again.
    pub approved: bool,
    /// Since when its row is gone from the cumulative file.
    pub vanished_at: Option<Timestamp>,
    /// What was seen of its end; nothing in the plans of older versions, which
    /// have to keep their digests.
    #[serde(default, skip_serializing_if = "AccessTrail::is_empty")]
    pub access: AccessTrail,
}

/// How far a termination has come. Once it is not `Open` it never deactivates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminationState {
    /// Not carried out yet.
    Open,
    /// The deactivation is verified; licences may still be there.
    Spent,
    /// Nothing is left to do.
    Settled,
    /// The person came back; nothing more is done, unless HR lists it again.
    Closed,
    /// A run was undone: whatever HR says, nothing more is done.
    Undone,
}

impl TerminationState {
    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Spent => "spent",
            Self::Settled => "settled",
            Self::Closed => "closed",
            Self::Undone => "undone",
        }
    }

    /// The state that a stored word means.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Open,
            Self::Spent,
            Self::Settled,
            Self::Closed,
            Self::Undone,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }

    /// Whether nothing is open any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Undone)
    }
}
