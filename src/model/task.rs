use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::TerminationId;

/// What a person has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Save or forward the voicemail before the licence goes.
    Voicemail,
    /// Decide what becomes of the phone number.
    Number,
    /// Return or reassign the desk phone.
    Device,
    /// Take the person out of Contact Center, then remove its licence.
    ContactCenter,
    /// Decide about a licence that is left in place.
    KeptLicense,
    /// Look at the hot desk before its host's licence goes.
    HotDesk,
    /// Deactivate in the Admin Console.
    DeactivateByHand,
    /// Deactivate in the identity provider.
    IdentityProvider,
    /// Remove a licence in the Admin Console.
    RemoveLicenseByHand,
    /// Check the numbers before seats are cancelled.
    NumberEntitlement,
    /// Cancel in the vendor's support chat.
    ExpressCancellation,
    /// Give access back in the identity provider.
    ReactivateInIdp,
    /// Set up again what an undone run destroyed for good.
    SetUpAgain,
}

impl TaskKind {
    /// The word in results and ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Voicemail => "voicemail",
            Self::Number => "number",
            Self::Device => "device",
            Self::ContactCenter => "contact_center",
            Self::KeptLicense => "kept_license",
            Self::HotDesk => "hot_desk",
            Self::DeactivateByHand => "deactivate_by_hand",
            Self::IdentityProvider => "identity_provider",
            Self::RemoveLicenseByHand => "remove_license_by_hand",
            Self::NumberEntitlement => "number_entitlement",
            Self::ExpressCancellation => "express_cancellation",
            Self::ReactivateInIdp => "reactivate_in_identity_provider",
            Self::SetUpAgain => "set_up_again",
        }
    }

    /// The kind that a stored word means.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Voicemail,
            Self::Number,
            Self::Device,
            Self::ContactCenter,
            Self::KeptLicense,
            Self::HotDesk,
            Self::DeactivateByHand,
            Self::IdentityProvider,
            Self::RemoveLicenseByHand,
            Self::NumberEntitlement,
            Self::ExpressCancellation,
            Self::ReactivateInIdp,
            Self::SetUpAgain,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }

    /// Its place among the tasks of one person: what a deactivated account does
    /// not allow any more, the end of access, what may wait until then.
    pub fn place(self) -> u8 {
        match self {
            Self::Number => 0,
            Self::Voicemail => 1,
            Self::ContactCenter => 2,
            Self::DeactivateByHand | Self::IdentityProvider => 3,
            Self::Device => 4,
            Self::HotDesk => 5,
            Self::RemoveLicenseByHand => 6,
            Self::KeptLicense => 7,
            Self::NumberEntitlement | Self::ExpressCancellation => 8,
            Self::ReactivateInIdp => 9,
            Self::SetUpAgain => 10,
        }
    }

    /// The tasks of the same person that are better done before it.
    pub fn better_after(self) -> &'static [TaskKind] {
        match self {
            Self::DeactivateByHand | Self::IdentityProvider => {
                &[Self::Number, Self::Voicemail, Self::ContactCenter]
            }
            Self::RemoveLicenseByHand => &[
                Self::Number,
                Self::Voicemail,
                Self::ContactCenter,
                Self::DeactivateByHand,
                Self::IdentityProvider,
                Self::HotDesk,
            ],
            Self::KeptLicense => &[Self::DeactivateByHand, Self::IdentityProvider],
            Self::SetUpAgain => &[Self::ReactivateInIdp],
            Self::Voicemail
            | Self::Number
            | Self::Device
            | Self::ContactCenter
            | Self::HotDesk
            | Self::NumberEntitlement
            | Self::ExpressCancellation
            | Self::ReactivateInIdp => &[],
        }
    }

    /// Whether the users report shows if it was done, so that the report and
    /// not the word of a person decides.
    pub fn is_seen_in_reports(self) -> bool {
        matches!(
            self,
            Self::DeactivateByHand | Self::IdentityProvider | Self::RemoveLicenseByHand
        )
    }

    /// Whether it is about something that 8x8 takes off the account together
    /// with its seats, and that is still there in the world: a phone, a number.
    pub fn outlives_seats(self) -> bool {
        matches!(self, Self::Device | Self::Number)
    }

    /// Whether it follows from an undone termination, so that it does not end
    /// with the termination.
    pub fn follows_an_undo(self) -> bool {
        matches!(self, Self::ReactivateInIdp | Self::SetUpAgain)
    }
}

/// How far a manual task has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Issued, not done.
    Open,
    /// Somebody said it is done.
    Done,
    /// A later report shows it is not needed any more.
    Observed,
}

impl TaskState {
    /// The word in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Observed => "observed",
        }
    }

    /// The state that a stored word means.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::Done, Self::Observed]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// A manual task as the ledger knows it: issued once, whatever later nights plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// Stable id, e.g. `task-5d2e…`.
    pub id: String,
    /// What is to be done.
    pub kind: TaskKind,
    /// The termination it belongs to, if any.
    pub termination: Option<TerminationId>,
    /// How far it has come.
    pub state: TaskState,
    /// By when it should be done.
    pub due: Option<Timestamp>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When somebody said that it was done. An open task that has it was issued
    /// again, because 8x8 showed otherwise.
    pub ticked_off_at: Option<Timestamp>,
}
