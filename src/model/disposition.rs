use std::fmt;

use serde::{Deserialize, Serialize};

/// What became of one HR row. Every data row gets exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Something is due now.
    Planned,
    /// A step is done, the next is due later.
    Waiting,
    /// Nothing is left to do.
    AlreadyDone,
    /// The termination has not taken effect yet.
    NotDue,
    /// Waits for a person's word.
    Held,
    /// The account must never be touched.
    Protected,
    /// The identity provider has to deactivate it.
    IdpManaged,
    /// The person is back.
    Rehired,
    /// The row says that the person stays.
    NotLeaving,
    /// Another row of the same person decides.
    Duplicate,
    /// The facts contradict each other.
    Conflict,
    /// More than one account may be meant.
    Ambiguous,
    /// No account was found.
    Unmatched,
    /// The row could not be read.
    Invalid,
}

impl Disposition {
    /// All of them, in the order of the contract.
    pub const ALL: [Self; 14] = [
        Self::Planned,
        Self::Waiting,
        Self::AlreadyDone,
        Self::NotDue,
        Self::Held,
        Self::Protected,
        Self::IdpManaged,
        Self::Rehired,
        Self::NotLeaving,
        Self::Duplicate,
        Self::Conflict,
        Self::Ambiguous,
        Self::Unmatched,
        Self::Invalid,
    ];

    /// The word in results and plan.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Waiting => "waiting",
            Self::AlreadyDone => "already_done",
            Self::NotDue => "not_due",
            Self::Held => "held",
            Self::Protected => "protected",
            Self::IdpManaged => "idp_managed",
            Self::Rehired => "rehired",
            Self::NotLeaving => "not_leaving",
            Self::Duplicate => "duplicate",
            Self::Conflict => "conflict",
            Self::Ambiguous => "ambiguous",
            Self::Unmatched => "unmatched",
            Self::Invalid => "invalid",
        }
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a row got its disposition: the code that results carry. The sentence
/// for people goes into `detail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The deactivation is due.
    DeactivationDue,
    /// Licences can go.
    RemovalDue,
    /// The grace period before the licences go is not over.
    GracePeriod,
    /// Licences wait until their voicemail task is done.
    DataGate,
    /// Licences are left for a person to remove.
    ManualRemoval,
    /// The account was reactivated to free its licences, and is not known to be
    /// deactivated again.
    ReclaimOpen,
    /// The account is inactive and holds nothing that may be removed.
    NothingLeft,
    /// The date lies ahead.
    FutureDate,
    /// A hold covers the person or account.
    OnHold,
    /// The row is gone from a cumulative file.
    RowVanished,
    /// The termination is old and new to the ledger.
    OldTermination,
    /// The account is on the protected list.
    ProtectedAccount,
    /// An identity provider manages the account.
    IdentityProvider,
    /// A later hire date, or an active row, shows the person is back.
    HiredAgain,
    /// HR shows the person as employed.
    StillEmployed,
    /// On leave, suspended or not started: still employed.
    OnLeave,
    /// Another row of the same person decides.
    SamePerson,
    /// Status and dates disagree.
    StatusAndDate,
    /// The status says left, and no date says when.
    NoTerminationDate,
    /// One id or address stands for several people.
    SharedIdentity,
    /// The account is active again although its termination was carried out.
    ActiveAgain,
    /// The account is newer than the termination.
    CreatedLater,
    /// Two keys point at different accounts.
    KeysDisagree,
    /// One key, or one person, has several accounts.
    SeveralAccounts,
    /// The e-mail fits and the name does not.
    NameDiffers,
    /// Two leavers point at the same account.
    SeveralLeavers,
    /// No account has any of the keys.
    NoAccount,
    /// The row has no usable key.
    NoKey,
    /// No account has any of the keys, but one looks alike.
    NearMiss,
    /// The row could not be read.
    Unreadable,
    /// The account's own row in the users report could not be read.
    AccountUnreadable,
    /// What an earlier run did is taken back.
    Undo,
    /// The termination was undone.
    Undone,
    /// A later run changed the account again.
    ChangedSince,
    /// Nobody knows what became of the update that was to be taken back.
    OutcomeUnknown,
}

impl Reason {
    /// The code in results and plan.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeactivationDue => "deactivation_due",
            Self::RemovalDue => "removal_due",
            Self::GracePeriod => "grace_period",
            Self::DataGate => "data_gate",
            Self::ManualRemoval => "manual_removal",
            Self::ReclaimOpen => "reclaim_open",
            Self::NothingLeft => "nothing_left",
            Self::FutureDate => "future_date",
            Self::OnHold => "on_hold",
            Self::RowVanished => "row_vanished",
            Self::OldTermination => "old_termination",
            Self::ProtectedAccount => "protected_account",
            Self::IdentityProvider => "identity_provider",
            Self::HiredAgain => "hired_again",
            Self::StillEmployed => "still_employed",
            Self::OnLeave => "on_leave",
            Self::SamePerson => "same_person",
            Self::StatusAndDate => "status_and_date",
            Self::NoTerminationDate => "no_termination_date",
            Self::SharedIdentity => "shared_identity",
            Self::ActiveAgain => "active_again",
            Self::CreatedLater => "created_later",
            Self::KeysDisagree => "keys_disagree",
            Self::SeveralAccounts => "several_accounts",
            Self::NameDiffers => "name_differs",
            Self::SeveralLeavers => "several_leavers",
            Self::NoAccount => "no_account",
            Self::NoKey => "no_key",
            Self::NearMiss => "near_miss",
            Self::Unreadable => "unreadable",
            Self::AccountUnreadable => "account_unreadable",
            Self::Undo => "undo",
            Self::Undone => "undone",
            Self::ChangedSince => "changed_since",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where a result line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A row of tonight's HR file.
    Hr,
    /// An obligation of an earlier night whose row is not in tonight's file.
    Ledger,
    /// A seat pool or the users report.
    Pool,
    /// A plan that reverses an earlier run.
    Undo,
}

impl Origin {
    /// The word in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hr => "hr",
            Self::Ledger => "ledger",
            Self::Pool => "pool",
            Self::Undo => "undo",
        }
    }
}
