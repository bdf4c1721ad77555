//! Seats and money, as pure calculation: who holds how many seats of a pool,
//! what was really freed, and what may be asked to be cancelled.

mod bill;
mod cancellation;
mod entitlement;
mod findings;
mod following;
mod holders;
mod inventory;
mod places;
mod tally;
mod tax;
mod terms;

pub use bill::{
    BillCheck, BillError, BillStanding, BilledPool, Billing, ChargeKind, OtherCharge, StillBilled,
    check_bill,
};
use cancellation::submit_by;

pub use cancellation::{
    Draft, Ledgered, OverAsked, PoolFigures, calendar_of, drafts, figures, is_request_of,
    keep_for_joiners, over_asked,
};
pub use entitlement::Entitlement;
pub use findings::{Departure, Finding, FindingKind, Inspection, inspect};
pub use following::{
    Reminder, ReminderKind, RequestMove, by_calendar, contract_of, delivery_is_due, on_day,
    reminders,
};
pub use holders::{Doubled, Held, Holder, Holders, Roster};
pub use inventory::{
    Balance, Movements, PoolInventory, Requested, Stocktaking, Treatment, take_stock,
};
pub use places::{PlaceCount, PlaceMovements};
pub use tally::{OnAccounts, PoolCount, Tally};
pub use tax::{Compared, TaxRegions};
pub use terms::Terms;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::Pool;

/// Seats of one pool that the company owns, as the licences file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedSeats {
    /// The pool.
    pub pool: Pool,
    /// Seats owned.
    pub owned: u32,
    /// Seats that nobody holds, where the file says.
    pub unassigned: Option<u32>,
    /// Suspended seats without a user, where the file says.
    pub suspended: Option<u32>,
}

/// The instants between which seats are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountDate {
    /// First instant of the day of the seat counts.
    pub start: Timestamp,
    /// First instant after it.
    pub end: Timestamp,
}
