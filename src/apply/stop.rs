use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::breaker::Breakers;
use super::reclaim::OpenReclaims;
use crate::model::OutcomeReason;

/// Why a run stopped before its end. All of them can be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Somebody pressed Ctrl-C or sent SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// The time allowed is over.
    Deadline,
    /// The key is not accepted, or not for this.
    NotAuthorized,
    /// The API speaks of another customer than the configuration.
    WrongCustomer,
    /// The server could not be reached at all: nothing was sent.
    Unreachable,
    /// The ledger cannot be written: disk full, or gone.
    Ledger,
    /// Too many actions of a kind failed. Other kinds go on.
    Breaker,
    /// A lane panicked: a defect of this program.
    Defect,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupted | Self::Terminated => "it was interrupted",
            Self::Deadline => "its deadline was reached",
            Self::NotAuthorized => "8x8 does not accept the API key or SCIM token for this; check that it is complete, not expired and of this tenant, and that a key is for the User Admin product",
            Self::WrongCustomer => "the API speaks of another customer than tenant.customer_id; check the key and the id",
            Self::Unreachable => "8x8 could not be reached, so nothing was changed; check the network and the base_url",
            Self::Ledger => "the ledger could not be written; make room or repair its folder",
            Self::Breaker => "too many actions of a kind failed; their details in results.csv say why",
            Self::Defect => "a lane ended by a defect of this program; please report it",
        })
    }
}

impl Stop {
    /// Why steps that were not begun are deferred; none for a breaker, which
    /// stops its kind only.
    pub(super) fn as_outcome_reason(self) -> Option<OutcomeReason> {
        match self {
            Self::Interrupted | Self::Terminated | Self::Ledger | Self::Defect => {
                Some(OutcomeReason::Interrupted)
            }
            Self::Deadline => Some(OutcomeReason::Deadline),
            Self::NotAuthorized | Self::WrongCustomer => Some(OutcomeReason::NotAuthorized),
            Self::Unreachable => Some(OutcomeReason::Unreachable),
            Self::Breaker => None,
        }
    }
}

/// Stops a run from anywhere: what is in flight is finished, nothing new is
/// begun. The first reason stands, but for a breaker, which any other overrides.
#[derive(Debug, Clone, Default)]
pub struct StopSwitch {
    reason: Arc<Mutex<Option<Stop>>>,
    stranded: Arc<AtomicBool>,
    breakers: Arc<Breakers>,
    reclaims: OpenReclaims,
}

impl StopSwitch {
    /// Asks the run to stop.
    pub fn stop(&self, why: Stop) {
        let mut reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        if reason.is_none_or(|earlier| earlier == Stop::Breaker) {
            *reason = Some(why);
        }
    }

    /// Why it was asked to stop, if it was.
    pub fn reason(&self) -> Option<Stop> {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when no account is reactivated for a while, or nobody works on
    /// it any more: whoever stops a run at once waits for that, and not long.
    pub async fn reclaims_at_rest(&self) {
        self.reclaims.at_rest().await;
    }

    /// The accounts that this program reactivated.
    pub(super) fn reclaims(&self) -> &OpenReclaims {
        &self.reclaims
    }

    /// The tenant does not free seats of deactivated accounts: no removal is
    /// begun any more.
    pub(super) fn strand(&self) {
        self.stranded.store(true, Ordering::SeqCst);
    }

    /// What has failed so far, by kind of action.
    pub(super) fn breakers(&self) -> &Breakers {
        &self.breakers
    }

    pub(super) fn is_stranded(&self) -> bool {
        self.stranded.load(Ordering::SeqCst)
    }
}
