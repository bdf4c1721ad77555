use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Pool;

/// How far a partial-cancellation request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Written here, revised every night.
    Drafted,
    /// Handed to the vendor; has a case number.
    Submitted,
    /// The vendor named a date and the fees.
    Confirmed,
    /// The date has passed.
    Effective,
    /// Gone from the bill.
    Verified,
    /// Not confirmed in time.
    Lapsed,
    /// Taken back.
    Withdrawn,
}

impl RequestState {
    /// The word in results and ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Submitted => "submitted",
            Self::Confirmed => "confirmed",
            Self::Effective => "effective",
            Self::Verified => "verified",
            Self::Lapsed => "lapsed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state that a stored word means.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Drafted,
            Self::Submitted,
            Self::Confirmed,
            Self::Effective,
            Self::Verified,
            Self::Lapsed,
            Self::Withdrawn,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }
}

/// A request as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRequest {
    /// Stable id, e.g. `cancel-1f0c…`.
    pub id: String,
    /// The pool.
    pub pool: Pool,
    /// Term end of the contract it is for; with the pool it names the contract.
    pub term_ends: Date,
    /// Seats asked for.
    pub quantity: u32,
    /// How far it has come.
    pub state: RequestState,
    /// The day it takes or took effect, once known.
    pub effective_on: Option<Date>,
    /// When it was first drafted.
    pub drafted_at: Timestamp,
}
